"""Greedy choice of the samples whose similarity covers the pool best, without holding all similarities."""

import heapq

import numpy as np

from coldstart.progress import track

SIMILARITIES_AT_ONCE = 2**24
MOST_GAINS_AT_ONCE = 256


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
        whole pool, an array of shape (m, n). Negative ones count as 0.
    n : int
        Size of the pool.
    budget : int
        How many samples to choose, at most `n`.
    what : str
        What is computed, for the user.

    Returns
    -------
    rows : list of int
        In order of choice; of equal gains the lowest row.
    gains : list of float
        Growth of the coverage by each.
    """
    covered = np.zeros(n)
    step = max(1, SIMILARITIES_AT_ONCE // n)
    first = [
        np.maximum(kernel(np.arange(start, min(start + step, n))), 0).mean(axis=1, dtype=np.float64)
        for start in track(range(0, n, step), what)
    ]
    # Largest gain first, of equal ones the lowest row; with it the number of picks for which it was computed.
    waiting = [(-gain, row, 0) for row, gain in enumerate(np.concatenate(first))]
    heapq.heapify(waiting)
    rows, gains, at_once = [], [], 1
    while len(rows) < budget:
        stale = []
        while waiting and waiting[0][2] < len(rows) and len(stale) < min(at_once, step):
            stale.append(heapq.heappop(waiting)[1])
        if stale:
            growth = np.maximum(np.maximum(kernel(np.array(stale)), 0) - covered, 0).mean(axis=1, dtype=np.float64)
            for row, gain in zip(stale, growth, strict=True):
                heapq.heappush(waiting, (-gain, row, len(rows)))
            # One gain is often enough; where many are nearly equal, one product for many is quicker.
            at_once = min(2 * at_once, MOST_GAINS_AT_ONCE)
            continue
        gain, row, _ = heapq.heappop(waiting)
        np.maximum(covered, kernel(np.array([row]))[0], out=covered)
        rows.append(row)
        gains.append(float(-gain))
        at_once = 1
    return rows, gains
