"""Mirror every run in MLflow, each once."""

from pathlib import Path

from scripting import snakemake

from coldstart.storage import write_table
from coldstart.tracking.mlflow_mirror import mirror
from coldstart.tracking.records import read_run
from coldstart.tracking.sqlite_store import sqlite_uri

params, results = snakemake.params, Path("results")
uri = params.uri or sqlite_uri(results / "mlflow.db")
# A database or server of the user's own decides where artifacts lie unless it cannot.
artifacts = results.resolve() / "mlartifacts" if not uri.startswith(("http://", "https://")) else None
records = [read_run(Path(path).parent, results) for path in snakemake.input.metrics]
write_table(snakemake.output[0], mirror(records, uri=uri, artifact_root=artifacts))
