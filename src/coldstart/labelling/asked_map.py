"""The 2-D map of the pool with what annotators are asked for now, and what became of the lists before."""

import numpy as np
import pandas as pd

from coldstart.errors import InputError
from coldstart.reporting import captions
from coldstart.reporting.embedding_map import EDGE, PICKED, POOL, draw_pool, mark
from coldstart.reporting.figures import PALETTE, Page, drawing, legend_columns

PANEL = 5.6
LABELLED = PALETTE[0]
# State of an image: marker, colour, area. Drawn in this order, the list on top.
STATES = {
    "labelled": ("o", LABELLED, 20),
    "labelled, held out": ("D", LABELLED, 20),
    "contradicting labels": ("v", PALETTE[3], 28),
    "skipped": ("X", PALETTE[6], 28),
    "asked before, still open": ("s", PICKED, 56),
    "new on this list": ("o", PICKED, 64),
}
PARTS = {
    "train": "labelled",
    "holdout": "labelled, held out",
    "contradicting": "contradicting labels",
    "skipped": "skipped",
}
# Of a longer list only the first ranks are written, and what has no number is drawn smaller.
MOST_NUMBERED, FIRST_RANKS, SMALLER = 60, 10, 0.3
# So many numbers crowd each other: marks and numbers are somewhat smaller.
MANY_NUMBERS, CROWDED = 25, 0.65


def states(sample_ids, worklist, answers, number):
    """State of what was asked for or answered.

    Parameters
    ----------
    sample_ids : sequence of str, length n
        The pool, in the order of the map.
    worklist : pandas.DataFrame
        `rank`, `sample_id`, and `asked`, the list in which it was first asked
        for.
    answers : pandas.DataFrame
        `sample_id` and `part` of what is answered.
    number : int
        Number of the list.

    Returns
    -------
    pandas.DataFrame
        `row` in the pool, `state` (a key of `STATES`) and `rank` (0: not on the
        list).

    Raises
    ------
    InputError
        If an image is not in the pool.
    """
    answered = pd.DataFrame({"sample_id": answers["sample_id"], "state": answers["part"].map(PARTS), "rank": 0})
    asked = pd.DataFrame({"sample_id": worklist["sample_id"], "rank": worklist["rank"]})
    asked["state"] = np.where(worklist["asked"] < number, "asked before, still open", "new on this list")
    table = pd.concat([part for part in (answered, asked) if len(part)] or [asked], ignore_index=True)
    rows = pd.Series(np.arange(len(sample_ids)), index=list(sample_ids))
    missing = ~table["sample_id"].isin(rows.index)
    if missing.any():
        raise InputError(f"{missing.sum()} images of the lists are not in the pool: draw them on their own pool.")
    return table.assign(row=rows.loc[table["sample_id"]].to_numpy())[["row", "state", "rank"]]


@drawing()
def plot_asked(xy, table, *, clusters=None, title="", note=""):
    """Draw the pool, the list, and what was answered before.

    Parameters
    ----------
    xy : numpy.ndarray of shape (n, 2)
        The map of the pool.
    table : pandas.DataFrame
        From `states`.
    clusters : sequence of int, length n, optional
        Cluster of every row of the pool, which tints it; negative: none.
    title : str, default=""
        Title of the figure.
    note : str, default=""
        What must be said of the data.

    Returns
    -------
    matplotlib.figure.Figure
        Its caption is its label.

    Raises
    ------
    InputError
        If the clusters do not fit the pool.
    """
    xy = np.asarray(xy, dtype=float)
    if clusters is not None and len(clusters) != len(xy):
        raise InputError(f"{len(clusters)} clusters do not fit a pool of {len(xy)}: give one per row.")
    counts = table["state"].value_counts()
    shown = [state for state in STATES if state in counts]
    entries = {"pool": ("o", POOL)} | {f"{state} ({counts[state]})": STATES[state][:2] for state in shown}
    columns, lines = legend_columns(list(entries), PANEL + 0.16)
    asked = int((table["rank"] > 0).sum())
    numbered = asked if asked <= MOST_NUMBERED else FIRST_RANKS
    page = Page(
        PANEL + 0.16,
        title,
        PANEL + 0.08,
        footer=footer(len(xy), asked, numbered, clusters is not None),
        note=captions.sentence(note),
        legend=lines,
    )
    axes = page.axes(0.08, 0.04, PANEL, PANEL)
    draw_pool(axes, xy, clusters)
    answered = table["rank"] == 0
    for layer, state in enumerate(shown, start=3):
        rows = table.loc[(table["state"] == state) & (answered | (table["rank"] > numbered)), "row"]
        beside = answered.sum() if state in PARTS.values() else asked
        draw(axes, xy[rows], state, layer, SMALLER if beside > MOST_NUMBERED else 1.0)
    scale = CROWDED if numbered > MANY_NUMBERS else 1.0
    # The first rank is drawn last, on top of the others.
    for row, state, rank in table[table["rank"].between(1, numbered)].sort_values("rank")[::-1].to_numpy():
        draw(axes, xy[[row]], state, len(STATES) + 3, scale)
        axes.annotate(
            str(rank),
            xy[row],
            color="white",
            fontsize=5.5 * scale**0.5,
            fontweight="bold",
            ha="center",
            va="center_baseline",
            zorder=len(STATES) + 3,
        )
    page.legend([mark(*look) for look in entries.values()], list(entries), columns, length=1.0)
    return page.figure


def draw(axes, places, state, layer, scale):
    """Draw images of one state; `scale` multiplies the area of their marks."""
    marker, color, area = STATES[state]
    axes.scatter(*places.T, s=area * scale, c=color, marker=marker, zorder=layer, **EDGE)


def footer(n, asked, numbered, tinted):
    """Say what the figure shows."""
    numbers = f" Numbers: {'ranks' if numbered == asked else f'the first {numbered} ranks'}." if numbered else ""
    return f"Pool of {n}{', tinted by cluster' if tinted else ''}.{numbers} The axes have no unit."
