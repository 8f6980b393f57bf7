"""Published values beside ours: difference, combined standard error, and the winners of each column."""

import numpy as np
import pandas as pd

from coldstart.errors import InputError, shown
from coldstart.evaluation.aggregate import aggregate
from coldstart.evaluation.bootstrap import Z_95
from coldstart.registry import choices
from coldstart.reporting import captions
from coldstart.reporting.summary import INITIALISATION, STAGES, stage_rows, stages
from coldstart.reporting.tables import BEST, marks_of

COLUMNS = ["table", "task", "stage", "budget", "method", "metric", "value", "se"]
CELL = ["table", "budget", "method", "metric"]
COLUMN = ["table", "budget", "metric"]
OURS = ["budget", "method", "metric", "arm", "ours", "ours_se", "n_runs", "n_seeds"]


def read_published(path):
    """Read the published values of a paper.

    Parameters
    ----------
    path : str or pathlib.Path
        A CSV file with the columns `COLUMNS`, such as
        ``resources/yuan_hong_tables.csv``. A ``budget`` of the stage
        ``subsequent`` counts the samples added after the initial ones.

    Returns
    -------
    pandas.DataFrame
        The values in the order of the file.

    Raises
    ------
    InputError
        If the file is missing, a column or value is missing or no number, a
        task, stage or metric is unknown, a cell is given twice, or one table
        mixes tasks or stages.
    """
    try:
        frame = pd.read_csv(path)
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read as a table of published values ({error}).") from error
    if missing := [name for name in COLUMNS if name not in frame]:
        raise InputError(f"{path}: the column {shown(missing)} is missing: a table of published values needs it.")
    frame = frame[COLUMNS]
    types = {"table": "int64", "budget": "int64", "value": "float64", "se": "float64"}
    numbers = frame[list(types)].apply(pd.to_numeric, errors="coerce")
    wrong = frame.isna().any(axis=1) | ~np.isfinite(numbers).all(axis=1) | (numbers["se"] < 0)
    wrong |= (numbers[["table", "budget"]] % 1 != 0).any(axis=1)
    if wrong.any():
        raise InputError(f"{path}: line {wrong.idxmax() + 2} lacks a value or has one that is no such number: mend it.")
    frame = frame.astype(types)
    for metric, task in frame[["metric", "task"]].drop_duplicates().itertuples(index=False):
        if (belongs := captions.metric_entry(metric)["task"]) != task:
            raise InputError(f"{path}: '{metric}' stands under the task '{task}': it is a metric of {belongs}.")
    if unknown := sorted(set(frame["stage"]) - set(STAGES)):
        raise InputError(f"{path}: unknown stage '{unknown[0]}': {choices(unknown[0], STAGES)}.")
    if (twice := frame.duplicated(CELL)).any():
        raise InputError(f"{path}: line {twice.idxmax() + 2} gives a cell a second time: keep one of them.")
    mixed = frame.groupby("table")[["task", "stage"]].nunique().max(axis=1) > 1
    if mixed.any():
        raise InputError(f"{path}: table {mixed.idxmax()} mixes tasks or stages: give each table one of each.")
    return frame


def match_arms(named, arms):
    """Find our arm for each published method.

    Parameters
    ----------
    named : dict of str to str
        Published method to the short name of our model (``pixels``), of our
        method where it uses no model (``random``), or ``model/method`` where
        several methods use the model.
    arms : iterable of (str, str)
        Model and method of every arm that the configuration makes; the model is
        ``none`` where the method uses no embedding.

    Returns
    -------
    dict of str to (str, str)
        Published method to (model, method).

    Raises
    ------
    InputError
        If a name fits no arm, or several.
    """
    names = {}
    for model, method in arms:
        for name in (f"{model}/{method}", method if model == "none" else model):
            names.setdefault(name, []).append((model, method))
    for published, name in named.items():
        where = f"comparison.arms.{published}"
        if name not in names:
            raise InputError(f"{where}: no arm is called '{name}': {choices(name, names)}.")
        if len(names[name]) > 1:
            full = ["/".join(arm) for arm in names[name]]
            raise InputError(f"{where}: '{name}' stands for several arms: write one of {shown(full)}.")
    return {published: names[name][0] for published, name in named.items()}


def measured(summary, task, stage, arms, *, query, from_budget, **how):
    """Our numbers of one stage under the published names; empty where the stage has not run.

    Returns
    -------
    pandas.DataFrame
        budget, method (the published ones), metric, arm (label), ours, ours_se,
        n_runs, n_seeds.
    """
    if stage not in stages(summary, task):
        return pd.DataFrame(columns=OURS)
    rows = stage_rows(summary, task, stage)
    if stage != INITIALISATION:
        rows = rows[(rows["budget"] == from_budget) & (rows["round"] > 0)]
        found = sorted(rows["query"].unique())
        if query is None and len(found) > 1:
            raise InputError(f"comparison.query: name the one to compare with the published rounds: {shown(found)}.")
        rows = rows[rows["query"].isin(found if query is None else [query])]
    found = aggregate(rows, **how)
    found = found[found["value"].notna()]
    if stage != INITIALISATION:
        found["budget"] = found["n_labelled"] - from_budget
    named = pd.DataFrame([(*arm, name) for name, arm in arms.items()], columns=["model", "method", "published"])
    found = found.merge(named, on=["model", "method"])
    found["arm"] = [captions.arm_label(*arm) for arm in found[["model", "method", "query"]].itertuples(index=False)]
    # A pool that ran dry has the same number of labelled samples in every further round.
    found = found.sort_values("round", kind="stable").drop_duplicates(["published", "budget", "metric"])
    found = found.drop(columns="method").rename(columns={"published": "method", "value": "ours", "se": "ours_se"})
    return found[OURS]


