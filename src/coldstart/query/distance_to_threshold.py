"""Classification uncertainty: how close a probability is to the decision threshold."""

import numpy as np

from coldstart.query.base import check_request, highest


def query(inputs, n, *, rng):
    """Pick the samples whose probability is nearest to the threshold.

    Yuan & Hong (2024), subsequent learning: score = -|p - t|, where t is the
    threshold of the validation split.

    Parameters
    ----------
    inputs : QueryInputs
        The unlabelled pool with `probabilities` and `threshold`.
    n : int
        How many to pick.
    rng : numpy.random.Generator
        Not used: of equal scores the lowest index comes first.

    Returns
    -------
    Picks
        Ranked by the score. A threshold of inf, above every probability, counts
        as 1, so that the highest probabilities come first.

    Raises
    ------
    InputError
        If the pool holds fewer than `n` samples or has no valid probabilities.
    """
    check_request(inputs, n)
    return highest(-np.abs(inputs.positive() - np.clip(inputs.threshold, 0, 1)), n)
