"""The critical-difference diagram: mean ranks of the arms on a line, bars over those that do not differ."""

import numpy as np

from coldstart.evaluation.ranks import cliques, rank_over_blocks
from coldstart.evaluation.runs import units_of
from coldstart.evaluation.wins import ALPHA
from coldstart.reporting import captions
from coldstart.reporting.figures import PALETTE, SMALL, TWO_COLUMNS, Page, drawing

NAMES = 2.0
LINE, BAR = 0.17, 0.09
HEAD, GAP = 0.5, 0.2


@drawing()
def plot_ranks(studies, *, note=""):
    """Draw one diagram for each metric.

    Parameters
    ----------
    studies : list of coldstart.reporting.paired.Study
        Of the same stage.
    note : str, default=""
        What must be said of the data.

    Returns
    -------
    matplotlib.figure.Figure
        The layout of Demsar (2006), the bars of pairwise tests; see
        `coldstart.evaluation.ranks.cliques`. Its caption is its label.
    """
    drawn = [ranked(found) for found in studies]
    heights = [HEAD + BAR * len(groups) + LINE * ((len(rows) + 1) // 2) + GAP for rows, _, groups, _ in drawn]
    footer = [
        f"Mean ranks, 1 for the best, by the {'; '.join(found.what for found in studies)} ({studies[0].runs}).",
        *(f"{captions.metric_title(found.metric)}: {said}" for found, (*_, said) in zip(studies, drawn, strict=True)),
        f"Bars join neighbours of which no two differ at {ALPHA:g}, by tests of each pair after Holm.",
        *(f"{captions.metric_title(found.metric)} of {found.full_text}." for found in studies if found.full_text),
    ]
    title = f"{studies[0].heading}, ranks of the arms"
    page = Page(TWO_COLUMNS, title, sum(heights), footer=" ".join(footer), note=captions.sentence(note))
    top = sum(heights)
    for found, height, (rows, ranking, groups, _) in zip(studies, heights, drawn, strict=True):
        top -= height
        axes = page.axes(0, top, TWO_COLUMNS, height)
        draw_diagram(axes, found.arms["label"].iloc[rows].tolist(), ranking, groups, height)
        axes.set_title(captions.metric_title(found.metric), loc="left", x=Page.MARGIN / TWO_COLUMNS, y=1, pad=-10)
    return page.figure


def ranked(found):
    """Rank the arms of one metric over blocks.

    Parameters
    ----------
    found : coldstart.reporting.paired.Study

    Returns
    -------
    rows : list of int
        Arms that have a value.
    mean_ranks : numpy.ndarray
        Of these.
    groups : list of list of int
        Places in `rows`; see `coldstart.evaluation.ranks.cliques`.
    said : str
        What the blocks are, and what Friedman's test says of them.
    """
    defined = [arm.defined() for arm in found.overall]
    rows = [row for row, arm in enumerate(defined) if len(arm.values)]
    arms = [defined[row] for row in rows]
    shared = sorted(set.intersection(*(set(arm.seeds.tolist()) for arm in arms))) if arms else []
    if len(shared) > 1:
        blocks = [units_of(arm.where(np.isin(arm.seeds, shared))).values for arm in arms]
        ranking = rank_over_blocks(np.transpose(blocks), higher_is_better=found.higher_is_better)
        said = f"blocks are the {len(shared)} seeds that all arms share"
        if not np.isnan(ranking.p):
            said += f" (Friedman's p {ranking.p:.2g}, Kendall's W {ranking.w:.2f})"
    else:
        blocks = [units_of(arm).bootstrap.mean(axis=0) for arm in arms]
        higher = found.higher_is_better
        ranking = rank_over_blocks(np.transpose(blocks), higher_is_better=higher, independent=False)
        said = "the arms share no two seeds: blocks are the resamples of the test split, and no test is made of them"
    differs = abs(found.matrix()[np.ix_(rows, rows)]) == 1
    return rows, ranking.mean, cliques(ranking.mean, differs), f"{said}."


def draw_diagram(axes, labels, mean_ranks, groups, height):
    """Draw one diagram into axes that are measured in inches from their upper left corner.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    labels : list of str
        Names of the arms.
    mean_ranks : numpy.ndarray
        Of each.
    groups : list of list of int
        Arms that a bar joins.
    height : float
        Inches.
    """
    axes.set_xlim(0, TWO_COLUMNS)
    axes.set_ylim(height, 0)
    axes.axis("off")
    n = len(labels)
    left, right = NAMES, TWO_COLUMNS - NAMES

    def at(rank):
        return left + (right - left) * (rank - 1) / max(n - 1, 1)

    # Every rank, or every so many: twelve steps at most, all alike.
    ticks = np.arange(1, max(n, 2) + 1, max(1, -(-(n - 1) // 12)))
    axes.plot([left, right], [HEAD, HEAD], color="black", linewidth=0.8, clip_on=False)
    for rank in ticks[ticks <= max(n, 1)]:
        axes.plot([at(rank)] * 2, [HEAD - 0.06, HEAD], color="black", linewidth=0.8)
        axes.text(at(rank), HEAD - 0.08, str(rank), ha="center", va="bottom", fontsize=SMALL)
    for i, group in enumerate(groups):
        y = HEAD + BAR * (i + 0.7)
        ends = [at(mean_ranks[group].min()) - 0.04, at(mean_ranks[group].max()) + 0.04]
        axes.plot(ends, [y, y], color=PALETTE[0], linewidth=2.6, solid_capstyle="butt")
    order = np.argsort(mean_ranks, kind="stable")
    half = (n + 1) // 2
    for place, arm in enumerate(order):
        is_left = place < half
        line = place if is_left else n - 1 - place
        y = HEAD + BAR * len(groups) + LINE * (line + 0.8)
        end = left - 0.05 if is_left else right + 0.05
        x = at(mean_ranks[arm])
        axes.plot([x, x, end], [HEAD, y, y], color="0.35", linewidth=0.7)
        name = f"{labels[arm]}  {mean_ranks[arm]:.2f}" if is_left else f"{mean_ranks[arm]:.2f}  {labels[arm]}"
        axes.text(
            end + (-0.04 if is_left else 0.04), y, name, ha="right" if is_left else "left", va="center", fontsize=SMALL
        )
