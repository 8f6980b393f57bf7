"""USL: dense samples of every cluster that keep apart from each other."""

import numpy as np
from sklearn.metrics import euclidean_distances
from sklearn.preprocessing import normalize

from coldstart.selection.base import check_budget, check_finite
from coldstart.selection.clusters import kmeans_clusters, one_of_each
from coldstart.selection.neighbours import nearest

# Of squared distances: samples that lie upon each other would have an infinite density.
LEAST = 1e-6


def select(
    X,
    budget,
    *,
    rng,
    groups=None,
    seed=0,
    neighbours: int = 400,
    weight: float = 0.5,
    exponent: float = 0.5,
    momentum: float = 0.9,
    iterations: int = 10,
    horizon: float | None = 4.0,
    n_init: int = 1,
    l2: bool = True,
):
    """Cluster into as many clusters as the budget and take, in each, a dense sample far from those of the others.

    Wang, Lian and Yu, "Unsupervised selective labeling for more effective
    semi-supervised learning", ECCV 2022 (arXiv 2110.03006), the training-free
    USL: of every k-means cluster the member with the largest ``1 / d - weight R``.
    d is the mean *squared* distance to the nearest samples, itself with 0 among
    them as in the released code; R is a moving average over the iterations of
    the sum of ``1 / |x - s|^(2 exponent)`` over the samples s that the iteration
    before took from other clusters.

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
    neighbours : int, default=400
        Samples that the density is taken over, itself included; at most n.
    weight : float, default=0.5
        What R is multiplied by.
    exponent : float, default=0.5
        Of the squared distances in R.
    momentum : float, default=0.9
        Share of the R of the iteration before.
    iterations : int, default=10
        How often the members are taken anew. These four are the released values.
    horizon : float, optional
        Squared distance from which on a sample taken elsewhere does not count;
        the released 4 is the largest there is between vectors of length 1.
    n_init : int, default=1
        Starts of k-means; the released code has one.
    l2 : bool, default=True
        Bring every vector to length 1 first, as the features of the paper are.

    Returns
    -------
    Selection
        Largest cluster first; scores are ``1 / d - weight R`` of the last iteration.

    Raises
    ------
    InputError
        If the budget is below one or larger than the pool, or `X` holds values
        that are not finite.
    """
    n = len(X)
    check_budget(budget, n)
    check_finite(X)
    points = normalize(X) if l2 else np.asarray(X)
    labels, _ = kmeans_clusters(points, budget, int(rng.integers(2**31 - 1)), n_init)
    k = min(neighbours, n)
    distances = nearest(points, k - 1)[0] if k > 1 else np.zeros((n, 1))
    density = 1 / np.maximum(np.einsum("ij,ij->i", distances, distances) / k, LEAST)
    # As large as the pool itself, and no longer needed.
    del distances
    members = [np.flatnonzero(labels == cluster) for cluster in np.unique(labels)]
    held_off = np.zeros(n)
    for _ in range(iterations):
        scores = density - weight * held_off
        taken = np.array([rows[scores[rows].argmax()] for rows in members])
        held_off = momentum * held_off + (1 - momentum) * repulsion(points, labels, taken, exponent, horizon)

    def pick(rows, cluster):
        return rows[scores[rows].argmax()], scores[rows].max()

    return one_of_each(labels, pick, budget, rng, "dense and apart, of cluster")


def repulsion(points, labels, taken, exponent, horizon):
    """How near every sample is to those taken from other clusters.

    Parameters
    ----------
    points : numpy.ndarray of shape (n, d)
    labels : numpy.ndarray of int, shape (n,)
    taken : numpy.ndarray of int, shape (k,)
        Rows.
    exponent : float
    horizon : float or None
        As for `select`.

    Returns
    -------
    numpy.ndarray of float64, shape (n,)
        Sum of ``1 / |x - s|^(2 exponent)``.
    """
    squares = np.maximum(euclidean_distances(points, points[taken], squared=True).astype(np.float64), LEAST)
    squares[labels[:, None] == labels[taken]] = np.inf
    if horizon is not None:
        squares[squares >= horizon] = np.inf
    return (1 / squares**exponent).sum(axis=1)
