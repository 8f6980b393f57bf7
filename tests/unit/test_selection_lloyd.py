"""Lloyd's k-means from many starts at once against scikit-learn's own, bit for bit."""

import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from sklearn.cluster import KMeans
from sklearn.exceptions import ConvergenceWarning

from coldstart.selection import lloyd
from coldstart.selection.lloyd import Points, Start, k_means, same_clustering, step

KINDS = ("noise", "groups", "heavy tails", "copies", "half of it zero", "low rank", "far from the origin")


def pool(kind, n, d, dtype, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, d))
    if kind == "groups":
        X += 3 * rng.normal(size=(6, d))[rng.integers(0, 6, n)]
    if kind == "heavy tails":
        X = rng.standard_t(2, size=(n, d))
    if kind == "copies":
        X[n // 2 :] = X[: n - n // 2]
    if kind == "half of it zero":
        X = np.maximum(X, 0)
    if kind == "low rank":
        X = rng.normal(size=(n, 3)) @ rng.normal(size=(3, d)) + 0.1 * X
    if kind == "far from the origin":
        X += 100
    return X.astype(dtype)


def expected(X, k, n_init, random_state):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return KMeans(k, init="random", n_init=n_init, random_state=random_state).fit(X)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("kind", KINDS)
def test_centres_and_labels_are_scikit_learns_bits(kind, dtype, monkeypatch):
    for seed, (n, d, k, n_init) in enumerate([(15, 2, 4, 3), (300, 40, 2, 10), (420, 12, 9, 4), (500, 130, 17, 2)]):
        # Blocks that do not divide the pool, and rows copied out early or late.
        monkeypatch.setattr(lloyd, "ROWS_AT_ONCE", (7, 256, 4096)[seed % 3])
        monkeypatch.setattr(lloyd, "FEW", (0.0, 0.3, 1.0)[(seed + 1) % 3])
        X = pool(kind, n, d, dtype, seed)
        centres, labels = k_means(Points(X), k, n_init, seed)
        model = expected(X, k, n_init, seed)
        assert np.array_equal(labels, model.labels_)
        assert np.array_equal(centres, model.cluster_centers_)
        assert centres.dtype == model.cluster_centers_.dtype


def test_a_start_that_runs_out_of_iterations_ends_where_scikit_learns_does(monkeypatch):
    X = pool("noise", 400, 20, np.float64)
    for limit in (1, 2, 5):
        monkeypatch.setattr(lloyd, "MAX_ITERATIONS", limit)
        centres, labels = k_means(Points(X), 8, 3, 0)
        model = KMeans(8, init="random", n_init=3, random_state=0, max_iter=limit).fit(X)
        assert np.array_equal(centres, model.cluster_centers_)
        assert np.array_equal(labels, model.labels_)


@pytest.mark.parametrize("kind", ["groups", "low rank", "heavy tails"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_no_row_that_changes_is_left_out(kind, dtype):
    points = Points(pool(kind, 600, 30, dtype, 3))
    starts = [Start(points, np.random.default_rng(seed).choice(600, 8, replace=False)) for seed in range(3)]
    left_out = 0
    with ThreadPoolExecutor(1) as executor:
        for _ in range(40):
            left_out += sum(600 - len(start.undecided()) for start in starts)
            step(points, starts, executor)
            for start in starts:
                # Every row to every centre of this iteration, in float64.
                gaps = np.linalg.norm(points.rows[:, None].astype(float) - start.centres[None], axis=2)
                assert start.labels.tolist() == gaps.argmin(axis=1).tolist()
                own = np.arange(600), start.labels
                assert (start.upper >= gaps[own]).all()
                gaps[own] = np.inf
                assert (gaps >= start.lower.T).all()
            starts = [start for start in starts if not start.update()]
            if not starts:
                break
    assert left_out > 600


def test_empty_clusters_are_left_to_scikit_learn(monkeypatch):
    # Nine different rows, twenty times each: seeds that are alike leave a cluster empty at once.
    X = np.repeat(pool("noise", 9, 4, np.float32), 20, axis=0)
    stranded = []
    update = Start.update
    monkeypatch.setattr(Start, "update", lambda start: [update(start), stranded.append(start.stranded)][0])
    for seed in range(10):
        centres, labels = k_means(Points(X), 5, 2, seed)
        model = expected(X, 5, 2, seed)
        assert np.array_equal(labels, model.labels_)
        assert np.array_equal(centres, model.cluster_centers_)
    assert any(stranded)


def test_one_thread_and_two_find_the_same(monkeypatch):
    X = pool("groups", 700, 20, np.float32)
    found = []
    for threads in (1, 2, 2):
        points = Points(X)
        points.threads = threads
        found.append(k_means(points, 9, 5, 0))
    (_, one), (centres, two), (again, _) = found
    assert np.array_equal(one, two)
    assert np.array_equal(centres, again)


def test_sums_do_not_drift():
    points = Points(pool("noise", 500, 10, np.float32))
    start = Start(points, np.arange(6))
    with ThreadPoolExecutor(1) as executor:
        for _ in range(25):
            step(points, [start], executor)
            start.update()
    literal = [points.rows[start.summed == cluster].sum(axis=0, dtype=np.float64) for cluster in range(6)]
    assert start.sums == pytest.approx(np.stack(literal), abs=1e-4)
    literal = ((points.rows - np.stack([points.rows[start.labels == c].mean(axis=0) for c in start.labels])) ** 2).sum()
    assert start.inertia() == pytest.approx(literal, rel=1e-5)


def test_the_same_clustering_under_other_numbers():
    labels = np.array([0, 0, 1, 2, 2])
    assert same_clustering(labels, np.array([2, 2, 0, 1, 1]))
    assert not same_clustering(labels, np.array([2, 2, 0, 1, 0]))
    # As in scikit-learn, it is enough that every cluster lies within one of the others.
    assert same_clustering(labels, np.array([0, 0, 0, 1, 1]))
    assert not same_clustering(np.array([0, 0, 0, 1, 1]), labels)
