"""Entropy of the mean of several predictions."""

from typing import Literal

from coldstart.query.base import check_request, highest
from coldstart.query.committee import predictions_of, score_committee
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
    """Pick the samples with the largest entropy of the mean prediction, summed over their pixels.

    Monte Carlo dropout (Gal and Ghahramani 2016) as a baseline of Ma et al.
    (IJCNN 2025, LMI-AL, arXiv 2511.18007). Their code averages ten passes of the
    network in training mode, but their U-Net has no dropout: the passes are
    alike. It then takes the n smallest sums of ``p ln p``, as in their `entropy`.

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
        the foreground's term over passes in training mode, as published.

    Returns
    -------
    Picks
        Ranked by the entropy in nats.

    Raises
    ------
    InputError
        If the pool holds fewer than `n` samples, or the network has no dropout.
    """
    check_request(inputs, n)
    entropy = binary_entropy if variant == "fixed" else foreground_entropy
    predictions = predictions_of(inputs, variant=variant, source=source, passes=passes, rng=rng)
    return highest(score_committee(predictions, inputs.size, lambda p: entropy(p.mean(axis=0)).sum()), n)
