"""The nearest neighbours of every sample of a pool: exact, or by a library's index where the pool is large."""

from hashlib import blake2b

import numpy as np
import pandas as pd
from scipy.spatial.distance import cdist
from sklearn.neighbors import NearestNeighbors
from threadpoolctl import threadpool_limits

EXACT_UP_TO = 20_000
# Up to here a k-d tree is exact and quick, however large the pool.
FEW_DIMENSIONS = 15
# Of the index: links of each row, and rows that are looked at when it is built and, at least, when it is searched.
LINKS, LOOKED_AT_BUILDING, LOOKED_AT_SEARCHING = 32, 200, 128
PAIRS_AT_ONCE = 2**24


def nearest(X, k, *, exact_up_to=EXACT_UP_TO):
    """Nearest neighbours of every row, itself left out.

    Up to `exact_up_to` different rows, and in up to 15 dimensions always, they
    are exact (scikit-learn; all distances of some rows at a time, or a k-d tree).
    Beyond, a graph of the rows is searched (hierarchical navigable small world,
    Malkov & Yashunin, IEEE TPAMI 42:824, 2020, arXiv 1603.09320; faiss), which
    misses few: ``benchmarks/selection_cost.py`` says how many.

    Parameters
    ----------
    X : numpy.ndarray of shape (n, d)
        Finite numbers.
    k : int
        Neighbours of each row, from 1 to n - 1.
    exact_up_to : int, default=20000
        Most different rows for which all distances are computed.

    Returns
    -------
    distances : numpy.ndarray of float64, shape (n, k)
        Euclidean, ascending.
    indices : numpy.ndarray of int64, shape (n, k)
        Rows of `X`; of equal distances the lowest first, where they are exact.
        The same for the same input, on any number of threads.

    Raises
    ------
    ValueError
        If there are not `k` other rows.
    """
    n = len(X)
    if not 1 <= k < n:
        raise ValueError(f"{k} neighbours of {n} rows: ask for at least one and at most all others")
    # Copies of a row are neighbours at distance 0, of which an index may see nothing but each other.
    first, group = different_rows(X)
    points = X if len(first) == n else X[first]
    if len(points) == 1:
        found = np.zeros((1, 0)), np.zeros((1, 0), dtype=np.int64)
    elif len(points) <= exact_up_to or points.shape[1] <= FEW_DIMENSIONS:
        found = exact(points, min(k, len(points) - 1))
    else:
        found = by_index(points, min(k, len(points) - 1))
    return found if len(points) == n else with_copies(*found, group, k)


def different_rows(X):
    """Rows that differ from all before them.

    Parameters
    ----------
    X : numpy.ndarray of shape (n, d)

    Returns
    -------
    first : numpy.ndarray of int64, shape (m,)
        The first row of each kind, ascending.
    group : numpy.ndarray of int64, shape (n,)
        To which of them every row is equal.
    """
    # Adding 0 makes -0.0 equal to 0.0.
    digests = [blake2b((row + 0).tobytes(), digest_size=16).digest() for row in X]
    group = pd.factorize(np.array(digests, dtype=object))[0].astype(np.int64)
    return np.unique(group, return_index=True)[1].astype(np.int64), group


def exact(points, k):
    """Exact neighbours of rows that are all different; parameters and answer as for `nearest`."""
    n, d = points.shape
    # Of single precision scikit-learn would round the squares of the lengths.
    points = np.asarray(points, dtype=np.float64)
    model = NearestNeighbors(algorithm="kd_tree" if d <= FEW_DIMENSIONS else "brute").fit(points)
    # One more than asked for shows whether the last is tied with what was left out.
    distances, indices = model.kneighbors(n_neighbors=min(k + 1, n - 1))
    rounding = rounding_of(points)
    tied = np.flatnonzero((np.diff(distances**2, axis=1) <= rounding).any(axis=1))
    distances, indices = distances[:, :k].copy(), indices[:, :k].astype(np.int64)
    distances[tied], indices[tied] = settled(model, points, tied, k, rounding)
    return distances, indices


def rounding_of(points):
    """Largest error of a squared distance computed as ``|x|^2 + |y|^2 - 2 x.y`` in double precision."""
    largest = float(np.einsum("ij,ij->i", points, points).max())
    return 4 * (points.shape[1] + 2) * np.finfo(np.float64).eps * largest


