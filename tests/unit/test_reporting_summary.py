"""The summary frame and its two stages."""

from pathlib import PurePosixPath

import pandas as pd
import pytest

from coldstart import storage
from coldstart.errors import InputError
from coldstart.reporting.headline import headline_metrics
from coldstart.reporting.summary import COLUMNS, build_summary, read_summary, stage_rows, stages


def run(query="none", budget=20, seed=1, round=0, n=None, metrics=None, **other):
    names = {"dataset": "d", "task": "classification", "model": "m", "method": "k", **other}
    wildcards = {**names, "query": query, "budget": str(budget), "seed": str(seed), "repeat": "0", "round": str(round)}
    metrics = metrics or {"auprc": 0.5}
    frame = pd.DataFrame(
        {"metric": list(metrics), "value": list(metrics.values()), "se": 0.1, "bootstrap": [[0.4, 0.6]] * len(metrics)}
    )
    folder = PurePosixPath("d/runs", *(f"{key}{value}" for key, value in wildcards.items()))
    return wildcards, frame, {"n_labelled": n or budget + 20 * round, "best_value": 0.5}, folder


def test_columns_and_types_are_those_of_the_contract():
    summary = build_summary([run(metrics={"f1": 0.2, "auprc": 0.5})])
    assert summary.columns.tolist() == COLUMNS
    assert summary["metric"].tolist() == ["auprc", "f1"]
    assert {str(summary[name].dtype) for name in ("budget", "seed", "repeat", "round", "n_labelled")} == {"int64"}
    assert summary.loc[0, "bootstrap"] == [0.4, 0.6]
    assert summary.loc[0, "run"].startswith("d/runs/datasetd/")


def test_the_order_of_the_runs_does_not_matter():
    runs = [run(budget=budget, seed=seed) for budget in (100, 20) for seed in (10, 9)]
    summary = build_summary(runs)
    # Numbers sort as numbers: 20 before 100, 9 before 10.
    assert summary[["budget", "seed"]].to_numpy().tolist() == [[20, 9], [20, 10], [100, 9], [100, 10]]
    pd.testing.assert_frame_equal(summary, build_summary(runs[::-1]))


def test_no_runs_give_an_empty_frame_with_the_columns():
    assert build_summary([]).columns.tolist() == COLUMNS


def test_a_run_given_twice_is_refused():
    with pytest.raises(InputError, match="in the summary twice"):
        build_summary([run(), run()])


def test_summary_and_note_survive_the_file(tmp_path):
    summary = build_summary([run()])
    storage.write_table(tmp_path / "summary.parquet", summary, {"note": "synthetic"})
    found, note = read_summary(tmp_path / "summary.parquet")
    assert note == "synthetic"
    assert found.drop(columns="bootstrap").equals(summary.drop(columns="bootstrap"))
    storage.write_table(tmp_path / "plain.parquet", summary)
    assert read_summary(tmp_path / "plain.parquet")[1] == ""


def test_stages_present():
    assert stages(build_summary([run()]), "classification") == ["initialisation"]
    assert stages(build_summary([run(), run("u", round=1)]), "classification") == ["initialisation", "subsequent"]
    assert stages(build_summary([run()]), "segmentation") == []


def test_subsequent_stage_starts_each_query_at_its_own_round_0():
    summary = build_summary(
        [
            *[run(budget=budget, seed=seed) for budget in (20, 40) for seed in (1, 2)],
            run("u", seed=1, round=1),
            run("u", seed=1, round=2),
            run("v", seed=2, round=1),
        ]
    )
    rows = stage_rows(summary, "classification", "subsequent")
    found = sorted(rows[["query", "budget", "seed", "round"]].itertuples(index=False, name=None))
    # Budget 40 has no rounds; seed 2 has none with u, seed 1 none with v.
    assert found == [("u", 20, 1, 0), ("u", 20, 1, 1), ("u", 20, 1, 2), ("v", 20, 2, 0), ("v", 20, 2, 1)]
    assert len(stage_rows(summary, "classification", "initialisation")) == 4


@pytest.mark.parametrize(
    ("runs", "task", "stage", "message"),
    [
        ([run()], "classification", "later", "unknown stage"),
        ([run()], "clasification", "initialisation", "did you mean 'classification'"),
        ([run()], "classification", "subsequent", "no rows of the task 'classification' at the stage"),
        ([run(), run(dataset="e")], "classification", "initialisation", "mixes the data sets d, e"),
    ],
)
def test_what_is_missing_is_named(runs, task, stage, message):
    with pytest.raises(InputError, match=message):
        stage_rows(build_summary(runs), task, stage)


def test_headline_metrics():
    pixels = build_summary([run(task="segmentation", metrics={"dice": 0.5, "hd_px": 3.0, "row_hd": 2.0})])
    both = build_summary([run(task="segmentation", metrics={"dice": 0.5, "hd_px": 3.0, "hd_mm": 2.0})])
    assert headline_metrics(pixels, "segmentation") == ["dice", "hd_px"]
    assert headline_metrics(both, "segmentation") == ["dice", "hd_mm"]
    assert headline_metrics(pixels, "segmentation", ["row_hd"]) == ["row_hd"]
    with pytest.raises(InputError, match="hd_mm was not measured"):
        headline_metrics(pixels, "segmentation", ["hd_mm"])
