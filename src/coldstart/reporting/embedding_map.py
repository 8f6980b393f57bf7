"""The 2-D map of an embedding, with what each method picked on it."""

import math

import numpy as np
from matplotlib.lines import Line2D

from coldstart.errors import InputError
from coldstart.reporting import captions
from coldstart.reporting.figures import ONE_COLUMN, PALETTE, TWO_COLUMNS, Page, drawing, legend_columns

POOL = "#B0B0B0"
PICKED, LATER = PALETTE[1], PALETTE[0]
LABELLED_RANKS = 10
GAP, COLUMNS = 0.1, 3
EDGE = {"edgecolors": "white", "linewidths": 0.4}
EDGE_OF_HANDLE = {"markeredgecolor": "white", "markeredgewidth": 0.4}
# Above this, the pool is one picture inside a vector file rather than as many shapes.
MOST_SHAPES = 2000


@drawing()
def plot_map(xy, picks, *, clusters=None, later=None, title="", note=""):
    """Draw the pool once per method, with the method's picks.

    Parameters
    ----------
    xy : numpy.ndarray
        (n, 2) from `coldstart.embedding.projection.project`.
    picks : dict of str to sequence of int
        Per method, the rows that it picked, best first.
    clusters : dict of str to numpy.ndarray, or numpy.ndarray, optional
        (n,) cluster of every row, for all methods or per method; they tint the
        pool. Negative: no cluster.
    later : dict of str to sequence of int, optional
        Per method, the rows that query rounds added.
    title : str, default=""
        Title of the figure.
    note : str, default=""
        What must be said of the data.

    Returns
    -------
    matplotlib.figure.Figure
        At most three panels side by side. Its caption is its label.

    Raises
    ------
    InputError
        If there is no method, or a pick or cluster array does not fit the pool.
    """
    xy, later = np.asarray(xy, dtype=float), later or {}
    check_rows(len(xy), picks, later, clusters)
    columns = min(COLUMNS, len(picks))
    lines = math.ceil(len(picks) / columns)
    entries = {"pool": ("o", POOL), "initial selection": ("o", PICKED)}
    if any(len(rows) for rows in later.values()):
        entries["query rounds"] = ("D", LATER)
    tinted = clusters is not None
    numbered = min(LABELLED_RANKS, max(len(rows) for rows in picks.values()))
    numbers = f" Numbers: the first {numbered} picks by rank." if numbered else ""
    footer = f"Pool of {len(xy)}{', tinted by cluster' if tinted else ''}.{numbers} The axes have no unit."
    width = ONE_COLUMN if columns == 1 else TWO_COLUMNS
    panel = panel_side(width, columns)
    legend_rows = legend_columns(list(entries), width)
    body = lines * (panel + 0.3)
    page = Page(width, title, body, footer=footer, note=captions.sentence(note), legend=legend_rows[1])
    for i, (name, rows) in enumerate(picks.items()):
        row, column = divmod(i, columns)
        bottom = body - (row + 1) * (panel + 0.3) + 0.04
        axes = page.axes(Page.MARGIN + column * (panel + GAP), bottom, panel, panel)
        own = clusters.get(name) if isinstance(clusters, dict) else clusters
        draw_panel(axes, xy, np.asarray(rows, dtype=int), np.asarray(later.get(name, ()), dtype=int), own)
        axes.set_title(f"{name} ({len(rows)})", pad=4)
    page.legend([mark(*look) for look in entries.values()], list(entries), legend_rows[0], length=1.0)
    return page.figure


def panel_side(width, columns):
    """Side in inches of square panels that fill a width."""
    return (width - 2 * Page.MARGIN - (columns - 1) * GAP) / columns


def mark(marker, color, size=None):
    """Handle of a legend for a marker; its size in points, or the style's."""
    return Line2D([], [], linestyle="", marker=marker, color=color, markersize=size, **EDGE_OF_HANDLE)


def check_rows(n, picks, later, clusters):
    """Refuse picks and clusters that do not belong to a pool of n rows."""
    if not picks:
        raise InputError("a map needs the picks of at least one method.")
    for name, rows in [*picks.items(), *later.items()]:
        rows = np.asarray(rows)
        if rows.size and (rows.min() < 0 or rows.max() >= n):
            raise InputError(f"the picks of '{name}' name rows outside the pool of {n}: draw them on their own pool.")
    for name, labels in (clusters if isinstance(clusters, dict) else {"all": clusters}).items():
        if labels is not None and len(labels) != n:
            raise InputError(f"the clusters of '{name}' are {len(labels)} for a pool of {n}: give one per row.")


def draw_panel(axes, xy, rows, later, clusters):
    """Draw the pool, the picks and the ranks of the first of them."""
    draw_pool(axes, xy, clusters)
    small = len(rows) + len(later) > 60
    axes.scatter(*xy[later].T, s=12 if small else 20, c=LATER, marker="D", zorder=3, **EDGE)
    axes.scatter(*xy[rows[LABELLED_RANKS:]].T, s=14 if small else 24, c=PICKED, marker="o", zorder=4, **EDGE)
    # The first pick is drawn last, on top of the others.
    for rank, row in reversed(list(enumerate(rows[:LABELLED_RANKS], start=1))):
        axes.scatter(*xy[row], s=52, c=PICKED, marker="o", zorder=5, **EDGE)
        axes.annotate(
            str(rank),
            xy[row],
            color="white",
            fontsize=5.5,
            fontweight="bold",
            ha="center",
            va="center_baseline",
            zorder=5,
        )


def draw_pool(axes, xy, clusters=None):
    """Draw the pool, tinted by cluster, in square limits: a place means the same in every panel.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        Square.
    xy : numpy.ndarray of float, shape (n, 2)
        The map.
    clusters : numpy.ndarray of int, shape (n,), optional
        Cluster of every row; negative: none.
    """
    color = POOL if clusters is None else [tint(int(label)) for label in clusters]
    size = float(np.clip(3000 / max(len(xy), 1), 2.5, 14))
    axes.scatter(*xy.T, s=size, c=color, linewidths=0, rasterized=len(xy) > MOST_SHAPES)
    middle, reach = (xy.max(0) + xy.min(0)) / 2, max(np.ptp(xy, axis=0).max() / 2 * 1.08, 1e-3)
    axes.set_xlim(middle[0] - reach, middle[0] + reach)
    axes.set_ylim(middle[1] - reach, middle[1] + reach)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[:].set_visible(True)
    axes.spines[:].set_color("#CCCCCC")


def cluster_color(label):
    """Colour of a cluster; grey where there is none. Neighbouring numbers differ, colours repeat after six."""
    # The palette's last colour is black: its tint would be the grey of the pool.
    return PALETTE[label % (len(PALETTE) - 1)] if label >= 0 else POOL


def tint(label):
    """Pale colour of a cluster; the grey of the pool where there is none."""
    if label < 0:
        return POOL
    color = cluster_color(label).lstrip("#")
    return tuple(0.55 + 0.45 * int(color[i : i + 2], 16) / 255 for i in (0, 2, 4))
