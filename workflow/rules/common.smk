# Configuration, paths and input functions that the rules share.
import re
import sys
from copy import deepcopy
from functools import cache
from pathlib import Path

from snakemake.exceptions import WorkflowError
from snakemake.utils import validate

# Of this file, not of the outermost Snakefile: the workflow may be a module of another.
BASE = Path(str(workflow.current_basedir)).parents[1]
if not (BASE / "src/coldstart").is_dir():
    raise WorkflowError(
        f"The package of this workflow is not at {BASE / 'src'}: clone the repository and name the Snakefile of the "
        "clone; Snakemake fetches no package from a remote module."
    )
# The package of this checkout, installed or not.
sys.path.insert(0, str(BASE / "src"))

from coldstart import configuration, grid, worklists
from coldstart.cohort import KINDS
from coldstart.comparisons import DEFAULT_STOP, check_comparisons
from coldstart.devices import crowded
from coldstart.embedding import ENCODERS
from coldstart.errors import DamagedFile, InputError, shown
from coldstart.evaluation.metrics import METRICS
from coldstart.learning import NETWORKS, PATCHES
from coldstart.learning import STRATEGIES as LEARNING
from coldstart.measures import measured_in
from coldstart.probes import OWN, is_probe
from coldstart.probing import PROBES
from coldstart.protocols import apply_protocol
from coldstart.provenance import code_digest, file_digest
from coldstart.publications import PUBLICATIONS
from coldstart.query import STRATEGIES as QUERIES
from coldstart.registry import module_path
from coldstart.selection import STRATEGIES as METHODS
from coldstart.trainings import SHARED_LEARNING, begins_with_previous, fill_learning, hands_on_weights, learning_of

# A configuration given on the command line stands alone: merged with the
# embedded default it would inherit the phantom's keys.
if not workflow.configfiles:

    configfile: "config/config.yaml" if Path("config/config.yaml").is_file() else BASE / "config/config.yaml"


SCHEMA = BASE / "workflow/schemas/config.schema.yaml"
# As the user wrote it, before any default is filled in: the report says it.
GIVEN = deepcopy(dict(config))
try:
    worklists.fill_worklist(config)
    configuration.check_schema(config, configuration.read_schema(SCHEMA))
    apply_protocol(config)
    fill_learning(config)
    validate(config, str(SCHEMA))
    configuration.check_names(config)
    configuration.check_consistency(config)
    check_comparisons(config)
    worklists.check_worklist(config)
except InputError as error:
    raise WorkflowError(f"The configuration cannot be used. {error}") from None

DATASET = config["dataset"]
RESULTS = f"results/{DATASET['name']}"
RUN = "<results>/runs/{task}/{model}/{method}/{query}/b{budget}/s{seed}/t{repeat}/round{round}"
SELECTION = "<results>/selections/{task}/{model}/{method}/b{budget}/s{seed}.parquet"
# Keys of `dataset` that decide how images are stored, and those that every kind has.
STORE_KEYS = ("size", "channels", "interpolation")
COMMON_KEYS = ("name", "kind", "split", "segmentation_samples", *STORE_KEYS)
SYNTHETIC = KINDS.entry(DATASET["kind"]).facts.get("synthetic", False)
NOTE = "Synthetic phantom images: the figures claim nothing about medicine." if SYNTHETIC else ""


def missing_files():
    """Say which files that the user brings are not there, and how to mend it; Snakemake itself names them alone."""
    missing = [path for path in cohort_files(None) if not Path(path).is_file()]
    facts = KINDS.entry(DATASET["kind"]).facts
    remedy = "`snakemake fetch_data` brings it, or mend" if "fetched" in facts else "mend"
    place = f"dataset.root and dataset.{facts.get('files')}"
    lines = [f"{shown(missing)} does not exist: {remedy} {place}."] if missing else []
    for name, model in config["models"].items():
        source = ENCODERS.entry(model["encoder"]).facts.get("weights_from")
        for key in ("path", "weights"):
            if model.get(key) and not Path(model[key]).exists():
                remedy = f"it takes {source}" if source else "mend the key"
                lines.append(f"models.{name}.{key}: {model[key]} does not exist; {remedy}.")
    return " ".join(lines)


def one_of(names):
    """Regular expression that matches just these names, and nothing where there are none."""
    return "|".join(re.escape(name) for name in names) or "(?!)"


