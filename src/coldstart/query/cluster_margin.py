"""Margin sampling spread over clusters of the network's features."""

import warnings
from typing import Literal

import numpy as np
from sklearn.cluster import KMeans
from sklearn.exceptions import ConvergenceWarning

from coldstart.errors import InputError
from coldstart.query.base import Picks, check_request
from coldstart.query.pixels import score_pixels


def query(
    inputs,
    n,
    *,
    rng,
    clusters: int = 20,
    random_state: int = 42,
    candidates: int = 10,
    variant: Literal["fixed", "paper_code"] = "fixed",
):
    """Pick among the samples of the least margin, in turn from every cluster.

    Cluster-margin (Citovsky et al. 2021, arXiv 2107.14263, Alg. 1): the
    candidates are sorted into clusters, and a round robin from the smallest to
    the largest cluster takes one of each until the batch is full. As in Ma et
    al. (IJCNN 2025, LMI-AL, arXiv 2511.18007) the clusters are those of k-means.
    Their code clusters once, at the first query, takes the first rows of the
    pool for candidates whatever their margin, and reads the clusters of the first
    pool at the rows of the present one.

    Parameters
    ----------
    inputs : QueryInputs
        The unlabelled pool with a `network`, and `probabilities` or `maps`.
    n : int
        How many to pick.
    rng : numpy.random.Generator
        Not used: k-means has a seed of its own.
    clusters : int, default=20
        Clusters of the unlabelled pool; at most one per sample.
    random_state : int, default=42
        Seed of k-means, of ten starts.
    candidates : int, default=10
        Candidates, times n.
    variant : {"fixed", "paper_code"}, default="fixed"
        Feature maps averaged over their places, clustered anew in every round;
        candidates are the samples of the least mean ``|2p - 1|``, the least
        first within a cluster. Or what the published code does, on every value of
        the feature maps.

    Returns
    -------
    Picks
        In the order of the round robin, so that the scores, minus the mean
        ``|2p - 1|``, need not descend. `state` holds the clusters of
        ``paper_code``.

    Raises
    ------
    InputError
        If the pool holds fewer than `n` samples, a number is below one, or the
        network gives no features.
    """
    check_request(inputs, n)
    if min(clusters, candidates) < 1:
        raise InputError(
            f"a cluster_margin query has {clusters} clusters and {candidates} candidates per pick: "
            "ask for at least one of each."
        )
    margins = score_pixels(inputs, lambda p, rows: np.abs(2 * p - 1).mean(axis=1))
    network, count = inputs.need("network"), min(candidates * n, inputs.size)
    if variant == "fixed":
        labels = clustered(network.features("unlabelled", pooled=True).astype(np.float64), clusters, random_state)
        chosen, state = np.argsort(margins, kind="stable")[:count], None
    else:
        if inputs.state is None:
            labels = clustered(network.features("unlabelled", pooled=False), clusters, random_state)
        else:
            labels = np.array(inputs.state["clusters"])
        chosen, state = np.arange(count), {"clusters": labels.tolist()}
    rows = round_robin(chosen, labels[chosen], n)
    return Picks(rows, -margins[rows], state)


def clustered(features, clusters, random_state):
    """Cluster of each sample by k-means.

    Parameters
    ----------
    features : numpy.ndarray of float, shape (size, d)
        Features of the unlabelled pool.
    clusters, random_state : int
        As for `query`.

    Returns
    -------
    numpy.ndarray of int, shape (size,)
    """
    model = KMeans(n_clusters=min(clusters, len(features)), n_init=10, random_state=random_state)
    with warnings.catch_warnings():
        # Fewer different samples than clusters leave some of them empty, which the round robin passes over.
        warnings.simplefilter("ignore", ConvergenceWarning)
        return model.fit(features).labels_


def round_robin(candidates, labels, n):
    """Take candidates in turn from every cluster.

    Citovsky et al. (2021), Alg. 1: clusters in ascending order of how many
    candidates they hold, of equal ones the lower number first; a cluster that
    is used up is passed over.

    Parameters
    ----------
    candidates : numpy.ndarray of int, shape (k,)
        Rows of the pool, the better ones first.
    labels : numpy.ndarray of int, shape (k,)
        Their clusters.
    n : int
        How many to take, at most k.

    Returns
    -------
    numpy.ndarray of int64, shape (n,)
    """
    members = [candidates[labels == label] for label in np.unique(labels)]
    members.sort(key=len)
    turns = [rows[turn] for turn in range(max(map(len, members))) for rows in members if turn < len(rows)]
    return np.array(turns[:n], dtype=np.int64)
