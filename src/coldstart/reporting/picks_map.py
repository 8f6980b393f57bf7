"""The 2-D map of the pool with one arm's choices: clusters, seeds, fill, and the picks of every query round."""

import numpy as np
import pandas as pd

from coldstart.errors import InputError
from coldstart.reporting import captions
from coldstart.reporting.embedding_map import EDGE, POOL, cluster_color, draw_pool, mark
from coldstart.reporting.figures import ONE_COLUMN, Page, drawing, legend_columns

PANEL = ONE_COLUMN - 2 * Page.MARGIN
PLAIN, QUERIED = "#666666", "#000000"
# Marker and area of each kind of initial pick; those of a strategy without kinds of its own are "selected".
KINDS = {"seed": ("*", 110), "fill": ("o", 24), "overflow": ("s", 22), "selected": ("o", 30)}
# Above this, the marks are drawn smaller.
MANY = 80


def kind_of(reason):
    """Kind of an initial pick by the first word of its reason."""
    word = reason.partition(" ")[0]
    return word if word in KINDS else "selected"


def picks_table(pool, selection, labelled):
    """Put an arm's choices in order.

    Parameters
    ----------
    pool : sequence of str, length n
        Identifiers of the pool, in the order of the map.
    selection : pandas.DataFrame
        The initial selection: `sample_id`, `reason`, `cluster`.
    labelled : pandas.DataFrame
        The labelled set of the last round: `sample_id`, `round`.

    Returns
    -------
    pandas.DataFrame
        One row per pick: `row` in the pool, `round`, and of round 0 the `kind`
        (a key of `KINDS`) and the `cluster` (-1: none); of later rounds
        ``"queried"`` and -1.

    Raises
    ------
    InputError
        If a pick is not in the pool.
    """
    missing = set(labelled.sample_id) - set(pool)
    if missing:
        raise InputError(f"{len(missing)} labelled samples are not in the pool: draw them on their own pool.")
    rows = pd.Series(np.arange(len(pool)), index=pool)
    table = labelled[["sample_id", "round"]].merge(selection[["sample_id", "reason", "cluster"]], "left", "sample_id")
    initial = table["round"] == 0
    return pd.DataFrame(
        {
            "row": rows.loc[table.sample_id].to_numpy(),
            "round": table["round"],
            "kind": table.reason.fillna("").map(kind_of).where(initial, "queried"),
            "cluster": table.cluster.where(initial).fillna(-1).astype(int),
        }
    )


@drawing()
def plot_picks(xy, picks, *, clusters=None, title="", note=""):
    """Draw the pool and what one arm chose in it, first and later.

    Parameters
    ----------
    xy : numpy.ndarray of shape (n, 2)
        The map of the pool.
    picks : pandas.DataFrame
        From `picks_table`.
    clusters : sequence of int, length n, optional
        Cluster of every row of the pool; negative: none.
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
    queried = picks[picks.kind == "queried"]
    entries = {"pool": ("o", POOL)}
    for kind, (marker, _) in KINDS.items():
        if (picks.kind == kind).any():
            # A star fills little of its square.
            entries["initial selection" if kind == "selected" else kind] = (marker, PLAIN, 9 if marker == "*" else None)
    if len(queried):
        entries["queried, with its round"] = ("D", QUERIED)
    columns, lines = legend_columns(list(entries), ONE_COLUMN)
    page = Page(
        ONE_COLUMN,
        title,
        PANEL + 0.08,
        footer=footer(len(xy), picks, clusters),
        note=captions.sentence(note),
        legend=lines,
    )
    axes = page.axes(Page.MARGIN, 0.04, PANEL, PANEL)
    draw_pool(axes, xy, clusters)
    scale = 0.75 if len(picks) > MANY else 1.0
    for kind, (marker, area) in reversed(KINDS.items()):
        draw_initial(axes, xy, picks[picks.kind == kind], marker, area * scale)
    axes.scatter(*xy[queried.row].T, s=34 * scale, c=QUERIED, marker="D", zorder=6, **EDGE)
    for row, number in zip(queried.row, queried["round"], strict=True):
        write(axes, xy[row], number, (0, 0), 4.5 * scale, "white", "center", zorder=6)
    page.legend([mark(*look) for look in entries.values()], list(entries), columns, length=1.0)
    return page.figure


def draw_initial(axes, xy, picks, marker, area):
    """Draw initial picks of one kind in the colours of their clusters; a seed carries the number of its cluster."""
    seeds = marker == KINDS["seed"][0]
    clustered = picks.kind.isin(["seed", "fill", "overflow"]).any()
    colors = [cluster_color(label) for label in picks.cluster] if clustered else PLAIN
    edge = {"edgecolors": "black", "linewidths": 0.5} if seeds else EDGE
    axes.scatter(*xy[picks.row].T, s=area, c=colors, marker=marker, zorder=5 if seeds else 4, **edge)
    if seeds:
        for row, label in zip(picks.row, picks.cluster, strict=True):
            write(axes, xy[row], label, (3.5, 2.5), 6, "black", "left", zorder=7)


def write(axes, place, text, offset, size, color, side, zorder):
    """Write a number at a place, moved by an offset in points."""
    axes.annotate(
        str(text),
        place,
        xytext=offset,
        textcoords="offset points",
        color=color,
        fontsize=size,
        fontweight="bold",
        ha=side,
        va="center_baseline" if offset == (0, 0) else "bottom",
        zorder=zorder,
    )


def footer(n, picks, clusters):
    """Say what the figure shows."""
    first, later = int((picks["round"] == 0).sum()), picks.loc[picks["round"] > 0, "round"]
    parts = [f"Pool of {n}"]
    if clusters is not None:
        parts[0] += f", tinted by its {len(set(clusters))} clusters, whose numbers stand at their seeds"
    parts.append(f"{first} initial picks")
    if len(later):
        parts.append(f"{len(later)} queried in {captions.counted([later.nunique()], 'round')}")
    return f"{'; '.join(parts)}. The axes have no unit."
