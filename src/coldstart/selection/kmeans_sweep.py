"""Incremental k-means: the samples nearest to the centres of ever finer clusterings.

Yuan & Hong, "Foundation model makes clustering a better initialization for
cold-start active learning", arXiv 2402.02561, section 2 and the released code.
"""

import logging
import warnings
from hashlib import blake2b
from typing import Literal

import numpy as np
from sklearn.cluster import KMeans
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics.pairwise import euclidean_distances
from sklearn.preprocessing import StandardScaler

from coldstart.errors import InputError
from coldstart.progress import track
from coldstart.selection import lloyd
from coldstart.selection.base import Selection, check_budget, check_finite
from coldstart.selection.geometry import farthest_points, medoid, parts

LOGGER = logging.getLogger("coldstart")

# Values of a pool from which on `lloyd` is faster; below, scikit-learn takes a fraction of a second for each k.
LARGE = 2**21


def select(
    X,
    budget,
    *,
    rng,
    groups=None,
    seed=0,
    random_state: int | None = None,
    n_init: int = 10,
    nearest: Literal["centroid", "medoid"] = "centroid",
    standardise: bool = True,
    max_k: int | None = None,
):
    """Cluster with k = 2, 3, ... and take the sample nearest to every centre, until the budget is met.

    For each k the centres are visited in their order; a sample that an earlier
    centre or a smaller k has taken already is skipped. Ties go to the lowest
    row. A larger budget therefore contains every smaller one.

    Where k has reached the number of different rows and samples are still
    lacking, the rest is filled by farthest-point traversal: each time the
    sample farthest from all that are chosen. A warning says so.

    Parameters
    ----------
    X : numpy.ndarray of shape (n, d)
        The embedding of the pool; its floating-point type is kept.
    budget : int
        How many samples to choose.
    rng : numpy.random.Generator
        Source of `random_state` where none is given.
    groups : numpy.ndarray of shape (n,), optional
        Patient of each sample; not used.
    seed : int, default=0
        Seed of the run; not used, `rng` comes from it.
    random_state : int, optional
        Seed of every k-means run. The paper uses 2024.
    n_init : int, default=10
        Random starts of every k-means run; the best one counts.
    nearest : {"centroid", "medoid"}, default="centroid"
        ``"centroid"``: the sample, of all samples, nearest to the centre (the
        released code). ``"medoid"``: the member of the cluster with the least
        summed distance to its members (the paper's text).
    standardise : bool, default=True
        Bring every feature to mean 0 and standard deviation 1 first.
    max_k : int, optional
        Largest k to try; by default there is no limit. The paper stops at 50.

    Returns
    -------
    Selection
        Scores are the Euclidean distances to the centre, in standardised units;
        clusters are counted from 0 within each k.

    Raises
    ------
    InputError
        If the budget is below one, larger than the pool or not reached at
        `max_k`, or if `X` holds values that are not finite.
    """
    n = len(X)
    check_budget(budget, n)
    check_finite(X)
    features = StandardScaler().fit_transform(X) if standardise else np.asarray(X)
    if random_state is None:
        random_state = int(rng.integers(2**31 - 1))
    picks = sweep(features, budget, random_state, n_init, nearest, max_k)
    if len(picks) < budget:
        LOGGER.warning(
            "k-means on %d images gives %d different samples; the other %d are chosen by farthest-point traversal.",
            n,
            len(picks),
            budget - len(picks),
        )
        picks = fill(features, budget, picks)
    indices, scores, reasons, clusters = zip(*picks, strict=True)
    return Selection(indices, scores, reasons, clusters)


