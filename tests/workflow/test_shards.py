"""An embedding in shards: a killed one alone runs again, and the file is that of one job."""

import os
import signal
import time

import psutil
import pytest
from conftest import TINY, changed

pytestmark = pytest.mark.workflow

ONE = changed(
    TINY,
    dataset__n=200,
    tasks=["classification"],
    models={"pixels": {"encoder": "pixels", "size": 16}, "own": {"encoder": "simclr", "size": 16, "epochs": 0}},
)
THREE = changed(ONE, models__pixels__shards=3)
FILE = "results/tiny/embeddings/pixels.parquet"
OWN = "results/tiny/embeddings/own.parquet"


def shard_processes(snakemake):
    """Processes that embed a shard, below a running Snakemake."""
    for process in psutil.Process(snakemake.pid).children(recursive=True):
        try:
            if process.cmdline()[-1:] and process.cmdline()[-1].endswith(".embed.py"):
                yield process.pid
        except psutil.NoSuchProcess:
            continue


def test_a_killed_shard_alone_runs_again_and_the_file_is_that_of_one_job(place):
    result = place.run(FILE, config=ONE)
    assert result.jobs() == {"cohort": 1, "images": 1, "embed": 1}, result.text
    whole = (place.folder / FILE).read_bytes()

    shards = place.folder / FILE.removesuffix(".parquet")
    running = place.start(FILE, config=THREE, cores=1)
    deadline = time.monotonic() + 120
    while not list(shards.glob("[!.]*.parquet")) and running.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    while not (found := list(shard_processes(running))) and running.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    assert found, "the shards ended before one could be killed"
    os.kill(found[0], signal.SIGKILL)
    assert running.wait(timeout=120) != 0
    assert len(list(shards.glob("[!.]*.parquet"))) == 2

    result = place.run(FILE, config=THREE)
    assert result.jobs() == {"embed_shard": 1, "gather": 1}, result.text
    assert (place.folder / FILE).read_bytes() == whole
    # The space is given back.
    assert not shards.exists()
    # Images that are only touched, and shards that are gone, make nothing again; another size does.
    os.utime(place.folder / "results/tiny/images/16.npy")
    assert place.plan(FILE, config=THREE).idle
    jobs = place.plan(FILE, config=changed(THREE, models__pixels__size=8)).jobs()
    assert jobs == {"images": 1, "embed_shard": 3, "gather": 1}
    # Another number of shards does, too, unless told that what is there is right.
    assert place.plan(FILE, config=ONE).jobs() == {"embed": 1}
    assert place.run("--touch", FILE, config=ONE).code == 0
    assert place.plan(FILE, config=ONE).idle
    assert (place.folder / FILE).read_bytes() == whole


def test_the_command_line_sets_the_number_where_there_can_be_shards(place):
    scatter = ["--set-scatter", "pixels=4", "own=5"]
    assert place.plan(FILE, OWN, *scatter, config=THREE).jobs() == {
        "cohort": 1,
        "images": 1,
        "embed": 1,
        "embed_shard": 4,
        "gather": 1,
    }
    alone = changed(ONE, models={"pixels": {"encoder": "pixels", "shards": 2}})
    assert place.plan(FILE, config=alone).jobs() == {"cohort": 1, "images": 1, "embed_shard": 2, "gather": 1}
    result = place.plan(config=changed(THREE, models__own__shards=2))
    assert "models.own.shards: encoder 'simclr' learns from all images" in result.text
