"""Predictive entropy, as published for longitudinal imaging and as it is defined."""

from typing import Literal

import numpy as np
from scipy.special import entr

from coldstart.query.base import check_request, highest
from coldstart.query.pixels import binary_entropy, foreground_entropy, score_pixels


def query(inputs, n, *, rng, variant: Literal["fixed", "paper_code"] = "fixed"):
    """Pick the samples with the largest entropy, summed over their pixels.

    Entropy sampling (Settles 2009, Active Learning Literature Survey, 3.1) as a
    baseline of Ma et al. (IJCNN 2025, LMI-AL, arXiv 2511.18007). Their code takes
    the n smallest sums of ``p ln p``, the foreground's term alone, so that p =
    0.01 counts 4.6 times as much as p = 0.99; where any p is 0 the sum is no
    number and comes last.

    Parameters
    ----------
    inputs : QueryInputs
        The unlabelled pool with `probabilities`, one pixel each, or `maps`.
    n : int
        How many to pick.
    rng : numpy.random.Generator
        Not used: of equal scores the lowest index comes first.
    variant : {"fixed", "paper_code"}, default="fixed"
        The full binary entropy ``-p ln p - (1-p) ln(1-p)``, or the foreground's
        term as in the published code. A zero in maps of half precision stands
        for a probability below 3e-8, and counts as the limit 0 in both.

    Returns
    -------
    Picks
        Ranked by the entropy in nats.

    Raises
    ------
    InputError
        If the pool holds fewer than `n` samples or lacks the predictions.
    """
    check_request(inputs, n)
    term = binary_entropy if variant == "fixed" else published_term(inputs)
    return highest(score_pixels(inputs, lambda p, rows: term(p).sum(axis=1)), n)


def published_term(inputs):
    """The foreground's term of the entropy; nan at 0 unless that is a rounded value."""
    rounded = inputs.task == "segmentation" and getattr(inputs.maps, "dtype", None) == np.float16
    return entr if rounded else foreground_entropy
