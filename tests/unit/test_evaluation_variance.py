"""Variance components, against planted ones and against the formulas of balanced data."""

import math

import numpy as np
import pytest

from coldstart.evaluation.variance import components


def planted(rng, seeds, repeats, selection, training):
    """Runs whose selection and training deviate by what is said; `repeats` of each seed."""
    of_seed = np.repeat(np.arange(seeds), repeats)
    return 0.7 + rng.normal(0, selection, seeds)[of_seed] + rng.normal(0, training, len(of_seed)), of_seed


@pytest.mark.parametrize("repeats", [3, "unbalanced"])
def test_planted_components_are_found_without_bias(repeats):
    rng = np.random.default_rng(0)
    sizes = rng.integers(1, 6, 12) if repeats == "unbalanced" else repeats
    found = [components(*planted(rng, 12, sizes, 0.05, 0.02)) for _ in range(400)]
    assert np.mean([one.selection for one in found]) == pytest.approx(0.05**2, rel=0.06)
    assert np.mean([one.training for one in found]) == pytest.approx(0.02**2, rel=0.06)
    assert all(one.total == one.selection + one.training for one in found)


def test_unbalanced_data_by_hand():
    # Searle, Casella and McCulloch: seeds of 1 and 3 runs, means 2 and 5, SSA = 6.75, SSE = 2, n_0 = 1.5.
    found = components([2, 4, 5, 6], [0, 1, 1, 1])
    assert found.training == pytest.approx(1)
    assert found.selection == pytest.approx((6.75 - 1) / 1.5)
    assert (found.n_seeds, found.n_runs, found.note) == (2, 4, "")


def test_training_that_explains_all_leaves_nothing_to_the_selection():
    found = components([0, 2, 0, 2], [0, 0, 1, 1])
    assert (found.selection, found.training) == (0, 2)
    assert "no more spread" in found.note


def test_what_cannot_be_told_is_said():
    one_repeat = components([1, 2, 3], [0, 1, 2])
    assert math.isnan(one_repeat.selection)
    assert math.isnan(one_repeat.training)
    assert one_repeat.total == 1
    assert "one repeat" in one_repeat.note
    one_seed = components([1, 3], [5, 5])
    assert (one_seed.training, math.isnan(one_seed.selection)) == (2, True)
    assert "one seed" in one_seed.note
    assert components([math.nan], [1]).note == "no value"


def test_a_training_without_noise_leaves_all_to_the_selection():
    found = components([1, 2, 3], [0, 1, 2], one_optimum=True)
    assert (found.selection, found.training, found.total) == (1, 0, 1)
    assert "one optimum" in found.note
    # What the repeats show wins over what is said.
    assert components([1, 3, 5, 7], [0, 0, 1, 1], one_optimum=True).training == 2


def test_undefined_values_are_left_out():
    values, seeds = [1, 2, math.nan, 4, 5, math.nan], [0, 0, 0, 1, 1, 2]
    assert components(values, seeds) == components([1, 2, 4, 5], [0, 0, 1, 1])
