"""Selections on disk, and the checks that strategies share."""

import numpy as np
import pandas as pd
import pytest

from coldstart.errors import InputError
from coldstart.selection.base import Selection, check_selection, empty_selection
from coldstart.selection.store import read_selection, write_selection
from coldstart.storage import read_metadata, write_table

PICKED = Selection([3, 0], [0.5, 1.5], ["near", "far"], [1, -1])


def test_round_trip(tmp_path):
    path = tmp_path / "deep" / "s.parquet"
    write_selection(path, np.array(["a", "b", "c", "007"], dtype=object), PICKED, {"seed": 3})
    frame = read_selection(path)
    assert frame.to_dict("list") == {
        "rank": [1, 2],
        "sample_id": ["007", "a"],
        "score": [0.5, 1.5],
        "reason": ["near", "far"],
        "cluster": [1, -1],
    }
    assert read_metadata(path) == {"seed": 3}


def test_same_bytes(tmp_path):
    for name in ("one", "two"):
        write_selection(tmp_path / name, list("abcd"), PICKED, {"seed": 3})
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_the_empty_start_is_a_selection_of_nothing(tmp_path):
    path = tmp_path / "s.parquet"
    write_selection(path, list("abcd"), check_selection(empty_selection(), 0, 4), {"seed": 3})
    frame = read_selection(path)
    write_selection(tmp_path / "one.parquet", list("abcd"), PICKED)
    assert frame.empty
    # The types are those of a selection of something, so that later rounds can be put below it.
    assert frame.dtypes.tolist() == read_selection(tmp_path / "one.parquet").dtypes.tolist()
    with pytest.raises(ValueError, match="returned 2 samples where 0"):
        check_selection(PICKED, 0, 4)


def test_another_table_is_refused(tmp_path):
    write_table(tmp_path / "x.parquet", pd.DataFrame({"rank": [1]}))
    with pytest.raises(InputError, match="no column sample_id"):
        read_selection(tmp_path / "x.parquet")


def test_lengths_must_agree():
    with pytest.raises(ValueError, match="one score, one reason and one cluster per index"):
        Selection([1, 2], [0.0], ["a", "b"], [0, 0])


@pytest.mark.parametrize(
    ("indices", "message"),
    [([0, 1, 2], "returned 3 samples where 2"), ([1, 1], "twice"), ([0, 9], "outside"), ([-1, 0], "outside")],
)
def test_broken_strategies_are_caught(indices, message):
    n = len(indices)
    with pytest.raises(ValueError, match=message):
        check_selection(Selection(indices, np.zeros(n), ["x"] * n, np.zeros(n)), 2, 5)
