# What the rules take: input files and parameters as functions of the wildcards, in the order of the chain.
# Parameters are plain sorted values of just the keys that a rule uses, so that only what depends on a change reruns.


# cohort


def cohort_files(wildcards):
    """Table or annotations that a data set is read from, where there are any."""
    facts = KINDS.entry(DATASET["kind"]).facts
    names = DATASET.get(facts.get("files")) or facts.get("fetched", [])
    paths = [Path(DATASET["root"]) / name for name in ([names] if isinstance(names, str) else names)]
    return list(map(str, paths))


def weights_to_fetch():
    """Encoders and networks whose published weights can be brought beforehand, each with its parameters."""
    wanted = [
        {"encoder": model["encoder"], "parameters": own(model, *configuration.MODEL_KEYS)}
        for model in config["models"].values()
    ]
    starts = [learning_of(config, task, *arm)["weights"] for task in config["tasks"] for arm in arms()]
    return wanted + ([{"encoder": "torchvision:vgg11", "parameters": {}}] if "imagenet" in starts else [])


# embed


def encoder_files(wildcards):
    """Weights or embeddings that the user brought by hand: a change of them reruns their model."""
    model = config["models"][wildcards.model]
    return [model[key] for key in ("path", "weights") if model.get(key)]


def encoder_images(wildcards):
    """Images at the side that the encoder sees; none where it reads a finished embedding."""
    needs = ENCODERS.entry(config["models"][wildcards.model]["encoder"]).facts.get("needs_images", True)
    return f"<results>/images/{encoder_size(wildcards.model)}.npy" if needs else []


def encoder_params(wildcards):
    """Encoder and its parameters."""
    model = config["models"][wildcards.model]
    return {"encoder": model["encoder"], "parameters": own(model, *configuration.MODEL_KEYS)}


def encoder_code(wildcards):
    """Digest of the code an encoder stands on."""
    return code("embed", ENCODERS.entry(config["models"][wildcards.model]["encoder"]).module)


def encoder_seed(wildcards):
    """Seed of an encoder that trains, and of the map of its embedding: the seeds of the grid do not touch it."""
    return config["models"][wildcards.model]["seed"]


def encoder_gpu(wildcards):
    """One device for encoders that compute on one."""
    return int(ENCODERS.entry(config["models"][wildcards.model]["encoder"]).facts.get("gpu", False))


# select


def method_embedding(wildcards):
    """Embedding that a method selects in."""
    return [] if wildcards.model == "none" else "<results>/embeddings/{model}.parquet"


def method_params(wildcards):
    """Selection strategy and its parameters."""
    method = config["methods"][wildcards.method]
    return {"strategy": method["strategy"], "parameters": own(method, *configuration.METHOD_KEYS)}


def method_code(wildcards):
    """Digest of the code a selection strategy stands on."""
    return code("select", METHODS.entry(config["methods"][wildcards.method]["strategy"]).module)


def all_selections(wildcards):
    """Every selection that the configuration asks for."""
    return [
        path
        for task in config["tasks"]
        for model, method in arms()
        for path in expand(
            SELECTION, task=task, model=model, method=method, budget=config["budgets"], seed=seeds(method)
        )
    ]


# train


def train_inputs(wildcards):
    """What one training stands on."""
    files = {
        "cohort": "<results>/cohort.parquet",
        "images": f"<results>/images/{DATASET['size']}.npy",
        "picks": SELECTION,
    }
    if wildcards.task == "segmentation":
        files["masks"] = f"<results>/masks/{DATASET['size']}.npy"
    if wildcards.round != "0":
        files["picks"] = f"{RUN}/queried.parquet"
        files["before"] = f"{run_before(wildcards)}/labelled.parquet"
        if config["learning"][wildcards.task]["start"] == "previous":
            files["weights"] = f"{run_before(wildcards)}/weights.safetensors"
    # Weights that the user brought by hand: a change of them reruns the trainings.
    if (weights := learning(wildcards)["weights"]) not in (None, "imagenet"):
        files["start"] = weights
    return files


def train_outputs(task):
    """What one training leaves; its weights only where the next round continues from them."""
    names = ["labelled.parquet", "history.csv", "fit.json", "predictions.parquet"]
    names += ["maps.npz"] if task == "segmentation" else []
    files = {name.partition(".")[0]: f"{RUN}/{name}" for name in names}
    learning = config["learning"][task]
    if learning["keep_weights"]:
        files["weights"] = f"{RUN}/weights.safetensors"
    elif learning["start"] == "previous":
        files["weights"] = temp(f"{RUN}/weights.safetensors")
    return files


def train_params(wildcards):
    """Settings of one training."""
    return own(learning(wildcards), *SHARED_LEARNING)


def train_code(wildcards):
    """Digest of the code a training stands on."""
    return code("train", NETWORKS.entry(learning(wildcards)["network"]).module)


# evaluate


def evaluate_inputs(wildcards):
    """What one evaluation stands on."""
    files = {
        "cohort": "<results>/cohort.parquet",
        "fit": f"{RUN}/fit.json",
        "predictions": f"{RUN}/predictions.parquet",
    }
    if wildcards.task == "segmentation":
        files["maps"] = f"{RUN}/maps.npz"
        files["masks"] = f"<results>/masks/{DATASET['size']}.npy"
    return files


def evaluate_params(wildcards):
    """Settings of one evaluation: those of the tables and of the threshold are not among them."""
    return own(config["evaluation"], "metrics", "pooling", "threshold_decimals")


# query


def query_inputs(wildcards):
    """What one query stands on: the round before, and no label."""
    before = run_before(wildcards)
    files = {
        "pool": "<results>/pools/{task}.parquet",
        "labelled": f"{before}/labelled.parquet",
        "fit": f"{before}/fit.json",
        "predictions": f"{before}/predictions.parquet",
    }
    if wildcards.task == "segmentation":
        files["maps"] = f"{before}/maps.npz"
    if wildcards.model != "none":
        files["embedding"] = "<results>/embeddings/{model}.parquet"
    return files


def query_params(wildcards):
    """Query strategy and its parameters."""
    section = config["query"]["strategies"][wildcards.query]
    return {
        "strategy": section["strategy"],
        "parameters": own(section, "strategy"),
        "batch": config["query"]["batch"],
    }


def query_code(wildcards):
    """Digest of the code a query strategy stands on."""
    return code("query", QUERIES.entry(config["query"]["strategies"][wildcards.query]["strategy"]).module)


# summary


def headline(wildcards):
    """Metrics that tables and curves show, where the configuration names them."""
    return config["evaluation"]["metrics"][wildcards.task]


# published


def published_params(wildcards):
    """What the comparison with published values needs to know of the grid."""
    return {
        "query": None,
        **own(config["comparison"], "published"),
        "known": [list(arm) for arm in arms()],
        "from_budget": start_budget(),
        "aggregation": aggregation(),
        "protocol": config["protocol"],
    }


# figures


def largest_selections(wildcards):
    """The largest selection of each method that one map shows: those of its model, and those that use none."""
    return [
        path
        for model, method in arms()
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
    return [method for model, method in arms() if model in (wildcards.model, "none")]


def sheet_selection(wildcards):
    """The largest selection of one arm."""
    return expand(SELECTION, **wildcards, budget=max(config["budgets"]), seed=seeds(wildcards.method)[0])
