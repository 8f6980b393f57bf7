"""How far apart the classes lie in an embedding: their silhouettes, without the patient's own other samples."""

import numpy as np
from sklearn.metrics.pairwise import euclidean_distances

ROWS_AT_ONCE = 256


def class_silhouettes(vectors, classes, patients):
    """Silhouette of every row, with its class as its cluster.

    Rousseeuw, "Silhouettes: a graphical aid to the interpretation and
    validation of cluster analysis", Journal of Computational and Applied
    Mathematics 20:53-65 (1987): the mean distance a to the rows of its class
    and the least mean distance b to those of another class give
    ``(b - a) / max(a, b)``, from -1 to 1; 0 for the only row of a class. Here
    both means are over rows of other patients; with one row per patient it is
    Rousseeuw's.

    Parameters
    ----------
    vectors : numpy.ndarray of shape (n, d)
    classes : numpy.ndarray of int, shape (n,)
        Numbered from 0, each at least once.
    patients : numpy.ndarray of int, shape (n,)

    Returns
    -------
    numpy.ndarray of float64, shape (n,)
        By Euclidean distances; nan where other patients have no other class.
    """
    vectors = np.asarray(vectors, dtype=np.float64)
    members = np.eye(int(classes.max()) + 1)[classes]
    found = np.empty(len(vectors))
    for start in range(0, len(vectors), ROWS_AT_ONCE):
        part = slice(start, start + ROWS_AT_ONCE)
        others = (patients[part, None] != patients).astype(np.float64)
        sums = (euclidean_distances(vectors[part], vectors) * others) @ members
        counts = others @ members
        means = np.divide(sums, counts, out=np.full_like(sums, np.inf), where=counts > 0)
        own = (np.arange(len(means)), classes[part])
        within = means[own]
        means[own] = np.inf
        between = means.min(axis=1)
        larger = np.maximum(within, between)
        values = np.where(np.isfinite(between), 0.0, np.nan)
        # Not where the row is the only one of its class, or lies upon all others.
        some = np.isfinite(larger) & (larger > 0)
        values[some] = (between[some] - within[some]) / larger[some]
        found[part] = values
    return found
