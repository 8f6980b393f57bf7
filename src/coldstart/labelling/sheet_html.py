"""The contact sheet of a list as one page that needs no other file: thumbnails, reasons, sorting and filters."""

import base64
import hashlib
import html
import io
import re
from urllib.parse import quote

import pandas as pd
from PIL import Image

from coldstart.labelling.datalist import relative
from coldstart.labelling.hand_out import thumbnail
from coldstart.labelling.sheet_page import SCRIPT, STYLE
from coldstart.labelling.sheet_png import NOTHING
from coldstart.progress import track
from coldstart.reporting import captions

SIDE = 320
QUALITY = 85
SORTS = {
    "rank": "rank",
    "cluster": "cluster",
    "reason": "reason",
    "patient": "patient",
    "uncertainty": "most uncertain first",
    "distance": "most distant first",
}
HINT = "A picture opens at its full size. Arrow keys move from picture to picture, Enter opens one."


def sheet_html(worklist, images, *, folder, title="", note=""):
    """Write the page.

    Parameters
    ----------
    worklist : pandas.DataFrame
        `rank`, `sample_id`, `patient_id`, `reason`, `cluster` (negative: none),
        `distance`, `uncertainty`; what is missing is left out. It may be empty.
    images : dict of str to path
        Picture of every sample, from `coldstart.labelling.hand_out.export_images`.
    folder : str or pathlib.Path
        Where the page will lie: it links to the pictures from there.
    title, note : str, default=""
        Title of the page, and what must be said of the data.

    Returns
    -------
    str
        HTML. Thumbnails are JPEG of at most 320 pixels. The page's own policy
        forbids it to load anything, and to run any other script than its own.
    """
    names = track(worklist["sample_id"], "contact sheet")
    pictures = [(thumbnail(images[name], SIDE), relative(images[name], folder)) for name in names]
    rows = worklist.to_dict("records")
    cards = [card(row, *picture) for row, picture in zip(rows, pictures, strict=True)]
    body = [f"<h1>{html.escape(title)}</h1>", f"<p>{html.escape(summary(worklist))}</p>"]
    if note:
        body.append(f'<p class="note">{html.escape(captions.sentence(note))}</p>')
    if cards:
        body += [f'<p class="hint">{HINT}</p>', controls(rows), '<ol role="list">', *cards, "</ol>"]
        body.append(f"<script>{SCRIPT}</script>")
    policy = f"default-src 'none'; img-src data:; style-src '{digest(STYLE)}'; script-src '{digest(SCRIPT)}'"
    head = [
        "<!doctype html>",
        '<html lang="en">',
        "<head>",
        '<meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
        f"<title>{html.escape(title)}</title>",
        f"<style>{STYLE}</style>",
        "</head>",
        "<body>",
    ]
    return "\n".join([*head, *body, "</body>", "</html>", ""])


def digest(text):
    """Source expression of a text that stands in the page (W3C, Content Security Policy Level 3, 2.3.1)."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def summary(worklist):
    """How many images there are, of how many patients and clusters."""
    if not len(worklist):
        return NOTHING
    parts = [captions.counted([len(worklist)], "image")]
    found = [facts(row) for row in worklist.to_dict("records")]
    patients, clusters = ([row[key] for row in found if key in row] for key in ("patient", "cluster"))
    if len(patients) == len(worklist):
        parts[0] += f" of {captions.counted([len(set(patients))], 'patient')}"
    if clusters:
        parts.append(f"from {captions.counted([len(set(clusters))], 'cluster')}")
    return f"{', '.join(parts)}."


def facts(row):
    """What is known of an image beside its rank: attributes of its card, to sort and filter by."""
    found = {"rank": int(row["rank"])}
    cluster = row.get("cluster")
    if pd.notna(cluster) and cluster >= 0:
        found["cluster"] = int(cluster)
    if isinstance(row.get("reason"), str) and row["reason"]:
        found["reason"] = kind(row["reason"])
    if isinstance(row.get("patient_id"), str) and row["patient_id"]:
        found["patient"] = row["patient_id"]
    for name in ("distance", "uncertainty"):
        if pd.notna(row.get(name)):
            found[name] = f"{row[name]:.4g}"
    return found


def kind(reason):
    """The first part of a reason without its numbers: what all of its kind have in common."""
    return re.sub(r"\d+(\.\d+)?", "…", reason.partition(";")[0])


def card(row, pixels, link):
    """One image with its caption."""
    found = facts(row)
    name = html.escape(row["sample_id"])
    data = " ".join(f'data-{key}="{html.escape(str(value))}"' for key, value in found.items())
    height, width = pixels.shape[:2]
    shown = {key: found[key] for key in ("patient", "cluster", "distance", "uncertainty") if key in found}
    reason = f"<p>{html.escape(row['reason'])}</p>" if "reason" in found else ""
    terms = "".join(f"<div><dt>{key}</dt><dd>{html.escape(str(value))}</dd></div>" for key, value in shown.items())
    return (
        f'<li {data}><figure><a href="{quote(link)}"><img src="{embedded(pixels)}" width="{width}"'
        f' height="{height}" alt="Image {found["rank"]} of the list: {name}"></a>'
        f"<figcaption><strong>{found['rank']}</strong>{breakable(name)}{reason}{f'<dl>{terms}</dl>' if terms else ''}"
        "</figcaption></figure></li>"
    )


def breakable(name):
    """A name that goes on in the next line after a slash or an underscore, if it must."""
    return re.sub("([/_])", r"\1<wbr>", name)


def embedded(pixels):
    """Pixels as the address of a JPEG."""
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, format="JPEG", quality=QUALITY)
    return f"data:image/jpeg;base64,{base64.b64encode(stream.getvalue()).decode()}"


def controls(rows):
    """Fields by which the images are sorted and filtered; without scripts they are not shown, nor needed."""
    found = [facts(row) for row in rows]
    sorts = {key: text for key, text in SORTS.items() if any(key in row for row in found)}
    clusters = {str(label): str(label) for label in sorted({row["cluster"] for row in found if "cluster" in row})}
    reasons = {text: text for text in sorted({row["reason"] for row in found if "reason" in row})}
    return (
        "<form hidden>"
        f"<label>Sort by {choice('sort', sorts)}</label>"
        f"<label>Cluster {choice('cluster', {'': 'all', **clusters})}</label>"
        f"<label>Reason {choice('reason', {'': 'all', **reasons})}</label>"
        '<label>Find <input type="search" name="find" placeholder="any text"></label>'
        '<button type="reset">Show all</button><output name="count" aria-live="polite"></output></form>'
    )


def choice(name, options):
    """A drop-down list."""
    entries = [f'<option value="{html.escape(key)}">{html.escape(text)}</option>' for key, text in options.items()]
    return f'<select name="{name}">{"".join(entries)}</select>'
