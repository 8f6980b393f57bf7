"""Everything that a run has written, as text to be searched: also what is packed, compressed or encoded."""

import base64
import gzip
import re
import zipfile
from urllib.parse import unquote_to_bytes

import pyarrow.parquet as pq

DATA = re.compile(rb"base64,([A-Za-z0-9+/=]{16,})")


def everything_written(folder, besides=()):
    """Read all files below a folder.

    Parameters
    ----------
    folder : pathlib.Path
        Where a run has worked.
    besides : collection of str, default=()
        Folders that are the user's own.

    Returns
    -------
    dict of str to bytes
        Where it stands to what stands there, in lower case: files as they are and unpacked (columns and metadata of
        Parquet, members of archives and ``.npz``, gzip, what is embedded in HTML), and the paths themselves.
    """
    found = {}
    for path in sorted(folder.rglob("*")):
        if not path.is_file() or set(besides) & set(path.relative_to(folder).parts):
            continue
        name, content = str(path.relative_to(folder)), path.read_bytes()
        found[name] = content + b" " + name.encode()
        if path.suffix == ".parquet":
            table = pq.read_table(path)
            found[f"{name} (values)"] = repr((table.schema.metadata, table.to_pydict())).encode()
        elif zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                found |= {f"{name} ({one})": one.encode() + archive.read(one) for one in archive.namelist()}
        elif content[:2] == b"\x1f\x8b":
            found[f"{name} (unpacked)"] = gzip.decompress(content)
        elif path.suffix in (".html", ".svg"):
            embedded = [base64.b64decode(one + b"=" * (-len(one) % 4)) for one in DATA.findall(content)]
            found[f"{name} (embedded)"] = b"\n".join([unquote_to_bytes(content), *embedded])
    return {name: content.lower() for name, content in found.items()}


def places_of(words, texts):
    """Where any of some words stands, as a list of (word, place); capitals make no difference."""
    return [(word, name) for word in words for name, text in texts.items() if word.lower().encode() in text]
