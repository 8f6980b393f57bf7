"""Random queries, the baseline of every comparison."""

from coldstart.query.base import check_request, highest


def query(inputs, n, *, rng):
    """Pick uniformly without replacement.

    Parameters
    ----------
    inputs : QueryInputs
        The unlabelled pool.
    n : int
        How many to pick.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    Picks
        The samples with the highest of independent uniform random scores.

    Raises
    ------
    InputError
        If the pool holds fewer than `n` samples.
    """
    check_request(inputs, n)
    return highest(rng.random(inputs.size), n)