def ordered(value):
    """Sort the keys of nested maps: Snakemake compares parameters as they are written."""
    if isinstance(value, dict):
        return {key: ordered(value[key]) for key in sorted(value)}
    return [ordered(item) for item in value] if isinstance(value, list) else value


def own(section, *common):
    """Keys of a section that belong to its entry alone, as a parameter that Snakemake can compare."""
    return ordered({key: value for key, value in section.items() if key not in common})


@cache
def code(script, *modules):
    """Digest of a script, of the modules it stands on and of the registered ones it loads.

    It enters rules as a parameter: an edit reruns what stands on it, while a
    touched file, a fresh clone or another checkout's path reruns nothing. A
    plan has thousands of jobs and a handful of digests.
    """
    return code_digest(BASE / "workflow/scripts" / f"{script}.py", *(module_path(name) for name in modules))


def learning(wildcards):
    """Settings of the trainings of one arm, from round 1 on those of its query."""
    return learning_of(config, wildcards.task, wildcards.model, wildcards.method, wildcards.query)


def aggregation():
    """How tables and curves combine the runs of an arm."""
    return {key: config["evaluation"][key] for key in ("decimals", "pooling", "standard_error")}


def run_before(wildcards):
    """Folder of the round before."""
    return run_at(wildcards, int(wildcards.round) - 1)


def run_at(wildcards, number):
    """Folder of an earlier round: round 0 is shared by all query strategies."""
    return RUN.format(**{**dict(wildcards), "round": number, "query": wildcards.query if number else "none"})


def stopping():
    """When the rounds of an arm end: the configured rule with its defaults, or None."""
    stop = config["query"]["stop"]
    return None if stop is None else {**DEFAULT_STOP, **stop}


def stored_images(wildcards):
    """Images of the learning size."""
    return f"<results>/images/{DATASET['size']}.npy"


def encoder_size(model):
    """Side in pixels of the images that an encoder sees."""
    return config["models"][model].get("size") or DATASET["size"]


def published():
    """Tables beside the published values, where the configuration asks for them."""
    return published_tables("html")[-1:] if config["comparison"] else []


def publication():
    """Publication that a comparison is with."""
    return (config["comparison"] or {"published": "yuan_hong"})["published"]


def published_tables(*suffixes):
    """Tables of the comparison in these formats."""
    names = PUBLICATIONS[publication()].tables
    return [f"<results>/published/{name}.{suffix}" for suffix in suffixes for name in names]


def published_claims():
    """What else is written beside Yuan & Hong, whose text makes claims that the values can decide."""
    names = {"cells": "cells.csv", "winners": "winners.csv", "claims": "claims.csv", "text": "claims.md"}
    return {name: f"<results>/published/{file}" for name, file in names.items() if publication() == "yuan_hong"}


def tracked():
    """The list of what MLflow holds, where tracking is on."""
    return ["<results>/tracking.parquet"] if config["tracking"]["enabled"] else []


def queued_runs(path=Path(RESULTS, "tracking.parquet")):
    """Runs that wait for a tracking server that was away, as a list of what MLflow holds says."""
    if not tracking_uri().startswith(("http://", "https://")) or not path.is_file():
        return 0
    from coldstart.storage import read_metadata  # pyarrow takes a moment, and few track on a server

    try:
        return read_metadata(path).get("queued", 0)
    except DamagedFile:
        return 1


def tracking_uri():
    """Tracking URI: the configured one, or the local SQLite store."""
    return config["tracking"]["uri"] or f"sqlite:///{Path('results/mlflow.db').resolve()}"


def say_who_waits():
    """Warn of more GPU jobs at once than the devices here have room for; other executors have devices of their own."""
    limit = workflow.global_resources.get("gpu")
    try:
        said = crowded(limit.value) if limit is not None and workflow.local_exec else None
    except InputError as error:
        raise WorkflowError(str(error)) from None
    if said:
        logger.warning(said)


def closing_lines():
    """What the user wants to know at the end: where everything is, as far as it is there."""
    if LIVE:
        return list_lines()
    places = {"Tables": "tables", "Beside the publication": "published", "Figures": "figures", "Report": "report.html"}
    lines = [f"{name}: {RESULTS}/{place}" for name, place in places.items() if Path(RESULTS, place).exists()]
    if waiting := queued_runs():
        lines.append(
            f"MLflow: {tracking_uri()} did not answer; {waiting} runs wait, and the same command delivers them"
        )
    elif Path(RESULTS, "tracking.parquet").exists():
        lines.append(f"MLflow: {tracking_uri()}; `make ui` shows the local store")
    return "\n".join(lines)
