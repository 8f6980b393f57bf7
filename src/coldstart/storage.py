"""Reading and writing the files of the chain: whole or not at all."""

import json
import os
import re
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from coldstart.errors import DamagedFile, InputError

METADATA_KEY = b"coldstart"


@contextmanager
def replacing(path):
    """Write to a temporary name beside `path` and rename at the end.

    What reaches `path` has reached the disk before: a machine that loses its
    power leaves the old file or the new one. What a killed job left of an
    earlier attempt is removed; nobody else writes the same file at the same
    time, since one run of the workflow works in a folder.

    Parameters
    ----------
    path : str or pathlib.Path
        The file to write; its folder is made.

    Yields
    ------
    pathlib.Path
        Where to write. It becomes `path` if the block ends well and is removed
        if it does not.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    # The suffix stays last: writers such as numpy and matplotlib go by it.
    temporary = path.with_name(f".{path.stem}.{os.getpid()}{path.suffix}")
    for left in unfinished(path):
        left.unlink(missing_ok=True)
    try:
        yield temporary
        with open(temporary, "rb") as written:
            os.fsync(written.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def unfinished(path):
    """What killed jobs have left of writing a file.

    Parameters
    ----------
    path : pathlib.Path
        The file.

    Returns
    -------
    list of pathlib.Path
    """
    name = re.compile(rf"\.{re.escape(path.stem)}\.\d+{re.escape(path.suffix)}")
    return [left for left in path.parent.glob(".*") if name.fullmatch(left.name)]


@contextmanager
def whole(path, *signs):
    """Tell a damaged file from one that cannot be read for another reason.

    Parameters
    ----------
    path : str or pathlib.Path
        A file that the workflow wrote.
    *signs : type
        Exceptions besides `OSError` and `ValueError` that its reader raises.

    Raises
    ------
    DamagedFile
        If the block finds the file damaged.
    InputError
        If the system does not give it: it is missing, say.
    """
    try:
        yield
    except InputError:
        raise
    except (OSError, ValueError, EOFError, *signs) as error:
        # An error of the system has a number or a class of its own; that of a reader which finds nonsense, neither.
        if isinstance(error, OSError) and (error.errno is not None or type(error) is not OSError):
            raise InputError(f"{path} cannot be read ({error}): mend this and run the same command again.") from error
        raise DamagedFile(path, error) from error


def write_table(path, table, metadata=None, **layout):
    """Write a data frame or Arrow table as Parquet.

    Parameters
    ----------
    path : str or pathlib.Path
        The file.
    table : pandas.DataFrame or pyarrow.Table
        Its rows; an index is not kept.
    metadata : dict, optional
        Plain values kept in the file's metadata, read back by `read_metadata`.
    **layout
        Options of `pyarrow.parquet.write_table`.
    """
    if isinstance(table, pd.DataFrame):
        table = pa.Table.from_pandas(table, preserve_index=False)
    if metadata is not None:
        kept = {**(table.schema.metadata or {}), METADATA_KEY: json.dumps(metadata, sort_keys=True).encode()}
        table = table.replace_schema_metadata(kept)
    with replacing(path) as temporary:
        pq.write_table(table, temporary, **layout)


def read_table(path, columns=None):
    """Read a Parquet file of the chain as a data frame.

    Raises
    ------
    InputError
        If the file is missing, empty or damaged.
    """
    with whole(path, pa.ArrowException):
        return pq.read_table(path, columns=columns).to_pandas()


def read_metadata(path):
    """Metadata that `write_table` kept in a Parquet file, as a dict."""
    with whole(path, pa.ArrowException):
        return json.loads((pq.read_schema(path).metadata or {}).get(METADATA_KEY, b"{}"))


def write_text(path, text):
    """Write a text file in UTF-8."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_json(path, value):
    """Write plain values as JSON, keys sorted."""
    write_text(path, json.dumps(value, indent=2, sort_keys=True) + "\n")


def read_json(path):
    """Read a JSON file.

    Raises
    ------
    InputError
        If the file is missing, empty or damaged.
    """
    with whole(path):
        return json.loads(Path(path).read_text(encoding="utf-8"))
