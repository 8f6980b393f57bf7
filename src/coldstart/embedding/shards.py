"""An embedding in shards: which rows each of them holds, and all of them put together."""

from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from coldstart.embedding import ENCODERS
from coldstart.embedding.store import ROWS_AT_ONCE, write_parts
from coldstart.errors import InputError
from coldstart.storage import read_metadata

# Images at a time of an encoder that has no `batch_size`.
BATCH = 64


def batch_of(encoder, parameters):
    """Images that an encoder computes at a time.

    Parameters
    ----------
    encoder : str
        Its registered name, with what follows a colon.
    parameters : dict
        Those that the configuration gives.

    Returns
    -------
    int
    """
    known = ENCODERS.parameters(encoder)
    return parameters.get("batch_size", known["batch_size"].default if "batch_size" in known else BATCH)


def shard_rows(shard, n, batch):
    """Rows of one shard.

    Shards follow one another, differ by a batch at most, and begin and end with
    a batch: the network is given the same batches as without shards, and so
    answers with the same vectors, to the bit.

    Parameters
    ----------
    shard : str
        Such as ``"3-of-8"``, counted from 1.
    n : int
        Rows of all shards.
    batch : int
        Images at a time, from `batch_of`.

    Returns
    -------
    slice

    Raises
    ------
    InputError
        If there are more shards than batches.
    """
    number, shards = map(int, shard.split("-of-"))
    batches = -(-n // batch)
    if shards > batches:
        raise InputError(
            f"{n} images in batches of {batch} make {batches} shards at most, and {shards} are asked for: "
            "lower `shards` of the model."
        )
    start, stop = (batches * edge // shards * batch for edge in (number - 1, number))
    return slice(start, min(stop, n))


def gather(path, shards, sample_ids):
    """Put the shards of an embedding together, a row group at a time.

    Parameters
    ----------
    path : str or pathlib.Path
        The Parquet file: to the byte what `coldstart.embedding.store.write_embedding`
        makes of all rows at once.
    shards : sequence of str or pathlib.Path
        What `write_embedding` wrote of each shard, in order.
    sample_ids : sequence of str, length n
        Identifiers of all rows, in order.

    Raises
    ------
    InputError
        If a shard is damaged or made in another way than the first, or the
        shards do not hold the rows, each once and in their order.
    """
    shards = [Path(shard) for shard in shards]
    with again(shards[0]):
        schema, provenance = pq.read_schema(shards[0]), read_metadata(shards[0])
    batches = checked(shards, schema, provenance, np.asarray(sample_ids, dtype=object))
    write_parts(path, schema, regrouped(batches, ROWS_AT_ONCE), provenance)


@contextmanager
def again(shard):
    """Say of what is wrong with a shard that all shards of its folder are to be made again."""
    try:
        yield
    except (OSError, ValueError, pa.ArrowException) as error:
        raise InputError(f"shard {shard}: {error}; delete its folder and run the same command again.") from error


def checked(shards, schema, provenance, sample_ids):
    """Yield the batches of all shards; the errors are those of `gather`."""
    start = 0
    for shard in shards:
        with again(shard), pq.ParquetFile(shard) as file:
            found = read_metadata(shard)
            if not file.schema_arrow.equals(schema) or found != provenance:
                keys = [key for key in provenance if found.get(key) != provenance[key]] or ["vectors"]
                raise ValueError(f"it was not made in the same way as {shards[0].name} ({', '.join(keys)} differ)")
            for batch in file.iter_batches(ROWS_AT_ONCE):
                if batch["sample_id"].to_pylist() != sample_ids[start : start + batch.num_rows].tolist():
                    raise ValueError(f"it does not hold the samples that come after the first {start}")
                start += batch.num_rows
                yield batch
    with again(shards[-1]):
        if start < len(sample_ids):
            raise ValueError(
                f"it is the last one, and {len(sample_ids) - start} of {len(sample_ids)} samples are missing"
            )


def regrouped(batches, rows):
    """Yield tables of so many rows each, but for the last, of batches of any length."""
    waiting = []
    for batch in batches:
        waiting.append(batch)
        if sum(part.num_rows for part in waiting) >= rows:
            table = pa.Table.from_batches(waiting).combine_chunks()
            yield table.slice(0, rows)
            waiting = table.slice(rows).to_batches()
    if waiting:
        yield pa.Table.from_batches(waiting).combine_chunks()
