"""Greedy k-centre on the features of the trained network (core-set)."""

from functools import partial
from typing import Literal

import numpy as np
from scipy.spatial.distance import cdist

from coldstart.query.base import Picks, check_request

DISTANCES_AT_ONCE = 2**24


def query(inputs, n, *, rng, variant: Literal["fixed", "paper_code"] = "fixed"):
    """Pick, one after the other, the sample farthest from all that is labelled or picked.

    Core-set in its greedy form (Sener and Savarese 2018, arXiv 1708.00489, Alg.
    1), a baseline of Ma et al. (IJCNN 2025, LMI-AL, arXiv 2511.18007). Their code
    takes every value of the encoder's last feature map, and distances from inner
    products in single precision: those of near samples may be roots of negative
    numbers, and count as the farthest.

    Parameters
    ----------
    inputs : QueryInputs
        The unlabelled pool with a `network`.
    n : int
        How many to pick.
    rng : numpy.random.Generator
        Source of the first pick where nothing is labelled.
    variant : {"fixed", "paper_code"}, default="fixed"
        Euclidean distances in double precision between feature maps averaged
        over their places, or what the published code does. The latter holds all
        feature maps in memory: 8 GB for 7,750 images of 256 pixels.

    Returns
    -------
    Picks
        In the order of the picks; scores are the distances to the nearest
        centre before.

    Raises
    ------
    InputError
        If the pool holds fewer than `n` samples, or the network gives no
        features.
    """
    check_request(inputs, n)
    network, pooled = inputs.need("network"), variant == "fixed"
    features, centres = (network.features(part, pooled=pooled) for part in ("unlabelled", "labelled"))
    if not pooled:
        features, centres = np.asarray(features, np.float32), np.asarray(centres, np.float32)
        distances = partial(gram_distances, squares=squared_lengths(features))
        return greedy(features, centres, n, rng, distances)
    return greedy(np.asarray(features, np.float64), np.asarray(centres, np.float64), n, rng, cdist)


def greedy(features, centres, n, rng, distances):
    """Farthest-point traversal from given centres.

    Parameters
    ----------
    features : numpy.ndarray of shape (size, d)
        What can be picked.
    centres : numpy.ndarray of shape (m, d)
        Centres to begin with; without any the first pick is drawn.
    n : int
        How many to pick.
    rng : numpy.random.Generator
        Source of the first pick where there is no centre.
    distances : callable
        ``distances(features, centres) -> (size, m)``.

    Returns
    -------
    Picks
        Of equal distances the lowest row first. The first pick without centres
        has the distance of the sample farthest from it.
    """
    nearest = np.full(len(features), np.inf)
    step = max(1, DISTANCES_AT_ONCE // len(features))
    for start in range(0, len(centres), step):
        # NumPy's minimum and argmax hand on what is no number: in the published code it counts as the farthest.
        nearest = np.minimum(nearest, distances(features, centres[start : start + step]).min(axis=1))
    waiting, rows, scores = np.ones(len(features), dtype=bool), [], []
    while len(rows) < n:
        left = np.flatnonzero(waiting)
        first = not len(centres) and not rows
        row = int(rng.integers(len(features))) if first else int(left[nearest[left].argmax()])
        scores.append(nearest[row])
        nearest = np.minimum(nearest, distances(features, features[row : row + 1])[:, 0])
        if first:
            scores = [nearest.max()]
        waiting[row] = False
        rows.append(row)
    return Picks(np.array(rows, dtype=np.int64), np.array(scores, dtype=np.float64))


def gram_distances(features, centres, squares):
    """Distances from inner products, ``sqrt(|x|^2 + |c|^2 - 2 x.c)``, as the published code has them.

    Parameters
    ----------
    features : numpy.ndarray of float32, shape (size, d)
    centres : numpy.ndarray of float32, shape (m, d)
    squares : numpy.ndarray of float32, shape (size,)
        `squared_lengths` of the features: the same for all centres.

    Returns
    -------
    numpy.ndarray of float32, shape (size, m)
        nan where rounding has made the square negative.
    """
    gaps = features @ centres.T
    gaps *= -2
    gaps += squares[:, None]
    gaps += squared_lengths(centres)
    with np.errstate(invalid="ignore"):
        return np.sqrt(gaps)


def squared_lengths(points):
    """Squared Euclidean length of every row."""
    return np.einsum("ij,ij->i", points, points)
