"""Frozen features as a probe reads them."""

import numpy as np


def standardised(vectors, pool):
    """Bring features to mean 0 and standard deviation 1 in the unlabelled pool.

    Neither a label nor a row of the validation or test split has a say in it.

    Parameters
    ----------
    vectors : numpy.ndarray of shape (n, d)
        Features of every sample.
    pool : array_like of int, shape (m,)
        Rows of the pool.

    Returns
    -------
    numpy.ndarray of float64, shape (n, k)
        With ``k = d``, a feature that is the same in the whole pool being 0 there.
        Of more features than the pool has samples the coordinates in the space
        that the pool spans, ``k = m``: a regression with a squared penalty has
        its coefficients in that space (Hastie & Tibshirani, "Efficient quadratic
        regularization for expression arrays", Biostatistics 5:329, 2004), so that
        it predicts the same from fewer numbers.
    """
    X = np.asarray(vectors, dtype=np.float64)
    spread = X[pool].std(axis=0)
    X = (X - X[pool].mean(axis=0)) / np.where(spread > 0, spread, 1)
    if X.shape[1] <= len(pool):
        return X
    basis, _ = np.linalg.qr(X[pool].T)
    return X @ basis
