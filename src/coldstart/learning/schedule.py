"""When the learning rate falls, and which epoch is the best."""

from dataclasses import dataclass


@dataclass
class Plateau:
    """The published rule: lower the rate after `patience` epochs without improvement.

    Yuan & Hong (2024), Training. A counter of epochs that did not improve on the
    best value so far is set back by an improvement and by each fall of the rate.
    torch's ``ReduceLROnPlateau`` lowers it one epoch later for the same patience.

    Attributes
    ----------
    rate : float
        The learning rate of the next epoch.
    patience : int
        Epochs without improvement before the rate falls.
    factor : float
        What the rate is multiplied by then.
    best : float
        The best value so far. It starts at minus infinity, not at the published
        0, so that an epoch with a metric of 0 can be the best one.
    best_epoch : int
        The epoch of that value, from 1; 0 where there is none yet.
    stale : int
        The counter.
    """

    rate: float
    patience: int
    factor: float
    best: float = float("-inf")
    best_epoch: int = 0
    stale: int = 0

    def step(self, epoch, value):
        """Take note of the validation metric of an epoch.

        Parameters
        ----------
        epoch : int
            From 1.
        value : float
            Higher is better; nan is not better than anything.

        Returns
        -------
        bool
            True where the value is strictly the best so far.
        """
        if value > self.best:
            self.best, self.best_epoch, self.stale = value, epoch, 0
            return True
        self.stale += 1
        if self.stale == self.patience:
            self.rate, self.stale = self.rate * self.factor, 0
        return False
