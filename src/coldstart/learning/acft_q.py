"""ACFT(Q): on from the network before, with what this round has added."""

import numpy as np

from coldstart.learning.strategy import all_labelled, first_training, where


def training_set(rounds, agreement, current, *, rate_factor: float = 0.1):
    """Fine-tune the network of the round before on the samples of this round alone, at a tenth of the rate.

    Zhou et al. (2021, Medical Image Analysis 71, 101997), Table 2: Q. The first
    training of all has the full rate, see `acft_lq`.

    Parameters
    ----------
    rounds : numpy.ndarray of int, shape (m,)
        Round in which each labelled sample was added.
    agreement : None
        Not used.
    current : int
        This round.
    rate_factor : float, default=0.1
        Learning rate of this fine-tuning over that of the settings.

    Returns
    -------
    TrainingSet
    """
    if first_training(rounds, current):
        return all_labelled(rounds)
    return where(np.asarray(rounds) == current, rate_factor)
