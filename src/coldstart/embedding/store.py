"""Embeddings, and their two-dimensional maps, on disk."""

import json

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from coldstart.errors import DamagedFile, InputError, shown
from coldstart.storage import METADATA_KEY, read_metadata, read_table, replacing, whole, write_table

ROWS_AT_ONCE = 4096


def write_embedding(path, sample_ids, embedding):
    """Write an embedding.

    Parameters
    ----------
    path : str or pathlib.Path
        A Parquet file: ``sample_id`` and ``embedding``, a list of fixed length,
        and a column for each of the embedding's measures.
    sample_ids : sequence of str, length n
        Identifiers of the rows, each once.
    embedding : Embedding
        The vectors; their provenance becomes the file's metadata.

    Raises
    ------
    ValueError
        If identifiers are repeated or as many as there are vectors.
    """
    vectors = embedding.vectors
    ids = [str(sample) for sample in sample_ids]
    if len(ids) != len(vectors) or len(set(ids)) != len(ids):
        raise ValueError("an embedding needs one identifier per vector, each once")
    starts = range(0, len(ids), ROWS_AT_ONCE)
    rows = [slice(start, start + ROWS_AT_ONCE) for start in starts]
    parts = (as_table(ids[some], vectors[some], sliced(embedding.measures, some)) for some in rows)
    empty = as_table([], vectors[:0], sliced(embedding.measures, slice(0)))
    write_parts(path, empty.schema, parts, embedding.provenance)


def sliced(measures, rows):
    """Measures of some rows."""
    return {name: values[rows] for name, values in measures.items()}


def as_table(sample_ids, vectors, measures):
    """Arrow table of some rows of an embedding."""
    # Parquet's own name of what a list holds, so that a file that is read and written again stays the same.
    kind = pa.list_(pa.field("element", pa.float32()), vectors.shape[1])
    lists = pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), type=kind)
    columns = {name: pa.array(values, type=pa.float32()) for name, values in measures.items()}
    return pa.table({"sample_id": pa.array(sample_ids, type=pa.string()), "embedding": lists, **columns})


def write_parts(path, schema, parts, provenance):
    """Write an embedding a row group at a time.

    Parameters
    ----------
    path : str or pathlib.Path
        The Parquet file.
    schema : pyarrow.Schema
        As of `as_table`.
    parts : iterable of pyarrow.Table
        Of `ROWS_AT_ONCE` rows each, the last of what is left.
    provenance : dict
        Becomes the file's metadata.
    """
    schema = schema.with_metadata({METADATA_KEY: json.dumps(provenance, sort_keys=True).encode()})
    # No value stands there twice: a dictionary of values would be written and read for nothing.
    with replacing(path) as temporary, pq.ParquetWriter(temporary, schema, use_dictionary=False) as writer:
        for part in parts:
            writer.write_table(part.replace_schema_metadata(schema.metadata))


def read_embedding(path):
    """Read an embedding.

    Parameters
    ----------
    path : str or pathlib.Path
        What `write_embedding` wrote.

    Returns
    -------
    sample_ids : numpy.ndarray of str, shape (n,)
    vectors : numpy.ndarray of float32, shape (n, d)
        Read-only.
    metadata : dict
        The provenance.

    Raises
    ------
    InputError
        If the file is missing, damaged or no embedding.
    """
    with whole(path, pa.ArrowException), pq.ParquetFile(path) as file:
        schema, metadata = file.schema_arrow, read_metadata(path)
        kind = schema.field("embedding").type if {"sample_id", "embedding"} <= set(schema.names) else None
        if kind is None or not pa.types.is_fixed_size_list(kind) or kind.value_type != pa.float32():
            raise ValueError("it is not an embedding of this workflow")
        # Part by part: decoded at once, it would take several times the memory of the vectors.
        vectors = np.empty((file.metadata.num_rows, kind.list_size), np.float32)
        ids, start = [], 0
        for batch in file.iter_batches(ROWS_AT_ONCE, columns=["sample_id", "embedding"]):
            part = batch["embedding"].flatten().to_numpy().reshape(-1, kind.list_size)
            vectors[start : start + batch.num_rows] = part
            ids.append(batch["sample_id"].to_numpy(zero_copy_only=False).astype(str))
            start += batch.num_rows
    vectors.flags.writeable = False
    return np.concatenate(ids) if ids else np.empty(0, str), vectors, metadata


