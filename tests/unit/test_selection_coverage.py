"""Strategies that cover the pool, against plain greedy loops, brute force and scikit-activeml."""

from itertools import combinations

import numpy as np
import pytest
from skactiveml.pool import MaxHerding, ProbCover
from sklearn.datasets import make_blobs
from sklearn.metrics.pairwise import rbf_kernel
from sklearn.preprocessing import normalize

from coldstart.errors import InputError
from coldstart.selection import coverage, facility_location, max_herding, prob_cover


def blobs(seed=0, n=160, d=8):
    return make_blobs(n, d, centers=4, random_state=seed)[0].astype(np.float32)


def rng(seed=0):
    return np.random.default_rng(seed)


def plain_greedy(K, budget):
    """The greedy loop as it is written down; of gains that are equal up to rounding the lowest row."""
    K, covered, rows = np.maximum(K, 0), np.zeros(len(K)), []
    for _ in range(budget):
        gains = np.maximum(K - covered, 0).mean(axis=1)
        gains[rows] = -1
        rows.append(int(np.flatnonzero(gains >= gains.max() - 1e-12)[0]))
        covered = np.maximum(covered, K[rows[-1]])
    return rows


@pytest.fixture(params=[(1, 0), (700, 0), (700, 2**25), (2**25, 2**25)], ids=str)
def memory(request, monkeypatch):
    """How many similarities are computed at once, and how many are kept."""
    monkeypatch.setattr(coverage, "SIMILARITIES_AT_ONCE", request.param[0])
    monkeypatch.setattr(coverage, "SIMILARITIES_KEPT", request.param[1])


@pytest.mark.parametrize("seed", range(3))
def test_the_lazy_choice_is_that_of_the_plain_loop(seed, memory):
    points = rng(seed).normal(size=(60, 4))
    K = points @ points.T
    rows, gains = coverage.greedy_cover(lambda some: K[some], 60, 25, "covering")
    assert rows == plain_greedy(K, 25)
    covered = np.maximum(K[rows], 0).max(axis=0).mean()
    assert sum(gains) == pytest.approx(covered)


@pytest.mark.parametrize("strategy", [facility_location, max_herding])
@pytest.mark.parametrize("copies", [1, 2, 3])
@pytest.mark.parametrize("seed", range(3))
def test_a_strategy_picks_what_the_plain_loop_picks_also_among_duplicates(seed, copies, strategy, memory):
    """A matrix product rounds a row otherwise in other company: that decides between no two equal gains."""
    X = np.tile(rng(seed).normal(size=(40, 9)).astype(np.float32), (copies, 1))[rng(seed).permutation(40 * copies)]
    units = normalize(X.astype(np.float64))
    K = units @ units.T if strategy is facility_location else rbf_kernel(units, gamma=1)
    assert strategy.select(X, 40, rng=rng()).indices.tolist() == plain_greedy(K, 40)


def test_few_gains_are_computed_again():
    X, computed = blobs(4, n=400), []

    def kernel(some):
        computed.append(len(some))
        return rbf_kernel(X[some].astype(np.float64), X.astype(np.float64), gamma=0.05)

    rows, _ = coverage.greedy_cover(kernel, 400, 30, "covering")
    assert rows == plain_greedy(rbf_kernel(X.astype(np.float64), gamma=0.05), 30)
    # Kept in memory, every similarity is computed once.
    assert sum(computed) == 400


def test_without_room_to_keep_similarities_few_are_computed_again(monkeypatch):
    monkeypatch.setattr(coverage, "SIMILARITIES_KEPT", 0)
    X, computed = blobs(4, n=400).astype(np.float64), []

    def kernel(some):
        computed.append(len(some))
        return rbf_kernel(X[some], X, gamma=0.05)

    coverage.greedy_cover(kernel, 400, 30, "covering")
    # The plain loop computes all of them for each of 30 picks.
    assert sum(computed) < 0.3 * 30 * 400


def test_samples_that_lie_upon_each_other_are_each_taken_once_the_lowest_first():
    K = np.ones((5, 5))
    assert coverage.greedy_cover(lambda some: K[some], 5, 5, "covering")[0] == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("seed", range(5))
