"""ACFT(HQ): on from the network before, with what this round has added and what that network gets wrong."""

import numpy as np

from coldstart.errors import InputError
from coldstart.learning.strategy import all_labelled, first_training, where


def training_set(rounds, agreement, current, *, rate_factor: float = 0.1, hard_dice: float = 0.5):
    """Fine-tune the network of the round before on the samples of this round and on those it gets wrong.

    Zhou et al. (2021, Medical Image Analysis 71, 101997), Table 2 and Algorithm
    1: H + Q, at a tenth of the rate; H is found with the network of the round
    before among the samples labelled before this round. The first training of
    all has the full rate, see `acft_lq`. What counts as wrong in segmentation is
    our own generalisation.

    Parameters
    ----------
    rounds : numpy.ndarray of int, shape (m,)
        Round in which each labelled sample was added.
    agreement : numpy.ndarray of float64, shape (m,)
        How right the network of the round before is about each sample labelled
        before this round, see `coldstart.learning.replay.agreement`; nan for the
        samples of this round.
    current : int
        This round.
    rate_factor : float, default=0.1
        Learning rate of this fine-tuning over that of the settings.
    hard_dice : float, default=0.5
        An image belongs to H where the Dice coefficient of its predicted mask is
        below this (segmentation; a classification is right or wrong).

    Returns
    -------
    TrainingSet

    Raises
    ------
    InputError
        If `hard_dice` is out of range.
    """
    if not 0 < hard_dice <= 1:
        raise InputError(f"learning: strategy_parameters.hard_dice is {hard_dice} and should be above 0 and at most 1.")
    if first_training(rounds, current):
        return all_labelled(rounds)
    rounds = np.asarray(rounds)
    return where((rounds == current) | ((rounds < current) & (agreement < hard_dice)), rate_factor)
