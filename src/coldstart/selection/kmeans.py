"""k-means with as many clusters as labels: the sample nearest to each centre."""

from typing import Literal

import numpy as np
from sklearn.preprocessing import StandardScaler, normalize

from coldstart.selection.base import check_budget, check_finite
from coldstart.selection.clusters import kmeans_clusters, nearest_members


def select(
    X,
    budget,
    *,
    rng,
    groups=None,
    seed=0,
    scale: Literal["none", "standardise", "l2"] = "none",
    n_init: int = 10,
):
    """Cluster into as many clusters as the budget, and take the member nearest to the centre of each.

    The form of ALFM (Gupte et al. 2024, arXiv 2403.17607; there on vectors of
    length 1) and, where MedCAL-Bench and COLosSAL look for the nearest sample in
    the whole pool and so may take one twice, theirs too. Vision papers call it
    ALPS; the ALPS of Yuan et al. 2020 clusters surprisal, not images. For the
    growing clusterings of Yuan & Hong see `kmeans_sweep`.

    Parameters
    ----------
    X : numpy.ndarray of shape (n, d)
        The embedding of the pool.
    budget : int
        How many samples to choose.
    rng : numpy.random.Generator
        Source of the seed of k-means.
    groups : numpy.ndarray of shape (n,), optional
        Patient of each sample; not used.
    seed : int, default=0
        Seed of the run; not used, `rng` comes from it.
    scale : {"none", "standardise", "l2"}, default="none"
        What is done to the vectors first: nothing, every feature to mean 0 and
        standard deviation 1, or every vector to length 1.
    n_init : int, default=10
        Starts (k-means++) of k-means; the best one counts.

    Returns
    -------
    Selection
        Largest cluster first; scores are the Euclidean distances to the centre.
        Where there are fewer different samples than the budget, the rest are
        drawn from the pool and have cluster -1.

    Raises
    ------
    InputError
        If the budget is below one or larger than the pool, or `X` holds values
        that are not finite.
    """
    check_budget(budget, len(X))
    check_finite(X)
    points = {"none": np.asarray, "standardise": StandardScaler().fit_transform, "l2": normalize}[scale](X)
    labels, centres = kmeans_clusters(points, budget, int(rng.integers(2**31 - 1)), n_init)
    return nearest_members(points, labels, centres, budget, rng)
