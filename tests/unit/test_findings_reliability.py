"""What one seed is worth: by hand, against planted truths and against simulated tests."""

import numpy as np
import pytest
from scipy import stats

from coldstart.evaluation.bootstrap import resample_counts
from coldstart.evaluation.runs import Runs
from coldstart.findings.reliability import (
    false_alarms,
    paired_gaps,
    rank_stability,
    seeds_needed,
    smallest_found,
    spread,
    turned_over,
)


def runs(values, seeds=None, repeats=None, bootstrap=None):
    """Runs of an arm; by default one of each seed, and resamples that do not matter."""
    values = np.asarray(values, dtype=float)
    seeds = np.arange(len(values)) if seeds is None else np.asarray(seeds)
    repeats = np.zeros(len(values), dtype=int) if repeats is None else np.asarray(repeats)
    return Runs(seeds, repeats, values, np.tile(values[:, None], 3) if bootstrap is None else np.asarray(bootstrap))


def scored(scores, **of):
    """Runs whose values are means of scores (runs, patients), with the resamples that all share."""
    counts = resample_counts(scores.shape[1], 400) / scores.shape[1]
    return runs(scores.mean(axis=1), bootstrap=scores @ counts.T, **of)


def test_spread_by_hand():
    bootstrap = [[0, 2], [0, 4], [0, 6], [0, 8]]
    found = spread(runs([1, 3, 5, 9], [0, 0, 1, 1], [0, 1, 0, 1], bootstrap))
    # Means of seeds 2 and 7; within a seed the variances 2 and 8; (25 - 5) / 2 between.
    assert found["seeds"] == pytest.approx(5 / np.sqrt(2))
    assert found["repeats"] == pytest.approx(np.sqrt(5))
    assert found["selection"] == pytest.approx(np.sqrt(10))
    assert found["patients"] == pytest.approx(np.mean([2, 4, 6, 8]) / np.sqrt(2))


def test_planted_spreads_are_found():
    rng = np.random.default_rng(0)
    seeds = np.repeat(np.arange(300), 4)
    values = rng.normal(0, 0.04, 300)[seeds] + rng.normal(0, 0.02, 1200)
    found = spread(runs(values, seeds, np.tile(np.arange(4), 300)))
    assert found["selection"] == pytest.approx(0.04, rel=0.1)
    assert found["repeats"] == pytest.approx(0.02, rel=0.1)
    assert found["seeds"] == pytest.approx(np.hypot(0.04, 0.02 / 2), rel=0.1)


def test_a_spread_that_nothing_tells_is_none():
    one_repeat, one_seed = spread(runs([1, 2, 4])), spread(runs([1, 2], [7, 7], [0, 1]))
    assert one_repeat["seeds"] == pytest.approx(np.std([1, 2, 4], ddof=1))
    assert np.isnan([one_repeat["repeats"], one_repeat["selection"]]).all()
    assert one_seed["repeats"] == pytest.approx(np.sqrt(0.5))
    assert np.isnan([one_seed["seeds"], one_seed["selection"]]).all()


def test_seeds_needed_by_hand():
    # (1.959964 + 0.841621) · 0.05 / 0.02 = 7.00396
    assert seeds_needed(0.05) == 50
    # (2.575829 + 1.281552) · 0.05 / 0.1 = 1.92869
    assert seeds_needed(0.05, difference=0.1, level=0.01, power=0.9) == 4
    assert seeds_needed(0.0) == 2


def test_with_the_seeds_needed_a_paired_test_has_its_power():
    rng = np.random.default_rng(1)
    gaps = rng.normal(0.02, 0.05, (4000, seeds_needed(0.05)))
    found = stats.ttest_1samp(gaps, 0, axis=1).pvalue < 0.05
    # Student's test of 50 is a little weaker than the normal one that the formula is of.
    assert found.mean() == pytest.approx(0.8, abs=0.025)


def test_the_smallest_difference_found_has_its_power():
    least = smallest_found(0.01)
    found = stats.norm.sf(stats.norm.isf(0.025), loc=least / 0.01)
    assert found == pytest.approx(0.8)
    assert smallest_found(0.01, level=0.01, power=0.9) > least


