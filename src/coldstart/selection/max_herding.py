"""MaxHerding: greedy maximisation of a smooth coverage of the pool."""

import numpy as np
from sklearn.metrics.pairwise import rbf_kernel
from sklearn.preprocessing import normalize

from coldstart.selection.base import Selection, check_budget, check_finite
from coldstart.selection.coverage import greedy_cover


def select(X, budget, *, rng, groups=None, seed=0, gamma: float = 1.0, l2: bool = True):
    """Choose the samples that cover the pool best under a Gaussian kernel.

    Bae, Noh and Sutherland, "Generalized coverage for more robust low-budget
    active learning", ECCV 2024 (arXiv 2407.12212), Algorithm 1: each time the
    sample x with the largest ``mean over y of max(0, k(x, y) - m(y))``, where
    ``k(x, y) = exp(-gamma |x - y|^2)`` and m(y) is the largest k(s, y) of all s
    chosen so far. ProbCover with a ball that fades out. It draws nothing: the
    seed does not move it.

    Parameters
    ----------
    X : numpy.ndarray of shape (n, d)
        The embedding of the pool.
    budget : int
        How many samples to choose.
    rng : numpy.random.Generator
        Not used.
    groups : numpy.ndarray of shape (n,), optional
        Patient of each sample; not used.
    seed : int, default=0
        Seed of the run; not used.
    gamma : float, default=1
        Of the kernel; 1 is a length scale of 0.7, as in the paper for
        self-supervised features of length 1.
    l2 : bool, default=True
        Bring every vector to length 1 first; a vector of zeros stays.

    Returns
    -------
    Selection
        Scores are the gains in coverage; there are no clusters.

    Raises
    ------
    InputError
        If the budget is below one or larger than the pool, or `X` holds values
        that are not finite.
    """
    check_budget(budget, len(X))
    check_finite(X)
    points = np.asarray(X, dtype=np.float64)
    points = normalize(points) if l2 else points
    rows, gains = greedy_cover(
        lambda some: rbf_kernel(points[some], points, gamma=gamma), len(points), budget, "covering the pool"
    )
    return Selection(rows, gains, ["largest gain in coverage"] * budget, [-1] * budget)
