"""Truth that must not be looked at is falsified, and no selection, query, epoch, threshold or prediction changes."""

import json
import shutil

import numpy as np
import pandas as pd
import pytest
from conftest import TINY, Workplace, changed

from coldstart.storage import read_metadata, write_table

pytestmark = pytest.mark.workflow

ONE_ARM = changed(TINY, budgets=[4], methods={"clustering": TINY["methods"]["clustering"]})
# Rules that say what is labelled, or what is seen before it is.
CHOOSING = {"select", "query", "embed", "project", "contact", "map", "images"}
# Rules that run again when truth is falsified.
FALSIFIED = ("select", "train", "train_segmentation", "query", "evaluate")
TOLD_LABELS = ("cohort.parquet", "/masks/", "metrics.parquet", "summary.parquet")


@pytest.fixture
def copy(finished, tmp_path):
    """A finished run of one's own."""
    place = Workplace(finished.checkout, tmp_path / "work")
    shutil.copytree(finished.folder, place.folder, symlinks=True)
    return place


def falsify(place, rows):
    """Turn labels and masks of some samples into their opposites; `rows` picks them from the cohort."""
    results = place.folder / "results/tiny"
    cohort = pd.read_parquet(results / "cohort.parquet")
    wrong = rows(cohort).to_numpy()
    assert wrong.any()
    cohort.loc[wrong, "label"] = 1 - cohort.loc[wrong, "label"]
    write_table(results / "cohort.parquet", cohort, read_metadata(results / "cohort.parquet"))
    masks = np.load(results / "masks/32.npy")
    masks[wrong] = 1 - masks[wrong]
    np.save(results / "masks/32.npy", masks)


def runs(place):
    """Folders of the one arm and its round, both tasks."""
    return sorted((place.folder / "results/tiny/runs").glob("*/pixels/clustering/*/b4/s1/t*/round?"))


def chosen(folder):
    """What a run has chosen and predicted, byte by byte where it holds no times."""
    fit = json.loads((folder / "fit.json").read_text())
    history = pd.read_csv(folder / "history.csv").drop(columns="seconds")
    files = ("labelled.parquet", "queried.parquet", "predictions.parquet", "maps.npz")
    kept = {name: (folder / name).read_bytes() for name in files if (folder / name).is_file()}
    return kept | {"fit": {key: fit[key] for key in fit if key != "slot"}, "history": history.to_csv()}


def test_no_choice_depends_on_test_labels_or_on_labels_that_nobody_was_asked_for(finished, copy):
    folders = runs(copy)
    assert len(folders) == 4
    labelled = {name for folder in folders for name in pd.read_parquet(folder / "labelled.parquet").sample_id}
    before = {folder: chosen(folder) for folder in folders}
    metrics = {folder: pd.read_parquet(folder / "metrics.parquet")["value"].tolist() for folder in folders}
    selections = {path: path.read_bytes() for path in (copy.folder / "results/tiny/selections").rglob("*.parquet")}

    falsify(copy, lambda one: (one.split == "test") | ((one.split == "train") & ~one.sample_id.isin(labelled)))
    wanted = [str((folder / "metrics.parquet").relative_to(copy.folder)) for folder in folders]
    # The masks would be drawn anew, and true, from the cohort that has changed.
    result = copy.run(*wanted, "--allowed-rules", *FALSIFIED, "--forcerun", "select", config=ONE_ARM)
    assert result.code == 0, result.text
    jobs = result.jobs()
    assert (jobs["select"], jobs["train"], jobs["train_segmentation"], jobs["query"]) == (2, 2, 2, 2), jobs

    for folder in folders:
        assert chosen(folder) == before[folder], folder
        # Metrics alone look at the truth of the test split.
        assert pd.read_parquet(folder / "metrics.parquet")["value"].tolist() != metrics[folder], folder
    assert all(path.read_bytes() == content for path, content in selections.items())


def test_no_selection_depends_on_validation_labels_though_the_threshold_does(copy):
    place = copy.folder / "results/tiny"
    (run,) = [folder for folder in runs(copy) if "classification" in folder.parts and folder.name == "round0"]
    selections = {path: path.read_bytes() for path in (place / "selections").rglob("b4/*.parquet")}
    before = chosen(run)
    falsify(copy, lambda cohort: cohort.split == "val")
    result = copy.run(str((run / "fit.json").relative_to(copy.folder)), "--forcerun", "select", config=ONE_ARM)
    assert result.code == 0, result.text
    assert result.jobs()["select"] == 1
    assert all(path.read_bytes() == content for path, content in selections.items())
    assert chosen(run)["fit"] != before["fit"]
    assert chosen(run)["labelled.parquet"] == before["labelled.parquet"]


def test_what_chooses_is_given_no_file_that_holds_labels(finished):
    told = {}
    for path in (finished.folder / ".snakemake/metadata").rglob("*"):
        if path.is_file():
            record = json.loads(path.read_text())
            told.setdefault(record["rule"], set()).update(record["input"])
    assert told.keys() >= CHOOSING - {"contact", "images"}
    for rule in CHOOSING & told.keys() - {"images"}:
        assert not [name for name in told[rule] for part in TOLD_LABELS if part in name], rule
    # A training is given the file, and sees some of it: tests/unit/test_learning_visible_targets.py.
    assert any("cohort.parquet" in name for name in told["train"])
