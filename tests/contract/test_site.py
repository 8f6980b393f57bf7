"""The site that `make docs` builds, checked without its tool: every page is reached, no link is dead."""

import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = [
    *ROOT.glob("*.md"),
    *sorted((ROOT / "docs").glob("*.md")),
    ROOT / "config/README.md",
    ROOT / "benchmarks/README.md",
]
ANY_BLOCK = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)


@pytest.fixture(scope="module")
def configuration():
    spec = importlib.util.spec_from_file_location("conf", ROOT / "docs/conf.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def anchors(page):
    """Anchors of a page's headings, as code hosts and the site name them."""
    text = ANY_BLOCK.sub("", page.read_text(encoding="utf-8"))
    heads = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head).lower().replace(" ", "-") for head in heads}


def test_every_page_is_in_the_navigation_once(configuration):
    listed = re.findall(r"^(\S+/\S+|[A-Z]+)$", configuration.navigation(), re.MULTILINE)
    written = {str(page.relative_to(ROOT).with_suffix("")) for page in PAGES} - {"README"}
    assert sorted(listed) == sorted({*written, "docs/api/coldstart/index"})
    assert set(configuration.FIRST) <= {page.stem for page in PAGES}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_to_files_and_headings_that_are_there(page):
    text = ANY_BLOCK.sub("", page.read_text(encoding="utf-8"))
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", target):
            continue
        file, _, anchor = target.partition("#")
        path = (page.parent / file).resolve() if file else page
        assert path.is_file(), target
        assert path.is_relative_to(ROOT), target
        assert not anchor or anchor in anchors(path), target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_pictures_say_what_they_show(page):
    for said in re.findall(r"!\[([^\]]*)\]\(", page.read_text(encoding="utf-8")):
        assert len(said) > 20


def test_the_architecture_is_drawn_as_the_script_draws_it():
    command = [sys.executable, "-c", "from draw_architecture import picture; print(picture(), end='')"]
    drawn = subprocess.run(command, cwd=ROOT / "docs", capture_output=True, text=True, check=True).stdout
    assert (ROOT / "docs/figures/architecture.svg").read_text(encoding="utf-8") == drawn


def test_the_site_has_its_own_pinned_environment():
    text = (ROOT / "requirements-docs.txt").read_text(encoding="utf-8")
    pins = re.findall(r"^([\w.-]+)==\S+ \\$", text, re.MULTILINE)
    assert {"sphinx", "myst-parser", "furo", "sphinx-autoapi"} <= set(pins)
    assert len(re.split(r"^[\w.-]+==", text, flags=re.MULTILINE)[1:]) == len(pins) == len(set(pins))
    assert all("--hash=sha256:" in part for part in re.split(r"^[\w.-]+==", text, flags=re.MULTILINE)[1:])
