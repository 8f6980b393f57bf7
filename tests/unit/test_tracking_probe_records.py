"""A job of probes is one run in MLflow."""

import pandas as pd
import pytest

from coldstart.errors import InputError
from coldstart.storage import write_table
from coldstart.tracking.probe_records import read_probes

CELL = {"task": "classification", "model": "a", "method": "m", "query": "q", "budget": "20"}
METADATA = {"cell": CELL, "settings": {"network": "probe", "network_parameters": {"embedding": "a"}}}


def make(root, value=0.5):
    """Write the files of a job of two seeds, two repeats and two rounds."""
    folder = root / "nih/probes/classification/a/m/q/b20"
    runs = [(seed, repeat, number) for seed in (3, 9) for repeat in (0, 1) for number in (1, 2)]
    frame = pd.DataFrame(runs, columns=["seed", "repeat", "round"])
    metrics = frame.assign(metric="auprc", value=value + frame["seed"] / 100 + frame["round"] / 10, se=0.1)
    write_table(folder / "metrics.parquet", metrics)
    write_table(folder / "fits.parquet", frame.assign(one_class=frame["seed"] == 3), METADATA)
    write_table(folder / "labelled.parquet", frame.assign(sample_id="x"), METADATA)
    return folder


def test_it_is_known_by_its_folder_and_its_settings(tmp_path):
    record = read_probes(make(tmp_path), tmp_path)
    assert record.key == "nih/probes/classification/a/m/q/b20"
    assert (record.experiment, record.name) == ("nih/classification", "a/m/q/b20")
    params = record.params()
    assert params["settings.network_parameters.embedding"] == "a"
    assert [params[name] for name in ("runs", "seeds", "repeats", "one_class", "budget")] == ["8", "2", "2", "4", "20"]
    assert {path.name for path in record.artifacts} == {"fits.parquet", "labelled.parquet"}


def test_points_are_means_over_runs_and_each_seed_at_the_end(tmp_path):
    points = {(point.name, point.step): point.value for point in read_probes(make(tmp_path), tmp_path).points()}
    assert points[("auprc", 1)] == pytest.approx(0.5 + 0.06 + 0.1)
    assert points[("se/auprc", 2)] == pytest.approx(0.1)
    assert points[("seed/auprc", 9)] == pytest.approx(0.5 + 0.09 + 0.2)
    assert ("sd/auprc", 2) in points


def test_other_metrics_are_another_content(tmp_path):
    first = read_probes(make(tmp_path), tmp_path).digest
    assert read_probes(make(tmp_path), tmp_path).digest == first
    assert read_probes(make(tmp_path, value=0.6), tmp_path).digest != first


def test_what_is_no_job_of_probes_or_not_finished_is_refused(tmp_path):
    with pytest.raises(InputError, match="holds no probes"):
        read_probes(tmp_path / "nih/runs/classification", tmp_path)
    folder = make(tmp_path)
    (folder / "fits.parquet").unlink()
    with pytest.raises(InputError, match=r"misses fits\.parquet"):
        read_probes(folder, tmp_path)
