"""ACFT(LQ): on from the network before, with every labelled sample."""

from coldstart.learning.strategy import all_labelled, first_training


def training_set(rounds, agreement, current, *, rate_factor: float = 0.1):
    """Fine-tune the network of the round before on every labelled sample, at a tenth of the rate.

    Zhou et al. (2021, Medical Image Analysis 71, 101997), Table 2: L + Q. The
    article does not give the rate of the first training of all; here it is the
    full one, as a new last layer has learned nothing yet.

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
    return all_labelled(rounds, 1.0 if first_training(rounds, current) else rate_factor)
