"""Who beats whom: outcomes of tests by pairs, and the share of points that one arm wins."""

import numpy as np

ALPHA = 0.05
# Points at which both arms are within this share of full supervision are no contest.
SATURATED = 0.99


def outcomes(difference, p, *, higher_is_better=True, alpha=ALPHA):
    """Tell wins, losses and ties of the first arm of every pair.

    Parameters
    ----------
    difference : array_like of float
        Value of the first arm less that of the second.
    p : array_like of float
        Of the same shape, corrected for all tests told together; nan where no
        test was made.
    higher_is_better : bool, default=True
        Direction of the metric; a distance is better where it is smaller.
    alpha : float, default=0.05

    Returns
    -------
    numpy.ndarray of float
        1: the first is better, -1: the second is, 0: neither is, or there is
        no difference at all; nan: not known.
    """
    difference, p = np.asarray(difference, dtype=np.float64), np.asarray(p, dtype=np.float64)
    better = np.sign(difference) * (1 if higher_is_better else -1)
    return np.where(np.isnan(p), np.where(difference == 0, 0.0, np.nan), np.where(p < alpha, better, 0.0))


def outcome_matrix(n, first, second, outcome):
    """Put the outcomes of pairs into a matrix whose rows are held against its columns.

    Parameters
    ----------
    n : int
        Arms.
    first, second : array_like of int, shape (m,)
        Arms of every pair.
    outcome : array_like of float, shape (m,)
        From `outcomes`.

    Returns
    -------
    numpy.ndarray, shape (n, n)
        ``[i, j]`` is 1 where i is better than j, and ``[j, i]`` is then -1;
        nan on the diagonal and for pairs that are not known.
    """
    matrix = np.full((n, n), np.nan)
    matrix[first, second] = outcome
    matrix[second, first] = -np.asarray(outcome, dtype=np.float64)
    return matrix


def is_saturated(first, second, full, *, higher_is_better=True, share=SATURATED):
    """Tell at which points both arms are as good as full supervision, so that neither can win.

    Ash et al., "Deep batch active learning by diverse, uncertain gradient
    lower bounds", ICLR 2020, count no points beyond 99 % of the final accuracy.

    Parameters
    ----------
    first, second : array_like of float
        Mean values of the two arms.
    full : float
        Value of full supervision; nan: there is none, and no point is saturated.
    higher_is_better : bool, default=True
        A distance is saturated below `full` divided by `share`.
    share : float, default=0.99

    Returns
    -------
    numpy.ndarray of bool
    """
    first, second = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    if higher_is_better:
        return np.minimum(first, second) > share * full
    return np.maximum(first, second) < full / share


def share_won(matrices, counted):
    """Share of points at which the row's arm beats the column's: the pairwise penalty matrix, rows for winners.

    Ash et al. (ICLR 2020), appendix; whoever draws theirs should know that its
    entry (i, j) counts what i wins over j.

    Parameters
    ----------
    matrices : array_like, shape (points, n, n)
        From `outcome_matrix`.
    counted : array_like of bool, shape (points, n, n)
        Points that take part, see `is_saturated`; a point that is not known does not.

    Returns
    -------
    won, points : numpy.ndarray, shape (n, n)
        The number of points won by the row, and of those that took part.
    """
    matrices = np.asarray(matrices, dtype=np.float64)
    counted = np.asarray(counted, dtype=bool) & ~np.isnan(matrices)
    return ((matrices == 1) & counted).sum(axis=0), counted.sum(axis=0)
