"""Runs in a real MLflow store: each once, whatever happened before."""

import os
import shutil
import signal
import subprocess
import sys
import time

import pytest
from mlflow_server import Server
from test_tracking_records import make_run

from coldstart.errors import InputError
from coldstart.storage import write_text
from coldstart.tracking import mlflow_mirror
from coldstart.tracking.client import MlflowClient
from coldstart.tracking.mlflow_mirror import mirror
from coldstart.tracking.records import read_run
from coldstart.tracking.sqlite_store import build, sqlite_uri

# Mirrors all runs below a results folder, as a process of its own.
SCRIPT = """
import os, signal, sys
from pathlib import Path
from coldstart.tracking import mlflow_mirror, sqlite_store
from coldstart.tracking.records import read_run

root, uri, part, parts, method, calls = sys.argv[1:]
part, parts, calls = int(part), int(parts), int(calls)
if method:
    owner = sqlite_store.os if method == "replace" else mlflow_mirror.MlflowClient
    original, seen = getattr(owner, method), []
    def deadly(*args, **kwargs):
        seen.append(1)
        if len(seen) == calls:
            os.kill(os.getpid(), signal.SIGKILL)
        return original(*args, **kwargs)
    setattr(owner, method, deadly)
folders = sorted(Path(root).glob("*/runs/*/*/*/*/*/*/*/*"))[part::parts]
table = mlflow_mirror.mirror([read_run(folder, root) for folder in folders], uri=uri)
print(table["action"].value_counts().to_dict())
"""