def settled(model, points, rows, k, rounding):
    """Neighbours of some rows in the order of their distances, computed directly, and of their rows.

    Parameters
    ----------
    model : sklearn.neighbors.NearestNeighbors
        Fitted to `points`.
    points : numpy.ndarray of shape (n, d)
        All different.
    rows : numpy.ndarray of int, shape (m,)
        Whose neighbours.
    k : int
        How many, at most n - 1.
    rounding : float
        Squared distances of `model` that differ by less may be equal.

    Returns
    -------
    distances : numpy.ndarray of float64, shape (m, k)
    indices : numpy.ndarray of int64, shape (m, k)
    """
    distances, indices = np.empty((len(rows), k)), np.empty((len(rows), k), dtype=np.int64)
    wanted, places = k + 1, np.arange(len(rows))
    while len(places):
        # The row itself is among them; twice as many each time, until none that is left out can be tied.
        wanted, open_ = min(2 * wanted, len(points)), []
        for start in range(0, len(places), max(1, PAIRS_AT_ONCE // wanted)):
            part = places[start : start + max(1, PAIRS_AT_ONCE // wanted)]
            away, found = model.kneighbors(points[rows[part]], wanted)
            done = away[:, -1] ** 2 > away[:, k] ** 2 + rounding if wanted < len(points) else np.ones(len(part), bool)
            for place, others in zip(part[done], found[done], strict=True):
                others = np.sort(others[others != rows[place]])
                direct = cdist(points[rows[place], None], points[others])[0]
                order = np.argsort(direct, kind="stable")[:k]
                distances[place], indices[place] = direct[order], others[order]
            open_.append(part[~done])
        places = np.concatenate(open_)
    return distances, indices


def by_index(points, k):
    """Neighbours of rows that are all different, by an index; parameters and answer as for `nearest`."""
    import faiss

    points = np.ascontiguousarray(points, dtype=np.float32)
    n, d = points.shape
    with threadpool_limits(1):
        # Threads would link the rows in another order every time; searching changes nothing.
        index = faiss.IndexHNSWFlat(d, LINKS)
        index.hnsw.efConstruction = LOOKED_AT_BUILDING
        index.add(points)
    index.hnsw.efSearch = max(LOOKED_AT_SEARCHING, 2 * (k + 1))
    distances, indices = np.empty((n, k)), np.empty((n, k), dtype=np.int64)
    step = max(1, PAIRS_AT_ONCE // (k + 1))
    for start in range(0, n, step):
        part = slice(start, min(start + step, n))
        squares, found = index.search(points[part], k + 1)
        itself = np.arange(part.start, part.stop)[:, None]
        squares[found == itself] = -1
        # What the search did not find comes last, as if it were infinitely far.
        squares[found < 0] = np.inf
        order = np.lexsort((found, squares))
        squares, found = np.take_along_axis(squares, order, axis=1), np.take_along_axis(found, order, axis=1)
        # It comes first, unless the search missed even that: then the last is one too many.
        own = found[:, :1] == itself
        distances[part] = np.sqrt(np.where(own, squares[:, 1:], squares[:, :-1]), dtype=np.float64)
        indices[part] = np.where(own, found[:, 1:], found[:, :-1])
    short = np.flatnonzero((indices < 0).any(axis=1))
    if len(short):
        points = points.astype(np.float64)
        model = NearestNeighbors(algorithm="brute").fit(points)
        distances[short], indices[short] = settled(model, points, short, k, rounding_of(points))
    return distances, indices


def with_copies(distances, indices, group, k):
    """Neighbours of all rows from those of the rows that are different.

    Parameters
    ----------
    distances : numpy.ndarray of float64, shape (m, j)
    indices : numpy.ndarray of int64, shape (m, j)
        With ``j = min(k, m - 1)``.
    group : numpy.ndarray of int64, shape (n,)
        To which of the m rows each is equal.
    k : int

    Returns
    -------
    distances : numpy.ndarray of float64, shape (n, k)
    indices : numpy.ndarray of int64, shape (n, k)
    """
    members = np.split(np.argsort(group, kind="stable"), np.cumsum(np.bincount(group))[:-1])
    all_distances, all_indices = np.empty((len(group), k)), np.empty((len(group), k), dtype=np.int64)
    for number, own in enumerate(members):
        near = [own, *(members[other] for other in indices[number])]
        rows, away = np.concatenate(near), np.repeat([0, *distances[number]], [len(part) for part in near])
        order = np.lexsort((rows, away))
        rows, away = rows[order[: k + 1]], away[order[: k + 1]]
        for row in own:
            others = np.flatnonzero(rows != row)[:k]
            all_distances[row], all_indices[row] = away[others], rows[others]
    return all_distances, all_indices
