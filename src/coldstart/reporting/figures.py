"""What all figures share: style, page layout in inches, and files that are the same bytes every time."""

import math
import textwrap

from matplotlib import style
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from coldstart import storage

# Okabe & Ito (2008), colours that colour-blind readers tell apart; yellow is left out, too pale on white.
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<", ">")
LINES = ("-", (0, (5, 1.5)), (0, (1, 1)), (0, (5, 1, 1, 1)), (0, (8, 2)), (0, (3, 1, 1, 1, 1, 1)))

# Widths in inches of a figure in one or two columns of a journal: 88 and 180 mm.
ONE_COLUMN, TWO_COLUMNS = 88 / 25.4, 180 / 25.4
FONT_SIZE = 8
SMALL = 7
# Mean width of a character of DejaVu Sans in units of its size, and the height of a line.
CHARACTER = 0.56
LINE = 1.3

STYLE = {
    "font.family": "DejaVu Sans",
    "font.size": FONT_SIZE,
    "axes.titlesize": FONT_SIZE,
    "axes.labelsize": FONT_SIZE,
    "xtick.labelsize": SMALL,
    "ytick.labelsize": SMALL,
    "legend.fontsize": SMALL,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.linewidth": 0.6,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "grid.color": "#DDDDDD",
    "grid.linewidth": 0.5,
    "lines.linewidth": 1.3,
    "lines.markersize": 4.5,
    # A dollar sign in a sample's name is no formula.
    "text.parse_math": False,
    # Text stays text in PDF (whole TrueType fonts) and becomes shapes in SVG: neither needs the reader's fonts.
    "pdf.fonttype": 42,
    "svg.fonttype": "path",
    "svg.hashsalt": "coldstart",
}


def drawing():
    """Context, or decorator, in which figures are built and saved: this style over matplotlib's own defaults."""
    return style.context(["default", STYLE])


class Page:
    """A figure whose parts are stacked from top to bottom, measured in inches.

    Parameters
    ----------
    width : float
        Width in inches.
    title : str
        Printed at the top, wrapped.
    body : float
        Height of the drawing in inches.
    footer : str, default=""
        Small print at the bottom, wrapped.
    note : str, default=""
        What must be said of the data: the last lines, in bold.
    legend : int, default=0
        Lines of legend between drawing and footer.
    """

    MARGIN = 0.08

    def __init__(self, width, title, body, *, footer="", note="", legend=0):
        above = wrap(title, width - 2 * self.MARGIN, FONT_SIZE + 1)
        below = wrap(footer, width - 2 * self.MARGIN, SMALL)
        bold = wrap(note, width - 2 * self.MARGIN, SMALL, bold=True)
        top = self.MARGIN + line_height(FONT_SIZE + 1) * len(above) + 0.04
        self.legend_height = line_height(SMALL) * 1.03 * legend + (0.15 if legend else 0)
        small_print = line_height(SMALL) * (len(below) + len(bold)) + self.MARGIN + 0.04
        self.width, self.height = width, top + body + self.legend_height + small_print
        self.bottom = small_print + self.legend_height
        self.body = body
        self.small_print = small_print
        self.figure = Figure(figsize=(self.width, self.height), facecolor="white")
        FigureCanvasAgg(self.figure)
        self._write(above, self.height - self.MARGIN, FONT_SIZE + 1, "bold")
        self._write(below, small_print - 0.04, SMALL, "normal")
        self._write(bold, small_print - 0.04 - line_height(SMALL) * len(below), SMALL, "bold")
        self.figure.set_label(" ".join(part for part in (f"{title.rstrip('.')}.", footer, note) if part))

    def _write(self, lines, top, size, weight):
        for i, line in enumerate(lines):
            y = (top - i * line_height(size)) / self.height
            self.figure.text(self.MARGIN / self.width, y, line, fontsize=size, fontweight=weight, va="top")

    def axes(self, left, bottom, width, height, shared=None):
        """Axes at inches from the left of the page and from the bottom of the drawing; their limits may be shared."""
        box = (left / self.width, (self.bottom + bottom) / self.height, width / self.width, height / self.height)
        return self.figure.add_axes(box, sharex=shared, sharey=shared)

    def legend(self, handles, labels, columns, length=3.0):
        """Legend between drawing and footer; handles are `length` font sizes long."""
        self.figure.legend(
            handles,
            labels,
            loc="center",
            bbox_to_anchor=(0.5, (self.small_print + self.legend_height / 2) / self.height),
            ncols=columns,
            frameon=False,
            borderpad=0,
            borderaxespad=0,
            labelspacing=0.35,
            handlelength=length,
            columnspacing=1.5,
        )


def line_height(size):
    """Height of a line of text in inches, for a size in points."""
    return size * LINE / 72


def wrap(text, width, size, *, bold=False):
    """Lines of a text that fit a width in inches at a size in points."""
    return textwrap.wrap(text, max(8, int(width * 72 / (size * CHARACTER * (1.12 if bold else 1)))))


def legend_columns(labels, width):
    """Columns of a legend that fit a width in inches.

    Parameters
    ----------
    labels : list of str
        Its labels.
    width : float
        Inches.

    Returns
    -------
    columns, lines : int
        Columns, and the lines that the labels fill.
    """
    # A handle and the space between columns take about eight characters.
    entry = (max(map(len, labels)) + 8) * SMALL * CHARACTER / 72
    columns = max(1, min(len(labels), int(width / entry)))
    lines = math.ceil(len(labels) / columns)
    return math.ceil(len(labels) / lines), lines


def save_figure(figure, *, svg=None, png=None, pdf=None, dpi=200):
    """Write a figure in the formats whose path is given.

    The same figure gives the same bytes: no dates, and fixed identifiers. Its
    caption goes into the file's metadata.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        The figure.
    svg, png, pdf : path, optional
        Where to write.
    dpi : int, default=200
        Pixels per inch of the PNG, and of photographs inside SVG and PDF.
    """
    caption = figure.get_label()
    formats = (
        (svg, "svg", {"Date": None, "Creator": None, "Description": caption}),
        (png, "png", {"Software": None, "Description": caption}),
        (pdf, "pdf", {"CreationDate": None, "Subject": caption}),
    )
    with drawing():
        for path, kind, metadata in formats:
            if path is not None:
                with storage.replacing(path) as temporary:
                    figure.savefig(temporary, format=kind, dpi=dpi, metadata=metadata)