def start(root, uri, *, part=0, parts=1, method="", calls=0, environment=None):
    arguments = [str(root), uri, str(part), str(parts), method, str(calls)]
    return subprocess.Popen(
        [sys.executable, "-c", SCRIPT, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment or os.environ,
    )


def all_runs(uri, *names):
    """Every active run of some experiments."""
    client = MlflowClient(tracking_uri=uri)
    ids = [client.get_experiment_by_name(name).experiment_id for name in names]
    return client.search_runs(ids, max_results=50_000)


def assert_each_once(uri, records, *names):
    """The store holds each record once, finished, with all that belongs to it."""
    client, found = MlflowClient(tracking_uri=uri), all_runs(uri, *names)
    assert sorted(run.data.tags["coldstart.run"] for run in found) == sorted(record.key for record in records)
    by_key = {record.key: record for record in records}
    for run in found:
        record = by_key[run.data.tags["coldstart.run"]]
        assert run.info.status == "FINISHED"
        assert run.data.tags["coldstart.digest"] == record.digest
        assert run.data.params == record.params()
        last = {point.name: point.value for point in record.points()}
        assert run.data.metrics == pytest.approx(last)
        assert len(client.list_artifacts(run.info.run_id)) == 4


@pytest.fixture(scope="module")
def fresh(tmp_path_factory):
    path = tmp_path_factory.mktemp("fresh") / "mlflow.db"
    build(path)
    return path


@pytest.fixture
def uri(fresh, tmp_path):
    """A store of its own for each test."""
    shutil.copyfile(fresh, tmp_path / "mlflow.db")
    return sqlite_uri(tmp_path / "mlflow.db")


@pytest.fixture
def results(tmp_path):
    return tmp_path / "results"


def records_of(results, count, **changes):
    return [read_run(make_run(results, seed=seed, **changes), results) for seed in range(count)]


def test_a_run_is_there_with_all_that_it_wrote(results, uri):
    (record,) = records_of(results, 1)
    os.utime(record.folder / "metrics.parquet", (1_000, 1_000))
    (row,) = mirror([record], uri=uri).to_dict("records")
    assert row["run"] == record.key
    assert row["experiment"] == "nih/classification"
    assert row["digest"] == record.digest
    assert row["action"] == "written"
    assert_each_once(uri, [record], "nih/classification")
    client = MlflowClient(tracking_uri=uri)
    run = client.get_run(row["run_id"])
    assert run.info.run_name == "imagenet/clustering/none/b20/s0/t0/round0"
    assert (run.info.start_time, run.info.end_time) == (996_000, 1_000_000)
    assert {"dataset", "task", "model", "method", "query", "budget", "seed", "repeat", "round"} <= set(run.data.tags)
    curve = client.get_metric_history(row["run_id"], "history/val_auprc")
    assert [(point.step, point.value) for point in curve] == [(0, 0.5), (1, 0.51), (2, 0.52)]
    for name in ("history.csv", "metrics.parquet", "labelled.parquet", "fit.json"):
        copy = client.download_artifacts(row["run_id"], name)
        with open(copy, "rb") as stream:
            assert stream.read() == (record.folder / name).read_bytes()


def test_a_second_time_changes_nothing(results, uri):
    records = records_of(results, 3)
    first, second = mirror(records, uri=uri), mirror(records, uri=uri)
    assert set(second["action"]) == {"kept"}
    assert list(second["run_id"]) == list(first["run_id"])
    assert_each_once(uri, records, "nih/classification")


def test_a_changed_run_is_replaced_and_only_it(results, uri):
    first = mirror(records_of(results, 3), uri=uri)
    make_run(results, seed=1, auprc=0.9)
    records = [read_run(results.parent / "results" / key, results) for key in first["run"]]
    second = mirror(records, uri=uri)
    assert list(second["action"]) == ["kept", "replaced", "kept"]
    assert_each_once(uri, records, "nih/classification")
    (run,) = [run for run in all_runs(uri, "nih/classification") if run.data.tags["seed"] == "1"]
    assert run.data.metrics["auprc"] == 0.9


def test_of_duplicates_one_stays(results, uri):
    (record,) = records_of(results, 1)
    mirror([record], uri=uri)
    client = MlflowClient(tracking_uri=uri)
    experiment_id = client.get_experiment_by_name("nih/classification").experiment_id
    for _ in range(2):
        mlflow_mirror.write_run(client, experiment_id, record)
    assert len(all_runs(uri, "nih/classification")) == 3
    assert list(mirror([record], uri=uri)["action"]) == ["kept"]
    assert_each_once(uri, [record], "nih/classification")


def test_what_takes_no_part_is_left_alone(results, uri):
    records = records_of(results, 3)
    mirror(records, uri=uri)
    client = MlflowClient(tracking_uri=uri)
    foreign = client.create_run(client.get_experiment_by_name("nih/classification").experiment_id)
    mirror(records[:1], uri=uri)
    found = all_runs(uri, "nih/classification")
    assert len(found) == 4
    assert foreign.info.run_id in {run.info.run_id for run in found}


def test_runs_beyond_the_first_page_are_found(results, uri, monkeypatch):
    monkeypatch.setattr(mlflow_mirror, "PAGE", 2)
    records = records_of(results, 5)
    mirror(records, uri=uri)
    assert set(mirror(records, uri=uri)["action"]) == {"kept"}


def test_long_curves_and_many_settings_are_written_in_pieces(results, uri):
    folder = make_run(results, epochs=700)
    record = read_run(folder, results, settings={f"key {number} ü": "x" * 7000 for number in range(150)})
    run_id = mirror([record], uri=uri)["run_id"][0]
    client = MlflowClient(tracking_uri=uri)
    assert len(client.get_metric_history(run_id, "history/train_loss")) == 700
    params = client.get_run(run_id).data.params
    assert sum(name.startswith("key") for name in params) == 150
    assert max(len(value) for value in params.values()) == 6000


def test_data_sets_and_tasks_have_experiments_of_their_own(results, uri):
    made = [{"task": "segmentation"}, {"dataset": "own"}, {}]
    records = [read_run(make_run(results, **changes), results) for changes in made]
    table = mirror(records, uri=uri, experiment_prefix="lab/")
    assert list(table["experiment"]) == ["lab/nih/segmentation", "lab/own/classification", "lab/nih/classification"]
    assert_each_once(uri, records, *table["experiment"])


def test_artifacts_are_found_from_anywhere(results, uri, tmp_path, monkeypatch):
    odd, elsewhere = tmp_path / "a folder#1 100%", tmp_path / "elsewhere"
    odd.mkdir()
    elsewhere.mkdir()
    monkeypatch.chdir(odd)
    run_id = mirror(records_of(results, 1), uri=uri, artifact_root="artifacts")["run_id"][0]
    monkeypatch.chdir(elsewhere)
    client = MlflowClient(tracking_uri=uri)
    assert {item.path for item in client.list_artifacts(run_id)} >= {"fit.json", "metrics.parquet"}
    assert list(odd.rglob("fit.json"))
    assert not list(elsewhere.iterdir())


def test_by_default_artifacts_lie_beside_the_database(results, uri, tmp_path):
    mirror(records_of(results, 1), uri=uri)
    assert list((tmp_path / "mlartifacts/nih/classification").rglob("fit.json"))


def test_a_moved_store_is_said(results, uri, tmp_path, caplog):
    records = records_of(results, 2)
    mirror(records[:1], uri=uri)
    mirror(records, uri=uri, artifact_root=tmp_path / "new")
    assert "mlartifacts/nih/classification, where the store keeps them" in caplog.text


def test_a_deleted_experiment_is_said(results, uri):
    records = records_of(results, 1)
    mirror(records, uri=uri)
    client = MlflowClient(tracking_uri=uri)
    client.delete_experiment(client.get_experiment_by_name("nih/classification").experiment_id)
    with pytest.raises(InputError, match=r"'nih/classification' has been deleted: .*mlflow experiments restore"):
        mirror(records, uri=uri)


def test_artifacts_that_cannot_be_written_are_said(results, uri, tmp_path):
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(InputError, match=r"tracking\.uri\) failed after 0 of 1 runs .*run the same command again"):
        mirror(records_of(results, 1), uri=uri, artifact_root=tmp_path / "file")


def test_a_damaged_run_is_named_and_leaves_nothing_behind(results, uri):
    records = records_of(results, 2)
    write_text(records[1].folder / "history.csv", "epoch,loss\n0,high\n")
    with pytest.raises(InputError, match=r"s1/t0/round0/history\.csv cannot be read"):
        mirror(records, uri=uri)
    assert_each_once(uri, records[:1], "nih/classification")


def test_nothing_to_mirror_makes_no_store(tmp_path):
    table = mirror([], uri=sqlite_uri(tmp_path / "none/mlflow.db"))
    assert list(table.columns) == ["run", "run_id", "experiment", "digest", "action"]
    assert not (tmp_path / "none").exists()


def test_wrong_calls_are_defects(results, uri):
    (record,) = records_of(results, 1)
    with pytest.raises(ValueError, match="two records of one run"):
        mirror([record, record], uri=uri)
    with pytest.raises(ValueError, match="artifact_root"):
        mirror([record], uri="postgresql://host/db")


def test_nothing_leaves_the_machine(results, uri):
    records_of(results, 1)
    silent = ("PYTEST_CURRENT_TEST", "CI", "GITHUB_ACTIONS", "DO_NOT_TRACK", "MLFLOW_DISABLE_TELEMETRY")
    environment = {name: value for name, value in os.environ.items() if name not in silent}
    guard = (
        "import socket\n"
        "def refuse(*args): raise SystemExit(f'a connection to {args[1:]}')\n"
        "socket.socket.connect = socket.socket.connect_ex = socket.getaddrinfo = refuse\n"
    )
    check = (
        "\nfrom mlflow.telemetry import get_telemetry_client\nassert get_telemetry_client() is None\n"
        "assert 'MLFLOW_TRACKING_URI' not in os.environ\n"
    )
    arguments = [str(results), uri, "0", "1", "", "0"]
    done = subprocess.run(
        [sys.executable, "-c", guard + SCRIPT + check, *arguments], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "{'written': 1}"


@pytest.mark.parametrize(
    ("method", "calls"), [("replace", 1), ("log_artifact", 6), ("log_batch", 5), ("set_terminated", 2)]
)
def test_a_killed_import_is_completed(results, tmp_path, method, calls):
    records = records_of(results, 3)
    uri = sqlite_uri(tmp_path / "mlflow.db")
    killed = start(results, uri, method=method, calls=calls)
    killed.communicate()
    assert killed.returncode == -signal.SIGKILL
    actions = list(mirror(records, uri=uri)["action"])
    assert actions == (["written"] * 3 if method == "replace" else ["kept", "replaced", "written"])
    assert_each_once(uri, records, "nih/classification")
    assert not list(tmp_path.glob(".mlflow*"))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("writers", "same"),
    [(8, True), *(pytest.param(*case, marks=pytest.mark.long) for case in ((8, False), (32, True), (32, False)))],
)
def test_processes_at_once_write_each_run_once(results, tmp_path, writers, same):
    records = records_of(results, 2 * writers)
    uri = sqlite_uri(tmp_path / "mlflow.db")
    parts = 1 if same else writers
    processes = [start(results, uri, part=number % parts, parts=parts) for number in range(writers)]
    for process in processes:
        _, errors = process.communicate(timeout=800)
        assert process.returncode == 0, errors
    assert_each_once(uri, records, "nih/classification")


@pytest.mark.slow
def test_runs_wait_while_the_server_is_away_and_its_return_brings_them(results, tmp_path, caplog):
    records, server = records_of(results, 3), Server(tmp_path)

    def stopping(records, what):
        for number, record in enumerate(records):
            if number == 2:
                server.kill()
            yield record

    with server:
        started = time.monotonic()
        table = mirror(records, uri=server.uri, progress=stopping)
        assert time.monotonic() - started < 60
    assert list(table.action) == ["written", "written", "queued"]
    assert list(table.run) == [record.key for record in records]
    assert table.run_id.isna().tolist() == [False, False, True]
    assert f"{server.uri} (key tracking.uri) does not answer" in caplog.text
    assert "1 of 3 runs wait" in caplog.text
    with server:
        assert list(mirror(records, uri=server.uri).action) == ["kept", "kept", "written"]
        assert set(mirror(records, uri=server.uri).action) == {"kept"}
        assert_each_once(server.uri, records, "nih/classification")
    assert list((tmp_path / "kept").rglob("fit.json"))
