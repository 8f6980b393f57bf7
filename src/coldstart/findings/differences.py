"""How far every arm is from random at equal labels: of one pool, at every budget and over all of them."""

from dataclasses import asdict

import numpy as np
import pandas as pd

from coldstart.evaluation.bootstrap import ESTIMATORS
from coldstart.evaluation.multiplicity import holm
from coldstart.evaluation.paired import compare
from coldstart.evaluation.runs import Runs
from coldstart.reporting.paired import area_rows, runs_of
from coldstart.reporting.summary import INITIALISATION, SUBSEQUENT, stage_rows

RANDOM = "random"
AREA = 0
FIELDS = ["difference", "low", "high", "se", "se_runs", "se_patients", "p", "n_first", "design"]


def initial_runs(summary, task, metric):
    """Runs of every cold start at every budget, and by the area over the budgets.

    Parameters
    ----------
    summary : pandas.DataFrame
        The summary of one data set.
    task, metric : str

    Returns
    -------
    dict of (str, str) to dict of int to coldstart.evaluation.runs.Runs
        By model and method, then by budget; `AREA` is the mean height of the
        curve between the smallest and the largest budget.
    """
    rows = stage_rows(summary, task, INITIALISATION)
    rows = rows[rows["metric"] == metric]
    rows = rows.assign(x=rows["n_labelled"], point=rows["budget"])
    return by_point(rows, ["model", "method"])


def query_runs(summary, task, metric):
    """Runs of every query after every cold start, by the number of labels; as `initial_runs`, by all three names."""
    rows = stage_rows(summary, task, SUBSEQUENT)
    rows = rows[rows["metric"] == metric]
    rows = rows.assign(x=rows["n_labelled"], point=rows["n_labelled"])
    return by_point(rows, ["model", "method", "query"])


def by_point(rows, names):
    """Runs by the columns `names`, then by point and by the area; see `initial_runs`."""
    resamples = len(rows["bootstrap"].iloc[0])
    _, areas = area_rows(rows.assign(budget=0), ESTIMATORS["percentile"])
    found = {}
    for at, frame in ((AREA, areas), *rows.groupby("point")):
        for arm, own in frame.groupby(names):
            found.setdefault(arm, {})[int(at)] = runs_of(own, resamples)
    return found


def against_random(runs, test_units, rival=lambda arm: ("none", RANDOM)):
    """Compare every arm with random at every point and by the area.

    Parameters
    ----------
    runs : dict
        See `initial_runs`.
    test_units : int
        Patients that the resamples draw.
    rival : callable
        Of an arm the one that it is compared with; itself for random.

    Returns
    -------
    pandas.DataFrame
        One row per arm and point: ``arm`` (its names, joined by a space),
        ``point``, ``value``, ``rival`` (the value of random; runs without a value
        are left out), `FIELDS`, and ``p_holm``: over all arms for the area, over
        all arms and points else.
    """
    rows = []
    for arm, points in runs.items():
        other = runs[rival(arm)]
        for point, own in points.items():
            row = {"arm": " ".join(arm), "point": point}
            row |= {"value": own.defined().values.mean(), "rival": other[point].defined().values.mean()}
            if arm != rival(arm):
                found = asdict(compare(own, other[point], test_units))
                row |= {name: found[name] for name in FIELDS}
            rows.append(row)
    frame = pd.DataFrame(rows)
    frame["p_holm"] = frame.groupby(frame["point"] == AREA)["p"].transform(holm)
    return frame


def mean_runs(arms):
    """The mean of several arms as if it were one: seed by seed, over the seeds that all of them have.

    Parameters
    ----------
    arms : list of Runs

    Returns
    -------
    Runs
        With repeat 0.
    """
    shared = sorted(set.intersection(*(set(arm.seeds.tolist()) for arm in arms)))
    of_seeds = [[arm.where(arm.seeds == seed) for seed in shared] for arm in arms]
    values = np.mean([[own.values.mean() for own in arm] for arm in of_seeds], axis=0)
    bootstrap = np.mean([[own.bootstrap.mean(axis=0) for own in arm] for arm in of_seeds], axis=0)
    return Runs(np.array(shared), np.zeros(len(shared), int), values, bootstrap)


def pooled(runs, place):
    """Mean arms: all methods on one encoder, or one method on all encoders.

    Parameters
    ----------
    runs : dict
        See `initial_runs`.
    place : int
        0: by model; 1: by method.

    Returns
    -------
    dict
        As `initial_runs`, with one name for what is pooled; random as it is. Of
        the methods that ran on every model alone, so that means are of the same.
    """
    models = {model for model, _ in runs if model != "none"}
    complete = [method for _, method in runs if all((model, method) in runs for model in models)]
    names = sorted(models) if place == 0 else sorted(set(complete))
    found = {("none", RANDOM): runs["none", RANDOM]}
    for name in names:
        own = [points for arm, points in runs.items() if arm[place] == name and arm[1] in complete]
        found["mean of", name] = {point: mean_runs([points[point] for points in own]) for point in own[0]}
    return found