def test_gaps_are_of_runs_of_the_same_seed():
    first, second = runs([1, 2, 3], [5, 6, 7]), runs([30, 10, 20], [7, 5, 6])
    np.testing.assert_array_equal(paired_gaps(first, second), [-9, -18, -27])
    assert paired_gaps(first, runs([1, 2, 3], [7, 8, 9])) is None


def test_orders_turned_over_by_hand():
    rival = runs([0, 0, 0, 0])
    assert turned_over(runs([1, 1, -1, 0]), rival) == pytest.approx(1.5 / 4)
    assert turned_over(rival, runs([1, 1, -1, 0])) == pytest.approx(1.5 / 4)
    assert turned_over(runs([3, 1, 2, 4]), rival) == 0
    assert np.isnan(turned_over(runs([1, -1, 2, -2]), rival))
    assert np.isnan(turned_over(runs([1, 2], [8, 9]), rival))


def test_planted_differences_are_turned_over_as_the_normal_distribution_says():
    rng = np.random.default_rng(2)
    first, second = runs(rng.normal(0.01, 0.03, 5000)), runs(rng.normal(0, 0.04, 5000))
    assert turned_over(first, second) == pytest.approx(stats.norm.cdf(-0.01 / 0.05), abs=0.02)


def test_runs_that_differ_by_patients_alone_raise_the_alarm_as_often_as_the_interval_says():
    rng = np.random.default_rng(3)
    assert false_alarms(scored(rng.normal(0, 1, (600, 80)))) == pytest.approx(0.05, abs=0.025)


def test_what_selection_adds_raises_it_more_often():
    rng = np.random.default_rng(4)
    patients, selection = rng.normal(0, 1, (600, 80)), rng.normal(0, 0.2, 600)
    # The difference deviates by sqrt(2 (0.2² + 1 / 80)), the interval knows sqrt(2 / 80).
    expected = 2 * stats.norm.sf(1.96 * np.sqrt(1 / 80) / np.hypot(0.2, np.sqrt(1 / 80)))
    assert false_alarms(scored(patients + selection[:, None])) == pytest.approx(expected, abs=0.04)


def test_alarms_are_of_single_runs_of_one_repeat():
    # Repeat 0 differs between the seeds, repeat 1 does not; means over repeats would differ.
    shifts = np.linspace(-1, 1, 5)
    bootstrap = np.array([shifts, shifts[::-1], 10 + shifts, shifts])
    found = runs([0, 0, 10, 0], [1, 1, 2, 2], [0, 1, 0, 1], bootstrap)
    assert false_alarms(found) == pytest.approx(0.5)
    assert false_alarms(found.where([3, 0, 2, 1])) == pytest.approx(0.5)


def test_stability_of_ranks_by_hand():
    # Means 3, 2, 1. By seed 0 the order is kept, by seed 1 the first two change, by seed 2 it is reversed.
    arms = [runs([6, 3, 0]), runs([2, 3.5, 0.5]), runs([1, 1, 1])]
    found = rank_stability(arms)
    assert found["by_one"] == pytest.approx((1 + 1 / 3 - 1) / 3)
    assert found["best_by_one"] == pytest.approx(1 / 3)
    # Without seed 0 the second is the first, and the first before the third.
    assert found["without_one"] == pytest.approx(1 / 3)
    lower = rank_stability(arms, higher_is_better=False)
    assert lower["by_one"] == pytest.approx(found["by_one"])
    # The third is the lowest of all, and by seeds 0 and 1.
    assert lower["best_by_one"] == pytest.approx(2 / 3)


def test_stability_of_ranks_over_the_seeds_that_all_share():
    arms = [runs([1, 3, 9], [0, 0, 1], [0, 1, 0]), runs([1, 2, 3], [0, 0, 0], [0, 1, 2])]
    found = rank_stability(arms)
    # Seed 0 alone is shared: 2 and 2, its means over repeats, tie, which the first arm wins.
    assert found["best_by_one"] == 1
    assert np.isnan(found["by_one"])
