# The grid that the configuration spans: its arms, their runs, and the tables that these allow.
from functools import cache


def arms():
    """Every (model, method) pair; a method that uses no embedding runs once, as model `none`."""
    return grid.arms(config)


def seeds(method):
    """Seeds of a method: its own, or those at the top, of which a strategy may want more."""
    return grid.seeds(config, method)


def whole_pool(method):
    """Tell whether a method labels the whole pool: the full-supervision reference, which has no budget and no rounds."""
    return grid.whole_pool(config, method)


def references():
    """Methods that label the whole pool, in the order of the configuration."""
    return [method for method in config["methods"] if whole_pool(method)]


def selecting_arms():
    """Every (model, method) pair that chooses something."""
    return [(model, method) for model, method in arms() if not whole_pool(method)]


def budgets(method):
    """Initial budgets of a method; 0 stands for the whole pool in the paths of a reference."""
    return [0] if whole_pool(method) else config["budgets"]


def start_budget():
    """Initial budget from which the rounds start."""
    given = config["query"]["from_budget"]
    return min(config["budgets"]) if given is None else given


def queried(model, method):
    """Tell whether an arm goes on to active-learning rounds."""
    return grid.queried(config, model, method)


def strategies(task):
    """Query strategies that serve a task."""
    return grid.strategies(config, task)


def tables():
    """Names of the comparison tables: a task without an arm that goes on to rounds has the first alone."""
    stages = {task: ["initialisation", *(["subsequent"] if has_rounds(task) else [])] for task in config["tasks"]}
    return [f"{task}_{stage}" for task in config["tasks"] for stage in stages[task]]


def has_rounds(task):
    """Tell whether an arm of a task goes on to rounds."""
    return bool(config["query"]["rounds"] and strategies(task) and any(queried(*arm) for arm in arms()))


def efficiency_tables():
    """Tables of label efficiency: one for each task that has rounds, and one where there are several budgets."""
    names = [f"{task}_efficiency" for task in config["tasks"] if has_rounds(task)]
    names += [f"{task}_initial_efficiency" for task in config["tasks"] if len(config["budgets"]) > 1]
    return [f"<results>/tables/{name}.html" for name in names if selecting_arms()]


def paired_tables():
    """Comparisons of arms by pairs: for each table of several arms, where one of them has several runs."""
    several = config["repeats"] > 1 or any(len(seeds(method)) > 1 for _, method in selecting_arms())
    names = [f"{task}_initialisation" for task in config["tasks"] if len(selecting_arms()) > 1]
    for task in config["tasks"]:
        rounds = [(*arm, query) for arm in selecting_arms() if queried(*arm) for query in strategies(task)]
        names += [f"{task}_subsequent"] if has_rounds(task) and len(rounds) > 1 else []
    return [f"<results>/tables/{name}_paired.html" for name in names if several]


def variance_tables():
    """Spread of the runs by selection and by training: for each task, where an arm has several runs."""
    several = config["repeats"] > 1 or any(len(seeds(method)) > 1 for _, method in selecting_arms())
    return [f"<results>/tables/{task}_variance.html" for task in config["tasks"] if several and selecting_arms()]


@cache
def runs():
    """Folders of every run that the configuration asks for, but for those of probes."""
    folders = []
    for task in config["tasks"]:
        for model, method in arms():
            if probed(task, model, method):
                continue
            common = {"task": task, "model": model, "method": method, "seed": seeds(method)}
            common["repeat"] = range(config["repeats"])
            folders += expand(RUN, query="none", budget=budgets(method), round=0, **common)
            if queried(model, method):
                rounds = range(1, config["query"]["rounds"] + 1)
                folders += expand(RUN, query=strategies(task), budget=start_budget(), round=rounds, **common)
    return folders
