"""Reading and writing the files of the chain: whole or not at all."""

import json
import os
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from coldstart.errors import InputError

METADATA_KEY = b"coldstart"


@contextmanager
def replacing(path):
    """Write to a temporary name beside `path` and rename at the end.

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
    try:
        yield temporary
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


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
    try:
        return pq.read_table(path, columns=columns).to_pandas()
    except (OSError, pa.ArrowException) as error:
        raise InputError(f"{path} cannot be read ({error}): delete it and run the same command again.") from error


def read_metadata(path):
    """Metadata that `write_table` kept in a Parquet file, as a dict."""
    return json.loads((pq.read_schema(path).metadata or {}).get(METADATA_KEY, b"{}"))


def write_text(path, text):
    """Write a text file in UTF-8."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_json(path, value):
    """Write plain values as JSON, keys sorted."""
    write_text(path, json.dumps(value, indent=2, sort_keys=True) + "\n")


def read_json(path):
    """Read a JSON file."""
    return json.loads(Path(path).read_text(encoding="utf-8"))
