"""One answer for every image out of many, and what is said of the others."""

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coldstart.errors import InputError
from coldstart.labelling.answer import Answer
from coldstart.labelling.settling import settle

POOL = pd.DataFrame({"sample_id": ["d", "b", "c", "a"], "height": [2, 3, 3, 3], "width": 4})


def said(sample_id, what, source="one.csv", annotator=None):
    """An answer: a label, a mask, or None for a skipped image."""
    if what is None:
        return Answer(sample_id, "skip", None, None, source, annotator)
    if isinstance(what, int):
        return Answer(sample_id, "label", what, None, source, annotator)
    return Answer(sample_id, "mask", None, lambda: np.asarray(what, np.uint8), source, annotator)


def rows(table):
    return [tuple(row) for row in table.fillna({"label": -1}).itertuples(index=False)]


def test_answers_stand_in_the_order_of_the_pool():
    table, report, masks = settle([said("a", 1), said("c", None), said("d", 0, "two.csv", "7")], POOL, "classification")
    assert rows(table) == [
        ("d", 0, "labelled", 1, "two.csv"),
        ("c", -1, "skipped", 0, "one.csv"),
        ("a", 1, "labelled", 1, "one.csv"),
    ]
    assert table["label"].dtype == "Int64"
    assert report.empty
    assert list(report) == ["sample_id", "problem", "answers", "decision"]
    assert masks(0).shape == (2, 4)


def test_nothing_is_settled_out_of_nothing():
    for task in ("classification", "segmentation"):
        table, report, _ = settle([], POOL, task)
        assert len(table) == len(report) == 0
        assert list(table) == ["sample_id", "label", "part", "annotators", "source"]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.integers(0, 1), min_size=1, max_size=7))
def test_more_than_half_decide_about_a_label(votes):
    given_ = [said("b", vote, f"{number}.csv") for number, vote in enumerate(votes)]
    table, report, _ = settle(given_, POOL, "classification")
    (row,) = rows(table)
    positive = sum(votes)
    if 2 * positive == len(votes):
        assert row[1:3] == (-1, "contradicting")
    else:
        assert row[1:3] == (int(2 * positive > len(votes)), "labelled")
    assert row[3] == len(votes)
    assert len(report) == (0 < positive < len(votes))


def test_a_contradiction_names_the_image_and_the_files():
    given_ = [
        said("b", 1, "x.csv"),
        said("b", 0, "y.csv"),
        said("b", 1, "z.csv", "3"),
        said("c", 0),
        said("c", 1, "y.csv"),
    ]
    _, report, _ = settle(given_, POOL, "classification")
    assert report.to_numpy().tolist() == [
        ["b", "different labels", "0: y.csv; 1: x.csv, z.csv", "1, by 2 of 3 answers"],
        ["c", "different labels", "0: one.csv; 1: y.csv", "left out"],
    ]


def test_what_one_annotator_says_twice_counts_once():
    given_ = [said("b", 1, "old.json", "1"), said("b", 1, "new.json", "1"), said("b", 0, "new.json", "2")]
    table, report, _ = settle(given_, POOL, "classification")
    assert rows(table) == [("b", -1, "contradicting", 2, "old.json, new.json")]
    assert len(report) == 1


def test_a_label_wins_over_a_skip_and_that_is_reported():
    table, report, _ = settle([said("b", None, "x.csv"), said("b", 0, "y.csv")], POOL, "classification")
    assert rows(table) == [("b", 0, "labelled", 1, "y.csv")]
    assert report.to_numpy().tolist() == [["b", "skipped and labelled", "skipped in x.csv", "the label counts"]]


def test_a_mask_stands_for_a_label_in_a_classification():
    given_ = [said("b", np.eye(3, 4)), said("c", np.zeros((3, 4))), said("a", np.eye(3, 4)), said("a", 0, "y.csv")]
    table, report, _ = settle(given_, POOL, "classification")
    assert [row[:3] for row in rows(table)] == [("b", 1, "labelled"), ("c", 0, "labelled"), ("a", -1, "contradicting")]
    assert report["sample_id"].tolist() == ["a"]


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 5), st.integers(0, 2**32 - 1))
def test_half_of_the_masks_decide_about_a_pixel(n, seed):
    given_ = np.random.default_rng(seed).integers(0, 2, (n, 3, 4))
    answers = [said("b", mask, f"{number}.png") for number, mask in enumerate(given_)]
    table, report, masks = settle(answers, POOL, "segmentation")
    expected = [[int(sum(given_[:, y, x]) >= n / 2) for x in range(4)] for y in range(3)]
    assert masks(0).tolist() == expected
    assert masks(0).dtype == np.uint8
    assert rows(table) == [("b", int(np.any(expected)), "labelled", n, ", ".join(f"{k}.png" for k in range(n)))]

    def overlap(a, b):
        return 2 * (a * b).sum() / (a.sum() + b.sum()) if a.any() or b.any() else 1

    assert len(report) == any(overlap(a, b) < 0.7 for a, b in itertools.combinations(given_, 2))


def test_masks_that_disagree_are_reported_with_the_worst_pair():
    left, right, whole = np.zeros((3, 4)), np.zeros((3, 4)), np.ones((3, 4))
    left[:, :2], right[:, 3:] = 1, 1
    answers = [said("b", whole, "w.png"), said("b", left, "l.png"), said("b", right, "r.png")]
    _, report, masks = settle(answers, POOL, "segmentation")
    assert report.to_numpy().tolist() == [
        ["b", "different masks", "Dice 0.00: l.png and r.png", "what at least half of 3 masks call foreground"]
    ]
    assert masks(0).tolist() == [[1, 1, 0, 1]] * 3


def test_a_mask_that_is_exported_twice_counts_once():
    whole = np.ones((3, 4))
    answers = [said("b", whole, "a.json", "1"), said("b", whole, "b.json", "1"), said("b", 0 * whole, "b.json", "2"),
               said("b", 0 * whole, "c.json", "3")]  # fmt: skip
    table, _, masks = settle(answers, POOL, "segmentation")
    assert not masks(0).any()
    assert table["annotators"].tolist() == [3]


def test_skipped_images_have_masks_of_zeros():
    table, _, masks = settle([said("d", None), said("b", np.eye(3, 4))], POOL, "segmentation")
    assert table["part"].tolist() == ["skipped", "labelled"]
    assert masks(0).shape == (2, 4)
    assert not masks(0).any()
    assert masks(1).tolist() == np.eye(3, 4).tolist()


def test_a_mask_of_another_size_is_refused_with_its_file():
    with pytest.raises(InputError, match=r"m\.png has a mask of 2 x 4 pixels for 'b', which is 3 x 4"):
        settle([said("b", np.zeros((2, 4)), "m.png")], POOL, "segmentation")
