"""The workflow as a part of another one, as docs/reuse.md shows it."""

import re
import shutil

import pandas as pd
import pytest
import yaml
from conftest import ROOT, TINY, Workplace, changed, copy_checkout

pytestmark = pytest.mark.workflow

PAGE = (ROOT / "docs/reuse.md").read_text(encoding="utf-8")
# What a rule asks for, which Snakemake does not say of a rule that has a message.
ASKED = """
for rule in workflow.rules:
    if rule.name.endswith("_train"):
        logger.warning(f"{rule.name} asks for {rule.resources.get('mem_mb')}")
"""
# The Snakefiles of the page, in their order.
SNAKEFILES = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
SMALL = {"tasks": ["classification"], "methods": {"random": {"strategy": "random", "seeds": [1]}}, "models": {}}


@pytest.fixture
def outer(tmp_path):
    """Write one of the page's Snakefiles and give the place where it runs."""

    def write(text, config):
        folder = tmp_path / "outer"
        folder.mkdir()
        (folder / "Snakefile").write_text(text.replace("coldstart/Snakefile", str(ROOT / "Snakefile")))
        (folder / "config.yaml").write_text(yaml.safe_dump(config))
        return Workplace(folder, folder)

    return write


def small(name):
    return changed(TINY, dataset__name=name, dataset__n=40, query__models=None, query__rounds=0, budgets=[4], **SMALL)


def test_an_imported_workflow_makes_its_tables_and_what_stands_on_them(outer):
    place = outer(SNAKEFILES[0], small("tiny"))
    result = place.run()
    assert result.code == 0, result.text
    assert "tiny: 1 of 1 runs done" in result.text
    best = pd.read_csv(place.folder / "results/best.csv")
    assert list(best.columns) == ["method", "value"]
    assert 0 <= best.value[0] <= 1
    assert place.run().idle


def test_two_data_sets_side_by_side_keep_their_places(outer):
    place = outer(SNAKEFILES[1] + ASKED, {"xray": small("first"), "mri": small("second")})
    result = place.run("mri_selections", "xray_selections")
    assert result.code == 0, result.text
    for name in ("first", "second"):
        results = place.folder / "results" / name
        assert len(list((results / "selections").rglob("*.parquet"))) == 1
        assert (results / "logs/cohort.log").is_file()
    plan = place.plan()
    # Both are trained, and one of them with the resources that the page gives it.
    assert plan.jobs()["xray_train"] == plan.jobs()["mri_train"] == 1
    asked = re.findall(r"(xray|mri)_train asks for (.*)", plan.text)
    assert {name: "16000" in memory for name, memory in asked} == {"xray": True, "mri": False}


def test_the_place_where_the_catalogue_looks_plans_the_same(place):
    jobs = place.plan(config=small("tiny")).jobs()
    assert jobs["train"] == 1
    inner = Workplace(ROOT / "workflow", place.folder)
    assert inner.plan(config=small("tiny")).jobs() == jobs


def test_a_workflow_without_its_package_says_what_to_do(tmp_path):
    """As when Snakemake fetches a module from a web address."""
    alone = copy_checkout(tmp_path / "fetched")
    shutil.rmtree(alone / "src")
    text = Workplace(alone, tmp_path / "work").plan(config=TINY).text
    assert "clone the repository and name the Snakefile of the clone" in text
    assert "Traceback" not in text
