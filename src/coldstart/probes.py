"""Which trainings are probes, and whether a configuration asks of them what they can do."""

from coldstart.errors import InputError
from coldstart.grid import query_needs
from coldstart.names import check_entry
from coldstart.probing import PROBES
from coldstart.query import STRATEGIES as QUERIES
from coldstart.registry import choices

NAME = "probe"
# The keys of `learning.<task>` that mean something for a probe.
KEYS = ("network", "network_parameters")
# The embedding of each arm's own model, where it has one.
OWN = "own"


def is_probe(learning):
    """Tell whether settings of a training are a probe's."""
    return learning["network"] == NAME


def check_probe_keys(sections):
    """Refuse keys that mean nothing for a probe.

    To be called before any defaults are filled in.

    Parameters
    ----------
    sections : iterable of (str, dict, str or None)
        Where the settings of trainings stand, what is given there, and the
        network where that names none.

    Raises
    ------
    InputError
        Naming the key.
    """
    for where, given, network in sections:
        wrong = [key for key in given if key not in KEYS]
        if given.get("network", network) == NAME and wrong:
            raise InputError(
                f"{where}.{wrong[0]}: means nothing for a probe, which takes `network_parameters` alone: leave it out."
            )


def check_probe(config, task, model, method, query, learning, at):
    """Refuse a probe that cannot be fitted, or a query that asks more than it can tell.

    Parameters
    ----------
    config : dict
        A complete configuration.
    task, model, method, query : str
        The arm; the query is ``none`` for round 0.
    learning : dict
        Its settings.
    at : callable
        From a key to where in the configuration it is set.

    Raises
    ------
    InputError
    """
    section = config["query"]["strategies"].get(query)
    if section and section["learning"].get(task):
        raise InputError(
            f"query.strategies.{query}.learning.{task}: all rounds of an arm are fitted alike where one of them is a "
            "probe's: leave it out."
        )
    where, given = at("network_parameters"), learning["network_parameters"]
    check_entry(PROBES, task, where, "network", given, set(), at("network"))
    if config["worklist"]:
        raise InputError(f"{at('network')}: lists are written by networks; a probe is for comparisons alone.")
    if task == "classification":
        check_embedding(config, given["embedding"], model, method, f"{where}.embedding")
    if task == "segmentation":
        patch = given.get("patch", PROBES.parameters(task)["patch"].default)
        if patch < 1 or config["dataset"]["size"] % patch:
            raise InputError(
                f"{where}.patch: {patch} should be a divisor of dataset.size, {config['dataset']['size']}."
            )
    if given.get("C") == [] or any(strength <= 0 for strength in given.get("C") or []):
        raise InputError(f"{where}.C: {given['C']} should be numbers above 0, one at least.")
    for key in ("epochs", "rate"):
        if key in given and given.get("solver", "lbfgs") != "sgd":
            raise InputError(f"{where}.{key}: means nothing for the solver 'lbfgs': leave it out, or set solver: sgd.")
    for key in ("epochs", "rate", "most_patches"):
        if given.get(key, 1) <= 0:
            raise InputError(f"{where}.{key}: {given[key]} should be above 0.")
    if query == "none":
        return
    if needs := query_needs(config, query, task):
        wanted = {"network": "the trained network", "images": "the images"}[needs[0]]
        raise InputError(
            f"query.strategies.{query}: '{section['strategy']}' asks for {wanted}, and a probe gives predictions "
            f"alone: choose one of {', '.join(served(task))}, or a network for `learning.{task}`."
        )


def check_embedding(config, name, model, method, where):
    """Refuse an embedding that is not there, or that some arm does not have."""
    if name != OWN:
        if name not in config["models"]:
            raise InputError(f"{where}: unknown model '{name}'; {choices(name, [*config['models'], OWN])}.")
        return
    if OWN in config["models"]:
        raise InputError(f"models.{OWN}: the name stands for each arm's own model in {where}; choose another.")
    if model == "none":
        raise InputError(f"{where}: '{method}' has no model of its own; name one of `models`.")


def served(task):
    """Query strategies that need nothing but predictions and vectors, by name."""
    found = []
    for name in QUERIES:
        facts = QUERIES.entry(name).facts
        needs = facts.get("needs", ())
        needs = needs.get(task, ()) if isinstance(needs, dict) else needs
        if task in facts["tasks"] and not needs:
            found.append(name)
    return sorted(found)
