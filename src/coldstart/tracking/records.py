"""What one run folder has to say, read from its own plain files."""

import hashlib
import json
import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from coldstart.errors import InputError, shown
from coldstart.provenance import file_digest
from coldstart.storage import read_json, read_table, whole

ARTIFACTS = ("history.csv", "metrics.parquet", "labelled.parquet", "fit.json")
# The training for a list of live labelling.
LIST_KEY = re.compile(r"(?P<dataset>[^/]+)/worklist/(?P<task>[^/]+)/list(?P<list>\d+)")
LIST_ARTIFACTS = ("history.csv", "metrics.parquet", "answers.parquet", "fit.json")
RUN_KEY = re.compile(
    r"(?P<dataset>[^/]+)/runs/(?P<task>[^/]+)/(?P<model>[^/]+)/(?P<method>[^/]+)/(?P<query>[^/]+)"
    r"/b(?P<budget>[^/]+)/s(?P<seed>[^/]+)/t(?P<repeat>[^/]+)/round(?P<round>[^/]+)"
)
# Part of every digest: raise it when a run is to be laid out differently in MLflow, and all are written again.
LAYOUT = 1


class Point(NamedTuple):
    """One value of one metric.

    Attributes
    ----------
    name : str
        ``history/{column}`` for a curve, ``{metric}`` and ``se/{metric}`` for
        what the evaluation found.
    value : float
        A finite number.
    step : int
        The epoch; 0 for the evaluation.
    time : int
        Milliseconds since 1970.
    """

    name: str
    value: float
    step: int
    time: int


@dataclass(frozen=True)
class RunRecord:
    """One run folder.

    Attributes
    ----------
    key : str
        The folder below the results folder, in POSIX form. It identifies the
        run for ever, whatever its content.
    folder : pathlib.Path
        Where the files lie now.
    axes : dict of str to str
        What the key says: dataset, task, model, method, query, budget, seed,
        repeat, round; of a list dataset, task, list.
    settings : dict
        Settings handed in by the caller, recorded as parameters.
    digest : str
        SHA-256 over the key, the settings and the files that are mirrored.
    """

    key: str
    folder: Path
    axes: dict
    settings: dict
    digest: str

    @property
    def experiment(self):
        """Name of its MLflow experiment: one for each data set and task."""
        return f"{self.axes['dataset']}/{self.axes['task']}"

    @property
    def name(self):
        """The run as a reader of one experiment knows it: arm, budget, seed, repeat, round; or the list."""
        return self.key.split("/", 3)[3]

    @property
    def artifacts(self):
        """Paths of the small files that go into MLflow as they are."""
        return [self.folder / name for name in (LIST_ARTIFACTS if "list" in self.axes else ARTIFACTS)]

    @property
    def finished(self):
        """When the run was evaluated, in milliseconds since 1970."""
        return int((self.folder / "metrics.parquet").stat().st_mtime * 1000)

    def params(self):
        """Parameters of the run.

        Returns
        -------
        dict of str to str
            The settings handed in, the content of ``fit.json`` and the axes,
            nested names joined by dots. Where two of them share a name, the
            later in this list wins.

        Raises
        ------
        InputError
            If ``fit.json`` cannot be read.
        """
        return {**flat(self.settings), **flat(read_json(self.folder / "fit.json")), **self.axes}

    def points(self):
        """Metrics of the run: the curves over the epochs, then the evaluation.

        Numbers that are not finite are left out: MLflow would turn an infinite
        value into a large one. The files among the artifacts hold them all.

        Returns
        -------
        list of Point
            Curves are timed by the column ``seconds`` of ``history.csv``
            (seconds that each epoch took), counted back from the evaluation.

        Raises
        ------
        InputError
            If ``history.csv`` or ``metrics.parquet`` cannot be read.
        """
        history = read_history(self.folder / "history.csv")
        seconds = history["seconds"].fillna(0) if "seconds" in history else pd.Series(0.0, history.index)
        times = (self.finished - 1000 * (seconds.sum() - seconds.cumsum())).astype("int64")
        points = [
            Point(f"history/{column}", float(value), int(epoch), int(time))
            for column in history.columns.drop("epoch")
            for epoch, value, time in zip(history["epoch"], history[column], times, strict=True)
        ]
        for row in read_table(self.folder / "metrics.parquet", columns=["metric", "value", "se"]).itertuples():
            points.append(Point(row.metric, float(row.value), 0, self.finished))
            points.append(Point(f"se/{row.metric}", float(row.se), 0, self.finished))
        return [point for point in points if math.isfinite(point.value)]


