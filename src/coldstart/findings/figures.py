"""The figures of `docs/findings.md`, drawn from the numbers beside it."""

import numpy as np
from matplotlib.lines import Line2D

from coldstart.findings.differences import AREA
from coldstart.findings.measure import MAIN, MRI
from coldstart.reporting.figures import MARKERS, PALETTE, TWO_COLUMNS, Page, drawing, legend_columns

ROW, LEFT, GAP = 0.3, 1.55, 0.35
GREY = "#888888"
# Half the width that the points of one budget take, in budgets.
JITTER = 0.3


@drawing()
def plot_cold_starts(numbers):
    """Draw how far every cold start is from random, over all budgets.

    Parameters
    ----------
    numbers : coldstart.findings.tables.Numbers

    Returns
    -------
    matplotlib.figure.Figure
        A panel for the X-rays of pool 1 and one for each MRI patient; a row for
        each method, a mark for each encoder, with 95 % intervals.
    """
    studies = {MAIN: "X-rays, AUROC", **{study: f"MRI, {what}, Dice" for study, what in MRI.items()}}
    found = {study: numbers.differences("arm", study, AREA) for study in studies}
    found = {study: frame.assign(**split_arm(frame["arm"])) for study, frame in found.items()}
    methods = order_of(found[MAIN])
    models = sorted(set(found[MAIN]["model"]))
    height = ROW * len(methods)
    names, handles = models, [mark(place) for place in range(len(models))]
    per_line, lines = legend_columns(names, TWO_COLUMNS)
    page = Page(
        TWO_COLUMNS,
        "Cold starts against random lists of the same size",
        height + 0.65,
        footer="Difference of the mean height of the budget curve from that of random lists, over all seeds, with 95 % "
        "intervals: of seeds and test patients for X-rays, of seeds alone for MRI, where one patient is tested. "
        "Right of the line: better than random.",
        legend=lines,
    )
    width = (TWO_COLUMNS - 2 * Page.MARGIN - LEFT) / len(studies)
    for panel, (study, title) in enumerate(studies.items()):
        axes = page.axes(Page.MARGIN + LEFT + panel * width, 0.4, width - 0.12, height)
        draw_differences(axes, found[study], methods, models)
        axes.set_title(title, pad=4)
        axes.set_yticks(range(len(methods)), methods if panel == 0 else [])
    page.legend(handles, names, per_line)
    return page.figure


def split_arm(arms):
    """Model and method of names of arms, as columns."""
    parts = arms.str.partition(" ")
    return {"model": parts[0], "method": parts[2]}


def order_of(frame):
    """Methods by their mean difference, the best first."""
    return list(frame.groupby("method")["difference"].mean().sort_values(ascending=False).index)


def mark(place):
    """How an encoder is drawn."""
    return Line2D([], [], color=PALETTE[place], marker=MARKERS[place], linestyle="")


def draw_differences(axes, frame, methods, models):
    """Draw the arms of one study."""
    offsets = np.linspace(-0.3, 0.3, len(models)) if len(models) > 1 else [0]
    for place, (model, offset) in enumerate(zip(models, offsets, strict=True)):
        own = frame[frame["model"] == model]
        rows = [methods.index(method) + offset for method in own["method"]]
        value = own["difference"].to_numpy()
        bars = np.array([value - own["low"], own["high"] - value])
        look = {
            "color": PALETTE[place],
            "marker": MARKERS[place],
            "markersize": 3.2,
            "linestyle": "",
            "elinewidth": 0.8,
        }
        axes.errorbar(value, rows, xerr=bars, **look)
    axes.axvline(0, color=GREY, linewidth=0.8)
    axes.set_ylim(len(methods) - 0.5, -0.5)
    axes.locator_params(axis="x", nbins=4)
    axes.set_xlabel("difference")
    axes.grid(axis="x")


@drawing()
def plot_seeds(numbers):
    """Draw every random list beside the means of all cold starts.

    Parameters
    ----------
    numbers : coldstart.findings.tables.Numbers

    Returns
    -------
    matplotlib.figure.Figure
        A panel for the X-rays of pool 1 and one for the first MRI patient.
    """
    first = next(iter(MRI))
    studies = {MAIN: ("X-rays", "AUROC"), first: (f"MRI, {MRI[first]}", "Dice of the volume")}
    handles = [
        Line2D([], [], color=PALETTE[0], marker=".", linestyle="", alpha=0.5),
        Line2D([], [], color=PALETTE[0], marker="o"),
        Line2D([], [], color=PALETTE[1], marker="_", markersize=8, linestyle=""),
        Line2D([], [], color=GREY, linestyle="--"),
    ]
    names = ["one random list", "mean of random lists", "mean of one cold start", "the whole pool labelled"]
    per_line, lines = legend_columns(names, TWO_COLUMNS)
    page = Page(
        TWO_COLUMNS,
        "What one random list is worth, and what a cold start is",
        2.6,
        footer="Every dot is the probe of one random list; every dash the mean of one cold start on one encoder over "
        "its seeds.",
        legend=lines,
    )
    step = (TWO_COLUMNS - 2 * Page.MARGIN) / len(studies)
    for panel, (study, (title, label)) in enumerate(studies.items()):
        axes = page.axes(Page.MARGIN + 0.55 + panel * step, 0.4, step - 0.7, 2.0)
        draw_seeds(axes, numbers, study)
        axes.set_title(title, pad=4)
        axes.set_ylabel(label)
    page.legend(handles, names, per_line, length=1.5)
    return page.figure


def draw_seeds(axes, numbers, study):
    """Draw the random lists and the means of one study."""
    points = numbers.budgets("arm", study)
    lists = numbers.tables["lists"]
    lists = lists[lists["study"] == study]
    arms = numbers.differences("arm", study)
    means = []
    for place, point in enumerate(points):
        values = lists.loc[lists["point"] == point, "value"].to_numpy()
        # Spread out in the order of the seeds, which has nothing to do with the values.
        axes.plot(
            place - np.linspace(0.05, JITTER, len(values)), values, ".", color=PALETTE[0], alpha=0.4, markersize=3
        )
        others = arms.loc[arms["point"] == point, "value"].to_numpy()
        at = place + np.linspace(0.05, JITTER, len(others))
        axes.plot(at, others, "_", color=PALETTE[1], markersize=5)
        means.append(values.mean())
    axes.plot(range(len(points)), means, "o-", color=PALETTE[0])
    axes.axhline(numbers.fact("full", study), color=GREY, linestyle="--", linewidth=1)
    axes.set_xticks(range(len(points)), [str(point) for point in points])
    axes.set_xlabel("labels")
    axes.grid(axis="y")
