"""The pool of a longitudinal data set by its baseline pixels, coloured by lesion size, with what each arm chose."""

import math

import numpy as np
from matplotlib.lines import Line2D
from sklearn.manifold import TSNE
from threadpoolctl import threadpool_limits

from coldstart.embedding.projection import principal_plane
from coldstart.errors import InputError
from coldstart.reporting import captions
from coldstart.reporting.embedding_map import GAP, check_rows, panel_side
from coldstart.reporting.figures import ONE_COLUMN, PALETTE, TWO_COLUMNS, Page, drawing, legend_columns

PERPLEXITY, LEARNING_RATE, SEED = 50, 10, 42
FEWEST_FOR_TSNE = 5
# The largest size of each bin in pixels; what is larger is in the last one.
BINS = (0, 50, 100, 200)
NAMES = ("no change", *(f"up to {limit} px" for limit in BINS[1:]), f"above {BINS[-1]} px")
# Grey for none, then darker the larger.
SHADES = ("#D5D5D5", "#B7D4EA", "#6AAED6", "#2070B4", "#08306B")
INITIAL, QUERIED = "#000000", PALETTE[1]
COLUMNS, MOST_SHAPES = 3, 2000


def baseline_map(images):
    """Put images on a plane by their first channel.

    Ma et al. (IJCNN 2025, LMI-AL), released code: t-SNE of the pixels of the
    baseline, scaled to [0, 1], with perplexity 50, the principal components as
    start, learning rate 10 and seed 42.

    Parameters
    ----------
    images : numpy.ndarray of shape (n, H, W, C)
        Stored pixels of the pool, uint8 or uint16.

    Returns
    -------
    numpy.ndarray of float32, shape (n, 2)
        Without unit. Below 151 images the perplexity is (n - 1) / 3, since 50
        neighbours would be too many of them; below five images, and where all
        are alike, it is the first two principal components. Computed on one
        thread, so that it is the same every time.
    """
    n = len(images)
    pixels = images[..., 0].reshape(n, -1).astype(np.float32) / np.float32(np.iinfo(images.dtype).max)
    with threadpool_limits(1):
        if n < FEWEST_FOR_TSNE or not np.ptp(pixels, axis=0).any():
            return principal_plane(pixels, SEED)
        perplexity = min(PERPLEXITY, (n - 1) / 3)
        tsne = TSNE(perplexity=perplexity, init="pca", learning_rate=LEARNING_RATE, random_state=SEED)
        return tsne.fit_transform(pixels)


def size_bins(pixels):
    """Bin of each lesion size.

    Parameters
    ----------
    pixels : array_like of int, shape (n,)
        Changed pixels of each image.

    Returns
    -------
    numpy.ndarray of int, shape (n,)
        0: none; 1: up to 50; 2: up to 100; 3: up to 200; 4: more.
    """
    return np.searchsorted(BINS, np.asarray(pixels), side="left")


@drawing()
def plot_lesion_sizes(xy, pixels, rounds, *, title="", note=""):
    """Draw the pool once per arm, coloured by lesion size, with the arm's labelled samples.

    Parameters
    ----------
    xy : numpy.ndarray of shape (n, 2)
        From `baseline_map`.
    pixels : array_like of int, shape (n,)
        Changed pixels of each image.
    rounds : dict of str to (sequence of int, sequence of int)
        Per arm, the rows that it labelled, and the round in which it did: 0 is
        the initial selection.
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
        If there is no arm, or rows do not belong to the pool.
    """
    xy, bins = np.asarray(xy, dtype=float), size_bins(pixels)
    check_rows(len(xy), {name: rows for name, (rows, _) in rounds.items()}, {}, None)
    if len(bins) != len(xy):
        raise InputError(f"{len(bins)} lesion sizes were given for a pool of {len(xy)}: give one per image.")
    columns = min(COLUMNS, len(rounds))
    lines = math.ceil(len(rounds) / columns)
    width = ONE_COLUMN if columns == 1 else TWO_COLUMNS
    panel = panel_side(width, columns)
    handles = legend_handles(any(np.any(later) for _, later in rounds.values()))
    legend = legend_columns(list(handles), width)
    counts = [f"{name}: {np.count_nonzero(bins == size)}" for size, name in enumerate(NAMES)]
    footer = (
        f"Pool of {len(xy)} slices ({', '.join(counts)}; px of the source), t-SNE of the baseline's pixels. "
        "The axes have no unit."
    )
    body = lines * (panel + 0.3)
    page = Page(width, title, body, footer=footer, note=captions.sentence(note), legend=legend[1])
    middle, reach = (xy.max(0) + xy.min(0)) / 2, max(np.ptp(xy, axis=0).max() / 2 * 1.08, 1e-3)
    for i, (name, (rows, when)) in enumerate(rounds.items()):
        row, column = divmod(i, columns)
        bottom = body - (row + 1) * (panel + 0.3) + 0.04
        axes = page.axes(Page.MARGIN + column * (panel + GAP), bottom, panel, panel)
        draw_panel(axes, xy, bins, np.asarray(rows, dtype=int), np.asarray(when, dtype=int))
        axes.set_title(f"{name} ({len(rows)})", pad=4)
        axes.set_xlim(middle[0] - reach, middle[0] + reach)
        axes.set_ylim(middle[1] - reach, middle[1] + reach)
    page.legend(list(handles.values()), list(handles), legend[0], length=1.0)
    return page.figure


def legend_handles(queried):
    """Handles of the legend by their labels."""
    handles = {
        name: Line2D([], [], linestyle="", marker="o", markersize=4, color=color, markeredgewidth=0)
        for name, color in zip(NAMES, SHADES, strict=True)
    }
    handles["initial selection"] = Line2D([], [], linestyle="", marker="o", mfc="none", mec=INITIAL, markersize=6)
    if queried:
        handles["query rounds"] = Line2D([], [], linestyle="", marker="D", mfc="none", mec=QUERIED, mew=1.2, ms=5.5)
    return handles


def draw_panel(axes, xy, bins, rows, when):
    """Draw the pool, small lesions first, and on top what was chosen."""
    size = float(np.clip(4000 / max(len(xy), 1), 3, 16))
    for number, color in enumerate(SHADES):
        axes.scatter(*xy[bins == number].T, s=size, c=color, linewidths=0, rasterized=len(xy) > MOST_SHAPES, zorder=2)
    many = len(rows) > 60
    # Open marks: the colour of what was chosen stays in sight.
    for chosen, marker, color, line in ((when == 0, "o", INITIAL, 0.8), (when > 0, "D", QUERIED, 1.2)):
        look = {"marker": marker, "facecolors": "none", "edgecolors": color, "linewidths": line}
        axes.scatter(*xy[rows[chosen]].T, s=18 if many else 34, zorder=3, **look)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[:].set_visible(True)
    axes.spines[:].set_color("#CCCCCC")