def test_the_greedy_choice_reaches_its_guarantee(seed):
    points = np.abs(rng(seed).normal(size=(11, 3)))
    rows = facility_location.select(points, 3, rng=rng()).indices
    units = points / np.linalg.norm(points, axis=1, keepdims=True)
    K = units @ units.T
    best = max(K[list(some)].max(axis=0).mean() for some in combinations(range(11), 3))
    assert K[rows].max(axis=0).mean() >= (1 - 1 / np.e) * best


def test_facility_location_gains_most_in_cosines_every_time():
    X = blobs(3)
    units = (X / np.linalg.norm(X, axis=1, keepdims=True)).astype(np.float64)
    K, covered, taken = np.maximum(units @ units.T, 0), np.zeros(len(X)), []
    for row in facility_location.select(X, 40, rng=rng()).indices:
        gains = np.maximum(K - covered, 0).mean(axis=1)
        gains[taken] = -1
        # Two samples that cover nothing but each other gain the same up to rounding.
        assert gains[row] == pytest.approx(gains.max(), rel=1e-4)
        covered = np.maximum(covered, K[row])
        taken.append(row)


@pytest.mark.parametrize("gamma", [1.0, 0.3])
def test_max_herding_agrees_with_scikit_activeml(gamma):
    X = blobs(1)
    theirs = MaxHerding(normalize_samples=True, metric="rbf", metric_dict={"gamma": gamma}, random_state=0)
    expected = theirs.query(X.astype(np.float64), np.full(len(X), np.nan), batch_size=25)
    assert max_herding.select(X, 25, rng=rng(), gamma=gamma).indices.tolist() == expected.tolist()


@pytest.mark.parametrize("delta", [0.2, 0.5])
def test_the_first_ball_of_prob_cover_is_the_fullest_to_scikit_activeml_too(delta):
    X = blobs(2)
    X /= np.linalg.norm(X, axis=1, keepdims=True)
    # Among equally full balls they draw, so that later picks may differ: the loop below decides on those.
    theirs = ProbCover(n_classes=4, deltas=[delta], random_state=0)
    unlabelled = np.full(len(X), np.nan)
    _, utilities = theirs.query(X.astype(np.float64), unlabelled, batch_size=1, return_utilities=True)
    first = prob_cover.select(X, 12, rng=rng(), delta=delta).indices[0]
    assert utilities[0, first] == np.nanmax(utilities[0])


@pytest.mark.parametrize("at_once", [1, 1000, 2**24])
@pytest.mark.parametrize("seed", range(3))
def test_prob_cover_takes_the_fullest_ball_every_time(seed, at_once, monkeypatch):
    monkeypatch.setattr(prob_cover, "DISTANCES_AT_ONCE", at_once)
    X = rng(seed).normal(size=(70, 3))
    chosen = prob_cover.select(X, 70, rng=rng(), delta=0.8, l2=False)
    balls = np.linalg.norm(X[:, None] - X[None], axis=2) < 0.8
    for pick, score in zip(chosen.indices, chosen.scores, strict=True):
        counts = balls.sum(axis=1)
        if not counts.any():
            assert score == 0
            continue
        assert pick == counts.argmax()
        assert score == counts.max()
        balls[:, balls[pick]] = False


@pytest.mark.parametrize("share", [0.5, 0.9, 0.95, 1.0])
def test_the_radius_is_the_largest_of_the_purity_asked_for(share):
    X = blobs(5, n=80, d=2).astype(np.float64)
    labels = rng(1).integers(0, 3, 80)
    gaps = np.linalg.norm(X[:, None] - X[None], axis=2)

    def purity(delta):
        return np.mean([len(set(labels[row < delta])) <= 1 for row in gaps])

    delta = prob_cover.purest_radius(X, labels, share)
    assert purity(delta * (1 - 1e-9)) >= share
    assert purity(delta * (1 + 1e-9)) < share


def test_prob_cover_refuses_what_does_not_fit(monkeypatch):
    monkeypatch.setattr(prob_cover, "MOST_PAIRS", 100)
    with pytest.raises(InputError, match="give the method a smaller `delta`"):
        prob_cover.select(blobs(), 5, rng=rng(), delta=2.5)
    with pytest.raises(InputError, match="purity is 0 and should be above 0"):
        prob_cover.select(blobs(), 5, rng=rng(), purity=0)
