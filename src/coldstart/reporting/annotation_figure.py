"""Class balance of the queries and reuse of the labels, one line per arm (Figs. 8 and 9 of Zhou et al. 2021)."""

import math
from collections import Counter

import numpy as np
from matplotlib.lines import Line2D

from coldstart.reporting import captions
from coldstart.reporting.annotation_log import ARM
from coldstart.reporting.curves import LEFT, MOST_BANDS, PANEL, arrange, draw_panel, name_axis
from coldstart.reporting.figures import ONE_COLUMN, TWO_COLUMNS, Page, drawing, legend_columns

STEP = PANEL + 0.55
MOST_COLUMNS = 4


@drawing()
def plot_annotation(balance, reuse, *, title="", note=""):
    """Draw what was labelled and how often it was trained on.

    Parameters
    ----------
    balance : pandas.DataFrame
        From `coldstart.reporting.annotation_log.class_balance`.
    reuse : pandas.DataFrame
        From `coldstart.reporting.annotation_log.label_reuse`.
    title : str, default=""
        Title of the figure.
    note : str, default=""
        What must be said of the data.

    Returns
    -------
    matplotlib.figure.Figure
        Above the share of positives among the samples of each round, below the
        number of labels by the trainings that they took part in. One panel each;
        several side by side where many selections meet several query strategies.
        Its caption is its label.
    """
    arms = balance[ARM].drop_duplicates(ignore_index=True)
    starts = arms["budget"] if arms["budget"].nunique() > 1 else [None] * len(arms)
    arms["label"] = [
        captions.arm_label(model, method, query, start)
        for (model, method, query), start in zip(arms[ARM[:3]].itertuples(index=False), starts, strict=True)
    ]
    look = arrange(arms)
    panels = list(dict.fromkeys(look.panels))
    width = ONE_COLUMN if len(panels) == 1 else TWO_COLUMNS
    legend = dict(zip(look.labels, look.styles, strict=True))
    per_line, legend_lines = legend_columns(list(legend), width)
    several = (balance["runs"] > 1).any()
    bands = max(Counter(look.panels).values()) <= MOST_BANDS
    spread = f" {'Bands' if bands else 'Bars'}: ± 1 standard deviation between runs." if several else ""
    footer = f"Means over runs.{spread} Grey: share of positives in the pool, which no query sees. "
    footer += "Number of labels: how many took part in so many trainings."
    lines = math.ceil(len(panels) / MOST_COLUMNS)
    columns = math.ceil(len(panels) / lines)
    page = Page(width, title, 2 * lines * STEP, footer=footer, note=captions.sentence(note), legend=legend_lines)
    step = (width - LEFT - 0.15) / columns
    tables = (by_round(balance, arms), by_uses(reuse, arms))
    texts = (("Labelled samples", "Share of positives in the round"), ("Trainings with the label", "Number of labels"))
    for layer, ((points, value, deviation), (below, beside)) in enumerate(zip(tables, texts, strict=True)):
        shared = None
        for i, panel in enumerate(panels):
            line, column = divmod(i, columns)
            own = [row for row, name in enumerate(look.panels) if name == panel]
            left, bottom = LEFT + step * column, STEP * (lines * (2 - layer) - line - 1) + 0.35
            axes = page.axes(left, bottom, step - (0.1 if columns > 1 else 0), PANEL, shared)
            shared = shared or axes
            if layer == 0:
                axes.axhline(balance["pool_share"].iloc[0], color="#999999", linewidth=1)
            draw_panel(axes, points, value[own], deviation[own], [look.styles[row] for row in own], bands)
            axes.set_title(panel if layer == 0 or lines > 1 else "", pad=4)
            axes.tick_params(labelleft=column == 0)
            axes.set_xlabel(below)
            if column == 0:
                name_axis(axes, beside, step)
        # A little below 0, so that marks on the line are whole.
        shared.set_ylim(bottom=-0.04 * shared.get_ylim()[1])
    page.legend([Line2D([], [], **style) for style in legend.values()], list(legend), per_line)
    return page.figure


def by_round(balance, arms):
    """Share of positives in each round of each arm: points (p,), values and deviations (arms, p), nan where none."""
    balance = balance.assign(n_labelled=balance["n_labelled"].round().astype(int))
    return spread_out(balance, arms, "n_labelled", balance["share"], balance["positive_sd"] / balance["labelled"])


def by_uses(reuse, arms):
    """Labels of each arm by the number of their trainings, as `by_round`; 0 between the fewest and the most."""
    found = reuse.groupby([*ARM, "uses"], as_index=False)["labels"].sum()
    points, value, deviation = spread_out(found, arms, "uses", found["labels"], 0 * found["labels"])
    return points, np.nan_to_num(value), np.nan_to_num(deviation)


def spread_out(table, arms, place, values, deviations):
    """One row per arm and one column per point of a tidy table."""
    points = sorted(set(table[place]))
    row_of = {arm: row for row, arm in enumerate(arms[ARM].itertuples(index=False, name=None))}
    rows = [row_of[arm] for arm in table[ARM].itertuples(index=False, name=None)]
    value = np.full((len(arms), len(points)), np.nan)
    deviation = value.copy()
    columns = np.searchsorted(points, table[place])
    value[rows, columns], deviation[rows, columns] = values, deviations
    return points, value, deviation
