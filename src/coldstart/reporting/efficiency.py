"""Label efficiency of the arms: measured on the curve of every run over budgets or rounds, then averaged over runs."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from coldstart.errors import InputError, shown
from coldstart.evaluation.label_efficiency import annotation_saved, area_under_learning_curve, labels_to_target, plateau
from coldstart.evaluation.metrics import CHANCE
from coldstart.registry import choices
from coldstart.reporting import captions
from coldstart.reporting.arms import ARM, named_arms, rows_of
from coldstart.reporting.efficiency_intervals import efficiency_intervals
from coldstart.reporting.summary import INITIALISATION, SUBSEQUENT, reference_rows, stage_rows

RUN = [*ARM, "seed", "repeat"]
AGAINST = "random"
MEASURES = ("alc", "end", "labels", "plateau")


@dataclass(frozen=True)
class Goal:
    """The value that a curve is to reach.

    Attributes
    ----------
    value : float
        The value.
    text : str
        What it is, for a caption.
    resampled : numpy.ndarray, shape (m,), optional
        The value in every resample of the test split; None where it is given
        and not measured.
    """

    value: float
    text: str
    resampled: np.ndarray | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Efficiency:
    """Label efficiency of one task.

    Attributes
    ----------
    arms : pandas.DataFrame
        One row per arm: the columns `ARM`, ``label``, ``n_runs``, ``n_seeds``;
        the mean over runs of ``alc``, ``end`` (metric after the last round),
        ``labels`` (to the goal) and ``plateau`` (round), each with its standard
        deviation (``_sd``, n - 1) and the number of runs that have it
        (``_runs``); ``most`` and ``at_start`` (largest number of labels, and
        runs whose initial set reaches the goal); ``share`` of the pool in
        percent; ``against`` (label) and ``saved`` (percent), missing unless all
        runs of both reach the goal; and the columns of
        `coldstart.reporting.efficiency_intervals.efficiency_intervals`.
    runs : pandas.DataFrame
        One row per run: the columns `RUN`, the four measures, ``most`` and
        ``at_start``.
    goal : Goal
        What was to be reached.
    task, metric, alc, reached, stage : str
        As asked for.
    pool : int
        Samples that can be labelled.
    stop : dict
        Patience and least gain of the plateau.
    """

    arms: pd.DataFrame
    runs: pd.DataFrame
    goal: Goal
    task: str
    metric: str
    alc: str
    reached: str
    pool: int
    stop: dict
    stage: str = SUBSEQUENT


def efficiency(
    summary,
    task,
    metric,
    *,
    pool,
    stop,
    stage=SUBSEQUENT,
    alc="linear",
    target=0.95,
    of="best",
    reached="interpolated",
    against=None,
):
    """Measure what the labels of every arm buy.

    Parameters
    ----------
    summary : pandas.DataFrame
        The summary of one data set.
    task, metric : str
        The task, and the metric of the curves.
    pool : int
        Samples that can be labelled.
    stop : dict
        ``patience`` and ``min_gain`` of `coldstart.evaluation.label_efficiency.plateau`.
    stage : {"initialisation", "subsequent"}, default="subsequent"
        Curves over the budgets of the initial set, which have no plateau, or
        from one of them over the rounds.
    alc : {"linear", "log2", "guyon"}, default="linear"
        See `coldstart.evaluation.label_efficiency.area_under_learning_curve`.
    target : float, default=0.95
        See `goal`.
    of : str, default="best"
        See `goal`.
    reached : {"interpolated", "measured"}, default="interpolated"
        See `coldstart.evaluation.label_efficiency.labels_to_target`.
    against : str, optional
        Query strategy, or method, against which annotation is saved; by default
        the one named ``random``, where there is one.

    Returns
    -------
    Efficiency
        One curve per run and not the curve of the means: the labels to a
        target of a mean curve are not the mean of those labels.

    Raises
    ------
    InputError
        If the stage has no rows, the metric was not measured, `guyon` is asked
        for a metric without a value of chance, or the goal is not known.
    """
    rows = stage_rows(summary, task, stage)
    if stage == INITIALISATION:
        # The budget is the place on the curve, and not the arm; what is not a round is no plateau either.
        rows = rows.assign(n_labelled=rows["budget"], round=rows["budget"], budget=0, validation=np.nan)
    measured = set(rows["metric"])
    if metric not in measured:
        raise InputError(f"efficiency.metric: '{metric}' was not measured for {task}; {choices(metric, measured)}.")
    if alc == "guyon" and metric not in CHANCE:
        raise InputError(
            f"efficiency.alc: 'guyon' is measured from chance, known of {shown(CHANCE)} and not '{metric}'."
        )
    rows = rows[rows["metric"] == metric].sort_values([*RUN, "round"], kind="stable")
    arms = named_arms(rows)
    last = rows[rows["value"].notna()].groupby(RUN, sort=False).tail(1)
    found = goal(summary, task, metric, last, arms, target, of)

    higher, measures = captions.metric_entry(metric)["higher_is_better"], []
    for run, curve in rows.groupby(RUN, sort=False):
        x, y = curve["n_labelled"].to_numpy(), curve["value"].to_numpy()
        first = labels_to_target(x[:1], y[:1], found.value, higher_is_better=higher)
        measures.append(
            {
                **dict(zip(RUN, run, strict=True)),
                "alc": area_under_learning_curve(x, y, alc, pool=pool, chance=CHANCE.get(metric, 0.0)),
                "end": y[-1],
                "labels": labels_to_target(
                    x, y, found.value, higher_is_better=higher, interpolate=reached == "interpolated"
                ),
                "plateau": plateau_of(curve["validation"], stop) if stage == SUBSEQUENT else np.nan,
                "most": x[-1],
                "at_start": not np.isnan(first),
            }
        )
    runs = pd.DataFrame(measures)
    arms = with_savings(over_runs(arms, runs, pool), against)
    how = {"higher_is_better": higher, "interpolate": reached == "interpolated"}
    arms = arms.join(efficiency_intervals(arms, rows, found, **how)).drop(columns="other")
    return Efficiency(arms, runs, found, task, metric, alc, reached, pool, dict(stop), stage)


def plateau_of(validation, stop):
    """Round of the plateau; nan where there is none."""
    found = plateau(validation, **stop)
    return np.nan if found is None else found


def goal(summary, task, metric, last, arms, target, of):
    """Value that the curves are to reach.

    Parameters
    ----------
    summary : pandas.DataFrame
        The summary, for the runs on the whole pool.
    task, metric : str
        Task and metric.
    last : pandas.DataFrame
        Summary rows of that metric: the last of every run.
    arms : pandas.DataFrame
        The arms with their labels.
    target : float
        Fraction of the value that `of` names. Where lower is better the value
        is divided by it: a distance may be so much larger.
    of : str
        ``best``: the end of the best arm. ``value``: 1, so that `target` is the
        value itself. Otherwise a method that labels the whole pool: the mean
        over its runs.

    Returns
    -------
    Goal
        Value and words.

    Raises
    ------
    InputError
        If there is no such method, or its value is undefined.
    """
    if of == "value":
        return Goal(float(target), "the value given")
    higher = captions.metric_entry(metric)["higher_is_better"]
    if of == "best":
        ends = np.array([rows_of(last, arm)["value"].mean() for arm in arms.to_dict("records")])
        best = arms.loc[np.where(np.isnan(ends), -np.inf, ends if higher else -ends).argmax()]
        source, text = rows_of(last, best), f"the end of the best arm, {best['label']}"
    else:
        rows = reference_rows(summary, task)
        if of not in set(rows["method"]):
            raise InputError(f"efficiency.of: '{of}' did not label the whole pool; {choices(of, set(rows['method']))}.")
        source, text = rows[(rows["method"] == of) & (rows["metric"] == metric)], captions.reference_label(of)
    value, factor = source["value"].mean(), target if higher else 1 / target
    if not np.isfinite(value):
        raise InputError(f"efficiency.of: '{metric}' of {text} is undefined: choose another metric or target.")
    share = f"{100 * target:g} % of {text}" if higher else f"{text}, divided by {target:g}"
    resampled = np.array(source["bootstrap"].tolist(), dtype=np.float64).mean(axis=0)
    return Goal(float(value * factor), share, resampled * factor)


def over_runs(arms, runs, pool):
    """Add to every arm mean, standard deviation and number of its runs; see `Efficiency`."""
    parts = []
    for arm in arms.to_dict("records"):
        own = rows_of(runs, arm)
        row = {"n_runs": len(own), "n_seeds": own["seed"].nunique()}
        for name in MEASURES:
            row |= {name: own[name].mean(), f"{name}_sd": own[name].std(), f"{name}_runs": own[name].count()}
        parts.append({**row, "most": own["most"].max(), "at_start": own["at_start"].sum()})
    found = pd.concat([arms, pd.DataFrame(parts)], axis=1)
    return found.assign(share=100 * found["labels"] / pool)


def with_savings(arms, against):
    """Add ``against``, ``saved`` and ``other``: annotation saved against the arm that differs by query or method."""
    labels, saved, others = [], [], []
    for row in arms.index:
        other = counterpart(arms, row, against or AGAINST)
        others.append(-1 if other is None else other)
        labels.append("" if other is None else arms.loc[other, "label"])
        whole = other is not None and (arms.loc[[row, other], "labels_runs"] == arms.loc[[row, other], "n_runs"]).all()
        saved.append(annotation_saved(arms.loc[row, "labels"], arms.loc[other, "labels"]) if whole else np.nan)
    return arms.assign(against=labels, saved=saved, other=others)


def counterpart(arms, row, against):
    """Row of the arm that differs by its query alone, if a query has that name, or by its method; None without one."""
    own = arms.loc[row]
    changed = "query" if (arms["query"] == against).any() else "method"
    if own[changed] == against:
        return None
    # A method that uses no embedding has no model.
    models = [own["model"], *(["none"] if changed == "method" else [])]
    for model in models:
        if len(found := rows_of(arms, {**own, changed: against, "model": model})):
            return found.index[0]
    return None
