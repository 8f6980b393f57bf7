"""CALR: the densest sample of every cluster of a BIRCH tree."""

import numpy as np
from sklearn.cluster import Birch
from sklearn.preprocessing import normalize

from coldstart.selection.base import check_budget, check_finite
from coldstart.selection.clusters import one_of_each, ward_clusters


def select(X, budget, *, rng, groups=None, seed=0, threshold: float = 0.5, branching_factor: int = 50):
    """Cluster by BIRCH into as many clusters as the budget, and take the densest member of each.

    CALR (Jin et al., "Cold-start active learning for image classification",
    Information Sciences 616, 2022), as MedCAL-Bench has it: the information
    density of a sample is its mean cosine similarity to the members of its
    cluster. BIRCH goes through the pool in its order and draws nothing.

    Parameters
    ----------
    X : numpy.ndarray of shape (n, d)
        The embedding of the pool.
    budget : int
        How many samples to choose.
    rng : numpy.random.Generator
        Source of the draws where BIRCH makes fewer clusters than the budget.
    groups : numpy.ndarray of shape (n,), optional
        Patient of each sample; not used.
    seed : int, default=0
        Seed of the run; not used, `rng` comes from it.
    threshold : float, default=0.5
        Largest radius of a subcluster of the tree.
    branching_factor : int, default=50
        Largest number of subclusters of a node.

    Returns
    -------
    Selection
        Largest cluster first; scores are the information densities.

    Raises
    ------
    InputError
        If the budget is below one or larger than the pool, or `X` holds values
        that are not finite.
    """
    check_budget(budget, len(X))
    check_finite(X)
    points = np.asarray(X, dtype=np.float64)
    tree = Birch(threshold=threshold, branching_factor=branching_factor, n_clusters=None).fit(points)
    labels = tree.labels_.astype(np.int64)
    # What Birch does with a number of clusters, but it fails where the tree has a single subcluster.
    if len(tree.subcluster_centers_) > budget:
        labels = ward_clusters(tree.subcluster_centers_, budget)[labels]
    directions = normalize(points)

    def pick(rows, cluster):
        own = directions[rows]
        # The mean of the cosines to all members is the cosine to their mean direction.
        density = own @ own.mean(axis=0)
        return rows[density.argmax()], density.max()

    return one_of_each(labels, pick, budget, rng, "densest of cluster")
