"""The report's page: one HTML file that loads nothing, made of a template, a style and a script of its own."""

import base64
import hashlib
import io
import json
import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from PIL import Image

from coldstart.reporting import captions
from coldstart.reporting.figures import MARKERS, PALETTE

PAGE = Path(__file__).with_name("page")
TABLE = re.compile(r"<table>.*</table>", re.DOTALL)
HEADING = re.compile(r"<title>(.*?)</title>", re.DOTALL)
# A table with more rows than this waits to be opened.
MOST_ROWS = 30
ESCAPES = str.maketrans({character: f"\\u{ord(character):04x}" for character in "<>&\u2028\u2029"})


@dataclass
class Report:
    """What one report says; every part but the first three may be missing.

    Attributes
    ----------
    dataset, note : str
        Name of the data set, and what must be said of it.
    design : list of (str, str)
        From `coldstart.reporting.report_design`.
    tasks : list of dict
        Per task ``name``, ``metrics`` (those that tables show), ``headlines``
        (`coldstart.reporting.report_results.Headline`), ``pairs`` (stage and
        matrices of `coldstart.reporting.report_pairs.matrices`), ``runs``,
        ``cost`` and ``figures`` (see `figure`).
    curves, maps : dict
        By task, from `coldstart.reporting.report_results.curves` and
        `coldstart.reporting.report_choices.maps`.
    sheets : list of (str, coldstart.reporting.report_choices.Chosen, list)
        Task, arm and its thumbnails.
    tables : list of dict
        From `fragment`.
    rules : list of dict
        From `coldstart.reporting.report_cost.by_rule`.
    files : list of (str, str)
        Files of the results folder and their SHA-256.
    config : str
        The configuration as YAML.
    versions, commands : list of (str, str)
        From `coldstart.reporting.report_design`.
    """

    dataset: str
    note: str
    design: list
    tasks: list = field(default_factory=list)
    curves: dict = field(default_factory=dict)
    maps: dict = field(default_factory=dict)
    sheets: list = field(default_factory=list)
    tables: list = field(default_factory=list)
    rules: list = field(default_factory=list)
    files: list = field(default_factory=list)
    config: str = ""
    versions: list = field(default_factory=list)
    commands: list = field(default_factory=list)


def render(report):
    """Write the page.

    Parameters
    ----------
    report : Report

    Returns
    -------
    str
        HTML. Its own policy forbids it to load anything, and to run any other
        script than its own; the same report gives the same text.
    """
    style, script = ((PAGE / name).read_text(encoding="utf-8") for name in ("report.css", "report.js"))
    look = {"colours": len(PALETTE), "markers": MARKERS}
    policy = "; ".join(
        ["default-src 'none'", "img-src data:", f"style-src '{digest(style)}'", f"script-src '{digest(script)}'"]
    )
    return environment().get_template("report.html.j2").render(
        report=report,
        policy=Markup(policy),
        style=Markup(style),
        script=Markup(script),
        data=embedded({"curves": report.curves, "maps": report.maps, "look": look}),
        choices=choices(report),
    )  # fmt: skip


@cache
def environment():
    """The template's environment: everything that is put in is escaped, and nothing may be missing."""
    made = Environment(
        loader=FileSystemLoader(PAGE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    made.filters |= {"seconds": seconds, "sentence": captions.sentence}
    return made


def digest(text):
    """Source expression of a text that stands in the page (W3C, Content Security Policy Level 3, 2.3.1)."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def embedded(value):
    """Plain values as JSON that no HTML parser mistakes for markup."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return Markup(text.translate(ESCAPES))


def choices(report):
    """What can be filtered by: names of tasks, models, methods and queries, where there are several."""
    rows = [run for task in report.tasks for run in task["runs"]]
    found = {"task": [task["name"] for task in report.tasks]}
    for name in ("model", "method", "query"):
        found[name] = sorted({row[name] for row in rows}, key=lambda one: (one != "none", one))
    return {name: names for name, names in found.items() if len(names) > 1}


def seconds(value):
    """A time as it is printed."""
    if value is None:
        return "–"
    if value < 60:
        return f"{value:.1f} s"
    return f"{value / 60:.1f} min" if value < 3600 else f"{value / 3600:.1f} h"


def fragment(text, path):
    """A table out of the page that holds it alone.

    Parameters
    ----------
    text : str
        A page of `coldstart.reporting.table_formats` or `plain_tables`.
    path : str
        Where that page lies, from the report; its other formats lie beside it.

    Returns
    -------
    dict
        ``heading``, ``html`` (the table), ``rows``, ``open`` (whether it is
        short enough to be shown at once), ``path`` without its suffix.
    """
    table = TABLE.search(text).group()
    rows = table.count("<tr") - table.partition("</thead>")[0].count("<tr")
    heading = Markup(HEADING.search(text).group(1))
    return {"heading": heading, "html": Markup(table), "rows": rows, "open": rows <= MOST_ROWS, "path": path[:-5]}


def figure(path, link):
    """A picture of a figure, embedded, with its own caption.

    Parameters
    ----------
    path : path
        A PNG of `coldstart.reporting.figures.save_figure`.
    link : str
        Where it lies, from the report; its PDF and SVG lie beside it.

    Returns
    -------
    dict
        ``heading``, ``address`` and ``path``, the link without its suffix.
    """
    content = Path(path).read_bytes()
    with Image.open(io.BytesIO(content)) as picture:
        heading = picture.text.get("Description", link)
    address = f"data:image/png;base64,{base64.b64encode(content).decode()}"
    return {"heading": heading, "address": address, "path": link.removesuffix(".png")}
