"""Collect the metrics of every run into one tidy table."""

from pathlib import Path

from scripting import snakemake

from coldstart.reporting.summary import build_summary
from coldstart.storage import read_json, read_table, write_table

params = snakemake.params


def runs():
    """Yield what `build_summary` wants to know of each run."""
    for metrics, fit in zip(snakemake.input.metrics, map(read_json, snakemake.input.fits), strict=True):
        folder = Path(metrics).parent.relative_to("results")
        yield {"dataset": params.dataset, **fit["cell"]}, read_table(metrics), fit, folder


write_table(snakemake.output[0], build_summary(runs(), params.references), {"note": params.note})
