"""Entropy of the prediction and distance from what is labelled, mixed by a factor.

Levy, Assayag, Gaspar, Shimshoni, Specktor-Fadida, arXiv 2601.18532, 2026. Which
way the factor weighs, its value and the normalisation are not known from what
is public of it; the parameters say what stands for them.
"""

from typing import Literal

import numpy as np

from coldstart.errors import InputError
from coldstart.query.base import Picks, check_request
from coldstart.query.pixels import binary_entropy, score_pixels

VALUES_AT_ONCE = 2**20


def query(
    inputs,
    n,
    *,
    rng,
    alpha: float = 0.5,
    entropy: Literal["min_max", "log_classes"] = "min_max",
    distance: Literal["nearest", "mean"] = "nearest",
    sequential: bool = True,
):
    """Pick, one after the other, the samples of the highest ``alpha H + (1 - alpha) D``.

    H is the mean entropy of the pixels of a prediction over the logarithm of
    the number of classes; a classifier's prediction counts as one pixel. D is
    the Euclidean distance from what is labelled, by default in the
    two-dimensional map. D, and by default H, are brought to [0, 1] over what is
    left of the pool, anew before every pick; a term that is the same for all is 0.

    Parameters
    ----------
    inputs : QueryInputs
        The unlabelled pool with `probabilities` or `maps`; with `embedding` and
        `labelled_embedding` unless `alpha` is 1.
    n : int
        How many to pick.
    rng : numpy.random.Generator
        Not used: of equal scores the lowest index comes first.
    alpha : float, default=0.5
        Weight of the entropy; 1: entropy alone, 0: distance alone. The paper's is not known.
    entropy : {"min_max", "log_classes"}, default="min_max"
        Whether the entropy is brought to [0, 1] over the pool, or only divided
        by the logarithm of the number of classes. The paper's way is not known.
    distance : {"nearest", "mean"}, default="nearest"
        Distance to the nearest labelled sample, or the mean over all.
    sequential : bool, default=True
        Count every pick as labelled before the next; otherwise the best `n` of
        one ranking are taken.

    Returns
    -------
    Picks
        In order of choice. Scores are those at the moment of the choice: a
        later pick may score higher, on a scale of its own.

    Raises
    ------
    InputError
        If the pool holds fewer than `n` samples, lacks predictions or an
        embedding, or `alpha` is outside [0, 1].
    """
    check_request(inputs, n)
    if not 0 <= alpha <= 1:
        raise InputError(f"alpha of an entropy_diversity query is {alpha:g}: give a weight from 0 to 1.")
    uncertainty = normalised_entropy(inputs)
    if alpha < 1 and (inputs.embedding is None or inputs.labelled_embedding is None):
        raise InputError(
            "an entropy_diversity query measures distances in an embedding, and this arm has none: let "
            "`query.strategies.<name>.model` name one, or set its `alpha` to 1."
        )
    gaps = Gaps(inputs, distance) if alpha < 1 else None
    left, chosen, scores = np.arange(inputs.size), [], []
    while len(chosen) < n:
        H = min_max(uncertainty[left]) if entropy == "min_max" else uncertainty[left]
        D = min_max(gaps.values()[left]) if gaps else np.zeros(len(left))
        S = alpha * H + (1 - alpha) * D
        best = np.array([S.argmax()]) if sequential else np.argsort(-S, kind="stable")[:n]
        chosen += left[best].tolist()
        scores += S[best].tolist()
        if gaps:
            gaps.add(left[best])
        left = np.delete(left, best)
    return Picks(np.array(chosen, dtype=np.int64), np.array(scores, dtype=np.float64))


def normalised_entropy(inputs):
    """Mean pixel entropy of every prediction over the logarithm of the number of classes.

    Parameters
    ----------
    inputs : QueryInputs
        The unlabelled pool with `probabilities` or `maps` of two classes.

    Returns
    -------
    numpy.ndarray of float64, shape (n,)
        In [0, 1].
    """
    return score_pixels(inputs, lambda p, rows: binary_entropy(p).mean(axis=1)) / np.log(2)


def min_max(values):
    """Values brought to [0, 1]; zeros where all are the same."""
    low, high = values.min(), values.max()
    return (values - low) / (high - low) if high > low else np.zeros(len(values))


class Gaps:
    """Distances of the pool from what is labelled, kept up to date.

    Parameters
    ----------
    inputs : QueryInputs
        With `embedding` and `labelled_embedding`.
    distance : {"nearest", "mean"}
        As for `query`.
    """

    def __init__(self, inputs, distance):
        self.points = inputs.embedding
        self.distance = distance
        self.count = 0
        self.total = np.zeros(len(self.points))
        self.least = np.full(len(self.points), np.inf)
        self._include(inputs.labelled_embedding)

    def _include(self, places):
        places = np.asarray(places, dtype=np.float64)
        # Some rows at a time: neither the pool in double precision nor its differences are held as a whole.
        step = max(1, VALUES_AT_ONCE // max(1, self.points.shape[1]))
        for start in range(0, len(self.points), step):
            rows = slice(start, start + step)
            some = np.asarray(self.points[rows], dtype=np.float64)
            for place in places:
                gap = np.linalg.norm(some - place, axis=1)
                self.total[rows] += gap
                self.least[rows] = np.minimum(self.least[rows], gap)
        self.count += len(places)

    def add(self, rows):
        """Count rows of the pool as labelled."""
        self._include(self.points[rows])

    def values(self):
        """Distance of every sample of the pool, float64 of shape (n,); zeros while nothing is labelled."""
        if not self.count:
            return np.zeros(len(self.points))
        return self.least if self.distance == "nearest" else self.total / self.count
