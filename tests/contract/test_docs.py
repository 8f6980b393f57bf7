"""What README.md and docs/ say is true: their examples work, their commands lead somewhere."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml

from coldstart.cohort.assemble import COLUMNS as COHORT_COLUMNS
from coldstart.cohort.assemble import LABEL_FREE
from coldstart.evaluation.metrics import METRICS
from coldstart.learning.training import COLUMNS as HISTORY_COLUMNS
from coldstart.reporting.summary import COLUMNS as SUMMARY_COLUMNS
from coldstart.selection.store import COLUMNS as SELECTION_COLUMNS
from coldstart.tracking.mlflow_mirror import COLUMNS as TRACKING_COLUMNS

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", ROOT / "SECURITY.md", *sorted((ROOT / "docs").glob("*.md"))]
TEXT = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
OWN = (ROOT / "docs/adding.md").read_text(encoding="utf-8")
EXAMPLE = re.compile(r"`src/coldstart/(\w+)/(\w+)\.py`.*?```python\n(.*?)```\n\n```python\n(.*?)```", re.DOTALL)
EXAMPLES = {room: (module, source, line) for room, module, source, line in EXAMPLE.findall(OWN)}
NAMES = {room: re.match(r'"(\w+)": Entry\(', line).group(1) for room, (_, _, line) in EXAMPLES.items()}
# Options of Snakemake in the pages that take a value.
VALUED = {"--cores", "--configfile", "--directory", "--resources", "--report", "-s", "--software-deployment-method"}
VALUED |= {"--workflow-profile", "--profile", "--jobs"}

# What only the contract tests of encoders do is done here in short: they load every encoder library.
CHECK_ENCODER = """
import numpy as np
from coldstart import registry
from coldstart.embedding import ENCODERS
from coldstart.embedding.base import EncoderInputs

assert str(registry.SOURCE_ROOT) == SOURCE, registry.SOURCE_ROOT
for shape, dtype in (((9, 40, 40), np.uint8), ((9, 40, 40), np.uint16), ((9, 40, 40, 3), np.uint8)):
    images = np.random.default_rng(0).integers(0, np.iinfo(dtype).max, shape, dtype=dtype)
    images.flags.writeable = False
    ids, order = [str(row) for row in range(9)], np.random.default_rng(1).permutation(9)
    ask = lambda images, **given: ENCODERS.load(NAME)(EncoderInputs(images, ids, ids), seed=0, device="cpu", **given)
    found = ask(images)
    assert found.vectors.dtype == np.float32 and len(np.unique(found.vectors, axis=0)) == 9
    assert set(found.provenance) == {"encoder", "parameters", "weights", "preprocessing", "versions"}
    assert found.provenance["encoder"] == NAME and found.provenance["parameters"] == {
        key: spec.default for key, spec in ENCODERS.parameters(NAME).items()
    }
    assert ask(images).vectors.tobytes() == found.vectors.tobytes()
    assert np.array_equal(ask(images[order]).vectors, found.vectors[order])
assert ask(images, bins=5).vectors.shape == (9, 5)
"""

# The data set kind's example of `EXAMPLES` in test_cohort.py.
KIND_EXAMPLE = """

def example_of_the_documentation(folder):
    rng = np.random.default_rng(0)
    masks = (rng.random((40, 20, 24)) < 0.1).astype(np.uint8) * (np.arange(40) % 4 == 0)[:, None, None].astype(np.uint8)
    images = rng.integers(0, 255, masks.shape, dtype=np.uint8)
    np.savez(folder / "a.npz", images=images, masks=masks, labels=masks.any(axis=(1, 2)).astype(int))
    return {"root": str(folder), "table": "a.npz"}


EXAMPLES[NAME] = example_of_the_documentation
"""


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """A copy of the checkout in which every example of "Add your own" stands as the page says."""
    folder = tmp_path_factory.mktemp("copy")
    ignored = shutil.ignore_patterns("__pycache__", "*.egg-info")
    for name in ("src", "workflow", "tests", "profiles", "envs"):
        shutil.copytree(ROOT / name, folder / name, ignore=ignored)
    for name in ("pyproject.toml", "Snakefile"):
        shutil.copyfile(ROOT / name, folder / name)
    for room, (module, source, line) in EXAMPLES.items():
        path = folder / f"src/coldstart/{room}/{module}.py"
        assert not path.exists(), f"{path.name} exists: give the example of the page another name"
        path.write_text(source, encoding="utf-8")
        names = path.with_name("__init__.py")
        text = names.read_text(encoding="utf-8")
        assert f'"{NAMES[room]}"' not in text
        entry = "".join(f"        {part}\n" for part in line.splitlines())
        names.write_text(text.replace("    {\n", "    {\n" + entry, 1), encoding="utf-8")
    with open(folder / "tests/contract/test_cohort.py", "a", encoding="utf-8") as stream:
        stream.write(KIND_EXAMPLE.replace("NAME", repr(NAMES["cohort"])))
    return folder


def run(copy, *command, cwd=None):
    """Run Python on the copied package; its output, which a failure shows."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("PYTEST", "COV"))}
    environment |= {"PYTHONPATH": str(copy / "src"), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, *command], cwd=cwd or copy, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-6000:]
    return done.stdout + done.stderr


def test_there_is_one_short_example_of_everything():
    assert set(EXAMPLES) == {"cohort", "embedding", "selection", "query", "learning"}
    for module, source, _ in EXAMPLES.values():
        assert len([line for line in source.splitlines() if line.strip()]) <= 20, module


