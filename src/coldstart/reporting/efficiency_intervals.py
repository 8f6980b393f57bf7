"""Intervals of label efficiency: of the labels to the target, and of the annotation saved."""

import numpy as np
import pandas as pd

from coldstart.evaluation.efficiency_intervals import (
    Reached,
    labels_interval,
    resampled_labels,
    saved_interval,
    tail_of,
)
from coldstart.evaluation.label_efficiency import labels_to_target
from coldstart.reporting.arms import ARM, rows_of

NAMES = ["labels_low", "labels_high", "saved_low", "saved_high", "saved_known"]


def efficiency_intervals(arms, rows, goal, *, higher_is_better, interpolate):
    """Measure how sure the labels to the target and the annotation saved are.

    The target is measured on the same resamples as the curves: a test split on
    which full supervision does well asks more of all of them.

    Parameters
    ----------
    arms : pandas.DataFrame
        One row per arm: the columns of `coldstart.reporting.arms.ARM`, and
        ``other``, the row of the arm that it is held against (-1: none).
    rows : pandas.DataFrame
        Summary rows of one metric, sorted by run and number of labels.
    goal : coldstart.reporting.efficiency.Goal
        What is to be reached.
    higher_is_better, interpolate : bool
        As for `coldstart.evaluation.label_efficiency.labels_to_target`.

    Returns
    -------
    pandas.DataFrame
        The columns `NAMES`, in the order of the arms: ends of the intervals
        (infinite where they are open, nan where there is nothing to resample),
        and the share of resamples in which both arms reach the target.
    """
    bootstrap = np.array(rows["bootstrap"].tolist(), dtype=np.float64)
    goals = np.broadcast_to(goal.value if goal.resampled is None else goal.resampled, bootstrap.shape[1])
    known = ~np.isnan(bootstrap).any(axis=0) & ~np.isnan(goals)
    nothing = pd.DataFrame(np.nan, index=arms.index, columns=NAMES)
    if known.sum() < 2:
        return nothing
    rows, goals, bootstrap = rows.reset_index(drop=True), goals[known], bootstrap[:, known]
    reached = []
    for arm in arms[ARM].to_dict("records"):
        seeds, labels, most = [], [], []
        for (seed, _), run in rows_of(rows, arm).groupby(["seed", "repeat"], sort=False):
            x, y = run["n_labelled"].to_numpy(), bootstrap[run.index].T
            how = {"higher_is_better": higher_is_better, "interpolate": interpolate}
            labels.append([labels_to_target(x, curve, target, **how) for curve, target in zip(y, goals, strict=True)])
            seeds.append(seed)
            most.append(x.max())
        labels = np.array(labels)
        is_reached = ~np.isnan(labels)
        reached.append(Reached(np.array(seeds), np.where(is_reached, labels, np.array(most)[:, None]), is_reached))
    labels, all_reach = resampled_labels(reached)
    found = []
    for row, other in enumerate(arms["other"]):
        interval = labels_interval(labels[row], all_reach[row], tail_of([reached[row]]))
        saved = (np.nan, np.nan, np.nan)
        if other >= 0:
            tail = tail_of([reached[row], reached[other]])
            saved = saved_interval(labels[row], all_reach[row], labels[other], all_reach[other], tail)
        found.append((*interval, *saved))
    return pd.DataFrame(found, columns=NAMES, index=arms.index)
