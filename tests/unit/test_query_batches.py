"""Queries that keep a batch from being many times the same doubt."""

import numpy as np
import pytest
from fakes import FakeNetwork
from skactiveml.base import SkactivemlClassifier
from skactiveml.pool import Clue
from sklearn.datasets import make_blobs

from coldstart.errors import InputError
from coldstart.query import bald, clue, power_bald, stochastic_batches
from coldstart.query.base import QueryInputs


def rng(seed=0):
    return np.random.default_rng(seed)


class Features:
    """A network that gives known features."""

    def __init__(self, X):
        self.X = X

    def features(self, part="unlabelled", pooled=True):
        return self.X.astype(np.float32)


class Known(SkactivemlClassifier):
    """A classifier of scikit-activeml that says known probabilities."""

    def __init__(self, X=None, p=None, classes=None):
        super().__init__(classes=classes)
        self.X, self.p = X, p

    def fit(self, X, y, **_):
        return self

    def predict_proba(self, X):
        rows = [int(np.flatnonzero((row == self.X).all(axis=1))[0]) for row in X]
        return np.stack([1 - self.p[rows], self.p[rows]], axis=1)


def test_power_bald_draws_in_proportion_to_the_power_of_the_score():
    network = FakeNetwork("classification", 6)
    inputs = QueryInputs("classification", network=network, size=6)
    counts, shares = np.zeros(6), np.zeros(6)
    for seed in range(4000):
        # The passes are those of BALD with the same generator: its scores are the probabilities.
        scores = bald.query(inputs, 6, rng=rng(seed))
        share = np.zeros(6)
        share[scores.indices] = scores.scores**2
        shares += share / share.sum()
        counts[power_bald.query(inputs, 1, rng=rng(seed), beta=2.0).indices] += 1
    assert (np.abs(counts - shares) < 4 * np.sqrt(shares)).all()


def test_a_large_beta_is_bald_itself():
    inputs = QueryInputs("segmentation", network=FakeNetwork("segmentation", 20), size=20)
    expected = bald.query(inputs, 9, rng=rng(3)).indices
    assert power_bald.query(inputs, 9, rng=rng(3), beta=1e9).indices.tolist() == expected.tolist()
    with pytest.raises(InputError, match="give one above 0"):
        power_bald.query(inputs, 9, rng=rng(3), beta=0)


@pytest.mark.parametrize("seed", range(5))
def test_the_batch_taken_is_the_most_uncertain_of_those_shuffled(seed):
    p = rng(seed).uniform(0.01, 0.99, 23)
    picks = stochastic_batches.query(QueryInputs("classification", probabilities=p), 4, rng=rng(seed))
    entropy = -p * np.log(p) - (1 - p) * np.log(1 - p)
    shuffled = rng(seed).permutation(23)
    batches = [shuffled[start : start + 4] for start in range(0, 20, 4)]
    best = max(batches, key=lambda batch: entropy[batch].mean())
    assert picks.indices.tolist() == sorted(best, key=lambda row: -entropy[row])
    np.testing.assert_allclose(picks.scores, entropy[picks.indices])


def test_clue_agrees_with_scikit_activeml():
    X, _ = make_blobs(90, 4, centers=6, random_state=2)
    X = X.astype(np.float32).astype(np.float64)
    p = rng(1).uniform(0.05, 0.95, 90)
    seed = int(rng(7).integers(2**31 - 1))
    theirs = Clue(cluster_algo_dict={"random_state": seed, "n_init": 10}, method="entropy", random_state=0)
    expected = theirs.query(
        X, np.full(90, np.nan), estimator=Known(X, p, classes=[0, 1]), fit_estimator=False, batch_size=8
    )
    inputs = QueryInputs("classification", probabilities=p, network=Features(X))
    assert set(clue.query(inputs, 8, rng=rng(7)).indices) == set(expected)


def test_clue_moves_towards_what_is_uncertain():
    X = np.repeat([[0.0], [1.0], [10.0]], [5, 5, 5], axis=0) + np.linspace(0, 0.1, 15)[:, None]
    p = np.array([0.5] * 5 + [0.001] * 5 + [0.5] * 5)
    inputs = QueryInputs("classification", probabilities=p, network=Features(X))
    # Two centres for three groups: the certain group in the middle does not draw the first one away from 0.
    assert sorted(row // 5 for row in clue.query(inputs, 2, rng=rng()).indices) == [0, 2]
