"""Strategies that take one sample of every cluster, against literal loops and other libraries."""

from itertools import combinations

import kmedoids as library
import numpy as np
import pytest
from scipy.cluster.hierarchy import fcluster, linkage
from sklearn.cluster import Birch, KMeans
from sklearn.datasets import make_blobs

from coldstart.selection import active_ft, agglomerative, birch_density, clusters, kmeans, kmedoids, usl


def blobs(seed=0, n=150, d=6, centers=5):
    return make_blobs(n, d, centers=centers, random_state=seed)[0].astype(np.float32)


def rng(seed=0):
    return np.random.default_rng(seed)


def partition(labels):
    """Clusters as sets of rows, whatever their numbers."""
    return {frozenset(np.flatnonzero(labels == cluster)) for cluster in np.unique(labels)}


def test_k_means_takes_the_member_nearest_to_each_centre():
    X = blobs()
    found = kmeans.select(X, 9, rng=rng(4))
    model = KMeans(9, n_init=10, random_state=int(rng(4).integers(2**31 - 1))).fit(X)
    expected = set()
    for cluster in range(9):
        rows = np.flatnonzero(model.labels_ == cluster)
        expected.add(rows[np.linalg.norm(X[rows] - model.cluster_centers_[cluster], axis=1).argmin()])
    assert set(found.indices) == expected
    sizes = [np.sum(found.pool_clusters == cluster) for cluster in found.clusters]
    assert sizes == sorted(sizes, reverse=True)


def test_k_means_sees_the_scale_asked_for():
    # One feature a thousand times the others: only standardised, or as angles, do the others count.
    X = blobs(1) * np.array([1000, 1, 1, 1, 1, 1], np.float32)
    answers = [set(kmeans.select(X, 8, rng=rng(), scale=scale).indices) for scale in ("none", "standardise", "l2")]
    assert answers[0] != answers[1] != answers[2]


