"""Greedy k-centre: each time the sample farthest from all that are chosen."""

from typing import Literal

import numpy as np
from sklearn.preprocessing import normalize

from coldstart.selection.base import Selection, check_budget, check_finite
from coldstart.selection.geometry import farthest_points


def select(X, budget, *, rng, groups=None, seed=0, start: Literal["random", "centre"] = "random", l2: bool = False):
    """Choose by farthest-point traversal (k-centre greedy, the greedy form of core-set).

    Gonzalez, "Clustering to minimize the maximum intercluster distance", 1985: the
    largest distance of a sample to its nearest chosen one is at most twice the
    least possible. Sener and Savarese 2018 (arXiv 1708.00489), Algorithm 1, is
    the same with a labelled set to begin with; their mixed-integer refinement is
    not meant here.

    Parameters
    ----------
    X : numpy.ndarray of shape (n, d)
        The embedding of the pool.
    budget : int
        How many samples to choose.
    rng : numpy.random.Generator
        Source of the first sample where `start` is ``"random"``.
    groups : numpy.ndarray of shape (n,), optional
        Patient of each sample; not used.
    seed : int, default=0
        Seed of the run; not used, `rng` comes from it.
    start : {"random", "centre"}, default="random"
        The first sample: drawn, or the one nearest to the mean of the pool.
    l2 : bool, default=False
        Bring every vector to length 1 first, so that distances are those of the
        angles; a vector of zeros stays.

    Returns
    -------
    Selection
        Scores are the Euclidean distances to the nearest sample chosen before,
        of the first one 0; there are no clusters.

    Raises
    ------
    InputError
        If the budget is below one or larger than the pool, or `X` holds values
        that are not finite.
    """
    n = len(X)
    check_budget(budget, n)
    check_finite(X)
    points = normalize(X) if l2 else np.asarray(X)
    if start == "random":
        first, reason = int(rng.integers(n)), "first, drawn at random"
    else:
        middle = points.mean(axis=0, dtype=np.float64)
        first, reason = int(np.linalg.norm(points - middle, axis=1).argmin()), "first, nearest to the mean"
    rows, distances = farthest_points(points, [first], budget - 1)
    reasons = [reason, *["farthest from all chosen"] * (budget - 1)]
    return Selection([first, *rows], [0.0, *distances], reasons, [-1] * budget)
