"""Zip archives from elsewhere: unpacked inside one folder, bounded, whole or not at all."""

import lzma
import os
import re
import shutil
import stat
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from coldstart.cohort.download import digest
from coldstart.errors import InputError
from coldstart.progress import track
from coldstart.storage import read_json, write_json

RECORD = ".fetched.json"
LARGEST_CONTENT = 64 << 30
MOST_FILES = 1_000_000
# Images hardly shrink in a zip; what grows more than this, beyond a harmless size, was made to fill the disk.
LARGEST_RATIO, HARMLESS = 100, 64 << 20
CHUNK = 1 << 20
DAMAGE = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, NotImplementedError, RuntimeError, ValueError)


def unpack(archive, folder, *, limit_bytes=LARGEST_CONTENT, limit_files=MOST_FILES):
    """Unpack a zip archive into a folder, unless that has been done.

    Everything is unpacked beside the folder first and then moved into it, over
    files of the same names. ``.fetched.json`` in the folder says at the end what
    was unpacked.

    Parameters
    ----------
    archive : str or pathlib.Path
        The zip.
    folder : str or pathlib.Path
        Where its files go.
    limit_bytes : int, default=64 GiB
        Bound of what its files may take together.
    limit_files : int, default=1,000,000
        Bound of their number.

    Returns
    -------
    bool
        Whether anything had to be done.

    Raises
    ------
    InputError
        If the archive is damaged, encrypted or too large, if a path in it leads
        elsewhere, is a link or comes twice, or if `folder` is no folder.
    """
    archive, folder = Path(archive), Path(folder)
    if not archive.is_file():
        raise InputError(f"the archive {archive} is not a file: save the zip under this name.")
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder} is a file, but {archive.name} is to be unpacked there: move it away.")
    sha256 = digest(archive)
    if unpacked(folder, sha256):
        return False
    # One name for all processes: what a killed one left is cleared away by the next.
    temporary = folder.with_name(f".{folder.name}.unpacking")
    shutil.rmtree(temporary, ignore_errors=True)
    try:
        with zipfile.ZipFile(archive) as opened:
            members = checked_members(archive, opened.infolist(), limit_bytes, limit_files)
            temporary.mkdir(parents=True)
            for path, info in track(members.items(), f"files of {archive.name}"):
                extract(opened, info, temporary / path)
        sizes = [info.file_size for info in members.values()]
        record = {"archive": archive.name, "sha256": sha256, "files": len(sizes), "bytes": sum(sizes)}
        move_into(temporary, folder)
        write_json(folder / RECORD, record)
    except InputError:
        raise
    except DAMAGE as error:
        raise InputError(f"{archive} is no complete zip archive ({error}): delete it and fetch it again.") from error
    except OSError as error:
        raise InputError(f"{archive} cannot be unpacked into {folder} ({error}): make room or move it.") from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return True


def unpacked(folder, sha256=None):
    """Tell whether a folder holds all that `unpack` put into it.

    Parameters
    ----------
    folder : pathlib.Path
        The folder.
    sha256 : str, optional
        Digest of the archive that it must come from.

    Returns
    -------
    bool
        True if its record says so and as many files are there as were unpacked.
    """
    try:
        record = read_json(folder / RECORD)
        files, known = int(record["files"]), record["sha256"]
    except (OSError, ValueError, TypeError, KeyError):
        return False
    if sha256 is not None and sha256 != known:
        return False
    # The record itself is one more.
    return sum(len(names) for _, _, names in os.walk(folder)) > files


def checked_members(archive, infos, limit_bytes, limit_files):
    """Files of an archive by their path below the folder, all of them harmless.

    Raises
    ------
    InputError
        If one is not; the message names it.
    """
    if len(infos) > limit_files:
        raise InputError(f"{archive} holds {len(infos)} files, allowed are {limit_files}: it is not the right one.")
    size = sum(info.file_size for info in infos)
    if size > limit_bytes or size > max(HARMLESS, LARGEST_RATIO * archive.stat().st_size):
        raise InputError(
            f"{archive} would unpack to {size} bytes, more than an archive of its size ({archive.stat().st_size} bytes)"
            f" may (bound: {limit_bytes} bytes, or {LARGEST_RATIO} times): it is not the right one."
        )
    members, parents = {}, set()
    for info in infos:
        path = safe_path(archive, info)
        if info.is_dir():
            continue
        if path in members:
            raise InputError(f"{archive} holds '{path}' twice: it is damaged or not the right one.")
        members[path] = info
        parents.update(path.parents)
    both = parents & set(members)
    if both:
        raise InputError(f"{archive} holds '{min(both)}' as a file and as a folder: it is damaged.")
    return members


def safe_path(archive, info):
    """Path of a member below the folder.

    Raises
    ------
    InputError
        If it leads elsewhere, or the member is a link, a device or encrypted.
    """
    name = info.orig_filename.replace("\\", "/")
    parts = name.split("/")
    if name.startswith("/") or ".." in parts or re.match(r"[A-Za-z]:", name) or not re.fullmatch(r"[^\0-\x1f]+", name):
        raise InputError(f"{archive} holds the path {name[:80]!r}, which leads out of its folder: do not use it.")
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise InputError(f"{archive} holds '{name}', which is a link or a device, not a file: do not use it.")
    if info.flag_bits & 0x1:
        raise InputError(f"{archive} is encrypted ('{name}'): unpack it by hand.")
    path = PurePosixPath(name)
    if path == PurePosixPath(RECORD) or (path == PurePosixPath(".") and not info.is_dir()):
        raise InputError(f"{archive} holds a file of the reserved name '{name}': do not use it.")
    return path


def extract(opened, info, target):
    """Write one member, counting what really comes out."""
    target.parent.mkdir(parents=True, exist_ok=True)
    written = 0
    with opened.open(info) as source, open(target, "xb") as file:
        while chunk := source.read(CHUNK):
            written += len(chunk)
            if written > info.file_size:
                raise zipfile.BadZipFile(f"'{info.filename}' is larger than it says")
            file.write(chunk)
    if written != info.file_size:
        raise zipfile.BadZipFile(f"'{info.filename}' is smaller than it says")


def move_into(temporary, folder):
    """Make a folder of a temporary one: in one step if it is new, else file by file."""
    if not folder.exists():
        os.replace(temporary, folder)
        return
    # Until all files have been moved, the folder is not done.
    (folder / RECORD).unlink(missing_ok=True)
    for path in sorted(temporary.rglob("*")):
        target = folder / path.relative_to(temporary)
        if path.is_dir():
            target.mkdir(exist_ok=True)
        else:
            os.replace(path, target)
