"""Several tests told together."""

import numpy as np


def holm(p):
    """p-values of several tests, raised so that all hold together.

    Holm, "A simple sequentially rejective multiple test procedure",
    Scandinavian Journal of Statistics 6:65-70 (1979).

    Parameters
    ----------
    p : array_like of float, shape (m,)
        nan: no test was made; it is not counted.

    Returns
    -------
    numpy.ndarray, shape (m,)
        nan where `p` is.
    """
    p = np.asarray(p, dtype=np.float64)
    order = np.argsort(p, kind="stable")[: np.count_nonzero(~np.isnan(p))]
    raised = np.maximum.accumulate(p[order] * np.arange(len(order), 0, -1))
    found = np.full(len(p), np.nan)
    found[order] = np.minimum(raised, 1)
    return found