def read_measures(path, wanted_ids):
    """What stands in a table beside its vectors, of some samples.

    Parameters
    ----------
    path : str or pathlib.Path
        What `write_embedding` wrote, or any table of `sample_id` and numbers.
    wanted_ids : sequence of str, length m
        The samples wanted.

    Returns
    -------
    dict of str to numpy.ndarray of float64, shape (m,)

    Raises
    ------
    InputError
        If the file is missing or damaged, lacks a sample, or says nothing of one.
    """
    with whole(path, pa.ArrowException):
        names = [name for name in pq.read_schema(path).names if name not in ("sample_id", "embedding")]
    table = read_table(path, columns=["sample_id", *names])
    values = align(table.sample_id, table[names].to_numpy(np.float64), wanted_ids)
    bad = np.flatnonzero(~np.isfinite(values).all(axis=1))
    if len(bad):
        raise InputError(
            f"{path} says nothing of {len(bad)} of {len(values)} samples ({shown(np.asarray(wanted_ids)[bad])}): "
            "delete it and run the same command again."
        )
    return dict(zip(names, values.T, strict=True))


def write_map(path, sample_ids, plane, metadata=None):
    """Write the map of an embedding.

    Parameters
    ----------
    path : str or pathlib.Path
        A Parquet file: ``sample_id``, ``x``, ``y``.
    sample_ids : sequence of str, length n
        Identifiers of the rows, each once.
    plane : numpy.ndarray of float32, shape (n, 2)
        From `coldstart.embedding.projection.project`.
    metadata : dict, optional
        How the map was made.
    """
    frame = pd.DataFrame({"sample_id": [str(sample) for sample in sample_ids], "x": plane[:, 0], "y": plane[:, 1]})
    write_table(path, frame, metadata)


def read_map(path):
    """Read the map of an embedding.

    Parameters
    ----------
    path : str or pathlib.Path
        What `write_map` wrote.

    Returns
    -------
    sample_ids : numpy.ndarray of str, shape (n,)
    plane : numpy.ndarray of float32, shape (n, 2)
    metadata : dict

    Raises
    ------
    InputError
        If the file is missing, damaged or no map.
    """
    frame = read_table(path)
    if not {"sample_id", "x", "y"} <= set(frame):
        raise DamagedFile(path, "it is no map of this workflow")
    return frame.sample_id.to_numpy().astype(str), frame[["x", "y"]].to_numpy(), read_metadata(path)


# What stands in the file of each space in which strategies may choose.
READERS = {"embedding": read_embedding, "map": read_map}


def align(sample_ids, vectors, wanted_ids):
    """Vectors of some samples, in their order.

    Parameters
    ----------
    sample_ids : sequence of str, length n
        Identifiers of the rows of `vectors`.
    vectors : numpy.ndarray of shape (n, d)
        All vectors.
    wanted_ids : sequence of str, length m
        The samples wanted.

    Returns
    -------
    numpy.ndarray of shape (m, d)

    Raises
    ------
    InputError
        If a wanted sample has no vector, or an identifier stands twice.
    """
    index = pd.Index(np.asarray(sample_ids, dtype=object))
    if not index.is_unique:
        raise InputError(
            f"the embedding names samples twice ({shown(index[index.duplicated()].unique())}): make it again."
        )
    rows = index.get_indexer(pd.Index(np.asarray(wanted_ids, dtype=object)))
    missing = [sample for sample, row in zip(wanted_ids, rows, strict=True) if row < 0]
    if missing:
        raise InputError(
            f"the embedding lacks {len(missing)} of {len(rows)} samples ({shown(missing)}): "
            "make it again from this cohort."
        )
    return vectors[rows]
