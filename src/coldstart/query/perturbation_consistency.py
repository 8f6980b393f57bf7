"""Consistency of the predictions for a perturbed image (PCDAL)."""

from typing import Literal

import numpy as np

from coldstart.errors import InputError
from coldstart.query.base import check_request, highest
from coldstart.query.committee import mutual_information, score_committee
from coldstart.query.pixels import binary_entropy

# The views of the published code: the image, its two mirror images and both mirrorings at once.
PUBLISHED = ("identity", "flip_lr", "flip_ud", "rot180")


def query(
    inputs,
    n,
    *,
    rng,
    perturbations: list[
        Literal[
            "identity",
            "flip_lr",
            "flip_ud",
            "rot90",
            "rot180",
            "rot270",
            "transpose",
            "anti_transpose",
            "brighter",
            "darker",
            "contrast_up",
            "contrast_down",
            "noise",
            "blur",
        ]
    ]
    | None = None,
    measure: Literal["variance", "divergence", "overlap"] = "variance",
):
    """Pick the samples whose prediction changes most when the image is perturbed.

    PCDAL (Wang et al. 2023, arXiv 2306.16918): every image is perturbed in
    several ways, and those whose predictions agree least are labelled first. For
    segmentation the predicted maps are moved back onto the image.

    Parameters
    ----------
    inputs : QueryInputs
        The unlabelled pool with a `network`.
    n : int
        How many to pick.
    rng : numpy.random.Generator
        Not used: of equal scores the lowest index comes first.
    perturbations : list, optional
        At least two ways to see an image; by default those of the published
        code: identity, flip_lr, flip_ud and both flips, rot180.
    measure : {"variance", "divergence", "overlap"}, default="variance"
        Disagreement: the mean squared difference from the mean prediction, over
        views and pixels, as in the published code; the entropy of the mean
        prediction less the mean entropy, per pixel (Jensen-Shannon divergence);
        or one less the mean Dice of every two views, foreground from 0.5 on, where two empty
        masks agree.

    Returns
    -------
    Picks
        Ranked by the disagreement.

    Raises
    ------
    InputError
        If the pool holds fewer than `n` samples or lacks the network, or fewer
        than two perturbations are given.
    """
    check_request(inputs, n)
    names = PUBLISHED if perturbations is None else tuple(perturbations)
    if len(names) < 2:
        raise InputError("a perturbation_consistency query compares at least two perturbations: name more.")
    return highest(score_committee(inputs.need("network").views(names), inputs.size, MEASURES[measure]), n)


def variance(p):
    """Mean squared difference from the mean prediction, of p float64 (views, pixels)."""
    return p.var(axis=0).mean()


def divergence(p):
    """Mean Jensen-Shannon divergence of the views of a pixel, in nats, of p float64 (views, pixels)."""
    return mutual_information(p, binary_entropy) / p.shape[1]


def overlap(p):
    """One less the mean Dice of every two views, of p float64 (views, pixels)."""
    masks = (p >= 0.5).astype(np.float64)
    sizes = masks.sum(axis=1)
    both, total = 2 * masks @ masks.T, sizes[:, None] + sizes
    dice = np.where(total > 0, both / np.where(total > 0, total, 1), 1.0)
    return 1 - dice[np.triu_indices(len(p), 1)].mean()


MEASURES = {"variance": variance, "divergence": divergence, "overlap": overlap}
