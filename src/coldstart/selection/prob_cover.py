"""ProbCover: balls of one radius that cover as much of the pool as possible."""

import logging
import math

import numpy as np
from scipy.sparse import csr_array, vstack
from sklearn.metrics import euclidean_distances
from sklearn.preprocessing import normalize

from coldstart.errors import InputError
from coldstart.progress import track
from coldstart.selection.base import Selection, check_budget, check_finite
from coldstart.selection.clusters import kmeans_clusters
from coldstart.selection.geometry import farthest_points

LOGGER = logging.getLogger("coldstart")
DISTANCES_AT_ONCE = 2**24
MOST_PAIRS = 2**29


def select(
    X,
    budget,
    *,
    rng,
    groups=None,
    seed=0,
    delta: float | None = None,
    purity: float = 0.95,
    classes: int = 2,
    l2: bool = True,
):
    """Choose, each time, the sample whose ball holds most samples that no ball holds yet.

    Yehuda, Dekel, Hacohen and Weinshall, "Active learning through a covering
    lens", NeurIPS 2022 (arXiv 2205.11320), Algorithm 1. x covers y where
    ``|x - y| < delta``. The released code works through whole chunks of the pool
    and drops what is left over; here nothing is dropped. Once all is covered, the
    rest is chosen by farthest-point traversal. It draws nothing: the seed does not
    move it.

    Parameters
    ----------
    X : numpy.ndarray of shape (n, d)
        The embedding of the pool.
    budget : int
        How many samples to choose.
    rng : numpy.random.Generator
        Not used.
    groups : numpy.ndarray of shape (n,), optional
        Patient of each sample; not used.
    seed : int, default=0
        Seed of the run; not used.
    delta : float, optional
        Radius of the balls. By default the paper's rule: the largest radius with
        which a share `purity` of all balls holds samples of one k-means cluster
        only (their section 3.3).
    purity : float, default=0.95
        That share.
    classes : int, default=2
        Clusters of that k-means. The paper takes the true number of classes,
        which nobody knows before the first label: it is a guess.
    l2 : bool, default=True
        Bring every vector to length 1 first, as the paper does.

    Returns
    -------
    Selection
        Scores are the numbers of newly covered samples, itself included; 0 once
        all is covered. Of equal numbers the lowest row.

    Raises
    ------
    InputError
        If the budget is below one or larger than the pool, `X` holds values that
        are not finite, or the balls hold too many pairs for the memory.
    """
    n = len(X)
    check_budget(budget, n)
    check_finite(X)
    if not 0 < purity <= 1:
        raise InputError(f"prob_cover: purity is {purity} and should be above 0 and at most 1.")
    points = normalize(X) if l2 else np.asarray(X)
    if delta is None:
        labels = kmeans_clusters(points, min(classes, n), random_state=0)[0]
        delta = purest_radius(points, labels, purity)
        LOGGER.info("the largest radius of purity %g among %d clusters is %.4g", purity, classes, delta)
    balls = neighbours_within(points, delta)
    rows, counts = cover(balls, budget)
    reasons = [f"covers {count} samples within {delta:.4g}" for count in counts]
    if len(rows) < budget:
        lacking = budget - len(rows)
        added, _ = farthest_points(points, rows, lacking)
        rows, counts = rows + added, counts + [0] * lacking
        reasons += ["farthest from all chosen, as all is covered"] * lacking
    return Selection(rows, counts, reasons, [-1] * budget)


def purest_radius(points, labels, purity):
    """Largest radius with which a share of the balls holds samples of one label only.

    The ball of x is pure as long as its radius does not exceed the distance of x
    to the nearest sample of another label.

    Parameters
    ----------
    points : numpy.ndarray of shape (n, d)
    labels : numpy.ndarray of int, shape (n,)
    purity : float
        That share, above 0 and at most 1.

    Returns
    -------
    float
        With a single label the largest distance of all to the first sample:
        then every ball is pure, and there is no largest radius.
    """
    if len(np.unique(labels)) < 2:
        return float(euclidean_distances(points[:1], points).max()) or 1.0
    reach = np.empty(len(points))
    for start in track(range(0, len(points), rows_at_once(points)), "distances to other clusters"):
        part = slice(start, start + rows_at_once(points))
        distances = euclidean_distances(points[part], points)
        distances[labels[part, None] == labels] = np.inf
        reach[part] = distances.min(axis=1)
    return float(np.sort(reach)[::-1][math.ceil(purity * len(reach)) - 1])


def neighbours_within(points, delta):
    """Which samples lie nearer than delta to which.

    Parameters
    ----------
    points : numpy.ndarray of shape (n, d)
    delta : float

    Returns
    -------
    scipy.sparse.csr_array of bool, shape (n, n)
        Every sample is its own neighbour.

    Raises
    ------
    InputError
        If there are more than 2**29 such pairs.
    """
    n, parts, pairs = len(points), [], 0
    for start in track(range(0, n, rows_at_once(points)), "neighbours within the radius"):
        rows = np.arange(start, min(start + rows_at_once(points), n))
        near = euclidean_distances(points[rows], points) < delta
        near[np.arange(len(rows)), rows] = True
        parts.append(csr_array(near))
        pairs += parts[-1].nnz
        if pairs > MOST_PAIRS:
            raise InputError(
                f"prob_cover: the balls of radius {delta:.4g} hold more than {MOST_PAIRS:,} pairs of samples: "
                "give the method a smaller `delta`."
            )
    return vstack(parts, format="csr")


def rows_at_once(points):
    """Rows whose distances to all points are held at once."""
    return max(1, DISTANCES_AT_ONCE // len(points))


def cover(balls, budget):
    """Greedy maximum coverage.

    Parameters
    ----------
    balls : scipy.sparse.csr_array of bool, shape (n, n)
        Symmetric; see `neighbours_within`.
    budget : int

    Returns
    -------
    rows, counts : list of int
        In order of choice, and how many samples each has newly covered; shorter
        than the budget where all is covered before.
    """
    waiting = np.ones(balls.shape[0], dtype=bool)
    # How many uncovered samples each ball holds.
    gains = np.diff(balls.indptr).astype(np.int64)
    rows, counts = [], []
    while len(rows) < budget and waiting.any():
        row = int(gains.argmax())
        rows.append(row)
        counts.append(int(gains[row]))
        inside = balls.indices[balls.indptr[row] : balls.indptr[row + 1]]
        for covered in inside[waiting[inside]]:
            gains[balls.indices[balls.indptr[covered] : balls.indptr[covered + 1]]] -= 1
        waiting[inside] = False
    return rows, counts
