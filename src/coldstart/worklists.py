"""Live labelling: what a configuration with the section `worklist` leaves out, and which list comes next."""

import json
import os
from copy import deepcopy
from dataclasses import asdict, dataclass
from pathlib import Path

from coldstart.errors import InputError
from coldstart.grid import arms, strategies, whole_pool
from coldstart.query import STRATEGIES as QUERIES
from coldstart.registry import choices
from coldstart.selection import STRATEGIES as METHODS

# Where the process that plans tells its jobs which lists there are.
TOLD = "COLDSTART_LISTS"
# The schema fills in no defaults below a section that may be missing.
WORKLIST = {
    "batch": 25,
    "labels": "labels",
    "classes": ["negative", "positive"],
    "one_per_patient": True,
    "holdout": 0.2,
    "model": None,
    "method": None,
    "query": None,
    "image_url": None,
    "worthwhile": 0.01,
}
# Why these: docs/choosing.md.
DEFAULTS = {
    # Small, and one start: a pool may have many thousand images.
    "models": {"pixels": {"encoder": "pixels", "size": 32}},
    "methods": {"clustering": {"strategy": "kmeans_sweep", "n_init": 1}},
    "query": {"strategies": {"unsure_and_diverse": {"strategy": "entropy_diversity"}}},
}
LEARNING = {
    "classification": {
        "network": "small_cnn",
        "optimiser": "adam",
        "learning_rate": 0.001,
        "batch_size": 5,
        "epochs": 40,
        "augment": "light",
    },
    "segmentation": {
        "network": "small_unet",
        "optimiser": "adam",
        "learning_rate": 0.005,
        "batch_size": 5,
        "epochs": 40,
        "augment": "light",
    },
}


def fill_worklist(config):
    """Fill in what a configuration of live labelling may leave out.

    Parameters
    ----------
    config : dict
        A configuration as read, before it is checked; changed in place. One
        without the section `worklist` is left as it is.
    """
    worklist = config.get("worklist")
    if not isinstance(worklist, dict):
        return
    for key, value in DEFAULTS.items():
        config.setdefault(key, deepcopy(value))
    for key, value in WORKLIST.items():
        worklist.setdefault(key, deepcopy(value))
    config.setdefault("budgets", [worklist.get("budget", 50)])
    tasks = config.get("tasks")
    if isinstance(config.setdefault("learning", {}), dict):
        for task in tasks if isinstance(tasks, list) else []:
            if task in LEARNING:
                config["learning"].setdefault(task, dict(LEARNING[task]))


def check_worklist(config):
    """Refuse a section `worklist` that names what is not there.

    Parameters
    ----------
    config : dict
        A complete configuration.

    Raises
    ------
    InputError
        If the data set has labels already, or a model, method or query is not
        named or cannot serve.
    """
    worklist = config["worklist"]
    if worklist is None:
        return
    kind = config["dataset"]["kind"]
    if kind != "pool":
        raise InputError(
            f"worklist: lists are written for a pool without labels, and dataset.kind is '{kind}': set it to 'pool'."
        )
    if worklist["classes"][0] == worklist["classes"][1]:
        raise InputError(f"worklist.classes: both are called '{worklist['classes'][0]}': give two names.")
    method = arm(config)[1]
    if whole_pool(config, method):
        raise InputError(f"worklist.method: '{method}' labels the whole pool: name one that selects.")
    if METHODS.entry(config["methods"][method]["strategy"]).facts.get("measures"):
        raise InputError(
            f"worklist.method: '{method}' chooses by what is measured of a whole pool at once, and lists choose among "
            "what is left: name another."
        )
    for task in config["tasks"]:
        query(config, task)
    dataset = config["dataset"]
    if dataset.get("volumes") == "volumes" and "segmentation" in config["tasks"]:
        raise InputError("dataset.volumes: whole volumes are for classification; set it to 'slices' for segmentation.")
    if dataset.get("volumes") == "volumes" and dataset["channels"] != 3:
        raise InputError("dataset.channels: a whole volume is shown by three slices, one a channel; set it to 3.")
    if Path(worklist["labels"]).resolve().is_relative_to(Path(dataset["root"]).resolve()):
        raise InputError(
            f"worklist.labels: '{worklist['labels']}' lies in dataset.root, so that masks would be taken for images of "
            "the pool: put it elsewhere."
        )


