"""What one job of probes has to say: hundreds of runs of an arm are one run in MLflow."""

import json
import math
import re
from dataclasses import dataclass
from pathlib import Path

from coldstart.errors import InputError
from coldstart.storage import read_metadata, read_table
from coldstart.tracking.records import Point, RunRecord, digest_of, flat

KEY = re.compile(
    r"(?P<dataset>[^/]+)/probes/(?P<task>[^/]+)/(?P<model>[^/]+)/(?P<method>[^/]+)/(?P<query>[^/]+)/b(?P<budget>[^/]+)"
)
FILES = ("metrics.parquet", "fits.parquet", "labelled.parquet")


@dataclass(frozen=True)
class ProbesRecord(RunRecord):
    """The folder of a job of probes; its key says dataset, task, model, method, query and initial budget."""

    @property
    def artifacts(self):
        """Paths of the files that go into MLflow: not the metrics, whose bootstrap values would be there twice."""
        return [self.folder / name for name in FILES[1:]]

    def params(self):
        """Parameters: the settings, how many runs there are, and the axes.

        Returns
        -------
        dict of str to str
        """
        fits = read_table(self.folder / "fits.parquet")
        counts = {"runs": len(fits), "seeds": fits["seed"].nunique(), "repeats": fits["repeat"].nunique()}
        counts["one_class"] = int(fits["one_class"].sum())
        return {
            **flat(self.settings),
            **flat(read_metadata(self.folder / "fits.parquet")),
            **texts(counts),
            **self.axes,
        }

    def points(self):
        """Metrics of the runs together, and of each seed.

        Returns
        -------
        list of Point
            ``{metric}``, ``sd/{metric}`` and ``se/{metric}``: mean and standard
            deviation over the runs and mean of their standard errors, the step
            being the round; ``seed/{metric}``: mean over the repeats of a seed in
            the last round, the step being the seed. Those that are not finite are
            left out.
        """
        runs = read_table(self.folder / "metrics.parquet", columns=["metric", "value", "se", "seed", "round"])
        by_round = runs.groupby(["metric", "round"])
        last = runs[runs["round"] == runs["round"].max()]
        named = {
            "": by_round["value"].mean(),
            "sd/": by_round["value"].std(),
            "se/": by_round["se"].mean(),
            "seed/": last.groupby(["metric", "seed"])["value"].mean(),
        }
        points = [
            Point(f"{start}{metric}", float(value), int(step), self.finished)
            for start, values in named.items()
            for (metric, step), value in values.items()
        ]
        return [point for point in points if math.isfinite(point.value)]


def texts(counts):
    """Numbers as the text that MLflow's parameters are."""
    return {name: json.dumps(count) for name, count in counts.items()}


def read_probes(folder, root):
    """Take the folder of a job of probes for mirroring.

    Parameters
    ----------
    folder : str or pathlib.Path
        ``{root}/{dataset}/probes/{task}/{model}/{method}/{query}/b{budget}``.
    root : str or pathlib.Path
        The results folder.

    Returns
    -------
    ProbesRecord

    Raises
    ------
    InputError
        If the folder is none of probes below `root`, or misses a file.
    """
    folder, root = Path(folder).absolute(), Path(root).absolute()
    key = folder.relative_to(root).as_posix() if folder.is_relative_to(root) else str(folder)
    match = KEY.fullmatch(key)
    if match is None:
        raise InputError(
            f"{folder} holds no probes of {root}: give folders of the form "
            "{dataset}/probes/{task}/{model}/{method}/{query}/b{budget} below it."
        )
    digest = digest_of(key, folder, FILES, {})
    return ProbesRecord(key=key, folder=folder, axes=match.groupdict(), settings={}, digest=digest)
