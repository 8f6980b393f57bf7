"""Embedding files that a user brings."""

import logging

import numpy as np
import pandas as pd
import pytest

from coldstart.embedding.base import Embedding, EncoderInputs
from coldstart.embedding.file import encode
from coldstart.embedding.store import write_embedding
from coldstart.errors import InputError

INPUTS = EncoderInputs(None, ["p1/007", "p1/b", "p2/c"], ["p1/007.png", "p1/b.png", "p2/c.png"])
EXPECTED = np.array([[1, 2], [3, 4], [5, 6]], np.float32)
SHUFFLED = [2, 0, 1]
IDS, PATHS, NAMES = INPUTS.sample_ids, INPUTS.image_names, ["007.png", "b.png", "c.png"]
KEYS = {
    "sample_id": ("sample_id", IDS),
    "identifier as file name": ("file_name", IDS),
    "path": ("image", PATHS),
    "name": ("file_name", NAMES),
    "another folder": ("file_name", [f"C:\\elsewhere\\{name}" for name in NAMES]),
}


def frame(column, keys, rows=SHUFFLED):
    values = {column: [keys[row] for row in rows], "f0": EXPECTED[rows, 0], "f1": EXPECTED[rows, 1]}
    return pd.DataFrame(values)


def write(folder, kind, column, keys):
    table = frame(column, keys)
    if kind == "csv":
        path = folder / "e.csv"
        table.to_csv(path, index=False)
    elif kind == "npz":
        path = folder / "e.npz"
        np.savez(path, **{key: EXPECTED[row] for key, row in zip(table[column], SHUFFLED, strict=True)})
    else:
        path = folder / "e.parquet"
        if kind == "list column":
            table = pd.DataFrame({column: table[column], "vector": list(EXPECTED[SHUFFLED])})
        table.to_parquet(path)
    return str(path)


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("kind", ["csv", "npz", "list column", "number columns"])
def test_every_format_and_key(tmp_path, kind, key):
    embedding = encode(INPUTS, path=write(tmp_path, kind, *KEYS[key]))
    assert np.array_equal(embedding.vectors, EXPECTED)
    assert embedding.provenance["weights"]["file"] == f"e.{'parquet' if 'column' in kind else kind}"


def test_text_keys_keep_their_zeros(tmp_path):
    inputs = EncoderInputs(None, ["007", "010"], ["007.png", "010.png"])
    (tmp_path / "e.csv").write_text("sample_id,f0\n010,2\n007,1\n")
    assert encode(inputs, path=str(tmp_path / "e.csv")).vectors.tolist() == [[1], [2]]


def test_own_embedding_files_are_read(tmp_path):
    facts = {"encoder": "x", "parameters": {}, "weights": {}, "preprocessing": {}, "versions": {}}
    write_embedding(tmp_path / "e.parquet", IDS, Embedding(EXPECTED, facts))
    assert np.array_equal(encode(INPUTS, path=str(tmp_path / "e.parquet")).vectors, EXPECTED)


def test_missing_rows(tmp_path):
    frame("sample_id", IDS, [1]).to_csv(tmp_path / "e.csv", index=False)
    with pytest.raises(InputError, match=r"e\.csv lacks 2 of 3 samples \(p1/007, p2/c\)"):
        encode(INPUTS, path=str(tmp_path / "e.csv"))


def test_extra_rows_are_a_warning(tmp_path, caplog):
    (tmp_path / "e.csv").write_text("file_name,f0\nc.png,5\nz.png,9\n007.png,1\nb.png,3\n")
    with caplog.at_level(logging.WARNING, logger="coldstart"):
        assert encode(INPUTS, path=str(tmp_path / "e.csv")).vectors.ravel().tolist() == [1, 3, 5]
    assert "1 rows for which there is no sample (z.png)" in caplog.text


def test_same_file_name_in_two_folders(tmp_path):
    inputs = EncoderInputs(None, ["a/1", "b/1"], ["a/1.png", "b/1.png"])
    (tmp_path / "e.csv").write_text("file_name,f0\n1.png,5\n")
    with pytest.raises(InputError, match=r"the cohort names several samples 1\.png: give .* a column sample_id"):
        encode(inputs, path=str(tmp_path / "e.csv"))
    (tmp_path / "e.csv").write_text("file_name,f0\na/1.png,5\nb/1.png,6\n")
    assert encode(inputs, path=str(tmp_path / "e.csv")).vectors.ravel().tolist() == [5, 6]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("file_name,f0\nb.png,1\nb.png,2\n", "names several samples b.png"),
        ("file_name,f0,f1\n007.png,1,2\nb.png,,4\nc.png,5,inf\n", r"2 of 3 samples \(b.png, c.png\)"),
        ("name,f0\n007.png,1\n", "none of the columns sample_id, file_name, image .it has name, f0"),
        ("file_name,f0,sex\n007.png,1,F\nb.png,1,M\nc.png,1,M\n", "not so column sex"),
        ("file_name\n007.png\n", "no further column"),
        ("", "cannot be read"),
    ],
)
def test_bad_csv(tmp_path, text, message):
    (tmp_path / "e.csv").write_text(text)
    with pytest.raises(InputError, match=message):
        encode(INPUTS, path=str(tmp_path / "e.csv"))


def test_different_lengths(tmp_path):
    np.savez(tmp_path / "e.npz", **{"007.png": np.zeros(2), "b.png": np.zeros(3), "c.png": np.zeros(3)})
    with pytest.raises(InputError, match=r"different lengths: 3 values, but not for 007\.png \(2\)"):
        encode(INPUTS, path=str(tmp_path / "e.npz"))


def test_npz_with_objects_is_not_unpickled(tmp_path):
    np.savez(tmp_path / "e.npz", **{"007.png": np.array([{}], dtype=object)})
    with pytest.raises(InputError, match="cannot be read"):
        encode(INPUTS, path=str(tmp_path / "e.npz"))


def test_empty_list(tmp_path):
    pd.DataFrame({"sample_id": IDS, "v": [[1.0], None, [2.0]]}).to_parquet(tmp_path / "e.parquet")
    with pytest.raises(InputError, match=r"different lengths: 1 values, but not for p1/b \(0\)"):
        encode(INPUTS, path=str(tmp_path / "e.parquet"))


@pytest.mark.parametrize("name", ["e.parquet", "e.npz", "e.csv"])
def test_damaged_or_missing(tmp_path, name):
    with pytest.raises(InputError, match="there is no embedding file"):
        encode(INPUTS, path=str(tmp_path / name))
    (tmp_path / name).write_bytes(b"\x00\xff\x01nothing\xfe")
    with pytest.raises(InputError, match=r"e\.\w+ "):
        encode(INPUTS, path=str(tmp_path / name))


def test_unknown_kind():
    with pytest.raises(InputError, match=r"of no known kind: give a \.parquet, \.csv or \.npz"):
        encode(INPUTS, path="vectors.h5")
