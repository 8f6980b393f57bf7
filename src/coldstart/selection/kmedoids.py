"""k-medoids by FasterPAM: samples that the pool is, in all, nearest to."""

import numpy as np
from sklearn.metrics import euclidean_distances
from sklearn.preprocessing import StandardScaler

from coldstart.selection.base import Selection, check_budget, check_finite

ROWS_AT_ONCE = 2048
MOST_FOR_ALL_PAIRS = 5000
SUBSETS = 5


def select(X, budget, *, rng, groups=None, seed=0, standardise: bool = True, max_iter: int = 100):
    """Choose the samples with the least summed distance of all to their nearest one.

    FasterPAM (Schubert and Rousseeuw, "Fast and eager k-medoids clustering",
    Information Systems 101, 2021) of the kmedoids library, from a random start.
    In pools above 5,000 samples it is CLARA (Kaufman and Rousseeuw 1990) around
    it: FasterPAM on five random subsets of that size, and of the five answers
    the one with the least sum over the whole pool.

    Parameters
    ----------
    X : numpy.ndarray of shape (n, d)
        The embedding of the pool.
    budget : int
        How many samples to choose.
    rng : numpy.random.Generator
        Source of the starts and the subsets.
    groups : numpy.ndarray of shape (n,), optional
        Patient of each sample; not used.
    seed : int, default=0
        Seed of the run; not used, `rng` comes from it.
    standardise : bool, default=True
        Bring every feature to mean 0 and standard deviation 1 first.
    max_iter : int, default=100
        Largest number of passes over the pool.

    Returns
    -------
    Selection
        Largest cluster first; scores are the mean Euclidean distances of a
        cluster to its medoid, 0 for an empty one (a medoid upon another).

    Raises
    ------
    InputError
        If the budget is below one or larger than the pool, or `X` holds values
        that are not finite.
    """
    import kmedoids  # only this strategy needs it

    n = len(X)
    check_budget(budget, n)
    check_finite(X)
    points = StandardScaler().fit_transform(X) if standardise else np.asarray(X)
    size = max(MOST_FOR_ALL_PAIRS, 2 * budget)
    subsets = [np.arange(n)] if n <= size else [np.sort(rng.choice(n, size, replace=False)) for _ in range(SUBSETS)]
    best = None
    for rows in subsets:
        distances = euclidean_distances(points[rows])
        start = rng.choice(len(rows), budget, replace=False).astype(np.uint64)
        found = kmedoids.fasterpam(distances, start, max_iter=max_iter, n_cpu=1)
        medoids = np.sort(rows[np.asarray(found.medoids, dtype=np.int64)])
        labels, gaps = nearest_of(points, medoids)
        if best is None or gaps.sum() < best[2].sum():
            best = medoids, labels, gaps
    medoids, labels, gaps = best
    sizes = np.bincount(labels, minlength=budget)
    order = np.argsort(-sizes, kind="stable")
    means = np.bincount(labels, gaps, minlength=budget) / np.maximum(sizes, 1)
    reasons = [f"medoid of {sizes[cluster]} samples" for cluster in order]
    return Selection(medoids[order], means[order], reasons, order, pool_clusters=labels)


def nearest_of(points, rows):
    """Position in `rows` of the nearest of them, int64, and the Euclidean distance to it, of every point."""
    parts = [
        euclidean_distances(points[start : start + ROWS_AT_ONCE], points[rows])
        for start in range(0, len(points), ROWS_AT_ONCE)
    ]
    labels = np.concatenate([part.argmin(axis=1) for part in parts])
    return labels.astype(np.int64), np.concatenate([part.min(axis=1) for part in parts]).astype(np.float64)
