"""Settings of every training: those of its task, over them those of its model, its method and its query."""

from coldstart.errors import InputError
from coldstart.grid import query_needs, trainings
from coldstart.learning import NETWORKS, PATCHES
from coldstart.learning import STRATEGIES as LEARNING
from coldstart.names import check_entry, own
from coldstart.probes import check_probe, is_probe
from coldstart.query import STRATEGIES as QUERIES
from coldstart.registry import choices

# Keys of `learning` that hold for every arm of a task: they decide which files a training leaves.
SHARED_LEARNING = ("keep_weights",)
# Networks that a task is trained with where the configuration names none.
DEFAULT_LEARNING = {
    "classification": {"network": "vgg11", "learning_rate": 0.001},
    "segmentation": {"network": "unet_vgg11", "learning_rate": 0.01},
}
# Settings that decide whether the weights of one round fit the network of the next.
SHAPES = ("network", "network_parameters", "normalise")


def overrides(config):
    """Yield the key and the content of ``learning`` of every model, method and query that has one."""
    queries = config.get("query", {}).get("strategies", {})
    for room, sections in (("models", config["models"]), ("methods", config["methods"]), ("query.strategies", queries)):
        for name, section in sections.items():
            if section.get("learning"):
                yield f"{room}.{name}.learning", section["learning"]


def fill_learning(config):
    """Fill in the published network and rate of each task where none is given."""
    for task, defaults in DEFAULT_LEARNING.items():
        section = config.setdefault("learning", {}).setdefault(task, {})
        for key, value in defaults.items():
            section.setdefault(key, value)


def layers(config, task, model, method, query):
    """What sets the trainings of one arm: (key, settings), each winning over those before it; see `learning_of`."""
    yield f"learning.{task}", config["learning"][task]
    rooms = ("models", config["models"], model), ("methods", config["methods"], method)
    for room, sections, name in (*rooms, ("query.strategies", config["query"]["strategies"], query)):
        yield f"{room}.{name}.learning.{task}", sections.get(name, {}).get("learning", {}).get(task, {})


def learning_of(config, task, model, method, query="none"):
    """Settings of the trainings of one arm.

    Parameters
    ----------
    config : dict
        A complete configuration.
    task, model, method : str
        The arm; the model is ``none`` where the method uses no embedding.
    query : str, default="none"
        The query of a round after round 0, which is shared by all of them.

    Returns
    -------
    dict
        Those of the task, over them those of the model, of the method and of
        the query.
    """
    merged = {}
    for _, settings in layers(config, task, model, method, query):
        merged.update(settings)
    return merged


def begins_with_previous(learning):
    """Tell whether a learning strategy goes on from the network of the round before."""
    return LEARNING.entry(learning["strategy"]).facts["start"] == "previous"


def hands_on_weights(config, task):
    """Tell whether anything reads the trained networks of a task: a round that goes on, or a query."""
    rounds = [
        arm for arm in trainings(config, task) if arm[2] != "none" and not is_probe(learning_of(config, task, *arm[:2]))
    ]
    return any(
        "network" in query_needs(config, arm[2], task) or begins_with_previous(learning_of(config, task, *arm))
        for arm in rounds
    )


def check_trainings(config):
    """Refuse networks, learning strategies and patch recipes that are unknown or do not fit.

    Parameters
    ----------
    config : dict
        A configuration that satisfies the schema, defaults filled in, and whose
        selection and query strategies are known.

    Raises
    ------
    InputError
        Naming the key, where it stands, and the nearest match.
    """
    for task in config["tasks"]:
        if not is_probe(config["learning"][task]):
            check_training(task, [(f"learning.{task}", config["learning"][task])])
        for arm in trainings(config, task):
            parts = list(layers(config, task, *arm))
            if any(is_probe(learning_of(config, task, *arm[:2], name)) for name in ("none", arm[2])):
                check_probe(config, task, *arm, learning_of(config, task, *arm), key_of(parts))
                continue
            check_training(task, parts)
            check_continuation(config, task, *arm)
            check_dropout(config, task, *arm)


def key_of(parts):
    """From a key of some settings, as `layers` yields them, to where in the configuration it is set."""

    def at(key):
        return f"{next(where for where, settings in reversed(parts) if key in settings)}.{key}"

    return at


def check_training(task, parts):
    """Check the settings of one arm, and name the wrong key where it stands.

    Parameters
    ----------
    task : str
    parts : list of (str, dict)
        As `layers` yields them.

    Raises
    ------
    InputError
    """
    learning = {key: value for _, settings in parts for key, value in settings.items()}
    at = key_of(parts)
    network, strategy, patches = (learning[key] for key in ("network", "strategy", "patches"))
    given = learning["network_parameters"]
    check_entry(NETWORKS, network, at("network_parameters"), "network", given, set(), at("network"))
    if NETWORKS.entry(network).facts["task"] != task:
        fitting = [name for name in NETWORKS if NETWORKS.entry(name).facts["task"] == task]
        raise InputError(f"{at('network')}: '{network}' is not for {task}; {choices(network, fitting)}.")
    given = learning["strategy_parameters"]
    check_entry(LEARNING, strategy, at("strategy_parameters"), "strategy", given, set(), at("strategy"))
    if patches and task != "classification":
        raise InputError(f"{at('patches')}: patches are for classification; leave the key out.")
    if patches and "recipe" not in patches:
        raise InputError(f"{at('patches')}: the key 'recipe' is missing; {choices('', PATCHES)}.")
    if patches:
        check_entry(PATCHES, patches["recipe"], at("patches"), "recipe", own(patches, {"recipe"}), {"recipe"})


def check_continuation(config, task, model, method, query):
    """Refuse a query whose rounds go on from a network of another kind."""
    first, later = (learning_of(config, task, model, method, name) for name in ("none", query))
    for key in SHAPES:
        if begins_with_previous(later) and first.get(key) != later.get(key):
            raise InputError(
                f"query.strategies.{query}.learning.{task}.{key}: '{later['strategy']}' goes on from the network of "
                f"round 0, which has another; set learning.{task}.{key}, or that of the model or method."
            )


def check_dropout(config, task, model, method, query):
    """Refuse a query that asks for passes with dropout of a network that has none."""
    section = config["query"]["strategies"].get(query)
    if section is None or not QUERIES.entry(section["strategy"]).facts.get("dropout"):
        return
    known, wanted = QUERIES.parameters(section["strategy"]), {"variant": "fixed", "source": "dropout"}
    if any(section.get(key, known[key].default) != value for key, value in wanted.items() if key in known):
        return
    for name in ("none", query):
        settings = learning_of(config, task, model, method, name)
        network = settings["network"]
        spec = NETWORKS.parameters(network).get("dropout")
        rate = settings["network_parameters"].get("dropout", spec.default) if spec else None
        if rate == 0 or not NETWORKS.entry(network).facts.get("dropout", True):
            remedy = "network_parameters.dropout above 0" if spec else "network to one that has it"
            raise InputError(
                f"query.strategies.{query}: '{section['strategy']}' asks for passes with dropout, and '{network}' has "
                f"none: set learning.{task}.{remedy}, or source: views for the query."
            )
