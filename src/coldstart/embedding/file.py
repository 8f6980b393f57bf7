"""An embedding that the user brings: any encoder that this package does not have."""

import logging
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from coldstart.embedding.base import Embedding, provenance
from coldstart.errors import InputError, shown
from coldstart.provenance import file_digest

LOGGER = logging.getLogger("coldstart")
KEY_COLUMNS = ("sample_id", "file_name", "image")


def encode(inputs, *, seed=0, device="cpu", path: str):
    """Read vectors from a file and put them in the order of the samples.

    Parquet: a key column and either one list column or numeric columns. CSV: a
    key column and numeric columns. NPZ: one array per sample, named by its key.
    A key column is called ``sample_id``, ``file_name`` or ``image``. Under
    ``sample_id`` it holds identifiers; any other key may be an identifier, the
    path of an image below the data root, or the name of an image file alone,
    whichever fits most samples.

    Parameters
    ----------
    inputs : EncoderInputs
        The samples; their images are not looked at.
    seed : int, default=0
        Not used.
    device : str, default="cpu"
        Not used.
    path : str
        A ``.parquet``, ``.csv`` or ``.npz`` file.

    Returns
    -------
    Embedding

    Raises
    ------
    InputError
        If the file is missing, damaged or of another kind, lacks samples, names
        one twice, or holds vectors of different lengths or values that are not finite.
    """
    source = Path(path)
    readers = {".parquet": read_parquet, ".csv": read_csv, ".npz": read_npz}
    if source.suffix.lower() not in readers:
        raise InputError(f"embedding file {path} is of no known kind: give a .parquet, .csv or .npz file.")
    if not source.is_file():
        raise InputError(f"there is no embedding file {path}: correct `path`.")
    try:
        column, keys, vectors = readers[source.suffix.lower()](source)
    except InputError:
        raise
    except Exception as error:  # Damaged files raise almost anything.
        raise InputError(f"embedding file {path} cannot be read ({error}): write it again.") from error
    bad = np.flatnonzero(~np.isfinite(vectors).all(axis=1))
    if len(bad):
        raise InputError(
            f"embedding file {path} holds values that are empty or not finite for {len(bad)} of {len(keys)} "
            f"samples ({shown(keys[row] for row in bad)}): make these vectors again."
        )
    rows = matched(inputs, column, keys, path)
    return Embedding(
        vectors[rows],
        provenance(
            "file", {}, {"file": source.name, "sha256": file_digest(source)}, {}, ("numpy", "pandas", "pyarrow")
        ),
    )


def key_column(columns, path):
    """Column that names the samples.

    Raises
    ------
    InputError
        If there is none.
    """
    for name in KEY_COLUMNS:
        if name in columns:
            return name
    raise InputError(
        f"embedding file {path} has none of the columns {', '.join(KEY_COLUMNS)} (it has {shown(columns)}): "
        "name the column that says which sample a row belongs to `sample_id` or `file_name`."
    )


def stacked(keys, parts, path):
    """Stack one vector per sample.

    Raises
    ------
    InputError
        If the vectors differ in length or are empty.
    """
    lengths = [len(part) for part in parts]
    if not lengths or not max(lengths):
        raise InputError(f"embedding file {path} holds no vectors: write it again.")
    usual = max(set(lengths), key=lambda length: (lengths.count(length), length))
    odd = [f"{key} ({length})" for key, length in zip(keys, lengths, strict=True) if length != usual]
    if odd:
        raise InputError(
            f"embedding file {path} holds vectors of different lengths: {usual} values, but not for {shown(odd)}; "
            "make them with one encoder."
        )
    return np.stack(parts).astype(np.float32)


def numeric(frame, path):
    """Columns of numbers as a matrix.

    Raises
    ------
    InputError
        If a column holds anything else, or there is none.
    """
    features = frame.drop(columns=[name for name in KEY_COLUMNS if name in frame])
    odd = [
        name
        for name, kind in features.dtypes.items()
        if not pd.api.types.is_numeric_dtype(kind) or pd.api.types.is_bool_dtype(kind)
    ]
    if odd or not features.shape[1]:
        raise InputError(
            f"embedding file {path} must hold numbers beside its key, "
            f"{'but not so column ' + shown(odd) if odd else 'but has no further column'}: leave other columns out."
        )
    return features.to_numpy(dtype=np.float32, na_value=np.nan)


def read_parquet(path):
    """Read a Parquet file: key column's name, keys and vectors."""
    table = pq.read_table(path)
    column = key_column(table.column_names, path)
    keys = [str(key) for key in table[column].to_pylist()]
    kinds = (pa.types.is_list, pa.types.is_large_list, pa.types.is_fixed_size_list)
    lists = [name for name in table.column_names if any(kind(table.schema.field(name).type) for kind in kinds)]
    if len(lists) > 1:
        raise InputError(f"embedding file {path} has several list columns ({shown(lists)}): keep one.")
    if not lists:
        return column, keys, numeric(table.to_pandas(), path)
    parts = [np.asarray([] if part is None else part, dtype=np.float32) for part in table[lists[0]].to_pandas()]
    return column, keys, stacked(keys, parts, path)


def read_csv(path):
    """Read a CSV file: key column's name, keys and vectors."""
    column = key_column(pd.read_csv(path, nrows=0).columns, path)
    # Keys stay text: 007 is not 7.
    frame = pd.read_csv(path, dtype=dict.fromkeys(KEY_COLUMNS, str), keep_default_na=True)
    return column, frame[column].astype(str).tolist(), numeric(frame, path)


def read_npz(path):
    """Read an NPZ file: key column's name, keys and vectors."""
    with np.load(path, allow_pickle=False) as arrays:
        keys = list(arrays.files)
        parts = [np.ravel(arrays[key]) for key in keys]
    return "file_name", keys, stacked(keys, parts, path)


def base_name(path):
    """Name of a file without its folders, whichever slashes it was written with."""
    return path.replace("\\", "/").rpartition("/")[2]


def matched(inputs, column, keys, path):
    """Find the row of the file that belongs to each sample.

    Parameters
    ----------
    inputs : EncoderInputs
        The samples.
    column : str
        Name of the key column.
    keys : list of str
        Keys of the file's rows.
    path : str
        The file, for messages.

    Returns
    -------
    numpy.ndarray of int64, shape (n,)

    Raises
    ------
    InputError
        If a sample has no row, or a key stands twice or for several images.
    """
    ways = [(inputs.sample_ids, keys)]
    if column != "sample_id":
        ways.append((inputs.image_names, keys))
        ways.append(([base_name(name) for name in inputs.image_names], [base_name(key) for key in keys]))
    wanted, found = max(ways, key=lambda way: len(set(way[0]) & set(way[1])))
    for names, where in ((found, f"embedding file {path}"), (wanted, "the cohort")):
        index = pd.Index(names)
        if not index.is_unique:
            twice = shown(index[index.duplicated()].unique())
            raise InputError(f"{where} names several samples {twice}: give embedding file {path} a column sample_id.")
    rows = pd.Index(found).get_indexer(wanted)
    missing = [sample for sample, row in zip(inputs.sample_ids, rows, strict=True) if row < 0]
    if missing:
        raise InputError(
            f"embedding file {path} lacks {len(missing)} of {len(wanted)} samples ({shown(missing)}): "
            "add their vectors or correct their keys."
        )
    if len(found) > len(wanted):
        extra = shown(sorted(set(found) - set(wanted)))
        LOGGER.warning(
            "Embedding file %s holds %d rows for which there is no sample (%s).", path, len(found) - len(wanted), extra
        )
    return rows
