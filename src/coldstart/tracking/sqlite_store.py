"""A local MLflow store in one SQLite file that a kill cannot spoil.

MLflow migrates a new SQLite file through some sixty schema versions in place.
Processes that start together on a fresh file, or a kill in the middle, leave a
file that no later start can open. So the file is made under a lock, beside its
place, and put there whole.
"""

import logging
import os
import shutil
import sqlite3
import tempfile
import time
from contextlib import closing, contextmanager
from pathlib import Path

from alembic.script import ScriptDirectory
from filelock import FileLock, Timeout
from sqlalchemy.engine import make_url

from coldstart.errors import InputError
from coldstart.tracking.client import MIGRATIONS, MlflowClient

LOGGER = logging.getLogger("coldstart")
SECONDS_BETWEEN_LINES = 60
# A file that grew within this time may be in the making by `mlflow ui`, which knows nothing of the lock.
QUIET_SECONDS = 5
# Tables that MLflow makes before it writes down a schema version.
INITIAL_TABLES = {"experiments", "runs", "tags", "metrics", "params"}
# Rows that MLflow itself puts into a new database.
SEEDED = {"experiments": "name = 'Default'", "workspaces": "name = 'default'"}


def sqlite_uri(path):
    """Tracking URI of a SQLite file.

    Parameters
    ----------
    path : str or pathlib.Path
        The file; a relative path is taken from the working directory.

    Returns
    -------
    str
        ``sqlite:////absolute/path``.
    """
    return f"sqlite:///{Path(path).absolute()}"


def database_path(uri):
    """Path of the SQLite file behind a tracking URI.

    Parameters
    ----------
    uri : str
        ``sqlite:///relative`` or ``sqlite:////absolute``.

    Returns
    -------
    pathlib.Path
        Absolute.

    Raises
    ------
    InputError
        If the URI names no file.
    """
    database = make_url(uri).database
    if not database or database == ":memory:":
        raise InputError(f"tracking.uri '{uri}' names no file: write sqlite:////absolute/path/mlflow.db, or null.")
    return Path(database).absolute()


@contextmanager
def locked(path):
    """Hold the one lock of a database file; the kernel gives it back when its holder dies.

    Parameters
    ----------
    path : pathlib.Path
        The database. The lock is ``{path}.lock`` beside it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(f"{path}.lock")
    started = time.monotonic()
    while not lock.is_locked:
        try:
            lock.acquire(timeout=SECONDS_BETWEEN_LINES)
        except Timeout:
            LOGGER.info("waiting for %s, %d s so far", lock.lock_file, time.monotonic() - started)
    try:
        yield
    finally:
        lock.release()


def ensure_database(path):
    """Make the database where it is missing; the caller holds its lock.

    A file that a killed first start left behind is made anew, as long as it
    holds nothing.

    Parameters
    ----------
    path : pathlib.Path
        The database.

    Raises
    ------
    InputError
        If the file is no MLflow database, is damaged, or was made by another
        version of MLflow and holds something.
    """
    for left in path.parent.glob(f".{path.name}-*"):
        shutil.rmtree(left)
    mend = "move the file away and run the same command again, which records every run of the results folder anew"
    if not path.exists():
        build(path)
        return
    try:
        while (state := inspect(path)) == "unfinished" and time.time() - path.stat().st_mtime < QUIET_SECONDS:
            time.sleep(0.5)
    except sqlite3.Error as error:
        raise InputError(f"the MLflow database {path} cannot be read ({error}): {mend}.") from error
    if state == "foreign":
        raise InputError(f"{path} is a database, but not one of MLflow's: give another file as tracking.uri.")
    if state == "outdated":
        raise InputError(
            f"the MLflow database {path} was made by another version of MLflow or left half upgraded: keep a copy and "
            f"run `mlflow db upgrade {sqlite_uri(path)}`, or {mend}."
        )
    if state == "unfinished":
        LOGGER.warning("%s was left unfinished and holds nothing: making it anew", path)
        for suffix in ("-journal", "-wal", "-shm"):
            Path(f"{path}{suffix}").unlink(missing_ok=True)
        build(path)


def inspect(path):
    """Say in what state a database file is.

    Parameters
    ----------
    path : pathlib.Path
        An existing file.

    Returns
    -------
    str
        ``ready``: of the installed MLflow's schema version. ``unfinished``: of
        an earlier or no version, and without content. ``outdated``: the same
        with content. ``foreign``: not made by MLflow.

    Raises
    ------
    sqlite3.Error
        If it is not a readable SQLite file.
    """
    with closing(sqlite3.connect(path, timeout=20)) as connection:
        query = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        tables = {name for (name,) in connection.execute(query)}
        versioned = "alembic_version" in tables
        if not versioned and not tables <= INITIAL_TABLES:
            return "foreign"
        version = connection.execute("SELECT version_num FROM alembic_version").fetchall() if versioned else []
        if version == [(ScriptDirectory(str(MIGRATIONS)).get_current_head(),)]:
            return "ready"
        for table in tables - {"alembic_version"}:
            seeded = SEEDED.get(table.removeprefix("_alembic_tmp_"), "FALSE")
            if connection.execute(f'SELECT 1 FROM "{table}" WHERE NOT ({seeded}) LIMIT 1').fetchone():
                return "outdated"
    return "unfinished"


def build(path):
    """Make an empty MLflow database and put it in place whole; the caller holds its lock.

    Parameters
    ----------
    path : pathlib.Path
        Where it goes; a file there is replaced.
    """
    # A fresh folder each time: MLflow keeps its connections by path for the life of the process.
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}-") as folder:
        new = Path(folder) / path.name
        MlflowClient(tracking_uri=sqlite_uri(new)).search_experiments(max_results=1)
        os.replace(new, path)
