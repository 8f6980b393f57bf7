"""What a learning strategy answers: which of the labelled samples are trained on, and how fast."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class TrainingSet:
    """The part of the labelled set that one round trains on.

    Attributes
    ----------
    rows : numpy.ndarray of int64, shape (k,)
        Rows of the labelled set, ascending.
    rate_factor : float, default=1.0
        What the learning rate of the settings is multiplied by.
    """

    rows: np.ndarray
    rate_factor: float = 1.0


def first_training(rounds, current):
    """Tell whether nothing was labelled before this round: then no network has learned anything yet."""
    return not (np.asarray(rounds) < current).any()


def where(mask, rate_factor=1.0):
    """The training set of the samples that a mask over the labelled set marks."""
    return TrainingSet(np.flatnonzero(mask).astype(np.int64), rate_factor)


def all_labelled(rounds, rate_factor=1.0):
    """The training set L + Q: every labelled sample."""
    return where(np.ones(len(rounds), dtype=bool), rate_factor)
