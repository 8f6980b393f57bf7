"""One tidy frame of every measured number, and the two stages that tables and figures show of it."""

import pandas as pd

from coldstart import storage
from coldstart.errors import InputError, shown
from coldstart.evaluation.stopping import validation
from coldstart.registry import choices

INITIALISATION = "initialisation"
SUBSEQUENT = "subsequent"
STAGES = (INITIALISATION, SUBSEQUENT)

NAMES = ["dataset", "task", "model", "method", "query"]
COUNTS = ["budget", "seed", "repeat", "round"]
KEYS = [*NAMES, *COUNTS, "metric"]
COLUMNS = [*NAMES, *COUNTS, "n_labelled", "reference", "validation", "metric", "value", "se", "bootstrap", "run"]

# A training of round r continues the training of round 0 that shares these.
CHAIN = ["dataset", "model", "method", "budget", "seed", "repeat"]


def build_summary(runs, references=()):
    """Join the metrics of all runs into the summary frame.

    Parameters
    ----------
    runs : iterable of (dict, pandas.DataFrame, dict, str or pathlib.PurePath)
        Per run: its wildcards (dataset, task, model, method, query, budget,
        seed, repeat, round; other keys are ignored), its metrics frame
        (metric, value, se, bootstrap), the content of its ``fit.json`` (of
        which ``n_labelled``, ``n_trained``, ``stopped`` and the validation
        value), and its folder below the results folder. Stopped ones, the
        rounds after a plateau, are left out.
    references : sequence of str, default=()
        Methods that label the whole pool.

    Returns
    -------
    pandas.DataFrame
        One row per run and metric, with the columns `COLUMNS`, sorted by
        `KEYS` whatever the order of `runs`. ``reference`` marks the runs of
        `references`, whose budget says nothing and whose ``n_labelled`` counts
        the samples trained on (all, or the positive ones); ``validation`` is
        from `coldstart.evaluation.stopping.validation`.

    Raises
    ------
    InputError
        If two runs give the same metric for the same key.
    """
    columns = {name: [] for name in COLUMNS}
    for wildcards, metrics, fit, run in runs:
        if fit.get("stopped"):
            continue
        n = len(metrics)
        for name in NAMES:
            columns[name] += [str(wildcards[name])] * n
        for name in COUNTS:
            columns[name] += [int(wildcards[name])] * n
        reference = wildcards["method"] in references
        columns["n_labelled"] += [int(fit["n_trained" if reference else "n_labelled"])] * n
        columns["reference"] += [reference] * n
        columns["validation"] += [validation(fit)] * n
        columns["run"] += [run if isinstance(run, str) else run.as_posix()] * n
        for name in ("metric", "value", "se", "bootstrap"):
            columns[name] += metrics[name].tolist()
    types = {**dict.fromkeys([*COUNTS, "n_labelled"], "int64"), "reference": "bool"}
    types |= dict.fromkeys(["validation", "value", "se"], "float64")
    summary = pd.DataFrame(columns, columns=COLUMNS).astype(types)
    twice = summary.duplicated(KEYS)
    if twice.any():
        raise InputError(
            f"the run {summary.loc[twice, 'run'].iloc[0]} is in the summary twice: give each run once, "
            "and let the query be 'none' at round 0."
        )
    return summary.sort_values(KEYS, kind="stable", ignore_index=True)


def read_summary(path):
    """Read a summary file.

    Parameters
    ----------
    path : str or pathlib.Path
        A ``summary.parquet``.

    Returns
    -------
    summary : pandas.DataFrame
        Its rows.
    note : str
        What every caption must say of these numbers (that the data are
        synthetic, for example); empty where there is nothing to say.

    Raises
    ------
    InputError
        If the file is missing or damaged.
    """
    return storage.read_table(path), storage.read_metadata(path).get("note", "")


def stages(summary, task):
    """Stages that the summary has rows of.

    Parameters
    ----------
    summary : pandas.DataFrame
        The summary.
    task : str
        The task.

    Returns
    -------
    list of str
        Out of `STAGES`, in their order.
    """
    rounds = summary.loc[(summary["task"] == task) & ~summary["reference"], "round"]
    present = {INITIALISATION: (rounds == 0).any(), SUBSEQUENT: (rounds > 0).any()}
    return [stage for stage in STAGES if present[stage]]


def reference_rows(summary, task):
    """Rows of the runs on the whole pool: full supervision, which every stage is held against.

    Parameters
    ----------
    summary : pandas.DataFrame
        The summary of one data set.
    task : str
        The task.

    Returns
    -------
    pandas.DataFrame
        Summary rows; none where no method labels the whole pool.
    """
    return summary[summary["reference"] & (summary["task"] == task)].reset_index(drop=True)


def stage_rows(summary, task, stage):
    """Rows of one task that one stage shows.

    Parameters
    ----------
    summary : pandas.DataFrame
        The summary of one data set.
    task : str
        The task.
    stage : {"initialisation", "subsequent"}
        `initialisation` keeps round 0. `subsequent` keeps the rounds that a
        query strategy made, and gives each of their arms its own copy of the
        round 0 that it continues, of the same seeds and repeats only, so that
        a curve compares like with like from its first point on. References,
        the runs on the whole pool, belong to no stage.

    Returns
    -------
    pandas.DataFrame
        Summary rows; at the initial stage with the query ``none``.

    Raises
    ------
    InputError
        If the stage or task is unknown, there are no such rows, or the summary
        holds several data sets.
    """
    if stage not in STAGES:
        raise InputError(f"unknown stage '{stage}': {choices(stage, STAGES)}.")
    summary = summary[~summary["reference"]]
    if summary["dataset"].nunique() > 1:
        names = shown(sorted(summary["dataset"].unique()))
        raise InputError(f"the summary mixes the data sets {names}: draw one table or figure per data set.")
    rows = summary[summary["task"] == task]
    if rows.empty:
        raise InputError(f"the summary has no rows of the task '{task}': {choices(task, summary['task'].unique())}.")
    start, later = rows[rows["round"] == 0].drop(columns="query"), rows[rows["round"] > 0]
    if stage == INITIALISATION:
        found = start.assign(query="none")
    else:
        chains = later[[*CHAIN, "query"]].drop_duplicates()
        found = pd.concat([start.merge(chains, on=CHAIN), later], ignore_index=True)
    if found.empty:
        raise InputError(f"the summary has no rows of the task '{task}' at the stage '{stage}': run that stage first.")
    return found[COLUMNS].reset_index(drop=True)
