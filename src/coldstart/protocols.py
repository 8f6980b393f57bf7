"""The three protocols: defaults of ordinary keys, one table for all that they switch.

``clean`` is sound practice. ``paper_code`` is what the published code of Yuan &
Hong (arXiv 2402.02561) does, ``paper_text`` what its text says; what the text
leaves open is not done there. `DIFFERENCES` numbers the places where the code
departs from the text. A protocol fills in keys that a configuration leaves
out, so that each switch can also be set alone, under any protocol.
"""

from copy import deepcopy
from dataclasses import dataclass
from fnmatch import fnmatchcase

TASKS = ("classification", "segmentation")
# Values that stand for no value: the key is left out, or follows from another one.
KEEP, BY_WEIGHTS = object(), object()


@dataclass(frozen=True)
class Switch:
    """A key and its value under each protocol.

    Attributes
    ----------
    section : str
        ``dataset``, ``evaluation`` or ``learning.<task>``; or, with a pattern
        in brackets, ``models[<encoder>]`` or ``methods[<strategy>]``: every
        model or method of that encoder or strategy.
    key : str
        The key in that section, with dots where it lies deeper.
    paper_code, paper_text, clean : object
        Its value, or `KEEP` or `BY_WEIGHTS`.
    """

    section: str
    key: str
    paper_code: object
    paper_text: object
    clean: object


@dataclass(frozen=True)
class Difference:
    """One place where the published code departs from the text.

    Attributes
    ----------
    number : int
        From 1.
    what : str
        The difference.
    switches : tuple of Switch
        The keys that it is switched with.
    instead : str
        What is done under every protocol where there is no switch.
    """

    number: int
    what: str
    switches: tuple = ()
    instead: str = ""


SWEEP, RANDOM = "methods[kmeans_sweep]", "methods[random]"
TRAINING, VALIDATION = "learning.classification", "learning.classification.dropout_in_validation"
DIFFERENCES = [
    Difference(
        1,
        "Nearest to the k-means centroids, of all samples; the text says medoids.",
        (Switch(SWEEP, "nearest", "centroid", "medoid", "centroid"),),
    ),
    Difference(
        2,
        "k runs to 50 and the list is cut; the text stops when the budget is met. A list that is too short is an "
        "error here, not a smaller budget.",
        (Switch(SWEEP, "max_k", 50, None, None),),
    ),
    Difference(
        3,
        "Budgets of 10, 20, ..., 100; the text reports each second one.",
        instead="`budgets` lists what is wanted: selections are nested, so a budget's images are the same whatever "
        "other budgets there are.",
    ),
    Difference(
        4,
        "The random baseline is trained with batches of 16 and patience 5, all else with 10 and 10.",
        (
            Switch(RANDOM, "learning.classification.batch_size", 16, KEEP, KEEP),
            Switch(RANDOM, "learning.classification.patience", 5, KEEP, KEEP),
        ),
    ),
    Difference(
        5,
        "Dropout stays on during validation for ImageNet and REMEDIS.",
        (
            Switch("models[torchvision:*]", VALIDATION, True, KEEP, KEEP),
            Switch("models[savedmodel]", VALIDATION, True, KEEP, KEEP),
        ),
    ),
    Difference(
        6,
        "Sigmoid of the second logit of a softmax network as probability.",
        (Switch(TRAINING, "score", "sigmoid", "softmax", "softmax"),),
    ),
    Difference(
        7,
        "A labelled set of one class gives that class weight 0 and the loss 0/0.",
        instead="Such a set is trained on without class weights, and the log says so.",
    ),
    Difference(
        8,
        "The Youden threshold is rounded to 3 decimals. Where nothing beats chance it is infinite in the code's "
        "library; here nothing is then called positive.",
        (Switch("evaluation", "threshold_decimals", 3, None, None),),
    ),
    Difference(
        9,
        "AUPRC is the trapezoidal area; the text does not say.",
        instead="`auprc` is that area and `average_precision` stands beside it, both always measured; "
        "`evaluation.metrics` chooses what tables show.",
    ),
    Difference(
        10,
        "The standard error is the width of the 95 % percentile interval over 3.92; the text says bootstrap, whose "
        "standard error is the deviation. Both resample images.",
        (
            Switch("evaluation", "standard_error", "percentile", "deviation", "percentile"),
            Switch("evaluation", "bootstrap_unit", "sample", "sample", "patient"),
        ),
    ),
    Difference(
        11,
        "The standard error of random sampling is that of the pooled bootstrap values of its repeats, whose means are "
        "rounded to 3 decimals before they are averaged (Dice and distances of an image too).",
        (
            Switch("evaluation", "pooling", "pooled", "mean", "pooled"),
            Switch("evaluation", "decimals", 3, None, None),
        ),
    ),
    Difference(
        12,
        "Random sampling is repeated 10 times; the text gives no number.",
        (Switch(RANDOM, "seeds", list(range(10)), list(range(10)), KEEP),),
    ),
    Difference(
        13,
        "Repeat r of random sampling has seed 2024 r, set anew at each step of 10 samples; k-means has seed 2024.",
        (
            Switch(RANDOM, "published", True, False, False),
            Switch(SWEEP, "random_state", 2024, 2024, None),
        ),
    ),
    Difference(
        14,
        "Seeds are set once per script, so that a training depends on those before it.",
        instead="Every training has a seed of its own, made of the run's seed and repeat.",
    ),
    Difference(
        15,
        "DenseNet features without the final ReLU; vectors of zeros for colour files with TorchXRayVision; bilinear "
        "resizing (of masks too).",
        (
            Switch("models[torchvision:densenet*]", "pooling", "features", "penultimate", "penultimate"),
            Switch("models[txrv:*]", "rgb", "zeros", "luma", "luma"),
            Switch("dataset", "interpolation", "bilinear", "bilinear", "area"),
        ),
    ),
    Difference(
        16,
        "Features are standardised before k-means; not in the text.",
        (Switch(SWEEP, "standardise", True, False, True),),
    ),
    Difference(
        17,
        "Networks with ImageNet weights are given pixels in [0, 1], not normalised as ImageNet's.",
        tuple(Switch(f"learning.{task}", "normalise", "none", "none", BY_WEIGHTS) for task in TASKS),
    ),
    Difference(
        18,
        "No augmentation; the text is silent.",
        tuple(Switch(f"learning.{task}", "augment", "none", "none", "none") for task in TASKS),
    ),
    Difference(
        19,
        "The class weights are put on a GPU whether there is one or not.",
        instead="They go where the network is; everything runs on a CPU.",
    ),
    Difference(
        20,
        "Rows are addressed by floating-point numbers, and duplicates found by comparing rows read back from CSV.",
        instead="Rows are addressed by whole numbers, and a sample is a duplicate if its number is.",
    ),
    Difference(
        21,
        "Table 4 is headed AUPRC and F1, and holds DSC and HD.",
        instead="Our Table 4 is headed by what it holds.",
    ),
    Difference(
        22,
        "Some sentences of the text contradict the tables.",
        instead="`coldstart.reporting.claims` decides each on the published values and on ours.",
    ),
]


