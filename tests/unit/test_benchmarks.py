"""The benchmarks run, and their arithmetic is right; what they measure is no matter for a test."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "benchmarks"
NO_BENCHMARKS = {"side_by_side", "selection_figure", "slurm"}
BENCHMARKS = sorted(path.stem for path in FOLDER.glob("*.py") if path.stem not in NO_BENCHMARKS)


@pytest.fixture(scope="module")
def side_by_side():
    sys.path.insert(0, str(FOLDER))
    try:
        import side_by_side

        yield side_by_side
    finally:
        sys.path.remove(str(FOLDER))


def test_the_ways_take_turns_and_the_first_of_each_is_not_timed(side_by_side):
    turns = []
    seconds, found = side_by_side.take_turns(
        {"a": lambda: turns.append("a"), "b": lambda: turns.append("b") or len(turns)}, repeats=2
    )
    assert turns == ["a", "b"] * 3
    assert [len(values) for values in seconds.values()] == [2, 2]
    assert found == {"a": None, "b": 6}


def test_a_ratio_is_taken_turn_by_turn(side_by_side):
    seconds = {"loop": [10.0, 40.0, 10.0], "ours": [5.0, 10.0, 4.0]}
    assert side_by_side.ratios(seconds, "loop", "ours") == (2.5, 2.0, 4.0)
    assert side_by_side.comparison(seconds, "loop")[2:] == [
        "| loop | 10 | 1 |",
        "| ours | 5 | 2.50 (2.00 to 4.00) |",
    ]


def test_what_was_measured_is_written_with_the_machine(side_by_side, tmp_path, capsys):
    options = side_by_side.arguments("").parse_args(["--json", str(tmp_path / "found.json")])
    side_by_side.conclude(options, "Title", side_by_side.machine("numpy"), ["| row |"], {"ratio": 2.5})
    found = json.loads((tmp_path / "found.json").read_text())
    assert found["ratio"] == 2.5
    assert "cores" in found["machine"]
    assert "numpy" in found["machine"]
    assert "| row |" in capsys.readouterr().out


@pytest.mark.slow
@pytest.mark.parametrize("name", BENCHMARKS)
def test_a_benchmark_runs_from_the_command_line(name, tmp_path):
    command = [sys.executable, FOLDER / f"{name}.py", "--quick", "--json", tmp_path / "found.json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("## ")
    assert "quick: says nothing" in done.stdout
    assert json.loads((tmp_path / "found.json").read_text())["machine"] in done.stdout


def test_the_readme_of_the_benchmarks_names_each_of_them():
    text = (FOLDER / "README.md").read_text()
    assert [name for name in BENCHMARKS if f"benchmarks/{name}.py" not in text] == []
