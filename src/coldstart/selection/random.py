"""Random selection, the baseline of every comparison."""

import numpy as np

from coldstart.errors import InputError
from coldstart.selection.base import Selection, check_budget

PUBLISHED_SEED = 2024
PUBLISHED_STEP = 10
LARGEST_SEED = (2**32 - 1) // PUBLISHED_SEED


def select(X, budget, *, rng, groups=None, seed=0, published: bool = False):
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
    seed : int, default=0
        Seed of the run, the number of the repeat where `published` is true.
    published : bool, default=False
        Reproduce the draws of the published baseline exactly, seed 0 being its
        repeat 0: NumPy's legacy generator is seeded with ``2024 * seed`` anew
        at every step of ten samples (Yuan & Hong, arXiv 2402.02561, released code).

    Returns
    -------
    Selection
        Scores are zero and there are no clusters.

    Raises
    ------
    InputError
        If the budget is below one or larger than the pool, or the seed too large
        for the published draws.
    """
    n = len(X)
    check_budget(budget, n)
    indices = published_order(n, budget, seed) if published else rng.permutation(n)
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

    Raises
    ------
    InputError
        If the generator takes no such seed.
    """
    if repeat > LARGEST_SEED:
        raise InputError(
            f"seed {repeat} is too large for `published: true`, which multiplies it by {PUBLISHED_SEED}: "
            f"use seeds up to {LARGEST_SEED} (published: 0 to 9)."
        )
    chosen = np.empty(0, dtype=np.int64)
    while len(chosen) < budget:
        remaining = np.setdiff1d(np.arange(n), chosen)
        legacy = np.random.RandomState(PUBLISHED_SEED * repeat)
        drawn = legacy.choice(remaining, min(PUBLISHED_STEP, len(remaining)), replace=False)
        chosen = np.concatenate([chosen, drawn])
    return chosen
