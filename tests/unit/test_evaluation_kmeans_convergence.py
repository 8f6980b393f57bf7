"""Iterations and inertia of k-means, against Lloyd's algorithm written out."""

import numpy as np
import pytest
from scipy.spatial.distance import cdist
from sklearn.preprocessing import StandardScaler

from coldstart.evaluation.kmeans_convergence import kmeans_convergence


def blobs(n=120, d=5, groups=4, apart=3.0, seed=0):
    rng = np.random.default_rng(seed)
    return (rng.normal(size=(n, d)) + apart * rng.normal(size=(groups, d))[np.arange(n) % groups]) * [1, 5, 10, 20, 50][
        :d
    ]


def lloyd(X, centres, tolerance=1e-4):
    """Count assignments until nothing changes or the centres hardly move; inertia of the end."""
    tolerance *= X.var(axis=0).mean()
    labels = None
    for iteration in range(1, 301):
        found = cdist(X, centres).argmin(axis=1)
        same = labels is not None and (found == labels).all()
        labels = found
        moved = np.array([X[labels == c].mean(axis=0) for c in range(len(centres))])
        shift = ((moved - centres) ** 2).sum()
        centres = moved
        if same or shift <= tolerance:
            labels = cdist(X, centres).argmin(axis=1)
            return iteration, ((X - centres[labels]) ** 2).sum()
    raise AssertionError("no end")


@pytest.mark.parametrize("k", [2, 4, 9])
def test_iterations_and_inertia_are_those_of_lloyds_algorithm(k):
    X = blobs()
    features = StandardScaler().fit_transform(X)
    found = kmeans_convergence(X, k, 6)
    total = ((features - features.mean(axis=0)) ** 2).sum()
    for start in range(6):
        # The samples that scikit-learn's random start takes.
        first = np.random.RandomState(start).choice(len(X), size=k, replace=False, p=np.full(len(X), 1 / len(X)))
        iterations, inertia = lloyd(features, features[first])
        assert found.iterations[start] == iterations
        assert found.inertia[start] == pytest.approx(inertia / total)
    np.testing.assert_allclose(found.work, found.iterations * len(X) * k * X.shape[1] / 1e9)


def test_the_scale_of_an_embedding_does_not_count():
    X = blobs()
    first, second = kmeans_convergence(X, 4, 3), kmeans_convergence(1000 * X + 7, 4, 3)
    np.testing.assert_array_equal(first.iterations, second.iterations)
    np.testing.assert_allclose(first.inertia, second.inertia)


def test_clusters_far_apart_leave_no_inertia_and_noise_leaves_most():
    apart = np.repeat(np.eye(3), 30, axis=0)
    assert kmeans_convergence(apart, 3, 8).inertia.min() == pytest.approx(0, abs=1e-9)
    noise = np.random.default_rng(0).normal(size=(300, 50))
    assert kmeans_convergence(noise, 2, 3).inertia.min() > 0.9


def test_features_without_spread_count_for_nothing():
    X = blobs()
    first, second = kmeans_convergence(X, 3, 2), kmeans_convergence(np.column_stack([X, np.full(len(X), 8.0)]), 3, 2)
    np.testing.assert_allclose(first.inertia, second.inertia)


@pytest.mark.parametrize("X", [np.ones((9, 3)), np.repeat([[0.0, 1], [1, 0]], 5, axis=0)])
def test_more_clusters_than_different_samples_have_no_values(X):
    found = kmeans_convergence(X, 3, 2)
    assert np.isnan([found.iterations, found.inertia, found.work]).all()


def test_the_same_every_time():
    X = blobs(400).astype(np.float32)
    first, second = kmeans_convergence(X, 7, 3), kmeans_convergence(X, 7, 3)
    assert first.inertia.tobytes() == second.inertia.tobytes()
