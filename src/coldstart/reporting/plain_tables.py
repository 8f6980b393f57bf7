"""Tables with one line of headings, in the four formats: a name and then a cell of text per column."""

import html
import re
from dataclasses import dataclass

import pandas as pd

from coldstart import storage
from coldstart.reporting.table_formats import HTML_PAGE, LATEX_FIT, MISSING, latex_text, markdown_text

# Rows of one page in LaTeX, below the longest caption.
PAGE_ROWS = 45


@dataclass(frozen=True)
class PlainTable:
    """A table before it is written in some format.

    Attributes
    ----------
    titles : list of str
        Heading of every column; the first names the rows.
    rows : list of list of str
        Cells as printed; an empty one becomes a dash.
    frame : pandas.DataFrame
        The same at full precision, for the CSV.
    heading : str
        Title.
    caption : str
        What the table shows, and how to read it.
    note : str
        What must be said of the data; may be empty.
    """

    titles: list
    rows: list
    frame: pd.DataFrame
    heading: str
    caption: str
    note: str = ""


def write_plain_table(table, *, csv=None, markdown=None, latex=None, html=None):
    """Write a table in the formats whose path is given.

    Parameters
    ----------
    table : PlainTable
        The table.
    csv : path, optional
        Full precision.
    markdown : path, optional
        GitHub Markdown.
    latex : path, optional
        A ``table`` environment; needs the packages booktabs and graphicx.
    html : path, optional
        A page of its own, without scripts or outside files.
    """
    for path, render in ((csv, to_csv), (markdown, to_markdown), (latex, to_latex), (html, to_html)):
        if path is not None:
            storage.write_text(path, render(table))


def to_csv(table):
    """Full precision; ``note`` is a column of its own where there is one."""
    frame = table.frame.assign(note=table.note) if table.note else table.frame
    return frame.to_csv(index=False, lineterminator="\n")


def to_markdown(table):
    """GitHub Markdown."""
    lines = [[markdown_text(title) for title in table.titles], [":--", *["--:"] * (len(table.titles) - 1)]]
    lines += [[markdown_text(cell or MISSING) for cell in row] for row in table.rows]
    caption = markdown_text(table.caption) + (f" **{markdown_text(table.note)}**" if table.note else "")
    return caption + "\n\n" + "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def to_latex(table):
    """A ``table`` environment for booktabs, more of them for more rows than a page has; graphicx scales wide ones."""
    parts = [table.rows[start : start + PAGE_ROWS] for start in range(0, max(len(table.rows), 1), PAGE_ROWS)]
    note = rf" \textbf{{{latex_text(table.note)}}}" if table.note else ""
    caption = rf"\caption{{{latex_text(table.caption)}{note}}}"
    label = rf"\label{{tab:{re.sub(r'[^A-Za-z0-9]+', '-', table.heading)}}}"
    lines = [r"% \usepackage{booktabs,graphicx} and, for quotation marks in names, \usepackage[T1]{fontenc}"]
    for number, rows in enumerate(parts):
        lines += [r"\begin{table}[htbp]", r"\centering"]
        # Its later parts have the number of the first.
        lines += [r"\addtocounter{table}{-1}", r"\caption{Continued.}"] if number else [caption, label]
        lines += [*tabular(table.titles, rows), r"\end{table}"]
    return "\n".join([*lines, ""])


def tabular(titles, rows):
    """Lines of one ``tabular``, scaled to the line where it is wider."""
    return [
        LATEX_FIT,
        rf"\begin{{tabular}}{{l{'r' * (len(titles) - 1)}}}",
        r"\toprule",
        " & ".join(map(latex_text, titles)) + r" \\",
        r"\midrule",
        *(" & ".join(latex_text(cell or MISSING) for cell in row) + r" \\" for row in rows),
        r"\bottomrule",
        r"\end{tabular}}",
    ]


def to_html(table):
    """A page of its own; headers carry their scope."""
    titles = "".join(f'<th scope="col">{html.escape(title)}</th>' for title in table.titles)
    lines = []
    for name, *cells in table.rows:
        texts = "".join(f"<td>{html.escape(cell or MISSING)}</td>" for cell in cells)
        lines.append(f'<tr><th scope="row">{html.escape(name)}</th>{texts}</tr>')
    note = f" <strong>{html.escape(table.note)}</strong>" if table.note else ""
    body = [
        f'<div class="wide" tabindex="0" role="region" aria-label="{html.escape(table.heading)}">',
        "<table>",
        f"<caption>{html.escape(table.caption)}{note}</caption>",
        f"<thead>\n<tr>{titles}</tr>\n</thead>",
        "<tbody>",
        *lines,
        "</tbody>",
        "</table>",
        "</div>",
    ]
    return HTML_PAGE.format(title=html.escape(table.heading), body="\n".join(body))
