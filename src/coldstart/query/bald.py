"""Bayesian active learning by disagreement."""

from typing import Literal

from coldstart.query.base import check_request, highest
from coldstart.query.committee import mutual_information, predictions_of, score_committee
from coldstart.query.pixels import binary_entropy, foreground_entropy


def query(
    inputs,
    n,
    *,
    rng,
    passes: int = 10,
    source: Literal["dropout", "views"] = "dropout",
    variant: Literal["fixed", "paper_code"] = "fixed",
):
    """Pick the samples on which the passes of the network disagree most.

    BALD (Houlsby et al. 2011; Gal et al. 2017): the entropy of the mean
    prediction less the mean entropy, summed over pixels; a baseline of Ma et al.
    (IJCNN 2025, LMI-AL, arXiv 2511.18007). Their code takes the foreground's
    term for the entropy and runs a U-Net without dropout in training mode: all
    passes coincide, and the score is zero but for rounding (here exactly, so
    that the lowest rows come first).

    Parameters
    ----------
    inputs : QueryInputs
        The unlabelled pool with a `network`.
    n : int
        How many to pick.
    rng : numpy.random.Generator
        Source of the seed of the passes.
    passes : int, default=10
        Predictions per sample.
    source : {"dropout", "views"}, default="dropout"
        Passes with dropout, or the eight flips and turns of the image for a
        network without; for ``fixed``.
    variant : {"fixed", "paper_code"}, default="fixed"
        The full binary entropy over passes with dropout alone switched on, or
        what the published code does.

    Returns
    -------
    Picks
        Ranked by the mutual information in nats.

    Raises
    ------
    InputError
        If the pool holds fewer than `n` samples, or the network has no dropout.
    """
    check_request(inputs, n)
    return highest(disagreement(inputs, variant=variant, source=source, passes=passes, rng=rng), n)


def disagreement(inputs, *, variant, source, passes, rng):
    """Score of every sample of the pool; parameters as for `query`.

    Returns
    -------
    numpy.ndarray of float64, shape (n,)
    """
    entropy = binary_entropy if variant == "fixed" else foreground_entropy
    predictions = predictions_of(inputs, variant=variant, source=source, passes=passes, rng=rng)
    return score_committee(predictions, inputs.size, lambda p: mutual_information(p, entropy))
