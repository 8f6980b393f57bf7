"""PowerBALD: BALD with noise on its scores, so that a batch is not many times the same doubt."""

from typing import Literal

import numpy as np

from coldstart.errors import InputError
from coldstart.query.bald import disagreement
from coldstart.query.base import check_request, highest

# Where the members agree the logarithm of their disagreement would be minus infinity.
LEAST = 1e-12


def query(
    inputs,
    n,
    *,
    rng,
    beta: float = 1.0,
    passes: int = 10,
    source: Literal["dropout", "views"] = "dropout",
):
    """Draw samples with a probability that grows with the disagreement of the passes.

    Kirsch, Farquhar, Atighehchian, Jesson, Branchaud-Charron and Gal, "Stochastic
    batch acquisition: a simple baseline for deep active learning", TMLR 2023
    (arXiv 2106.12059), the power acquisition: the n largest ``ln s + e / beta``
    with s the BALD score and e standard Gumbel noise, which are n draws without
    replacement with probabilities in proportion to ``s^beta``.

    Parameters
    ----------
    inputs : QueryInputs
        The unlabelled pool with a `network`.
    n : int
        How many to pick.
    rng : numpy.random.Generator
        Source of the seed of the passes, then of the noise.
    beta : float, default=1
        The larger, the nearer to BALD itself; with 0 it would be random.
    passes : int, default=10
        Predictions per sample.
    source : {"dropout", "views"}, default="dropout"
        As for `coldstart.query.bald.query`.

    Returns
    -------
    Picks
        Ranked by the noisy score.

    Raises
    ------
    InputError
        If the pool holds fewer than `n` samples, the network has no dropout, or
        `beta` is not above 0.
    """
    check_request(inputs, n)
    if not beta > 0:
        raise InputError(f"a power_bald query has beta {beta}: give one above 0, or choose the strategy random.")
    scores = disagreement(inputs, variant="fixed", source=source, passes=passes, rng=rng)
    return highest(np.log(np.maximum(scores, LEAST)) + rng.gumbel(size=inputs.size) / beta, n)
