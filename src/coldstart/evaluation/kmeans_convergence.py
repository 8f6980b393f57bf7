"""How quickly k-means converges in an embedding, and how much of its spread is left within the clusters."""

import warnings
from dataclasses import dataclass

import numpy as np
from sklearn.cluster import KMeans
from sklearn.exceptions import ConvergenceWarning
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from coldstart.selection.neighbours import different_rows


@dataclass(frozen=True, eq=False)
class Convergence:
    """k-means from several random starts.

    Attributes
    ----------
    iterations : numpy.ndarray of float64, shape (starts,)
        Assignments of all samples to their nearest centres until the end.
    inertia : numpy.ndarray of float64, shape (starts,)
        Squared distances of all samples to their centres, as a share of those
        to their common mean: 0 to 1, whatever the scale of the embedding.
    work : numpy.ndarray of float64, shape (starts,)
        Multiplications of all distances to centres, in 10⁹:
        iterations · n · k · d.
    """

    iterations: np.ndarray
    inertia: np.ndarray
    work: np.ndarray


def kmeans_convergence(vectors, k, starts):
    """Run Lloyd's algorithm as the published code of Yuan & Hong does, and count.

    Lloyd, "Least squares quantization in PCM", IEEE Transactions on Information
    Theory 28:129-137 (1982). As in the code of arXiv 2402.02561, features have
    mean 0 and standard deviation 1 and the first centres are samples at random.
    scikit-learn's rule ends it: no sample has changed its cluster, or the
    squared shifts of the centres sum to at most 10⁻⁴ of the mean variance of
    a feature, or after 300 iterations. Its count `n_iter_` holds the last
    iteration, in which nothing changed. Start i takes the same samples as
    first centres in every embedding.

    Parameters
    ----------
    vectors : numpy.ndarray of shape (n, d)
        Finite numbers.
    k : int
        Clusters.
    starts : int
        Random starts, each counted by itself; the seeds are 0, 1, ...

    Returns
    -------
    Convergence
        nan where there are fewer than `k` different vectors, or no spread.
    """
    n, d = vectors.shape
    features = StandardScaler().fit_transform(vectors)
    total = float((features.astype(np.float64) ** 2).sum())
    if len(different_rows(features)[0]) < max(k, 2):
        nothing = np.full(starts, np.nan)
        return Convergence(nothing, nothing, nothing)
    # One thread: the order of a parallel sum is not the same every time.
    with warnings.catch_warnings(), threadpool_limits(1):
        # Rows that differ by less than rounding can still merge.
        warnings.simplefilter("ignore", ConvergenceWarning)
        models = [KMeans(k, init="random", n_init=1, random_state=start).fit(features) for start in range(starts)]
    iterations = np.array([model.n_iter_ for model in models], dtype=np.float64)
    inertia = np.array([model.inertia_ for model in models], dtype=np.float64) / total
    return Convergence(iterations, inertia, iterations * (n * k * d / 1e9))
