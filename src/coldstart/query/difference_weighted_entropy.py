"""Entropy weighted by how much an image has changed, for pairs of scans of one patient."""

from typing import Literal

import numpy as np

from coldstart.errors import InputError
from coldstart.query.base import check_request, highest
from coldstart.query.entropy import published_term
from coldstart.query.images import channel_of
from coldstart.query.pixels import binary_entropy, score_pixels


def query(
    inputs,
    n,
    *,
    rng,
    channel: int = 2,
    threshold: int = 0,
    signed: bool = False,
    variant: Literal["fixed", "paper_code"] = "fixed",
):
    """Pick the samples with the largest entropy where baseline and follow-up differ.

    The variant "our" of the entropy sampling of Ma et al. (IJCNN 2025, LMI-AL,
    arXiv 2511.18007), released code: the sum over pixels of the entropy times a
    difference map over 255. Their maps are not distributed; the names of their
    files say thresholds of 20, 50 and 80, which are read here as grey levels.

    Parameters
    ----------
    inputs : QueryInputs
        The unlabelled pool with `images`, and `probabilities` or `maps`. The
        probability of a classifier counts for every pixel of the image.
    n : int
        How many to pick.
    rng : numpy.random.Generator
        Not used: of equal scores the lowest index comes first.
    channel : int, default=2
        Channel of the images, from 0, that holds the difference; the brighter,
        the more change. A grey image is its own weight.
    threshold : int, default=0
        Weights below this grey level of 255 are zero; published 0, 20, 50, 80.
    signed : bool, default=False
        The difference is stored with its sign: no change is middle grey, and the
        weight grows from there to black and to white.
    variant : {"fixed", "paper_code"}, default="fixed"
        The full binary entropy, or the foreground's term alone as in the
        published code, where a sum that is no number counts as zero.

    Returns
    -------
    Picks
        Ranked by the weighted sum in nats.

    Raises
    ------
    InputError
        If the pool holds fewer than `n` samples, lacks predictions or images, or
        the images lack the channel.
    """
    check_request(inputs, n)
    if not 0 <= threshold <= 255:
        raise InputError(
            f"threshold of a difference_weighted_entropy query is {threshold}: give a grey level, 0 to 255."
        )
    images = inputs.need("images")
    term = binary_entropy if variant == "fixed" else published_term(inputs)

    def score(p, rows):
        # A few images at a time: a classifier's pool comes in one piece.
        return np.array(
            [
                (term(q) * weights(np.asarray(images[row : row + 1]), channel, threshold, signed)).sum()
                for row, q in enumerate(p, rows.start)
            ]
        )

    scores = score_pixels(inputs, score)
    return highest(scores if variant == "fixed" else np.nan_to_num(scores, nan=0.0), n)


def weights(images, channel, threshold, signed):
    """Weights of the pixels of some images.

    Parameters
    ----------
    images : numpy.ndarray of uint8 or uint16, shape (k, H, W) or (k, H, W, C)
        Stored pixels.
    channel, threshold, signed
        As for `query`.

    Returns
    -------
    numpy.ndarray of float64, shape (k, H * W)
        In [0, 1].
    """
    level = channel_of(images, channel) / np.float64(np.iinfo(images.dtype).max)
    level = np.abs(2 * level - 1) if signed else level
    return np.where(level * 255 < threshold, 0.0, level)
