"""Which prediction patterns the queried candidates had: the seven of ACFT's Table 1, and Fig. 7's histogram of them."""

import math

import numpy as np
import pandas as pd

from coldstart.errors import InputError
from coldstart.reporting import captions
from coldstart.reporting.figures import PALETTE, SMALL, TWO_COLUMNS, Page, drawing, line_height, wrap

ARM = ["model", "method", "query", "budget"]
COLUMNS = [*ARM, "round", "runs", "pattern", "picks", "expected", "share"]
MEANINGS = {
    "A": "around 0.5",
    "B": "spread from 0 to 1",
    "C": "at both ends",
    "D": "all near 1",
    "E": "all near 0",
    "F": "low, a few high",
    "G": "high, a few low",
}

NAMES = 1.75
ICON = 0.42
ROW = 0.5
GAP = 0.12


def read_patterns(path):
    """Patterns of ACFT's Table 1 (Zhou et al. 2021, Medical Image Analysis 71, 101997).

    Parameters
    ----------
    path : str or pathlib.Path
        ``resources/acft_table1_patterns.csv``.

    Returns
    -------
    dict of str to numpy.ndarray
        Letter to its (11,) predictions.
    """
    table = pd.read_csv(path, index_col="pattern")
    return dict(zip(table.index, table.filter(regex=r"^p\d+$").to_numpy(), strict=True))


