"""The figure and the table of `selection_cost.py`: seconds and memory of every way against the size of the pool."""

import numpy as np

from coldstart.reporting.figures import LINES, MARKERS, PALETTE, Page, drawing, legend_columns, save_figure

WIDTH, PANEL, HEIGHT, GAP = 7.4, 2.9, 2.6, 0.55
LIGHT = {"markersize": 3.5, "linewidth": 1}
COLUMNS = (("seconds", "seconds", 1e-3), ("mib", "MiB beyond the pool", 1.0))
BOUND = "all pairs, float32"


def draw(table, path, title, footer):
    """Draw the ways, half of them above and half below.

    Parameters
    ----------
    table : pandas.DataFrame
        From `selection_cost.measure`.
    path : pathlib.Path
        SVG or PNG.
    title, footer : str
    """
    names, sizes, done = table["way"].unique(), np.sort(table["n"].unique()), table[table["state"] == "measured"]
    columns, lines = legend_columns([*names, BOUND], WIDTH)
    halves = np.array_split(np.arange(len(names)), 2)
    with drawing():
        page = Page(WIDTH, title, 2 * (HEIGHT + GAP), footer=footer, legend=lines)
        handles = {}
        for column, (key, label, least) in enumerate(COLUMNS):
            axes = None
            for below, half in enumerate(halves):
                corner = (PANEL + 1.4 if column else 0.6, GAP - 0.1 + (0 if below else HEIGHT + GAP))
                axes = page.axes(*corner, PANEL, HEIGHT, axes)
                axes.set(
                    xscale="log",
                    yscale="log",
                    xlabel="images in the pool",
                    ylabel=label,
                    xlim=(sizes[0] / 1.3, sizes[-1] * 1.3),
                )
                # The pages draw text as it stands: powers of ten as formulas would show their source.
                axes.xaxis.set_major_formatter("{x:,.0f}")
                axes.yaxis.set_major_formatter("{x:,g}")
                axes.grid(True)
                for place in half:
                    rows = done[done["way"] == names[place]]
                    handles[names[place]] = plot(axes, rows["n"], rows[key].clip(lower=least), place, len(sizes))
                if key == "mib":
                    (bound,) = axes.plot(
                        sizes, sizes.astype(float) ** 2 / 2**18, color="#AAAAAA", linewidth=3, zorder=0
                    )
        page.legend([*handles.values(), bound], [*handles, BOUND], columns)
        save_figure(page.figure, **{path.suffix[1:]: path})


def plot(axes, sizes, values, place, all_sizes):
    """Draw the line of one way; its last marker is open where it does not reach the last size."""
    look = {"color": PALETTE[place % len(PALETTE)], "marker": MARKERS[place % len(MARKERS)], **LIGHT}
    (line,) = axes.plot(sizes, values, linestyle=LINES[place // len(PALETTE) % len(LINES)], **look)
    if len(sizes) < all_sizes:
        axes.plot(sizes[-1:], values[-1:], **look, markerfacecolor="white")
    return line


def rows_of(table):
    """Markdown table: a row per way, seconds and MiB per size; what is only forecast has a tilde."""
    told = {"measured": "", "forecast": "~"}
    sizes = sorted(table["n"].unique())
    rows = ["| way | " + " | ".join(f"{n:,}" for n in sizes) + " |", "|---" * (len(sizes) + 1) + "|"]
    for name, part in table.groupby("way", sort=False):
        cells = [
            f"{told[row.state]}{row.seconds:.3g} s, {row.mib:,.0f} MiB" if row.state in told else row.state
            for row in part.sort_values("n").itertuples()
        ]
        rows.append(f"| {name} | " + " | ".join(cells) + " |")
    return rows
