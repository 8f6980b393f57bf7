"""Check a configuration before anything runs, and say in one sentence what is wrong."""

from collections import Counter

import yaml
from jsonschema import Draft202012Validator

from coldstart.cohort import KINDS
from coldstart.embedding import ENCODERS
from coldstart.errors import InputError, shown
from coldstart.measures import check_measures
from coldstart.names import check_entry, own
from coldstart.probes import check_probe_keys
from coldstart.query import STRATEGIES as QUERIES
from coldstart.registry import choices
from coldstart.selection import STRATEGIES as METHODS
from coldstart.trainings import SHARED_LEARNING, check_trainings, overrides

JSON_TYPES = {
    "object": "a map",
    "array": "a list",
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "null": "null",
}
# Keys of a model, a method and a query that belong to no encoder or strategy.
MODEL_KEYS = ("encoder", "seed", "shards", "map", "uncertainty", "learning")
METHOD_KEYS = ("strategy", "models", "space", "seeds", "learning")
QUERY_KEYS = ("strategy", "space", "model", "learning")


def read_schema(path):
    """Read a JSON schema written in YAML."""
    with open(path, encoding="utf-8") as stream:
        return yaml.safe_load(stream)


def check_schema(config, schema):
    """Refuse unknown keys, wrong types and values outside their range.

    Parameters
    ----------
    config : dict
        The configuration as read.
    schema : dict
        The JSON schema (draft 2020-12).

    Raises
    ------
    InputError
        For the first violation: the key, what is allowed, the nearest match.
    """
    refuse(config, schema)
    # Checked apart: the schema's defaults are for the task's own settings, and must not be filled in here.
    learning = {**schema["properties"]["learning"], "$defs": schema["$defs"]}
    shared = config.get("learning", {})
    check_probe_keys((f"learning.{task}", given, None) for task, given in shared.items())
    for where, given in overrides(config):
        refuse(given, learning, where)
        networks = {task: shared.get(task, {}).get("network") for task in given}
        check_probe_keys((f"{where}.{task}", given[task], networks[task]) for task in given)
        for task in given:
            if wrong := [key for key in given[task] if key in SHARED_LEARNING]:
                raise InputError(f"{where}.{task}.{wrong[0]}: holds for all arms; set learning.{task}.{wrong[0]}.")


def refuse(config, schema, where=""):
    """Raise the first violation of a schema; `where` is the key under which the part checked lies."""
    errors = list(Draft202012Validator(schema).iter_errors(config))
    # A misspelt key is the likeliest cause, also of the required key that is missing for it.
    errors.sort(key=lambda error: (error.validator != "additionalProperties", [str(part) for part in error.path]))
    if errors:
        raise InputError(sentence(errors[0], where))


def sentence(error, where=""):
    """Put one violation of the schema into a sentence.

    Parameters
    ----------
    error : jsonschema.ValidationError
        The violation.
    where : str, default=""
        The key under which the part that was checked lies.

    Returns
    -------
    str
        Key, what is wrong, what is allowed.
    """
    key = ".".join([*([where] if where else []), *(str(part) for part in error.absolute_path)])
    where, allowed = key or "the configuration", error.validator_value
    if error.validator == "additionalProperties":
        known = error.schema.get("properties", {})
        wrong = next(name for name in error.instance if name not in known)
        return f"{key + '.' if key else ''}{wrong}: unknown key; {choices(wrong, known)}."
    if error.validator == "required":
        missing = next(name for name in allowed if name not in error.instance)
        return f"{where}: the key '{missing}' is missing; it stands for: {described(error.schema, missing)}"
    if error.validator == "type":
        types = [allowed] if isinstance(allowed, str) else allowed
        hint = yaml_number_hint(error.instance) if "number" in types else ""
        return f"{where}: {error.instance!r} should be {' or '.join(JSON_TYPES[name] for name in types)}{hint}."
    if error.validator == "enum":
        names = ["null" if name is None else name for name in allowed]
        return f"{where}: unknown value {error.instance!r}; {choices(error.instance, names)}."
    if error.validator == "pattern":
        return f"{where}: the name {error.instance!r} may hold letters, digits, '-' and '_' only."
    if error.validator == "uniqueItems":
        twice = [value for value, count in Counter(map(str, error.instance)).items() if count > 1]
        return f"{where}: {shown(twice)} stands there more than once."
    limits = {
        "minimum": "at least",
        "maximum": "at most",
        "exclusiveMinimum": "more than",
        "minItems": "a list as long as at least",
        "minProperties": "a map of at least",
    }
    if error.validator in limits:
        return f"{where}: {error.instance!r} should be {limits[error.validator]} {allowed}."
    return f"{where}: {error.message}."


def yaml_number_hint(value):
    """Say how YAML wants a number written that it read as text (``1e-3``)."""
    try:
        return f" (YAML reads 1e-3 as text and 1.0e-3 as a number: write {float(value)})"
    except (TypeError, ValueError):
        return ""


def described(schema, key):
    """What the schema says of a key."""
    return schema.get("properties", {}).get(key, {}).get("description", "see config/README.md.")