def test_what_clusters_lack_is_drawn():
    X = np.repeat(blobs(n=4), 5, axis=0)
    found = kmeans.select(X, 10, rng=rng())
    assert sorted(found.indices[:4] // 5) == [0, 1, 2, 3]
    assert (found.clusters[4:] == -1).all()
    assert len(set(found.indices)) == 10


@pytest.mark.parametrize("seed", range(3))
def test_agglomerative_clusters_are_those_of_scipy(seed):
    X = rng(seed).normal(size=(60, 4))
    found = agglomerative.select(X, 7, rng=rng(), member="medoid")
    assert partition(found.pool_clusters) == partition(fcluster(linkage(X, "ward"), 7, "maxclust"))
    for row, cluster in zip(found.indices, found.clusters, strict=True):
        members = np.flatnonzero(found.pool_clusters == cluster)
        sums = [np.linalg.norm(X[members] - X[one], axis=1).sum() for one in members]
        assert row == members[np.argmin(sums)]


def test_a_drawn_member_belongs_to_its_cluster_and_a_large_pool_needs_no_pairs(monkeypatch):
    monkeypatch.setattr(clusters, "MOST_FOR_ALL_PAIRS", 100)
    X = blobs()
    found = agglomerative.select(X, 5, rng=rng())
    assert (found.pool_clusters[found.indices] == found.clusters).all()
    # Well separated blobs are the five clusters, with neighbours alone too.
    assert len({frozenset(np.flatnonzero(found.pool_clusters == cluster)) for cluster in range(5)}) == 5


def test_the_densest_member_has_the_largest_mean_cosine():
    X = blobs(2)
    found = birch_density.select(X, 6, rng=rng())
    units = X / np.linalg.norm(X, axis=1, keepdims=True)
    for row, score, cluster in zip(found.indices, found.scores, found.clusters, strict=True):
        members = np.flatnonzero(found.pool_clusters == cluster)
        densities = (units[members] @ units[members].T).mean(axis=1)
        assert densities[members.tolist().index(row)] == pytest.approx(densities.max(), abs=1e-6)
        assert score == pytest.approx(densities.max(), abs=1e-6)


def test_birch_clusters_are_those_of_scikit_learn():
    X = blobs(6, n=90)
    expected = Birch(n_clusters=7).fit_predict(X.astype(np.float64))
    assert partition(birch_density.select(X, 7, rng=rng()).pool_clusters) == partition(expected)


@pytest.mark.parametrize("seed", range(5))
def test_no_exchange_of_one_medoid_lowers_the_sum(seed):
    X = rng(seed).normal(size=(40, 3))
    medoids = kmedoids.select(X, 4, rng=rng(seed), standardise=False).indices.tolist()
    gaps = np.linalg.norm(X[:, None] - X[None], axis=2)

    def loss(rows):
        return gaps[:, rows].min(axis=1).sum()

    for out, new in ((out, new) for out in medoids for new in range(40) if new not in medoids):
        assert loss([row for row in medoids if row != out] + [new]) >= loss(medoids) - 1e-9
    best = min(loss(list(some)) for some in combinations(range(40), 2))
    assert loss(kmedoids.select(X, 2, rng=rng(seed), standardise=False).indices) <= 1.1 * best


def test_a_large_pool_is_clustered_by_subsets_nearly_as_well(monkeypatch):
    X = blobs(3, n=400)
    gaps = np.linalg.norm(X[:, None] - X[None], axis=2).astype(np.float64)
    whole = library.fasterpam(gaps, 8, random_state=1, n_cpu=1).loss
    monkeypatch.setattr(kmedoids, "MOST_FOR_ALL_PAIRS", 120)
    rows = kmedoids.select(X, 8, rng=rng(), standardise=False).indices
    assert gaps[:, rows].min(axis=1).sum() <= 1.2 * whole


def test_usl_is_its_published_loop():
    X = blobs(4, n=60)
    budget, neighbours = 6, 12
    found = usl.select(X, budget, rng=rng(3), neighbours=neighbours, n_init=1)
    units = (X / np.linalg.norm(X, axis=1, keepdims=True)).astype(np.float64)
    labels = found.pool_clusters
    squares = ((units[:, None] - units[None]) ** 2).sum(axis=2)
    density = 1 / np.sort(squares, axis=1)[:, :neighbours].mean(axis=1)
    held_off = np.zeros(60)
    for _ in range(10):
        taken = []
        for cluster in range(budget):
            rows = np.flatnonzero(labels == cluster)
            taken.append(rows[(density - 0.5 * held_off)[rows].argmax()])
        new = np.zeros(60)
        for row in range(60):
            new[row] = sum(1 / squares[row, s] ** 0.5 for s in taken if labels[s] != labels[row])
        held_off = 0.9 * held_off + 0.1 * new
    assert set(found.indices) == set(taken)


def test_active_ft_is_its_published_loop():
    import torch
    from torch.nn import functional

    X = blobs(5, n=80)
    found = active_ft.select(X, 7, rng=rng(2), iterations=60, learning_rate=0.01)
    features = functional.normalize(torch.tensor(X), dim=1)
    free = torch.nn.Parameter(features[torch.tensor(rng(2).choice(80, 7, replace=False))].clone())
    optimiser = torch.optim.Adam([free], lr=0.01)
    for _ in range(60):
        centres = functional.normalize(free, dim=1)
        positive, of = torch.exp(features @ centres.T / 0.07).max(dim=1)
        others = torch.exp(centres.detach() @ centres.T / 0.07).sum(dim=0)
        loss = -(torch.log(positive) - torch.log(positive + others[of])).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    similarity = (functional.normalize(free.detach(), dim=1) @ features.T).numpy()
    expected = []
    for row in similarity:
        expected.append(next(place for place in np.argsort(-row, kind="stable") if place not in expected))
    assert found.indices.tolist() == expected