def read_run(folder, root, settings=None):
    """Take a run folder for mirroring.

    Parameters
    ----------
    folder : str or pathlib.Path
        ``{root}/{dataset}/runs/{task}/{model}/{method}/{query}/b{budget}/s{seed}/t{repeat}/round{round}``,
        or ``{root}/{dataset}/worklist/{task}/list{list}``.
    root : str or pathlib.Path
        The results folder.
    settings : dict, optional
        Plain values recorded as parameters beside those of ``fit.json``.

    Returns
    -------
    RunRecord
        Curves and metrics are read from the files only when they are asked
        for, so that runs that are in MLflow already cost no more than a digest.

    Raises
    ------
    InputError
        If the folder is no run folder below `root`, or misses a file.
    """
    folder, root = Path(folder).absolute(), Path(root).absolute()
    key = folder.relative_to(root).as_posix() if folder.is_relative_to(root) else str(folder)
    match = RUN_KEY.fullmatch(key) or LIST_KEY.fullmatch(key)
    if match is None:
        raise InputError(
            f"{folder} is no run folder of {root}: give folders of the form "
            "{dataset}/runs/{task}/{model}/{method}/{query}/b{budget}/s{seed}/t{repeat}/round{round} or "
            "{dataset}/worklist/{task}/list{list} below it."
        )
    names = LIST_ARTIFACTS if match.re is LIST_KEY else ARTIFACTS
    settings = dict(settings or {})
    digest = digest_of(key, folder, names, settings)
    return RunRecord(key=key, folder=folder, axes=match.groupdict(), settings=settings, digest=digest)


def digest_of(key, folder, names, settings):
    """SHA-256 over the key, the settings and the files of a run.

    Raises
    ------
    InputError
        If a file is missing.
    """
    missing = [name for name in names if not (folder / name).is_file()]
    if missing:
        raise InputError(f"run {key} misses {shown(missing)}: run the same command again to finish it.")
    digest = hashlib.sha256(json.dumps([LAYOUT, key, settings], sort_keys=True, default=str).encode())
    for name in names:
        digest.update(f"{name} {file_digest(folder / name)}\n".encode())
    return digest.hexdigest()


def read_history(path):
    """Curves of a run.

    Parameters
    ----------
    path : pathlib.Path
        A ``history.csv`` with a column ``epoch``; a header alone is a run that
        trained for no epoch.

    Returns
    -------
    pandas.DataFrame
        ``epoch`` as int and the other columns as float.

    Raises
    ------
    InputError
        If it cannot be read, or a cell is no number.
    """
    with whole(path, KeyError):
        return pd.read_csv(path).astype(float).astype({"epoch": "int64"})


def flat(value, prefix=""):
    """Flatten nested dicts for MLflow, whose parameters are text.

    Parameters
    ----------
    value : dict
        Plain values, possibly nested.
    prefix : str, default=""
        What the names start with.

    Returns
    -------
    dict of str to str
        Text stands as it is, everything else as JSON.

    Examples
    --------
    >>> flat({"learning": {"epochs": 3, "network": "unet"}, "weights": None})
    {'learning.epochs': '3', 'learning.network': 'unet', 'weights': 'null'}
    """
    found = {}
    for key, item in value.items():
        name = f"{prefix}{key}"
        if isinstance(item, dict):
            found.update(flat(item, f"{name}."))
        else:
            found[name] = item if isinstance(item, str) else json.dumps(item, default=str)
    return found