def check_names(config):
    """Refuse names that no registry knows and parameters that do not belong to them.

    Parameters
    ----------
    config : dict
        A configuration that satisfies the schema, defaults filled in.

    Raises
    ------
    InputError
        Naming the key, what is allowed and the nearest match.
    """
    common = {"name", "kind", "size", "channels", "interpolation", "segmentation_samples", "split"}
    dataset = config["dataset"]
    check_entry(KINDS, dataset["kind"], "dataset", "kind", own(dataset, common), common)
    for name, model in config["models"].items():
        check_encoder(name, model)
    for name, method in config["methods"].items():
        keys = set(METHOD_KEYS)
        check_entry(METHODS, method["strategy"], f"methods.{name}", "strategy", own(method, keys), keys)
    for name, query in config["query"]["strategies"].items():
        keys = set(QUERY_KEYS)
        check_entry(QUERIES, query["strategy"], f"query.strategies.{name}", "strategy", own(query, keys), keys)
    check_trainings(config)


def check_encoder(name, model):
    """Check one embedding model of the configuration."""
    key, encoder = f"models.{name}", model["encoder"]
    if name == "none":
        raise InputError("models.none: the name 'none' is kept for methods that use no embedding; choose another.")
    check_entry(ENCODERS, encoder, key, "encoder", own(model, MODEL_KEYS), set(MODEL_KEYS))
    takes_name = ENCODERS.entry(encoder).facts.get("takes_name", False)
    if takes_name != (":" in encoder and not encoder.endswith(":")):
        head = encoder.partition(":")[0]
        rule = (
            f"write '{head}:<name of the model>'" if takes_name else f"it takes no name after a colon; write '{head}'"
        )
        raise InputError(f"{key}.encoder: {encoder!r} is not complete: {rule}.")
    if model["shards"] > 1 and not in_shards(encoder):
        raise InputError(
            f"{key}.shards: encoder '{encoder}' learns from all images or reads a finished file, which is one job: "
            "leave the key out."
        )


def in_shards(encoder):
    """Whether several jobs can share the images of an encoder: it neither trains nor reads a finished file."""
    facts = ENCODERS.entry(encoder).facts
    return facts.get("needs_images", True) and not facts.get("trains_on_pool", False)


def check_consistency(config):
    """Refuse keys that contradict each other.

    Parameters
    ----------
    config : dict
        A configuration that has passed `check_schema` and `check_names`.

    Raises
    ------
    InputError
        Naming both keys.
    """
    split = config["dataset"]["split"]
    total = split["train"] + split["val"] + split["test"]
    if abs(total - 1) > 1e-9:
        raise InputError(f"dataset.split: train, val and test sum to {total:g} and should sum to 1.")
    kind, channels = config["dataset"]["kind"], config["dataset"]["channels"]
    wanted = KINDS.entry(kind).facts.get("channels", channels)
    if channels != wanted:
        raise InputError(
            f"dataset.channels is {channels}, and images of the kind '{kind}' have {wanted} channels that are no "
            f"colours and must stay apart: set it to {wanted}."
        )
    models, methods, query = set(config["models"]), config["methods"], config["query"]
    for name, method in methods.items():
        unknown_names(f"methods.{name}.models", method["models"], models)
        if METHODS.entry(method["strategy"]).facts["uses_embedding"] and not (method["models"] or models):
            raise InputError(f"methods.{name}: '{method['strategy']}' needs an embedding, and `models` names none.")
    check_measures(config)
    unknown_names("query.models", query["models"], models | {"none"})
    unknown_names("query.methods", query["methods"], set(methods))
    if query["from_budget"] is not None and query["from_budget"] not in config["budgets"]:
        raise InputError(
            f"query.from_budget: {query['from_budget']} is not one of `budgets` ({shown(config['budgets'])})."
        )
    if query["rounds"] and not query["strategies"]:
        raise InputError("query.rounds: rounds are asked for, and `query.strategies` names no strategy.")
    for name, strategy in query["strategies"].items():
        if name == "none":
            raise InputError("query.strategies.none: the name 'none' is kept for round 0; choose another.")
        tasks = QUERIES.entry(strategy["strategy"]).facts["tasks"]
        if not set(tasks) & set(config["tasks"]):
            served = f"'{strategy['strategy']}' serves {shown(tasks)} only"
            raise InputError(f"query.strategies.{name}: {served}, and `tasks` has {shown(config['tasks'])}.")
        unknown_names(f"query.strategies.{name}.model", [strategy["model"]] if strategy["model"] else [], models)
        bare = [] if strategy["model"] else queried_without_embedding(config)
        if bare and QUERIES.entry(strategy["strategy"]).facts.get("uses_embedding"):
            raise InputError(
                f"query.strategies.{name}: '{strategy['strategy']}' needs an embedding, and {shown(bare)} has none: "
                f"set query.strategies.{name}.model, or leave 'none' out of query.models."
            )


def queried_without_embedding(config):
    """Methods whose arms go on to rounds and have no embedding of their own."""
    query, found = config["query"], []
    for name, method in config["methods"].items():
        facts = METHODS.entry(method["strategy"]).facts
        chosen = query["methods"] is None or name in query["methods"]
        if chosen and not facts["uses_embedding"] and not facts.get("whole_pool"):
            found.append(name)
    return found if query["rounds"] and (query["models"] is None or "none" in query["models"]) else []


def unknown_names(key, given, known):
    """Refuse names in a list that stand nowhere else in the configuration."""
    for name in given or []:
        if name not in known:
            raise InputError(f"{key}: unknown name '{name}'; {choices(name, known)}.")
