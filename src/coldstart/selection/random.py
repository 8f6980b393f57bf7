"""Random selection, the baseline of every comparison."""

import numpy as np

from coldstart.selection.base import Selection, check_budget

PUBLISHED_SEED = 2024
PUBLISHED_STEP = 10


def select(X, budget, *, rng, groups=None, published_repeat: int | None = None):
    """Draw uniformly without replacement.

    The budget is a prefix of one permutation of the pool, so that a larger
    budget contains every smaller one.

    Parameters
    ----------
    X : numpy.ndarray of shape (n, d)
        The embedding of the pool; only its number of rows is used, and ``d`` may be zero.
    budget : int
        How many samples to choose.
    rng : numpy.random.Generator
        Source of randomness.
    groups : numpy.ndarray of shape (n,), optional
        Patient of each sample; not used.
    published_repeat : int, optional
        Number of a repeat (0, 1, ...) of the published baseline, whose draws
        are then reproduced exactly and `rng` is left alone: NumPy's legacy
        generator is seeded with ``2024 * repeat`` anew at every step of ten
        samples (Yuan & Hong, arXiv 2402.02561, released code).

    Returns
    -------
    Selection
        Scores are zero and there are no clusters.

    Raises
    ------
    InputError
        If the budget is below one or larger than the pool.
    """
    n = len(X)
    check_budget(budget, n)
    indices = rng.permutation(n) if published_repeat is None else published_order(n, budget, published_repeat)
    return Selection(indices[:budget], np.zeros(budget), ["random"] * budget, np.full(budget, -1))


def published_order(n, budget, repeat):
    """Draws of the published random baseline.

    Parameters
    ----------
    n : int
        Size of the pool.
    budget : int
        How many samples are needed at least.
    repeat : int
        Number of the repeat.

    Returns
    -------
    numpy.ndarray of int64
        Chosen rows in order: `budget` of them rounded up to whole steps, at most `n`.
    """
    chosen = np.empty(0, dtype=np.int64)
    while len(chosen) < budget:
        remaining = np.setdiff1d(np.arange(n), chosen)
        legacy = np.random.RandomState(PUBLISHED_SEED * repeat)
        drawn = legacy.choice(remaining, min(PUBLISHED_STEP, len(remaining)), replace=False)
        chosen = np.concatenate([chosen, drawn])
    return chosen
