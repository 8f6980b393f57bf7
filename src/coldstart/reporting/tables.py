"""Comparison tables: one row per arm, budgets by metrics as columns, best and second best marked."""

from dataclasses import dataclass

import numpy as np

from coldstart import storage
from coldstart.reporting import captions, table_formats
from coldstart.reporting.arms import cells
from coldstart.reporting.summary import INITIALISATION

BEST = "best"
SECOND = "second"


@dataclass(frozen=True)
class ComparisonTable:
    """A table before it is written in some format.

    Attributes
    ----------
    arms : pandas.DataFrame
        One row per row of the table: what names it (model, method, query, and
        the budget where it is part of the arm), and its label.
    points : list of int
        Budgets, or numbers of labelled samples.
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
        row per query strategy.
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
    text = np.full(found.value.shape, "", dtype=object)
    for layer, metric in enumerate(found.metrics):
        for column in range(len(found.points)):
            marks[:, column, layer] = marks_of(found.value[:, column, layer], metric)
        for row, column in np.argwhere(~np.isnan(found.value[:, :, layer])):
            cell = (row, column, layer)
            text[cell] = captions.with_error(found.value[cell], found.se[cell], metric)
    caption = [
        f"{found.heading}. Mean over runs, bootstrap standard error in parentheses ({found.runs}).",
        "Arrows point to the better values.",
    ]
    if (marks != "").any():
        caption.append("Per column the best value is bold and the second best underlined, by the printed means alone.")
    return ComparisonTable(
        arms=found.arms if found.arms["budget"].any() else found.arms.drop(columns="budget"),
        points=found.points,
        points_title="Budget" if stage == INITIALISATION else "Labelled",
        metrics=found.metrics,
        titles=[captions.metric_title(metric) for metric in found.metrics],
        value=found.value,
        se=found.se,
        marks=marks,
        text=text,
        heading=found.heading,
        caption=" ".join(caption),
        note=captions.sentence(note),
    )


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
