"""Contact sheet: the selected images at a glance, each with its rank, its name and why it was picked."""

import math
import textwrap

import numpy as np
import pandas as pd

from coldstart.errors import InputError
from coldstart.reporting import captions as words
from coldstart.reporting.figures import ONE_COLUMN, SMALL, TWO_COLUMNS, Page, drawing, line_height, save_figure

GAP = 0.1
CHARACTERS = 22
REASON_LINES = 2
# Six columns fill the two of a journal. Many images get more, on a wider sheet for the screen: 200 are no tower then.
FEWEST_COLUMNS, MOST_COLUMNS = 6, 12
STEP = (TWO_COLUMNS - GAP) / FEWEST_COLUMNS
CELL = STEP - GAP


def pick_captions(selection):
    """Caption of every row of a selection.

    Parameters
    ----------
    selection : pandas.DataFrame
        Columns rank and sample_id; cluster and reason where there are any.

    Returns
    -------
    list of str
        Lines: ``1. name``, ``cluster 3``, and the reason on up to two.
    """
    found = []
    for row in selection.to_dict("records"):
        lines = [f"{row['rank']}. {shortened(row['sample_id'], CHARACTERS - len(str(row['rank'])) - 2)}"]
        cluster = row.get("cluster")
        if pd.notna(cluster) and cluster >= 0:
            lines.append(f"cluster {int(cluster)}")
        if isinstance(row.get("reason"), str) and row["reason"]:
            lines += textwrap.wrap(row["reason"], CHARACTERS, max_lines=REASON_LINES, placeholder=" …")
        found.append("\n".join(lines))
    return found


def shortened(text, limit):
    """Text of at most `limit` characters; its middle becomes an ellipsis, since names differ at their ends."""
    text = str(text)
    if len(text) <= limit:
        return text
    tail = (limit - 1) // 2
    return f"{text[: limit - 1 - tail]}…{text[len(text) - tail :]}"


@drawing()
def contact_sheet(images, captions, *, title="", note="", columns=None):
    """Lay images out in a grid, in the order given.

    Parameters
    ----------
    images : numpy.ndarray
        (n, s, s) or (n, s, s, 3), uint8 or uint16, n >= 1. 16-bit images are
        shown from their own 1st to 99th percentile, since they seldom fill
        their range; 8-bit images as they are.
    captions : list of str
        (n,) a few lines under each image; see `pick_captions`.
    title : str, default=""
        Title of the sheet.
    note : str, default=""
        What must be said of the data.
    columns : int, optional
        Images side by side; by default 5 to 12, more for more images.

    Returns
    -------
    matplotlib.figure.Figure
        One page, as tall as it needs to be. Its caption is its label.

    Raises
    ------
    InputError
        If there is no image, or there are not as many captions as images.
    """
    n = len(images)
    if n == 0 or len(captions) != n:
        raise InputError(
            f"a contact sheet needs at least one image and one caption per image, not {len(captions)} for {n}."
        )
    columns = min(n, columns or int(np.clip(math.ceil(math.sqrt(n)), FEWEST_COLUMNS, MOST_COLUMNS)))
    lines = math.ceil(n / columns)
    text = max(caption.count("\n") + 1 for caption in captions) * line_height(SMALL - 1) + 0.06
    step_y = CELL + text + GAP / 2
    width = columns * STEP + GAP
    width = next((one for one in (ONE_COLUMN, TWO_COLUMNS) if width <= one + 1e-9), width)
    deep = np.asarray(images[0]).dtype != np.uint8
    footer = f"{words.counted([n], 'image')}, by rank."
    if deep:
        footer += " Grey values: 1st to 99th percentile of each image."
    page = Page(width, title, lines * step_y + 0.05, footer=footer, note=words.sentence(note))
    # One pair of axes in inches for the whole sheet: hundreds of axes would take a minute.
    axes = page.axes(0, 0, width, lines * step_y)
    axes.set_axis_off()
    for i, caption in enumerate(captions):
        row, column = divmod(i, columns)
        left, top = GAP + column * STEP, (lines - row) * step_y
        axes.imshow(
            shown_bytes(np.asarray(images[i])),
            cmap="gray",
            vmin=0,
            vmax=255,
            extent=(left, left + CELL, top - CELL, top),
            interpolation="antialiased",
        )
        axes.text(left, top - CELL - 0.03, caption, fontsize=SMALL - 1, va="top", linespacing=1.15)
    axes.set_xlim(0, width)
    axes.set_ylim(0, lines * step_y)
    axes.set_aspect("auto")
    return page.figure


def save_sheet(figure, *, png, svg, pdf):
    """Write a sheet: PDF and SVG hold the images as they are, which the PNG has in its own size."""
    save_figure(figure, png=png)
    for image in figure.axes[0].images:
        image.set_interpolation("none")
    save_figure(figure, svg=svg, pdf=pdf)


def shown_bytes(image):
    """The image as uint8, windowed to its 1st to 99th percentile where it is deeper than 8 bits."""
    if image.dtype == np.uint8:
        return image
    low, high = np.percentile(image, (1, 99))
    scaled = (image.astype(np.float32) - low) / max(high - low, 1)
    return (np.clip(scaled, 0, 1) * 255).round().astype(np.uint8)
