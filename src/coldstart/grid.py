"""Which arms and trainings a configuration asks for."""

from coldstart.query import STRATEGIES as QUERIES
from coldstart.selection import STRATEGIES as METHODS


def arms(config):
    """Every (model, method) pair; a method that uses no embedding runs once, as model ``none``.

    Parameters
    ----------
    config : dict
        A complete configuration.

    Returns
    -------
    list of (str, str)
        Those of model ``none`` first, then sorted.
    """
    pairs = []
    for method, section in config["methods"].items():
        embeds = METHODS.entry(section["strategy"]).facts["uses_embedding"]
        models = (section["models"] or list(config["models"])) if embeds else ["none"]
        pairs += [(model, method) for model in models]
    return sorted(pairs, key=lambda pair: (pair[0] != "none", pair))


def whole_pool(config, method):
    """Tell whether a method labels the whole pool: the full-supervision reference, with no budget and no rounds."""
    return METHODS.entry(config["methods"][method]["strategy"]).facts.get("whole_pool", False)


def seeds(config, method):
    """Seeds of a method.

    Parameters
    ----------
    config : dict
        A complete configuration.
    method : str

    Returns
    -------
    list of int
        Its own. Where it has none, those at the top of the configuration; a
        strategy that wants more (its fact ``least_seeds``) goes on with the
        numbers after the largest of them.
    """
    section = config["methods"][method]
    if section["seeds"]:
        return section["seeds"]
    least = METHODS.entry(section["strategy"]).facts.get("least_seeds", 1)
    given = config["seeds"]
    return [*given, *range(max(given) + 1, max(given) + 1 + least - len(given))]


def queried(config, model, method):
    """Tell whether an arm goes on to active-learning rounds, if there are any."""
    query = config["query"]
    chosen = all(query[key] is None or name in query[key] for key, name in (("models", model), ("methods", method)))
    return chosen and not whole_pool(config, method)


def strategies(config, task):
    """Names of the query strategies that serve a task."""
    sections = config["query"]["strategies"]
    return [name for name, section in sections.items() if task in QUERIES.entry(section["strategy"]).facts["tasks"]]


def query_needs(config, query, task):
    """What a query is handed beside the predictions: its fact `needs`, one for all tasks or a map of task to needs.

    Parameters
    ----------
    config : dict
        A complete configuration.
    query, task : str

    Returns
    -------
    tuple of str
        Out of ``network`` and ``images``.
    """
    needs = QUERIES.entry(config["query"]["strategies"][query]["strategy"]).facts.get("needs", ())
    return tuple(needs.get(task, ()) if isinstance(needs, dict) else needs)


def trainings(config, task):
    """Every (model, method, query) that trains for a task; the query is ``none`` for round 0.

    Parameters
    ----------
    config : dict
        A complete configuration.
    task : str

    Returns
    -------
    list of (str, str, str)
    """
    found = [(*arm, "none") for arm in arms(config)]
    if config["query"]["rounds"]:
        found += [(*arm, name) for arm in arms(config) if queried(config, *arm) for name in strategies(config, task)]
    return found
