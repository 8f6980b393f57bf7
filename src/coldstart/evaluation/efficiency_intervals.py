"""How sure the labels to a target are, and the annotation saved: resampled over seeds and patients.

The two-way bootstrap: every resample draws seeds anew, and takes the next of
the resamples of patients that all runs share; Owen, "The pigeonhole bootstrap",
Annals of Applied Statistics 1:386-411 (2007), whose intervals err on the side
of being too wide.
"""

from dataclasses import dataclass

import numpy as np

from coldstart.evaluation.intervals import expanded_tail

# Draws of seeds for every resample of patients.
DRAWS = 10
LEVEL = 0.95


@dataclass(frozen=True, eq=False)
class Reached:
    """Labels with which the runs of an arm reach a target.

    Attributes
    ----------
    seeds : numpy.ndarray of int, shape (n,)
        Seed of each run.
    labels : numpy.ndarray of float, shape (n, m)
        Labels in every resample of patients; where the target is not reached,
        the most that the run has.
    reached : numpy.ndarray of bool, shape (n, m)
        Whether it is.
    """

    seeds: np.ndarray
    labels: np.ndarray
    reached: np.ndarray


def resampled_labels(arms, *, draws=DRAWS):
    """Mean labels of every arm in resamples of seeds and patients.

    Parameters
    ----------
    arms : list of Reached
        With the same resamples of patients.
    draws : int, default=10
        Resamples of seeds for each resample of patients. Arms of the same seeds
        are given the same ones; a seed brings all its repeats.

    Returns
    -------
    labels : numpy.ndarray of float, shape (arms, m * draws)
        A lower bound where the target is not reached.
    reached : numpy.ndarray of bool, shape (arms, m * draws)
        Whether all drawn runs reach it.
    """
    labels, reached = [], []
    for arm in arms:
        seeds, place = np.unique(arm.seeds, return_inverse=True)
        # From the seeds alone, so that arms of the same seeds stay paired.
        rng = np.random.default_rng(seeds.tolist())
        m = arm.labels.shape[1]
        drawn = rng.integers(len(seeds), size=(m, draws, len(seeds)))
        counts = (drawn[..., None] == np.arange(len(seeds))).sum(axis=2)[..., place]
        labels.append((np.einsum("mdn,nm->md", counts, arm.labels) / counts.sum(axis=2)).ravel())
        reached.append(((counts == 0) | arm.reached.T[:, None, :]).all(axis=2).ravel())
    return np.array(labels), np.array(reached)


def labels_interval(labels, reached, tail):
    """Interval of the mean labels to a target.

    Parameters
    ----------
    labels, reached : numpy.ndarray, shape (r,)
        From `resampled_labels`, of one arm.
    tail : float
        From `tail_of`.

    Returns
    -------
    tuple of float
        The upper end is infinite where too many resamples do not reach the target
        for it to be known.
    """
    return limits(labels, np.where(reached, labels, np.inf), tail)


def saved_interval(labels, reached, other_labels, other_reached, tail):
    """Interval of the annotation saved, in percent.

    Parameters
    ----------
    labels, reached : numpy.ndarray, shape (r,)
        From `resampled_labels`, of the arm.
    other_labels, other_reached : numpy.ndarray, shape (r,)
        Those of the reference.
    tail : float
        From `tail_of`.

    Returns
    -------
    low, high : float
        Where only the reference misses the target, at least what is saved
        against the most labels that it had is saved: there is no upper end of
        that resample. Where only the arm does, there is no lower one, and
        where both do, neither. Limits are infinite where such resamples
        decide them.
    share : float
        Share of the resamples in which both reach the target.
    """
    saved = 100 * (1 - np.divide(labels, other_labels, out=np.ones_like(labels), where=other_labels > 0))
    low, high = limits(np.where(reached, saved, -np.inf), np.where(other_reached, saved, np.inf), tail)
    return low, high, float((reached & other_reached).mean())


def limits(lower, upper, tail):
    """Lower end of the one and upper end of the other, without interpolation: an infinite value does not spread."""
    return (
        float(np.quantile(lower, tail, method="lower")),
        float(np.quantile(upper, 1 - tail, method="higher")),
    )


def tail_of(arms, level=LEVEL):
    """Share of resamples beyond either end of an interval, widened for the fewest seeds of an arm that has several.

    Parameters
    ----------
    arms : list of Reached
    level : float, default=0.95

    Returns
    -------
    float
        See `coldstart.evaluation.intervals.expanded_tail`.
    """
    several = [count for arm in arms if (count := len(np.unique(arm.seeds))) > 1]
    return expanded_tail(min(several), level) if several else (1 - level) / 2
