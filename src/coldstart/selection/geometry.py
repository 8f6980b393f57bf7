"""Medoids and farthest-point traversal, a bounded number of distances at a time."""

import numpy as np
from scipy.spatial.distance import cdist

ROWS_AT_ONCE = 2048
# Sums of the same distances in another order differ by rounding; they count as equal.
ROUNDING = 1e-12


def medoid(points):
    """The point with the least summed Euclidean distance to all.

    The sums are computed by matrix products, which is fast and leaves a known
    rounding; those that could be the least within it are computed again from
    the differences of the coordinates.

    Parameters
    ----------
    points : numpy.ndarray of shape (n, d)
        At least one point.

    Returns
    -------
    int
        A row of `points`, the lowest of those that are equal up to rounding.
    """
    points = np.asarray(points)
    sums, error = distance_sums(points)
    candidates = np.flatnonzero(sums <= sums.min() + 2 * error)
    sums = np.zeros(len(candidates))
    for part in parts(len(candidates)):
        own = points[candidates[part]].astype(np.float64)
        sums[part] = sum(cdist(own, points[other].astype(np.float64)).sum(axis=1) for other in parts(len(points)))
    return int(candidates[np.flatnonzero(sums <= sums.min() * (1 + ROUNDING))[0]])


def distance_sums(points):
    """Sum of the Euclidean distances of every point to all, as √(‖x‖² - 2 x·y + ‖y‖²).

    Parameters
    ----------
    points : numpy.ndarray of shape (n, d)

    Returns
    -------
    sums : numpy.ndarray of float64, shape (n,)
    error : float
        Bound of the rounding of every sum: a product of d terms is off by at
        most d roundings of ‖x‖ ‖y‖ (Higham, "Accuracy and Stability of
        Numerical Algorithms", section 3.1).
    """
    n, d = points.shape
    centre = points.mean(axis=0, dtype=np.float64)
    sums, longest = np.zeros(n), 0.0
    for part in parts(n):
        own = points[part] - centre
        squares = np.einsum("ij,ij->i", own, own)
        longest = max(longest, float(squares.max()))
        # Each pair once: the distances of the blocks before this one are known from there.
        for other in parts(n, part.start):
            others = points[other] - centre
            gaps = own @ (-2 * others.T)
            gaps += squares[:, None]
            gaps += np.einsum("ij,ij->i", others, others)
            np.sqrt(np.maximum(gaps, 0, out=gaps), out=gaps)
            sums[part] += gaps.sum(axis=1)
            if other != part:
                sums[other] += gaps.sum(axis=0)
    return sums, n * float(np.sqrt(4 * (d + 8) * np.finfo(np.float64).eps * longest))


def parts(n, begin=0):
    """Slices of at most `ROWS_AT_ONCE` rows that cover ``begin`` to ``n``."""
    return [slice(start, min(start + ROWS_AT_ONCE, n)) for start in range(begin, n, ROWS_AT_ONCE)]


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
    nearest = np.full(len(points), np.inf)
    rows, distances, added = [], [], list(chosen)
    for _ in range(count):
        for row in added:
            place = points[row].astype(np.float64)
            for part in parts(len(points)):
                nearest[part] = np.minimum(nearest[part], np.linalg.norm(points[part] - place, axis=1))
            # Never again, not even where a point lies upon another.
            nearest[row] = -np.inf
        row = int(nearest.argmax())
        rows.append(row)
        distances.append(float(nearest[row]))
        added = [row]
    return rows, distances
