"""Margin, as published for longitudinal imaging and as it is defined."""

from typing import Literal

import numpy as np

from coldstart.query.base import Picks, check_request, highest
from coldstart.query.pixels import score_pixels


def query(inputs, n, *, rng, variant: Literal["fixed", "paper_code"] = "fixed"):
    """Pick the samples with the least difference between the two classes, on the mean over their pixels.

    Margin sampling (Scheffer et al. 2001; Settles 2009, Active Learning
    Literature Survey, 3.1) as a baseline of Ma et al. (IJCNN 2025, LMI-AL, arXiv
    2511.18007). Their code sorts the sums s of p over the whole pool, largest
    first, and then takes the ranks of the smallest ``s - (1 - s)`` for rows of
    the pool: always its last n rows, from the last one backwards.

    Parameters
    ----------
    inputs : QueryInputs
        The unlabelled pool with `probabilities`, one pixel each, or `maps`.
    n : int
        How many to pick.
    rng : numpy.random.Generator
        Not used: of equal scores the lowest index comes first.
    variant : {"fixed", "paper_code"}, default="fixed"
        Minus the mean of ``|2p - 1|``, or what the published code does.

    Returns
    -------
    Picks
        Ranked by that score; for ``paper_code`` by minus the ``2s - 1`` that
        stands at the row's rank.

    Raises
    ------
    InputError
        If the pool holds fewer than `n` samples or lacks the predictions.
    """
    check_request(inputs, n)
    if variant == "fixed":
        return highest(score_pixels(inputs, lambda p, rows: -np.abs(2 * p - 1).mean(axis=1)), n)
    descending = -np.sort(-score_pixels(inputs, lambda p, rows: p.sum(axis=1)))
    rows = np.arange(inputs.size - 1, inputs.size - 1 - n, -1)
    return Picks(rows.astype(np.int64), 1 - 2 * descending[rows])
