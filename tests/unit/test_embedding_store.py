"""Embeddings and their maps on disk."""

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from coldstart.embedding.base import Embedding
from coldstart.embedding.store import READERS, align, read_embedding, read_map, write_embedding, write_map
from coldstart.errors import InputError
from coldstart.storage import write_table

FACTS = {"encoder": "pixels", "parameters": {"size": None}, "weights": {}, "preprocessing": {}, "versions": {}}


def example(n=5, d=3):
    return Embedding(np.random.default_rng(0).normal(size=(n, d)), FACTS)


def test_round_trip(tmp_path):
    path = tmp_path / "e.parquet"
    write_embedding(path, ["007", "b", "c", "d", "e"], example())
    ids, vectors, metadata = read_embedding(path)
    assert ids.tolist() == ["007", "b", "c", "d", "e"]
    assert vectors.dtype == np.float32
    assert np.array_equal(vectors, example().vectors)
    assert metadata == FACTS
    assert not vectors.flags.writeable
    assert str(pq.read_schema(path).field("embedding").type) == "fixed_size_list<element: float>[3]"


def test_more_rows_than_a_row_group(tmp_path):
    n = 1_200_000
    vectors = np.arange(n, dtype=np.float32)[:, None]
    write_embedding(tmp_path / "e.parquet", range(n), Embedding(vectors, FACTS))
    assert np.array_equal(read_embedding(tmp_path / "e.parquet")[1], vectors)


def test_same_bytes(tmp_path):
    for name in ("a", "b"):
        write_embedding(tmp_path / name, list("abcde"), example())
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_align():
    vectors = np.arange(6, dtype=np.float32).reshape(3, 2)
    found = align(np.array(["a", "b", "c"]), vectors, ["c", "a"])
    assert found.tolist() == [[4, 5], [0, 1]]
    with pytest.raises(InputError, match=r"lacks 2 of 3 samples \(x, y\)"):
        align(["a", "b", "c"], vectors, ["x", "a", "y"])
    with pytest.raises(InputError, match=r"twice \(a\)"):
        align(["a", "a", "c"], vectors, ["a"])


def test_ids_must_be_unique_and_complete(tmp_path):
    for ids in (["a"] * 5, ["a", "b"]):
        with pytest.raises(ValueError, match="one identifier per vector"):
            write_embedding(tmp_path / "e.parquet", ids, example())


@pytest.mark.parametrize("frame", [{"sample_id": ["a"]}, {"sample_id": ["a"], "embedding": [[1.0, 2.0]]}])
def test_other_tables_are_refused(tmp_path, frame):
    write_table(tmp_path / "e.parquet", pd.DataFrame(frame))
    with pytest.raises(InputError, match="is not an embedding"):
        read_embedding(tmp_path / "e.parquet")


def test_damaged_and_missing_files(tmp_path):
    (tmp_path / "e.parquet").write_bytes(b"PAR1 nothing")
    for name in ("e.parquet", "none.parquet"):
        with pytest.raises(InputError, match="cannot be read"):
            read_embedding(tmp_path / name)


def test_values_must_be_finite():
    vectors = np.zeros((4, 2))
    vectors[2, 1] = np.nan
    with pytest.raises(
        InputError, match=r"encoder pixels gives values that are not finite for 1 of 4 samples \(rows 2"
    ):
        Embedding(vectors, FACTS)


def test_a_map_comes_back_with_how_it_was_made(tmp_path):
    plane = np.random.default_rng(0).normal(size=(3, 2)).astype(np.float32)
    write_map(tmp_path / "m.parquet", ["007", "b", "c"], plane, {"projection": "tsne"})
    for read in (read_map, READERS["map"]):
        ids, found, metadata = read(tmp_path / "m.parquet")
        assert ids.tolist() == ["007", "b", "c"]
        assert found.dtype == np.float32
        np.testing.assert_array_equal(found, plane)
        assert metadata == {"projection": "tsne"}


def test_what_is_no_map_is_refused(tmp_path):
    write_embedding(tmp_path / "e.parquet", "abcde", example())
    with pytest.raises(InputError, match="is no map of this workflow"):
        read_map(tmp_path / "e.parquet")
