"""The store behind the mirror: which one, and what is left of a killed start."""

import logging
import os
import shutil
import socket
import sqlite3
import threading
import time
from contextlib import closing

import pytest
from filelock import FileLock

from coldstart.errors import InputError
from coldstart.tracking import sqlite_store
from coldstart.tracking.client import MlflowClient, MlflowException
from coldstart.tracking.sqlite_store import build, database_path, ensure_database, inspect, locked, sqlite_uri
from coldstart.tracking.store import PATIENCE, bounded_patience, checked_scheme, hidden, usable_store


@pytest.fixture(scope="module")
def fresh(tmp_path_factory):
    """An MLflow database without content."""
    path = tmp_path_factory.mktemp("fresh") / "mlflow.db"
    build(path)
    return path


@pytest.fixture
def database(fresh, tmp_path):
    """A copy of it, old enough not to be taken for one in the making."""
    path = tmp_path / "mlflow.db"
    shutil.copyfile(fresh, path)
    os.utime(path, (1, 1))
    return path


def run_sql(path, *statements):
    with closing(sqlite3.connect(path)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()
    os.utime(path, (1, 1))


def test_a_missing_database_is_made_whole(tmp_path):
    path = tmp_path / "mlflow.db"
    ensure_database(path)
    assert inspect(path) == "ready"
    assert [entry.name for entry in tmp_path.iterdir()] == ["mlflow.db"]


def test_what_a_kill_left_beside_a_finished_database_is_cleared_away(database):
    (database.parent / ".mlflow.db-abc").mkdir()
    ensure_database(database)
    assert [entry.name for entry in database.parent.iterdir()] == ["mlflow.db"]


def test_a_good_database_is_left_alone(database):
    before = database.read_bytes()
    ensure_database(database)
    assert database.read_bytes() == before


@pytest.mark.parametrize(
    "spoil",
    [
        lambda path: path.write_bytes(b""),
        lambda path: run_sql(path, "UPDATE alembic_version SET version_num = '451aebb31d03'"),
        lambda path: run_sql(path, "DELETE FROM alembic_version", "CREATE TABLE _alembic_tmp_params (x)"),
        lambda path: (path.unlink(), run_sql(path, "CREATE TABLE experiments (name)", "CREATE TABLE runs (x)")),
    ],
    ids=["empty file", "early version", "between versions", "before any version"],
)
def test_what_a_killed_first_start_leaves_is_made_anew(database, spoil):
    spoil(database)
    os.utime(database, (1, 1))
    assert inspect(database) == "unfinished"
    ensure_database(database)
    assert inspect(database) == "ready"
    assert MlflowClient(tracking_uri=sqlite_uri(database)).get_experiment("0").name == "Default"


@pytest.mark.parametrize("kept", ["experiments", "registered_models"])
def test_an_unfinished_database_with_content_is_never_touched(database, kept):
    row = {
        "experiments": "INSERT INTO experiments (experiment_id, name) VALUES (7, 'mine')",
        "registered_models": "INSERT INTO registered_models (name) VALUES ('mine')",
    }[kept]
    run_sql(database, row, "UPDATE alembic_version SET version_num = '451aebb31d03'")
    before = database.read_bytes()
    with pytest.raises(InputError, match=r"mlflow db upgrade sqlite:////.*move the file away and run the same command"):
        ensure_database(database)
    assert database.read_bytes() == before


def test_a_file_that_is_no_database_is_named(tmp_path):
    path = tmp_path / "mlflow.db"
    path.write_bytes(b"no database at all, however long it may be" * 100)
    with pytest.raises(InputError, match=r"mlflow\.db cannot be read .*move the file away and run"):
        ensure_database(path)


def test_a_database_of_another_program_is_refused(tmp_path):
    path = tmp_path / "mlflow.db"
    run_sql(path, "CREATE TABLE patients (x)")
    with pytest.raises(InputError, match="not one of MLflow's"):
        ensure_database(path)


def test_a_database_in_the_making_is_waited_for(fresh, tmp_path, monkeypatch):
    monkeypatch.setattr(sqlite_store, "QUIET_SECONDS", 30)
    path = tmp_path / "mlflow.db"
    path.write_bytes(b"")
    other = threading.Timer(1.0, lambda: shutil.copyfile(fresh, path))
    other.start()
    inode = path.stat().st_ino
    ensure_database(path)
    other.join()
    assert path.stat().st_ino == inode
    assert inspect(path) == "ready"


def test_the_lock_is_waited_for_and_said_so(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(sqlite_store, "SECONDS_BETWEEN_LINES", 0.2)
    path = tmp_path / "mlflow.db"
    holder = FileLock(f"{path}.lock", thread_local=False)
    holder.acquire()
    threading.Timer(0.7, holder.release).start()
    with caplog.at_level(logging.INFO, "coldstart"), locked(path):
        assert not holder.is_locked
    assert "waiting for" in caplog.text


def test_a_sqlite_uri_is_taken_from_the_working_directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert database_path("sqlite:///a/mlflow.db") == tmp_path / "a/mlflow.db"
    assert database_path("sqlite:////x/mlflow.db").as_posix() == "/x/mlflow.db"
    assert sqlite_uri("mlflow.db") == f"sqlite:///{tmp_path}/mlflow.db"


@pytest.mark.parametrize("uri", ["sqlite://", "sqlite:///", "sqlite:///:memory:"])
def test_a_sqlite_uri_without_a_file_is_refused(uri):
    with pytest.raises(InputError, match="names no file"):
        database_path(uri)


def test_stores_that_mlflow_opens_are_let_through():
    uris = ["sqlite:////x/m.db", "postgresql+psycopg2://u:p@host/db", "http://host:5000", "https://host"]
    assert [checked_scheme(uri) for uri in uris] == ["sqlite", "postgresql", "http", "https"]


@pytest.mark.parametrize("uri", ["file:./mlruns", "file:///x/mlruns", "mlruns", "/x/mlruns"])
def test_folders_are_refused_with_the_remedy(uri):
    with pytest.raises(InputError, match=r"tracking\.uri .* no runs in plain folders any more; write sqlite:////"):
        checked_scheme(uri)


def test_other_schemes_are_refused():
    with pytest.raises(InputError, match=r"tracking\.uri 'ftp://host' cannot be used: write sqlite:////"):
        checked_scheme("ftp://user:secret@host")


def test_passwords_stay_out_of_messages():
    uri = "http://user:secret@host:5000"
    assert hidden(f"API request to {uri}/api failed", uri) == "API request to http://host:5000/api failed"
    with pytest.raises(InputError) as caught, usable_store(uri, [1, 2], 5):
        raise MlflowException(f"API request to {uri}/api failed with exception")
    assert "secret" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__
    assert "tracking.uri" in str(caught.value)
    assert "after 2 of 5 runs" in str(caught.value)
    assert "mend the server" in str(caught.value)


@pytest.mark.parametrize(
    "cause", [ConnectionRefusedError("refused"), TimeoutError("timed out"), socket.gaierror("name")]
)
def test_a_server_that_does_not_answer_is_no_failure(cause, caplog):
    with usable_store("http://user:secret@host", [1, 2], 5):
        try:
            raise cause
        except OSError:
            raise MlflowException("API request failed")  # noqa: B904 -- MLflow names no cause either
    assert "http://host (key tracking.uri) does not answer" in caplog.text
    assert "3 of 5 runs wait" in caplog.text
    assert "secret" not in caplog.text


def test_a_database_that_does_not_answer_is_a_failure():
    with pytest.raises(InputError, match="mend this"), usable_store("postgresql://host", [], 1):
        raise ConnectionRefusedError("refused")


def test_a_defect_of_ours_stays_a_defect():
    with pytest.raises(MlflowException), usable_store("http://host", [], 1):
        raise MlflowException.invalid_parameter_value("a metric without a name")


def test_patience_is_bounded_for_the_block_and_the_user_wins(monkeypatch):
    for name in PATIENCE:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "9")
    before = dict(os.environ)
    with bounded_patience():
        assert os.environ["MLFLOW_HTTP_REQUEST_MAX_RETRIES"] == "9"
        assert os.environ["MLFLOW_HTTP_REQUEST_TIMEOUT"] == "20"
    assert dict(os.environ) == before


def test_an_absent_server_is_said_within_seconds(tmp_path, caplog):
    from test_tracking_records import make_run

    from coldstart.tracking.mlflow_mirror import mirror
    from coldstart.tracking.records import read_run

    record = read_run(make_run(tmp_path), tmp_path)
    started = time.monotonic()
    table = mirror([record], uri="http://127.0.0.1:9")
    assert time.monotonic() - started < 20
    assert table.action.tolist() == ["queued"]
    assert "http://127.0.0.1:9 (key tracking.uri) does not answer" in caplog.text
