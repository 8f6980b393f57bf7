"""The benchmarks run, and their arithmetic is right; what they measure is no matter for a test."""

import json
import subprocess
import sys
import time
from argparse import Namespace
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "benchmarks"
NO_BENCHMARKS = {"side_by_side", "selection_figure", "slurm"}
BENCHMARKS = sorted(path.stem for path in FOLDER.glob("*.py") if path.stem not in NO_BENCHMARKS)


@pytest.fixture(scope="module")
def benchmark():
    """Import a benchmark, or what they share, by its name."""
    sys.path.insert(0, str(FOLDER))
    yield import_module
    sys.path.remove(str(FOLDER))


@pytest.fixture(scope="module")
def side_by_side(benchmark):
    return benchmark("side_by_side")


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


def test_the_next_size_is_forecast_from_the_growth_so_far(benchmark):
    forecast = benchmark("selection_cost").forecast
    first, second = ({"n": n, "seconds": n**2 / 1e6, "mib": n / 100} for n in (1_000, 2_000))
    assert forecast([], 8_000) == {"seconds": 0, "mib": 0}
    assert forecast([first], 8_000) == {"seconds": 8, "mib": 80}
    assert forecast([first, second], 8_000) == pytest.approx({"seconds": 64, "mib": 80})


def test_a_way_goes_on_while_its_forecast_stays_below_the_limit_and_is_ended_there(benchmark):
    def squared(X, budget):
        spin(len(X) ** 2 / 4e6)
        return X[:1, 0]

    def sudden(X, budget):
        spin(60 if len(X) > 1_000 else 0)
        return X[:1, 0]

    def spin(seconds):
        end = time.process_time() + seconds
        while time.process_time() < end:
            pass

    options = Namespace(limit=1, memory=1000, total=600, budget=1, dimensions=2)
    ways = {"squared": squared, "sudden": sudden}
    known = {("squared", 500): {"state": "measured", "seconds": 0.0625, "mib": 0.0, "recall": None}}
    table = benchmark("selection_cost").measure(options, (500, 1_000, 4_000), ways, known)
    states = table.pivot(index="way", columns="n", values="state")
    assert states.loc["squared"].tolist() == ["measured", "measured", "forecast"]
    assert states.loc["sudden"].tolist() == ["measured", "measured", "stopped"]


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
