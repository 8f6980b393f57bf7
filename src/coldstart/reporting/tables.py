"""Comparison tables: one row per arm, budgets by metrics as columns, best and second best marked."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from coldstart import storage
from coldstart.reporting import captions, table_formats
from coldstart.reporting.arms import cells
from coldstart.reporting.summary import INITIALISATION

BEST = "best"
SECOND = "second"
NUMBERS = ("value", "se", "sd", "n_runs")


@dataclass(frozen=True)
class ComparisonTable:
    """A table before it is written in some format.

    Attributes
    ----------
    arms : pandas.DataFrame
        One row per row of the table: what names it (model, method, query, and
        the budget where it is part of the arm), and its label.
    points : list of int or str
        Budgets, or numbers of labelled samples; last ``all`` where full
        supervision stands in the last rows.
    points_title : str
        What the points are.
    metrics : list of str
        Metrics under every point.
    titles : list of str
        Their titles, with an arrow to the better values.
    value, se : numpy.ndarray
        (rows, points, metrics), NaN where nothing was measured.
    marks : numpy.ndarray of str
        (rows, points, metrics): ``best``, ``second`` or empty.
    text : numpy.ndarray of str
        (rows, points, metrics): the cell as printed, without its mark.
    heading : str
        Title.
    caption : str
        What the table shows, and how to read it.
    note : str
        What must be said of the data; may be empty.
    arms_title : str, default="Arm"
        What the rows are.
    group : int, default=1
        Rows that belong together; a gap or line sets them off.
    sd, n_runs : numpy.ndarray, optional
        (rows, points, metrics): standard deviation between runs, and their
        number; for the CSV alone.
    """

    arms: object
    points: list
    points_title: str
    metrics: list
    titles: list
    value: np.ndarray
    se: np.ndarray
    marks: np.ndarray
    text: np.ndarray
    heading: str
    caption: str
    note: str
    arms_title: str = "Arm"
    group: int = 1
    sd: np.ndarray | None = None
    n_runs: np.ndarray | None = None


def marks_of(values, metric):
    """Mark the best and the second best value of one column.

    Parameters
    ----------
    values : numpy.ndarray
        (rows,), NaN where there is none.
    metric : str
        Says whether high or low is better, and how many decimals are printed:
        values that print alike share their mark.

    Returns
    -------
    list of str
        ``best``, ``second`` or empty. All empty where fewer than two rows have
        a value.
    """
    printed = [None if np.isnan(value) else float(captions.number(value, metric)) for value in values]
    present = [value for value in printed if value is not None]
    if len(present) < 2:
        return [""] * len(printed)
    ranked = sorted(set(present), reverse=captions.metric_entry(metric)["higher_is_better"])
    names = dict(zip(ranked, (BEST, SECOND), strict=False))
    return [names.get(value, "") for value in printed]


def comparison_table(summary, task, stage, metrics, *, note="", **how):
    """Compare the arms of one stage.

    The layout is that of Tables 1-4 of Yuan & Hong (arXiv 2402.02561).

    Parameters
    ----------
    summary : pandas.DataFrame
        The summary of one data set.
    task : str
        The task.
    stage : {"initialisation", "subsequent"}
        Budgets as columns, or the query rounds with the number of labelled
        samples as columns (the round that they start from included) and one
        row per query strategy. Full supervision follows in rows and a column
        of its own, without marks.
    metrics : str or list of str
        Metrics under each budget.
    note : str, default=""
        What must be said of the data.
    **how
        `decimals`, `pooling` and `standard_error` of `coldstart.evaluation.aggregate.aggregate`.

    Returns
    -------
    ComparisonTable
        Write it with `write_tables`.

    Raises
    ------
    InputError
        If the stage has no rows, or a metric is unknown or not in the summary.
    """
    found = cells(summary, task, stage, metrics, **how)
    marks = np.full(found.value.shape, "", dtype=object)
    for layer, metric in enumerate(found.metrics):
        for column in range(len(found.points)):
            marks[:, column, layer] = marks_of(found.value[:, column, layer], metric)
    caption = [
        f"{found.heading}. Mean over runs, bootstrap standard error in parentheses ({found.runs}).",
        "Arrows point to the better values.",
    ]
    if (marks != "").any():
        caption.append("Per column the best value is bold and the second best underlined, by the printed means alone.")
    names = ["model", "method", "query", *(["budget"] if stage != INITIALISATION else []), "label"]
    arms, points, arrays = found.arms[names], found.points, {name: getattr(found, name) for name in NUMBERS}
    if full := found.references:
        caption.append(f"Full supervision: {captions.reference_text(full)}.")
        arms, points = pd.concat([arms, full.arms[names]], ignore_index=True), [*points, *full.points]
        arrays = {name: beside(array, getattr(full, name)) for name, array in arrays.items()}
        marks = beside(marks, np.full(full.value.shape, "", dtype=object))
    text = np.full(marks.shape, "", dtype=object)
    for cell in map(tuple, np.argwhere(~np.isnan(arrays["value"]))):
        text[cell] = captions.with_error(arrays["value"][cell], arrays["se"][cell], found.metrics[cell[2]])
    return ComparisonTable(
        arms=arms,
        points=points,
        points_title="Budget" if stage == INITIALISATION else "Labelled",
        metrics=found.metrics,
        titles=[captions.metric_title(metric) for metric in found.metrics],
        **arrays,
        marks=marks,
        text=text,
        heading=found.heading,
        caption=" ".join(caption),
        note=captions.sentence(note),
    )


def beside(first, second):
    """Put two arrays (rows, points, metrics) corner to corner; what is between them is NaN, 0 or empty."""
    gap = {"O": "", "f": np.nan}.get(first.dtype.kind, 0)
    rows, points = first.shape[0] + second.shape[0], first.shape[1] + second.shape[1]
    joined = np.full((rows, points, first.shape[2]), gap, dtype=first.dtype)
    joined[: first.shape[0], : first.shape[1]] = first
    joined[first.shape[0] :, first.shape[1] :] = second
    return joined


def write_tables(table, *, csv=None, markdown=None, latex=None, html=None):
    """Write a table in the formats whose path is given.

    Parameters
    ----------
    table : ComparisonTable
        The table.
    csv : path, optional
        Full precision, no marks, standard errors in columns of their own.
    markdown : path, optional
        GitHub Markdown.
    latex : path, optional
        A ``table`` environment; needs the packages booktabs and graphicx.
    html : path, optional
        A page of its own, without scripts or outside files.
    """
    for path, render in (
        (csv, table_formats.to_csv),
        (markdown, table_formats.to_markdown),
        (latex, table_formats.to_latex),
        (html, table_formats.to_html),
    ):
        if path is not None:
            storage.write_text(path, render(table))
