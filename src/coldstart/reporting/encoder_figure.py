"""What the embeddings see, as a figure: neighbours, silhouettes, iterations and inertia of k-means."""

import numpy as np
from matplotlib.lines import Line2D

from coldstart.reporting import captions
from coldstart.reporting.encoder_tables import WORDS, heading_of, who
from coldstart.reporting.encoders import INERTIA, ITERATIONS, MEASURES, SILHOUETTE, STARTS
from coldstart.reporting.figures import LINES, MARKERS, PALETTE, TWO_COLUMNS, Page, drawing, legend_columns

COLUMNS = 2
PANEL, STEP, GAP = 1.75, 2.45, 0.2
LEFT = 0.62
CHANCE = "#888888"
# Models stand beside each other within this share of the distance between two ticks.
SPREAD = 0.6


@drawing()
def plot_encoders(found, *, dataset, task, note=""):
    """Draw what was measured of every model, a panel for each measure.

    Parameters
    ----------
    found : coldstart.reporting.encoders.EncoderStudy
    dataset, task : str
    note : str, default=""
        What must be said of the data.

    Returns
    -------
    matplotlib.figure.Figure
        Bars are 95 % intervals, or standard deviations over starts of k-means;
        measures without a value are left out. Its caption is its label.
    """
    known = set(found.values.loc[found.values["value"].notna(), "measure"])
    panels = [name for name in (*found.neighbour_measures, SILHOUETTE, ITERATIONS, INERTIA) if name in known]
    lines = -(-len(panels) // COLUMNS)
    styles = {
        model: {
            "color": PALETTE[i % len(PALETTE)],
            "marker": MARKERS[i % len(MARKERS)],
            "linestyle": LINES[i // len(PALETTE) % len(LINES)],
        }
        for i, model in enumerate(found.dimensions)
    }
    names = [f"{model} ({dimension})" for model, dimension in found.dimensions.items()]
    handles = [Line2D([], [], **style) for style in styles.values()]
    if set(panels) & set(found.neighbour_measures):
        handles, names = [*handles, Line2D([], [], color=CHANCE, linestyle="--")], [*names, "chance"]
    per_line, legend_lines = legend_columns(names, TWO_COLUMNS)
    footer = [f"Of {who(found)}; in parentheses dimensions."]
    footer += [f"{WORDS[name]}." for name in panels if name in WORDS]
    footer.append("Neighbours are of other patients; chance: any sample of another patient. Bars: 95 % intervals.")
    if ITERATIONS in panels:
        footer.append(
            f"k-means of standardised features, {STARTS} random starts: mean, and bars of ± 1 standard deviation; "
            "inertia: share of the squared distances to the common mean."
        )
    title = heading_of(dataset, task)
    page = Page(
        TWO_COLUMNS,
        title,
        lines * STEP - GAP,
        footer=" ".join(footer),
        note=captions.sentence(note),
        legend=legend_lines,
    )
    step = (TWO_COLUMNS - 2 * Page.MARGIN) / COLUMNS
    for place, measure in enumerate(panels):
        line, column = divmod(place, COLUMNS)
        bottom = (lines - 1 - line) * STEP + 0.38
        axes = page.axes(Page.MARGIN + LEFT + step * column, bottom, step - LEFT - 0.12, PANEL)
        draw_measure(axes, found.values[found.values["measure"] == measure], measure, styles)
    page.legend(handles, names, per_line)
    return page.figure


def draw_measure(axes, values, measure, styles):
    """Draw one measure of all models over its numbers of neighbours or clusters."""
    points = sorted(values["k"].unique())
    offsets = (np.arange(len(styles)) - (len(styles) - 1) / 2) * SPREAD / max(len(styles), 2)
    for (model, style), offset in zip(styles.items(), offsets, strict=True):
        own = values[values["model"] == model].set_index("k").loc[points]
        value = own["value"].to_numpy()
        below, above = value - own["low"].to_numpy(), own["high"].to_numpy() - value
        if own["sd"].notna().any():
            below = above = own["sd"].to_numpy()
        bars = np.nan_to_num(np.clip(np.array([below, above]), 0, None))
        look = {**style, "linestyle": style["linestyle"] if len(points) > 1 else ""}
        axes.errorbar(np.arange(len(points)) + offset, value, yerr=bars, elinewidth=0.8, **look)
    chance = values["chance"].dropna().unique()
    if len(chance):
        axes.axhline(chance[0], color=CHANCE, linestyle="--", linewidth=1)
    title, higher = MEASURES[measure]
    axes.set_title(f"{title} {'↑' if higher else '↓'}", pad=4)
    axes.set_xlim(-0.5, len(points) - 0.5)
    if measure == SILHOUETTE:
        axes.set_xticks([])
        axes.axhline(0, color=CHANCE, linewidth=0.6)
        axes.set_xlabel("classes")
    else:
        axes.set_xticks(range(len(points)), [str(k) for k in points])
        axes.set_xlabel("clusters" if measure in (ITERATIONS, INERTIA) else "nearest neighbours")
    axes.grid(axis="y")
