"""Incremental k-means against the published loop, written out."""

import logging

import numpy as np
import pytest
from sklearn.cluster import KMeans
from sklearn.preprocessing import StandardScaler

from coldstart.errors import InputError
from coldstart.selection import kmeans_sweep
from coldstart.selection.kmeans_sweep import medoids, nearest_rows, select


def published(X, wanted, n_init, last_k=50):
    """The released loop: every k in turn, the nearest sample of each centre, duplicates dropped."""
    X = StandardScaler().fit_transform(X)
    order = []
    for k in range(2, last_k + 1):
        model = KMeans(n_clusters=k, random_state=2024, init="random", n_init=n_init)
        model.fit(X)
        distances = model.transform(X)
        for i in range(k):
            order.append(np.argsort(distances[:, i], kind="stable")[0])
        order = list(dict.fromkeys(order))
        if len(order) >= wanted:
            break
    return [int(row) for row in order]


@pytest.fixture(params=["as a small pool", "as a large pool"])
def either_way(request, monkeypatch):
    """k-means by scikit-learn alone, and by `lloyd`."""
    monkeypatch.setattr(kmeans_sweep, "LARGE", np.inf if "small" in request.param else 0)


def noise(n, d, dtype):
    return np.random.default_rng(11).normal(size=(n, d)).astype(dtype)


@pytest.mark.parametrize(
    ("n", "d", "dtype"), [(560, 50, np.float32), (560, 50, np.float64), (132, 64, np.float32), (132, 64, np.float64)]
)
def test_same_picks_as_the_published_loop(n, d, dtype, either_way):
    X = noise(n, d, dtype)
    expected = published(X, 100, n_init=2)
    for budget in (20, 40, 100):
        picks = select(X, budget, rng=np.random.default_rng(0), random_state=2024, n_init=2)
        assert picks.indices.tolist() == expected[:budget]


def test_same_picks_with_the_published_number_of_starts(either_way):
    X = noise(132, 64, np.float64)
    picks = select(X, 40, rng=np.random.default_rng(0), random_state=2024, max_k=50)
    assert picks.indices.tolist() == published(X, 40, n_init=10)[:40]


def test_same_picks_with_duplicate_rows(either_way):
    X = np.concatenate([noise(100, 8, np.float32), noise(100, 8, np.float32)[:40]])
    picks = select(X, 40, rng=np.random.default_rng(0), random_state=2024, n_init=2)
    assert picks.indices.tolist() == published(X, 40, n_init=2)[:40]


@pytest.mark.slow
@pytest.mark.parametrize(("d", "kind"), [(1024, "noise"), (2048, "blobs"), (2048, "duplicates")])
def test_the_first_hundred_picks_at_the_published_size(d, kind, either_way):
    """560 images, ten starts, float32: wide embeddings, groups of unequal size, rows that stand there twice."""
    X = noise(560, d, np.float32)
    if kind == "blobs":
        rng = np.random.default_rng(5)
        X += rng.normal(size=(7, d)).astype(np.float32)[rng.choice(7, 560, p=[0.4, 0.2, 0.15, 0.1, 0.07, 0.05, 0.03])]
    if kind == "duplicates":
        X[500:] = X[:60]
    picks = select(X, 100, rng=np.random.default_rng(0), random_state=2024, max_k=50)
    assert picks.indices.tolist() == published(X, 100, n_init=10)[:100]


def test_published_budgets_are_reached_at_the_specified_k():
    X = np.random.default_rng(0).normal(size=(560, 50))
    picks = select(X, 100, rng=np.random.default_rng(0), random_state=2024)
    reached = [int(picks.reasons[budget - 1].rpartition("k=")[2]) for budget in (20, 40, 60, 80, 100)]
    assert reached == [11, 17, 21, 23, 26]


def test_two_obvious_clusters(either_way):
    X = np.array([[0.0], [1.0], [2.0], [100.0], [101.0], [105.0]])
    picks = select(X, 2, rng=np.random.default_rng(0), standardise=False)
    assert set(picks.indices) == {1, 4}
    # The centres lie at 1 and 102.
    assert dict(zip(picks.indices.tolist(), picks.scores, strict=True)) == pytest.approx({1: 0.0, 4: 1.0})
    assert set(picks.clusters) == {0, 1}
    assert picks.reasons[0] == f"nearest to centre {picks.clusters[0]} of k=2"


