"""Check what a configuration compares: full supervision, label efficiency, and publications."""

from coldstart.errors import InputError, shown
from coldstart.evaluation.metrics import CHANCE, METRICS
from coldstart.publications import PUBLICATIONS
from coldstart.registry import choices
from coldstart.reporting.headline import HEADLINE
from coldstart.selection import STRATEGIES

# The plateau that the table of label efficiency tells of where `query.stop` names none.
DEFAULT_STOP = {"patience": 3, "min_gain": 0.0}


def check_comparisons(config):
    """Refuse comparisons that have nothing to compare.

    Parameters
    ----------
    config : dict
        A configuration that has passed the checks of `coldstart.configuration`.

    Raises
    ------
    InputError
        Naming the key.
    """
    facts = {name: STRATEGIES.entry(method["strategy"]).facts for name, method in config["methods"].items()}
    references = [name for name in facts if facts[name].get("whole_pool")]
    if len(references) == len(facts):
        raise InputError(f"methods: {shown(references)} labels the whole pool; add a method that selects from it.")
    for name in config["query"]["methods"] or []:
        if name in references:
            raise InputError(f"query.methods: '{name}' labels the whole pool, so that nothing is left to query.")
    check_efficiency(config, references)
    if config["comparison"]:
        task = PUBLICATIONS[config["comparison"]["published"]].task
        if task and task not in config["tasks"]:
            paper = config["comparison"]["published"]
            raise InputError(f"comparison.published: '{paper}' reports {task}; `tasks` has {shown(config['tasks'])}.")


def check_efficiency(config, references):
    """Refuse a metric, target or reference of the label efficiency that is not there."""
    section, query = config["efficiency"], config["query"]
    wanted, of, against = section["metric"], section["of"], section["against"]
    if wanted is not None and wanted not in METRICS:
        raise InputError(f"efficiency.metric: unknown metric '{wanted}'; {choices(wanted, METRICS)}.")
    if of not in (None, "best", "value", *references):
        known = ["best", "value", *references]
        raise InputError(
            f"efficiency.of: '{of}' is neither `best` nor `value` nor a method that labels the whole pool; "
            f"{choices(of, known)}."
        )
    names = {*query["strategies"], *(name for name in config["methods"] if name not in references)}
    if against is not None and against not in names:
        raise InputError(
            f"efficiency.against: unknown query strategy or method '{against}'; {choices(against, names)}."
        )
    if section["alc"] == "guyon" and query["rounds"]:
        for task in config["tasks"]:
            shown_first = config["evaluation"]["metrics"][task] or HEADLINE[task][0]
            metric = wanted if wanted and METRICS[wanted]["task"] == task else shown_first[0]
            if metric not in CHANCE:
                raise InputError(
                    f"efficiency.alc: 'guyon' is measured from chance, which '{metric}' ({task}) has no value for; "
                    f"set efficiency.metric to one of {shown(CHANCE)}, or efficiency.alc to 'log2'."
                )
