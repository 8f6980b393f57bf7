"""The question, the design and the provenance of a benchmark, in words."""

import re
from importlib.metadata import PackageNotFoundError, version

import yaml

from coldstart.reporting import captions
from coldstart.reporting.limits import limits

PACKAGES = ("coldstart", "torch", "torchvision", "numpy", "scipy", "scikit-learn", "pandas", "matplotlib", "snakemake")
PROTOCOLS = {
    "clean": "clean",
    "paper_code": "paper_code: that of the released code of Yuan & Hong",
    "paper_text": "paper_text: that of the text of Yuan & Hong",
}
# Keys of a section that are told elsewhere, or are long.
UNTOLD = {"encoder", "strategy", "learning", "seeds", "shards", "weights", "path"}
USER = re.compile(r"://[^/@\s]+@")


def design(config, cohort):
    """The design of a benchmark, a term and a text each.

    Parameters
    ----------
    config : dict
        The whole configuration, with its defaults.
    cohort : pandas.DataFrame
        ``split``, ``patient_id`` and a column for each task.

    Returns
    -------
    list of (str, str)
    """
    data, query = config["dataset"], config["query"]
    patients = cohort["patient_id"].nunique()
    of = f" of {captions.counted([patients], 'patient')}" if patients else ""
    size = f"{data['size']} × {data['size']} pixels"
    found = [("Data set", f"{data['name']} ({data['kind']}): {captions.counted([len(cohort)], 'image')}{of}, {size}")]
    for task in config["tasks"]:
        parts = cohort.loc[cohort[task], "split"].value_counts()
        pool = parts.get("train", 0) + parts.get("unlabelled", 0)
        splits = f"pool {pool}, validation {parts.get('val', 0)}, test {parts.get('test', 0)} images"
        found.append((f"Task: {task}", f"{splits}; network {network(config['learning'][task])}"))
    found += [(f"Embedding: {name}", told(model["encoder"], model)) for name, model in config["models"].items()]
    found += [(f"Method: {name}", told(method["strategy"], method)) for name, method in config["methods"].items()]
    found.append(("Initial budgets", ", ".join(map(str, config["budgets"]))))
    if query["rounds"]:
        found += [(f"Query: {name}", told(one["strategy"], one)) for name, one in query["strategies"].items()]
        rounds = captions.counted([query["rounds"]], "round")
        start = min(config["budgets"]) if query["from_budget"] is None else query["from_budget"]
        found.append(("Rounds", f"{rounds} of {query['batch']} queried images, from a budget of {start}"))
    repeats = captions.counted([config["repeats"]], "training")
    others = [(name, one) for name, one in config["methods"].items() if one.get("seeds") not in (None, config["seeds"])]
    own = [f"{name} {spelled(one['seeds'])}" for name, one in others]
    found.append(("Seeds", f"{'; '.join([spelled(config['seeds']), *own])}; {repeats} of each selection"))
    found.append(("Protocol", PROTOCOLS.get(config["protocol"], config["protocol"])))
    unit, resamples = (config["evaluation"][key] for key in ("bootstrap_unit", "bootstrap"))
    found.append(("Errors", f"bootstrap of the test split by {unit}, {resamples} resamples, shared by all arms"))
    found.append(("Limits", f"{'; '.join(limits(config))}: what is found here need not hold elsewhere"))
    return found


def network(learning):
    """Network of a task, and how long it is trained."""
    return f"{learning['network']}, {captions.counted([learning['epochs']], 'epoch')} at most, {learning['optimiser']}"


def told(name, section):
    """What an entry is, with the parameters that it was given."""
    plain = {key: value for key, value in section.items() if key not in UNTOLD and not isinstance(value, dict)}
    given = [f"{key} {spelled(value)}" for key, value in plain.items() if value is not None]
    return f"{name} ({', '.join(given)})" if given else name


def spelled(value):
    """A value in words: a long list by its ends, yes and no."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list) and len(value) > 6:
        return f"{value[0]} … {value[-1]} ({len(value)})"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def design_of_summary(summary):
    """What the summary alone says of the design; see `design`."""
    arms = summary[~summary["reference"]]
    terms = {"Task": "task", "Embedding": "model", "Method": "method", "Query": "query"}
    terms |= {"Initial budgets": "budget", "Seeds": "seed", "Rounds": "round"}
    found = [("Data set", summary["dataset"].iloc[0])]
    for term, column in terms.items():
        names = [name for name in sorted(arms[column].unique().tolist()) if name != "none"]
        if names:
            found.append((term, spelled(names)))
    return [*found, ("Runs", str(summary["run"].nunique()))]


def as_yaml(config):
    """The configuration as it would be written, without passwords in addresses."""
    return without_user(yaml.safe_dump(config, sort_keys=False, allow_unicode=True))


def without_user(text):
    """A text in which no address names a user or a password."""
    return USER.sub("://***@", text)


def versions():
    """Installed versions of what results stand on."""
    found = []
    for package in PACKAGES:
        try:
            found.append((package, version(package)))
        except PackageNotFoundError:
            continue
    return found


def commands(name, uri):
    """How to make it again, and how to see the runs in MLflow.

    Parameters
    ----------
    name : str
        The data set.
    uri : str, optional
        Where MLflow keeps the runs; None where they are not mirrored.

    Returns
    -------
    list of (str, str)
        What for, and the command; the address alone where a server shows the runs.
    """
    found = [
        ("Make all of it again, with the configuration below", "snakemake --cores all --configfile config.yaml"),
        ("See what would run, and why", "snakemake --dry-run --configfile config.yaml"),
        ("Snakemake's own report: every rule, its code and its inputs",
         f"snakemake --report results/{name}/provenance.html --configfile config.yaml"),
    ]  # fmt: skip
    if uri:
        how = "" if uri.startswith(("http://", "https://")) else "mlflow ui --backend-store-uri "
        found.append(("See every run in MLflow", how + without_user(uri)))
    return found
