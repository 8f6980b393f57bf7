"""The numbers of one stage, one per arm, point and metric: what every table and curve is drawn from."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from coldstart.errors import InputError, shown
from coldstart.evaluation.aggregate import aggregate
from coldstart.registry import choices
from coldstart.reporting import captions
from coldstart.reporting.summary import INITIALISATION, stage_rows

ARM = ["model", "method", "query", "budget"]


@dataclass(frozen=True)
class Cells:
    """Aggregated numbers of one stage.

    Attributes
    ----------
    arms : pandas.DataFrame
        One row per arm: model, method, query, budget (the initial one; 0 in
        the initial stage, where it is the point and not the arm), label.
    points : list of int
        Budgets, or numbers of labelled samples, ascending.
    metrics : list of str
        The metrics.
    value, se : numpy.ndarray
        (arms, points, metrics); NaN where nothing was measured.
    heading : str
        Title of the table or figure.
    runs : str
        Seeds and runs behind the numbers, for the caption.
    """

    arms: pd.DataFrame
    points: list
    metrics: list
    value: np.ndarray
    se: np.ndarray
    heading: str
    runs: str


def cells(summary, task, stage, metrics, **how):
    """Aggregate the runs of one stage into one number per arm, point and metric.

    Parameters
    ----------
    summary : pandas.DataFrame
        The summary of one data set.
    task : str
        The task.
    stage : {"initialisation", "subsequent"}
        See `coldstart.reporting.summary.stage_rows`.
    metrics : str or list of str
        Names of metrics.
    **how
        `decimals`, `pooling` and `standard_error` of `coldstart.evaluation.aggregate.aggregate`.

    Returns
    -------
    Cells
        Arms without an embedding first, the others by name. Mean over runs and
        standard error are those of `coldstart.evaluation.aggregate`.

    Raises
    ------
    InputError
        If the stage has no rows, a metric is unknown or not in the summary, or
        none of them is defined in any run.
    """
    metrics = [metrics] if isinstance(metrics, str) else list(metrics)
    rows = stage_rows(summary, task, stage)
    measured = set(rows["metric"])
    for metric in metrics:
        captions.metric_entry(metric)
        if metric not in measured:
            raise InputError(f"the summary has no '{metric}' of the task '{task}': {choices(metric, measured)}.")
    found = aggregate(rows[rows["metric"].isin(metrics)], **how)
    found = found[found["value"].notna()]
    if found.empty:
        raise InputError(f"{shown(metrics)} of the task '{task}' is undefined in every run: choose another metric.")

    initial = stage == INITIALISATION
    key = ARM[:-1] if initial else ARM
    arms = found[key].drop_duplicates().assign(embedded=lambda arm: arm["model"] != "none")
    arms = arms.sort_values(["embedded", *key], ignore_index=True).drop(columns="embedded")
    if initial:
        arms["budget"] = 0
    many_starts = arms["budget"].nunique() > 1
    arms["label"] = [
        captions.arm_label(model, method, query, budget if many_starts else None)
        for model, method, query, budget in arms[ARM].itertuples(index=False)
    ]

    place = {arm: row for row, arm in enumerate(arms[key].itertuples(index=False, name=None))}
    row = [place[arm] for arm in found[key].itertuples(index=False, name=None)]
    x = found["budget" if initial else "n_labelled"].to_numpy()
    points = sorted({int(point) for point in x})
    index = (row, np.searchsorted(points, x), [metrics.index(metric) for metric in found["metric"]])
    value = np.full((len(arms), len(points), len(metrics)), np.nan)
    se = value.copy()
    value[index], se[index] = found["value"], found["se"]
    return Cells(
        arms=arms,
        points=points,
        metrics=metrics,
        value=value,
        se=se,
        heading=captions.heading(rows["dataset"].iloc[0], task, stage),
        runs=captions.runs_text(found.assign(label=arms["label"].to_numpy()[row])),
    )
