"""CSVAL: samples by their training dynamics, in turn from every cluster."""

from typing import Literal

import numpy as np

from coldstart.errors import InputError
from coldstart.selection.base import Selection, check_budget, check_finite
from coldstart.selection.clusters import kmeans_clusters

# Which of the dynamics decides, and whether its largest come first.
METRICS = {"easy": ("confidence", True), "ambiguous": ("variability", True), "hard": ("confidence", False)}


def select(
    X,
    budget,
    *,
    rng,
    groups=None,
    seed=0,
    measures,
    metric: Literal["hard", "ambiguous", "easy"] = "hard",
    clusters: int = 30,
    n_init: int = 10,
):
    """Take the sample that contrastive training found hardest to tell apart, in turn from every cluster.

    Chen et al., "Making your first choice: to address cold start problem in
    medical active learning", MIDL 2023 (arXiv 2210.02442): k-means makes pseudo-
    classes of the pool, and a round robin over them takes the sample that is
    next by its training dynamics. Of their metrics `hard` (least confidence, the
    hard-to-contrast samples) is the one they recommend; their selection code ranks
    so, while their plots call the least variability hard. Different here: the
    clusters are shuffled as in their code, but by the run's seed; the vectors are
    clustered as they are; the dynamics are those of SimCLR, see the encoder
    `simclr_dynamics`, without which this strategy cannot choose.

    Parameters
    ----------
    X : numpy.ndarray of shape (n, d)
        The embedding of the pool.
    budget : int
        How many samples to choose.
    rng : numpy.random.Generator
        Source of the seed of k-means and of the order of the clusters.
    groups : numpy.ndarray of shape (n,), optional
        Patient of each sample; not used.
    seed : int, default=0
        Seed of the run; not used, `rng` comes from it.
    measures : dict of str to numpy.ndarray of shape (n,)
        ``confidence`` and ``variability`` of every sample.
    metric : {"hard", "ambiguous", "easy"}, default="hard"
        Least confidence first, largest variability first, or largest confidence
        first.
    clusters : int, default=30
        Pseudo-classes, meant to be more than there are classes; at most one per
        sample.
    n_init : int, default=10
        Starts (k-means++) of k-means; the best one counts.

    Returns
    -------
    Selection
        Scores are the confidences or variabilities; of equal ones the lowest row
        first.

    Raises
    ------
    InputError
        If the budget is below one or larger than the pool, `X` holds values that
        are not finite, or there is no cluster.
    """
    n = len(X)
    check_budget(budget, n)
    check_finite(X)
    if clusters < 1:
        raise InputError(f"csval: clusters is {clusters} and should be at least 1.")
    name, largest_first = METRICS[metric]
    values = np.asarray(measures[name], dtype=np.float64)
    labels = kmeans_clusters(np.asarray(X), min(clusters, n), int(rng.integers(2**31 - 1)), n_init)[0]
    order = np.argsort(-values if largest_first else values, kind="stable")
    members = [order[labels[order] == label] for label in rng.permutation(np.unique(labels))]
    turns = (rows[turn] for turn in range(max(map(len, members))) for rows in members if turn < len(rows))
    rows = [int(row) for row, _ in zip(turns, range(budget), strict=False)]
    reasons = [f"{metric}, by a {name} of {values[row]:.3g}, in cluster {labels[row]}" for row in rows]
    return Selection(rows, values[rows], reasons, labels[rows], pool_clusters=labels)
