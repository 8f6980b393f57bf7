"""What one round trains on."""

from dataclasses import dataclass

import numpy as np

from coldstart.learning import STRATEGIES
from coldstart.learning.replay import agreement


@dataclass(frozen=True, eq=False)
class Plan:
    """What one round trains on.

    Attributes
    ----------
    rows : numpy.ndarray of int64, shape (k,)
        Rows of the labelled set, ascending; those of `samples: positive` alone
        where the settings say so.
    rate_factor : float
        What the learning rate of the settings is multiplied by.
    replayed : numpy.ndarray of int64
        Those of `rows` that are trained on again because the network of the
        round before gets them wrong.
    """

    rows: np.ndarray
    rate_factor: float
    replayed: np.ndarray


def plan_round(network, images, targets, labelled_rows, rounds, current, *, settings, device):
    """Let the learning strategy of the settings choose from the labelled set.

    To be called before the network has learned anything of this round: a
    strategy that replays is told what the network of the round before gets wrong
    among the samples labelled before.

    Parameters
    ----------
    network : torch.nn.Module
        What the round begins with.
    images, targets
        As `coldstart.learning.training.fit` takes them.
    labelled_rows : numpy.ndarray of int, shape (m,)
        The labelled set, as rows of `images`.
    rounds : numpy.ndarray of int, shape (m,)
        Round in which each of them was added.
    current : int
        This round.
    settings : Settings
    device : torch.device or str

    Returns
    -------
    Plan
    """
    labelled_rows, rounds = np.asarray(labelled_rows, dtype=np.int64), np.asarray(rounds)
    replays, earlier = STRATEGIES.entry(settings.strategy).facts["replays"], rounds < current
    right = None
    if replays:
        right = np.full(len(rounds), np.nan)
        right[earlier] = agreement(network, images, targets, labelled_rows[earlier], settings, device)
    chosen = STRATEGIES.load(settings.strategy)(rounds, right, current, **settings.strategy_parameters)
    rows = chosen.rows
    if settings.samples == "positive":
        rows = rows[positive(targets[labelled_rows[rows]])]
    return Plan(rows, chosen.rate_factor, rows[earlier[rows]] if replays else rows[:0])


def positive(targets):
    """Which labels are 1, or which masks are not empty."""
    return targets == 1 if targets.ndim == 1 else targets.any(axis=(1, 2))
