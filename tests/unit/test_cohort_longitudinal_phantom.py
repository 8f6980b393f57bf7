"""Synthetic pairs of head scans."""

import numpy as np
import pandas as pd
import pytest

from coldstart.cohort import KINDS, longitudinal_phantom
from coldstart.cohort.assemble import assemble
from coldstart.cohort.longitudinal_head import change, lesions_of, make_head, quiet, scan
from coldstart.cohort.slicing import parsed_box, restack
from coldstart.cohort.triples import z_scores
from coldstart.errors import InputError

SMALL = {"n": 8, "resolution": 32, "slices": 8, "seed": 3}


@pytest.fixture(scope="module")
def pool():
    return longitudinal_phantom.build(**SMALL)


def test_the_same_seed_draws_the_same_bytes(pool):
    for read in (longitudinal_phantom.images, longitudinal_phantom.masks):
        one, other = (np.concatenate([part.ravel() for part in read(pool, **SMALL)]) for _ in range(2))
        assert one.tobytes() == other.tobytes()
    again = longitudinal_phantom.build(**{**SMALL, "seed": 4})
    assert not again["lesion_pixels"].equals(pool["lesion_pixels"])


def test_a_patient_is_the_same_however_many_there_are(pool):
    more = longitudinal_phantom.build(**{**SMALL, "n": 11})
    pd.testing.assert_frame_equal(more.iloc[: len(pool)], pool)


def test_one_patient_in_four_has_no_change_and_the_others_differ(pool):
    changed = pool.groupby("patient_id")["lesion_pixels"].sum().astype(int)
    assert (changed[:4] == 0).sum() == (changed[4:] == 0).sum() == 1
    assert changed[changed > 0].nunique() > 3
    for seed in range(20):
        assert [sum(quiet(i, seed) for i in range(start, start + 4)) for start in (0, 4, 8)] == [1, 1, 1]
    numbers = [sum(lesion.before != lesion.after for lesion in make_head(i, 2024).lesions) for i in range(40)]
    assert set(numbers) <= set(range(7))
    assert numbers.count(0) == 10
    assert len(set(numbers)) > 4


def test_the_mask_is_what_is_new_or_has_grown():
    for index in range(12):
        head = make_head(index, 3)
        found = change(head, 32, 8)
        if quiet(index, 3):
            assert not found.any()
            continue
        assert found.any()
        # Bright where it is marked, in the second scan; at the first time there was no lesion.
        before, after = (scan(head, 32, 8, time) for time in ("before", "after"))
        after = (after - head.offset) / head.gain
        assert after[found].mean() > before[found].mean() + 0.15


def test_grown_lesions_are_marked_by_their_rims_alone():
    for index in range(30):
        head = make_head(index, 5)
        grown = [lesion for lesion in head.lesions if 0 < lesion.before < lesion.after]
        if grown:
            break
    points = [np.array([value]).reshape(-1, 1, 1) for value in grown[0].centre]
    # The middle of a lesion that was there before is no change.
    assert lesions_of(head, points, (1, 1, 1), "before").all()
    assert lesions_of(head, points, (1, 1, 1), "after").all()


def test_what_has_changed_stands_out_in_the_difference(pool):
    for difference in ("absolute", "signed", "clipped"):
        chosen = {**SMALL, "difference": difference}
        images = list(longitudinal_phantom.images(pool, **chosen))
        masks = list(longitudinal_phantom.masks(pool, **chosen))
        values = np.concatenate([z_scores(image, difference)[..., 2].ravel() for image in images])
        changed = np.concatenate([mask.ravel() for mask in masks]) > 0
        assert values[changed].mean() > 1.5
        assert abs(values[~changed].mean()) < 0.3


def test_slices_restack_to_the_drawn_volume(pool):
    masks = list(longitudinal_phantom.masks(pool, **SMALL))
    for index, (_, rows) in enumerate(pool.groupby("volume")):
        box = parsed_box(rows["box"].iloc[0])
        expected = change(make_head(index, 3), 32, 8)[box]
        np.testing.assert_array_equal(restack([masks[i] for i in rows.index], rows), expected)
        # No change lies outside the brain's box.
        assert expected.sum() == change(make_head(index, 3), 32, 8).sum()


def test_no_patient_is_in_two_parts():
    cohort = assemble({"kind": "longitudinal_phantom", **SMALL, "n": 20, "split": {}})
    assert cohort.groupby("patient_id")["split"].nunique().eq(1).all()
    assert cohort["split"].nunique() == 3


def test_it_is_declared_synthetic():
    facts = {"channels": 3, "shown": 1, "longitudinal": True}
    assert KINDS.entry("longitudinal").facts == facts
    assert KINDS.entry("longitudinal_phantom").facts == {"synthetic": True, **facts}


@pytest.mark.parametrize(
    "wrong", [{"n": 0}, {"resolution": 8}, {"slices": 2}, {"seed": -1}, {"difference": "both"}, {"slices": 999}]
)
def test_wrong_parameters_are_refused(wrong):
    with pytest.raises(InputError, match=rf"dataset\.{next(iter(wrong))}"):
        longitudinal_phantom.build(**{**SMALL, **wrong})
