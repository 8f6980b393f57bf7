"""Facility location: the samples to which the whole pool is most similar."""

import numpy as np
from sklearn.preprocessing import normalize

from coldstart.selection.base import Selection, check_budget, check_finite
from coldstart.selection.coverage import greedy_cover


def select(X, budget, *, rng, groups=None, seed=0):
    """Choose greedily by facility location on cosine similarity.

    Maximise ``sum over y of max over s of cos(s, y)`` (Lin and Bilmes, "A class
    of submodular functions for document summarization", ACL 2011); cosines below
    0 count as 0, so that the function stays monotone. The first half of RepDiv
    in MedCAL-Bench is this choice. It draws nothing: the seed does not move it.

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

    Returns
    -------
    Selection
        Scores are the gains in mean similarity; there are no clusters.

    Raises
    ------
    InputError
        If the budget is below one or larger than the pool, or `X` holds values
        that are not finite.
    """
    check_budget(budget, len(X))
    check_finite(X)
    points = normalize(np.asarray(X, dtype=np.float64))
    rows, gains = greedy_cover(lambda some: points[some] @ points.T, len(points), budget, "covering the pool")
    return Selection(rows, gains, ["largest gain in similarity"] * budget, [-1] * budget)
