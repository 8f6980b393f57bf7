"""What selection strategies promise beyond their contract: guarantees, prefixes, indifference to order and rotation."""

from itertools import combinations

import numpy as np
import pytest
from test_selection import SELECTING, N, choose, pool

from coldstart.selection import STRATEGIES

SMALL = 11
# They draw nothing and cluster nothing.
WHATEVER_THE_ORDER = ["facility_location", "max_herding", "farthest_point", "embedding_uncertainty"]
NESTED = [name for name in SELECTING if STRATEGIES.entry(name).facts["nested"]]


def distances(X):
    return np.linalg.norm(X[:, None] - X[None], axis=2)


@pytest.mark.parametrize("name", [name for name in SELECTING if name not in NESTED])
def test_a_strategy_that_promises_no_prefixes_gives_none(name):
    """Of budgets that are bought one after the other, the smaller would be thrown away: the fact must say so."""
    whole = choose(name, pool("noise"), N).indices
    parts = [choose(name, pool("noise"), budget).indices for budget in (2, 5, 12, 20)]
    later = [*parts[1:], whole]
    assert any(not np.array_equal(part, other[: len(part)]) for part, other in zip(parts, later, strict=True)), (
        f"{name} could say that it is nested"
    )


@pytest.mark.parametrize("name", WHATEVER_THE_ORDER)
def test_the_order_of_the_pool_does_not_matter(name):
    X, order = pool("noise"), np.random.default_rng(1).permutation(N)
    said = np.random.default_rng(2).random(N)
    plain = choose(name, X, 12, measures={"uncertainty": said})
    turned = choose(name, X[order], 12, measures={"uncertainty": said[order]})
    np.testing.assert_array_equal(order[turned.indices], plain.indices)
    np.testing.assert_allclose(turned.scores, plain.scores, rtol=1e-5)


@pytest.mark.parametrize("name", ["kcenter_greedy", "farthest_point", "kmeans_plus_plus"])
def test_a_rotation_of_the_embedding_does_not_matter(name):
    X = pool("noise").astype(np.float64)
    basis, _ = np.linalg.qr(np.random.default_rng(3).normal(size=(X.shape[1], X.shape[1])))
    given = {"standardise": False} if name == "kmeans_plus_plus" else {}
    picks = [
        STRATEGIES.load(name)(points, 12, rng=np.random.default_rng(0), **given).indices for points in (X, X @ basis)
    ]
    np.testing.assert_array_equal(*picks)


@pytest.mark.parametrize("budget", [1, 2, 3, 4])
@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("name", ["kcenter_greedy", "farthest_point"])
def test_no_choice_of_centres_covers_within_half_the_radius(name, seed, budget):
    """Gonzalez (1985): farthest-point traversal from any first point is within twice the best radius."""
    X = np.random.default_rng(seed).normal(size=(SMALL, 2))
    gaps = distances(X)
    best = min(gaps[list(some)].min(axis=0).max() for some in combinations(range(SMALL), budget))
    assert gaps[choose(name, X, budget, seed).indices].min(axis=0).max() <= 2 * best + 1e-12


def unit(X):
    return X / np.linalg.norm(X, axis=1, keepdims=True)


COVERAGE = {
    "facility_location": lambda X: np.maximum(unit(X) @ unit(X).T, 0),
    "max_herding": lambda X: np.exp(-(distances(unit(X)) ** 2)),
    "prob_cover": lambda X: (distances(unit(X)) < 0.7).astype(float),
}


@pytest.mark.parametrize("budget", [2, 3, 5])
@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("name", COVERAGE)
def test_a_greedy_cover_reaches_its_share_of_the_best(name, seed, budget):
    """Nemhauser, Wolsey and Fisher (1978): at least 1 - 1/e of what the best choice covers."""
    X = np.random.default_rng(seed).normal(size=(SMALL, 3))
    similar = COVERAGE[name](X)
    given = {"delta": 0.7} if name == "prob_cover" else {}
    rows = STRATEGIES.load(name)(X, budget, rng=np.random.default_rng(seed), **given).indices
    best = max(similar[list(some)].max(axis=0).mean() for some in combinations(range(SMALL), budget))
    assert similar[rows].max(axis=0).mean() >= (1 - 1 / np.e) * best


@pytest.mark.parametrize("name", SELECTING)
def test_the_whole_pool_is_every_sample(name):
    for X in (pool("noise"), pool("one feature"), pool("all alike")):
        assert sorted(choose(name, X, N).indices.tolist()) == list(range(N))
