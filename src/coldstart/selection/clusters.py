"""One sample from every cluster of the pool."""

import warnings

import numpy as np
from scipy.sparse import csr_array
from sklearn.cluster import AgglomerativeClustering, KMeans
from sklearn.exceptions import ConvergenceWarning
from threadpoolctl import threadpool_limits

from coldstart.selection.base import Selection
from coldstart.selection.neighbours import nearest

# Above, all pairs would take more than 100 MB: only near points are merged.
MOST_FOR_ALL_PAIRS = 5000
NEIGHBOURS = 30


def kmeans_clusters(points, k, random_state, n_init=10, weights=None):
    """Cluster by k-means (k-means++ starts), on one thread: the order of a parallel sum is not the same every time.

    Parameters
    ----------
    points : numpy.ndarray of shape (n, d)
    k : int
        Clusters; at most as many as there are different rows are made.
    random_state : int
    n_init : int, default=10
        Starts; the best one counts.
    weights : numpy.ndarray of shape (n,), optional
        What each point counts; by default all count alike.

    Returns
    -------
    labels : numpy.ndarray of int64, shape (n,)
    centres : numpy.ndarray of shape (k, d)
    """
    with warnings.catch_warnings(), threadpool_limits(1):
        # Fewer different rows than clusters leave some empty.
        warnings.simplefilter("ignore", ConvergenceWarning)
        model = KMeans(n_clusters=k, n_init=n_init, random_state=random_state)
        model.fit(points, sample_weight=weights)
    return model.labels_.astype(np.int64), model.cluster_centers_


def ward_clusters(points, k):
    """Cluster by Ward's method, which merges the two clusters that add least to the squared distances.

    Ward, "Hierarchical grouping to optimize an objective function", JASA 58, 1963.

    Parameters
    ----------
    points : numpy.ndarray of float64, shape (n, d)
    k : int
        Clusters, at most n.

    Returns
    -------
    numpy.ndarray of int64, shape (n,)
        Above 5,000 points two clusters are merged only where a point of one is
        among the 30 nearest neighbours of a point of the other.
    """
    n = len(points)
    if n == 1:
        return np.zeros(1, dtype=np.int64)
    near = None
    if n > MOST_FOR_ALL_PAIRS:
        places = nearest(points, NEIGHBOURS)[1]
        near = csr_array((np.ones(places.size), places.ravel(), np.arange(0, places.size + 1, NEIGHBOURS)), (n, n))
    with warnings.catch_warnings():
        # Parts of the graph that do not hang together are joined where they are nearest.
        warnings.simplefilter("ignore", UserWarning)
        model = AgglomerativeClustering(k, linkage="ward", connectivity=near)
        return model.fit_predict(points).astype(np.int64)


def one_of_each(labels, pick, budget, rng, reason):
    """Take one member of every cluster, the largest cluster first, and draw what is lacking.

    Parameters
    ----------
    labels : numpy.ndarray of int, shape (n,)
        Cluster of every sample of the pool; at most `budget` different ones.
    pick : callable
        From the rows of a cluster, ascending, and its number to the row that is
        taken and its score.
    budget : int
        How many samples are needed.
    rng : numpy.random.Generator
        Source of the draws where there are fewer clusters than that.
    reason : str
        What a pick is, for a reader; the number of the cluster is added.

    Returns
    -------
    Selection
        With `pool_clusters`; of equally large clusters the lowest number first.
        Drawn samples have score 0 and cluster -1.
    """
    numbers, sizes = np.unique(labels, return_counts=True)
    order = numbers[np.argsort(-sizes, kind="stable")]
    picked = [pick(np.flatnonzero(labels == cluster), cluster) for cluster in order]
    rows = [int(row) for row, _ in picked]
    lacking = budget - len(rows)
    drawn = rng.choice(np.setdiff1d(np.arange(len(labels)), rows), lacking, replace=False).tolist() if lacking else []
    return Selection(
        rows + drawn,
        [float(score) for _, score in picked] + [0.0] * lacking,
        [f"{reason} {cluster}" for cluster in order] + ["drawn, as there are fewer clusters than labels"] * lacking,
        [*order, *[-1] * lacking],
        pool_clusters=labels,
    )


def nearest_members(points, labels, centres, budget, rng):
    """The member nearest to the centre of every cluster; see `one_of_each`.

    Parameters
    ----------
    points : numpy.ndarray of shape (n, d)
    labels : numpy.ndarray of int, shape (n,)
    centres : numpy.ndarray of shape (k, d)
    budget, rng
        As for `one_of_each`.

    Returns
    -------
    Selection
        Scores are the Euclidean distances to the centre; of equal ones the
        lowest row is taken.
    """

    def pick(rows, cluster):
        distances = np.linalg.norm(points[rows] - centres[cluster], axis=1)
        return rows[distances.argmin()], distances.min()

    return one_of_each(labels, pick, budget, rng, "nearest to centre")
