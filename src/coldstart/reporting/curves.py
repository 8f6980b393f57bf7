"""Learning curves: a metric against the number of labelled samples, one line per arm."""

import math
from collections import Counter
from dataclasses import dataclass

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, MaxNLocator

from coldstart.reporting import captions
from coldstart.reporting.arms import cells
from coldstart.reporting.figures import (
    FONT_SIZE,
    LINES,
    MARKERS,
    ONE_COLUMN,
    PALETTE,
    TWO_COLUMNS,
    Page,
    drawing,
    legend_columns,
    line_height,
)

PANEL = 2.1
LEFT = 0.62
MOST_COLUMNS = 3
# Beyond this many lines in a panel bands cover each other, and bars are read more easily.
MOST_BANDS = 6
MOST_TICKS = 8
# Line styles of full supervision, apart from those of arms.
LEVELS = ((0, (6, 2, 1, 2)), (0, (2, 2)), "-")


@dataclass(frozen=True)
class Arrangement:
    """How the arms are told apart.

    Attributes
    ----------
    styles : list of dict
        Per arm, the keyword arguments of its line.
    labels : list of str
        Per arm, its name in the legend; arms of different panels may share it.
    panels : list of str
        Per arm, the title of its panel; empty where one panel holds all.
    """

    styles: list
    labels: list
    panels: list


def arrange(arms):
    """Give every arm a line style, a label and a panel.

    Of initial selections and query strategies, the more numerous get colours
    and markers. The others get line styles or, where one panel would hold too
    many lines, a panel each. Where they do not vary, line styles follow the
    colours, so that lines are told apart in black and white too.

    Parameters
    ----------
    arms : pandas.DataFrame
        Columns model, method, query, budget, label.

    Returns
    -------
    Arrangement
        In the order of the arms.
    """
    starts = arms["budget"] if arms["budget"].nunique() > 1 else [None] * len(arms)
    selections = [
        captions.arm_label(model, method, budget=start)
        for model, method, start in zip(arms["model"], arms["method"], starts, strict=True)
    ]
    queries = arms["query"].tolist()
    many, few = (selections, queries) if len(set(selections)) >= len(set(queries)) else (queries, selections)
    first = {name: i for i, name in enumerate(dict.fromkeys(many))}
    second = {name: i for i, name in enumerate(dict.fromkeys(few))}
    split = len(arms) > MOST_BANDS and len(second) > 1
    styles = [
        {
            "color": PALETTE[first[a] % len(PALETTE)],
            "marker": MARKERS[first[a] % len(MARKERS)],
            "linestyle": LINES[(first[a] if split or len(second) == 1 else second[b]) % len(LINES)],
        }
        for a, b in zip(many, few, strict=True)
    ]
    return Arrangement(styles, many if split else arms["label"].tolist(), few if split else [""] * len(arms))


