"""Files from the web: resumed where they broke off, bounded, whole or not at all."""

import hashlib
import http.client
import json
import logging
import math
import os
import re
import shutil
import ssl
import time
import urllib.error
import urllib.request
from pathlib import Path

from coldstart.errors import InputError
from coldstart.progress import track
from coldstart.storage import write_json

LOGGER = logging.getLogger("coldstart")
MIB = 1 << 20
LARGEST_FILE = 16 << 30
SECONDS_WITHOUT_ANSWER = 30
# Seconds before each new try; the count starts again with every MiB that is new.
WAITS = (1, 2, 4, 8)
WORTH_A_NEW_TRY = (408, 425, 429, 500, 502, 503, 504)
WHOLE, PART, OUT_OF_RANGE = 200, 206, 416


class Interrupted(Exception):
    """A try that may go better when it is made again."""


def download(url, path, *, sha256=None, limit_bytes=LARGEST_FILE, progress=track):
    """Download a file, or go on with a download that broke off.

    What has arrived lies beside `path` with ``.part`` added to its name and is
    kept when the download fails: the next call asks only for the rest, if the
    server can do that and its file is still the same one.

    Parameters
    ----------
    url : str
        ``http`` or ``https``.
    path : str or pathlib.Path
        Where the file goes, under its own name only when it is complete.
    sha256 : str, optional
        Digest that it must have, in hexadecimal digits.
    limit_bytes : int, default=16 GiB
        Larger files are refused.
    progress : callable, default=coldstart.progress.track
        Called with an iterable of MiB, what they are, and ``total=`` their
        number or None.

    Returns
    -------
    pathlib.Path
        `path`.

    Raises
    ------
    InputError
        If the server is away, refuses, keeps breaking off, or sends something
        too large or with another digest; the message says what to do by hand.
    """
    path = Path(path)
    if not url.lower().startswith(("http://", "https://")):
        raise InputError(f"'{url}' cannot be downloaded: give an address that begins with http:// or https://.")
    if path.exists() and not path.is_file():
        raise InputError(f"{path} is a folder, but the file from {url} is to go there: move it away.")
    part = path.with_name(f"{path.name}.part")
    furthest, failures = 0, 0
    while True:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            receive(url, path, part, limit_bytes, progress)
            break
        except (
            Interrupted,
            urllib.error.URLError,
            http.client.HTTPException,
            ConnectionError,
            TimeoutError,
            ssl.SSLError,
        ) as error:
            failures = 1 if size_of(part) >= furthest + MIB else failures + 1
            furthest = max(furthest, size_of(part))
            code = getattr(error, "code", None)
            if failures > len(WAITS) or (code is not None and code not in WORTH_A_NEW_TRY):
                raise InputError(
                    f"{url} cannot be downloaded ({error}): download it by hand, save it as {path}, and run the same"
                    " command again."
                ) from error
            LOGGER.info("%s: %s; trying again.", url, error)
            time.sleep(WAITS[failures - 1])
        except OSError as error:
            raise InputError(f"{path} cannot be written ({error}): make room or correct its folder.") from error
    if sha256 is not None and (found := digest(part)) != sha256.lower():
        forget(part)
        raise InputError(
            f"{url} sends a file with SHA-256 {found}, expected is {sha256}: it was changed or damaged on its way;"
            f" download the right one by hand and save it as {path}."
        )
    os.replace(part, path)
    forget(part)
    return path


