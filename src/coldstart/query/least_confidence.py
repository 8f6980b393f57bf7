"""Least confidence, as published for longitudinal imaging and as it is defined."""

from typing import Literal

import numpy as np

from coldstart.query.base import check_request, highest
from coldstart.query.pixels import score_pixels


def query(inputs, n, *, rng, variant: Literal["fixed", "paper_code"] = "fixed"):
    """Pick the samples whose likelier class is least likely, on the mean over their pixels.

    Least-confidence sampling (Settles 2009, Active Learning Literature Survey,
    3.1) as a baseline of Ma et al. (IJCNN 2025, LMI-AL, arXiv 2511.18007). Their
    code takes the n smallest sums of p: the images with the least predicted
    lesion.

    Parameters
    ----------
    inputs : QueryInputs
        The unlabelled pool with `probabilities`, one pixel each, or `maps`.
    n : int
        How many to pick.
    rng : numpy.random.Generator
        Not used: of equal scores the lowest index comes first.
    variant : {"fixed", "paper_code"}, default="fixed"
        The mean of ``1 - max(p, 1 - p)``, or minus the sum of p as in the
        published code.

    Returns
    -------
    Picks
        Ranked by that score.

    Raises
    ------
    InputError
        If the pool holds fewer than `n` samples or lacks the predictions.
    """
    check_request(inputs, n)

    def score(p, rows):
        return -p.sum(axis=1) if variant == "paper_code" else np.minimum(p, 1 - p).mean(axis=1)

    return highest(score_pixels(inputs, score), n)