@drawing()
def plot_curves(summary, task, metrics, stage, *, note="", **how):
    """Draw learning curves with their standard errors.

    Parameters
    ----------
    summary : pandas.DataFrame
        The summary of one data set.
    task : str
        The task.
    metrics : str or list of str
        One row of panels each.
    stage : {"initialisation", "subsequent"}
        Against the budget of the initial selection, or against the number of
        labelled samples over the query rounds. Full supervision is a
        horizontal line in every panel.
    note : str, default=""
        What must be said of the data.
    **how
        `decimals`, `pooling` and `standard_error` of `coldstart.evaluation.aggregate.aggregate`.

    Returns
    -------
    matplotlib.figure.Figure
        One column of a journal (88 mm) wide; two (180 mm) where many selections meet
        several query strategies, which then get a panel each. Its caption is
        its label.

    Raises
    ------
    InputError
        If the stage has no rows, or a metric is unknown or not in the summary.
    """
    found = cells(summary, task, stage, metrics, **how)
    full = found.references
    look = arrange(found.arms)
    legend = dict(zip(look.labels, look.styles, strict=True))
    levels = {} if full is None else dict(zip(full.arms["label"], reference_styles(len(full.arms)), strict=True))
    legend |= levels
    panels = list(dict.fromkeys(look.panels))
    lines = math.ceil(len(panels) / MOST_COLUMNS)
    columns = math.ceil(len(panels) / lines)
    width = ONE_COLUMN if columns == 1 else TWO_COLUMNS
    bands = max(Counter(look.panels).values()) <= MOST_BANDS
    per_line, legend_lines = legend_columns(list(legend), width)
    footer = f"{'Bands' if bands else 'Bars'}: ± 1 bootstrap standard error. Points: mean over runs ({found.runs})."
    if levels:
        footer += f" Horizontal lines: full supervision, {captions.reference_text(full)}."
    step_x, step_y = (width - LEFT - 0.15) / columns, PANEL + (0.2 if panels == [""] else 0.4)
    body = step_y * lines * len(found.metrics) + 0.35
    page = Page(
        width,
        found.heading,
        body,
        footer=f"{footer} Arrows point to the better values.",
        note=captions.sentence(note),
        legend=legend_lines,
    )
    for layer, metric in enumerate(found.metrics):
        shared = None
        for i, panel in enumerate(panels):
            line, column = divmod(i, columns)
            own = [row for row, name in enumerate(look.panels) if name == panel]
            bottom = body - step_y * (layer * lines + line + 1) + 0.1
            axes = page.axes(LEFT + step_x * column, bottom, step_x - (0.1 if columns > 1 else 0), PANEL, shared)
            shared = shared or axes
            draw_panel(
                axes,
                found.points,
                found.value[own, :, layer],
                found.se[own, :, layer],
                [look.styles[j] for j in own],
                bands,
            )
            if levels:
                draw_levels(axes, full.value[:, 0, layer], list(levels.values()))
            axes.set_title(panel, pad=4)
            bottom_row = layer == len(found.metrics) - 1
            lowest = bottom_row and i + columns >= len(panels)
            axes.tick_params(labelbottom=lowest, labelleft=column == 0)
            if column == 0:
                name_axis(axes, captions.metric_title(metric), step_x)
            if bottom_row and line == lines - 1:
                axes.set_xlabel("Labelled samples")
    page.legend([Line2D([], [], **style) for style in legend.values()], list(legend), per_line)
    return page.figure


def name_axis(axes, name, width):
    """Name the vertical axis at the left of the page, where labels of all panels stand in one line; width in inches."""
    axes.set_ylabel(name)
    axes.yaxis.set_label_coords((Page.MARGIN + line_height(FONT_SIZE) - LEFT) / width, 0.5)


def reference_styles(n):
    """Line styles of n horizontal lines: dark to light grey, thin and without markers."""
    greys = np.linspace(0.25, 0.6, n)
    return [{"color": str(grey), "linestyle": LEVELS[i % len(LEVELS)], "linewidth": 1} for i, grey in enumerate(greys)]


def draw_levels(axes, value, styles):
    """Draw full supervision as one horizontal line for each method that labels the whole pool.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        Where; its limits are widened to hold the lines.
    value : numpy.ndarray
        (references,), NaN where nothing was measured.
    styles : list of dict
        One per reference.
    """
    for level, style in zip(value, styles, strict=True):
        if np.isfinite(level):
            axes.axhline(level, zorder=1.5, **style)


def draw_panel(axes, points, value, se, styles, bands):
    """Draw all arms of one metric.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        Where.
    points : list of int
        (p,) numbers of labelled samples.
    value, se : numpy.ndarray
        (arms, p), NaN where nothing was measured.
    styles : list of dict
        One per arm.
    bands : bool
        Bands of one standard error; bars where False.
    """
    x = np.asarray(points, dtype=float)
    gap = np.diff(x).min() if len(x) > 1 else 1.0
    for i, style in enumerate(styles):
        # Arms may lack points (rounds of another initial budget): the line goes on between those that it has.
        has = np.isfinite(value[i])
        mean, error = value[i][has], np.nan_to_num(se[i][has])
        if bands:
            axes.fill_between(x[has], mean - error, mean + error, color=style["color"], alpha=0.13, linewidth=0)
            at = x[has]
        else:
            # A small step aside keeps the bars of different arms apart.
            at = x[has] + gap * 0.4 * (i / max(len(styles) - 1, 1) - 0.5)
            axes.errorbar(at, mean, error, fmt="none", ecolor=style["color"], elinewidth=0.6, alpha=0.6)
        axes.plot(at, mean, **style)
    axes.grid(axis="y")
    # A tick per point, unless some would lie on each other.
    fits = np.ptp(x) <= gap * MOST_TICKS
    axes.xaxis.set_major_locator(FixedLocator(x) if fits else MaxNLocator(MOST_TICKS, integer=True))
