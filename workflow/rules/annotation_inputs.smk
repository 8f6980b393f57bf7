# What the figures of the rounds take: every chain of rounds, from the initial selection to the last query.


def chains(task):
    """Wildcards of the runs of rounds of one task, without the round; not those of probes, which lie together."""
    return [
        {"task": task, "model": model, "method": method, "query": query, "budget": start_budget()}
        | {"seed": seed, "repeat": repeat}
        for model, method in arms()
        if queried(model, method) and not probed(task, model, method)
        for query in strategies(task)
        for seed in seeds(method)
        for repeat in range(config["repeats"])
    ]


def chain_run(chain, number):
    """Folder of one round of a chain; round 0 is shared by all query strategies."""
    return RUN.format(**{**chain, "query": chain["query"] if number else "none"}, round=number)


def annotation_inputs(wildcards):
    """Labels, pool, and of every chain the labelled set of each of its rounds and how the last was trained."""
    found, last = chains(wildcards.task), config["query"]["rounds"]
    return {
        "cohort": "<results>/cohort.parquet",
        "pool": f"<results>/pools/{wildcards.task}.parquet",
        "labelled": [f"{chain_run(chain, number)}/labelled.parquet" for chain in found for number in range(last + 1)],
        "fits": [f"{chain_run(chain, last)}/fit.json" for chain in found],
        "probed": [f"{probe}/labelled.parquet" for probe in queried_probes(wildcards.task)],
    }


def queried_probes(task):
    """Jobs of probes that go on to rounds."""
    return [
        PROBE.format(task=task, model=model, method=method, query=query, budget=start_budget())
        for model, method in arms()
        if queried(model, method) and probed(task, model, method)
        for query in strategies(task)
    ]


def patched_queries(task):
    """Chain and round of every query that was told the predictions for patches: those of the round before."""
    return [
        (chain, number)
        for chain in chains(task)
        for number in range(1, config["query"]["rounds"] + 1)
        if trained_on_patches({**chain, "query": chain["query"] if number > 1 else "none"})
    ]


def trained_on_patches(chain):
    """Tell whether the networks of a chain see patches."""
    arm = (chain[key] for key in ("task", "model", "method", "query"))
    return bool(learning_of(config, *arm)["patches"])


def pattern_inputs(wildcards):
    """The patterns, and of every query what it was told, what it picked, and the run that it belongs to."""
    found = patched_queries(wildcards.task)
    return {
        "patterns": BASE / "resources/acft_table1_patterns.csv",
        "predictions": [f"{chain_run(chain, number - 1)}/predictions.parquet" for chain, number in found],
        "queried": [f"{chain_run(chain, number)}/queried.parquet" for chain, number in found],
        "fits": [f"{chain_run(chain, number)}/fit.json" for chain, number in found],
    }


def annotation_pictures():
    """What was annotated in the rounds, and which prediction patterns it had where candidates have patches."""
    logs = [f"<results>/figures/annotation/{task}.png" for task in config["tasks"] if has_rounds(task)]
    patterns = [f"<results>/figures/patterns/{task}.png" for task in config["tasks"] if patched_queries(task)]
    return logs + patterns
