"""Words that tables and figures share: names of arms, metrics and stages, numbers, and the caption's facts."""

import math

from coldstart.errors import InputError
from coldstart.evaluation.metrics import METRICS
from coldstart.registry import choices
from coldstart.reporting.summary import INITIALISATION


def metric_entry(metric):
    """Title, unit and orientation of a metric: its entry in `coldstart.evaluation.METRICS`.

    Raises
    ------
    InputError
        If no metric has that name.
    """
    if metric not in METRICS:
        raise InputError(f"unknown metric '{metric}': {choices(metric, METRICS)}.")
    return METRICS[metric]


def metric_title(metric):
    """Name of a metric with an arrow that points to the better values."""
    entry = metric_entry(metric)
    return f"{entry['title']} {'↑' if entry['higher_is_better'] else '↓'}"


def decimals(metric):
    """Decimals to print: three, as in the published tables, but one for distances in pixels or millimetres."""
    return 1 if metric_entry(metric)["unit"] in ("px", "mm") else 3


def number(value, metric):
    """A value as it is printed; two values that print alike count as tied."""
    return f"{value:.{decimals(metric)}f}"


def with_error(value, se, metric):
    """A value with its standard error in parentheses, where it has one, as it is printed."""
    shown = number(value, metric)
    return f"{shown} ({number(se, metric)})" if not math.isnan(se) else shown


def arm_label(model, method, query="none", budget=None):
    """Name of an arm, for example ``imagenet / kmeans / uncertainty``.

    Parameters
    ----------
    model, method, query : str
        The arm. Model and query are left out where they are ``none``.
    budget : int, optional
        The initial budget, where arms differ by it.

    Returns
    -------
    str
        The label.
    """
    label = " / ".join(name for name in (model if model != "none" else "", method, query) if name and name != "none")
    return label if budget is None else f"{label} (from {budget})"


def reference_label(method):
    """Name of a method that labels the whole pool."""
    return f"full supervision ({method})"


def reference_text(references):
    """What full supervision was trained on.

    Parameters
    ----------
    references : coldstart.reporting.arms.Cells
        ``references`` of `coldstart.reporting.arms.cells`.

    Returns
    -------
    str
        ``full trains on 409 samples, positive on 80 samples of the whole pool (1 seed)``.
    """
    sizes = [f"{name} on {counted([n], 'sample')}" for name, n in references.arms[["method", "n_labelled"]].to_numpy()]
    sizes[0] = sizes[0].replace(" on ", " trains on ", 1)
    return f"{', '.join(sizes)} of the whole pool ({references.runs})"


def heading(dataset, task, stage):
    """Title of a table or figure."""
    return f"{dataset}: {task}, {'initial selection' if stage == INITIALISATION else 'query rounds'}"


def counted(numbers, what):
    """``1 seed``, ``3 seeds``, or ``2 to 3 seeds`` where the numbers differ."""
    low, high = min(numbers), max(numbers)
    return f"{low if low == high else f'{low} to {high}'} {what}{'' if high == 1 else 's'}"


def runs_text(found):
    """How many seeds and runs stand behind the numbers.

    Parameters
    ----------
    found : pandas.DataFrame
        One row per number that a table shows: label of the arm, n_seeds, n_runs.

    Returns
    -------
    str
        ``3 seeds``, ``10 seeds for random; 1 seed for the others``; the runs
        too where a seed has several, ``3 seeds, 6 runs``.
    """
    groups = {}
    for label, numbers in found.groupby("label", sort=False):
        text = counted(numbers["n_seeds"], "seed")
        if (numbers["n_runs"] > numbers["n_seeds"]).any():
            text += f", {counted(numbers['n_runs'], 'run')}"
        groups.setdefault(text, []).append(label)
    if len(groups) == 1:
        return next(iter(groups))
    # The largest group goes last, so that only the exceptions are spelled out.
    *exceptions, (rest, _) = sorted(groups.items(), key=lambda item: len(item[1]))
    return "; ".join([*(f"{text} for {', '.join(arms)}" for text, arms in exceptions), f"{rest} for the others"])


def sentence(text):
    """The text with a full stop, or nothing where there is no text."""
    text = text.strip()
    return text if not text or text.endswith((".", "!", "?")) else f"{text}."
