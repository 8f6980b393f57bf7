"""The samples whose embedding a network is least certain about."""

import numpy as np

from coldstart.selection.base import Selection, check_budget, check_finite


def select(X, budget, *, rng, groups=None, seed=0, measures):
    """Take the samples whose embedding a network with dropout predicts least steadily.

    The uncertainty-based initialisation of Yuan et al. (2025, hcs2.70009). The
    uncertainty is measured by the rule of that name, once for every model
    (`models.<name>.uncertainty`; `coldstart.learning.embedding_regression`), so
    that the seed does not move it.

    Parameters
    ----------
    X : numpy.ndarray of shape (n, d)
        The embedding of the pool; not used itself.
    budget : int
        How many samples to choose.
    rng : numpy.random.Generator
        Not used.
    groups : numpy.ndarray of shape (n,), optional
        Patient of each sample; not used.
    seed : int, default=0
        Seed of the run; not used.
    measures : dict of str to numpy.ndarray of shape (n,)
        ``uncertainty`` of every sample.

    Returns
    -------
    Selection
        Scores are the uncertainties, largest first; of equal ones the lowest row
        first. There are no clusters.

    Raises
    ------
    InputError
        If the budget is below one or larger than the pool, or `X` holds values
        that are not finite.
    """
    check_budget(budget, len(X))
    check_finite(X)
    values = np.asarray(measures["uncertainty"], dtype=np.float64)
    rows = np.argsort(-values, kind="stable")[:budget]
    return Selection(rows, values[rows], ["among the most uncertain"] * budget, [-1] * budget)
