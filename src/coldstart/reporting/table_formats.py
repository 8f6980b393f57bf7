"""A comparison table as CSV, Markdown, LaTeX and HTML."""

import html
import re

MISSING = "–"
LATEX_SPECIAL = {
    "\\": r"\textbackslash{}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    "↑": r"$\uparrow$",
    "↓": r"$\downarrow$",
    "[": "{[}",
    "]": "{]}",
    "√": r"$\surd$",
    "–": "--",
    "±": r"$\pm$",
    "−": r"$-$",
    "†": r"$\dagger$",
    "≤": r"$\leq$",
    "·": r"$\cdot$",
    "⁹": "$^9$",
}
HTML_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ font: 15px/1.4 system-ui, sans-serif; margin: 1.5rem; }}
.wide {{ overflow-x: auto; }}
table {{ border-collapse: collapse; border-block: 2px solid; font-variant-numeric: tabular-nums; }}
caption {{ text-align: start; padding-block-end: .75rem; max-width: 60rem; }}
th, td {{ padding: .3rem .7rem; text-align: end; }}
td, tbody th {{ white-space: nowrap; }}
th:first-child {{ text-align: start; }}
thead th {{ vertical-align: bottom; }}
thead th[colspan] {{ text-align: center; }}
thead tr:last-child th {{ border-block-end: 1px solid; }}
tbody th {{ font-weight: normal; }}
tbody tr:hover {{ background: color-mix(in srgb, currentColor 8%, transparent); }}
tbody tr.next > * {{ border-block-start: 1px solid color-mix(in srgb, currentColor 25%, transparent); }}
.group {{ border-inline-start: 1px solid color-mix(in srgb, currentColor 25%, transparent); }}
small {{ opacity: .8; }}
</style>
</head>
<body>
{body}
</body>
</html>
"""


# A table wider than the line is scaled to it; others keep their size.
LATEX_FIT = r"\resizebox{\ifdim\width>\linewidth\linewidth\else\width\fi}{!}{%"


def latex_text(text):
    """Text in which no character is a LaTeX command."""
    return "".join(LATEX_SPECIAL.get(character, character) for character in str(text))


def markdown_text(text):
    """Text in which no character is Markdown markup."""
    return re.sub(r"([\\`*_|<>~\[\]#])", r"\\\1", str(text))


def cell_rows(table, escape, best, second, error="{}"):
    """All cells as printed: escaped, marked, a dash where there is no value.

    Parameters
    ----------
    table : ComparisonTable
        The table.
    escape : callable
        Escapes text for the format.
    best, second : str
        Patterns such as ``**{}**`` that mark a value.
    error : str, default="{}"
        Pattern of the standard error behind it, which is never marked.

    Returns
    -------
    list of list of str
        Per row of the table its cells, the metrics of the first point first.
    """
    patterns = {"best": best, "second": second, "": "{}"}

    def printed(text, mark):
        value, _, se = text.partition(" ")
        shown = patterns[mark].format(escape(value or MISSING))
        return f"{shown} {error.format(escape(se))}" if se else shown

    rows = len(table.text)
    return [
        [printed(text, mark) for text, mark in zip(texts, marks, strict=True)]
        for texts, marks in zip(table.text.reshape(rows, -1), table.marks.reshape(rows, -1), strict=True)
    ]


def starts_group(table, row):
    """Whether a row is the first of a group other than the first one."""
    return table.group > 1 and row > 0 and row % table.group == 0


def to_csv(table):
    """Full precision without marks.

    The columns that name a row (model, method, query, and the initial budget
    where it is not the point; or the published method and what the row gives),
    then ``{metric}_{point}`` and ``{metric}_{point}_se``, where the table has
    them also ``{metric}_{point}_sd`` (between runs) and ``{metric}_{point}_runs``,
    and ``note`` where there is one.
    """
    frame = table.arms.drop(columns="label")
    for column, point in enumerate(table.points):
        for layer, metric in enumerate(table.metrics):
            frame[f"{metric}_{point}"] = table.value[:, column, layer]
            frame[f"{metric}_{point}_se"] = table.se[:, column, layer]
            if table.sd is not None:
                frame[f"{metric}_{point}_sd"] = table.sd[:, column, layer]
                frame[f"{metric}_{point}_runs"] = table.n_runs[:, column, layer]
    if table.note:
        frame["note"] = table.note
    return frame.to_csv(index=False, lineterminator="\n")


def to_markdown(table):
    """GitHub Markdown: best in bold, second best in ``<u>``."""
    points = [f"{table.points_title} {point}: {title}" for point in table.points for title in table.titles]
    lines = [
        "| " + " | ".join([table.arms_title, *points]) + " |",
        "| :-- |" + " --: |" * len(points),
    ]
    rows = cell_rows(table, markdown_text, "**{}**", "<u>{}</u>")
    for label, row in zip(table.arms["label"], rows, strict=True):
        lines.append("| " + " | ".join([markdown_text(label), *row]) + " |")
    caption = [markdown_text(table.caption), *([f"**{markdown_text(table.note)}**"] if table.note else [])]
    return " ".join(caption) + "\n\n" + "\n".join(lines) + "\n"


def to_latex(table):
    """A ``table`` environment for booktabs; graphicx scales it to the line where it is wider."""
    span = len(table.metrics)
    count = len(table.points) * span
    groups = [rf"\multicolumn{{{span}}}{{c}}{{{point}}}" for point in table.points]
    rules = [rf"\cmidrule(lr){{{2 + i * span}-{1 + (i + 1) * span}}}" for i in range(len(table.points))]
    titles = [latex_text(title) for title in table.titles] * len(table.points)
    rows = cell_rows(table, latex_text, r"\textbf{{{}}}", r"\underline{{{}}}")
    body = [
        LATEX_FIT,
        rf"\begin{{tabular}}{{l{'r' * count}}}",
        r"\toprule",
        rf"{table.points_title} & " + " & ".join(groups) + r" \\",
        " ".join(rules),
        f"{table.arms_title} & " + " & ".join(titles) + r" \\",
        r"\midrule",
        *(
            (r"\addlinespace " if starts_group(table, i) else "") + latex_text(label) + " & " + " & ".join(row) + r" \\"
            for i, (label, row) in enumerate(zip(table.arms["label"], rows, strict=True))
        ),
        r"\bottomrule",
        r"\end{tabular}}",
    ]
    note = rf" \textbf{{{latex_text(table.note)}}}" if table.note else ""
    return "\n".join(
        [
            r"% \usepackage{booktabs,graphicx} and, for quotation marks in names, \usepackage[T1]{fontenc}",
            r"\begin{table}[htbp]",
            r"\centering",
            rf"\caption{{{latex_text(table.caption)}{note}}}",
            rf"\label{{tab:{re.sub(r'[^A-Za-z0-9]+', '-', table.heading)}}}",
            *body,
            r"\end{table}",
            "",
        ]
    )


def to_html(table):
    """A page of its own: best in ``<strong>``, second best in ``<u>``; headers carry their scope."""
    span = len(table.metrics)
    groups = "".join(f'<th scope="colgroup" colspan="{span}" class="group">{point}</th>' for point in table.points)
    titles = "".join(
        f'<th scope="col"{" class=group" if layer == 0 else ""}>{html.escape(title)}</th>'
        for _ in table.points
        for layer, title in enumerate(table.titles)
    )
    lines = []
    rows = cell_rows(table, html.escape, "<strong>{}</strong>", "<u>{}</u>", "<small>{}</small>")
    for place, (label, row) in enumerate(zip(table.arms["label"], rows, strict=True)):
        cells = "".join(f"<td{' class=group' if i % span == 0 else ''}>{cell}</td>" for i, cell in enumerate(row))
        start = '<tr class="next">' if starts_group(table, place) else "<tr>"
        lines.append(f'{start}<th scope="row">{html.escape(label)}</th>{cells}</tr>')
    note = f" <strong>{html.escape(table.note)}</strong>" if table.note else ""
    columns = "<colgroup></colgroup>" + f'<colgroup span="{span}"></colgroup>' * len(table.points)
    body = [
        f'<div class="wide" tabindex="0" role="region" aria-label="{html.escape(table.heading)}">',
        "<table>",
        f"<caption>{html.escape(table.caption)}{note}</caption>",
        columns,
        "<thead>",
        f'<tr><th scope="col">{html.escape(table.points_title)}</th>{groups}</tr>',
        f'<tr><th scope="col">{html.escape(table.arms_title)}</th>{titles}</tr>',
        "</thead>",
        "<tbody>",
        *lines,
        "</tbody>",
        "</table>",
        "</div>",
    ]
    return HTML_PAGE.format(title=html.escape(table.heading), body="\n".join(body))
