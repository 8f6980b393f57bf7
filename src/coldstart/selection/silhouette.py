"""Mean silhouettes of many clusterings of the same points, from one pass over their distances."""

import numpy as np
from scipy.spatial.distance import cdist

# Values in one block of distances, and in the memberships of the clusterings that are summed together.
DISTANCES_AT_ONCE = 2**23
MEMBERSHIPS_AT_ONCE = 2**25


def mean_silhouettes(points, clusterings):
    """Mean silhouette of each clustering.

    Rousseeuw, "Silhouettes: a graphical aid to the interpretation and
    validation of cluster analysis", 1987: of a point the mean distance a to the
    other members of its cluster and the least mean distance b to the members of
    another give ``(b - a) / max(a, b)``; a point alone in its cluster has 0.

    Every distance is computed once, whatever the number of clusterings, and
    only a block of them is there at a time: the product of a block with the
    memberships of all clusterings has the sum of the distances of its points to
    every cluster.

    Parameters
    ----------
    points : numpy.ndarray of shape (n, d)
        The points.
    clusterings : sequence of numpy.ndarray of int, shape (n,)
        Labels 0, 1, ..., k - 1, each at least once, and at least two of them.

    Returns
    -------
    numpy.ndarray of float64, shape (number of clusterings,)
    """
    sizes = [int(labels.max()) + 1 for labels in clusterings]
    # More clusterings than memory holds at once cost another pass.
    passes = np.cumsum(sizes) * len(points) // MEMBERSHIPS_AT_ONCE
    means = np.zeros(len(clusterings))
    for number in np.unique(passes):
        together = np.flatnonzero(passes == number)
        means[together] = summed([clusterings[place] for place in together], points) / len(points)
    return means


def summed(clusterings, points):
    """Sum of the silhouettes of all points, for every clustering."""
    counts = [np.bincount(labels) for labels in clusterings]
    ends = np.cumsum([len(sizes) for sizes in counts])
    memberships = np.zeros((len(points), ends[-1]))
    for labels, end, sizes in zip(clusterings, ends, counts, strict=True):
        memberships[np.arange(len(points)), end - len(sizes) + labels] = 1
    totals = np.zeros(len(clusterings))
    rows = max(1, DISTANCES_AT_ONCE // len(points))
    for start in range(0, len(points), rows):
        block = slice(start, start + rows)
        sums = np.split(cdist(points[block], points) @ memberships, ends[:-1], axis=1)
        for place, (labels, sizes, own) in enumerate(zip(clusterings, counts, sums, strict=True)):
            totals[place] += silhouettes(own, labels[block], sizes).sum()
    return totals


def silhouettes(sums, labels, sizes):
    """Silhouette of some points.

    Parameters
    ----------
    sums : numpy.ndarray of shape (m, k)
        Sum of the distances of each point to the members of each cluster.
    labels : numpy.ndarray of int, shape (m,)
        Their clusters.
    sizes : numpy.ndarray of int, shape (k,)
        Members of each cluster.

    Returns
    -------
    numpy.ndarray of float64, shape (m,)
    """
    own = (np.arange(len(labels)), labels)
    fellows = sizes[labels] - 1
    within = sums[own] / np.maximum(fellows, 1)
    means = sums / sizes
    means[own] = np.inf
    nearest = means.min(axis=1)
    larger = np.maximum(within, nearest)
    some = (fellows > 0) & (larger > 0)
    return np.where(some, (nearest - within) / np.where(larger > 0, larger, 1), 0)