def test_the_examples_keep_the_house_style(copy):
    ruff = shutil.which("ruff", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}")
    if ruff is None:
        pytest.skip("ruff is not installed")
    changed = [
        copy / f"src/coldstart/{room}" / name
        for room, example in EXAMPLES.items()
        for name in (f"{example[0]}.py", "__init__.py")
    ]
    for command in (["check"], ["format", "--check"]):
        done = subprocess.run(
            [ruff, *command, *map(str, changed)], cwd=copy, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr


def test_the_examples_are_listed_with_their_parameters(copy):
    page = run(copy, "-m", "coldstart.reference")
    for name in NAMES.values():
        section = page.partition(f"### `{name}`\n")[2].partition("\n### ")[0]
        assert "| key | value | default | meaning |" in section, name


def test_the_examples_keep_the_contracts_of_their_rooms(copy):
    """The rooms' own contract tests, over the new names."""
    rooms = {"cohort": "cohort", "selection": "selection", "query": "query", "learning": "networks"}
    files = [f"tests/contract/test_{name}.py" for name in rooms.values()]
    loads = "tests/contract/test_architecture.py::test_every_entry_loads_and_its_parameters_can_be_checked"
    wanted = " or ".join(NAMES.values())
    text = run(
        copy, "-m", "pytest", "-q", "-rA", "-p", "no:cacheprovider", "-p", "no:xdist", "-k", wanted, *files, loads
    )
    passed = re.findall(r"^PASSED tests/contract/test_(\w+)\.py::(.*)$", text, re.MULTILINE)
    for room, file in rooms.items():
        name = NAMES[room]
        assert sum(found == file and re.search(rf"\b{name}\b", test) is not None for found, test in passed) >= 5, name
    for name in NAMES.values():
        assert any(found == "architecture" and test.endswith(f"{name}]") for found, test in passed), name


def test_the_encoder_keeps_its_contract(copy):
    run(
        copy,
        "-c",
        CHECK_ENCODER.replace("SOURCE,", f"{str(copy / 'src')!r},").replace("NAME", repr(NAMES["embedding"])),
    )


def test_the_configuration_of_the_examples_is_planned_without_a_new_rule(copy, tmp_path):
    config = yaml.safe_load(re.search(r"## Use them\n\n```yaml\n(.*?)```", OWN, re.DOTALL).group(1))
    (tmp_path / "data").mkdir()
    np.savez(tmp_path / "data/mine.npz", images=np.zeros((1, 8, 8), np.uint8))
    (tmp_path / "own.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    snakefile = str(copy / "Snakefile")
    given = ["-m", "snakemake", "summary", "-s", snakefile, "--cores", "1", "--dry-run", "--configfile", "own.yaml"]
    jobs = dict(re.findall(r"^(\w+) +(\d+)$", run(copy, *given, cwd=tmp_path), re.MULTILINE))
    expected = {"cohort": "1", "images": "1", "embed": "1", "select": "1", "train": "2", "query": "1", "evaluate": "2"}
    assert expected.items() <= jobs.items()


def test_the_files_have_the_columns_of_the_page():
    cells = dict(re.findall(r"^\| `([^`]+)` \| `\w+` \| (.*) \|$", TEXT, re.MULTILINE))

    def columns(file):
        return re.findall(r"`(\w+)`", cells[file])

    assert columns("cohort.parquet") == list(COHORT_COLUMNS)
    assert columns("samples.parquet") == [name for name in COHORT_COLUMNS if name not in LABEL_FREE]
    assert columns("selections/{task}/{model}/{method}/b{budget}/s{seed}.parquet") == SELECTION_COLUMNS
    assert columns("{run}/history.csv") == HISTORY_COLUMNS
    assert columns("summary.parquet")[: len(SUMMARY_COLUMNS)] == SUMMARY_COLUMNS
    assert columns("tracking.parquet")[: len(TRACKING_COLUMNS)] == TRACKING_COLUMNS


def test_every_metric_is_defined():
    page = (ROOT / "docs/evaluation.md").read_text(encoding="utf-8")
    assert [name for name in METRICS if not re.search(rf"^\| `{name}` \|", page, re.MULTILINE)] == []


def commands(page):
    """Code of a page, line by line: fenced blocks and spans, without comments."""
    text = page.read_text(encoding="utf-8")
    fenced = re.findall(r"^```(?:bash|sh|text)?\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    spans = re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE))
    return [line.partition(" #")[0].strip() for block in [*fenced, *spans] for line in block.splitlines()]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_name_targets_that_exist(page):
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([\w-]+):(?!=)", makefile, re.MULTILINE))
    files = [ROOT / "Snakefile", *(ROOT / "workflow/rules").glob("*.smk")]
    text = "\n".join(path.read_text(encoding="utf-8") for path in files)
    rules = set(re.findall(r"^\s*(?:use rule \w+ as|rule) (\w+)\b", text, re.MULTILINE))
    for line in commands(page):
        words = shlex.split(line) if re.match(r"(\.venv/bin/)?(make|snakemake) ", line) else []
        program, given = (Path(words[0]).name, words[1:]) if words else ("", [])
        while given:
            word = given.pop(0)
            if word in VALUED:
                given.pop(0)
            elif word == "--forcerun":
                assert set(given) <= rules, line
                given = []
            elif not word.startswith("-") and "=" not in word:
                known = targets if program == "make" else rules
                assert word in known or (program == "snakemake" and word.startswith("results/")), line
