"""Greedy choice of the samples whose similarity covers the pool best, with few gains computed anew."""

import heapq

import numpy as np

from coldstart.progress import track

SIMILARITIES_AT_ONCE = 2**22
# All similarities of a pool are kept where they take at most 256 MiB, in pools of up to 5,792 samples.
SIMILARITIES_KEPT = 2**25
FEWEST_GAINS_AT_ONCE, MOST_GAINS_AT_ONCE = 8, 256
# Gains that differ by less count as equal: a matrix product rounds a row otherwise in other company.
ROUNDING = 1e-12


def greedy_cover(kernel, n, budget, what):
    """Choose samples one by one, each with the largest gain in coverage.

    The coverage of a set S is ``mean over y of max over s in S of k(s, y)``,
    with 0 for an empty set. It is monotone and submodular for k >= 0, so that
    the greedy choice reaches at least 1 - 1/e of the best possible (Nemhauser,
    Wolsey and Fisher 1978), and a gain can only fall as S grows: gains are
    computed again only where they may still be the largest (Minoux, "Accelerated
    greedy algorithms for maximizing submodular set functions", 1978). The
    choice is that of the plain greedy loop.

    Parameters
    ----------
    kernel : callable
        From rows, an array of int of shape (m,), to their similarities to the
        whole pool, an array of float64 of shape (m, n), at most 1. Negative ones
        count as 0.
    n : int
        Size of the pool.
    budget : int
        How many samples to choose, at most `n`.
    what : str
        What is computed, for the user.

    Returns
    -------
    rows : list of int
        In order of choice; of gains that are equal up to rounding the lowest
        row. Once all is covered, the rows that are left, ascending.
    gains : list of float
        Growth of the coverage by each.
    """
    covered = np.zeros(n)
    similarities, bounds = first_gains(kernel, n, what)
    # Largest gain first. A gain that was computed for fewer picks bounds the present one from above.
    waiting = [(-bound, row) for row, bound in enumerate(bounds)]
    heapq.heapify(waiting)
    rows, gains = [], []
    while len(rows) < budget:
        present, best, at_once = [], 0.0, FEWEST_GAINS_AT_ONCE
        while waiting and -waiting[0][0] >= best - ROUNDING:
            some = [heapq.heappop(waiting)[1] for _ in range(min(at_once, len(waiting)))]
            growth = np.maximum(similarities(np.array(some)) - covered, 0).mean(axis=1)
            present += zip(growth.tolist(), some, strict=True)
            best = max(best, growth.max())
            # A few are often enough; where many are nearly equal, one product for many is quicker.
            at_once = min(2 * at_once, max(1, min(MOST_GAINS_AT_ONCE, SIMILARITIES_AT_ONCE // n)))
        if best <= ROUNDING:
            left = sorted(row for _, row in [*waiting, *present])[: budget - len(rows)]
            return rows + left, gains + [0.0] * len(left)
        row, gain = min((row, gain) for gain, row in present if gain >= best - ROUNDING)
        for bound, other in present:
            if other != row:
                heapq.heappush(waiting, (-bound, other))
        np.maximum(covered, similarities(np.array([row]))[0], out=covered)
        rows.append(row)
        gains.append(gain)
    return rows, gains


def first_gains(kernel, n, what):
    """What every sample alone covers, and how its similarities are had again.

    Parameters
    ----------
    kernel, n, what
        As for `greedy_cover`.

    Returns
    -------
    similarities : callable
        As `kernel`, with 0 for what is negative; from memory where they fit.
    gains : numpy.ndarray of float64, shape (n,)
    """
    kept = np.empty((n, n)) if n * n <= SIMILARITIES_KEPT else None
    gains, step = np.empty(n), max(1, SIMILARITIES_AT_ONCE // n)
    for start in track(range(0, n, step), what):
        part = slice(start, min(start + step, n))
        found = np.maximum(kernel(np.arange(part.start, part.stop)), 0)
        gains[part] = found.mean(axis=1)
        if kept is not None:
            kept[part] = found
    if kept is None:
        return lambda rows: np.maximum(kernel(rows), 0), gains
    return lambda rows: kept[rows], gains
