"""Full disks, no memory, folders that cannot be written, clocks that jump, and two runs at once."""

import os
import resource
import shutil
import subprocess
import time
from contextlib import contextmanager

import pytest
from injection import RESULTS, SMALL, TARGETS, check
from workplace import ROOT, Workplace

HOUR = 3600
NEEDS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount")


@contextmanager
def mounted(folder, size):
    """A file system of a size of its own, in memory."""
    folder.mkdir(parents=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@contextmanager
def limited(kind, amount):
    """Give this process and those that it starts less of something."""
    before = resource.getrlimit(kind)
    resource.setrlimit(kind, (amount, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(kind, before)


def without(place, *names):
    """Take results away, with what stands on them."""
    for name in (*names, "summary.parquet", "tracking.parquet"):
        path = place.folder / RESULTS / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()


@pytest.mark.workflow
def test_two_runs_at_once_one_is_refused_and_both_finish(finished, undisturbed):
    without(finished, "runs/classification")
    first = finished.start(*TARGETS, config=SMALL)
    lock = finished.folder / ".snakemake/coldstart/tiny.run"
    while first.poll() is None and not (lock.is_file() and str(first.pid) in lock.read_text()):
        time.sleep(0.05)
    second = finished.run(*TARGETS, config=SMALL)
    assert first.poll() is None, "the first run ended before the second could meet it"
    assert second.code != 0
    assert f"another run is at work on {RESULTS} in this folder (process {first.pid} on" in second.text
    assert first.wait() == 0
    assert finished.run(*TARGETS, config=SMALL).idle
    check(finished.folder, undisturbed.folder)


@pytest.mark.workflow
def test_a_clock_that_was_ahead_or_behind_reruns_nothing_and_hides_nothing(finished, undisturbed):
    """Results of the future, then a part made again by a clock that has gone back."""
    files = [path for path in (finished.folder / RESULTS).rglob("*") if path.is_file()]
    for number, path in enumerate(sorted(files)):
        moment = time.time() + (number % 3 - 1) * HOUR
        os.utime(path, (moment, moment))
    assert finished.run(*TARGETS, config=SMALL).idle
    assert all(path.stat().st_mtime <= time.time() for path in files)
    (finished.folder / RESULTS / "summary.parquet").unlink()
    ahead = time.time() + HOUR
    for path in (finished.folder / RESULTS).rglob("metrics.parquet"):
        os.utime(path, (ahead, ahead))
    assert finished.run(*TARGETS, config=SMALL).code == 0
    check(finished.folder, undisturbed.folder)


@pytest.mark.faults
@pytest.mark.skipif(shutil.which("faketime") is None, reason="needs the program faketime")
@pytest.mark.parametrize("jumps", [("+2d", "-2d", "+0d"), ("-40d", "+1d", "-1d")])
def test_a_clock_that_jumps_between_and_within_runs(undisturbed, tmp_path, jumps, monkeypatch):
    """Each attempt has a clock of its own and is cut short; what each left has another time."""
    place = Workplace(ROOT, tmp_path / "work")
    for jump in jumps:
        environment = {"LD_PRELOAD": "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1", "FAKETIME": jump}
        process = place.start(*TARGETS, config=SMALL, environment={**environment, "FAKETIME_DONT_FAKE_MONOTONIC": "1"})
        time.sleep(40)
        os.killpg(process.pid, 9)
        process.wait()
    assert place.run(*TARGETS, config=SMALL).code == 0
    check(place.folder, undisturbed.folder)


@pytest.mark.workflow
def test_files_that_may_not_grow_fail_and_the_same_command_finishes(finished, undisturbed):
    """RLIMIT_FSIZE: what a quota and a full disk look like to the one who writes."""
    without(finished, "runs/segmentation", "embeddings")
    with limited(resource.RLIMIT_FSIZE, 40_000):
        failed = finished.run(*TARGETS, config=SMALL)
    assert failed.code != 0
    assert finished.run(*TARGETS, config=SMALL).code == 0
    check(finished.folder, undisturbed.folder)


@NEEDS_ROOT
@pytest.mark.faults
@pytest.mark.parametrize("size", ["150k", "400k", "700k"])
def test_a_full_disk_fails_and_room_on_it_finishes(undisturbed, tmp_path, size):
    place = Workplace(ROOT, tmp_path / "work")
    with mounted(place.folder / "results", size):
        failed = place.run(*TARGETS, config=SMALL)
        assert failed.code != 0
        assert "No space left on device" in failed.text
        subprocess.run(["mount", "-o", "remount,size=1g", str(place.folder / "results")], check=True)
        finished = place.run(*TARGETS, config=SMALL)
        assert finished.code == 0, finished.text
        check(place.folder, undisturbed.folder)


@NEEDS_ROOT
@pytest.mark.faults
def test_results_that_cannot_be_written_are_said_and_the_same_command_finishes(undisturbed, tmp_path):
    place = Workplace(ROOT, tmp_path / "work")
    with mounted(place.folder / "results", "1g"):
        shutil.copytree(undisturbed.folder, place.folder, dirs_exist_ok=True)
        (place.folder / RESULTS / "summary.parquet").unlink()
        subprocess.run(["mount", "-o", "remount,ro", str(place.folder / "results")], check=True)
        failed = place.run(*TARGETS, config=SMALL)
        assert failed.code != 0
        assert f"{RESULTS} cannot be written" in failed.text
        assert "Traceback" not in failed.text
        subprocess.run(["mount", "-o", "remount,rw", str(place.folder / "results")], check=True)
        assert place.run(*TARGETS, config=SMALL).code == 0
        check(place.folder, undisturbed.folder)


@pytest.mark.faults
def test_jobs_without_memory_fail_and_the_same_command_finishes(finished, undisturbed):
    """RLIMIT_AS: torch cannot load, or asks for memory in vain."""
    without(finished, "runs/segmentation", "runs/classification")
    with limited(resource.RLIMIT_AS, 1200 * 2**20):
        failed = finished.run(*TARGETS, config=SMALL)
    assert failed.code != 0
    assert finished.run(*TARGETS, config=SMALL).code == 0
    check(finished.folder, undisturbed.folder)
