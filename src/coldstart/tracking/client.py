"""MLflow's client, with its telemetry off: the only place of this package that imports MLflow."""

import os
from pathlib import Path

# MLflow decides while it is imported whether to send usage data. Nothing may leave the machine unasked.
os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
os.environ["DO_NOT_TRACK"] = "true"

import mlflow.store
from mlflow import MlflowClient
from mlflow.entities import Metric, Param, RunTag
from mlflow.exceptions import MlflowException

# MLflow's own Alembic scripts: they say which schema version the installed MLflow wants.
MIGRATIONS = Path(mlflow.store.__path__[0]) / "db_migrations"

__all__ = ["MIGRATIONS", "Metric", "MlflowClient", "MlflowException", "Param", "RunTag"]
