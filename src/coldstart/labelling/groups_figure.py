"""Whom the selection misses, drawn: the share of each group in the pool and among what was asked for."""

import numpy as np
from matplotlib.lines import Line2D

from coldstart.labelling.groups import LEVEL
from coldstart.reporting import captions
from coldstart.reporting.figures import PALETTE, SMALL, Page, drawing, legend_columns

WIDTH, LEFT, RIGHT = 5.4, 1.75, 0.85
ROW, HEADING = 0.17, 0.25
POOL, SELECTED, UNDER = "#555555", PALETTE[0], PALETTE[1]
# Characters of a value that fit beside the axes.
LONGEST = 24


@drawing()
def plot_groups(table, *, title="", note=""):
    """Draw the shares of all groups, those that are under-selected in another colour, shape and by a word.

    Parameters
    ----------
    table : pandas.DataFrame
        From `coldstart.labelling.groups.representation`.
    title : str, default=""
        Title of the figure.
    note : str, default=""
        What must be said of the data.

    Returns
    -------
    matplotlib.figure.Figure
        Its caption is its label. Without any group it says so.
    """
    if table.empty:
        page = Page(WIDTH, title, 0.7, note=captions.sentence(note))
        axes = page.axes(0.1, 0.1, WIDTH - 0.2, 0.5)
        axes.set_axis_off()
        axes.text(0.5, 0.5, "The pool has no groups to compare", transform=axes.transAxes, ha="center", va="center")
        return page.figure
    headings, places = layout(table)
    height = places[-1] + ROW
    entries = legend(table["under"].any())
    columns, lines = legend_columns(list(entries), WIDTH)
    page = Page(WIDTH, title, height + 0.5, footer=footer_text(table), note=captions.sentence(note), legend=lines)
    across = WIDTH - LEFT - RIGHT
    axes = page.axes(LEFT, 0.42, across, height)
    # One unit of the vertical axis is an inch of the page.
    axes.set_ylim(height, 0)
    axes.set_xlim(0, 100)
    axes.tick_params(axis="y", left=False, labelleft=False)
    axes.spines["left"].set_visible(False)
    axes.grid(axis="x")
    axes.set_xlabel("Share of the pool, and of what was asked for [%]")
    beside = axes.get_yaxis_transform()
    for text, place in headings:
        axes.text(
            (Page.MARGIN - LEFT) / across, place, text, transform=beside, fontweight="bold", fontsize=SMALL, va="center"
        )
    for row, place in zip(table.itertuples(), places, strict=True):
        color, marker = (UNDER, "s") if row.under else (SELECTED, "o")
        axes.plot([100 * row.low, 100 * row.high], [place, place], color=color, linewidth=1.1, clip_on=False, zorder=3)
        axes.plot(100 * row.selected_share, place, marker=marker, color=color, clip_on=False, zorder=4)
        axes.plot(100 * row.pool_share, place, marker="|", color=POOL, markersize=9, mew=1.6, clip_on=False, zorder=5)
        axes.text(-0.02, place, shortened(row.value), transform=beside, ha="right", va="center", fontsize=SMALL)
        text = f"{row.selected} of {row.pool:,}"
        weight = "bold" if row.under else "normal"
        axes.text(1.03, place, text, transform=beside, va="center", fontsize=SMALL, fontweight=weight, color=color)
    page.legend(list(entries.values()), list(entries), columns, length=1.6)
    return page.figure


def layout(table):
    """Headings with their places, and the place of every row, in inches from the top."""
    headings, places, at, last = [], [], 0.0, None
    for row in table.itertuples():
        if row.column != last:
            headings.append((f"{row.column} ({row.unit})", at + HEADING / 2))
            at, last = at + HEADING, row.column
        places.append(at + ROW / 2)
        at += ROW
    return headings, np.array(places)


def shortened(value):
    """A value that fits beside the axes."""
    return value if len(value) <= LONGEST else f"{value[: LONGEST - 1]}…"


def legend(any_under):
    """Entries of the legend."""
    entries = {
        "pool": Line2D([], [], color=POOL, marker="|", markersize=9, mew=1.6, linestyle="none"),
        "asked for, 95 %": Line2D([], [], color=SELECTED, marker="o", linewidth=1.1),
    }
    if any_under:
        entries["clearly under-selected"] = Line2D([], [], color=UNDER, marker="s", linewidth=1.1)
    return entries


def footer_text(table):
    """Say what the figure shows."""
    return (
        "Right: how many were asked for of how many in the pool, over all lists so far. Clearly under-selected: fewer "
        f"than a uniform draw would bring (p < {LEVEL:g}, corrected for {len(table)} groups) and below four fifths of "
        "the pool's share."
    )
