"""Random selection."""

import numpy as np
import pytest

from coldstart.errors import InputError
from coldstart.selection.random import select

# Yuan & Hong, released code: first twenty draws of a repeat (specification, vector V1.5).
PUBLISHED = {
    (560, 0): [504, 408, 66, 338, 233, 440, 498, 538, 355, 507, 86, 447, 97, 173, 135, 37, 395, 91, 517, 524],
    (132, 0): [93, 66, 26, 8, 30, 91, 109, 100, 44, 101, 89, 106, 11, 76, 9, 49, 23, 7, 65, 97],
    (132, 1): [130, 127, 108, 14, 24, 118, 85, 64, 38, 103, 18, 107, 17, 86, 59, 114, 34, 49, 26, 99],
}


def test_independent_of_the_embedding():
    picks = [select(X, 7, rng=np.random.default_rng(1)).indices for X in (np.empty((30, 0)), np.ones((30, 4)))]
    assert np.array_equal(*picks)


def test_uniform():
    counts = np.zeros(10)
    for seed in range(3000):
        counts[select(np.empty((10, 0)), 3, rng=np.random.default_rng(seed)).indices] += 1
    # Standard deviation of a count: sqrt(3000 * 0.3 * 0.7) = 25.
    assert np.abs(counts - 900).max() < 100


def test_published_draws():
    for (n, repeat), expected in PUBLISHED.items():
        picks = select(np.empty((n, 0)), 20, rng=np.random.default_rng(0), seed=repeat, published=True)
        assert picks.indices.tolist() == expected


def test_published_draws_reach_the_whole_pool():
    picks = select(np.empty((23, 0)), 23, rng=np.random.default_rng(0), seed=1, published=True)
    assert sorted(picks.indices) == list(range(23))


def test_the_seed_alone_changes_nothing_unless_the_published_draws_are_asked_for():
    plain = [select(np.empty((40, 0)), 9, rng=np.random.default_rng(5), seed=seed) for seed in (0, 1)]
    assert np.array_equal(plain[0].indices, plain[1].indices)


def test_a_seed_that_the_published_generator_does_not_take():
    with pytest.raises(InputError, match="seeds up to 2122019"):
        select(np.empty((40, 0)), 9, rng=np.random.default_rng(0), seed=2122020, published=True)
