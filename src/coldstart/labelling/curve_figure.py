"""The learning curve of live labelling: every list on the hold-out, the fitted curve, and what comes next."""

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FixedLocator, MaxNLocator

from coldstart.labelling.advice import TITLES
from coldstart.reporting import captions
from coldstart.reporting.figures import PALETTE, Page, drawing, legend_columns

WIDTH, PANEL, LEFT = 4.6, 2.6, 0.55
POINT, CURVE = PALETTE[0], PALETTE[1]
MOST_TICKS = 8


@drawing()
def plot_curve(points, ahead, *, metric, n_holdout, title="", note=""):
    """Draw the learning curve with its forecast.

    Parameters
    ----------
    points : list of Point
        The networks so far.
    ahead : Forecast
        What the next labels add.
    metric : {"auroc", "dice"}
    n_holdout : int
        Images that the points were measured on.
    title : str, default=""
        Title of the figure.
    note : str, default=""
        What must be said of the data.

    Returns
    -------
    matplotlib.figure.Figure
        Its caption is its label. Without any point the axes are empty and say so.
    """
    points = [point for point in points if np.isfinite(point.value)]
    entries = legend(bool(points), ahead)
    columns, lines = legend_columns(list(entries), WIDTH) if entries else (1, 0)
    footer = footer_text(points, ahead, n_holdout)
    page = Page(WIDTH, title, PANEL + 0.6, footer=footer, note=captions.sentence(note), legend=lines)
    axes = page.axes(LEFT, 0.4, WIDTH - LEFT - 0.12, PANEL)
    axes.set_xlabel("Labels trained on")
    axes.set_ylabel(f"{TITLES[metric][0].upper()}{TITLES[metric][1:]}, hold-out")
    if not points:
        axes.set(xticks=[], ylim=(0, 1))
        axes.text(0.5, 0.5, "Nothing has been measured yet", transform=axes.transAxes, ha="center", va="center")
        return page.figure
    n, value = (np.array([getattr(point, name) for point in points], float) for name in ("n_labelled", "value"))
    reach = np.abs([[value - point.low, point.high - value] for point, value in zip(points, value, strict=True)]).T
    if ahead.kind == "curve":
        draw_fit(axes, ahead.curve, n[-1])
    axes.errorbar(n, value, reach, fmt="o", color=POINT, ecolor=POINT, elinewidth=0.8, capsize=2, zorder=4)
    number_lists(axes, points)
    page.legend(list(entries.values()), list(entries), columns)
    axes.grid(axis="y")
    axes.margins(x=0.09)
    top = axes.get_ylim()[1]
    axes.set_ylim(top=min(top, 1.02))
    places = np.unique(n)
    few = len(places) == 1 or np.ptp(places) <= np.diff(places).min() * MOST_TICKS
    axes.xaxis.set_major_locator(FixedLocator(places) if few else MaxNLocator(MOST_TICKS, integer=True))
    return page.figure


def number_lists(axes, points):
    """Write above the panel at which list each number of labels was trained on."""
    above = {"transform": axes.get_xaxis_transform(), "fontsize": 6, "va": "bottom", "ha": "center"}
    numbers = {}
    for point in points:
        numbers.setdefault(point.n_labelled, []).append(str(point.number))
    for place, found in numbers.items():
        axes.text(place, 1.01, ", ".join(found), **above)
    axes.text(-0.01, 1.01, "list", **above | {"transform": axes.transAxes, "ha": "right"})


def draw_fit(axes, curve, now):
    """Draw the fitted curve, solid as far as there are labels and dashed beyond, in its band."""
    n, value = curve["n_labelled"].to_numpy(), curve["value"].to_numpy()
    axes.fill_between(n, curve["low"], curve["high"], color=CURVE, alpha=0.15, linewidth=0, zorder=1)
    turn = np.interp(now, n, value)
    axes.plot([*n[n < now], now], [*value[n < now], turn], color=CURVE, zorder=3)
    if n[-1] > now:
        axes.plot([now, *n[n > now]], [turn, *value[n > now]], color=CURVE, linestyle=(0, (3, 1.5)), zorder=3)
        axes.plot(n[-1], value[-1], marker="D", color=CURVE, markerfacecolor="white", zorder=4)


def legend(any_points, ahead):
    """Entries of the legend."""
    entries = {}
    if any_points:
        entries["measured, 95 %"] = Line2D([], [], color=POINT, marker="o", linestyle="-", linewidth=0.8)
    if ahead.kind == "curve":
        entries["fitted curve"] = Line2D([], [], color=CURVE)
        entries["forecast"] = Line2D([], [], color=CURVE, linestyle=(0, (3, 1.5)), marker="D", markerfacecolor="white")
        entries["90 % of fits"] = Patch(facecolor=CURVE, alpha=0.15)
    return entries


def footer_text(points, ahead, n_holdout):
    """Say what the figure shows."""
    if not points:
        return "The curve begins with the first list that is trained on labels and measured on a hold-out."
    text = (
        f"The same {captions.counted([n_holdout], 'held-out image')} of "
        f"{captions.counted([points[-1].n_patients], 'patient')} at every list; from the first labels, which were "
        "selected and not drawn at random."
    )
    if ahead.kind != "curve":
        text += " A fitted curve needs three lists with different numbers of labels."
    return text
