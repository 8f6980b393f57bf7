"""Farthest-point traversal and k-means++ seeding."""

import numpy as np
import pytest
from skactiveml.pool import CoreSet

from coldstart.selection import kcenter_greedy, kmeans_plus_plus


def noise(n, d, seed=0):
    return np.random.default_rng(seed).normal(size=(n, d))


def rng(seed=0):
    return np.random.default_rng(seed)


@pytest.mark.parametrize("seed", range(3))
def test_k_centre_greedy_goes_on_as_scikit_activeml_does(seed):
    X = noise(120, 5, seed)
    rows = kcenter_greedy.select(X, 20, rng=rng(seed)).indices
    y = np.full(120, np.nan)
    y[rows[0]] = 0
    expected = CoreSet(random_state=0).query(X, y, batch_size=19)
    assert rows[1:].tolist() == expected.tolist()


def test_the_covering_radius_is_at_most_twice_the_least():
    X = noise(14, 2)
    gaps = np.linalg.norm(X[:, None] - X[None], axis=2)
    from itertools import combinations

    best = min(gaps[list(some)].min(axis=0).max() for some in combinations(range(14), 3))
    for seed in range(14):
        rows = kcenter_greedy.select(X, 3, rng=rng(seed)).indices
        assert gaps[rows].min(axis=0).max() <= 2 * best + 1e-12


def test_a_rotation_changes_nothing():
    X = noise(60, 4)
    turn = np.linalg.qr(noise(4, 4, 9))[0]
    first, second = (kcenter_greedy.select(points, 15, rng=rng(1)).indices for points in (X, X @ turn))
    assert first.tolist() == second.tolist()


def test_the_start_at_the_centre_draws_nothing():
    X = noise(50, 3)
    answers = {tuple(kcenter_greedy.select(X, 8, rng=rng(seed), start="centre").indices) for seed in range(5)}
    assert len(answers) == 1
    assert answers.pop()[0] == np.linalg.norm(X - X.mean(axis=0), axis=1).argmin()


def test_lengths_do_not_count_where_vectors_are_brought_to_length_1():
    X = noise(50, 3)
    longer = X * np.linspace(1, 9, 50)[:, None]
    first, second = (kcenter_greedy.select(points, 10, rng=rng(1), l2=True).indices for points in (X, longer))
    assert first.tolist() == second.tolist()


def test_the_second_sample_is_drawn_by_squared_distance():
    # From 0 the others are 1 and 3 away: probabilities 1/10 and 9/10; from 1: 1/5 and 4/5; from 3: 9/13 and 4/13.
    X = np.array([[0.0], [1.0], [3.0]])
    counts = np.zeros((3, 3))
    for seed in range(6000):
        first, second = kmeans_plus_plus.select(X, 2, rng=rng(seed), standardise=False).indices
        counts[first, second] += 1
    for first, shares in ((0, (0, 0.1, 0.9)), (1, (0.2, 0, 0.8)), (2, (9 / 13, 4 / 13, 0))):
        total = counts[first].sum()
        assert total == pytest.approx(2000, abs=4 * np.sqrt(6000 * 2 / 9))
        for found, share in zip(counts[first], shares, strict=True):
            assert found == pytest.approx(share * total, abs=4 * np.sqrt(total * share * (1 - share)) + 1e-9)


def test_scores_are_distances_to_what_was_drawn_before():
    X = noise(40, 3)
    found = kmeans_plus_plus.select(X, 12, rng=rng(5), standardise=False)
    for place in range(1, 12):
        gaps = np.linalg.norm(X[found.indices[:place]] - X[found.indices[place]], axis=1)
        assert found.scores[place] == pytest.approx(gaps.min())