def receive(url, path, part, limit_bytes, progress):
    """One try: ask for what is missing and append it to the part.

    Raises
    ------
    Interrupted
        If the answer ends early or does not fit the part.
    InputError
        If the file is too large for `limit_bytes` or for the disk.
    """
    have = size_of(part)
    with ask(url, part, have) as answer:
        start, total = place(answer, have)
        if start is None:
            forget(part)
            raise Interrupted("what had arrived does not fit the server's file")
        if answer.status == OUT_OF_RANGE:
            return
        if (total or 0) > limit_bytes:
            forget(part)
            raise too_large(url, limit_bytes)
        missing = (total or start) - start
        if missing > shutil.disk_usage(part.parent).free:
            raise InputError(f"{part.parent} has no room for {url} ({missing / 1e9:.1f} GB are missing): make room.")
        remember(part, url, answer.headers)
        with open(part, "r+b" if start else "wb") as file:
            file.seek(start)
            chunks = iter(lambda: answer.read(MIB), b"")
            for chunk in progress(chunks, f"MiB of {path.name}", total=math.ceil(missing / MIB) or None):
                if file.tell() + len(chunk) > limit_bytes:
                    forget(part)
                    raise too_large(url, limit_bytes)
                file.write(chunk)
    if total is not None and size_of(part) != total:
        raise Interrupted(f"the connection broke off after {size_of(part)} of {total} bytes")


def ask(url, part, have):
    """Open an address, from byte `have` on if the part came from there."""
    headers = {"User-Agent": "coldstart", "Accept-Encoding": "identity"}
    memory = recall(part) if have else {}
    if memory.get("url") == url:
        headers["Range"] = f"bytes={have}-"
        if memory.get("validator"):
            # A file that has changed comes whole then, not as an end to another beginning.
            headers["If-Range"] = memory["validator"]
    try:
        request = urllib.request.Request(url, headers=headers)
        return urllib.request.urlopen(request, timeout=SECONDS_WITHOUT_ANSWER)
    except urllib.error.HTTPError as error:
        if error.code == OUT_OF_RANGE and "Range" in headers:
            return error
        raise
    except (ValueError, http.client.InvalidURL) as error:
        raise InputError(f"'{url}' is no valid address ({error}): correct it.") from error


def place(answer, have):
    """Where an answer's bytes belong.

    Parameters
    ----------
    answer : http.client.HTTPResponse
        Status and headers are used.
    have : int
        Bytes that were there when it was asked for.

    Returns
    -------
    start : int or None
        Position of its first byte; None if it does not go on where the part ends.
    total : int or None
        Bytes of the whole file, where the server says so.
    """
    if answer.status == WHOLE:
        length = re.fullmatch(r"\d{1,18}", answer.headers.get("Content-Length", "").strip())
        return 0, int(length[0]) if length else None
    span = re.fullmatch(
        r"bytes (?:(\d{1,18})-\d{1,18}|\*)/(\d{1,18}|\*)", answer.headers.get("Content-Range", "").strip()
    )
    total = int(span[2]) if span and span[2] != "*" else None
    goes_on = span and span[1] == str(have)
    nothing_left = answer.status == OUT_OF_RANGE and total == have
    return (have if (answer.status == PART and goes_on) or nothing_left else None), total


def memory_of(part):
    """File that says what a part is a part of."""
    return part.with_name(f".{part.name}.json")


def remember(part, url, headers):
    """Keep the address of a part, and what tells one version of the file from another."""
    tag = headers.get("ETag", "")
    validator = tag if tag.startswith('"') else headers.get("Last-Modified")
    write_json(memory_of(part), {"url": url, "validator": validator})


def recall(part):
    """What `remember` kept, or nothing."""
    try:
        memory = json.loads(memory_of(part).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return memory if isinstance(memory, dict) else {}


def forget(part):
    """Remove a part and what is known of it."""
    part.unlink(missing_ok=True)
    memory_of(part).unlink(missing_ok=True)


def size_of(path):
    """Bytes of a file; 0 if there is none."""
    return path.stat().st_size if path.is_file() else 0


def digest(path):
    """SHA-256 of a file, in hexadecimal digits."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def too_large(url, limit_bytes):
    """Error for a file beyond its bound."""
    return InputError(f"{url} is larger than the {limit_bytes / 1e9:.3g} GB that are allowed: correct the address.")
