"""docs/findings.md says what the numbers beside it say, and the runner asks for what the page describes."""

import importlib.util
import re
import subprocess
from pathlib import Path

import pandas as pd
import pytest
import yaml

from coldstart.findings.measure import MRI, NETWORK, XRAY
from coldstart.reporting.figures import save_figure

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def runner():
    spec = importlib.util.spec_from_file_location("findings_runner", ROOT / "docs/findings.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_tables_of_the_page_are_those_of_its_numbers(runner):
    page = runner.PAGE.read_text(encoding="utf-8")
    assert runner.written(page, runner.read_numbers()) == page
    assert set(re.findall(r"<!-- ([a-z ]+): written", page)) == set(runner.TABLES)


@pytest.mark.parametrize("name", ["findings_cold_starts.svg", "findings_seeds.svg"])
def test_the_figures_are_drawn_from_its_numbers(runner, name, tmp_path):
    save_figure(runner.FIGURES[name](runner.read_numbers()), svg=tmp_path / name)
    assert (tmp_path / name).read_bytes() == (ROOT / "docs/figures" / name).read_bytes()


def test_numbers_are_read_as_they_were_kept(runner, tmp_path, monkeypatch):
    monkeypatch.setattr(runner, "NUMBERS", tmp_path / "numbers")
    facts = pd.DataFrame({"study": ["a"], "fact": ["full"], "value": [1 / 3]})
    runner.write_numbers({"facts": facts})
    assert runner.read_numbers().fact("full", "a") == pytest.approx(1 / 3, abs=1e-6)


def ended(code):
    return subprocess.CompletedProcess([], code)


def test_a_study_that_fails_leaves_the_others_running(runner, tmp_path, monkeypatch):
    for name in runner.DATA:
        (tmp_path / "data" / name).mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    codes = iter([0, 1, 0, 0, 1, 0, 0])
    monkeypatch.setattr(runner.subprocess, "run", lambda command, check: ended(next(codes)))
    second, fifth = list(runner.STUDIES)[1], list(runner.STUDIES)[4]
    with pytest.raises(SystemExit, match=rf"findings: Snakemake failed at {second}, {fifth}; mend what it says"):
        runner.main([])
    assert not list(codes)


def test_every_study_is_run_under_its_own_name(runner, tmp_path, monkeypatch):
    for name in runner.DATA:
        (tmp_path / "data" / name).mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    asked = []
    monkeypatch.setattr(runner.subprocess, "run", lambda command, check: asked.append(command) or ended(0))
    runner.run("2", "0")
    assert set(runner.STUDIES) == {*XRAY, NETWORK, *MRI}
    for (name, (task, *_)), command in zip(runner.STUDIES.items(), asked, strict=True):
        assert f"results/{name}/summary.parquet" in command
        names, tasks = set(), set()
        for path in command[command.index("--configfile") + 1 :]:
            given = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
            names |= {given["dataset"].get("name")} - {None}
            tasks |= set(given.get("tasks", []))
        # The last configuration names the data set.
        assert given["dataset"]["name"] == name
        assert name in names
        assert tasks == {task}


def test_missing_data_are_said_in_one_sentence(runner, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit, match=r"findings: data/nih_chestxray and data/open_ms_longitudinal: not there"):
        runner.main([])


def test_studies_that_were_not_run_are_said_in_one_sentence(runner, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit, match=r"findings: the study 'findings_xray' has no results .*make findings"):
        runner.main(["--measure"])
