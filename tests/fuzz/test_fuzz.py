"""A short run of the fuzzer over every reader, and proof that its sandbox sees what escapes."""

import json
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from coldstart.errors import InputError
from fuzz.mutations import mutated
from fuzz.sandbox import ESCAPED, READ, REFUSED

HERE = Path(__file__).resolve().parent
# What a reader may do to a file that was changed, and what the sandbox should say of it.
FAKES = {
    "reads it": (lambda folder, path: None, READ, ""),
    "refuses it": (lambda folder, path: refuse(f"{path} is damaged: replace it."), REFUSED, ""),
    "says no sentence": (lambda folder, path: refuse(f"{path} is damaged"), ESCAPED, "no sentence"),
    "names no place": (lambda folder, path: refuse("It is damaged: replace it."), ESCAPED, "it names no place"),
    "raises something else": (lambda folder, path: {}["x"], ESCAPED, "KeyError"),
    "reads it wrongly": (lambda folder, path: wrong(), ESCAPED, "AssertionError"),
    "takes too much memory": (lambda folder, path: bytearray(8 << 30), ESCAPED, "MemoryError"),
    "never ends": (lambda folder, path: forever(), ESCAPED, "more than 1 s of computing"),
    "dies": (lambda folder, path: os.kill(os.getpid(), signal.SIGSEGV), ESCAPED, "ended with code -11"),
    "writes a file": (lambda folder, path: (folder / "owned").write_text("x"), ESCAPED, "it did open"),
    "writes outside": (
        lambda folder, path: os.mkdir(f"{folder.parent}/owned{random.random()}"),
        ESCAPED,
        "it did os.mkdir",
    ),
    "removes a file": (lambda folder, path: path.unlink(), ESCAPED, "it did os.remove"),
    "starts a program": (lambda folder, path: subprocess.run(["true"]), ESCAPED, "it did subprocess.Popen"),
}
# A process of its own, which has started no threads: the sandbox forks it.
SCRIPT = """
import json
from fuzz import sandbox, test_fuzz
sandbox.SECONDS = 1
found = {}
for name, (read, *_) in test_fuzz.FAKES.items():
    calm = lambda folder, path, read=read: path.read_bytes() != b"valid" and read(folder, path)
    outcomes = sandbox.run(sandbox.Reader(name, test_fuzz.one_file, calm), [0, 1], 0)
    found[name] = [dict(outcomes.counts), outcomes.escapes]
print(json.dumps(found))
"""


def refuse(message):
    raise InputError(message)


def wrong():
    raise AssertionError("a mask of twos")


def forever():
    while True:
        pass


def one_file(folder):
    """Write a file that all changes make another one."""
    (folder / "file").write_bytes(b"valid")
    return [folder / "file"]


def python(*arguments):
    """Run Python with the fuzzer on its path."""
    environment = {**os.environ, "PYTHONPATH": f"{HERE.parents[1] / 'src'}:{HERE.parent}", "OMP_NUM_THREADS": "1"}
    return subprocess.run([sys.executable, *arguments], env=environment, text=True, capture_output=True, check=False)


@pytest.fixture(scope="module")
def outcomes():
    done = python("-c", SCRIPT)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("name", FAKES)
def test_the_sandbox_sees_what_a_reader_does(outcomes, name):
    _, outcome, detail = FAKES[name]
    counts, escapes = outcomes[name]
    assert counts == {outcome: 2}
    assert all(detail in said for _, said in escapes)
    assert len(escapes) == (2 if outcome == ESCAPED else 0)


def test_changes_are_the_same_for_the_same_seed_and_differ_else():

    data = bytes(range(256)) * 4
    first, again, other = (mutated(data, random.Random(seed)) for seed in ("a", "a", "b"))
    assert first == again
    assert other not in (first, data)


@pytest.mark.slow
def test_no_reader_lets_anything_escape(tmp_path):
    done = python("-m", "fuzz", "--inputs", "270", "--seed", "8", "--json", str(tmp_path / "figures.json"))
    figures = json.loads((tmp_path / "figures.json").read_text())
    assert {name: one["escapes"] for name, one in figures.items() if one["escapes"]} == {}
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(figures) > 25
    outcomes = [one["figures"] for one in figures.values()]
    assert all(inputs == read + refused + escaped for inputs, read, refused, escaped in outcomes)
    # A fuzzer that breaks all of its files, or none, tests little.
    assert sum(one[1] for one in outcomes) > 40
    assert sum(one[2] for one in outcomes) > 100
