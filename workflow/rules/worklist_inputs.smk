# What the rules of live labelling take, in their order. `list` is a task and its list, such as classification/list2.


# answers


def answers_inputs(wildcards):
    """The annotators' files as they are now, and the lists that they were given."""
    before = lists_before(wildcards)
    files = {
        "cohort": "<results>/cohort.parquet",
        "labels": answer_files(),
        "lists": [f"{folder}/worklist.csv" for folder in before],
    }
    return files | ({"before": f"{before[-1]}/answers.parquet"} if before else {})


def answers_params(wildcards):
    """How answers are read."""
    return own({key: config["worklist"][key] for key in ("classes", "holdout")})


# learn


def list_learning(wildcards):
    """Settings of the training for a list."""
    task, _ = task_and_number(wildcards)
    return learning_of(config, task, *worklists.arm(config), worklists.query(config, task))


def learn_inputs(wildcards):
    """What the training for a list stands on."""
    task, number = task_and_number(wildcards)
    files = {
        "samples": "<results>/samples.parquet",
        "images": f"<results>/images/{DATASET['size']}.npy",
        "answers": f"{LIST}/answers.parquet",
    }
    if task == "segmentation":
        files["masks"] = f"{LIST}/masks.npy"
    if number > 1 and begins_with_previous(list_learning(wildcards)):
        files["weights"] = f"{lists_before(wildcards)[-1]}/weights.safetensors"
    if (weights := list_learning(wildcards)["weights"]) not in (None, "imagenet"):
        files["start"] = weights
    return files


def learn_code(wildcards):
    """Digest of the code that the training for a list stands on."""
    settings = list_learning(wildcards)
    strategy = LEARNING.entry(settings["strategy"]).module
    return code("learn", NETWORKS.entry(settings["network"]).module, strategy, *recipe(settings))


# ask


def ask_method():
    """Selection strategy of the first list."""
    model, name = worklists.arm(config)
    method = config["methods"][name]
    parameters = own(method, *configuration.METHOD_KEYS)
    return {
        "name": name,
        "model": model,
        "strategy": method["strategy"],
        "space": space(method, METHODS),
        "parameters": parameters,
    }


def ask_query(wildcards):
    """Query strategy of the later lists."""
    name = worklists.query(config, task_and_number(wildcards)[0])
    section = config["query"]["strategies"][name]
    parameters = own(section, *configuration.QUERY_KEYS)
    return {"name": name, "strategy": section["strategy"], "space": space(section, QUERIES), "parameters": parameters}


def ask_needs(wildcards):
    """What the query is handed beside the predictions; nothing for the first list."""
    task, number = task_and_number(wildcards)
    return grid.query_needs(config, worklists.query(config, task), task) if number else ()


def ask_inputs(wildcards):
    """What a list stands on: the pool, the answers' names, the lists before, and the network's predictions."""
    task, number = task_and_number(wildcards)
    method, model = ask_method(), worklists.arm(config)[0]
    files = {
        "pool": f"<results>/pools/{task}.parquet",
        "samples": "<results>/samples.parquet",
        "answers": f"{LIST}/answers.parquet",
    }
    if found := vectors(model, method["space"]):
        files["selected_in"] = found
    if not number:
        return files
    before, section = lists_before(wildcards), config["query"]["strategies"][worklists.query(config, task)]
    files |= {
        "lists": [f"{folder}/worklist.csv" for folder in before],
        "previous": f"{before[-1]}/query.parquet",
        "fit": f"{LIST}/fit.json",
        "predictions": f"{LIST}/predictions.parquet",
    }
    if task == "segmentation":
        files["maps"] = f"{LIST}/maps.npz"
    if found := vectors(worklists.query_model(config, task), space(section, QUERIES)):
        files["vectors"] = found
    needs = ask_needs(wildcards)
    if needs:
        files["images"] = f"<results>/images/{DATASET['size']}.npy"
    if "network" in needs:
        files["weights"] = f"{LIST}/weights.safetensors"
    return files


def ask_gpu(wildcards):
    """One device for queries that ask the trained network."""
    return int("network" in ask_needs(wildcards))


def ask_code(wildcards):
    """Digest of the code that a list stands on."""
    settings = list_learning(wildcards)
    network = [NETWORKS.entry(settings["network"]).module, *recipe(settings)] if ask_gpu(wildcards) else []
    modules = (METHODS.entry(ask_method()["strategy"]).module, QUERIES.entry(ask_query(wildcards)["strategy"]).module)
    return code("ask", *modules, *network)


# hand_out, advise


def hand_out_inputs(wildcards):
    """What is given to the annotators: the list, the images' files, and what the network says of them."""
    task, number = task_and_number(wildcards)
    model = worklists.arm(config)[0]
    files = {
        "cohort": "<results>/cohort.parquet",
        "pool": f"<results>/pools/{task}.parquet",
        "worklist": f"{LIST}/worklist.csv",
        "answers": f"{LIST}/answers.parquet",
        "lists": [f"{folder}/worklist.csv" for folder in lists_before(wildcards)],
    }
    if task == "segmentation":
        files["masks"] = f"{LIST}/masks.npy"
    if model != "none":
        files["map"] = vectors(model, "map")
    if number:
        files |= {"fit": f"{LIST}/fit.json", "predictions": f"{LIST}/predictions.parquet"}
        if task == "segmentation":
            files["maps"] = f"{LIST}/maps.npz"
    return files


def asked_map():
    """The map of the pool with what is asked for, where the first list's method has an embedding."""
    return {} if worklists.arm(config)[0] == "none" else {"map": f"{LIST}/map.png"}


def chosen_by(wildcards):
    """What the images of a list are chosen by, for its reader."""
    task, number = task_and_number(wildcards)
    model, method = worklists.arm(config)
    return {
        "model": worklists.query_model(config, task) if number else model,
        "name": worklists.query(config, task) if number else method,
        "later": number > 0,
        "by_default": worklists.is_default(config, later=number > 0),
    }


def advise_inputs(wildcards):
    """What the advice stands on: the hold-out's values of every list, and who was asked for."""
    task, number = task_and_number(wildcards)
    folders = [*lists_before(wildcards), LIST]
    return {
        "cohort": "<results>/cohort.parquet",
        "pool": f"<results>/pools/{task}.parquet",
        "lists": [f"{folder}/worklist.csv" for folder in folders],
        "answers": f"{LIST}/answers.parquet",
        "fits": [f"{folder}/fit.json" for folder in folders[1:]],
        "holdouts": [f"{folder}/holdout.parquet" for folder in folders[1:]],
    }
