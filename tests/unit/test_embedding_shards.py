"""Shards of an embedding: their rows, and what becomes of them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coldstart.embedding.base import Embedding
from coldstart.embedding.shards import batch_of, gather, shard_rows
from coldstart.embedding.store import ROWS_AT_ONCE, read_embedding, write_embedding
from coldstart.errors import InputError

FACTS = {"encoder": "pixels", "parameters": {"size": 2, "scale": 0.1}, "weights": {}, "versions": {"numpy": "2"}}


def written(folder, n, shards, batch, d=3, facts=FACTS):
    """Shards of random vectors, and the file of all of them."""
    vectors = np.random.default_rng(0).normal(size=(n, d)).astype(np.float32)
    ids = [f"sample/{i}" for i in range(n)]
    write_embedding(folder / "whole.parquet", ids, Embedding(vectors, facts))
    paths = []
    for number in range(1, shards + 1):
        rows = shard_rows(f"{number}-of-{shards}", n, batch)
        paths.append(folder / "parts" / f"{number}-of-{shards}.parquet")
        write_embedding(paths[-1], ids[rows], Embedding(vectors[rows], facts))
    return paths, ids


@given(st.integers(1, 2000), st.integers(1, 70), st.integers(1, 40))
def test_shards_follow_one_another_and_are_cut_between_batches(n, batch, shards):
    batches = -(-n // batch)
    if shards > batches:
        with pytest.raises(InputError, match=f"make {batches} shards at most, and {shards} are asked for"):
            shard_rows(f"1-of-{shards}", n, batch)
        return
    rows = [shard_rows(f"{number}-of-{shards}", n, batch) for number in range(1, shards + 1)]
    assert [row for part in rows for row in range(n)[part]] == list(range(n))
    assert all(part.start % batch == 0 for part in rows)
    sizes = [-(-(part.stop - part.start) // batch) for part in rows]
    assert max(sizes) - min(sizes) <= 1
    assert min(sizes) >= 1


def test_the_batch_is_that_of_the_encoder():
    assert batch_of("torchvision:densenet121", {}) == 32
    assert batch_of("torchvision:densenet121", {"batch_size": 5}) == 5
    assert batch_of("savedmodel", {"path": "x"}) == 16
    assert 64 % batch_of("pixels", {}) == 0


@pytest.mark.parametrize(("n", "shards", "batch"), [(10, 3, 2), (5, 1, 32), (2 * ROWS_AT_ONCE + 77, 5, 8)])
def test_gathered_is_the_file_of_one_job_to_the_byte(tmp_path, n, shards, batch):
    paths, ids = written(tmp_path, n, shards, batch)
    gather(tmp_path / "gathered.parquet", paths, ids)
    assert (tmp_path / "gathered.parquet").read_bytes() == (tmp_path / "whole.parquet").read_bytes()
    assert read_embedding(tmp_path / "gathered.parquet")[0].tolist() == ids


@pytest.mark.parametrize(
    ("order", "message"),
    [
        ([0, 2, 1, 3], r"3-of-4.parquet: it does not hold the samples that come after the first 2"),
        ([0, 0, 1, 2, 3], r"1-of-4.parquet: it does not hold the samples that come after the first 2"),
        ([0, 1, 3], r"4-of-4.parquet: it does not hold the samples that come after the first 4"),
        ([0, 1, 2], r"3-of-4.parquet: it is the last one, and 2 of 8 samples are missing"),
        ([0, 1, 2, 3, 3], r"4-of-4.parquet: it does not hold the samples that come after the first 8"),
    ],
)
def test_shards_in_another_order_twice_or_missing_are_refused(tmp_path, order, message):
    paths, ids = written(tmp_path, 8, 4, 2)
    with pytest.raises(InputError, match=message + "; delete its folder and run the same command again"):
        gather(tmp_path / "gathered.parquet", [paths[i] for i in order], ids)
    assert not (tmp_path / "gathered.parquet").exists()


def test_shards_of_another_making_are_refused(tmp_path):
    paths, ids = written(tmp_path, 8, 4, 2)
    strangers, _ = written(tmp_path / "b", 8, 4, 2, facts={**FACTS, "versions": {"numpy": "3"}})
    wider, _ = written(tmp_path / "c", 8, 4, 2, d=4)
    for other, what in ((strangers, "versions differ"), (wider, "vectors differ")):
        with pytest.raises(InputError, match=rf"2-of-4.parquet: it was not made .* as 1-of-4.parquet \({what}\)"):
            gather(tmp_path / "gathered.parquet", [paths[0], other[1], *paths[2:]], ids)


@pytest.mark.parametrize("which", [0, 2])
def test_a_damaged_shard_is_named(tmp_path, which):
    paths, ids = written(tmp_path, 8, 4, 2)
    paths[which].write_bytes(paths[which].read_bytes()[:-9])
    with pytest.raises(InputError, match=f"{which + 1}-of-4.parquet: .*delete its folder"):
        gather(tmp_path / "gathered.parquet", paths, ids)
