"""What one seed is worth: spread by selection, training and patients, seeds needed, orders that a seed turns over."""

import numpy as np
from scipy.stats import kendalltau, norm

from coldstart.evaluation.ranks import leave_one_seed_out
from coldstart.evaluation.runs import shared_runs, units_of
from coldstart.evaluation.variance import components

LEVEL, POWER = 0.05, 0.8
DETECTED = 0.02


def spread(runs):
    """Standard deviations of the runs of an arm.

    Parameters
    ----------
    runs : coldstart.evaluation.runs.Runs

    Returns
    -------
    dict of str to float
        ``seeds``: of the means of seeds; ``repeats`` and ``selection``: of the
        training and of the selection, see `coldstart.evaluation.variance.components`;
        ``patients``: the mean standard error of one run by the resamples. nan where
        there is nothing to take it of.
    """
    units = units_of(runs)
    found = components(runs.values, runs.seeds)
    return {
        "seeds": float(units.values.std(ddof=1)) if found.n_seeds > 1 else np.nan,
        "repeats": float(np.sqrt(found.training)),
        "selection": float(np.sqrt(found.selection)),
        "patients": float(runs.bootstrap.std(axis=1, ddof=1).mean()),
    }


def seeds_needed(sd, difference=DETECTED, level=LEVEL, power=POWER):
    """Seeds with which a paired test finds a difference.

    The normal approximation of the sample size of a paired comparison: ``((z of
    level / 2 + z of power) sd / difference)²``; Chow, Shao, Wang and Lokhnygina,
    Sample size calculations in clinical research, 3rd edition, CRC 2017, section 3.1.

    Parameters
    ----------
    sd : float
        Standard deviation of the difference between two runs of the same seed.
    difference : float, default=0.02
    level : float, default=0.05
        Two-sided.
    power : float, default=0.8

    Returns
    -------
    int
        At least 2.
    """
    z = norm.isf(level / 2) + norm.isf(1 - power)
    return max(2, int(np.ceil((z * sd / difference) ** 2)))


def smallest_found(se, level=LEVEL, power=POWER):
    """Smallest difference found with this power by any number of seeds: the error of the patients is left."""
    return (norm.isf(level / 2) + norm.isf(1 - power)) * se


def paired_gaps(first, second):
    """Differences of two arms, run by run of the same seed; None where they share too few."""
    pairs = shared_runs(first, second)
    return None if pairs is None else pairs[0].values - pairs[1].values


def turned_over(first, second):
    """Share of single seeds by which the arm that is worse in the mean is better; equal values count half."""
    gaps = paired_gaps(first, second)
    if gaps is None or gaps.mean() == 0:
        return np.nan
    return float(np.mean(np.where(gaps == 0, 0.5, np.sign(gaps) != np.sign(gaps.mean()))))


def false_alarms(runs):
    """How often one run differs 'significantly' from another of the very same arm.

    What a study of one seed does: the interval of the difference of two networks by
    the resamples of the test split (2.5 and 97.5 %), without that of seeds. Every
    run is held against that of the next seed, of the same repeat.

    Parameters
    ----------
    runs : coldstart.evaluation.runs.Runs
        Of at least two seeds, with resamples of at least two patients.

    Returns
    -------
    float
        Share of pairs whose interval leaves out 0; 0.05 where the interval held what it says.
    """
    alarms = []
    for repeat in np.unique(runs.repeats):
        own = np.flatnonzero(runs.repeats == repeat)
        bootstrap = runs.bootstrap[own[np.argsort(runs.seeds[own])]]
        low, high = np.nanpercentile(bootstrap - np.roll(bootstrap, 1, axis=0), (2.5, 97.5), axis=1)
        alarms += [*((low > 0) | (high < 0))]
    return float(np.mean(alarms))


def rank_stability(arms, *, higher_is_better=True):
    """How the order of arms moves with the seeds.

    Parameters
    ----------
    arms : list of coldstart.evaluation.runs.Runs
    higher_is_better : bool, default=True

    Returns
    -------
    dict of str to float
        ``without_one``: smallest Kendall's tau of the order of all seeds with that
        without one of them; ``by_one``: mean tau of the order of all seeds with that
        of a single seed, over the seeds that all arms share; ``best_by_one``: share
        of these seeds by which the best arm of all seeds is the best.
    """
    shared = sorted(set.intersection(*(set(arm.seeds.tolist()) for arm in arms)))
    means = np.array([units_of(arm).values.mean() for arm in arms])
    table = np.array([[arm.values[arm.seeds == seed].mean() for seed in shared] for arm in arms])
    sign = 1 if higher_is_better else -1
    best = int(np.argmax(sign * means))
    return {
        "without_one": leave_one_seed_out(arms, higher_is_better=higher_is_better).tau,
        "by_one": float(np.mean([kendalltau(means, column).statistic for column in table.T])),
        "best_by_one": float(np.mean(np.argmax(sign * table, axis=0) == best)),
    }
