"""SIGKILL at any moment of any rule: the same command finishes, with the result of an undisturbed run."""

import os
import shutil
import signal
import time
from collections import Counter

import pytest
from injection import RESULTS, check, disturbed, jobs_below
from workplace import ROOT, TINY, Workplace, changed, kill_group

KILLS = int(os.environ.get("COLDSTART_KILLS", "100"))
KILLS_OF_A_RUN = 34
CHOOSING = changed(
    TINY,
    tasks=["classification"],
    models={"pca": {"encoder": "pca", "size": 16, "components": 4}},
    methods={"clustering": TINY["methods"]["clustering"]},
    budgets=[4],
    query={},
)


@pytest.mark.workflow
def test_a_round_that_is_killed_ends_as_an_undisturbed_one(finished, undisturbed):
    for task in ("classification", "segmentation"):
        shutil.rmtree(finished.folder / RESULTS / f"runs/{task}/simclr/clustering/uncertainty")
    for name in ("summary.parquet", "tracking.parquet"):
        (finished.folder / RESULTS / name).unlink()
    assert len(disturbed(finished, seed=8, most=3, longest=5)) == 3
    check(finished.folder, undisturbed.folder)


@pytest.mark.workflow
@pytest.mark.parametrize("kind", ["job", pytest.param("everything", marks=pytest.mark.faults)])
def test_what_stands_on_a_job_that_was_killed_after_a_change_is_made_again(tmp_path, kind):
    """Snakemake removes the outputs of a job that begins; what was made of the old ones must not stay."""
    place, other = Workplace(ROOT, tmp_path / "work"), changed(CHOOSING, models__pca__components=3)
    assert place.run("selections", config=CHOOSING).code == 0
    process, at_work = place.start("selections", config=other), []
    while not at_work:
        assert process.poll() is None, "the embedding ended before it could be killed"
        at_work = [number for number, rule in jobs_below(process.pid).items() if rule == "embed"]
    if kind == "job":
        os.kill(at_work[0], signal.SIGKILL)
        assert process.wait() != 0
    else:
        kill_group(process)
    result = place.run("selections", config=other)
    assert result.code == 0, result.text
    assert result.jobs() == {"embed": 1, "select": 1, "selections": 1}
    assert place.run("selections", config=other).idle


@pytest.mark.faults
@pytest.mark.timeout(3 * 3600)
def test_a_hundred_kills(undisturbed, tmp_path, capsys):
    """Whole runs from nothing, each under a schedule of its own, until there were so many kills."""
    began, kills, seed = time.monotonic(), [], 0
    while len(kills) < KILLS:
        place = Workplace(ROOT, tmp_path / f"run{seed}/work")
        kills += disturbed(place, seed, min(KILLS_OF_A_RUN, KILLS - len(kills)))
        check(place.folder, undisturbed.folder)
        seed += 1
    kinds = Counter(kind for kind, _ in kills)
    rules = Counter(rule for _, names in kills for rule in names.split(", "))
    with capsys.disabled():
        print(
            f"\n{len(kills)} kills in {seed} runs, {time.monotonic() - began:.0f} s; every run ended as the undisturbed"
        )
        for title, counts in (("killed", kinds), ("at work then", rules)):
            print(f"{title:<14}" + ", ".join(f"{name} {count}" for name, count in counts.most_common()))
