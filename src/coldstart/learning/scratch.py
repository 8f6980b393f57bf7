"""RFT(LQ) and AFT(LQ): every round anew from the initial network."""

from coldstart.learning.strategy import all_labelled


def training_set(rounds, agreement, current):
    """Train the initial network anew on every labelled sample, at the full rate.

    Zhou et al. (2021, Medical Image Analysis 71, 101997), Table 2: RFT(LQ) where
    the query is random, AFT(LQ) where it is active; also what most published
    loops do.

    Parameters
    ----------
    rounds : numpy.ndarray of int, shape (m,)
        Round in which each labelled sample was added.
    agreement : None
        Not used.
    current : int
        This round; not used.

    Returns
    -------
    TrainingSet
    """
    return all_labelled(rounds)
