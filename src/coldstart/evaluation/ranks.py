"""Ranks of arms: their means over blocks, groups that do not differ, and whether one seed decides."""

from dataclasses import dataclass

import numpy as np
from scipy.stats import friedmanchisquare, kendalltau, rankdata


@dataclass(frozen=True)
class Ranking:
    """Ranks over blocks.

    Attributes
    ----------
    mean : numpy.ndarray, shape (arms,)
        Mean rank, 1 for the best.
    p : float
        Friedman's test that no arm is better than another.
    w : float
        Kendall's coefficient of concordance: 1 where all blocks agree, 0 where they do not at all.
    """

    mean: np.ndarray
    p: float
    w: float


def ranks(values, *, higher_is_better=True):
    """Rank the arms in every block, 1 for the best; equal ones share the mean of their ranks.

    Parameters
    ----------
    values : array_like of float, shape (..., arms)
    higher_is_better : bool, default=True

    Returns
    -------
    numpy.ndarray, shape (..., arms)
    """
    values = np.asarray(values, dtype=np.float64)
    return rankdata(-values if higher_is_better else values, axis=-1)


def rank_over_blocks(values, *, higher_is_better=True, independent=True):
    """Mean ranks over blocks, and whether the blocks agree.

    Friedman, "The use of ranks to avoid the assumption of normality implicit in
    the analysis of variance", JASA 32:675-701 (1937); Kendall and Babington
    Smith, "The problem of m rankings", Annals of Mathematical Statistics
    10:275-287 (1939); Demsar, "Statistical comparisons of classifiers over
    multiple data sets", JMLR 7:1-30 (2006).

    Parameters
    ----------
    values : array_like of float, shape (blocks, arms)
        Blocks with a missing value are left out.
    higher_is_better : bool, default=True
    independent : bool, default=True
        Whether the blocks are (other seeds); resamples of one test split are not,
        and no test is made of them.

    Returns
    -------
    Ranking
        `p` and `w` are nan with fewer than three arms or two blocks, or where
        all arms are equal in all blocks.
    """
    values = np.asarray(values, dtype=np.float64)
    values = values[~np.isnan(values).any(axis=1)]
    blocks, arms = values.shape
    if not blocks:
        return Ranking(np.full(arms, np.nan), np.nan, np.nan)
    found = ranks(values, higher_is_better=higher_is_better)
    if not independent or arms < 3 or blocks < 2 or not np.ptp(found, axis=1).any():
        return Ranking(found.mean(axis=0), np.nan, np.nan)
    statistic, p = friedmanchisquare(*values.T)
    return Ranking(found.mean(axis=0), float(p), float(statistic / (blocks * (arms - 1))))


def cliques(mean_ranks, differs):
    """Largest groups of neighbours in rank of which no two differ: the bars of a critical-difference diagram.

    Demsar's bars join arms whose mean ranks are nearer than Nemenyi's critical
    difference, so that whether two arms differ hangs on which others are there;
    Benavoli, Corani and Mangili, "Should we really use post-hoc tests based on
    mean-ranks?", JMLR 17(5):1-10 (2016), therefore test each pair by itself.
    Ismail Fawaz et al., "Deep learning for time series classification: a
    review", Data Mining and Knowledge Discovery 33:917-963 (2019), draw the
    bars of such tests after Holm, as is done here.

    Parameters
    ----------
    mean_ranks : array_like of float, shape (arms,)
    differs : array_like of bool, shape (arms, arms)
        Whether two arms differ, symmetric. A pair that was not compared does not.

    Returns
    -------
    list of list of int
        Arms of every group of at least two, best first; none lies within another.
    """
    order = np.argsort(mean_ranks, kind="stable")
    differs = np.asarray(differs, dtype=bool)[np.ix_(order, order)]
    groups, reached = [], 0
    for start in range(len(order)):
        end = start + 1
        while end < len(order) and not differs[start : end + 1, start : end + 1].any():
            end += 1
        if end - start > 1 and end > reached:
            groups.append(order[start:end].tolist())
        reached = max(reached, end)
    return groups


@dataclass(frozen=True)
class Stability:
    """How the ranks of arms move when one seed is left out.

    Attributes
    ----------
    rank : numpy.ndarray, shape (arms,)
        With all seeds.
    best, worst : numpy.ndarray, shape (arms,)
        Smallest and largest rank over the seeds that are left out.
    tau : float
        Smallest Kendall's tau-b of these rankings with that of all seeds; nan
        where no seed can be left out.
    decisive : int or None
        The seed that is left out then.
    """

    rank: np.ndarray
    best: np.ndarray
    worst: np.ndarray
    tau: float
    decisive: int | None


def leave_one_seed_out(arms, *, higher_is_better=True):
    """Rank the arms by their means with every seed left out once.

    Kendall, "A new measure of rank correlation", Biometrika 30:81-93 (1938).

    Parameters
    ----------
    arms : list of coldstart.evaluation.runs.Runs
        Every run has a value. An arm of one seed stays as it is: without it
        there would be no arm.
    higher_is_better : bool, default=True

    Returns
    -------
    Stability
    """
    rank = ranks([arm.values.mean() for arm in arms], higher_is_better=higher_is_better)
    left_out = sorted({int(seed) for arm in arms if np.ptp(arm.seeds) for seed in arm.seeds})
    if not left_out:
        return Stability(rank, rank, rank, np.nan, None)
    means = [[mean_without(arm, seed) for arm in arms] for seed in left_out]
    found = ranks(means, higher_is_better=higher_is_better)
    taus = np.array([kendalltau(rank, row).statistic for row in found])
    known = ~np.isnan(taus)
    at = int(np.nanargmin(taus)) if known.any() else None
    return Stability(
        rank,
        found.min(axis=0),
        found.max(axis=0),
        float(taus[at]) if at is not None else np.nan,
        left_out[at] if at is not None else None,
    )


def mean_without(arm, seed):
    """Mean of an arm's runs of all seeds but one; of all, where it has no other."""
    kept = arm.seeds != seed
    return arm.values[kept].mean() if kept.any() else arm.values.mean()
