"""Lloyd's k-means from all its random starts at once, ending where scikit-learn's ends.

For a large pool scikit-learn's `KMeans(init="random")` is bound by memory: every
iteration of every start reads the whole pool to multiply it with a few
centres. Here

- all starts of one k advance together, so that one reading of the pool serves
  one large matrix product with the centres of all of them;
- a row whose cluster cannot change is left out: it carries an upper bound of
  the distance to its own centre and a lower one to every other, which widen by
  what the centres move (Elkan, "Using the triangle inequality to accelerate
  k-means", ICML 2003; Hamerly, "Making k-means even faster", SDM 2010);
- the sums behind the centres are kept in float64 and corrected by the rows that
  changed their cluster.

None of this changes a decision but within rounding. The last iteration of every
start that may be the best one is scikit-learn's own: labels, centres, inertia
and so the choice among the starts are its bits.
"""

import logging
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from sklearn.cluster._kmeans import _kmeans_single_lloyd
from sklearn.utils._openmp_helpers import _openmp_effective_n_threads
from threadpoolctl import threadpool_limits

LOGGER = logging.getLogger("coldstart")

# scikit-learn's defaults, which the published loop leaves as they are.
MAX_ITERATIONS = 300
TOLERANCE = 1e-4
# Rows in one matrix product: large enough for the processor, small enough for its cache.
ROWS_AT_ONCE = 2048
# Copying rows out costs as much as multiplying a few times as many where they lie.
FEW = 0.3


class Points:
    """A pool made ready for k-means, once for all numbers of clusters.

    Parameters
    ----------
    features : numpy.ndarray of float32 or float64, shape (n, d)
        The samples. They are copied, less their mean, as scikit-learn does.

    Attributes
    ----------
    rows : numpy.ndarray of shape (n, d)
        The samples less their mean.
    mean : numpy.ndarray of shape (d,)
        What was taken off.
    squares, lengths : numpy.ndarray of shape (n,)
        Squared and plain Euclidean norm of every row.
    tolerance : float
        Sum of squared shifts of the centres at which k-means has converged.
    unit : float
        Largest relative error of one rounding.
    threads : int
        How many the process may use (``OMP_NUM_THREADS``, or its cores).
    """

    def __init__(self, features):
        kind = np.float32 if features.dtype == np.float32 else np.float64
        features = np.ascontiguousarray(features, dtype=kind)
        self.tolerance = np.mean(np.var(features, axis=0)) * TOLERANCE
        self.mean = features.mean(axis=0)
        self.rows = features - self.mean
        self.squares = np.einsum("ij,ij->i", self.rows, self.rows)
        self.lengths = np.sqrt(self.squares)
        self.weights = np.ones(len(features), dtype=features.dtype)
        self.unit = np.finfo(features.dtype).eps / 2
        self.threads = _openmp_effective_n_threads()

    def rounding(self, rows, longest):
        """Bound of the error of ‖x‖² - 2 x·c + ‖c‖² for some rows and a centre of norm up to `longest`.

        A product of d terms is off by at most d roundings of ‖x‖ ‖c‖, in whatever
        order it is summed (Higham, "Accuracy and Stability of Numerical Algorithms", section 3.1).
        """
        return (self.rows.shape[1] + 8) * self.unit * (self.lengths[rows] + longest) ** 2


