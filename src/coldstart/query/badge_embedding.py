"""BADGE for a linear classifier of the embedding."""

import numpy as np

from coldstart.errors import InputError
from coldstart.query.badge import label_residuals, spread_out
from coldstart.query.base import check_request


def query(inputs, n, *, rng, standardise: bool = True):
    """Draw samples by k-means++ on the gradients of a linear classifier of the embedding.

    BADGE (see `coldstart.query.badge`) where the classifier is a linear probe: the
    input of its only layer is the embedding. After any other network it is not the
    published form, but the same with the embedding in place of the network's own
    features.

    Parameters
    ----------
    inputs : QueryInputs
        The unlabelled pool with `probabilities` and an `embedding`.
    n : int
        How many to pick.
    rng : numpy.random.Generator
        Source of the draws.
    standardise : bool, default=True
        Bring every feature to mean 0 and standard deviation 1 in the pool first,
        labelled or not, as the linear probe does.

    Returns
    -------
    Picks
        As of `coldstart.query.badge.query`.

    Raises
    ------
    InputError
        If the pool holds fewer than `n` samples, or there are no probabilities or
        no embedding.
    """
    check_request(inputs, n)
    residuals = label_residuals(inputs)
    if inputs.embedding is None:
        raise InputError(
            "a badge_embedding query needs an embedding: name one in the query's key `model` (query.strategies)."
        )
    features = np.asarray(inputs.embedding, dtype=np.float64)
    if standardise:
        labelled = features[:0] if inputs.labelled_embedding is None else inputs.labelled_embedding
        pool = np.concatenate([features, labelled])
        spread = pool.std(axis=0)
        features = (features - pool.mean(axis=0)) / np.where(spread > 0, spread, 1)
    return spread_out(residuals, features, n, rng)
