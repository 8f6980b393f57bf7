"""The numbers of one stage, one per arm, point and metric: what every table and curve is drawn from."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from coldstart.errors import InputError, shown
from coldstart.evaluation.aggregate import aggregate
from coldstart.registry import choices
from coldstart.reporting import captions
from coldstart.reporting.summary import INITIALISATION, reference_rows, stage_rows

ARM = ["model", "method", "query", "budget"]
EVERYTHING = "all"


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
    value, se, sd : numpy.ndarray
        (arms, points, metrics): mean over runs, its standard error, and the
        standard deviation between runs; NaN where nothing was measured.
    n_runs : numpy.ndarray of int
        (arms, points, metrics) runs behind each number.
    heading : str
        Title of the table or figure.
    runs : str
        Seeds and runs behind the numbers, for the caption.
    references : Cells or None
        Full supervision: the methods that label the whole pool, at the one
        point `EVERYTHING`. They are no arms, since they choose nothing.
    """

    arms: pd.DataFrame
    points: list
    metrics: list
    value: np.ndarray
    se: np.ndarray
    sd: np.ndarray
    n_runs: np.ndarray
    heading: str
    runs: str
    references: object = None


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
        Arms without an embedding first, the others by name. The numbers are
        those of `coldstart.evaluation.aggregate`.

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
    arms = named_arms(found.assign(budget=0) if initial else found)
    place = {arm: row for row, arm in enumerate(arms[key].itertuples(index=False, name=None))}
    row = [place[arm] for arm in found[key].itertuples(index=False, name=None)]
    x = found["budget" if initial else "n_labelled"].to_numpy()
    points = sorted({int(point) for point in x})
    index = (row, np.searchsorted(points, x), [metrics.index(metric) for metric in found["metric"]])
    return Cells(
        arms=arms,
        points=points,
        metrics=metrics,
        **arrays(found, index, (len(arms), len(points), len(metrics))),
        heading=captions.heading(rows["dataset"].iloc[0], task, stage),
        runs=captions.runs_text(found.assign(label=arms["label"].to_numpy()[row])),
        references=references(summary, task, metrics, how),
    )


def named_arms(found):
    """Every arm once, with its label: those without an embedding first, the others by name.

    Parameters
    ----------
    found : pandas.DataFrame
        Rows with the columns `ARM`.

    Returns
    -------
    pandas.DataFrame
        `ARM` and ``label``, which names the initial budget where arms differ by it.
    """
    arms = found[ARM].drop_duplicates().assign(embedded=lambda arm: arm["model"] != "none")
    arms = arms.sort_values(["embedded", *ARM], ignore_index=True).drop(columns="embedded")
    many_starts = arms["budget"].nunique() > 1
    arms["label"] = [
        captions.arm_label(model, method, query, budget if many_starts else None)
        for model, method, query, budget in arms.itertuples(index=False)
    ]
    return arms


def rows_of(frame, arm, key=ARM):
    """Rows of a frame that belong to one arm.

    Parameters
    ----------
    frame : pandas.DataFrame
        Rows with the columns `key`.
    arm : pandas.Series or dict
        The arm's values in these columns.
    key : list of str
        The columns.

    Returns
    -------
    pandas.DataFrame
        The rows in their order.
    """
    return frame[np.logical_and.reduce([frame[name] == arm[name] for name in key])]


def arrays(found, index, shape):
    """Spread aggregated rows over arms, points and metrics.

    Parameters
    ----------
    found : pandas.DataFrame
        From `coldstart.evaluation.aggregate.aggregate`.
    index : tuple of sequence of int
        Place of every row in the arrays.
    shape : tuple of int
        Numbers of arms, points and metrics.

    Returns
    -------
    dict of str to numpy.ndarray
        ``value``, ``se``, ``sd`` and ``n_runs``.
    """
    spread = {name: np.full(shape, np.nan) for name in ("value", "se", "sd")} | {"n_runs": np.zeros(shape, dtype=int)}
    for name, array in spread.items():
        array[index] = found[name]
    return spread


def references(summary, task, metrics, how):
    """Full supervision, as `Cells` of one point; None where there is none or its metrics are undefined."""
    rows = reference_rows(summary, task)
    found = aggregate(rows[rows["metric"].isin(metrics)], **how)
    found = found[found["value"].notna()]
    if found.empty:
        return None
    arms = found[[*ARM, "n_labelled"]].drop_duplicates("method").sort_values("method", ignore_index=True)
    arms["label"] = [captions.reference_label(method) for method in arms["method"]]
    row = arms.set_index("method").index.get_indexer(found["method"])
    index = (row, np.zeros(len(row), dtype=int), [metrics.index(metric) for metric in found["metric"]])
    return Cells(
        arms=arms,
        points=[EVERYTHING],
        metrics=metrics,
        **arrays(found, index, (len(arms), 1, len(metrics))),
        heading="",
        runs=captions.runs_text(found.assign(label=found["method"])),
    )
