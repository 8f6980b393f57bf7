# Which figures there are, and what they take.


def pictures():
    """Contact sheets and maps of the largest selections, where anything is selected, and what the rounds add."""
    sheets = [
        f"<results>/figures/contact/{task}/{model}/{method}.png"
        for task in config["tasks"]
        for model, method in selecting_arms()
        if max(config["budgets"])
    ]
    maps = [f"<results>/figures/map/{task}/{model}.png" for task in config["tasks"] for model in embedded_models()]
    return sheets + maps + picks_maps() + lesion_size_maps() + annotation_pictures()


def embedded_models():
    """Models that at least one arm uses."""
    return [model for model in config["models"] if any(model == used for used, _ in arms())]


def picks_maps():
    """Map of each arm's choices, where it goes on to rounds and has an embedding."""
    return [
        f"<results>/figures/picks/{task}/{model}/{method}/{query}.png"
        for task in config["tasks"]
        for model, method in selecting_arms()
        if config["query"]["rounds"] and queried(model, method)
        for query in strategies(task)
        if picks_model(model, query)
    ]


def picks_model(model, query):
    """Model on whose map an arm's choices are drawn: its own, or that of its query; None without either."""
    return config["query"]["strategies"][query]["model"] if model == "none" else model


def drawn_model(wildcards):
    """Model of the map that one figure of choices shows."""
    return picks_model(wildcards.model, wildcards.query)


def picks_inputs(wildcards):
    """What the map of an arm's choices shows: the run of its first seed and repeat, to the last round."""
    cell = {**dict(wildcards), "budget": start_budget(), "seed": seeds(wildcards.method)[0], "repeat": 0}
    run = expand(RUN, **cell, round=config["query"]["rounds"])[0]
    if probed(cell["task"], cell["model"], cell["method"]):
        run = expand(PROBE, **cell)[0]
    return {
        "pool": "<results>/pools/{task}.parquet",
        "map": vectors(drawn_model(wildcards), "map"),
        "selection": expand(SELECTION, **cell)[0],
        "labelled": f"{run}/labelled.parquet",
    }


def last_arm_seeds(wildcards):
    """The seed that is drawn of each of `last_arms`."""
    return [seeds(method)[0] for _, method, _ in last_arms(wildcards.task)]


def lesion_size_maps():
    """Map of the pool's lesion sizes, for pairs of scans whose changes are segmented."""
    drawn = KINDS.entry(DATASET["kind"]).facts.get("longitudinal", False) and "segmentation" in config["tasks"]
    return ["<results>/figures/lesion_size_map/segmentation.png"] if drawn and selecting_arms() else []


def last_arms(task):
    """Every (model, method, query) to its last round; arms without rounds as they are at the start."""
    rounds = has_rounds(task)
    return [
        (model, method, query)
        for model, method in selecting_arms()
        for query in (strategies(task) if rounds and queried(model, method) else ["none"])
    ]


def last_labelled(wildcards):
    """What each of `last_arms` has labelled, with its first seed and repeat."""
    return [
        expand(
            f"{PROBE if probed(wildcards.task, model, method) else RUN}/labelled.parquet",
            task=wildcards.task,
            model=model,
            method=method,
            query=query,
            budget=max(config["budgets"]) if query == "none" else start_budget(),
            seed=seeds(method)[0],
            repeat=0,
            round=0 if query == "none" else config["query"]["rounds"],
        )[0]
        for model, method, query in last_arms(wildcards.task)
    ]


def last_arm_names(wildcards):
    """The arms in the order of `last_labelled`, as plain values."""
    return [list(arm) for arm in last_arms(wildcards.task)]


def largest_selections(wildcards):
    """The largest selection of each method that one map shows: those of its model, and those that use none."""
    return [
        path
        for model, method in selecting_arms()
        if model in (wildcards.model, "none")
        for path in expand(
            SELECTION,
            task=wildcards.task,
            model=model,
            method=method,
            budget=max(config["budgets"]),
            seed=seeds(method)[0],
        )
    ]


def map_methods(wildcards):
    """Names of the methods in the order of `largest_selections`."""
    return [method for model, method in selecting_arms() if model in (wildcards.model, "none")]


def sheet_selection(wildcards):
    """The largest selection of one arm."""
    return expand(SELECTION, **wildcards, budget=max(config["budgets"]), seed=seeds(wildcards.method)[0])
