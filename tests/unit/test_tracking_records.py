"""Reading a run folder for the mirror."""

import json
import math
import os

import pandas as pd
import pytest

from coldstart.errors import InputError
from coldstart.storage import write_json, write_table, write_text
from coldstart.tracking.records import flat, read_run

ARM = "imagenet/clustering/none"


def make_run(root, *, dataset="nih", task="classification", seed=1, number=0, epochs=3, auprc=0.75):
    """Write a run folder as the chain does and return it."""
    folder = root / f"{dataset}/runs/{task}/{ARM}/b20/s{seed}/t0/round{number}"
    lines = [f"{epoch},{1 / (epoch + 1)},{0.5 + epoch / 100},0.001,2.0" for epoch in range(epochs)]
    write_text(folder / "history.csv", "\n".join(["epoch,train_loss,val_auprc,learning_rate,seconds", *lines]) + "\n")
    write_json(folder / "fit.json", {"best_epoch": 2, "device": "cpu", "learning": {"weights": None, "epochs": epochs}})
    write_table(folder / "labelled.parquet", pd.DataFrame({"sample_id": ["a", "b"], "round": [0, 0]}))
    rows = {"metric": ["auprc", "hd"], "value": [auprc, math.inf], "se": [0.01, math.nan], "bootstrap": [[0.7], []]}
    write_table(folder / "metrics.parquet", pd.DataFrame(rows))
    return folder


def test_a_run_is_known_by_its_folder(tmp_path):
    record = read_run(make_run(tmp_path, seed=7, number=2), tmp_path)
    assert record.key == "nih/runs/classification/imagenet/clustering/none/b20/s7/t0/round2"
    assert record.experiment == "nih/classification"
    assert record.name == "imagenet/clustering/none/b20/s7/t0/round2"
    assert record.axes["seed"] == "7"
    assert record.axes["round"] == "2"


def test_a_list_of_live_labelling_is_a_run_too(tmp_path):
    run, folder = make_run(tmp_path), tmp_path / "mine/worklist/segmentation/list3"
    folder.parent.mkdir(parents=True)
    run.rename(folder)
    with pytest.raises(InputError, match=r"list3 misses answers\.parquet"):
        read_run(folder, tmp_path)
    (folder / "labelled.parquet").rename(folder / "answers.parquet")
    record = read_run(folder, tmp_path)
    assert (record.experiment, record.name) == ("mine/segmentation", "list3")
    assert record.params()["list"] == "3"
    assert folder / "answers.parquet" in record.artifacts


def test_params_come_from_fit_axes_and_settings(tmp_path):
    params = read_run(make_run(tmp_path), tmp_path, settings={"protocol": "clean", "device": "?", "budget": 3}).params()
    assert params["learning.weights"] == "null"
    assert params["best_epoch"] == "2"
    assert params["protocol"] == "clean"
    assert params["device"] == "cpu"
    assert params["budget"] == "20"


def test_points_hold_every_finite_number_and_its_time(tmp_path):
    record = read_run(make_run(tmp_path, epochs=3), tmp_path)
    os.utime(record.folder / "metrics.parquet", (1000, 1000))
    points = record.points()
    losses = [point for point in points if point.name == "history/train_loss"]
    assert [point.value for point in losses] == [1.0, 0.5, 1 / 3]
    assert [point.step for point in losses] == [0, 1, 2]
    assert [point.time for point in losses] == [996_000, 998_000, 1_000_000]
    assert [(point.value, point.time) for point in points if point.name == "auprc"] == [(0.75, 1_000_000)]
    assert [point.value for point in points if point.name == "se/auprc"] == [0.01]
    assert not [point for point in points if point.name.endswith("hd")]


def test_a_run_without_epochs_has_no_curve(tmp_path):
    record = read_run(make_run(tmp_path, epochs=0), tmp_path)
    assert {point.name for point in record.points()} == {"auprc", "se/auprc"}


@pytest.mark.parametrize("name", ["history.csv", "metrics.parquet", "labelled.parquet", "fit.json"])
def test_the_digest_follows_every_file(tmp_path, name):
    folder = make_run(tmp_path)
    before = read_run(folder, tmp_path).digest
    os.utime(folder / name, (1, 1))
    assert read_run(folder, tmp_path).digest == before
    with open(folder / name, "ab") as stream:
        stream.write(b" ")
    assert read_run(folder, tmp_path).digest != before


def test_the_digest_follows_settings_and_not_the_place(tmp_path):
    folder = make_run(tmp_path / "here")
    before = read_run(folder, tmp_path / "here", {"a": 1, "b": 2}).digest
    assert read_run(folder, tmp_path / "here", {"b": 2, "a": 1}).digest == before
    assert read_run(folder, tmp_path / "here", {"a": 1}).digest != before
    (tmp_path / "here").rename(tmp_path / "there")
    moved = tmp_path / "there" / folder.relative_to(tmp_path / "here")
    assert read_run(moved, tmp_path / "there", {"a": 1, "b": 2}).digest == before


def test_an_unfinished_run_is_refused(tmp_path):
    folder = make_run(tmp_path)
    (folder / "metrics.parquet").unlink()
    with pytest.raises(InputError, match=r"round0 misses metrics\.parquet: run the same command again"):
        read_run(folder, tmp_path)


@pytest.mark.parametrize("part", ["nih/runs/classification", "elsewhere"])
def test_a_folder_that_is_no_run_is_refused(tmp_path, part):
    with pytest.raises(InputError, match="no run folder"):
        read_run(tmp_path / part, tmp_path / "results")


@pytest.mark.parametrize(
    ("name", "content"),
    [("history.csv", "epoch,loss\n0,high\n"), ("history.csv", ""), ("history.csv", "loss\n1\n"), ("fit.json", "{")],
)
def test_a_damaged_file_is_named(tmp_path, name, content):
    folder = make_run(tmp_path)
    (folder / name).write_text(content)
    record = read_run(folder, tmp_path)
    with pytest.raises(InputError, match=rf"{name} cannot be read"):
        record.points() if name == "history.csv" else record.params()


def test_flat_keeps_text_and_writes_the_rest_as_json():
    nested = {"a": {"b": {"c": [1, "x"]}}, "d": True, "e": "text", "f": {}}
    assert flat(nested) == {"a.b.c": json.dumps([1, "x"]), "d": "true", "e": "text"}
