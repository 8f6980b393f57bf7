"""Mirror every run in MLflow, each once."""

from pathlib import Path

from scripting import snakemake

from coldstart.storage import read_json, write_table
from coldstart.tracking.mlflow_mirror import mirror
from coldstart.tracking.probe_records import read_probes
from coldstart.tracking.records import read_run
from coldstart.tracking.sqlite_store import sqlite_uri

params, results = snakemake.params, Path("results")
uri = params.uri or sqlite_uri(results / "mlflow.db")
# A database or server of the user's own decides where artifacts lie unless it cannot.
artifacts = results.resolve() / "mlartifacts" if not uri.startswith(("http://", "https://")) else None
# A round after the plateau of its arm has trained nothing.
ended = [read_json(path).get("stopped") for path in snakemake.input.fits]
folders = [Path(path).parent for path, end in zip(snakemake.input.metrics, ended, strict=True) if not end]
records = [read_run(folder, results) for folder in folders]
records += [read_probes(Path(path).parent, results) for path in snakemake.input.get("probed", [])]
held = mirror(records, uri=uri, artifact_root=artifacts)
write_table(snakemake.output[0], held, {"queued": int((held.action == "queued").sum())})
