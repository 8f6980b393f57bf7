"""Hierarchical clusters of the pool, and one member of each."""

from typing import Literal

import numpy as np

from coldstart.selection.base import check_budget, check_finite
from coldstart.selection.clusters import one_of_each, ward_clusters
from coldstart.selection.geometry import medoid


def select(X, budget, *, rng, groups=None, seed=0, member: Literal["random", "medoid"] = "random"):
    """Cluster by Ward's method into as many clusters as the budget, and take one member of each.

    The "agglomerative" of COLosSAL (Liu et al., MICCAI 2023, arXiv 2307.12004),
    which draws the member. Ward's method: each time the two clusters are merged
    whose merging adds least to the squared distances within clusters (Ward
    1963). In pools above 5,000 samples two clusters are merged only where a
    sample of one is among the 30 nearest neighbours of a sample of the other.

    Parameters
    ----------
    X : numpy.ndarray of shape (n, d)
        The embedding of the pool.
    budget : int
        How many samples to choose.
    rng : numpy.random.Generator
        Source of the drawn members.
    groups : numpy.ndarray of shape (n,), optional
        Patient of each sample; not used.
    seed : int, default=0
        Seed of the run; not used, `rng` comes from it.
    member : {"random", "medoid"}, default="random"
        Which member: drawn, or the one with the least summed distance to the others.

    Returns
    -------
    Selection
        Largest cluster first; scores are the mean Euclidean distances to the
        members of the cluster.

    Raises
    ------
    InputError
        If the budget is below one or larger than the pool, or `X` holds values
        that are not finite.
    """
    check_budget(budget, len(X))
    check_finite(X)
    points = np.asarray(X, dtype=np.float64)
    labels = ward_clusters(points, budget)

    def pick(rows, cluster):
        own = points[rows]
        place = int(rng.integers(len(rows))) if member == "random" else medoid(own)
        return rows[place], np.linalg.norm(own - own[place], axis=1).mean()

    word = "drawn from cluster" if member == "random" else "medoid of cluster"
    return one_of_each(labels, pick, budget, rng, word)
