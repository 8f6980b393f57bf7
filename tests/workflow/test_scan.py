"""The files of a pool are scanned when they change, and only then; a killed scan goes on."""

import time

import numpy as np
import pandas as pd
import pytest
from conftest import kill_group
from PIL import Image

pytestmark = pytest.mark.workflow

SAMPLES = "results/mine/samples.parquet"


def write_pictures(folder, numbers):
    folder.mkdir(exist_ok=True)
    for number in numbers:
        pixels = np.random.default_rng(number).integers(0, 256, (12, 12), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{number:04d}.png", compress_level=0)


def config(folder):
    return {
        "dataset": {"name": "mine", "kind": "pool", "root": str(folder), "size": 12},
        "tasks": ["classification"],
        "models": {},
        "methods": {"random": {"strategy": "random"}},
        "budgets": [4],
    }


def test_files_that_come_and_go_are_scanned_and_nothing_else_is(place, tmp_path):
    pool = tmp_path / "pool"
    write_pictures(pool, range(6))
    result = place.run(SAMPLES, config=config(pool))
    assert result.code == 0, result.text
    assert place.plan(SAMPLES, config=config(pool)).idle
    assert not (place.folder / "results/mine/.scan").exists()
    (pool / "notes.txt").write_text("no picture")
    assert place.plan(SAMPLES, config=config(pool)).idle
    write_pictures(pool, [6])
    assert place.plan(SAMPLES, config=config(pool)).jobs() == {"scan": 1, "cohort": 1}
    (pool / "0002.png").write_bytes(b"")
    assert place.run(SAMPLES, config=config(pool)).code == 0
    found = pd.read_parquet(place.folder / SAMPLES)["sample_id"].tolist()
    assert found == ["0000", "0001", "0003", "0004", "0005", "0006"]
    quality = pd.read_csv(place.folder / "results/mine/quality.csv")
    assert quality["problem"].tolist() == ["empty", "not an image"]
    assert place.plan(SAMPLES, config=config(pool)).idle


def test_a_killed_scan_goes_on(place, tmp_path):
    pool = tmp_path / "pool"
    write_pictures(pool, range(4000))
    process = place.start(SAMPLES, config=config(pool))
    begun, deadline = place.folder / "results/mine/.scan", time.monotonic() + 240
    while not list(begun.rglob("[!.]*.parquet")) and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.005)
    kill_group(process)
    assert begun.exists(), "the scan ended before it could be killed"
    assert place.run("--unlock", config=config(pool)).code == 0
    result = place.run(SAMPLES, config=config(pool))
    assert result.code == 0, result.text
    assert "going on with a scan" in (place.folder / "results/mine/logs/scan.log").read_text()
    assert len(pd.read_parquet(place.folder / SAMPLES)) == 4000
    assert not begun.exists()
