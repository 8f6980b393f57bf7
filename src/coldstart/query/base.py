"""What a query strategy is given, and what it answers."""

from dataclasses import dataclass

import numpy as np

from coldstart.errors import InputError


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
    embedding : numpy.ndarray of shape (n, d), optional
        Embedding of the pool.
    labelled_embedding : numpy.ndarray of shape (m, d), optional
        Embedding of what is labelled already.
    groups : numpy.ndarray of shape (n,), optional
        Patient of each sample.
    size : int, optional
        Number of unlabelled samples; only needed where none of the arrays is given.

    Raises
    ------
    InputError
        If the arrays do not have the same number of rows.
    """

    task: str
    probabilities: np.ndarray | None = None
    maps: np.ndarray | None = None
    threshold: float = 0.5
    embedding: np.ndarray | None = None
    labelled_embedding: np.ndarray | None = None
    groups: np.ndarray | None = None
    size: int | None = None

    def __post_init__(self):
        arrays = {name: getattr(self, name) for name in ("probabilities", "maps", "embedding", "groups")}
        rows = {name: len(array) for name, array in arrays.items() if array is not None}
        if self.size is not None:
            rows["size"] = self.size
        if len(set(rows.values())) != 1:
            found = ", ".join(f"{name} {n}" for name, n in rows.items()) or "no array at all"
            raise InputError(f"the unlabelled pool has no single size ({found}): give one row per unlabelled sample.")
        object.__setattr__(self, "size", next(iter(rows.values())))

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
    """

    indices: np.ndarray
    scores: np.ndarray


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
        In descending order of score; of equal scores the lowest index first.
    """
    order = np.argsort(-scores, kind="stable")[:n]
    return Picks(order.astype(np.int64), scores[order].astype(np.float64))
