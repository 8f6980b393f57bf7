"""A killed training goes on from its last finished epoch, with the result of an unbroken one."""

import time

import pandas as pd
import pytest
from conftest import TINY, changed, kill_group

pytestmark = pytest.mark.workflow

LONG = changed(
    TINY,
    tasks=["segmentation"],
    budgets=[4],
    query__rounds=0,
    query__models=None,
    models={},
    methods={"random": {"strategy": "random", "seeds": [1]}},
    learning__segmentation__epochs=200,
    learning__segmentation__augment="light",
    learning__segmentation__checkpoint_seconds=0,
)
RUN = "results/tiny/runs/segmentation/none/random/none/b4/s1/t0/round0"


def test_a_killed_training_resumes_with_the_same_result(place, tmp_path):
    unbroken = type(place)(place.checkout, tmp_path / "unbroken")
    assert unbroken.run("summary", config=LONG).code == 0

    process = place.start("summary", config=LONG)
    checkpoint = place.folder / RUN / "checkpoint.pt"
    deadline = time.monotonic() + 240
    while not checkpoint.exists() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.05)
    assert process.poll() is None, "the training ended before it could be killed"
    time.sleep(1)
    kill_group(process)
    assert checkpoint.exists()
    assert not (place.folder / RUN / "fit.json").exists()

    assert place.run("--unlock", config=LONG).code == 0
    result = place.run("summary", config=LONG)
    assert result.code == 0, result.text
    log = next((place.folder / "results/tiny/logs/train").rglob("*.log")).read_text()
    assert "The training goes on after epoch" in log
    assert not checkpoint.exists()
    for name in ("predictions.parquet", "labelled.parquet", "metrics.parquet"):
        assert (place.folder / RUN / name).read_bytes() == (unbroken.folder / RUN / name).read_bytes()
    columns = ["epoch", "train_loss", "val_metric", "learning_rate"]
    histories = [pd.read_csv(where.folder / RUN / "history.csv")[columns] for where in (place, unbroken)]
    pd.testing.assert_frame_equal(*histories)
