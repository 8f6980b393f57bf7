"""The contact sheet as a page: what it says, that it needs nothing else, and that it works in a browser."""

import base64
import hashlib
import html
import io
import json
import re
import shutil
import subprocess
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from coldstart.labelling.hand_out import export_images
from coldstart.labelling.sheet_html import sheet_html

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
HOSTILE = "a\"><script>document.title='taken'</script>&amp;'ü/$b"
# By rank: cluster 2, 0, none, 2, 0; uncertain 0.5, 0.9, unknown, 0.1, 0.7.
ROWS = pd.DataFrame(
    {
        "rank": range(1, 6),
        "sample_id": ["p/one", "p/two", HOSTILE, "q/four", "q/five"],
        "patient_id": ["p1", "p1", "", None, "p2"],
        "reason": ["seed of cluster 2", "seed of cluster 0", "", "fill of cluster 2; near 1.5", "fill of cluster 0"],
        "cluster": pd.array([2, 0, None, 2, 0], dtype="Int64"),
        "distance": [1.23456, 2, np.nan, 1, 1],
        "uncertainty": [0.5, 0.9, np.nan, 0.1, 0.7],
    }
)


def pictures(table, folder):
    """Pictures that are wide, tall and square in turn, in the folder of a list."""
    shapes = [(30, 600), (600, 30, 3), (50, 50)]
    arrays = [np.full(shapes[i % 3], 100 + 20 * i, np.uint8) for i in range(len(table))]
    return export_images(table, arrays, folder / "images")


def page(table, folder, **how):
    return sheet_html(table, pictures(table, folder), folder=folder, **{"title": "List 1", "note": "Synthetic"} | how)