def arm(config):
    """Model and method of the first list: those that `worklist` names, or the first ones.

    Raises
    ------
    InputError
        If a name stands nowhere else in the configuration, or no arm has both.
    """
    worklist, found = config["worklist"], arms(config)
    for key, names in (("model", {model for model, _ in found}), ("method", {method for _, method in found})):
        if worklist[key] is not None and worklist[key] not in names:
            raise InputError(f"worklist.{key}: unknown name '{worklist[key]}'; {choices(worklist[key], names)}.")
    wanted = [
        (model, method)
        for method in config["methods"]
        for model in ("none", *config["models"])
        if (model, method) in found and worklist["model"] in (None, model) and worklist["method"] in (None, method)
    ]
    if not wanted:
        raise InputError(
            f"worklist: method '{worklist['method']}' does not run on model '{worklist['model']}': leave one of them "
            "out."
        )
    return wanted[0]


def query(config, task):
    """Query strategy of the later lists: the one that `worklist` names, or the first that serves the task.

    Raises
    ------
    InputError
        If there is none.
    """
    name, found = config["worklist"]["query"], strategies(config, task)
    if name is not None and name not in config["query"]["strategies"]:
        raise InputError(f"worklist.query: unknown name '{name}'; {choices(name, config['query']['strategies'])}.")
    if (name or next(iter(found), None)) not in found:
        raise InputError(f"worklist.query: no query strategy for {task}: name one in query.strategies that serves it.")
    return name or found[0]


def query_model(config, task):
    """Embedding model whose vectors the query of the later lists is given; ``none`` without any.

    Its own, or that of the first list; after a first list without an embedding
    the first of all, where the query needs one.
    """
    section = config["query"]["strategies"][query(config, task)]
    found = section["model"] or arm(config)[0]
    needs = QUERIES.entry(section["strategy"]).facts.get("uses_embedding")
    return next(iter(config["models"]), "none") if found == "none" and needs else found


def is_default(config, later):
    """Tell whether the methods, or for later lists the queries, are those that `fill_worklist` fills in."""
    given, default = (part["query"]["strategies"] if later else part["methods"] for part in (config, DEFAULTS))
    return {name: one["strategy"] for name, one in given.items()} == {
        name: one["strategy"] for name, one in default.items()
    }


@dataclass(frozen=True)
class Current:
    """The list that a task is at.

    Attributes
    ----------
    number : int
        From 0.
    new : bool
        Whether it is still to be made.
    """

    number: int
    new: bool


def current_list(folder, answered):
    """Find out which list comes next.

    Parameters
    ----------
    folder : str or pathlib.Path
        ``worklist/{task}`` of the results.
    answered : callable
        ``answered(lists) -> (before, now)``: identifiers of the images that were
        answered when the last of some lists was made, and that are now.

    Returns
    -------
    Current
        The last list that there is, or, where answers have come since, the next
        one.
    """
    lists = written_lists(folder)
    if not lists:
        return Current(0, True)
    before, now = answered(lists)
    new = bool(set(now) - set(before))
    return Current(len(lists) - 1 + new, new)


def written_lists(folder):
    """Folders of the lists that are written, from list 0 on."""
    found = []
    while os.path.isfile(path := Path(folder, f"list{len(found)}", "worklist.csv")):
        found.append(path.parent)
    return found


def planned(find, *, plans, environment=os.environ):
    """Give the lists as they were when Snakemake planned.

    Every job reads the workflow again, and by its time a list may just have
    been written: it would take it for one of those that are never made again.

    Parameters
    ----------
    find : callable
        ``find() -> dict of str to Current``, by task.
    plans : bool
        Whether this process plans, and so finds out and tells the others.
    environment : mutable mapping, default=os.environ
        By which the others are told.

    Returns
    -------
    dict of str to Current
    """
    if plans or TOLD not in environment:
        environment[TOLD] = json.dumps({task: asdict(current) for task, current in find().items()})
    return {task: Current(**current) for task, current in json.loads(environment[TOLD]).items()}
