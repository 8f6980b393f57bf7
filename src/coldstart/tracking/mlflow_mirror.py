"""Mirror finished runs into MLflow: each run once, whatever was killed and restarted.

MLflow is a mirror here and never a source: tables and figures come from the
files of the runs, and a lost store is filled again by the same command.
"""

import logging
import re
from collections import defaultdict
from contextlib import nullcontext
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from coldstart.errors import InputError
from coldstart.progress import track
from coldstart.tracking.client import Metric, MlflowClient, MlflowException, Param, RunTag
from coldstart.tracking.sqlite_store import database_path, ensure_database, locked, sqlite_uri
from coldstart.tracking.store import DATABASES, bounded_patience, checked_scheme, usable_store

LOGGER = logging.getLogger("coldstart")
COLUMNS = ["run", "run_id", "experiment", "digest", "action"]
PAGE = 1000
METRICS_PER_BATCH = 1000
PARAMS_PER_BATCH = 100
PARAM_LENGTH = 6000


class Present(NamedTuple):
    """A run that the store holds: its id, and its digest once it is complete."""

    run_id: str
    digest: str | None


def mirror(records, *, uri, artifact_root=None, experiment_prefix="", progress=track):
    """Bring runs into MLflow.

    There is one experiment for each data set and task, and each run carries the
    tag ``coldstart.run``, its folder below the results folder. A run that is
    there with the same content is left alone. One whose content has changed, or
    whose import was killed, is deleted (in MLflow's sense: ``mlflow gc`` frees
    the space) and written again, and of duplicates one stays. Runs that are in
    the store and not among `records` stay as they are: they are history.

    With a SQLite store any number of processes may do this at once; they take
    turns. On a server, two processes that mirror the same run at the same time
    may both write it; the next call removes one. People who share a server
    tell their runs apart by `experiment_prefix`.

    Where a server does not answer, the runs that it has not got wait in their
    folders: they are answered for as ``queued``, and the next call brings them.

    The store notes absolute artifact locations. After the results folder has
    moved, MLflow looks for the artifacts of earlier runs, and puts those of
    later runs of the same experiments, in the old place; move the database away
    and run again to have them recorded anew.

    Parameters
    ----------
    records : iterable of coldstart.tracking.records.RunRecord
        The runs.
    uri : str
        ``sqlite:///`` and the path of a file, which is made where it is
        missing; another database; or the address of an MLflow server.
    artifact_root : str or pathlib.Path, optional
        Folder or URI below which artifacts of new experiments are kept, by
        default ``mlartifacts`` beside a SQLite file, and what a server decides.
        Needed with other databases.
    experiment_prefix : str, default=""
        Put before the name of each experiment.
    progress : callable, default=coldstart.progress.track
        Called with the records and a text; yields the records.

    Returns
    -------
    pandas.DataFrame
        A row for each record, in their order: ``run`` (its key), ``run_id``,
        ``experiment``, ``digest``, and ``action``: ``kept``, ``written``,
        ``replaced`` or, without a ``run_id``, ``queued``.

    Raises
    ------
    InputError
        If the store cannot be used; the message names it and the key.
    ValueError
        If two records are of one run, or `artifact_root` is needed.
    """
    records = list(records)
    if len({record.key for record in records}) < len(records):
        raise ValueError("two records of one run")
    scheme = checked_scheme(uri)
    database = database_path(uri) if scheme == "sqlite" else None
    if database is not None:
        uri = sqlite_uri(database)
        artifact_root = artifact_root or database.parent / "mlartifacts"
    elif scheme in DATABASES and artifact_root is None:
        raise ValueError("this store needs an artifact_root")
    rows = []
    if not records:
        return pd.DataFrame(rows, columns=COLUMNS)
    with usable_store(uri, rows, len(records)), bounded_patience(), locked(database) if database else nullcontext():
        if database is not None:
            ensure_database(database)
        client = MlflowClient(tracking_uri=uri)
        experiments = {}
        for name in dict.fromkeys(experiment_prefix + record.experiment for record in records):
            experiment_id = ensure_experiment(client, name, artifact_root)
            experiments[name] = experiment_id, present_runs(client, experiment_id)
        for record in progress(records, "mirror runs into MLflow"):
            name = experiment_prefix + record.experiment
            experiment_id, present = experiments[name]
            run_id, action = bring(client, experiment_id, record, present[record.key])
            rows.append((record.key, run_id, name, record.digest, action))
    waiting = [
        (record.key, None, experiment_prefix + record.experiment, record.digest, "queued")
        for record in records[len(rows) :]
    ]
    return pd.DataFrame(rows + waiting, columns=COLUMNS)