def compare(summary, published, arms, *, query=None, from_budget=20, **how):
    """Put our numbers beside the published ones.

    Parameters
    ----------
    summary : pandas.DataFrame
        The summary of one data set.
    published : pandas.DataFrame
        From `read_published`.
    arms : dict of str to (str, str)
        Published method to our model and method, from `match_arms`. Methods
        that are not in it stay blank.
    query : str, optional
        Which of our query strategies stands for the published rounds; needed
        only where a task has several.
    from_budget : int, default=20
        Initial budget of our rounds. They are matched by the number of samples
        added to it, whatever the size of a round.
    **how
        `decimals`, `pooling` and `standard_error` of `coldstart.evaluation.aggregate.aggregate`.

    Returns
    -------
    pandas.DataFrame
        One row per published value, in its order. Columns table, task, stage,
        budget, method, metric; ``published``, ``published_se``; ``dataset``;
        ``arm`` (label of ours), ``ours``, ``ours_se``, ``n_runs``, ``n_seeds``;
        ``difference`` (ours less published), ``combined_se`` (root of the sum
        of the squared standard errors), ``within_se`` and ``within_95``
        (whether the difference is at most 1 and 1.96 combined standard
        errors). What needs a run of ours is missing where there is none.

    Raises
    ------
    InputError
        If an arm is no published method, the summary mixes data sets, or a
        task has several query strategies and none is named.
    """
    known = set(published["method"])
    if unknown := [name for name in arms if name not in known]:
        raise InputError(f"comparison.arms: '{unknown[0]}' is no published method: {choices(unknown[0], known)}.")
    parts = []
    for (number, task, stage), _ in published.groupby(["table", "task", "stage"]):
        found = measured(summary, task, stage, arms, query=query, from_budget=from_budget, **how)
        parts.append(found.assign(table=number))
    types = {"table": "int64", "budget": "int64", "ours": "float64", "ours_se": "float64"}
    ours = pd.concat(parts).astype({**types, "n_runs": "Int64", "n_seeds": "Int64"})
    frame = published.rename(columns={"value": "published", "se": "published_se"})
    frame["dataset"] = next(iter(summary["dataset"]), "")
    frame = frame.merge(ours, on=CELL, how="left", validate="one_to_one")
    frame["difference"] = frame["ours"] - frame["published"]
    frame["combined_se"] = np.hypot(frame["published_se"], frame["ours_se"])
    known = frame["difference"].notna() & frame["combined_se"].notna()
    for name, width in (("within_se", 1.0), ("within_95", Z_95)):
        within = frame["difference"].abs() <= width * frame["combined_se"]
        frame[name] = within.astype("boolean").where(known)
    return frame


def values_of(comparison, side):
    """One side of a comparison as a frame of values, laid out as the published one.

    Parameters
    ----------
    comparison : pandas.DataFrame
        From `compare`.
    side : {"published", "ours"}
        Which.

    Returns
    -------
    pandas.DataFrame
        Columns `COLUMNS`; nan where there is no value.
    """
    return comparison.rename(columns={side: "value", f"{side}_se": "se"})[COLUMNS]


def winners(values):
    """Best methods of every column of the tables.

    Parameters
    ----------
    values : pandas.DataFrame
        table, budget, method, metric, value: the published values, or ours.

    Returns
    -------
    pandas.DataFrame
        table, budget, metric, method, value: one row per winner. Values that
        print alike all win. A column in which fewer than two methods have a
        value has no winner.
    """
    parts = [values.iloc[:0]] + [
        column[[mark == BEST for mark in marks_of(column["value"].to_numpy(), metric)]]
        for (_, _, metric), column in values.groupby(COLUMN, sort=False)
    ]
    return pd.concat(parts)[[*COLUMN, "method", "value"]].reset_index(drop=True)


def winner_counts(values):
    """How many columns of a table each method wins.

    Parameters
    ----------
    values : pandas.DataFrame
        As for `winners`.

    Returns
    -------
    pandas.DataFrame
        table, metric, method, ``wins``, ``columns`` (budgets that have a
        winner): every method that has a value, also one that wins nothing.
    """
    found = winners(values)
    wins = found.groupby(["table", "metric", "method"]).size()
    columns = found.drop_duplicates(COLUMN).groupby(["table", "metric"]).size()
    counts = values.dropna(subset="value")[["table", "metric", "method"]].drop_duplicates(ignore_index=True)
    for name, number in (("wins", wins), ("columns", columns)):
        keys = pd.MultiIndex.from_frame(counts[number.index.names])
        counts[name] = number.reindex(keys, fill_value=0).to_numpy(dtype="int64")
    return counts