def apply_protocol(config):
    """Fill in the keys that the protocol of a configuration sets and the configuration does not.

    Keys under ``learning`` of a model or a method are keys of their own: a
    protocol may set them where ``learning.<task>`` has the key too.

    Parameters
    ----------
    config : dict
        A configuration that satisfies the schema, before the schema's defaults
        are filled in; changed in place. Doing it twice changes nothing more.

    Returns
    -------
    dict
        The same object.
    """
    protocol = config.get("protocol", "clean")
    if protocol == "clean":
        follow_weights(config)
    for difference in DIFFERENCES:
        for switch in difference.switches:
            value = getattr(switch, protocol)
            if value is not KEEP:
                for section in sections(config, switch.section):
                    fill(section, switch.key, value)
    return config


def sections(config, name):
    """Sections of a configuration that a switch is for; see `Switch`."""
    room, _, pattern = name.rstrip("]").partition("[")
    if pattern:
        entry = {"models": "encoder", "methods": "strategy"}[room]
        return [section for section in config[room].values() if fnmatchcase(section[entry], pattern)]
    for part in room.split("."):
        config = config.setdefault(part, {})
    return [config]


def fill(section, key, value):
    """Set a key where it is not set."""
    *parents, last = key.split(".")
    for parent in parents:
        section = section.setdefault(parent, {})
    section.setdefault(last, by_weights(section) if value is BY_WEIGHTS else deepcopy(value))


def by_weights(learning):
    """Normalisation that fits the weights a training starts from."""
    return "imagenet" if learning.get("weights") == "imagenet" else "none"


def follow_weights(config):
    """Give models, methods and queries that start from weights of their own the normalisation that fits those."""
    queries = config.get("query", {}).get("strategies", {})
    for section in [*config["models"].values(), *config["methods"].values(), *queries.values()]:
        for task, learning in section.get("learning", {}).items():
            if "weights" in learning and "normalise" not in config.get("learning", {}).get(task, {}):
                learning.setdefault("normalise", by_weights(learning))
