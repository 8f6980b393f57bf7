"""SIGKILL at any moment of any rule: the same command finishes, with the result of an undisturbed run."""

import os
import shutil
import time
from collections import Counter

import pytest
from injection import RESULTS, check, disturbed
from workplace import ROOT, Workplace

KILLS = int(os.environ.get("COLDSTART_KILLS", "100"))
KILLS_OF_A_RUN = 34


@pytest.mark.workflow
def test_a_round_that_is_killed_ends_as_an_undisturbed_one(finished, undisturbed):
    for task in ("classification", "segmentation"):
        shutil.rmtree(finished.folder / RESULTS / f"runs/{task}/simclr/clustering/uncertainty")
    for name in ("summary.parquet", "tracking.parquet"):
        (finished.folder / RESULTS / name).unlink()
    assert len(disturbed(finished, seed=8, most=3, longest=5)) == 3
    check(finished.folder, undisturbed.folder)


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
