"""Splits: sizes by largest remainder, patients kept together, strata shared out."""

import logging

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coldstart.cohort.splits import SPLITS, apportion, assign_splits, fill, stratum_targets
from coldstart.errors import InputError


def table(labels, patients=None, masks=None):
    n = len(labels)
    return pd.DataFrame(
        {
            "label": pd.Series(labels, dtype="Int64"),
            "mask": pd.Series(masks if masks is not None else [None] * n, dtype="str"),
            "patient_id": pd.Series(patients if patients is not None else [None] * n, dtype="str"),
        }
    )


def sizes(split):
    return [int((split == name).sum()) for name in SPLITS]


@pytest.mark.parametrize("stratify", [False, True])
def test_the_published_cohort_is_split_560_80_160(stratify):
    split = assign_splits(table([1] * 189 + [0] * 611), stratify=stratify)
    assert sizes(split) == [560, 80, 160]


def test_stratified_counts_of_the_published_cohort():
    frame = table([1] * 189 + [0] * 611)
    split = assign_splits(frame, stratify=True)
    assert sizes(split[frame["label"] == 1]) == [132, 19, 38]
    assert sizes(split[frame["label"] == 0]) == [428, 61, 122]


def test_largest_remainder_by_hand():
    np.testing.assert_array_equal(apportion(10, np.array([0.7, 0.1, 0.2])), [7, 1, 2])
    # Quotas 7.7, 1.1, 2.2: the spare one goes to 0.7.
    np.testing.assert_array_equal(apportion(11, np.array([0.7, 0.1, 0.2])), [8, 1, 2])
    # Quotas 1/3 each: the tie goes to the first.
    np.testing.assert_array_equal(apportion(1, np.full(3, 1 / 3)), [1, 0, 0])


def test_groups_fill_the_relatively_emptiest_split():
    np.testing.assert_array_equal(fill(np.array([4, 3, 2, 1]), np.array([7, 1, 2])), [0, 0, 2, 1])


@given(
    st.lists(st.integers(0, 200), min_size=1, max_size=4),
    st.tuples(st.integers(1, 20), st.integers(1, 20), st.integers(1, 20)),
)
def test_strata_add_up_in_both_directions(counts, parts):
    shares = np.array(parts) / sum(parts)
    targets = np.array(stratum_targets(counts, shares))
    np.testing.assert_array_equal(targets.sum(axis=1), counts)
    np.testing.assert_array_equal(targets.sum(axis=0), apportion(sum(counts), shares))
    assert (np.abs(targets - np.outer(counts, shares)) < 3).all()


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.lists(st.sampled_from([0, 1]), min_size=1, max_size=5), min_size=40, max_size=90),
    st.integers(0, 5),
    st.booleans(),
)
def test_patients_never_cross_and_sizes_stay_near(patients, seed, stratify):
    labels = [label for one in patients for label in one]
    frame = table(labels, [f"p{i}" for i, one in enumerate(patients) for _ in one])
    split = assign_splits(frame, stratify=stratify, seed=seed)
    assert (split.groupby(frame["patient_id"]).nunique() == 1).all()
    assert split.isin(SPLITS).all()
    wanted = apportion(len(frame), np.array([0.7, 0.1, 0.2]))
    # Never off by as much as one patient of the largest size.
    assert (np.abs(np.array(sizes(split)) - wanted) < max(map(len, patients)) + (stratify and 1)).all()
    pd.testing.assert_series_equal(split, assign_splits(frame, stratify=stratify, seed=seed))


def test_three_large_patients_fill_three_splits():
    frame = table([0, 1] * 60, ["a"] * 40 + ["b"] * 38 + ["c"] * 42)
    assert sorted(sizes(assign_splits(frame))) == [38, 40, 42]


def test_too_few_patients_are_refused():
    with pytest.raises(InputError, match="is left for"):
        assign_splits(table([0, 1] * 30, ["a"] * 59 + ["b"]))


@given(st.integers(30, 300), st.integers(0, 10), st.booleans(), st.data())
@settings(deadline=None, max_examples=60)
def test_independent_samples_get_exact_sizes(n, seed, stratify, data):
    labels = data.draw(st.lists(st.sampled_from([0, 1]), min_size=n, max_size=n))
    split = assign_splits(table(labels), stratify=stratify, seed=seed)
    assert sizes(split) == list(apportion(n, np.array([0.7, 0.1, 0.2])))


def test_the_seed_moves_the_split():
    frame = table([0, 1] * 50)
    assert not assign_splits(frame, seed=1).equals(assign_splits(frame, seed=2))


def test_a_patient_is_stratified_by_the_highest_label():
    patients = [f"p{i // 2}" for i in range(200)]
    labels = [int(i % 2 == 0 and i < 40) for i in range(200)]
    frame = table(labels, patients)
    split = assign_splits(frame, stratify=True)
    positive = frame["patient_id"].isin(frame["patient_id"][frame["label"] == 1])
    assert sizes(split[positive]) == [28, 4, 8]


def test_nothing_annotated_is_unlabelled():
    assert (assign_splits(table([None] * 5)) == "unlabelled").all()


def test_only_patients_without_any_annotation_are_unlabelled():
    frame = table([0, 1] * 20 + [None] * 3, [f"p{i}" for i in range(40)] + ["p0", "q", "q"])
    split = assign_splits(frame)
    assert split.iloc[40] == split.iloc[0] != "unlabelled"
    assert (split.iloc[41:] == "unlabelled").all()
    assert "unlabelled" not in set(split.iloc[:41])


def test_masks_count_as_annotation():
    assert sizes(assign_splits(table([None] * 10, masks=["m"] * 10))) == [7, 1, 2]


def test_a_given_split_is_kept_and_shared_patients_are_reported(caplog):
    frame = table([0, 1, 0, 1], ["a", "a", "b", "c"]).assign(split=["train", "val", "test", "train"])
    with caplog.at_level(logging.WARNING, "coldstart"):
        assert list(assign_splits(frame)) == ["train", "val", "test", "train"]
    assert "1 patients into more than one split: a" in caplog.text


def test_an_empty_split_is_refused_with_the_counts():
    with pytest.raises(InputError, match=r"left for val \(train 2, val 0, test 1\)"):
        assign_splits(table([0, 1, 0]))
    given_split = table([0, 1, 0]).assign(split=["train", "train", "test"])
    with pytest.raises(InputError, match=r"left for val \(train 2, val 0, test 1\)"):
        assign_splits(given_split)


@pytest.mark.parametrize("shares", [(0.7, 0.1, 0.1), (0.8, 0.0, 0.2), (1.2, -0.4, 0.2)])
def test_shares_must_be_positive_and_sum_to_one(shares):
    with pytest.raises(InputError, match="must be above 0 and sum to 1"):
        assign_splits(table([0, 1] * 20), train=shares[0], val=shares[1], test=shares[2])
