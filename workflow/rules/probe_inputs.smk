# Which arms are probed, and what a job of probes takes.

PROBE = "<results>/probes/{task}/{model}/{method}/{query}/b{budget}"


def probed(task, model, method):
    """Tell whether an arm is a probe's: its runs are jobs of their own kind, see the rule `probe`."""
    return is_probe(learning_of(config, task, model, method))


@cache
def probes():
    """Folders of every job of probes that the configuration asks for."""
    folders = []
    for task in config["tasks"]:
        for model, method in arms():
            if not probed(task, model, method):
                continue
            common = {"task": task, "model": model, "method": method}
            folders += expand(PROBE, query="none", budget=budgets(method), **common)
            if config["query"]["rounds"] and queried(model, method):
                folders += expand(PROBE, query=strategies(task), budget=start_budget(), **common)
    return folders


def of_probes(name):
    """One file of every job of probes."""
    return [f"{probe}/{name}" for probe in probes()]


def probe_settings(wildcards):
    """Settings of the probe of one arm."""
    return learning_of(config, wildcards.task, wildcards.model, wildcards.method)["network_parameters"]


def probe_inputs(wildcards):
    """What a job of probes stands on: its features, and what it selects or queries in."""
    files = {"cohort": "<results>/cohort.parquet", "pool": "<results>/pools/{task}.parquet"}
    settings = probe_settings(wildcards)
    if wildcards.task == "classification":
        model = wildcards.model if settings["embedding"] == OWN else settings["embedding"]
        files["features"] = f"<results>/embeddings/{model}.parquet"
    else:
        patch = settings.get("patch", PROBES.parameters("segmentation")["patch"].default)
        files["features"] = f"<results>/patch_features/{patch}.npy"
        files["masks"] = f"<results>/masks/{DATASET['size']}.npy"
    if wildcards.query == "none":
        found = method_vectors(wildcards)
        files |= {"measures": measures} if (measures := method_measures(wildcards)) else {}
        files["measures"] = method_measures(wildcards)
    else:
        section = config["query"]["strategies"][wildcards.query]
        found = vectors(section["model"] or wildcards.model, space(section, QUERIES))
        files["start"] = f"{PROBE}/labelled.parquet".format(**{**dict(wildcards), "query": "none"})
    return {**files, "vectors": found} if found else files


def probe_params(wildcards):
    """Settings of a probe."""
    return ordered(probe_settings(wildcards))


def probe_choice(wildcards):
    """How a job of probes chooses: by its method, or by its query."""
    found = method_params(wildcards) if wildcards.query == "none" else query_params(wildcards)
    return {key: found[key] for key in ("parameters", "space", "strategy")}


def probe_rounds(wildcards):
    """Rounds of a query; none without one."""
    if wildcards.query == "none":
        return {}
    return {"batch": config["query"]["batch"], "rounds": config["query"]["rounds"], "stop": stopping()}


def probe_evaluation(wildcards):
    """Settings of the evaluation and of the threshold."""
    return own(config["evaluation"], "metrics", "pooling")


def probe_code(wildcards):
    """Digest of the code that a job of probes stands on."""
    by_method = wildcards.query == "none"
    registry, sections = (METHODS, config["methods"]) if by_method else (QUERIES, config["query"]["strategies"])
    strategy = sections[wildcards.method if by_method else wildcards.query]["strategy"]
    return code("probe", PROBES.entry(wildcards.task).module, registry.entry(strategy).module)


def one_optimum_arms(wildcards):
    """Arms of a task whose training has no noise, probes that go to their optimum on all that is labelled."""
    return [list(arm) for arm in arms() if probed(wildcards.task, *arm) and has_one_optimum(wildcards.task, *arm)]


def has_one_optimum(task, model, method):
    """Tell whether a probe goes to its optimum, on all patches of all that is labelled."""
    given = learning_of(config, task, model, method)["network_parameters"]
    settings = {name: given.get(name, known.default) for name, known in PROBES.parameters(task).items()}
    query = config["query"]
    most = max([*config["budgets"], start_budget() + query["batch"] * query["rounds"]])
    patches = most * (DATASET["size"] // settings["patch"]) ** 2 if task == "segmentation" else 0
    return settings["solver"] == "lbfgs" and patches <= settings.get("most_patches", 0)
