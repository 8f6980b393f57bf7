"""The win/loss matrix: which row's arm beats which column's."""

import numpy as np
from matplotlib.colors import LinearSegmentedColormap, to_rgb

from coldstart.evaluation.wins import ALPHA
from coldstart.reporting import captions
from coldstart.reporting.figures import FONT_SIZE, PALETTE, SMALL, TWO_COLUMNS, Page, drawing

NAMES = 2.4
CELL = 0.42
# With more arms than this the numbers of points no longer fit their cells.
MOST_COUNTED = 12
GAP = 0.45
# From orange (the row loses) over white to blue (it wins): colour-blind readers tell them apart, and signs say it too.
COLOURS = LinearSegmentedColormap.from_list("wins", [PALETTE[1], "#FFFFFF", PALETTE[0]])
SIGNS = {1.0: "+", -1.0: "−", 0.0: "="}


@drawing()
def plot_wins(studies, *, note=""):
    """Draw one matrix for each metric.

    Parameters
    ----------
    studies : list of coldstart.reporting.paired.Study
        Of the same arms.
    note : str, default=""
        What must be said of the data.

    Returns
    -------
    matplotlib.figure.Figure
        Signs tell what the row's arm does overall; below them, and as the
        colour, at how many points it wins. Its caption is its label.
    """
    n = max(len(found.arms) for found in studies)
    cell = min(CELL, (TWO_COLUMNS - NAMES - Page.MARGIN) / n)
    side = [cell * len(found.arms) for found in studies]
    body = sum(side) + GAP * len(studies)
    footer = [
        f"Rows against columns: + the row's arm is better, − it is worse, = neither at {ALPHA:g} after Holm, "
        f"? not tested; by the {'; '.join(found.what for found in studies)} ({studies[0].runs})."
    ]
    footer.append(
        "Colour: share of points (budgets or rounds) that the row wins, less those that it loses, after Holm"
        + (", both in numbers below the sign (won : lost of those that count)." if n <= MOST_COUNTED else ".")
    )
    levels = [f"{captions.metric_title(found.metric)} of {found.full_text}" for found in studies if found.full_text]
    if levels:
        footer.append(
            f"Points at which both arms are beyond 99 % of full supervision do not count ({'; '.join(levels)})."
        )
    title = f"{studies[0].heading}, who beats whom"
    page = Page(TWO_COLUMNS, title, body, footer=" ".join(footer), note=captions.sentence(note))
    top = body
    for found, height in zip(studies, side, strict=True):
        top -= GAP + height
        draw_matrix(page.axes(NAMES, top, height, height), found, cell)
    return page.figure


def draw_matrix(axes, found, cell):
    """Draw the matrix of one metric into square axes, whose cells are that many inches wide."""
    n, matrix, (won, points) = len(found.arms), found.matrix(), found.points_won()
    # What a row wins its column loses, at as many points.
    share = np.divide(won - won.T, points, out=np.zeros((n, n)), where=points > 0)
    axes.imshow(share, cmap=COLOURS, vmin=-1, vmax=1)
    size = min(FONT_SIZE, cell * 72 * 0.32)
    for i in range(n):
        for j in range(n):
            if i == j:
                axes.text(j, i, "·", ha="center", va="center", color="0.6", fontsize=size)
                continue
            text = SIGNS.get(matrix[i, j], "?")
            if n <= MOST_COUNTED:
                text += f"\n{won[i, j]}:{won[j, i]} of {points[i, j]}" if points[i, j] else ""
            colour = "white" if luminance(COLOURS((share[i, j] + 1) / 2)) < 0.45 else "black"
            axes.text(j, i, text, ha="center", va="center", color=colour, fontsize=size * 0.8, linespacing=1.1)
    numbers = [str(i + 1) for i in range(n)]
    axes.set_xticks(range(n), numbers, fontsize=min(SMALL, cell * 50))
    axes.set_yticks(
        range(n),
        [f"{name}  {number}" for name, number in zip(found.arms["label"], numbers, strict=True)],
        fontsize=min(SMALL, cell * 50),
    )
    axes.xaxis.tick_top()
    axes.tick_params(length=0)
    axes.set_title(captions.metric_title(found.metric), loc="left", pad=4)
    for spine in axes.spines.values():
        spine.set_visible(False)


def luminance(colour):
    """Relative luminance of a colour, by the weights of ITU-R BT.709."""
    return float(np.dot(to_rgb(colour), (0.2126, 0.7152, 0.0722)))
