"""Which labels are kept apart: how many, whose, of which class, and for how long."""

from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from coldstart.labelling.holdout import choose


def answers(labels, part="labelled"):
    return pd.DataFrame(
        {"sample_id": [f"i{k:03d}" for k in range(len(labels))], "label": pd.array(labels, "Int64"), "part": part}
    )


def held(table):
    return (table["part"] == "holdout").to_numpy()


@pytest.mark.parametrize(("n", "share", "expected"), [(50, 0.2, 10), (9, 0.2, 2), (40, 0.25, 10), (30, 0.5, 15)])
def test_a_share_is_kept_apart_with_the_classes_in_proportion(n, share, expected):
    table = answers([k % 2 for k in range(n)])
    found = choose(table, [None] * n, share, seed=3)
    assert held(found).sum() == expected
    assert abs(found.loc[held(found), "label"].sum() - expected / 2) <= 0.5
    assert set(found["part"]) == {"train", "holdout"}
    assert table["part"].eq("labelled").all()


@settings(max_examples=200, deadline=None)
@given(st.lists(st.integers(0, 1), min_size=8, max_size=60), st.sampled_from([0.1, 0.2, 0.3, 0.6]))
def test_a_rare_class_does_not_enlarge_the_holdout(labels, share):
    assume(min(sum(labels), len(labels) - sum(labels)) > 1)
    assume(share * len(labels) > 1.5 + 1e-9)
    found = choose(answers(labels), [None] * len(labels), share, seed=1)
    assert abs(held(found).sum() - share * len(labels)) <= 0.5 + 1e-9
    assert set(found.loc[held(found), "label"]) == set(found.loc[~held(found), "label"]) == {0, 1}


def test_the_choice_depends_on_the_seed_and_on_nothing_else():
    table = answers([k % 3 == 0 for k in range(40)])
    groups = [f"p{k // 2}" for k in range(40)]
    first, again, other = (choose(table, groups, 0.2, seed=seed) for seed in (1, 1, 2))
    pd.testing.assert_frame_equal(first, again)
    assert held(first).tolist() != held(other).tolist()


@settings(max_examples=200, deadline=None)
@given(
    labels=st.lists(st.integers(0, 1), min_size=1, max_size=24),
    share=st.sampled_from([0.1, 0.2, 0.3, 0.5]),
    data=st.data(),
)
def test_both_parts_have_both_classes_and_no_patient_in_common(labels, share, data):
    n = len(labels)
    groups = np.array(data.draw(st.lists(st.integers(0, 6), min_size=n, max_size=n)))
    found = held(choose(answers(labels), groups.astype(str), share, seed=data.draw(st.integers(0, 5))))
    assert not set(groups[found]) & set(groups[~found])
    labels = np.array(labels)
    if found.any():
        assert set(labels[found]) == set(labels[~found]) == {0, 1}
    else:
        patients = np.unique(groups)
        enough = share * n > 1.5 + 1e-9
        # By the definition: is there any way to share out the patients?
        possible = any(
            set(labels[apart]) == set(labels[~apart]) == {0, 1}
            for chosen in product([False, True], repeat=len(patients))
            for apart in [np.isin(groups, patients[np.array(chosen)])]
        )
        assert not (enough and possible)


def test_of_few_labels_or_of_one_class_nothing_is_kept_apart():
    assert not held(choose(answers([0, 1] * 3), [None] * 6, 0.2, seed=1)).any()
    assert not held(choose(answers([0] * 39 + [1]), [None] * 40, 0.2, seed=1)).any()
    assert not held(choose(answers([0, 1] * 20), [None] * 40, 0, seed=1)).any()
    assert not held(choose(answers([0, 1] * 20), ["p"] * 40, 0.2, seed=1)).any()
    assert not len(choose(answers([]), [], 0.2, seed=1))
    assert held(choose(answers([0] * 38 + [1, 1]), [None] * 40, 0.2, seed=1))[38:].sum() == 1


def test_masks_may_all_have_foreground():
    assert held(choose(answers([1] * 20), [None] * 20, 0.2, seed=1, task="segmentation")).sum() == 4
    found = held(choose(answers([1] * 18 + [0, 0]), [None] * 20, 0.1, seed=1, task="segmentation"))
    assert found[18:].sum() == 1
    assert found[:18].sum() >= 1
    assert not held(choose(answers([1] * 20), ["p"] * 20, 0.2, seed=1, task="segmentation")).any()


def test_images_without_a_label_take_no_part():
    table = answers([k % 2 for k in range(20)])
    table.loc[:9, "part"] = ["skipped", "contradicting"] * 5
    found = choose(table, [None] * 20, 0.2, seed=1)
    assert found["part"][:10].tolist() == ["skipped", "contradicting"] * 5
    assert held(found).sum() == 2


def test_the_holdout_stays_and_only_its_patients_add_to_it():
    groups = [f"p{k}" for k in range(20)]
    before = choose(answers([k % 2 for k in range(20)]), groups, 0.2, seed=1)
    apart = np.flatnonzero(held(before))
    # Ten more images, the first of a patient who is held out; and one image of the hold-out is disputed by now.
    table = answers([k % 2 for k in range(30)])
    table.loc[apart[1], "part"] = "contradicting"
    more = [*groups, groups[apart[0]], *(f"q{k}" for k in range(9))]
    after = choose(table, more, 0.2, seed=1, before=before)
    assert np.flatnonzero(held(after)).tolist() == sorted({*apart.tolist(), 20} - {apart[1]})


def test_a_holdout_that_was_not_possible_is_chosen_later():
    first = choose(answers([0] * 20), [None] * 20, 0.2, seed=1)
    assert not held(first).any()
    later = choose(answers([0] * 20 + [1] * 4), [None] * 24, 0.2, seed=1, before=first)
    assert held(later).sum() >= 2
    assert held(later)[20:].any()