def test_score_is_the_distance_to_the_centre_of_its_clustering(either_way):
    X = noise(80, 5, np.float64)
    Z = StandardScaler().fit_transform(X)
    picks = select(X, 25, rng=np.random.default_rng(0), random_state=7, n_init=3)
    for row, score, reason, cluster in zip(picks.indices, picks.scores, picks.reasons, picks.clusters, strict=True):
        k = int(reason.rpartition("k=")[2])
        centre = KMeans(k, init="random", n_init=3, random_state=7).fit(Z).cluster_centers_[cluster]
        assert score == pytest.approx(np.linalg.norm(Z - centre, axis=1).min())
        assert score == pytest.approx(np.linalg.norm(Z[row] - centre))


def test_the_nearest_row_of_all_is_found_in_parts(monkeypatch):
    X, centres = noise(90, 4, np.float32), noise(5, 4, np.float32) / 2
    X[60:] = X[:30]
    gaps = np.linalg.norm(X[:, None] - centres[None], axis=2)
    for rows in (7, 2048):
        monkeypatch.setattr("coldstart.selection.geometry.ROWS_AT_ONCE", rows)
        found, distances = nearest_rows(X, centres)
        assert found.tolist() == gaps.argmin(axis=0).tolist()
        assert distances == pytest.approx(gaps.min(axis=0), rel=1e-5)


def test_medoids_against_brute_force():
    X = noise(90, 4, np.float64)
    labels = np.random.default_rng(1).integers(0, 4, 90)
    labels[labels == 2] = 3
    found = medoids(X, labels, 4)
    assert found[2] == -1
    for cluster in (0, 1, 3):
        members = np.flatnonzero(labels == cluster)
        sums = [sum(np.linalg.norm(X[a] - X[b]) for b in members) for a in members]
        assert found[cluster] == members[int(np.argmin(sums))]


def test_medoid_is_not_the_sample_nearest_to_the_centroid():
    # First cluster: the mean is 4.2, nearest to 5; the summed distances are 21, 18, 18, 22, 49.
    X = np.array([[0.0], [1.0], [1.0], [5.0], [14.0], [1000.0], [1001.0], [1002.0]])
    nearest = {
        mode: set(select(X, 2, rng=np.random.default_rng(0), standardise=False, nearest=mode).indices.tolist())
        for mode in ("centroid", "medoid")
    }
    assert nearest == {"centroid": {3, 6}, "medoid": {1, 6}}


def test_seed_of_the_chain_is_used_where_none_is_given():
    X = noise(132, 64, np.float32)
    answers = [select(X, 15, rng=np.random.default_rng(seed), n_init=1).indices.tolist() for seed in (1, 1, 2)]
    assert answers[0] == answers[1] != answers[2]


def test_farthest_point_fill_says_so(caplog):
    X = np.array([[0.0], [0.0], [0.0], [1.0], [5.0]], dtype=np.float32)
    with caplog.at_level(logging.WARNING, logger="coldstart"):
        picks = select(X, 5, rng=np.random.default_rng(0))
    assert "farthest-point" in caplog.text
    # Three different rows come from k-means; their copies follow, lowest row first, at distance 0.
    assert set(picks.indices[:3]) == {0, 3, 4}
    assert picks.indices[3:].tolist() == [1, 2]
    assert picks.scores[3:].tolist() == [0, 0]
    assert picks.reasons[3:] == ("farthest point fill",) * 2
    assert picks.clusters[3:].tolist() == [-1, -1]


def test_no_warning_without_fill(caplog):
    with caplog.at_level(logging.WARNING, logger="coldstart"):
        select(noise(40, 5, np.float32), 30, rng=np.random.default_rng(0))
    assert not caplog.records


def test_max_k_is_an_error_not_a_short_answer():
    with pytest.raises(InputError, match=r"max_k=3 gives \d different samples, fewer than the budget 20: raise"):
        select(noise(60, 5, np.float32), 20, rng=np.random.default_rng(0), max_k=3)
