"""k-means++ seeding: samples drawn with a probability that grows with their distance to those chosen."""

import numpy as np
from sklearn.preprocessing import StandardScaler

from coldstart.selection.base import Selection, check_budget, check_finite


def select(X, budget, *, rng, groups=None, seed=0, standardise: bool = True):
    """Draw samples by their squared distance to the nearest one drawn so far.

    Arthur and Vassilvitskii, "k-means++: the advantages of careful seeding",
    SODA 2007, section 2.2, without their Lloyd iterations and with one trial per
    draw: the first sample uniformly, each further one with probability
    ``D(x)^2 / sum of D^2``. Where all samples left lie upon chosen ones, the rest
    is drawn uniformly.

    Parameters
    ----------
    X : numpy.ndarray of shape (n, d)
        The embedding of the pool.
    budget : int
        How many samples to choose.
    rng : numpy.random.Generator
        Source of the draws.
    groups : numpy.ndarray of shape (n,), optional
        Patient of each sample; not used.
    seed : int, default=0
        Seed of the run; not used, `rng` comes from it.
    standardise : bool, default=True
        Bring every feature to mean 0 and standard deviation 1 first.

    Returns
    -------
    Selection
        Scores are the Euclidean distances to the nearest sample drawn before,
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
    points = StandardScaler().fit_transform(X) if standardise else np.asarray(X)
    row = int(rng.integers(n))
    rows, scores = [row], [0.0]
    nearest = np.full(n, np.inf)
    waiting = np.ones(n, dtype=bool)
    while len(rows) < budget:
        waiting[row] = False
        nearest = np.minimum(nearest, squared_distances(points, row))
        weights = np.where(waiting, nearest, 0)
        if not weights.any():
            weights = waiting.astype(np.float64)
        row = int(rng.choice(n, p=weights / weights.sum()))
        rows.append(row)
        scores.append(float(np.sqrt(nearest[row])))
    reasons = ["first, drawn at random", *["drawn by squared distance"] * (budget - 1)]
    return Selection(rows, scores, reasons, [-1] * budget)


def squared_distances(points, row):
    """Squared Euclidean distance of every point to one of them, float64 of shape (n,)."""
    gaps = points - points[row]
    return np.einsum("ij,ij->i", gaps, gaps, dtype=np.float64)