class Start:
    """One random start: its centres, and what is known of every row.

    Parameters
    ----------
    points : Points
    seeds : numpy.ndarray of int, shape (k,)
        Rows that are the first centres.

    Attributes
    ----------
    centres : numpy.ndarray of shape (k, d)
    labels : numpy.ndarray of int32, shape (n,)
        Cluster of every row; -1 before the first iteration.
    upper : numpy.ndarray of shape (n,)
        At least the distance of a row to its own centre.
    lower : numpy.ndarray of shape (k, n)
        At most the distance of a row to each centre; infinite for its own.
    sums : numpy.ndarray of float64, shape (k, d)
        Sum of the members of each cluster.
    stranded : bool
        Whether a cluster has lost all its rows.
    """

    def __init__(self, points, seeds):
        n, k = len(points.rows), len(seeds)
        self.points = points
        self.seeds = seeds
        self.labels = np.full(n, -1, dtype=np.int32)
        self.summed = self.labels.copy()
        self.upper = np.zeros(n, dtype=points.rows.dtype)
        self.lower = np.zeros((k, n), dtype=points.rows.dtype)
        self.sums = np.zeros((k, points.rows.shape[1]))
        self.iterations = 0
        self.stranded = False
        self.use(points.rows[seeds])

    def use(self, centres):
        """Take these centres from now on."""
        self.centres = centres
        self.squares = np.einsum("ij,ij->i", centres, centres)
        self.longest = float(np.sqrt(self.squares.max()))

    def undecided(self):
        """Rows whose nearest centre may be another one than it was, up to the rounding of its computation."""
        others = np.maximum(self.lower.min(axis=0), 0)
        return np.flatnonzero(others**2 <= self.upper**2 + 2 * self.points.rounding(slice(None), self.longest))

    def assign(self, rows, products):
        """Give rows to their nearest centre, the lowest on ties.

        Parameters
        ----------
        rows : slice or numpy.ndarray of int
        products : numpy.ndarray of shape (k, number of rows)
            Product of every centre with every row; overwritten.
        """
        products *= -2
        products += self.squares[:, None]
        labels = products.argmin(axis=0)
        products += self.points.squares[rows]
        error = self.points.rounding(rows, self.longest)
        own = (labels, np.arange(len(labels)))
        self.labels[rows] = labels
        self.upper[rows] = np.sqrt(np.maximum(products[own], 0) + error)
        products -= error
        np.sqrt(np.maximum(products, 0, out=products), out=products)
        products[own] = np.inf
        self.lower[:, rows] = products

    def update(self):
        """Move every centre to the mean of its rows.

        Returns
        -------
        bool
            Whether this start has come to its end: no row changed its cluster,
            the centres hardly moved, it has taken long enough, or a cluster is
            empty. Where it has, the centres stay those that gave the labels.
        """
        self.iterations += 1
        changed = np.flatnonzero(self.labels != self.summed)
        if not len(changed):
            return True
        self.add(changed)
        counts = np.bincount(self.labels, minlength=len(self.centres))
        self.stranded = not counts.all()
        if self.stranded:
            return True
        centres = (self.sums / counts[:, None]).astype(self.centres.dtype)
        shifts = np.linalg.norm(centres - self.centres.astype(np.float64), axis=1)
        if (shifts**2).sum() <= self.points.tolerance or self.iterations == MAX_ITERATIONS:
            return True
        # The bounds themselves are rounded each time, by no more than this.
        widened = (shifts + 8 * self.points.unit * self.points.lengths.max()).astype(self.upper.dtype)
        self.upper += widened[self.labels]
        self.lower -= widened[:, None]
        self.use(centres)
        return False

    def add(self, changed):
        """Bring the sums up to date with rows that changed their cluster."""
        everything = len(changed) == len(self.labels)
        for begin in range(0, len(changed), ROWS_AT_ONCE):
            part = slice(begin, begin + ROWS_AT_ONCE)
            rows = part if everything else changed[part]
            moves = np.zeros((len(self.centres), len(changed[part])), dtype=self.centres.dtype)
            places = np.arange(moves.shape[1])
            moves[self.labels[rows], places] = 1
            left = self.summed[rows] >= 0
            moves[self.summed[rows][left], places[left]] = -1
            self.sums += moves @ self.points.rows[rows]
        self.summed = self.labels.copy()

    def inertia(self):
        """Sum of the squared distances of all rows to the means of their clusters."""
        counts = np.bincount(self.labels, minlength=len(self.centres))
        return float(self.points.squares.sum(dtype=np.float64) - ((self.sums**2).sum(axis=1) / counts).sum())


