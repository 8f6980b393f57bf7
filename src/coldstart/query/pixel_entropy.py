"""Segmentation uncertainty: the mean uncertainty of the pixels of an image."""

from typing import Literal

import numpy as np
from scipy.special import entr

from coldstart.errors import InputError
from coldstart.query.base import check_request, highest, in_unit_interval

PIXELS_AT_ONCE = 2**20


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
    if inputs.maps is None:
        raise InputError(
            f"this query strategy needs predicted masks, which a {inputs.task} network does not give: "
            "choose one that serves the task."
        )
    return highest(mean_uncertainty(inputs.maps, measure), n)


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
    step = max(1, PIXELS_AT_ONCE // max(1, int(np.prod(np.shape(maps)[1:]))))
    for start in range(0, len(maps), step):
        p = np.asarray(maps[start : start + step], dtype=np.float64)
        p = in_unit_interval(p.reshape(len(p), -1))
        pixels = entr(p) + entr(1 - p) if measure == "entropy" else 1 - 2 * np.abs(p - 0.5)
        scores[start : start + step] = pixels.mean(axis=1)
    return scores
