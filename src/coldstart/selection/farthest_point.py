"""Farthest-point sampling from the middle of the pool outwards."""

from coldstart.selection import kcenter_greedy


def select(X, budget, *, rng, groups=None, seed=0, l2: bool = False):
    """Choose by farthest-point traversal that starts at the sample nearest to the mean.

    The traversal of `kcenter_greedy` (Gonzalez 1985), whose first sample is drawn;
    here nothing is drawn, and the seed does not move it. MedCAL-Bench calls
    something else FPS: the farthest pair of each of half as many k-means clusters.

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
    l2 : bool, default=False
        Bring every vector to length 1 first; a vector of zeros stays.

    Returns
    -------
    Selection
        As `coldstart.selection.kcenter_greedy.select`.

    Raises
    ------
    InputError
        If the budget is below one or larger than the pool, or `X` holds values
        that are not finite.
    """
    return kcenter_greedy.select(X, budget, rng=rng, groups=groups, seed=seed, start="centre", l2=l2)
