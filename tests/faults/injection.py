"""Faults for a run of the workflow, and what has to hold after them."""

import os
import random
import re
import signal
import sqlite3
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

import pandas as pd
from workplace import TINY, changed

# Both tasks, an encoder that trains, two arms and a round: every kind of job, each as short as can be.
SMALL = changed(
    TINY,
    models={"simclr": {"encoder": "simclr", "size": 16, "dimension": 8, "epochs": 2}},
    budgets=[4],
    query__models=["simclr"],
    learning__segmentation__checkpoint_seconds=0,
    learning__classification__checkpoint_seconds=0,
)
RESULTS = "results/tiny"
TARGETS = (f"{RESULTS}/summary.parquet", f"{RESULTS}/tracking.parquet")
# What has to be the same to the bit. Seconds of training stand in history.csv and, as parameters, in MLflow.
SAME = ("summary.parquet", "cohort.parquet", "samples.parquet", "pools", "images", "masks", "embeddings", "selections")
SAME_OF_A_RUN = ("queried.parquet", "labelled.parquet", "predictions.parquet", "maps.npz", "metrics.parquet")
SCRIPT = re.compile(rb"\.snakemake/scripts/[^\0]*\.(\w+)\.py")


def content(folder):
    """Bytes of every file that has to be the same, by its name below the results."""
    results = folder / RESULTS
    files = [path for name in SAME for path in (results / name).rglob("*") if path.is_file()]
    files += [results / name for name in SAME if (results / name).is_file()]
    files += [path for name in SAME_OF_A_RUN for path in results.glob(f"runs/**/{name}")]
    return {path.relative_to(results).as_posix(): path.read_bytes() for path in files if path.suffix != ".damaged"}


def differing(folder, other):
    """Names of the files that two finished runs do not agree about."""
    mine, others = content(folder), content(other)
    return sorted(name for name in mine.keys() | others.keys() if mine.get(name) != others.get(name))


def left_over(folder):
    """Temporary files, checkpoints and locks that a finished run has not cleared away."""
    found = [path for path in (folder / "results").rglob(".*") if path.name != ".snakemake_timestamp"]
    found += (folder / "results").rglob("checkpoint.pt")
    found += (folder / ".snakemake").glob("locks/*")
    found += [path for path in (folder / ".snakemake/incomplete").rglob("*") if path.is_file()]
    return sorted(str(path.relative_to(folder)) for path in found)


def tracked(folder):
    """Runs in the local MLflow store: how often each active one stands there, and in which states."""
    query = (
        "select t.value, r.status from runs r join tags t on t.run_uuid = r.run_uuid "
        "where t.key = 'coldstart.run' and r.lifecycle_stage = 'active'"
    )
    with sqlite3.connect(folder / "results/mlflow.db") as connection:
        rows = connection.execute(query).fetchall()
    return Counter(run for run, _ in rows), {status for _, status in rows}


def check(folder, undisturbed):
    """Hold the end of a disturbed run against an undisturbed one."""
    assert not differing(folder, undisturbed)
    assert not left_over(folder)
    times, states = tracked(folder)
    runs = set(pd.read_parquet(folder / RESULTS / "summary.parquet").run)
    assert set(times) == runs
    assert set(times.values()) == {1}
    assert states == {"FINISHED"}


def descendants(pid):
    """Processes below a process, as a list of ids."""
    children = []
    for task in Path(f"/proc/{pid}/task").glob("*"):
        with suppress(OSError):
            children += [int(child) for child in (task / "children").read_text().split()]
    return [number for child in children for number in (child, *descendants(child))]


def jobs_below(pid):
    """Rule of every script that runs below a process, by its process id."""
    found = {}
    for number in descendants(pid):
        with suppress(OSError):
            line = Path(f"/proc/{number}/cmdline").read_bytes()
            match = SCRIPT.search(line)
            if match and b"python" in line.split(b"\0")[0]:
                found[number] = match[1].decode()
    return found


def strike(process, draw):
    """Kill one thing with SIGKILL: a job, the process that schedules, or it and all that it started.

    Parameters
    ----------
    process : subprocess.Popen
        A run of Snakemake, leader of its process group.
    draw : random.Random
        What is killed, of what there is.

    Returns
    -------
    tuple of str
        What was killed, and the rules that were at work.
    """
    jobs = jobs_below(process.pid)
    kind = draw.choices(("job", "scheduler", "everything"), (6, 2, 2))[0] if jobs else "everything"
    rules = sorted(set(jobs.values())) or ["planning"]
    if kind == "job":
        victim = draw.choice(sorted(jobs))
        rules = [jobs[victim]]
        with suppress(ProcessLookupError):
            os.kill(victim, signal.SIGKILL)
    elif kind == "scheduler":
        os.kill(process.pid, signal.SIGKILL)
    else:
        os.killpg(process.pid, signal.SIGKILL)
    return kind, ", ".join(rules)


def disturbed(place, seed, most, longest=7.0):
    """Run a command again and again under a schedule of kills, until it ends well.

    Parameters
    ----------
    place : workplace.Workplace
        Where it runs. What it says is added to ``said.txt`` beside.
    seed : int
        Of the schedule.
    most : int
        Kills; the command is then left in peace.
    longest : float, default=7
        Seconds between two kills at most.

    Returns
    -------
    list of tuple
        What was killed and which rules were at work, in order.

    Raises
    ------
    AssertionError
        If the command fails where nothing was killed.
    """
    draw, kills = random.Random(seed), []
    said = place.folder.parent / "said.txt"
    said.parent.mkdir(parents=True, exist_ok=True)
    while True:
        before = len(kills)
        with open(said, "a", encoding="utf-8") as output:
            process = place.start(*TARGETS, config=SMALL, output=output)
        while process.poll() is None:
            until = time.monotonic() + draw.uniform(0.2, longest)
            while process.poll() is None and time.monotonic() < until:
                time.sleep(0.02)
            if process.poll() is None and len(kills) < most:
                kills.append(strike(process, draw))
                if kills[-1][0] != "job":
                    process.wait()
        if process.returncode == 0:
            return kills
        assert len(kills) > before, f"the command fails by itself: {said.read_text(encoding='utf-8')[-4000:]}"
