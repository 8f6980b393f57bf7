"""Collect the metrics of every run into one tidy table."""

from pathlib import Path

from scripting import snakemake

from coldstart.probing.store import read_runs
from coldstart.reporting.summary import build_summary
from coldstart.storage import read_json, read_table, write_table

files, params = snakemake.input, snakemake.params


def runs():
    """Yield what `build_summary` wants to know of each run."""
    for metrics, fit in zip(files.metrics, map(read_json, files.fits), strict=True):
        folder = Path(metrics).parent.relative_to("results")
        yield {"dataset": params.dataset, **fit["cell"]}, read_table(metrics), fit, folder
    for metrics, fits in zip(files.probed, files.probe_fits, strict=True):
        for cell, measured, fit, folder in read_runs(metrics, fits):
            yield {"dataset": params.dataset, **cell}, measured, fit, folder.relative_to("results")


write_table(snakemake.output[0], build_summary(runs(), params.references), {"note": params.note})