def sweep(features, budget, random_state, n_init, nearest, max_k):
    """Collect picks over k = 2, 3, ...

    Returns
    -------
    list of (int, float, str, int)
        Row, distance to the centre, reason and cluster of every pick; fewer
        than `budget` where k has reached the number of different rows.

    Raises
    ------
    InputError
        If `max_k` is reached first.
    """
    # More clusters than different rows would leave clusters empty. Adding 0 makes -0.0 equal to 0.0.
    distinct = len({blake2b((row + 0).tobytes()).digest() for row in features})
    last = distinct if max_k is None else min(max_k, distinct)
    points = lloyd.Points(features) if features.size >= LARGE else None
    picks, taken = [], set()
    for k in track(range(2, last + 1), "k-means for growing k"):
        centres, labels = clustered(features, points, k, n_init, random_state)
        if nearest == "centroid":
            (rows, distances), word = nearest_rows(features, centres), "nearest to centre"
        else:
            rows, word = medoids(features, labels, k), "medoid of cluster"
            distances = euclidean_distances(features[rows], centres).diagonal()
        for cluster, row in enumerate(rows):
            if row >= 0 and row not in taken:
                taken.add(row)
                picks.append((int(row), float(distances[cluster]), f"{word} {cluster} of k={k}", cluster))
                if len(picks) == budget:
                    return picks
    if max_k is not None and max_k < distinct:
        raise InputError(
            f"k-means up to max_k={max_k} gives {len(picks)} different samples, "
            f"fewer than the budget {budget}: raise `max_k` or lower `budgets`."
        )
    return picks


def clustered(features, points, k, n_init, random_state):
    """Centres and labels of k-means, for a large pool by `lloyd.k_means`.

    Parameters
    ----------
    features : numpy.ndarray of shape (n, d)
        The samples.
    points : coldstart.selection.lloyd.Points or None
        The same made ready, for a large pool.
    k, n_init, random_state : int
        Clusters, random starts, seed.
    """
    if points is not None:
        return lloyd.k_means(points, k, n_init, random_state)
    with warnings.catch_warnings():
        # Rows that differ by less than rounding can still merge; the picks then repeat and are skipped.
        warnings.simplefilter("ignore", ConvergenceWarning)
        model = KMeans(n_clusters=k, init="random", n_init=n_init, random_state=random_state).fit(features)
    return model.cluster_centers_, model.labels_


def nearest_rows(features, centres):
    """Row nearest to each centre, of all rows, the lowest on ties.

    Parameters
    ----------
    features : numpy.ndarray of shape (n, d)
    centres : numpy.ndarray of shape (k, d)

    Returns
    -------
    rows : numpy.ndarray of int64, shape (k,)
    distances : numpy.ndarray of float64, shape (k,)
    """
    rows, least = np.zeros(len(centres), dtype=np.int64), np.full(len(centres), np.inf)
    for part in parts(len(features)):
        distances = euclidean_distances(features[part], centres)
        found = distances.min(axis=0)
        closer = found < least
        rows[closer], least[closer] = part.start + distances.argmin(axis=0)[closer], found[closer]
    return rows, least


def medoids(features, labels, k):
    """Member of each cluster with the least summed Euclidean distance to its members.

    Parameters
    ----------
    features : numpy.ndarray of shape (n, d)
        The samples.
    labels : numpy.ndarray of int, shape (n,)
        Cluster of each sample.
    k : int
        Number of clusters.

    Returns
    -------
    numpy.ndarray of int64, shape (k,)
        A row of `features` per cluster, the lowest on ties; -1 for an empty cluster.
    """
    found = np.full(k, -1, dtype=np.int64)
    for cluster in range(k):
        members = np.flatnonzero(labels == cluster)
        if len(members):
            found[cluster] = members[medoid(features[members])]
    return found


def fill(features, budget, picks):
    """Add samples by farthest-point traversal.

    Parameters
    ----------
    features : numpy.ndarray of shape (n, d)
        The samples.
    budget : int
        How many picks are needed.
    picks : list of (int, float, str, int)
        What is chosen already. Where it is empty, all rows are alike and the
        first one starts.

    Returns
    -------
    list of (int, float, str, int)
        `picks` followed by as many as were lacking.
    """
    picks = list(picks) or [(0, 0.0, "farthest point fill", -1)]
    rows, distances = farthest_points(features, [pick[0] for pick in picks], budget - len(picks))
    added = zip(rows, distances, strict=True)
    return picks + [(row, distance, "farthest point fill", -1) for row, distance in added]
