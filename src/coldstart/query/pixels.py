"""Scores that are summed over the pixels of a prediction; a classifier's prediction counts as one pixel."""

import numpy as np
from scipy.special import entr

from coldstart.errors import InputError
from coldstart.query.base import in_unit_interval

PIXELS_AT_ONCE = 2**20


def parts(maps):
    """Read maps some images at a time, so that the pool is never held in float64 as a whole.

    Parameters
    ----------
    maps : array_like of shape (n, H, W)
        Foreground probabilities, possibly a memory map.

    Yields
    ------
    rows : slice
        Which images.
    p : numpy.ndarray of float64, shape (k, H * W)
        Their pixels.

    Raises
    ------
    InputError
        If a value is not a probability.
    """
    step = max(1, PIXELS_AT_ONCE // max(1, int(np.prod(np.shape(maps)[1:]))))
    for start in range(0, len(maps), step):
        rows = slice(start, min(start + step, len(maps)))
        p = np.asarray(maps[rows], dtype=np.float64)
        yield rows, in_unit_interval(p.reshape(len(p), -1))


def needed_maps(inputs):
    """The predicted masks of the pool.

    Raises
    ------
    InputError
        If there are none.
    """
    if inputs.maps is None:
        raise InputError(
            f"this query strategy needs predicted masks, which a {inputs.task} network does not give: "
            "choose one that serves the task."
        )
    return inputs.maps


def score_pixels(inputs, score):
    """Score every sample of the pool by its predicted pixels.

    Parameters
    ----------
    inputs : QueryInputs
        The unlabelled pool with `probabilities` or `maps`, as its task has it.
    score : callable
        ``score(p, rows) -> (k,)`` for the positive or foreground probabilities
        `p`, float64 of shape (k, pixels), of the samples `rows`, a slice. For
        classification there is one pixel.

    Returns
    -------
    numpy.ndarray of float64, shape (n,)

    Raises
    ------
    InputError
        If the predictions are missing or no probabilities.
    """
    if inputs.task == "classification":
        return score(inputs.positive()[:, None], slice(0, inputs.size))
    scores = np.empty(inputs.size)
    for rows, p in parts(needed_maps(inputs)):
        scores[rows] = score(p, rows)
    return scores


def binary_entropy(p):
    """Entropy of a binary prediction, ``-p ln p - (1-p) ln(1-p)`` in nats, elementwise; 0 at 0 and 1."""
    return entr(p) + entr(1 - p)


def foreground_entropy(p):
    """The foreground's term alone, ``-p ln p`` in nats, elementwise, and nan at 0.

    This is what the published code of Ma et al. (IJCNN 2025) takes for the
    entropy of a pixel: largest at p = 1/e, it ranks p above 1 - p for a small p.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        return -p * np.log(p)
