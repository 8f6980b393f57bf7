"""What a query strategy is given, and what it answers."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from coldstart.errors import InputError

NEEDED = {
    "network": "trained network",
    "images": "images of the pool",
    "labelled_images": "images of the labelled set",
}


@dataclass(frozen=True, eq=False)
class QueryInputs:
    """What is known of the unlabelled pool; one row per unlabelled sample.

    Attributes
    ----------
    task : {"classification", "segmentation"}
        The task of the network.
    probabilities : numpy.ndarray of shape (n,) or (n, K), optional
        Predicted class probabilities. With two columns the second is the
        positive class; one column, or none, is the positive class itself. The
        columns need not add up to one.
    maps : array_like of shape (n, H, W), optional
        Predicted foreground probabilities, mostly float16 and possibly a memory
        map, so that strategies read it in parts.
    threshold : float, default=0.5
        Decision threshold of the classifier, from the validation split; inf
        where it calls nothing positive.
    patches : numpy.ndarray of shape (n, p) or (n, p, K), optional
        Predictions for the p patches of each sample, where the network was
        trained on patches: of the positive class, or of each of K.
    embedding : numpy.ndarray of shape (n, d), optional
        Embedding of the pool.
    labelled_embedding : numpy.ndarray of shape (m, d), optional
        Embedding of what is labelled already.
    network : coldstart.learning.pool_network.PoolNetwork, optional
        The trained network of the round before, for strategies with the fact
        ``"needs": ("network",)``.
    images : array_like of shape (n, H, W) or (n, H, W, C), optional
        Stored pixels, uint8 or uint16, of the pool, for strategies that need
        ``"images"``; possibly read from a file at every access, so that
        strategies read them in parts.
    labelled_images : array_like of shape (m, H, W) or (m, H, W, C), optional
        Those of what is labelled already.
    groups : numpy.ndarray of shape (n,), optional
        Patient of each sample.
    sample_ids, labelled_ids : numpy.ndarray of str, shapes (n,) and (m,), optional
        Identifiers.
    round : int, default=1
        The round that the picks are labelled for; the first query is 1.
    state : dict, optional
        What this query returned as `Picks.state` in the round before; None at
        its first.
    size : int, optional
        Number of unlabelled samples; only needed where none of the arrays is given.

    Raises
    ------
    InputError
        If the arrays of the pool, or those of the labelled set, do not have the
        same number of rows.
    """

    task: str
    probabilities: np.ndarray | None = None
    maps: np.ndarray | None = None
    threshold: float = 0.5
    patches: np.ndarray | None = None
    embedding: np.ndarray | None = None
    labelled_embedding: np.ndarray | None = None
    network: Any = None
    images: Any = None
    labelled_images: Any = None
    groups: np.ndarray | None = None
    sample_ids: np.ndarray | None = None
    labelled_ids: np.ndarray | None = None
    round: int = 1
    state: dict | None = None
    size: int | None = None

    def __post_init__(self):
        rows = self.rows(("probabilities", "maps", "patches", "embedding", "images", "groups", "sample_ids"))
        labelled = self.rows(("labelled_embedding", "labelled_images", "labelled_ids"))
        if len(set(labelled.values())) > 1:
            found = ", ".join(f"{name} {n}" for name, n in labelled.items())
            raise InputError(f"the labelled set has no single size ({found}): give one row per labelled sample.")
        if self.size is not None:
            rows["size"] = self.size
        if len(set(rows.values())) != 1:
            found = ", ".join(f"{name} {n}" for name, n in rows.items()) or "no array at all"
            raise InputError(f"the unlabelled pool has no single size ({found}): give one row per unlabelled sample.")
        object.__setattr__(self, "size", next(iter(rows.values())))

    def rows(self, names):
        """Rows of those of some arrays that are given, as a dict of int."""
        arrays = {name: getattr(self, name) for name in names}
        return {name: len(array) for name, array in arrays.items() if array is not None}

    def need(self, name):
        """A field that a strategy cannot do without.

        Raises
        ------
        InputError
            If it is not given.
        """
        value = getattr(self, name)
        if value is None:
            raise InputError(
                f"this query strategy needs the {NEEDED[name]}, which it was not given: "
                "let its fact `needs` name it, or choose another strategy."
            )
        return value

    def positive(self):
        """Probability of the positive class.

        Returns
        -------
        numpy.ndarray of float64, shape (n,)

        Raises
        ------
        InputError
            If there are no probabilities, more than two classes, or values
            outside [0, 1].
        """
        if self.probabilities is None:
            raise InputError(
                f"this query strategy needs predicted probabilities, which a {self.task} network does not give: "
                "choose one that serves the task."
            )
        probabilities = np.asarray(self.probabilities, dtype=np.float64).reshape(self.size, -1)
        if probabilities.shape[1] > 2:
            raise InputError(
                f"this query strategy is for two classes, but {probabilities.shape[1]} are predicted: choose another."
            )
        return in_unit_interval(probabilities[:, -1])


@dataclass(frozen=True, eq=False)
class Picks:
    """What to label next, best first.

    Attributes
    ----------
    indices : numpy.ndarray of int64, shape (n,)
        Rows of the unlabelled pool, each once.
    scores : numpy.ndarray of float64, shape (n,)
        Score of each pick under the strategy; higher is more worth labelling.
    state : dict, optional
        Plain values for the same query's next round, see `QueryInputs.state`.
    """

    indices: np.ndarray
    scores: np.ndarray
    state: dict | None = None


def in_unit_interval(values):
    """Probabilities as they are, refused where they are none.

    Raises
    ------
    InputError
        If a value is nan or outside [0, 1].
    """
    # Written so that nan fails as well.
    if not (values.min(initial=0) >= 0 and values.max(initial=1) <= 1):
        raise InputError(
            "a predicted probability of the unlabelled pool is not a number between 0 and 1: "
            "the training has diverged, lower the learning rate."
        )
    return values


def check_request(inputs, n):
    """Refuse to pick more samples than there are.

    Raises
    ------
    InputError
        If `n` is below one or above the size of the pool.
    """
    if not 1 <= n <= inputs.size:
        raise InputError(
            f"{n} samples were asked for but the unlabelled pool holds {inputs.size}: "
            "ask for at least one and at most all of them (query: batch, rounds)."
        )


def highest(scores, n):
    """Take the samples of the highest score.

    Parameters
    ----------
    scores : numpy.ndarray of float, shape (size,)
        One score per sample of the pool.
    n : int
        How many to take.

    Returns
    -------
    Picks
        In descending order of score; of equal scores the lowest index first, and
        scores that are no number last.
    """
    order = np.argsort(-scores, kind="stable")[:n]
    return Picks(order.astype(np.int64), scores[order].astype(np.float64))
