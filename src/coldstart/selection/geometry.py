"""Medoids and farthest-point traversal."""

import numpy as np
from scipy.spatial.distance import cdist

ROWS_AT_ONCE = 2048
# Sums of the same distances in another order differ by rounding; they count as equal.
ROUNDING = 1e-12


def medoid(points):
    """The point with the least summed Euclidean distance to all.

    Parameters
    ----------
    points : numpy.ndarray of shape (n, d)
        At least one point.

    Returns
    -------
    int
        A row of `points`, the lowest of those that are equal up to rounding.
    """
    points = np.asarray(points, dtype=np.float64)
    # In parts: a cluster may be most of a large pool.
    parts = [points[start : start + ROWS_AT_ONCE] for start in range(0, len(points), ROWS_AT_ONCE)]
    sums = np.concatenate([cdist(part, points).sum(axis=1) for part in parts])
    return int(np.flatnonzero(sums <= sums.min() * (1 + ROUNDING))[0])


def farthest_points(points, chosen, count):
    """Farthest-point traversal: each time the point with the largest distance to its nearest chosen one.

    Gonzalez, "Clustering to minimize the maximum intercluster distance", 1985.

    Parameters
    ----------
    points : numpy.ndarray of shape (n, d)
        All points.
    chosen : sequence of int
        Rows that are chosen already, at least one.
    count : int
        How many to add, at most as many as are left.

    Returns
    -------
    rows : list of int
        In order of choice; of equal distances the lowest row.
    distances : list of float
        Euclidean distance of each, when it was chosen, to the nearest chosen one.
    """
    points = np.asarray(points, dtype=np.float64)
    nearest = np.full(len(points), np.inf)
    rows, distances, added = [], [], list(chosen)
    for _ in range(count):
        for row in added:
            nearest = np.minimum(nearest, np.linalg.norm(points - points[row], axis=1))
            # Never again, not even where a point lies upon another.
            nearest[row] = -np.inf
        row = int(nearest.argmax())
        rows.append(row)
        distances.append(float(nearest[row]))
        added = [row]
    return rows, distances
