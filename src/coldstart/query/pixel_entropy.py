"""Segmentation uncertainty: the mean uncertainty of the pixels of an image."""

from typing import Literal

import numpy as np

from coldstart.query.base import check_request, highest
from coldstart.query.pixels import binary_entropy, needed_maps, parts


def query(inputs, n, *, rng, measure: Literal["entropy", "absolute"] = "entropy"):
    """Pick the images with the largest mean pixel uncertainty.

    Yuan & Hong (2024), subsequent learning; their formula for one pixel is not
    published.

    Parameters
    ----------
    inputs : QueryInputs
        The unlabelled pool with `maps`.
    n : int
        How many to pick.
    rng : numpy.random.Generator
        Not used: of equal scores the lowest index comes first.
    measure : {"entropy", "absolute"}, default="entropy"
        Uncertainty of a pixel: the binary entropy -p ln p - (1-p) ln(1-p) in
        nats, or 1 - 2|p - 0.5|.

    Returns
    -------
    Picks
        Ranked by the mean over pixels.

    Raises
    ------
    InputError
        If the pool holds fewer than `n` images or has no valid maps.
    """
    check_request(inputs, n)
    return highest(mean_uncertainty(needed_maps(inputs), measure), n)


def mean_uncertainty(maps, measure="entropy"):
    """Mean pixel uncertainty of each image, computed in float64.

    Parameters
    ----------
    maps : array_like of shape (n, H, W)
        Foreground probabilities; read some images at a time, so that the pool
        is never held in float64 as a whole.
    measure : {"entropy", "absolute"}, default="entropy"
        As for `query`.

    Returns
    -------
    numpy.ndarray of float64, shape (n,)

    Raises
    ------
    InputError
        If a value is not a probability.
    """
    scores = np.empty(len(maps))
    for rows, p in parts(maps):
        pixels = binary_entropy(p) if measure == "entropy" else 1 - 2 * np.abs(p - 0.5)
        scores[rows] = pixels.mean(axis=1)
    return scores