def bring(client, experiment_id, record, present):
    """Make sure that the store holds a run once.

    Parameters
    ----------
    client : mlflow.MlflowClient
        The store.
    experiment_id : str
        Where the run belongs.
    record : RunRecord
        The run.
    present : list of Present
        What the store holds under its key.

    Returns
    -------
    tuple of str
        The run's id and ``kept``, ``written`` or ``replaced``.
    """
    kept = next((run for run in present if run.digest == record.digest), None)
    for run in present:
        if run is not kept:
            client.delete_run(run.run_id)
    if kept is not None:
        return kept.run_id, "kept"
    return write_run(client, experiment_id, record), "replaced" if present else "written"


def write_run(client, experiment_id, record):
    """Write one run, its completeness last.

    The digest goes in after everything else and the status after the digest, so
    a run that a kill left behind is told from a complete one.

    Returns
    -------
    str
        Its id.
    """
    points = record.points()
    params = [Param(clean(key), value[:PARAM_LENGTH]) for key, value in record.params().items()]
    tags = {"coldstart.run": record.key, **record.axes}
    start = min((point.time for point in points), default=record.finished)
    run = client.create_run(experiment_id, start_time=start, tags=tags, run_name=record.name)
    run_id = run.info.run_id
    for path in record.artifacts:
        client.log_artifact(run_id, str(path))
    metrics = [Metric(clean(point.name), point.value, point.time, point.step) for point in points]
    for first in range(0, len(metrics), METRICS_PER_BATCH):
        client.log_batch(run_id, metrics=metrics[first : first + METRICS_PER_BATCH])
    for first in range(0, len(params), PARAMS_PER_BATCH):
        client.log_batch(run_id, params=params[first : first + PARAMS_PER_BATCH])
    client.log_batch(run_id, tags=[RunTag("coldstart.digest", record.digest)])
    client.set_terminated(run_id, status="FINISHED", end_time=record.finished)
    return run_id


def present_runs(client, experiment_id):
    """Runs of an experiment that this package has written, the oldest first.

    Returns
    -------
    collections.defaultdict of str to list of Present
        By key.
    """
    found, token = defaultdict(list), None
    while True:
        page = client.search_runs(
            [experiment_id], max_results=PAGE, order_by=["attributes.start_time ASC"], page_token=token
        )
        for run in page:
            if "coldstart.run" in run.data.tags:
                digest = run.data.tags.get("coldstart.digest") if run.info.status == "FINISHED" else None
                found[run.data.tags["coldstart.run"]].append(Present(run.info.run_id, digest))
        token = page.token
        if not token:
            return found


def ensure_experiment(client, name, artifact_root):
    """Find an experiment by its name, or make it.

    Parameters
    ----------
    client : mlflow.MlflowClient
        The store.
    name : str
        Name of the experiment.
    artifact_root : str or pathlib.Path or None
        Its artifacts go to ``{artifact_root}/{name}``; None leaves it to the server.

    Returns
    -------
    str
        Its id.

    Raises
    ------
    InputError
        If somebody has deleted it.
    """
    location = None
    if artifact_root is not None:
        root = str(artifact_root)
        location = f"{root if '://' in root else Path(root).absolute().as_uri()}/{name}"
    experiment = client.get_experiment_by_name(name)
    if experiment is None:
        try:
            return client.create_experiment(name, artifact_location=location)
        except MlflowException as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS":
                raise
            experiment = client.get_experiment_by_name(name)
    if experiment.lifecycle_stage != "active":
        raise InputError(
            f"the MLflow experiment '{name}' has been deleted: bring it back with `mlflow experiments restore "
            f"--experiment-id {experiment.experiment_id}` or purge it with `mlflow gc`, and run the same command again."
        )
    if location is not None and experiment.artifact_location != location:
        LOGGER.warning("artifacts of %s go to %s, where the store keeps them", name, experiment.artifact_location)
    return experiment.experiment_id


def clean(name):
    """Name of a metric or parameter with the letters that MLflow allows."""
    return re.sub(r"[^\w\-. :/]", "_", name)
