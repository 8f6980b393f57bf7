"""The whole pool: full supervision, the reference that selections are held against."""

import numpy as np

from coldstart.selection.base import Selection


def select(X, budget, *, rng, groups=None, seed=0):
    """Take the whole pool in its order, whatever the budget.

    The reference of LMI-AL ("all"; Ma et al., IJCNN 2025) and of ACFT ("full
    training"; Zhou et al., Medical Image Analysis 71, 2021, 101997).

    Parameters
    ----------
    X : numpy.ndarray of shape (n, d)
        The embedding of the pool; only its number of rows is used, and ``d`` may be zero.
    budget : int
        Not used.
    rng : numpy.random.Generator
        Not used.
    groups : numpy.ndarray of shape (n,), optional
        Patient of each sample; not used.
    seed : int, default=0
        Seed of the run; not used.

    Returns
    -------
    Selection
        All rows. Scores are zero and there are no clusters.
    """
    n = len(X)
    return Selection(np.arange(n), np.zeros(n), ["the whole pool"] * n, np.full(n, -1))