class Read(HTMLParser):
    """Tags with their attributes, and text per enclosing tag."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.texts, self.open = [], {}, []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        self.open.append(tag)

    def handle_endtag(self, tag):
        while self.open and self.open.pop() != tag:
            pass

    def handle_data(self, data):
        self.texts.setdefault(self.open[-1] if self.open else "", []).append(data)

    def all(self, tag):
        return [attributes for name, attributes in self.tags if name == tag]


def test_every_image_has_a_card_with_its_thumbnail_its_link_and_a_text_instead(tmp_path):
    found = Read(page(ROWS, tmp_path))
    assert [card["data-rank"] for card in found.all("li")] == list("12345")
    names = [picture["alt"] for picture in found.all("img")]
    assert names == [f"Image {rank} of the list: {name}" for rank, name in enumerate(ROWS.sample_id, start=1)]
    sizes = [(320, 16), (16, 320), (50, 50), (320, 16), (16, 320)]
    for link, picture, size in zip(found.all("a"), found.all("img"), sizes, strict=True):
        assert (tmp_path / link["href"]).is_file()
        kind, content = picture["src"].split(",")
        assert kind == "data:image/jpeg;base64"
        assert Image.open(io.BytesIO(base64.b64decode(content))).size == size
        assert (int(picture["width"]), int(picture["height"])) == size


def test_cards_say_what_is_known_and_nothing_else(tmp_path):
    cards = re.findall(r"<li .*?</li>", page(ROWS, tmp_path))
    texts = [re.sub(r"<[^>]+>", "|", card).replace("||", "|") for card in cards]
    assert [("patient" in text, "cluster|" in text, "uncertainty" in text) for text in texts] == [
        (True, True, True),
        (True, True, True),
        (False, False, False),
        (False, True, True),
        (True, True, True),
    ]
    assert "1.235" in texts[0]
    assert "fill of cluster 2; near 1.5" in texts[3]
    assert not any(word in "".join(texts) for word in ("nan", "None", "<NA>"))


def test_links_lead_to_pictures_wherever_they_lie(tmp_path):
    paths = export_images(ROWS[:1], [np.zeros((4, 4), np.uint8)], tmp_path / "pictures #1 & 100%")
    (link,) = Read(sheet_html(ROWS[:1], paths, folder=tmp_path / "list1")).all("a")
    assert link["href"] == "../pictures%20%231%20%26%20100%25/001_p__one.png"


def test_the_page_counts_images_patients_and_clusters(tmp_path):
    paragraphs = Read(page(ROWS, tmp_path)).texts["p"]
    assert paragraphs[:2] == ["5 images, from 2 clusters.", "Synthetic."]
    whole = ROWS.assign(patient_id=["p1", "p1", "p2", "p3", "p3"], cluster=-1)
    assert Read(page(whole, tmp_path)).texts["p"][0] == "5 images of 3 patients."


def test_nothing_is_loaded_and_only_the_pages_own_script_may_run(tmp_path):
    text = page(ROWS, tmp_path)
    found = Read(text)
    assert not re.findall(r"https?:|@import|url\(", text)
    assert [tag for tag, attributes in found.tags if tag in ("link", "iframe", "object", "base")] == []
    assert all("src" not in attributes for attributes in found.all("script"))
    (policy,) = [tag["content"] for tag in found.all("meta") if tag.get("http-equiv") == "Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; img-src data:;")
    for tag in ("style", "script"):
        (own,) = found.texts[tag]
        sha = base64.b64encode(hashlib.sha256(own.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{sha}'" in policy


def test_the_fields_offer_what_the_list_has(tmp_path):
    def offered(table):
        text = page(table, tmp_path)
        menus = re.findall(r'<select name="(\w+)">(.*?)</select>', text)
        return {name: [html.unescape(value) for value in re.findall(r'value="(.*?)"', menu)] for name, menu in menus}

    assert offered(ROWS) == {
        "sort": ["rank", "cluster", "reason", "patient", "uncertainty", "distance"],
        "cluster": ["", "0", "2"],
        "reason": ["", "fill of cluster …", "seed of cluster …"],
    }
    bare = ROWS[["rank", "sample_id"]].assign(reason="random")
    assert offered(bare) == {"sort": ["rank", "reason"], "cluster": [""], "reason": ["", "random"]}


def test_an_empty_list_has_a_page_that_says_so(tmp_path):
    text = page(ROWS[:0], tmp_path)
    assert "Nothing to label" in text
    assert "<ol" not in text


def test_the_page_is_the_same_every_time(tmp_path):
    assert page(ROWS, tmp_path) == page(ROWS, tmp_path)


@pytest.fixture(scope="module")
def browse(tmp_path_factory):
    """Call a headless browser with some arguments for a page; its document as text."""
    name = next(filter(shutil.which, BROWSERS), None)
    if name is None:
        pytest.skip("no Chromium is installed (apt-get install chromium)")
    profile = tmp_path_factory.mktemp("profile")
    settings = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars"]
    settings += ["--virtual-time-budget=3000", "--allow-file-access-from-files", f"--user-data-dir={profile}"]

    def call(address, *arguments):
        done = subprocess.run([name, *settings, *arguments, address], capture_output=True, timeout=120, check=True)
        return done.stdout.decode()

    return call


@pytest.fixture(scope="module")
def sheet(tmp_path_factory):
    """A page on disk."""
    folder = tmp_path_factory.mktemp("list1")
    (folder / "contact.html").write_text(page(ROWS, folder), encoding="utf-8")
    return folder / "contact.html"


def test_a_browser_shows_the_view_that_the_address_names(sheet, browse):
    found = Read(browse(f"{sheet.as_uri()}#sort=cluster&cluster=0&find=five", "--dump-dom"))
    assert [(card["data-rank"], "hidden" in card) for card in found.all("li")] == [
        ("2", True),
        ("5", False),
        ("1", True),
        ("4", True),
        ("3", True),
    ]
    assert found.texts["output"] == ["1 of 5 images"]
    # The script in a sample's name is text.
    assert found.texts["title"] == ["List 1"]


# Ranks in the order in which they are shown, those that are hidden as negative numbers.
VIEWS = {
    "sort=cluster": [2, 5, 1, 4, 3],
    "sort=uncertainty": [2, 5, 1, 4, 3],
    "sort=distance": [2, 1, 4, 5, 3],
    "sort=patient": [1, 2, 5, 3, 4],
    "sort=reason": [4, 5, 1, 2, 3],
    "cluster=2": [1, -2, -3, 4, -5],
    "reason=seed+of+cluster+%E2%80%A6": [1, 2, -3, -4, -5],
    "find=Q/f+2": [-1, -2, -3, 4, 5],
    "sort=nonsense&cluster=77": [1, 2, 3, 4, 5],
}
# Opens the page in a frame as wide as asked, uses it as a reader does, and writes down what came of it.
READER = """<!doctype html>
<meta charset="utf-8"><pre></pre>
<iframe src="contact.html" width="WIDTH" height="700"></iframe>
<script>
const frame = document.querySelector("iframe"), found = {};
frame.onload = () => {
  const page = frame.contentDocument, view = frame.contentWindow;
  const rank = () => page.activeElement.closest("li")?.dataset.rank;
  const press = key => page.activeElement.dispatchEvent(new view.KeyboardEvent("keydown", { key, bubbles: true }));
  const set = (name, value) => {
    page.forms[0].elements[name].value = value;
    page.forms[0].elements[name].dispatchEvent(new view.Event("input", { bubbles: true }));
  };
  found.overflow = page.documentElement.scrollWidth - page.documentElement.clientWidth;
  const lefts = [...page.querySelectorAll("li")].map(card => card.getBoundingClientRect().left);
  found.columns = new Set(lefts).size;
  page.querySelector("a").focus();
  found.keys = ["ArrowRight", "ArrowRight", "ArrowLeft", "End", "ArrowRight", "Home", "ArrowDown", "ArrowUp"].map(
    key => (press(key), rank()));
  set("cluster", "0");
  set("sort", "uncertainty");
  found.hash = view.location.hash;
  page.querySelector("li:not([hidden]) a").focus();
  found.filtered = [rank(), (press("End"), rank())];
  page.forms[0].reset();
  setTimeout(async () => {
    found.reset = [view.location.hash, page.forms[0].elements.count.value];
    const script = page.createElement("script");
    script.textContent = "document.title = 'taken'";
    page.body.append(script);
    found.title = page.title;
    found.views = {};
    for (const name of VIEWS) {
      view.location.hash = name;
      await new Promise(done => view.addEventListener("hashchange", done, { once: true }));
      found.views[name] = [...page.querySelectorAll("li")].map(card => card.dataset.rank * (card.hidden ? -1 : 1));
    }
    document.querySelector("pre").textContent = JSON.stringify(found);
  }, 50);
};
</script>"""


@pytest.mark.parametrize(("width", "columns"), [(360, 2), (1000, 4)])
def test_a_reader_finds_the_way_by_keyboard_on_a_phone_and_on_a_desk(width, columns, sheet, browse):
    reader = sheet.with_name(f"reader{width}.html")
    reader.write_text(READER.replace("WIDTH", str(width)).replace("VIEWS", json.dumps([*VIEWS])), encoding="utf-8")
    found = json.loads("".join(Read(browse(reader.as_uri(), "--dump-dom")).texts["pre"]))
    assert found["overflow"] == 0
    assert found["columns"] == columns
    assert found["keys"] == ["2", "3", "2", "5", "5", "1", str(1 + columns), "1"]
    assert found["hash"] == "#sort=uncertainty&cluster=0"
    assert found["filtered"] == ["2", "5"]
    assert found["reset"] == ["", "5 of 5 images"]
    assert found["title"] == "List 1"
    assert found["views"] == VIEWS


@pytest.mark.parametrize(("scheme", "light"), [("1", True), ("0", False)])
def test_the_page_is_drawn_in_light_and_in_dark(scheme, light, sheet, browse, tmp_path):
    shot = tmp_path / "shot.png"
    browse(sheet.as_uri(), f"--blink-settings=preferredColorScheme={scheme}", f"--screenshot={shot}")
    pixels = np.asarray(Image.open(shot).convert("L"))
    assert pixels[2, 2] > 220 if light else pixels[2, 2] < 60
    # The title stands out from the page.
    assert np.ptp(pixels[:60].astype(int)) > 180
    # The square picture of rank 3 fills its card with its one grey, 140; the flat one of rank 1 is not cut to a square.
    square, flat = ((np.abs(pixels.astype(int) - grey) <= 1).sum() for grey in (140, 100))
    assert square > 150 * 150
    assert 150 * 5 < flat < 300 * 20
