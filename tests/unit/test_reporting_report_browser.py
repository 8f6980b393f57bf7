"""The report of 500 runs in a real headless Chromium: by pointer, by keyboard, in light and dark, on a phone."""

import base64

import chromium
import numpy as np
import pandas as pd
import pytest
from made_up_study import COLD_STARTS, EMBEDDINGS, study_summary

from coldstart.reporting.report import report_of_summary
from coldstart.reporting.report_choices import Chosen, maps, picks_of, sheets
from coldstart.reporting.report_page import render

pytestmark = pytest.mark.slow
MOST_BYTES = 15_000_000
POOL = 400


def arms():
    """What twelve arms chose in a made-up pool."""
    rng = np.random.default_rng(3)
    names = np.array([f"s{i}" for i in range(POOL)])
    for place, (model, method) in enumerate([("none", "random")] + [(m, c) for m in EMBEDDINGS for c in COLD_STARTS]):
        rows = rng.choice(POOL, 40, replace=False)
        labelled = pd.DataFrame(
            {"sample_id": names[rows], "round": [0] * 30 + [1] * 10, "rank": [*range(30), *range(10)]}
        )
        first = labelled[:30].assign(reason=f"by arm {place}", cluster=-1)
        yield Chosen(model, method, "none", model.replace("none", ""), picks_of(labelled, first))


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """The page on disk."""
    summary = study_summary()
    assert summary[~summary["reference"]]["run"].nunique() == 500
    made = report_of_summary(summary, note="Synthetic")
    chosen, names = list(arms()), [f"s{i}" for i in range(POOL)]
    rng = np.random.default_rng(0)
    planes = {model: rng.normal(size=(POOL, 2)) for model in EMBEDDINGS}
    made.maps = {task: maps(np.array(names), planes, chosen) for task in ("classification", "segmentation")}
    images = rng.integers(0, 256, (POOL, 64, 64), dtype=np.uint8)
    thumbnails = sheets(chosen, images, pd.Series(range(POOL), index=names))
    made.sheets = [(task, arm, own) for task in made.maps for arm, own in zip(chosen, thumbnails, strict=True)]
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(render(made), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def browser():
    if chromium.find() is None:
        pytest.skip("no Chromium is installed (apt-get install chromium)")
    made = chromium.Browser()
    yield made
    made.close()


@pytest.fixture
def page(browser, report):
    """The page, freshly opened; at the end it must have complained of nothing and asked for nothing else."""
    browser.open(report.as_uri())
    yield browser
    assert browser.problems == []
    assert browser.requests == [report.as_uri()]


def lines(page):
    """Lines of every chart."""
    return page.run("[...document.querySelectorAll('.chart')].map(chart => chart.querySelectorAll('.arm').length)")


def tip(page):
    return page.run("(tip => tip.hidden ? '' : tip.textContent)(document.querySelector('#tip'))")


def click(page, selector):
    page.run(f"document.querySelector({selector!r}).click()")


def choose(page, selector, value):
    page.run(
        f"(field => {{ field.value = {value!r}; field.dispatchEvent(new Event('change', {{ bubbles: true }})); }})"
        f"(document.querySelector({selector!r}))"
    )


def test_it_is_small_and_opens_and_filters_without_delay(page, report):
    assert report.stat().st_size < MOST_BYTES
    assert lines(page) == [10, 10, 10, 10]
    timing = page.run("performance.getEntriesByType('navigation')[0].loadEventEnd")
    filtered = page.run(
        "(t => { document.querySelector('[name=method]').click(); return performance.now() - t })(performance.now())"
    )
    # Generous, so that a busy machine passes: both take a fraction of a second.
    assert timing < 20_000
    assert filtered < 5_000


def test_filters_change_curves_tables_and_the_list_of_runs(page):
    assert page.run("filters.elements.shown.value") == "502 of 502 runs shown"
    for name in ("coverage", "typiclust", "random", "full"):
        click(page, f"[name=method][value={name}]")
    assert lines(page) == [3, 2, 3, 2]
    shown = "[...document.querySelectorAll('#results tbody tr')].filter(row => row.offsetParent).length"
    assert page.run(shown) == 10
    click(page, "[name=task][value=segmentation]")
    assert page.run(shown) == 5
    assert page.run("filters.elements.shown.value") == "65 of 502 runs shown"
    click(page, "#filters [type=reset]")
    page.run("new Promise(done => setTimeout(done, 50))")
    assert lines(page) == [10, 10, 10, 10]


def test_the_metric_of_a_task_can_be_chosen(page):
    label = "document.querySelector('.chart svg').getAttribute('aria-label')"
    ticks = page.run("[...document.querySelectorAll('.chart text[text-anchor=end]')].map(text => text.textContent)")
    assert len(ticks) > 8
    assert {len(tick.partition(".")[2]) for tick in ticks} == {1}
    assert page.run(label).startswith("AUPRC")
    choose(page, ".metric select", "auroc")
    assert page.run(label).startswith("AUROC")


def test_a_point_tells_its_values_to_pointer_and_keyboard(page):
    page.run("document.querySelector('.chart').scrollIntoView({ block: 'center' })")
    x, y = page.run(
        "(box => [box.left + box.width / 2, box.top + box.height / 2])"
        "(document.querySelector('.chart .arm path[transform]').getBoundingClientRect())"
    )
    page.point(x, y)
    assert tip(page).startswith("random, 20 labelled: AUPRC ↑ 0.4")
    assert "± 0.0" in tip(page)
    assert "5 runs" in tip(page)
    page.point(1, 1)
    assert tip(page) == ""
    page.run("document.querySelector('.metric select').focus()")
    page.press("Tab")
    assert tip(page).startswith("random, 20 labelled")
    page.press("ArrowRight")
    assert tip(page).startswith("random, 40 labelled")
    page.press("ArrowDown")
    assert tip(page).startswith("imagenet / coverage, 40 labelled")
    page.press("Escape")
    assert tip(page) == ""


def test_a_cell_of_the_matrix_tells_its_comparison_and_focus_is_seen(page):
    page.run("document.querySelector('.matrix td').focus()")
    page.press("ArrowRight")
    assert tip(page).startswith("random – imagenet / coverage: −0.0")
    assert "after Holm" in tip(page)
    assert page.run("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.press("ArrowDown")
    page.press("ArrowLeft")
    assert tip(page).startswith("imagenet / coverage – random: +0.0")


def test_two_arms_are_shown_side_by_side(page):
    def shown(what):
        return page.run(f"[...document.querySelectorAll({what!r})].filter(part => part.offsetParent).length")

    assert (shown(".map"), shown(".sheet"), shown(".sheet img")) == (2, 2, 48)
    choose(page, "#arms [name=one]", "simclr / kmeans")
    assert page.run("document.querySelector('#arms [name=plane]').value") == "simclr"
    captions = "[...document.querySelectorAll('.map figcaption')].map(caption => caption.textContent)"
    assert page.run(captions) == [
        "simclr / kmeans: 40 of 400 images, on the map of simclr",
        "txrv / typiclust: 40 of 400 images, on the map of simclr",
    ]
    assert page.run("[...document.querySelectorAll('.sheet')].filter(s => s.offsetParent).map(s => s.dataset.arm)") == [
        "simclr / kmeans",
        "txrv / typiclust",
    ]
    page.run("document.querySelector('#arms [name=two]').focus()")
    page.press("Tab")
    page.press("ArrowRight")
    assert tip(page) == "pick 2, by arm 5"


def test_every_control_is_reached_by_the_tab_key_in_the_order_of_the_page(page):
    page.press("Tab")
    assert page.run("document.activeElement.className") == "skip"
    places = []
    for _ in range(14):
        page.press("Tab")
        places.append(page.run("document.activeElement.getBoundingClientRect().top + scrollY"))
    assert places == sorted(places)
    assert page.run("document.activeElement.closest('#main') !== null")


@pytest.mark.parametrize("dark", [False, True])
def test_light_and_dark_follow_the_system_and_the_switch_wins(dark, page):
    page.scheme("dark" if dark else "light")
    paper = "getComputedStyle(document.body).backgroundColor"
    colours = ["rgb(255, 255, 255)", "rgb(21, 24, 28)"]
    assert page.run(paper) == colours[dark]
    choose(page, "[name=theme]", "light" if dark else "dark")
    assert page.run(paper) == colours[not dark]
    choose(page, "[name=theme]", "")


def test_a_phone_shows_it_without_scrolling_sideways(page, report):
    page.open(report.as_uri(), width=390, height=844)
    assert page.run("document.documentElement.scrollWidth") == 390
    page.run("document.querySelectorAll('details').forEach(part => part.open = true)")
    assert page.run("document.documentElement.scrollWidth") == 390
    # What scrolls is the table, and under the names of its rows.
    name = "document.querySelector('.headline tbody th').getBoundingClientRect().left"
    before = page.run(name)
    page.run("document.querySelector('.headline').closest('.wide').scrollLeft = 200")
    assert page.run("document.querySelector('.headline').closest('.wide').scrollLeft") > 100
    assert page.run(name) == before


def test_tables_and_sheets_are_read_without_a_script(page, report):
    page.ask("Emulation.setScriptExecutionDisabled", value=True)
    page.open(report.as_uri())
    page.ask("Emulation.setScriptExecutionDisabled", value=False)
    text = page.run("document.body.innerText")
    for part in ("txrv / kmeans", "full supervision (full)", "Rows beat columns", "The first 24 of 40 images"):
        assert part in text
    assert page.run("[...document.querySelectorAll('form')].every(form => !form.offsetParent)")
    page.problems.clear()


def test_it_is_printed_on_white_with_all_tables(page):
    page.scheme("dark")
    printed = page.ask("Page.printToPDF", printBackground=True)["data"]
    assert base64.b64decode(printed).startswith(b"%PDF")
    page.ask("Emulation.setEmulatedMedia", media="print")
    page.size(700, 900)
    tables = "[...document.querySelectorAll('.matrix, .headline')]"
    assert page.run(f"{tables}.every(table => table.offsetWidth <= table.parentElement.clientWidth)")
    assert page.run("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.run("[...document.querySelectorAll('form')].every(form => !form.offsetParent)")
    page.ask("Emulation.setEmulatedMedia", media="")