def nearest_pattern(patches, patterns):
    """Pattern that the predictions for each candidate's patches are nearest to.

    The article names its patterns in words alone. The rule here: the smallest
    Wasserstein distance of order 1, the mean distance over which predictions
    would have to be moved to make one set the other, whatever their numbers.

    Parameters
    ----------
    patches : numpy.ndarray of shape (n, m)
        Probability of the positive class of each patch.
    patterns : dict of str to numpy.ndarray
        Letter to (k,) probabilities.

    Returns
    -------
    numpy.ndarray of int, shape (n,)
        Place in `patterns`; of equally near ones the first.
    """
    ordered = np.sort(np.asarray(patches, dtype=np.float64), axis=1)
    distances = []
    for pattern in patterns.values():
        # With as many repeats as make both equally long, the distance is that of the sorted values.
        length = math.lcm(ordered.shape[1], len(pattern))
        other = np.repeat(np.sort(pattern), length // len(pattern))
        distances.append(np.abs(np.repeat(ordered, length // ordered.shape[1], axis=1) - other).mean(axis=1))
    # Distances that differ by rounding alone are equal.
    return np.argmin(np.round(distances, 12), axis=0)


def pattern_shares(queries, patterns):
    """Count the patterns of what every arm picked.

    Parameters
    ----------
    queries : iterable of (dict, numpy.ndarray, numpy.ndarray)
        Per query of a run: its wildcards (those of `ARM`, and round; other keys
        are ignored), the patches (n, m) of the pool that it picked from, and the
        rows of the pool that it picked.
    patterns : dict of str to numpy.ndarray
        From `read_patterns`.

    Returns
    -------
    pandas.DataFrame
        The columns `COLUMNS`, one row per arm, round and pattern: `picks` of
        the pattern, `expected` number had the same picks been drawn uniformly
        from their pools (both summed over the `runs`), and `share` of the picks.

    Raises
    ------
    InputError
        If there is no query.
    """
    counts = []
    for cell, pool, picked in queries:
        of_pool = nearest_pattern(pool, patterns)
        in_pool, in_picks = (np.bincount(found, minlength=len(patterns)) for found in (of_pool, of_pool[picked]))
        common = {**{key: cell[key] for key in ["model", "method", "query"]}, "budget": int(cell["budget"])}
        common |= {"round": int(cell["round"]), "runs": 1, "pattern": list(patterns)}
        expected = len(picked) * in_pool / len(pool)
        counts.append(pd.DataFrame({**common, "picks": in_picks, "expected": expected}))
    if not counts:
        raise InputError("patterns are drawn of candidates with patches: configure learning.classification.patches.")
    found = pd.concat(counts).groupby([*ARM, "round", "pattern"], as_index=False).sum()
    found["share"] = found["picks"] / found.groupby([*ARM, "round"])["picks"].transform("sum")
    return found[COLUMNS]


@drawing()
def plot_patterns(shares, patterns, *, title="", note=""):
    """Draw, per arm, the share of its picks that each pattern has.

    Parameters
    ----------
    shares : pandas.DataFrame
        From `pattern_shares`; rounds are summed.
    patterns : dict of str to numpy.ndarray
        From `read_patterns`: drawn as histograms above their columns.
    title : str, default=""
        Title of the figure.
    note : str, default=""
        What must be said of the data.

    Returns
    -------
    matplotlib.figure.Figure
        One row of bars per arm. Its caption is its label.
    """
    totals = shares.groupby([*ARM, "pattern"], sort=False)[["picks", "expected"]].sum().unstack("pattern")
    totals = totals.reindex(columns=list(patterns), level="pattern")
    picked, expected = (totals[name].to_numpy(dtype=float) for name in ("picks", "expected"))
    sizes = picked.sum(axis=1)
    picked, expected = picked / sizes[:, None], expected / sizes[:, None]
    starts = totals.index.get_level_values("budget")
    labels = [
        captions.arm_label(model, method, query, budget if starts.nunique() > 1 else None)
        for model, method, query, budget in totals.index
    ]
    footer = (
        "Share of the picks of all query rounds whose patches were predicted most nearly as in the pattern above "
        "(Table 1 of Zhou et al. 2021; Wasserstein distance), by the network that the query asked. "
        "Black line: share in the pools that they were picked from."
    )
    step = (TWO_COLUMNS - NAMES - Page.MARGIN) / len(patterns)
    texts = [wrap(f"{letter}: {MEANINGS.get(letter, '')}", step, SMALL) for letter in patterns]
    head = ICON + 0.2 + max(map(len, texts)) * line_height(SMALL) + GAP
    body = head + len(labels) * (ROW + GAP) + 0.05
    page = Page(TWO_COLUMNS, title, body, footer=footer, note=captions.sentence(note))
    for i, (values, text) in enumerate(zip(patterns.values(), texts, strict=True)):
        left = NAMES + i * step
        draw_icon(page.axes(left + 0.08, body - head + GAP + 0.2, step - 0.16, ICON), values)
        x = (left + step / 2) / page.width
        top = page.bottom + body
        page.figure.text(x, top / page.height, "\n".join(text), fontsize=SMALL, ha="center", va="top", linespacing=1.15)
    highest = max(picked.max(), expected.max())
    for row, label in enumerate(labels):
        bottom = body - head - (row + 1) * (ROW + GAP) + GAP
        axes = page.axes(NAMES, bottom, step * len(patterns), ROW)
        draw_row(axes, picked[row], expected[row], highest)
        lines = [*wrap(label, NAMES - 0.2, SMALL), f"{int(sizes[row])} picks"]
        y = (page.bottom + bottom + ROW / 2) / page.height
        page.figure.text(page.MARGIN / page.width, y, "\n".join(lines), fontsize=SMALL, va="center", linespacing=1.15)
    return page.figure


def draw_icon(axes, values):
    """Histogram of the predictions of one pattern."""
    places, counts = np.unique(values, return_counts=True)
    axes.bar(places, counts, width=0.08, color="#707070")
    axes.set_xlim(-0.08, 1.08)
    axes.set_xticks([0, 0.5, 1], ["0", "0.5", "1"])
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.tick_params(length=2, pad=1, labelsize=SMALL - 1)


def draw_row(axes, picked, expected, highest):
    """Bars of one arm, with the shares that uniform picks would have had."""
    places = np.arange(len(picked))
    axes.bar(places, picked, width=0.62, color=PALETTE[0])
    axes.hlines(expected, places - 0.4, places + 0.4, color="black", linewidth=1.2)
    for place, share, line in zip(places, picked, expected, strict=True):
        # Above the bar, and above the line where it would run through the number.
        near = share <= line < share + 0.35 * highest
        height = line if near else share
        axes.annotate(
            f"{share:.0%}",
            (place, height),
            xytext=(0, 1.5),
            textcoords="offset points",
            ha="center",
            fontsize=SMALL - 1,
        )
    axes.set_xlim(-0.5, len(picked) - 0.5)
    axes.set_ylim(0, highest * 1.35)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
