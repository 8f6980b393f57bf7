"""TypiClust: the most typical sample of every cluster, the largest cluster first."""

import warnings
from typing import Literal

import numpy as np
from sklearn.cluster import MiniBatchKMeans
from sklearn.exceptions import ConvergenceWarning
from sklearn.preprocessing import normalize
from threadpoolctl import threadpool_limits

from coldstart.errors import InputError
from coldstart.selection.base import Selection, check_budget, check_finite
from coldstart.selection.clusters import kmeans_clusters
from coldstart.selection.neighbours import nearest

# More clusters are made by mini-batch k-means, as in the released code.
MOST_FOR_KMEANS, MINI_BATCH = 50, 5000
# Added to the mean distance, as in the released code.
LEAST = 1e-5


def select(
    X,
    budget,
    *,
    rng,
    groups=None,
    seed=0,
    neighbours: int = 20,
    max_clusters: int = 500,
    min_cluster_size: int = 5,
    n_init: int = 10,
    l2: bool = True,
    variant: Literal["paper_text", "paper_code"] = "paper_text",
):
    """Cluster into as many clusters as the budget and take, of each, the sample in the densest place.

    Hacohen, Dekel and Weinshall, "Active learning on a budget: opposite
    strategies suit high and low budgets", ICML 2022 (arXiv 2202.02794),
    Algorithm 1, as it stands before any label. Clusters are visited in turn, the
    largest first, until the budget is met. Of each the sample of the highest
    typicality is taken, ``1 / mean distance`` to its nearest neighbours among
    the members of the cluster that are not taken yet. Clusters of at most
    `min_cluster_size` samples are passed over until nothing else is left.

    Parameters
    ----------
    X : numpy.ndarray of shape (n, d)
        The embedding of the pool.
    budget : int
        How many samples to choose.
    rng : numpy.random.Generator
        Source of the seed of k-means. The released code has none.
    groups : numpy.ndarray of shape (n,), optional
        Patient of each sample; not used.
    seed : int, default=0
        Seed of the run; not used, `rng` comes from it.
    neighbours : int, default=20
        Neighbours that the typicality is taken over.
    max_clusters : int, default=500
        Most clusters; beyond, clusters have several turns. Up to 50 clusters are
        made by k-means, more by mini-batch k-means.
    min_cluster_size : int, default=5
        Clusters must hold more than this, the released value; 0 keeps all.
    n_init : int, default=10
        Starts (k-means++) of k-means. Mini-batch k-means compares 3, its default,
        on a part of the pool.
    l2 : bool, default=True
        Bring every vector to length 1 first, as the released code does.
    variant : {"paper_text", "paper_code"}, default="paper_text"
        Where the two differ. The text averages Euclidean distances over the
        nearest neighbours, or over all others in a smaller cluster. The released
        code averages *squared* distances, which is what its index returns, and
        over at most half of the cluster.

    Returns
    -------
    Selection
        Scores are the typicalities, 0 of a sample that is the last of its
        cluster. Of equal ones the lowest row; of equally large clusters the
        lowest number.

    Raises
    ------
    InputError
        If the budget is below one or larger than the pool, `X` holds values
        that are not finite, or a parameter is too small.
    """
    n = len(X)
    check_budget(budget, n)
    check_finite(X)
    if min(neighbours, max_clusters, n_init) < 1 or min_cluster_size < 0:
        raise InputError(
            f"typiclust: neighbours {neighbours}, max_clusters {max_clusters} and n_init {n_init} should be at least 1 "
            f"and min_cluster_size {min_cluster_size} at least 0."
        )
    points = normalize(X) if l2 else np.asarray(X)
    labels = clustered(points, min(budget, max_clusters), int(rng.integers(2**31 - 1)), n_init)
    sizes = np.bincount(labels)
    members = {cluster: np.flatnonzero(labels == cluster) for cluster in np.argsort(-sizes, kind="stable")}
    large = [cluster for cluster in members if sizes[cluster] > min_cluster_size]
    small = [cluster for cluster in members if sizes[cluster] <= min_cluster_size]
    picks = []
    while len(picks) < budget:
        turn = [cluster for cluster in large if len(members[cluster])] or small
        for cluster in turn[: budget - len(picks)]:
            own = members[cluster]
            if len(own):
                scores = typicality(points[own], neighbours, variant)
                place = int(scores.argmax())
                reason = f"most typical of cluster {cluster}, of {sizes[cluster]} samples"
                picks.append((int(own[place]), float(scores[place]), reason, int(cluster)))
                members[cluster] = np.delete(own, place)
    return Selection(*zip(*picks, strict=True), pool_clusters=labels)


def clustered(points, k, random_state, n_init):
    """Cluster of every sample, on one thread: the order of a parallel sum is not the same every time.

    Parameters
    ----------
    points : numpy.ndarray of shape (n, d)
    k : int
        Clusters; fewer are made where fewer rows differ.
    random_state, n_init : int
        As for `select`.

    Returns
    -------
    numpy.ndarray of int64, shape (n,)
    """
    if k <= MOST_FOR_KMEANS:
        return kmeans_clusters(points, k, random_state, n_init)[0]
    model = MiniBatchKMeans(k, batch_size=MINI_BATCH, n_init=3, random_state=random_state)
    with warnings.catch_warnings(), threadpool_limits(1):
        # Fewer different rows than clusters leave some empty.
        warnings.simplefilter("ignore", ConvergenceWarning)
        return model.fit(points).labels_.astype(np.int64)


def typicality(points, neighbours=20, variant="paper_text"):
    """How densely other samples lie around each: the inverse of the mean distance to its nearest neighbours.

    Hacohen et al. (2022), Eq. 4, with the released code's 1e-5 beside the mean.

    Parameters
    ----------
    points : numpy.ndarray of shape (m, d)
        Members of a cluster.
    neighbours : int, default=20
    variant : {"paper_text", "paper_code"}, default="paper_text"
        As for `select`.

    Returns
    -------
    numpy.ndarray of float64, shape (m,)
        0 of a sample that is alone.
    """
    m = len(points)
    if m == 1:
        return np.zeros(1)
    if variant == "paper_code":
        distances = nearest(points, min(neighbours, m // 2))[0] ** 2
    else:
        distances = nearest(points, min(neighbours, m - 1))[0]
    return 1 / (distances.mean(axis=1) + LEAST)
