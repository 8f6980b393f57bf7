"""The contact sheet of a list as a picture."""

import numpy as np

from coldstart.labelling.hand_out import thumbnail
from coldstart.progress import track
from coldstart.reporting import captions
from coldstart.reporting.contact_sheet import CELL, contact_sheet, pick_captions
from coldstart.reporting.figures import Page, drawing

# Pixels of a cell at the resolution of `coldstart.reporting.figures.save_figure`.
SIDE = round(CELL * 200)
NOTHING = "Nothing to label: no image is asked for."
PAPER = 255


@drawing()
def sheet_png(worklist, images, *, title="", note=""):
    """Lay the images of a list out, by rank.

    Parameters
    ----------
    worklist : pandas.DataFrame
        `rank`, `sample_id`, `cluster`, `reason`; it may be empty.
    images : dict of str to path
        Picture of every sample, from `coldstart.labelling.hand_out.export_images`.
    title, note : str, default=""
        As for `coldstart.reporting.contact_sheet.contact_sheet`.

    Returns
    -------
    matplotlib.figure.Figure
        One page; of an empty list, one that says so.
    """
    if not len(worklist):
        return Page(3.5, title, 0, footer=NOTHING, note=captions.sentence(note)).figure
    pictures = [squared(thumbnail(images[name], SIDE)) for name in track(worklist["sample_id"], "contact sheet")]
    return contact_sheet(pictures, pick_captions(worklist), title=title, note=note)


def squared(image):
    """The image in the middle of a white square, so that it keeps its proportions."""
    side = max(image.shape[:2])
    missing = [side - length for length in image.shape[:2]]
    margins = [(pixels // 2, pixels - pixels // 2) for pixels in missing] + [(0, 0)] * (image.ndim - 2)
    return np.pad(image, margins, constant_values=PAPER)
