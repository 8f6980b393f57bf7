"""Entropy and diversity over the patches of a candidate, with randomised choice: active, continual fine-tuning."""

from typing import Literal

import numpy as np

from coldstart.errors import InputError
from coldstart.learning.perturbations import SYMMETRIES
from coldstart.query.base import Picks, check_request, highest, in_unit_interval
from coldstart.query.committee import score_committee
from coldstart.query.patch_scores import patch_scores


def query(
    inputs,
    n,
    *,
    rng,
    form: Literal["demo", "eq1"] = "demo",
    entropy: bool = True,
    diversity: bool = True,
    majority: float | None = 0.25,
    omega: int | None = 5,
):
    """Pick the candidates whose patches are predicted uncertainly and unlike each other.

    ACFT (Zhou et al. 2021, Medical Image Analysis 71, 101997, Alg. 1): score
    ``lambda1 e + lambda2 d`` over the patches that agree best with the dominant
    class, then a draw among the best. For segmentation, which they do not treat,
    the eight views of an image flipped and turned take the place of patches: e
    and d of each pixel, averaged over the pixels.

    Parameters
    ----------
    inputs : QueryInputs
        The unlabelled pool with `patches`, or for segmentation with a `network`.
        A classifier without patches gives one prediction per candidate: its
        diversity is zero.
    n : int
        How many to pick.
    rng : numpy.random.Generator
        Source of the draw; not used where `omega` is null or 1.
    form : {"demo", "eq1"}, default="demo"
        Sums over patches and ordered pairs, as in the published demo and its
        Table 1, or Eq. 1 as printed: e / m and d / 2, which weighs e less.
    entropy, diversity : bool, default=True
        Which of e and d make the score; at least one.
    majority : float, default=0.25
        Share of the patches that is kept, at least one; null keeps all.
    omega : int, default=5
        The draw is among the best omega x n; null or 1 takes the best n.

    Returns
    -------
    Picks
        Ranked by the score, whatever the order of the draw.

    Raises
    ------
    InputError
        If the pool holds fewer than `n` samples or lacks the predictions, or a
        parameter is out of range.
    """
    check_request(inputs, n)
    if not (entropy or diversity):
        raise InputError("entropy and diversity of an acft query are both off: switch one on (query.strategies).")
    if majority is not None and not 0 < majority <= 1:
        raise InputError(f"majority of an acft query is {majority:g}: give a share above 0 and at most 1, or null.")
    if omega is not None and omega < 1:
        raise InputError(f"omega of an acft query is {omega}: give a whole number from 1 on, or null.")
    how = {"form": form, "entropy": entropy, "diversity": diversity, "share": majority}
    if inputs.task == "segmentation":
        views = inputs.need("network").views(SYMMETRIES)
        scores = score_committee(views, inputs.size, lambda p: patch_scores(p.T, **how).mean())
    elif inputs.patches is not None:
        patches = np.asarray(inputs.patches, dtype=np.float64)
        scores = patch_scores(in_unit_interval(patches), **how)
    else:
        scores = patch_scores(inputs.positive()[:, None], **how)
    return draw(scores, n, omega or 1, rng)


def draw(scores, n, omega, rng):
    """Draw n of the best omega x n candidates without replacement (Zhou et al. 2021, Eq. 4).

    Parameters
    ----------
    scores : numpy.ndarray of float64, shape (size,)
        One score per candidate.
    n : int
        How many to draw.
    omega : int
        How many times n the candidates are; where the pool holds fewer, all.
    rng : numpy.random.Generator
        Source of the draw.

    Returns
    -------
    Picks
        By rank. Candidates of probability zero are taken, by rank, only where
        the others do not suffice.
    """
    best = highest(scores, omega * n)
    if omega == 1:
        return best
    p = sampling_probabilities(best.scores)
    with np.errstate(divide="ignore"):
        # The n largest of these are a draw one after the other without replacement (Gumbel top-k; Yellott 1977).
        keys = np.log(p) + rng.gumbel(size=len(p))
    drawn = np.sort(np.argsort(-keys, kind="stable")[:n])
    return Picks(best.indices[drawn], best.scores[drawn])


def sampling_probabilities(scores):
    """Probabilities of the candidates of a draw (Zhou et al. 2021, Eq. 4).

    Parameters
    ----------
    scores : numpy.ndarray of float64, shape (w,)
        Descending.

    Returns
    -------
    numpy.ndarray of float64, shape (w,)
        Proportional to what a score has over the last, whose probability is
        thus zero; uniform where all scores are equal.
    """
    above = scores - scores[-1]
    return above / above.sum() if above[0] > 0 else np.full(len(scores), 1 / len(scores))
