"""Do neighbours in an embedding share what matters? Of every sample, against a sample of another patient at random.

The share of the k nearest neighbours that have the same label is the purity of
the neighbourhood, and for k = 1 the accuracy of a nearest-neighbour classifier
that is tested on one sample after the other; Cover and Hart, "Nearest neighbor
pattern classification", IEEE Transactions on Information Theory 13:21-27 (1967).
Images of the same patient resemble each other whatever is to be found in them, so
that neighbours are looked for among other patients alone.
"""

import numpy as np

from coldstart.selection.neighbours import nearest

ROWS_AT_ONCE = 256


def other_patients(vectors, k, patients):
    """Nearest neighbours of every row among the rows of other patients.

    Parameters
    ----------
    vectors : numpy.ndarray of shape (n, d)
        Finite numbers.
    k : int
        Neighbours of each row.
    patients : numpy.ndarray of int, shape (n,)
        Patient of each row, numbered from 0.

    Returns
    -------
    numpy.ndarray of int64, shape (n, k)
        Rows by Euclidean distance, of equal ones the lowest first; -1 where
        there are not as many rows of other patients.
    """
    n = len(vectors)
    found = np.full((n, k), -1, dtype=np.int64)
    # Among as many there are k of other patients, or all.
    most = min(k + int(np.bincount(patients).max()) - 1, n - 1)
    if most < 1:
        return found
    rows = nearest(vectors, most)[1]
    own = patients[rows] == patients[:, None]
    order = np.argsort(own, axis=1, kind="stable")[:, :k]
    rows, own = np.take_along_axis(rows, order, axis=1), np.take_along_axis(own, order, axis=1)
    found[:, : rows.shape[1]] = np.where(own, -1, rows)
    return found


def compare_neighbours(similarity, neighbours, patients):
    """How similar the neighbours of every row are to it, and how similar any row of another patient is.

    Parameters
    ----------
    similarity : callable
        Given a slice of rows, their similarity to all rows, (rows, n): one of
        `same_label`, `dice` and `size_difference`.
    neighbours : list of numpy.ndarray of int64, shape (n, k)
        From `other_patients`, one for each embedding.
    patients : numpy.ndarray of int, shape (n,)

    Returns
    -------
    near : list of numpy.ndarray of float64, shape (n, k)
        Column j: the mean over the j + 1 nearest; nan where there are fewer.
    chance : numpy.ndarray of float64, shape (n,)
        The mean over all rows of other patients, which is what neighbours at
        random come to: for labels and one row per patient, on average over the
        rows, the sum over classes of m (m - 1) / (n (n - 1)) for m rows of
        the class. nan where there are none.
    """
    n = len(patients)
    near, chance = [np.empty(rows.shape) for rows in neighbours], np.empty(n)
    for start in range(0, n, ROWS_AT_ONCE):
        part = slice(start, start + ROWS_AT_ONCE)
        found = similarity(part)
        for values, rows in zip(near, neighbours, strict=True):
            own = np.where(rows[part] < 0, np.nan, np.take_along_axis(found, np.maximum(rows[part], 0), axis=1))
            values[part] = np.cumsum(own, axis=1) / np.arange(1, own.shape[1] + 1)
        others = patients[part, None] != patients
        count = others.sum(axis=1)
        sums = np.where(others, found, 0).sum(axis=1)
        chance[part] = np.divide(sums, count, out=np.full(len(count), np.nan), where=count > 0)
    return near, chance


def same_label(labels):
    """Similarity of labels: 1 where they are equal, else 0.

    Parameters
    ----------
    labels : numpy.ndarray of shape (n,)

    Returns
    -------
    callable
        For `compare_neighbours`.
    """
    return lambda rows: (labels[rows, None] == labels).astype(np.float64)


def dice(masks):
    """Similarity of masks: their Dice coefficient, 1 where both are empty; Dice, Ecology 26:297-302 (1945).

    Parameters
    ----------
    masks : numpy.ndarray of uint8, shape (n, ...)
        0 or 1.

    Returns
    -------
    callable
        For `compare_neighbours`.
    """
    # Counts of pixels are exact in single precision.
    flat = masks.reshape(len(masks), -1).astype(np.float32)
    areas = flat.sum(axis=1, dtype=np.float64)

    def similarity(rows):
        total = areas[rows, None] + areas
        return np.divide(2.0 * (flat[rows] @ flat.T), total, out=np.ones_like(total), where=total > 0)

    return similarity


def size_difference(masks):
    """Absolute difference of the share of the image that is foreground, in percent of the image: 0 where equal.

    Parameters
    ----------
    masks : numpy.ndarray of uint8, shape (n, ...)
        0 or 1.

    Returns
    -------
    callable
        For `compare_neighbours`.
    """
    shares = 100 * masks.reshape(len(masks), -1).mean(axis=1, dtype=np.float64)
    return lambda rows: np.abs(shares[rows, None] - shares)
