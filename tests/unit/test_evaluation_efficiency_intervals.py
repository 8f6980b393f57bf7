"""Intervals of labels to a target and of annotation saved, and targets that are not always reached."""

import math

import numpy as np
import pytest

from coldstart.evaluation.efficiency_intervals import (
    Reached,
    labels_interval,
    limits,
    resampled_labels,
    saved_interval,
    tail_of,
)
from coldstart.evaluation.label_efficiency import area_under_learning_curve, height_weights


def reached(labels, seeds=None, missed=()):
    labels = np.array(labels, dtype=float)
    known = np.ones(labels.shape, dtype=bool)
    for place in missed:
        known[place] = False
    return Reached(np.arange(len(labels)) if seeds is None else np.array(seeds), labels, known)


def test_seeds_and_patients_both_widen_the_interval():
    rng = np.random.default_rng(0)
    seeds, patients = rng.normal(0, 3, (20, 1)), rng.normal(0, 2, (1, 400))
    for n_seeds, noise in ((seeds, 0 * patients), (0 * seeds, patients), (seeds, patients)):
        (labels,), _ = resampled_labels([reached(40 + n_seeds + noise)])
        expected = n_seeds.var() / 20 + noise.var()
        assert labels.var() == pytest.approx(expected, rel=0.15)
        assert labels.mean() == pytest.approx(40 + n_seeds.mean() + noise.mean(), abs=0.2)


def test_arms_of_the_same_seeds_are_drawn_together():
    rng = np.random.default_rng(1)
    labels = rng.normal(40, 5, (10, 50))
    found, _ = resampled_labels([reached(labels), reached(labels + 3), reached(labels, seeds=range(10, 20))])
    np.testing.assert_allclose(found[1] - found[0], 3)
    assert np.abs(found[2] - found[0]).max() > 1


def test_a_seed_brings_all_its_repeats():
    labels, _ = resampled_labels([reached(np.repeat([[10.0], [20.0], [60.0]], 5, axis=1), seeds=[1, 1, 2])])
    assert set(np.round(labels[0], 6)) == {15.0, 30.0, 60.0}


def test_the_same_numbers_every_time():
    arms = [reached(np.random.default_rng(2).normal(40, 5, (4, 30)))]
    np.testing.assert_array_equal(resampled_labels(arms)[0], resampled_labels(arms)[0])


def test_a_run_that_misses_the_target_opens_the_upper_end():
    arm = reached(np.full((2, 40), 50.0), missed=[(1, slice(None))])
    labels, known = resampled_labels([arm])
    low, high = labels_interval(labels[0], known[0], 0.025)
    assert (low, high) == (50, math.inf)
    # A miss in one resample of forty patients does not decide a 95 % interval of ten thousand.
    rare = reached(np.full((1, 400), 50.0), missed=[(0, 0)])
    labels, known = resampled_labels([rare])
    assert labels_interval(labels[0], known[0], 0.025) == (50, 50)


def test_savings_are_open_on_the_side_that_is_not_known():
    def interval(arm, other):
        labels, known = resampled_labels([arm, other])
        return saved_interval(labels[0], known[0], labels[1], known[1], 0.025)

    good, bad = reached(np.full((1, 40), 20.0)), reached(np.full((1, 40), 50.0))
    misses = reached(np.full((1, 40), 50.0), missed=[(0, slice(None))])
    assert interval(good, bad) == (60, 60, 1)
    assert interval(good, misses) == (60, math.inf, 0)
    assert interval(misses, good) == (-math.inf, -150, 0)
    assert interval(misses, misses) == (-math.inf, math.inf, 0)


def test_limits_are_values_and_never_between_a_number_and_infinity():
    values = np.array([1.0, 2.0, 3.0, math.inf])
    assert limits(values, values, 0.3) == (1, math.inf)
    assert limits(values, values, 0.0) == (1, math.inf)
    assert limits(values[:3], values[:3], 0.5) == (2, 2)


def test_few_seeds_widen_the_tails():
    two, ten, one = (reached(np.zeros((n, 3))) for n in (2, 10, 1))
    assert tail_of([two, ten]) < tail_of([ten, one]) < tail_of([one]) == pytest.approx(0.025)


def test_weights_give_the_area_between_two_numbers_of_labels():
    x, y = [10, 20, 40, 80], [0.5, 0.7, 0.8, 0.9]
    assert height_weights(x, 10, 80) @ y == pytest.approx(area_under_learning_curve(x, y))
    # From 15, where the line stands at 0.6, to 30, where it stands at 0.75.
    assert height_weights(x, 15, 30) @ y == pytest.approx(area_under_learning_curve([15, 20, 30], [0.6, 0.7, 0.75]))
    assert height_weights(x, 12, 13).sum() == pytest.approx(1)
    assert (height_weights(x, 20, 40) == 0).tolist() == [True, False, False, True]
    for low, high in ((5, 20), (20, 90), (20, 20), (30, 20)):
        with pytest.raises(ValueError, match="no mean height"):
            height_weights(x, low, high)