def k_means(points, k, n_init, random_state):
    """What ``KMeans(k, init="random", n_init=n_init, random_state=random_state).fit`` finds.

    Where two starts end within rounding of each other, scikit-learn's choice
    depends on its number of threads; this one follows it with up to two. (With
    more, the order of its sums is left to chance.)

    Parameters
    ----------
    points : Points
        The pool, of at least `k` rows.
    k : int
        Number of clusters.
    n_init : int
        Number of random starts.
    random_state : int
        Seed of their first centres.

    Returns
    -------
    centres : numpy.ndarray of shape (k, d)
        In the coordinates of the features that `points` was made of.
    labels : numpy.ndarray of int32, shape (n,)
        Cluster of every row.
    """
    random = np.random.RandomState(random_state)
    shares = points.weights / points.weights.sum()
    starts = [Start(points, random.choice(len(points.rows), size=k, replace=False, p=shares)) for _ in range(n_init)]
    with threadpool_limits(1, user_api="blas"), ThreadPoolExecutor(points.threads) as executor:
        running = starts
        while running:
            step(points, running, executor)
            ended = list(executor.map(Start.update, running))
            running = [start for start, end in zip(running, ended, strict=True) if not end]
    return best(points, starts)


def step(points, starts, executor):
    """Assign the undecided rows of every start to their nearest centres, in parallel over rows."""
    n = len(points.rows)
    undecided = list(executor.map(Start.undecided, starts))
    together = [start for start, rows in zip(starts, undecided, strict=True) if len(rows) > FEW * n]
    tasks = [(together, slice(begin, min(begin + ROWS_AT_ONCE, n))) for begin in range(0, n, ROWS_AT_ONCE) if together]
    for start, rows in zip(starts, undecided, strict=True):
        if len(rows) <= FEW * n:
            tasks += [([start], rows[begin : begin + ROWS_AT_ONCE]) for begin in range(0, len(rows), ROWS_AT_ONCE)]
    centres = np.concatenate([start.centres for start in together]) if together else None

    def run(task):
        those, rows = task
        products = (centres if those is together else those[0].centres) @ points.rows[rows].T
        for start, own in zip(those, np.split(products, len(those)), strict=True):
            start.assign(rows, own)

    list(executor.map(run, tasks))


def best(points, starts):
    """Centres and labels of the best start, by scikit-learn's last iteration and its rule.

    A start is better if its inertia is lower and its clustering is not the same
    under other numbers. Starts that are worse than the best by more than the
    rounding of scikit-learn's inertia are out of the question.
    """
    k, n = len(starts[0].seeds), len(points.rows)
    threads = min(points.threads, 2)
    inertias = [np.inf if start.stranded else start.inertia() for start in starts]
    # A sum of n terms is off by about the square root of n roundings: sixteen times that, of the largest sum there is.
    limit = min(inertias) + 16 * np.sqrt(n) * points.unit * points.squares.sum(dtype=np.float64)
    found = None
    for start, estimate in zip(starts, inertias, strict=True):
        if start.stranded:
            LOGGER.debug("A start of k-means with k=%d meets an empty cluster: scikit-learn runs it.", k)
            first, iterations = points.rows[start.seeds], MAX_ITERATIONS
        elif estimate <= limit:
            first, iterations = start.centres, 1
        else:
            continue
        labels, inertia, centres, _ = _kmeans_single_lloyd(
            points.rows, points.weights, first, max_iter=iterations, tol=points.tolerance, n_threads=threads
        )
        if found is None or (inertia < found[0] and not same_clustering(labels, found[1])):
            found = inertia, labels, centres
    return found[2] + points.mean, found[1]


def same_clustering(labels, others):
    """Whether every cluster of the one lies within one cluster of the other."""
    pairs = labels.astype(np.int64) * (others.max() + 1) + others
    return len(np.unique(pairs)) == len(np.unique(labels))
