"""Stand-ins for what takes long to make."""

import numpy as np


class FakeNetwork:
    """A trained network for query strategies: the methods of `coldstart.learning.pool_network.PoolNetwork`.

    Parameters
    ----------
    task : {"classification", "segmentation"}
    size, labelled : int
        Samples of the pool and of the labelled set.
    shape : tuple of int
        Of a predicted map.
    constant : bool
        Whether it says the same of all samples, each time.
    """

    def __init__(self, task, size, labelled=4, shape=(6, 5), constant=False):
        self.task, self.sizes, self.constant = task, {"unlabelled": size, "labelled": labelled}, constant
        self.shape = shape if task == "segmentation" else ()

    def passes(self, count, *, seed, mode="dropout"):
        yield from self.answers(count, [seed, len(mode)])

    def views(self, names):
        yield from self.answers(len(names), [sum(map(ord, "".join(names)))])

    def features(self, part="unlabelled", pooled=True):
        drawn = np.random.default_rng([len(part), pooled]).normal(size=(self.sizes[part], 3 if pooled else 12))
        return (np.ones_like(drawn) if self.constant else drawn).astype(np.float32)

    def last_layer_inputs(self, part="unlabelled"):
        return self.features(part, pooled=False)

    def answers(self, count, seed):
        """Answers for the pool in two parts."""
        size = self.sizes["unlabelled"]
        drawn = np.random.default_rng(seed).random((count, size, *self.shape))
        drawn = np.full_like(drawn, 0.25) if self.constant else drawn
        for rows in (slice(0, size // 2), slice(size // 2, size)):
            yield rows, drawn[:, rows].astype(np.float32)
