"""CLUE: clusters of the network's features, weighted by uncertainty."""

import numpy as np
from sklearn.metrics import euclidean_distances

from coldstart.query.base import Picks, check_request
from coldstart.query.pixels import binary_entropy, score_pixels
from coldstart.selection.clusters import kmeans_clusters


def query(inputs, n, *, rng, n_init: int = 10):
    """Cluster the pool by k-means with the entropy as weight and take the sample nearest to each centre.

    Prabhu, Chandrasekaran, Saenko and Hoffman, "Active domain adaptation via
    clustering uncertainty-weighted embeddings", ICCV 2021 (arXiv 2010.08666),
    Algorithm 1, with temperature 1, on the features averaged over their places.
    The pool is searched for the nearest sample of each centre in turn, and a
    sample that is taken already is passed over.

    Parameters
    ----------
    inputs : QueryInputs
        The unlabelled pool with a `network`, and `probabilities` or `maps`.
    n : int
        How many to pick.
    rng : numpy.random.Generator
        Source of the seed of k-means.
    n_init : int, default=10
        Starts (k-means++) of k-means; the best one counts.

    Returns
    -------
    Picks
        Largest summed weight of a cluster first; scores are minus the Euclidean
        distances to the centre, so that they need not descend.

    Raises
    ------
    InputError
        If the pool holds fewer than `n` samples, or the network gives no
        features.
    """
    check_request(inputs, n)
    weights = score_pixels(inputs, lambda p, rows: binary_entropy(p).mean(axis=1))
    # Where nothing is uncertain all samples weigh the same.
    weights = weights if weights.any() else np.ones(inputs.size)
    features = inputs.need("network").features("unlabelled", pooled=True).astype(np.float64)
    labels, centres = kmeans_clusters(features, n, int(rng.integers(2**31 - 1)), n_init, weights)
    order = np.argsort(-np.bincount(labels, weights, minlength=n), kind="stable")
    waiting, rows, scores = np.ones(inputs.size, dtype=bool), [], []
    for centre in centres[order]:
        distances = np.where(waiting, euclidean_distances(features, centre[None])[:, 0], np.inf)
        rows.append(int(distances.argmin()))
        scores.append(-float(distances[rows[-1]]))
        waiting[rows[-1]] = False
    return Picks(np.array(rows, dtype=np.int64), np.array(scores))
