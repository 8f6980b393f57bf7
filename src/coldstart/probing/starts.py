"""The initial labelled sets of every seed of an arm, as positions in the pool."""

import numpy as np
import pandas as pd

from coldstart.selection import STRATEGIES
from coldstart.selection.first import select_first


def selected(seeds, vectors, budget, *, strategy, parameters, groups):
    """Select for every seed, just as the rule `select` would for each.

    Parameters
    ----------
    seeds : list of int
    vectors, budget, strategy, parameters, groups
        As `coldstart.selection.first.select_first` takes them.

    Returns
    -------
    list of (int, numpy.ndarray of int64, numpy.ndarray of float64)
        Seed, positions in the pool in order of choice, and scores. A strategy
        without randomness chooses once for all seeds.
    """
    facts = STRATEGIES.entry(strategy).facts
    alike, found = facts.get("deterministic") or facts.get("whole_pool"), []
    for seed in seeds:
        if not (alike and found):
            choice = select_first(vectors, budget, strategy=strategy, parameters=parameters, seed=seed, groups=groups)
        found.append((seed, choice.indices, choice.scores))
    return found


def started(labelled, seeds, sample_ids):
    """Go on from what another job has selected.

    Parameters
    ----------
    labelled : pandas.DataFrame
        Its labelled sets, see `coldstart.probing.chains.run_chains`.
    seeds : list of int
    sample_ids : numpy.ndarray of str, shape (n,)
        The pool.

    Returns
    -------
    list of (int, numpy.ndarray of int64, numpy.ndarray of float64)
        As `selected`.
    """
    first = labelled[(labelled["round"] == 0) & (labelled["repeat"] == 0)]
    place, by_seed = pd.Index(sample_ids), dict(tuple(first.groupby("seed")))
    # An empty start has no rows.
    own = [(seed, by_seed.get(seed, first.iloc[:0])) for seed in seeds]
    return [
        (seed, place.get_indexer(picks["sample_id"]).astype(np.int64), picks["score"].to_numpy()) for seed, picks in own
    ]
