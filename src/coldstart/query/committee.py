"""Several predictions of one network for the same samples: dropout passes, or views of the image."""

import numpy as np

from coldstart.learning.perturbations import SYMMETRIES
from coldstart.query.base import in_unit_interval


def predictions_of(inputs, *, variant, source, passes, rng):
    """What the members of a committee predict for the unlabelled pool.

    Parameters
    ----------
    inputs : QueryInputs
        The unlabelled pool with a `network`.
    variant : {"fixed", "paper_code"}
        ``paper_code`` runs the whole network in training mode, as the published
        code of Ma et al. (IJCNN 2025) does: a U-Net without dropout then gives
        the same answer each time, by the statistics of each batch.
    source : {"dropout", "views"}
        Members of ``fixed``: passes with only dropout switched on (Gal and
        Ghahramani 2016), or the eight symmetries of the square (test-time
        augmentation, Wang et al. 2019), for networks without dropout.
    passes : int
        How many, where they are passes.
    rng : numpy.random.Generator
        Source of the seed of the passes.

    Returns
    -------
    iterable of (slice, numpy.ndarray of shape (members, k[, H, W]))
        Some samples at a time.

    Raises
    ------
    InputError
        If the inputs hold no network, or the network no dropout.
    """
    network, seed = inputs.need("network"), int(rng.integers(2**31))
    if variant == "paper_code":
        return network.passes(passes, seed=seed, mode="train")
    return network.views(SYMMETRIES) if source == "views" else network.passes(passes, seed=seed, mode="dropout")


def score_committee(predictions, size, score):
    """Score every sample by what the members predict.

    Parameters
    ----------
    predictions : iterable of (slice, numpy.ndarray)
        From `predictions_of`.
    size : int
        Samples of the pool.
    score : callable
        ``score(p) -> float`` for one sample, `p` float64 of shape (members,
        pixels). One at a time: many members in double precision are large.

    Returns
    -------
    numpy.ndarray of float64, shape (size,)

    Raises
    ------
    InputError
        If a value is not a probability.
    """
    scores = np.empty(size)
    for rows, members in predictions:
        for row, p in zip(range(rows.start, rows.stop), np.moveaxis(np.asarray(members), 1, 0), strict=True):
            scores[row] = score(in_unit_interval(p.reshape(len(p), -1).astype(np.float64)))
    return scores


def mutual_information(p, entropy):
    """Mutual information of prediction and member, summed over pixels (BALD).

    Houlsby et al. (2011, arXiv 1112.5745), Eq. 2, with the members as draws of
    the weights (Gal et al. 2017): ``H(mean_t p_t) - mean_t H(p_t)``.

    Parameters
    ----------
    p : numpy.ndarray of float64, shape (members, pixels)
    entropy : callable
        Elementwise, for example `coldstart.query.pixels.binary_entropy`.

    Returns
    -------
    float
        In nats; exactly 0 where all members agree.
    """
    # The mean of differences, not the difference of means: the latter would leave rounding where all agree.
    return float((entropy(p.mean(axis=0)).sum() - entropy(p).sum(axis=1)).mean())
