"""Tables in a paper's own layout: published value, ours, and the difference of every cell."""

import numpy as np
import pandas as pd

from coldstart.errors import InputError
from coldstart.registry import choices
from coldstart.reporting import captions, table_formats
from coldstart.reporting.summary import INITIALISATION
from coldstart.reporting.tables import BEST, ComparisonTable, marks_of

ROWS = ["published", "ours", "difference"]
OUTSIDE = "†"


def published_table(comparison, number, *, paper="Yuan & Hong, arXiv 2402.02561", protocol="", note=""):
    """Lay one published table out beside ours.

    Parameters
    ----------
    comparison : pandas.DataFrame
        From `coldstart.reporting.published.compare`.
    number : int
        Number of the table in the paper.
    paper : str
        Where the published values are from.
    protocol : str, default=""
        How our runs were made and what differs from the paper's, for the caption.
    note : str, default=""
        What must be said of our data.

    Returns
    -------
    ComparisonTable
        The paper's methods in its order, each with three rows (published, ours,
        ours less published with the combined standard error as its ``se``);
        budgets by metrics as columns. Among the published rows and among ours
        the best of every column is marked. Write it with
        `coldstart.reporting.tables.write_tables`.

    Raises
    ------
    InputError
        If the comparison has no such table.
    """
    rows = comparison[comparison["table"] == number]
    if rows.empty:
        raise InputError(f"no published table {number}: {choices(number, comparison['table'].unique())}.")
    methods, metrics = list(rows["method"].unique()), list(rows["metric"].unique())
    budgets = sorted(int(budget) for budget in rows["budget"].unique())

    def cube(column):
        wide = rows.pivot(index="method", columns=["budget", "metric"], values=column)
        return wide.loc[methods, [(b, m) for b in budgets for m in metrics]].to_numpy(dtype="float64", na_value=np.nan)

    # The three rows of a method stand below each other.
    shape = (len(methods), len(ROWS), len(budgets), len(metrics))
    value = np.stack([cube(name) for name in ROWS], axis=1).reshape(shape)
    se = np.stack([cube(name) for name in ("published_se", "ours_se", "combined_se")], axis=1).reshape(shape)
    outside = (cube("within_se") == 0).reshape(len(methods), len(budgets), len(metrics))
    marks, text = np.full(shape, "", dtype=object), np.full(shape, "", dtype=object)
    for method, row, column, layer in np.argwhere(~np.isnan(value)):
        cell, metric = (method, row, column, layer), metrics[layer]
        if ROWS[row] == "difference":
            text[cell] = signed(value[cell], metric) + (f" {OUTSIDE}" if outside[method, column, layer] else "")
        else:
            text[cell] = captions.with_error(value[cell], se[cell], metric)
    for row, column, layer in np.ndindex(2, len(budgets), len(metrics)):
        found = marks_of(value[:, row, column, layer], metrics[layer])
        marks[:, row, column, layer] = [mark if mark == BEST else "" for mark in found]

    arms = pd.DataFrame([(method, row) for method in methods for row in ROWS], columns=["method", "row"])
    arms["label"] = arms["method"] + ": " + arms["row"]
    flat = (len(methods) * len(ROWS), len(budgets), len(metrics))
    initial = rows["stage"].iloc[0] == INITIALISATION
    return ComparisonTable(
        arms=arms,
        points=budgets,
        points_title="Budget" if initial else "Samples added",
        metrics=metrics,
        titles=[captions.metric_title(metric) for metric in metrics],
        value=value.reshape(flat),
        se=se.reshape(flat),
        marks=marks.reshape(flat),
        text=text.reshape(flat),
        heading=f"Table {number} of {paper}, beside {rows['dataset'].iloc[0] or 'ours'}",
        caption=caption(rows, f"Table {number} of {paper}", protocol),
        note=captions.sentence(note),
        arms_title="Method",
        group=len(ROWS),
    )


def signed(value, metric):
    """A difference as it is printed, with its sign; what prints as zero has none."""
    shown = captions.number(abs(value), metric)
    return shown if float(shown) == 0 else ("−" if value < 0 else "+") + shown


def caption(rows, source, protocol):
    """What one table shows, and how to read it.

    Parameters
    ----------
    rows : pandas.DataFrame
        Rows of the comparison that the table shows.
    source : str
        Which published table it is.
    protocol : str
        How our runs were made.

    Returns
    -------
    str
        Sentences.
    """
    task, stage = rows[["task", "stage"]].iloc[0]
    what = "initial selection" if stage == INITIALISATION else "query rounds, by samples added to the initial ones"
    ours = rows.dropna(subset="ours")
    parts = [f"{source} ({task}, {what}): the published value, ours and the difference (ours less published)."]
    if ours.empty:
        parts.append("Nothing of it has run here.")
    else:
        names = ours.drop_duplicates("method")[["method", "arm"]].itertuples(index=False)
        runs = captions.runs_text(ours.assign(label=ours["method"]))
        parts.append(f"Ours: {rows['dataset'].iloc[0]}, mean over runs ({runs}).")
        parts.append(f"Our arms: {'; '.join(f'{method} is {arm}' for method, arm in names)}.")
    parts += [
        captions.sentence(protocol),
        "Bootstrap standard errors in parentheses.",
        "Arrows point to the better values; per column the best published value and the best of ours are bold, "
        "by the printed values alone.",
    ]
    judged = ours["within_se"].dropna()
    if len(judged):
        parts.append(
            f"{OUTSIDE}: further apart than the combined standard error, the root of the sum of both squared; "
            f"{int(judged.sum())} of {len(judged)} differences lie within it and "
            f"{int(ours['within_95'].sum())} within 1.96 of it."
        )
    if len(ours) < len(rows):
        parts.append("A dash: not run.")
    return " ".join(part for part in parts if part)


def claims_markdown(verdicts, *, paper="Yuan & Hong, arXiv 2402.02561", note=""):
    """Every claim with its verdict on the published values and on ours, as a Markdown table.

    Parameters
    ----------
    verdicts : pandas.DataFrame
        From `coldstart.reporting.claims.compare_claims`.
    paper : str
        Where the published values are from.
    note : str, default=""
        What must be said of our data.

    Returns
    -------
    str
        The text.
    """
    escape = table_formats.markdown_text
    caption = (
        f"Claims on the tables of {paper}, decided by the same code on its printed values and on ours. "
        "Source: what its text says, or what its values show. "
        "Not decided: a method that the claim compares did not run (in parentheses what the others show)."
    )
    lines = [
        escape(caption) + (f" **{escape(captions.sentence(note))}**" if note else ""),
        "",
        "| Table | Source | Claim | Published values | Ours |",
        "| --: | :-- | :-- | :-- | :-- |",
    ]
    words = {True: "yes", False: "no"}
    for row in verdicts.to_dict("records"):
        sides = [
            f"{words.get(row[f'{side}_holds'], 'not decided')} ({row[f'{side}_detail']})"
            for side in ("published", "ours")
        ]
        cells = [escape(cell) for cell in (row["table"], row["source"], row["claim"], *sides)]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"
