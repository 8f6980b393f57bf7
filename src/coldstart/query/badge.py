"""BADGE: diverse samples of large gradients of the last layer."""

import numpy as np

from coldstart.errors import InputError
from coldstart.query.base import Picks, check_request, in_unit_interval


def query(inputs, n, *, rng):
    """Draw samples by k-means++ on the gradients that their predicted labels would give the last layer.

    Ash, Zhang, Krishnamurthy, Langford and Agarwal, "Deep batch active learning
    by diverse, uncertain gradient lower bounds", ICLR 2020 (arXiv 1906.03671),
    Algorithm 1, for the cross entropy of a softmax: the gradient of x is the outer
    product of ``p(x) - onehot(argmax p(x))`` and h(x), what the last layer is
    given. As in their code the weights of the bias are left out, the first pick is
    the largest gradient, and each further one is drawn with probability
    proportional to its squared distance to the nearest pick. Where the network
    sees patches, p and h are means over them. There is no published form for
    segmentation.

    Parameters
    ----------
    inputs : QueryInputs
        The unlabelled pool with a `network` and `probabilities`.
    n : int
        How many to pick.
    rng : numpy.random.Generator
        Source of the draws.

    Returns
    -------
    Picks
        In the order of the draws; scores are the length of the gradient of the
        first, and of the others the distance to the nearest pick before, so that
        they need not descend.

    Raises
    ------
    InputError
        If the pool holds fewer than `n` samples, there are no probabilities, or
        the network has no linear layer.
    """
    check_request(inputs, n)
    residuals = label_residuals(inputs)
    return spread_out(residuals, inputs.need("network").last_layer_inputs("unlabelled"), n, rng)


def label_residuals(inputs):
    """The gradient of the cross entropy by the logits, were the predicted label the true one.

    Parameters
    ----------
    inputs : QueryInputs
        With `probabilities`; a single column is the positive class.

    Returns
    -------
    numpy.ndarray of float64, shape (size, K)
        ``p - onehot(argmax p)``; of equal probabilities the first class.

    Raises
    ------
    InputError
        If there are none, or values outside [0, 1].
    """
    if inputs.probabilities is None:
        raise InputError(
            f"this query strategy needs predicted probabilities, which a {inputs.task} network does not give: "
            "choose one that serves the task."
        )
    p = in_unit_interval(np.asarray(inputs.probabilities, dtype=np.float64)).reshape(inputs.size, -1)
    p = np.column_stack([1 - p, p]) if p.shape[1] == 1 else p.copy()
    p[np.arange(len(p)), p.argmax(axis=1)] -= 1
    return p


def spread_out(residuals, features, n, rng):
    """k-means++ seeding on outer products that are never formed.

    ``<q h', r g'> = <q, r> <h, g>``, so that n gradients of K times d numbers take
    the memory of K plus d.

    Parameters
    ----------
    residuals : numpy.ndarray of float64, shape (size, K)
    features : numpy.ndarray of float, shape (size, d)
    n : int
        How many to take.
    rng : numpy.random.Generator

    Returns
    -------
    Picks
        The first is the largest, of equal ones the lowest row; where all that are
        left lie upon picks, the rest is drawn uniformly.
    """
    features = np.asarray(features, dtype=np.float64)
    squares = np.einsum("ij,ij->i", residuals, residuals) * np.einsum("ij,ij->i", features, features)
    waiting = np.ones(len(squares), dtype=bool)
    row = int(squares.argmax())
    rows, scores, nearest = [row], [squares[row]], np.full(len(squares), np.inf)
    while len(rows) < n:
        waiting[row] = False
        products = (residuals @ residuals[row]) * (features @ features[row])
        # Rounding may bring the distance of equal gradients below 0.
        nearest = np.minimum(nearest, np.maximum(squares - 2 * products + squares[row], 0))
        weights = np.where(waiting, nearest, 0)
        if not weights.any():
            weights = waiting.astype(np.float64)
        row = int(rng.choice(len(weights), p=weights / weights.sum()))
        rows.append(row)
        scores.append(nearest[row])
    return Picks(np.array(rows, dtype=np.int64), np.sqrt(scores))
