"""Diversity and uncertainty at once: the most uncertain sample of every k-means cluster."""

import numpy as np
from sklearn.preprocessing import StandardScaler

from coldstart.selection.base import check_budget, check_finite
from coldstart.selection.clusters import kmeans_clusters, one_of_each


def select(X, budget, *, rng, groups=None, seed=0, measures, standardise: bool = True, n_init: int = 10):
    """Cluster into as many clusters as the budget, and take the most uncertain member of each.

    The hybrid initialisation of Yuan et al. (2025, hcs2.70009), as their published
    code has it: k-means on standardised features, here from k-means++ starts in
    place of random ones, and of each cluster the sample whose embedding a network
    with dropout predicts least steadily. The uncertainty is measured by the rule of
    that name, once for every model (`models.<name>.uncertainty`;
    `coldstart.learning.embedding_regression`).

    Parameters
    ----------
    X : numpy.ndarray of shape (n, d)
        The embedding of the pool.
    budget : int
        How many samples to choose.
    rng : numpy.random.Generator
        Source of the seed of k-means.
    groups : numpy.ndarray of shape (n,), optional
        Patient of each sample; not used.
    seed : int, default=0
        Seed of the run; not used, `rng` comes from it.
    measures : dict of str to numpy.ndarray of shape (n,)
        ``uncertainty`` of every sample.
    standardise : bool, default=True
        Bring every feature to mean 0 and standard deviation 1 first.
    n_init : int, default=10
        Starts (k-means++) of k-means; the best one counts.

    Returns
    -------
    Selection
        Largest cluster first; scores are the uncertainties, of equal ones the
        lowest row is taken. Where there are fewer different samples than the
        budget, the rest are drawn from the pool and have cluster -1.

    Raises
    ------
    InputError
        If the budget is below one or larger than the pool, or `X` holds values
        that are not finite.
    """
    check_budget(budget, len(X))
    check_finite(X)
    values = np.asarray(measures["uncertainty"], dtype=np.float64)
    points = StandardScaler().fit_transform(X) if standardise else np.asarray(X)
    labels, _ = kmeans_clusters(points, budget, int(rng.integers(2**31 - 1)), n_init)

    def pick(rows, cluster):
        return rows[values[rows].argmax()], values[rows].max()

    return one_of_each(labels, pick, budget, rng, "most uncertain of cluster")
