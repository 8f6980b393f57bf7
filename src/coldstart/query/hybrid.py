"""Uncertainty first, then diversity of the images."""

from typing import Literal

import numpy as np

from coldstart.errors import InputError
from coldstart.query.bald import disagreement
from coldstart.query.base import Picks, check_request, highest
from coldstart.query.similarity import mean_cosine, mean_mutual_information


def query(
    inputs,
    n,
    *,
    rng,
    candidates: int = 500,
    similarity: Literal["penalised", "rewarded"] = "penalised",
    information_weight: float = 0.5,
    channel: int = 0,
    bins: int = 20,
    passes: int = 10,
    source: Literal["dropout", "views"] = "dropout",
    variant: Literal["fixed", "paper_code"] = "fixed",
):
    """Pick among the samples that the network's passes disagree on most, by their likeness to the labelled images.

    The hybrid query of Ma et al. (IJCNN 2025, LMI-AL, arXiv 2511.18007), from the
    idea of Nath et al. (2021, arXiv 2101.02323). Their code takes the 500 samples
    of the largest BALD score and of these the n largest ``c - 0.5 i``: c is the
    mean cosine similarity to the labelled images and i their mean mutual
    information, each brought to [0, 1] over the candidates. So it rewards
    similarity, and where all candidates score alike the result is no number.

    Parameters
    ----------
    inputs : QueryInputs
        The unlabelled pool with a `network`, `images` and `labelled_images`.
    n : int
        How many to pick.
    rng : numpy.random.Generator
        Source of the seed of the passes.
    candidates : int, default=500
        Samples that the first step keeps; at least n are kept.
    similarity : {"penalised", "rewarded"}, default="penalised"
        Sign of the cosine similarity in ``fixed``; the published code rewards it.
    information_weight : float, default=0.5
        What the mutual information is multiplied by before it is subtracted.
    channel : int, default=0
        Channel of the images, from 0, that is compared; the published code takes
        the baseline scan. A grey image has one only.
    bins : int, default=20
        Grey levels of the histograms.
    passes : int, default=10
        Predictions per sample.
    source : {"dropout", "views"}, default="dropout"
        As for `coldstart.query.bald`.
    variant : {"fixed", "paper_code"}, default="fixed"
        BALD as in its own two variants; a term on which all candidates agree
        counts 0 in ``fixed``. In ``paper_code`` the candidates then stay in the
        order of the first step.

    Returns
    -------
    Picks
        Ranked by the second step; of equal scores the first step decides.

    Raises
    ------
    InputError
        If the pool holds fewer than `n` samples or lacks the network or the
        images, the images lack the channel, or the network has no dropout.
    """
    check_request(inputs, n)
    if min(candidates, bins) < 1:
        raise InputError(f"a hybrid query has {candidates} candidates and {bins} bins: ask for at least one of each.")
    images, labelled = inputs.need("images"), inputs.need("labelled_images")
    uncertainty = disagreement(inputs, variant=variant, source=source, passes=passes, rng=rng)
    rows = highest(uncertainty, max(candidates, n)).indices
    published = variant == "paper_code"
    cosine = spread(mean_cosine(images, rows, labelled, channel), published)
    shared = spread(mean_mutual_information(images, rows, labelled, channel, bins), published)
    sign = 1 if published or similarity == "rewarded" else -1
    best = highest(sign * cosine - information_weight * shared, n)
    return Picks(rows[best.indices], best.scores)


def spread(scores, published):
    """Scores brought to [0, 1]; where all are alike zeros, or nan as in the published code."""
    gap = scores - scores.min()
    if published:
        with np.errstate(invalid="ignore"):
            return gap / gap.max()
    return gap / gap.max() if gap.max() > 0 else gap
