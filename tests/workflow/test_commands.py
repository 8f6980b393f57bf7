"""Every command of the documentation is run: here, as it is written, or by the test that is named for it."""

import os
import re
import shutil
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import yaml
from conftest import ROOT, TINY
from PIL import Image

pytestmark = pytest.mark.workflow

PAGES = [*ROOT.glob("*.md"), *sorted((ROOT / "docs").glob("*.md")), ROOT / "benchmarks/README.md"]
FENCED = re.compile(r"^```(?:bash|sh)\n(.*?)^```", re.DOTALL | re.MULTILINE)
LOOP = re.compile(r"^(k=0\n)?for .*?^done$", re.DOTALL | re.MULTILINE)
ANY_BLOCK = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)
PROGRAM = re.compile(r"((taskset|[A-Z_]+=\S*) .*)?(\.venv/bin/|\b)(python|make|snakemake|pip|pytest) ")
# Commands that no dry run can stand for: the file that runs each, and how it is spelt there.
ELSEWHERE = {
    ".venv/bin/pip install --no-deps --require-hashes -r requirements-slurm.txt": (
        "benchmarks/slurm.py",
        "requirements-slurm.txt",
    ),
    ".venv/bin/snakemake --unlock --configfile config/mine.yaml": ("tests/workflow/test_scan.py", '"--unlock"'),
    ".venv/bin/snakemake --workflow-profile workflow/profiles/slurm --configfile config/mine.yaml": (
        "tests/workflow/test_slurm.py",
        '"--workflow-profile"',
    ),
    "snakemake --workflow-profile workflow/profiles/slurm": ("tests/workflow/test_slurm.py", '"--workflow-profile"'),
    "snakemake --report results/NAME/provenance.html": ("tests/workflow/test_chain.py", '"--report"'),
    "snakemake --touch results/{dataset}/embeddings/{model}.parquet": ("tests/workflow/test_shards.py", '"--touch"'),
    "python -m coldstart.reference > config/README.md": (
        "tests/contract/test_architecture.py",
        "reference.reference()",
    ),
    "python -m coldstart.dependencies > docs/dependencies.md": ("tests/unit/test_dependencies.py", "table("),
    "pip install --no-deps .": ("Makefile", "install --quiet --no-deps --no-build-isolation --editable ."),
    ".venv/bin/python docs/pictures.py": ("tests/unit/test_pictures.py", "pictures.main()"),
}


def commands(page):
    """Commands of a page: lines of its shell blocks, loops as one, and code in its text that begins with a program."""
    text = page.read_text(encoding="utf-8")
    found = []
    for block in FENCED.findall(text):
        block = LOOP.sub(lambda loop: loop.group().replace("\n", "\0"), block)
        found += [line.replace("\0", "\n") for line in block.replace("\\\n", " ").splitlines()]
    found += [span for span in re.findall(r"`([^`\n]+)`", ANY_BLOCK.sub("", text)) if PROGRAM.match(span)]
    plain = [re.split(r"\s#\s", line)[0].strip() for line in found]
    return [line if "\n" in line else " ".join(line.split()) for line in plain if line]


COMMANDS = sorted({command for page in PAGES for command in commands(page)})
MAKE = [command for command in COMMANDS if command.startswith("make ")]
BENCHMARKS = [command for command in COMMANDS if "benchmarks/" in command and not command.startswith("make ")]
STUDIES = [command for command in COMMANDS if command.startswith("python choosing.py")]
LOOPS = [command for command in COMMANDS if "\n" in command]
KNOWN = {*MAKE, *BENCHMARKS, *STUDIES, *LOOPS, *ELSEWHERE}
PLANNED = [command for command in COMMANDS if "snakemake " in command and command not in KNOWN]


def test_every_command_is_run_somewhere():
    assert [command for command in COMMANDS if command not in KNOWN and command not in PLANNED] == []
    assert len(PLANNED) > 10


@pytest.mark.parametrize("command", ELSEWHERE)
def test_who_is_named_runs_it(command):
    assert command in COMMANDS, "no page has this command any longer"
    file, spelt = ELSEWHERE[command]
    assert spelt in (ROOT / file).read_text(encoding="utf-8")


