"""The initial labelled set of one run, by whichever job it is chosen."""

import numpy as np

from coldstart.selection import STRATEGIES
from coldstart.selection.base import check_selection, empty_selection


def select_first(vectors, budget, *, strategy, parameters=None, seed=0, groups=None):
    """Choose the initial labelled set.

    Parameters
    ----------
    vectors : numpy.ndarray of shape (n, d)
        The pool in the space that the strategy chooses in; ``d`` may be zero.
    budget : int
        How many samples to choose; 0 is the empty start.
    strategy : str
        A name of `coldstart.selection.STRATEGIES`.
    parameters : dict, optional
        Its parameters; those that are left out have their defaults.
    seed : int, default=0
        Of the run: the strategy draws from ``default_rng(seed)``.
    groups : numpy.ndarray of shape (n,), optional
        Patient of each sample.

    Returns
    -------
    Selection

    Raises
    ------
    InputError
        If the pool cannot meet the budget.
    """
    if not budget:
        return empty_selection()
    selection = STRATEGIES.load(strategy)(
        vectors, budget, rng=np.random.default_rng(seed), groups=groups, seed=seed, **(parameters or {})
    )
    return check_selection(selection, budget, len(vectors))
