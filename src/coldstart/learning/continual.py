"""LMI-AL's rounds: on from the network before, with every labelled sample, at the full rate."""

from coldstart.learning.strategy import all_labelled


def training_set(rounds, agreement, current):
    """Go on training the network of the round before on every labelled sample, at the full rate.

    Ma et al. (2025, IJCNN, published code): each round loads the previous
    checkpoint; the optimiser, its rate and the count of what is best so far
    begin anew.

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
