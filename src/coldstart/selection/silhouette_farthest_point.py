"""Silhouette-chosen clusters of the map, their medoids, and farthest points inside them.

Levy, Assayag, Gaspar, Shimshoni, Specktor-Fadida, arXiv 2601.18532, 2026. Its
full text was not at hand: what the abstract and the review page leave open
follows a third-party re-implementation, as the parameters say.
"""

import logging
from typing import Literal

import numpy as np

from coldstart.progress import track
from coldstart.selection.base import Selection, check_budget, check_finite
from coldstart.selection.clusters import kmeans_clusters
from coldstart.selection.geometry import ROUNDING, farthest_points, medoid
from coldstart.selection.silhouette import mean_silhouettes

LOGGER = logging.getLogger("coldstart")


def select(
    X,
    budget,
    *,
    rng,
    groups=None,
    seed=0,
    max_k: int = 50,
    n_init: int = 10,
    representative: Literal["medoid", "centroid"] = "medoid",
):
    """Cluster, label one seed per cluster, and share the rest of the budget among the clusters by their size.

    In order: a seed per cluster; inside each cluster the members farthest from
    its chosen ones; and where a cluster is too small for its share, the members
    of any cluster farthest from all that are chosen.

    Parameters
    ----------
    X : numpy.ndarray of shape (n, d)
        The pool: by default its two-dimensional map.
    budget : int
        How many samples to choose.
    rng : numpy.random.Generator
        Source of the seed of k-means.
    groups : numpy.ndarray of shape (n,), optional
        Patient of each sample; not used.
    seed : int, default=0
        Seed of the run; not used, `rng` comes from it.
    max_k : int, default=50
        Largest number of clusters tried; the candidates are 2, 3, ... up to it,
        the budget and n - 1. The paper's list is not known.
    n_init : int, default=10
        Starts (k-means++) of every k-means run; the best one counts. The paper's
        number is not known.
    representative : {"medoid", "centroid"}, default="medoid"
        Seed of a cluster: the member with the least summed distance to its
        members, or the member nearest to their mean. The paper names both words.

    Returns
    -------
    Selection
        Scores are Euclidean distances: of a seed the mean distance to its
        cluster, of a fill to the nearest chosen member of its cluster, of an
        overflow to the nearest of all chosen.

    Raises
    ------
    InputError
        If the budget is below one or larger than the pool, or `X` holds values
        that are not finite.
    """
    n = len(X)
    check_budget(budget, n)
    check_finite(X)
    points = np.asarray(X, dtype=np.float64)
    labels = choose_k(points, budget, int(rng.integers(2**31 - 1)), max_k, n_init)
    members = [np.flatnonzero(labels == cluster) for cluster in range(labels.max() + 1)]
    picks = [seed_of(points, rows, cluster, representative) for cluster, rows in enumerate(members)]
    counts = allocate([len(rows) for rows in members], budget - len(members))
    for cluster, (rows, count) in enumerate(zip(members, counts, strict=True)):
        start = int(np.searchsorted(rows, picks[cluster][0]))
        added = zip(*farthest_points(points[rows], [start], count), strict=True)
        picks += [(int(rows[row]), distance, f"fill of cluster {cluster}", cluster) for row, distance in added]
    added = zip(*farthest_points(points, [pick[0] for pick in picks], budget - len(picks)), strict=True)
    picks += [(row, distance, "overflow", int(labels[row])) for row, distance in added]
    return Selection(*zip(*picks, strict=True), pool_clusters=labels)


def choose_k(points, budget, random_state, max_k=50, n_init=10):
    """Cluster with the number of clusters whose mean silhouette is highest (Rousseeuw 1987).

    Parameters
    ----------
    points : numpy.ndarray of float64, shape (n, d)
        The pool.
    budget : int
        Largest number of clusters that can each have a seed.
    random_state : int
        Seed of every k-means run.
    max_k, n_init : int
        As in `select`.

    Returns
    -------
    numpy.ndarray of int64, shape (n,)
        Cluster of every point, from 0. Of silhouettes that are equal up to
        rounding the smallest k. All zero where there is nothing to choose: a budget of one, fewer than three
        points, or points that are all alike.
    """
    n = len(points)
    # More clusters than different points would leave clusters empty.
    last = min(budget, max_k, n - 1, len(np.unique(points, axis=0)))
    candidates = []
    for k in track(range(2, last + 1), "k-means for each k"):
        labels = kmeans_clusters(points, k, random_state, n_init)[0]
        # Points that differ by less than rounding can merge clusters: that is no clustering with k.
        if len(np.unique(labels)) == k:
            candidates.append(labels)
    if not candidates:
        return np.zeros(n, dtype=np.int64)
    scores = mean_silhouettes(points, candidates)
    chosen = candidates[int(np.flatnonzero(scores >= scores.max() - ROUNDING)[0])]
    LOGGER.info("k = %d of 2 to %d has the highest mean silhouette, %.4f", chosen.max() + 1, last, scores.max())
    return chosen


def seed_of(points, rows, cluster, representative="medoid"):
    """Seed of a cluster: row of the pool, mean distance to its members, reason and cluster.

    Parameters
    ----------
    points : numpy.ndarray of float64, shape (n, d)
        The pool.
    rows : numpy.ndarray of int, shape (m,)
        Members of the cluster, ascending.
    cluster : int
        Its number.
    representative : {"medoid", "centroid"}, default="medoid"
        As in `select`; of equal distances the lowest row.

    Returns
    -------
    tuple of (int, float, str, int)
    """
    own = points[rows]
    nearest_to_mean = int(np.linalg.norm(own - own.mean(axis=0), axis=1).argmin())
    place = medoid(own) if representative == "medoid" else nearest_to_mean
    distance = float(np.linalg.norm(own - own[place], axis=1).mean())
    return int(rows[place]), distance, f"seed of cluster {cluster}", cluster


def allocate(sizes, rest):
    """Share the rest of the budget among the clusters in proportion to their size.

    Largest remainder (Hamilton), in whole numbers: the floor of
    ``rest * size / n`` each, then one more to the largest fractions until the
    rest is spent. A cluster gets at most its size less one, which is its seed;
    what that cuts off is left for the overflow.

    Parameters
    ----------
    sizes : sequence of int
        Members of each cluster.
    rest : int
        The budget less one seed per cluster.

    Returns
    -------
    list of int
        Further picks of each cluster; of equal fractions the lowest cluster first.
    """
    total = sum(sizes)
    shares = [rest * size // total for size in sizes]
    order = sorted(range(len(sizes)), key=lambda cluster: (-(rest * sizes[cluster] % total), cluster))
    for cluster in order[: rest - sum(shares)]:
        shares[cluster] += 1
    return [min(share, size - 1) for share, size in zip(shares, sizes, strict=True)]
