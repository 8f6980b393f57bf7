"""Draw figures/architecture.svg, the architecture in one picture: ``python docs/draw_architecture.py``.

Light or dark as the reader's system asks. The same bytes every time.
"""

from pathlib import Path
from xml.sax.saxutils import escape

TARGET = Path(__file__).parent / "figures/architecture.svg"
WIDTH, HEIGHT = 1000, 500
BOX = 104, 54
STYLE = """
text { font: 14px system-ui, sans-serif; fill: #1f2328; text-anchor: middle }
.paper { fill: #ffffff }
.room { fill: #ffffff; stroke: #57606a; stroke-width: 1.5 }
.labels { fill: #fff1e0; stroke: #bc4c00; stroke-width: 1.5 }
.small { font-size: 11.5px; fill: #57606a }
.lane { font-weight: 600; text-anchor: start }
path { fill: none; stroke: #57606a; stroke-width: 1.5; marker-end: url(#tip) }
#tip path { fill: #57606a; stroke: none; marker-end: none }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 }
  .paper { fill: #0d1117 }
  .room { fill: #161b22; stroke: #9ea7b3 }
  .labels { fill: #3d2208; stroke: #f0883e }
  .small { fill: #9ea7b3 }
  path { stroke: #9ea7b3 }
  #tip path { fill: #9ea7b3 }
}
"""
# Name, what it hands on, column and row of the middle, and whether it reads labels.
ROOMS = {
    "cohort": ("samples, splits", 0, 0, True),
    "images": ("pixels, once", 1, 0, False),
    "embed": ("a vector each", 2, 0, False),
    "select": ("the first labels", 3, 0, False),
    "train": ("predictions", 4, 0, True),
    "evaluate": ("metrics, errors", 5, 0, True),
    "summary": ("one tidy table", 6, 0, False),
    "query": ("the next labels", 4, 1, False),
    "report": ("tables, figures", 6, 1, False),
    "track": ("MLflow", 7, 0, False),
    "scan": ("your own files", 0, 3, False),
    "embed ": ("a vector each", 2, 3, False),
    "ask": ("the next list", 3, 3, False),
    "hand_out": ("tasks, images", 4, 3, False),
    "annotators": ("people", 5, 3, True),
    "answers": ("labels, masks", 5, 2.05, True),
    "learn": ("predictions", 4, 2.05, True),
    "advise": ("go on or stop", 3, 2.05, True),
}
ARROWS = [
    ("cohort", "images"),
    ("images", "embed"),
    ("embed", "select"),
    ("select", "train"),
    ("train", "evaluate"),
    ("evaluate", "summary"),
    ("summary", "track"),
    ("summary", "report"),
    ("scan", "embed "),
    ("embed ", "ask"),
    ("ask", "hand_out"),
    ("hand_out", "annotators"),
    ("annotators", "answers"),
    ("answers", "learn"),
    ("learn", "advise"),
]
LEFT, TOP, ACROSS, DOWN = 68, 78, 123.5, 112


def middle(name):
    """Middle of a box."""
    _, column, row, _ = ROOMS[name]
    return LEFT + ACROSS * column, TOP + DOWN * row


def box(name):
    """A room with what it hands on."""
    x, y = middle(name)
    kind = "labels" if ROOMS[name][3] else "room"
    return (
        f'<rect class="{kind}" x="{x - BOX[0] / 2:g}" y="{y - BOX[1] / 2:g}" '
        f'width="{BOX[0]}" height="{BOX[1]}" rx="7"/>'
        f'<text x="{x:g}" y="{y - 3:g}">{escape(name.strip())}</text>'
        f'<text class="small" x="{x:g}" y="{y + 15:g}">{escape(ROOMS[name][0])}</text>'
    )


def arrow(first, second):
    """A straight arrow from the edge of one box to that of another."""
    (x1, y1), (x2, y2) = middle(first), middle(second)
    if y1 == y2:
        step = BOX[0] / 2 if x2 > x1 else -BOX[0] / 2
        return f'<path d="M{x1 + step:g},{y1:g} H{x2 - step:g}"/>'
    step = BOX[1] / 2 if y2 > y1 else -BOX[1] / 2
    return f'<path d="M{x1:g},{y1 + step:g} V{y2 - step:g}"/>'


def loops():
    """The arrows that are not straight: round after round, and list after list."""
    (train_x, train_y), (query_x, query_y) = middle("train"), middle("query")
    (learn_x, learn_y), (ask_x, ask_y) = middle("learn"), middle("ask")
    down, up = train_x - 20, train_x + 20
    edge = BOX[1] / 2
    return [
        f'<path d="M{down:g},{train_y + edge:g} V{query_y - edge:g}"/>',
        f'<path d="M{up:g},{query_y - edge:g} V{train_y + edge:g}"/>',
        f'<text class="small" x="{query_x:g}" y="{query_y + 44:g}">round after round</text>',
        f'<path d="M{learn_x - 40:g},{learn_y + edge:g} L{ask_x + 40:g},{ask_y - edge:g}"/>',
    ]


def picture():
    """The whole picture.

    Returns
    -------
    str
        SVG.
    """
    said = (
        "Two lanes of rooms. Comparing: cohort, images, embed, select, train, evaluate, summary, report and track, and "
        "query and train in turn. Labelling: scan, embed, ask, hand_out, annotators, answers, learn, advise, ask again."
    )
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">',
        f"<title>How coldstart is built</title><desc>{escape(said)}</desc><style>{STYLE}</style>",
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" orient="auto">'
        '<path d="M0,0 L8,4 L0,8 Z"/></marker></defs>',
        # A page may be light where the system is dark.
        f'<rect class="paper" width="{WIDTH}" height="{HEIGHT}" rx="7"/>',
        '<text class="lane" x="12" y="32">Compare, on labelled data</text>',
        '<text class="lane" x="12" y="370">Label, a pool of your own</text>',
        *(arrow(*pair) for pair in ARROWS),
        *loops(),
        *(box(name) for name in ROOMS),
        f'<rect class="labels" x="12" y="{HEIGHT - 30}" width="18" height="14" rx="3"/>',
        f'<text class="small" x="38" y="{HEIGHT - 18}" style="text-anchor: start">reads labels</text>',
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


if __name__ == "__main__":
    TARGET.write_text(picture(), encoding="utf-8")
