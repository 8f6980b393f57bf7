"""What a selection strategy answers, and the checks that all strategies share."""

from dataclasses import dataclass

import numpy as np

from coldstart.errors import InputError


@dataclass(frozen=True, eq=False)
class Selection:
    """Samples to label first, in the order in which they were chosen.

    Attributes
    ----------
    indices : numpy.ndarray of int64, shape (b,)
        Rows of the pool, each at most once.
    scores : numpy.ndarray of float64, shape (b,)
        What the strategy measured at each pick; its meaning is the strategy's own.
    reasons : tuple of str, length b
        Why each sample was chosen, for a reader.
    clusters : numpy.ndarray of int64, shape (b,)
        Cluster of each pick; -1 where there is none.
    pool_clusters : numpy.ndarray of int64, shape (n,), optional
        Cluster of every row of the pool, where the strategy clusters it once.

    Raises
    ------
    ValueError
        If the first four differ in length.
    """

    indices: np.ndarray
    scores: np.ndarray
    reasons: tuple
    clusters: np.ndarray
    pool_clusters: np.ndarray | None = None

    def __post_init__(self):
        object.__setattr__(self, "indices", np.asarray(self.indices, dtype=np.int64))
        object.__setattr__(self, "scores", np.asarray(self.scores, dtype=np.float64))
        object.__setattr__(self, "reasons", tuple(self.reasons))
        object.__setattr__(self, "clusters", np.asarray(self.clusters, dtype=np.int64))
        lengths = {len(part) for part in (self.indices, self.scores, self.reasons, self.clusters)}
        if len(lengths) != 1:
            raise ValueError("a selection needs one score, one reason and one cluster per index")


def empty_selection():
    """The selection of budget 0, the empty start: nothing is labelled before the first query."""
    return Selection((), (), (), ())


def check_budget(budget, n):
    """Refuse a budget that the pool cannot meet.

    Parameters
    ----------
    budget : int
        How many samples are to be labelled.
    n : int
        Size of the pool.

    Raises
    ------
    InputError
        If `budget` is below one or above `n`.
    """
    if budget < 1:
        raise InputError(f"budget {budget} selects nothing: a strategy needs a budget that is at least 1.")
    if budget > n:
        raise InputError(f"budget {budget} is larger than the pool of {n} images: lower `budgets` or add images.")


def check_finite(X):
    """Refuse an embedding that holds nan or infinity.

    Parameters
    ----------
    X : numpy.ndarray of shape (n, d)
        The embedding of the pool.

    Raises
    ------
    InputError
        If a value is not finite.
    """
    bad = np.flatnonzero(~np.isfinite(X).all(axis=1))
    if len(bad):
        raise InputError(
            f"the embedding of {len(bad)} of {len(X)} samples holds values that are not finite "
            f"(first in row {bad[0]} of the pool): make the embedding again."
        )


def check_selection(selection, budget, n):
    """Hold a strategy to its contract: exactly `budget` different members of the pool.

    Parameters
    ----------
    selection : Selection
        What a strategy returned.
    budget : int
        How many samples were asked for.
    n : int
        Size of the pool.

    Returns
    -------
    Selection
        The same object.

    Raises
    ------
    ValueError
        If the strategy broke its contract; a defect of the strategy, not of its input.
    """
    indices = selection.indices
    if len(indices) != budget:
        raise ValueError(f"the strategy returned {len(indices)} samples where {budget} were asked for")
    if len(np.unique(indices)) != budget:
        raise ValueError("the strategy returned a sample twice")
    if budget and (indices.min() < 0 or indices.max() >= n):
        raise ValueError(f"the strategy returned a sample outside the pool of {n}")
    return selection