@pytest.mark.parametrize("command", MAKE)
def test_make_knows_the_target(command):
    done = subprocess.run([*command.split(), "-n"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("command", BENCHMARKS)
def test_benchmarks_are_there_and_know_their_options(command):
    """They run in tests/unit/test_benchmarks.py, with ``--quick``."""
    script = ROOT / re.search(r"benchmarks/\w+\.py", command).group()
    text = script.read_text(encoding="utf-8") + (ROOT / "benchmarks/side_by_side.py").read_text(encoding="utf-8")
    assert all(f'"{option}"' in text for option in re.findall(r"--[a-z-]+", command))


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    """A folder in which commands can be given as written: configurations, small data, a Snakemake that only plans."""
    folder = tmp_path_factory.mktemp("desk")
    shutil.copytree(ROOT / "config", folder / "config")
    for name in ("my.yaml", "config/mine.yaml"):
        (folder / name).write_text(yaml.safe_dump(TINY), encoding="utf-8")
    (folder / "elsewhere").mkdir()
    (folder / "path/to").mkdir(parents=True)
    (folder / "path/to/coldstart").symlink_to(ROOT)
    (folder / "data/my_pool").mkdir(parents=True)
    for number in range(60):
        pixels = np.random.default_rng(number).integers(0, 255, (16, 16), np.uint8)
        Image.fromarray(pixels).save(folder / f"data/my_pool/{number}.png")
    for name in ("nih_chestxray", "open_ms_longitudinal", "chestx_det"):
        (folder / "data" / name).mkdir()
    # Files by name, that a plan does not look into.
    (folder / "data/weights/cxr-50x1-remedis-m").mkdir(parents=True)
    (folder / "data/weights/cxr_foundation.npz").touch()
    for part in ("train", "test"):
        (folder / f"data/chestx_det/ChestX_Det_{part}.json").touch()
    table = pd.DataFrame({"file_name": ["a.png"], "pneumonia": [0], "patient_id": ["p"]})
    table.to_csv(folder / "data/nih_chestxray/labels.csv", index=False)
    programs = folder / ".venv/bin"
    programs.mkdir(parents=True)
    planner = f'exec "{sys.executable}" -m snakemake --dry-run'
    script = f'#!/bin/sh\ncase " $* " in *" -s "*) {planner} "$@" ;; *) {planner} -s "{ROOT}/Snakefile" "$@" ;; esac\n'
    (programs / "snakemake").write_text(script, encoding="utf-8")
    (programs / "snakemake").chmod(0o755)
    return folder


def give(desk, command, programs=".venv/bin"):
    """Give a command in the shell."""
    environment = {**os.environ, "PATH": f"{desk / programs}{os.pathsep}{os.environ['PATH']}", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        ["bash", "-euc", command], cwd=desk, env=environment, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr


# Targets that pages name without the configuration that they tell of.
IN_FULL = {"snakemake worklist": "snakemake worklist --configfile config/my_pool.yaml"}


@pytest.mark.parametrize("command", PLANNED)
def test_what_takes_data_or_hours_is_planned(desk, command):
    code, text = give(desk, IN_FULL.get(command, command))
    assert code == 0, text
    assert re.search(r"^total +[1-9]", text, re.MULTILINE) or "Nothing to be done" in text, text


@pytest.mark.parametrize("command", LOOPS, ids=lambda command: command.split("\n")[0])
def test_loops_ask_for_the_runs_that_their_page_means(desk, command):
    """Each configuration that a loop writes is another, and names the results that the loop asks for."""
    (desk / "heard").mkdir(exist_ok=True)
    (desk / "heard/snakemake").write_text('#!/bin/sh\necho "$@" >> asked.txt\n', encoding="utf-8")
    (desk / "heard/snakemake").chmod(0o755)
    (desk / "asked.txt").unlink(missing_ok=True)
    code, text = give(desk, command, "heard")
    assert code == 0, text
    asked = (desk / "asked.txt").read_text(encoding="utf-8").splitlines()
    splits = set()
    for line in asked:
        config = yaml.safe_load((desk / re.search(r"--configfile (\S+)", line).group(1)).read_text(encoding="utf-8"))
        assert f"results/{config['dataset']['name']}/summary.parquet" in line.split()
        splits.add(str(config["dataset"]["split"]))
    assert len(splits) == len(asked) >= 3


@pytest.mark.parametrize("command", STUDIES)
def test_the_study_compares_its_arms(desk, command):
    """The script of the page, on summaries of two pools in which one arm is better by a known amount."""
    page = (ROOT / "docs/choosing.md").read_text(encoding="utf-8")
    (desk / "choosing.py").write_text(re.findall(r"```python\n(.*?)```", page, re.DOTALL)[-1], encoding="utf-8")
    study, metric = command.split()[2:4]
    arms = [("none", "random", "none", 0), ("none", "kmeans", "pixels", 0.1), ("random", "random", "none", 0.2)]
    for pool in (1, 2):
        rows = [
            {"dataset": f"{study}_{pool}", "query": query, "method": method, "model": model, "n_labelled": 10}
            | {"seed": seed, "metric": metric, "reference": False, "value": 0.5 + gain + 0.01 * seed}
            for query, method, model, gain in arms
            for seed in (1, 2)
        ]
        folder = desk / f"results/{study}_{pool}"
        folder.mkdir(parents=True, exist_ok=True)
        pd.DataFrame(rows).to_parquet(folder / "summary.parquet")
    code, text = give(desk, command.replace("python", f'"{sys.executable}"', 1))
    assert code == 0, text
    assert "| none | kmeans | pixels | 0.615 |" in text
    assert "+0.100 | +0.100 to +0.100 |" in text
