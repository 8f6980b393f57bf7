"""Stochastic batches: of many random batches the one that is most uncertain on average."""

import numpy as np

from coldstart.query.base import Picks, check_request
from coldstart.query.pixels import binary_entropy, score_pixels


def query(inputs, n, *, rng):
    """Cut the shuffled pool into batches of n and take the one with the largest mean entropy.

    Gaillochet, Desrosiers and Lombaert, "Active learning for medical image
    segmentation with stochastic batches", Medical Image Analysis 90:102958
    (2023, arXiv 2301.07670), with the entropy as uncertainty: every sample is in
    one batch, and those that would not fill the last one are in none.

    Parameters
    ----------
    inputs : QueryInputs
        The unlabelled pool with `probabilities`, one pixel each, or `maps`.
    n : int
        How many to pick.
    rng : numpy.random.Generator
        Source of the shuffling.

    Returns
    -------
    Picks
        The samples of the batch ranked by their mean entropy over pixels in nats.

    Raises
    ------
    InputError
        If the pool holds fewer than `n` samples or lacks the predictions.
    """
    check_request(inputs, n)
    scores = score_pixels(inputs, lambda p, rows: binary_entropy(p).mean(axis=1))
    count = inputs.size // n
    batches = rng.permutation(inputs.size)[: count * n].reshape(count, n)
    chosen = np.sort(batches[scores[batches].mean(axis=1).argmax()])
    order = chosen[np.argsort(-scores[chosen], kind="stable")]
    return Picks(order.astype(np.int64), scores[order])
