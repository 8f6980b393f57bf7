"""Table of what the runs of every arm and point vary by: selection, training and test set."""

import numpy as np
import pandas as pd

from coldstart.evaluation.variance import components
from coldstart.reporting import captions
from coldstart.reporting.plain_tables import PlainTable

POINT = ["model", "method", "query", "budget", "round"]
COLUMNS = [
    "metric",
    *POINT,
    "n_labelled",
    "n_seeds",
    "n_runs",
    "value",
    "sd_total",
    "sd_selection",
    "sd_training",
    "selection_share",
    "se_test",
    "note",
]
TITLES = [
    "Arm",
    "Labels",
    "Metric",
    "Seeds",
    "Runs",
    "Mean",
    "SD, one run",
    "SD, selection",
    "SD, training",
    "Selection's share",
    "SE, test set",
    "Note",
]


def variance_frame(summary, task, metrics, one_optimum=()):
    """Variance components of every arm at every point.

    Parameters
    ----------
    summary : pandas.DataFrame
        The summary of one data set.
    task : str
    metrics : list of str
    one_optimum : collection of (str, str), default=()
        Model and method of the arms whose training has no noise.

    Returns
    -------
    pandas.DataFrame
        The columns `COLUMNS`, in the order of the metrics, then of arms, budgets
        and rounds. ``value`` is the mean over runs; ``sd_*`` the square roots of
        `coldstart.evaluation.variance.components`, ``sd_total`` that of a run of a
        new seed; ``selection_share`` the share of selection in that variance;
        ``se_test`` the mean of the runs' bootstrap standard errors.
    """
    alike, rows = {tuple(arm) for arm in one_optimum}, []
    own = summary[(summary["task"] == task) & ~summary["reference"] & summary["metric"].isin(metrics)]
    for (metric, *point), runs in own.groupby(["metric", *POINT]):
        found = components(runs["value"], runs["seed"], one_optimum=tuple(point[:2]) in alike)
        rows.append(
            {
                "metric": metric,
                **dict(zip(POINT, point, strict=True)),
                "n_labelled": round(runs["n_labelled"].mean()),
                "n_seeds": found.n_seeds,
                "n_runs": found.n_runs,
                "value": runs["value"].mean(),
                "sd_total": np.sqrt(found.total),
                "sd_selection": np.sqrt(found.selection),
                "sd_training": np.sqrt(found.training),
                "selection_share": found.selection / found.total if found.total > 0 else np.nan,
                "se_test": runs["se"].mean(),
                "note": found.note,
            }
        )
    frame = pd.DataFrame(rows, columns=COLUMNS)
    order = {metric: place for place, metric in enumerate(metrics)}
    return frame.sort_values(["metric"], key=lambda names: names.map(order), kind="stable", ignore_index=True)


def variance_table(summary, task, metrics, *, one_optimum=(), note=""):
    """Lay the components out; parameters as for `variance_frame`, and what must be said of the data.

    Returns
    -------
    coldstart.reporting.plain_tables.PlainTable
    """
    frame = variance_frame(summary, task, metrics, one_optimum)
    heading = f"{summary['dataset'].iloc[0]}: {task}, selection and training apart"
    caption = (
        f"{heading}. Mean over runs, and what one run of a new seed deviates by (SD, one run): by what was selected, "
        "and by training alone, which the repeats of a selection show. Selection's share: of the variance of one run. "
        "SE, test set: mean bootstrap error of a run, which more seeds do not lessen. A dash: cannot be told."
    )
    rows = [
        [
            captions.arm_label(row["model"], row["method"], row["query"]),
            str(row["n_labelled"]),
            captions.metric_title(row["metric"]),
            str(row["n_seeds"]),
            str(row["n_runs"]),
            *(shown(row[name], row["metric"]) for name in ("value", "sd_total", "sd_selection", "sd_training")),
            "" if np.isnan(row["selection_share"]) else f"{row['selection_share']:.0%}",
            shown(row["se_test"], row["metric"]),
            row["note"],
        ]
        for row in frame.to_dict("records")
    ]
    return PlainTable(TITLES, rows, frame, heading, caption, captions.sentence(note))


def shown(value, metric):
    """A number as it is printed; empty where there is none."""
    return "" if np.isnan(value) else captions.number(value, metric)
