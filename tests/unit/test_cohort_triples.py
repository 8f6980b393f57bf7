"""Three channels of two scans: z-scores, differences, and how they are stored."""

import numpy as np
import pytest

from coldstart.cohort.triples import DIFFERENCES, bounds, check_triples, difference_of, standardised, triple, z_scores
from coldstart.errors import InputError

BEFORE = np.array([[1.0, -2.0], [0.5, 0.0]])
AFTER = np.array([[3.0, -2.5], [0.5, 4.0]])


@pytest.mark.parametrize(
    ("difference", "expected"),
    [
        ("absolute", [[2.0, 0.5], [0.0, 4.0]]),
        ("signed", [[2.0, -0.5], [0.0, 4.0]]),
        ("clipped", [[2.0, 0.0], [0.0, 4.0]]),
    ],
)
def test_differences_by_hand(difference, expected):
    assert difference_of(BEFORE, AFTER, difference).tolist() == expected


def test_stored_values_by_hand():
    stored = triple(BEFORE, AFTER, "absolute", limit=4.0)
    assert stored.dtype == np.uint16
    # Scans: -4 is 0, 0 is grey, 4 is 65535. Absolute differences: 0 is black, 4 is 65535.
    assert stored[0, 0].tolist() == [round(5 / 8 * 65535), round(7 / 8 * 65535), round(2 / 4 * 65535)]
    assert stored[1, 0].tolist() == [round(4.5 / 8 * 65535), round(4.5 / 8 * 65535), 0]
    signed = triple(BEFORE, AFTER, "signed", limit=4.0)
    assert signed[0, 1, 2] == round(3.5 / 8 * 65535)
    assert triple(np.zeros(1), np.zeros(1), "signed")[0, 2] == triple(np.zeros(1), np.zeros(1), "signed")[0, 0] == 32768


@pytest.mark.parametrize("difference", DIFFERENCES)
def test_stored_values_give_the_z_scores_back_to_half_a_step(difference):
    rng = np.random.default_rng(0)
    before, after = rng.normal(0, 1.5, (2, 7, 5, 3))
    found = z_scores(triple(before, after, difference), difference)
    wanted = np.stack([before, after, difference_of(before, after, difference)], -1)
    half_a_step = np.ptp(bounds(difference, 10.0), axis=1) / 65535 / 2
    assert (np.abs(found - wanted) <= half_a_step + 1e-12).all()
    assert np.abs(found - wanted).max() <= 10 / 65535


@pytest.mark.parametrize("difference", DIFFERENCES)
def test_one_straight_line_holds_for_all_volumes(difference):
    quiet, loud = np.array([0.1, 0.0]), np.array([0.1, 9.0])
    stored = [triple(np.zeros(2), after, difference) for after in (quiet, loud)]
    # The same value is stored alike, whatever else there is in its volume.
    assert stored[0][0].tolist() == stored[1][0].tolist()


def test_what_lies_beyond_the_limit_is_stored_as_the_limit():
    stored = triple(np.array([-99.0]), np.array([99.0]), "signed")
    assert stored.tolist() == [[0, 65535, 65535]]
    assert triple(np.array([99.0]), np.array([-99.0]), "clipped").tolist() == [[65535, 0, 0]]


def test_z_scores_are_taken_inside_the_brain():
    volume = np.array([10.0, 20.0, 30.0, 1000.0, np.nan])
    brain = np.array([True, True, True, False, True])
    found = standardised(volume, brain)
    spread = np.sqrt(200 / 3)
    assert found == pytest.approx([-10 / spread, 0, 10 / spread, 980 / spread, 0])
    over_all = standardised(volume)
    assert over_all[:4].mean() == pytest.approx(0)
    assert over_all[:4].std() == pytest.approx(1)


def test_each_scan_has_its_own_mean_and_variance():
    scan = np.random.default_rng(1).normal(5, 2, (6, 6, 6))
    # Another gain and offset is no change.
    assert not difference_of(standardised(scan), standardised(3 * scan + 40), "absolute").round(9).any()


def test_a_scan_of_one_value_is_named():
    with pytest.raises(InputError, match=r"p1/flair\.nii has one value only, .*dataset\.patients"):
        standardised(np.full(4, 7), name="p1/flair.nii")
    with pytest.raises(InputError, match="inside the brain mask"):
        standardised(np.array([7, 7, 8]), np.array([True, True, False]))


def test_wrong_parameters_are_refused():
    with pytest.raises(InputError, match=r"dataset\.difference: unknown difference 'sign'; did you mean 'signed'"):
        check_triples("sign")
    with pytest.raises(InputError, match=r"dataset\.limit is 0"):
        check_triples("signed", 0)
