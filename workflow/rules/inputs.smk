# What the rules take: input files and parameters as functions of the wildcards, in the order of the chain.
# Parameters are plain sorted values of just the keys that a rule uses, so that only what depends on a change reruns.
from functools import cache

# cohort


def cohort_files(wildcards):
    """Table or annotations that a data set is read from, where there are any."""
    facts = KINDS.entry(DATASET["kind"]).facts
    names = DATASET.get(facts.get("files")) or facts.get("fetched", [])
    paths = [Path(DATASET["root"]) / name for name in ([names] if isinstance(names, str) else names)]
    return list(map(str, paths))


def cohort_inputs(wildcards):
    """What the samples are listed from: the scan of a pool, or the files of the data set."""
    scanned = KINDS.entry(DATASET["kind"]).facts.get("scanned")
    return {"scan": "<results>/scan.parquet"} if scanned else {"files": cohort_files(wildcards)}


def scan_params(wildcards):
    """Which files are scanned, and how they become samples."""
    found = KINDS.parameters(DATASET["kind"])
    return ordered({key: DATASET.get(key, parameter.default) for key, parameter in found.items()})


@cache
def pool_digest():
    """Digest of the names, sizes and times of a pool's files: a file that comes or goes is scanned."""
    # Only needed to plan, and so heavy an import too.
    from coldstart.cohort.pool_files import listing_digest

    where = ("root", "files", "salt", "table", "columns", "image_folder")
    return listing_digest(**{key: value for key, value in scan_params(None).items() if key in where})


def scan_listing(wildcards):
    """That digest for the process that plans; the job itself has no use for it."""
    return pool_digest() if workflow.is_main_process else ""


def weights_to_fetch():
    """Encoders and networks whose published weights can be brought beforehand, each with its parameters."""
    wanted = [
        {"encoder": model["encoder"], "parameters": own(model, *configuration.MODEL_KEYS)}
        for model in config["models"].values()
    ]
    starts = [
        learning_of(config, task, *arm)["weights"] for task in config["tasks"] for arm in grid.trainings(config, task)
    ]
    return wanted + ([{"encoder": "torchvision:vgg11", "parameters": {}}] if "imagenet" in starts else [])


# select


def space(section, registry):
    """Space in which a strategy chooses: the configured one, or its own."""
    return section["space"] or registry.entry(section["strategy"]).facts.get("space", "embedding")


def vectors(model, space):
    """File of a model's vectors in a space; none without a model."""
    folder = {"embedding": "embeddings", "map": "maps"}[space]
    return [] if model == "none" else f"<results>/{folder}/{model}.parquet"


def method_vectors(wildcards):
    """Vectors that a method selects in."""
    return vectors(wildcards.model, space(config["methods"][wildcards.method], METHODS))


def method_measures(wildcards):
    """What a method is told of every image beside its vectors; nothing for most."""
    found = measured_in(config["methods"][wildcards.method]["strategy"], wildcards.model)
    return f"<results>/{found}" if found else []


def method_params(wildcards):
    """Selection strategy, its space and its parameters."""
    method = config["methods"][wildcards.method]
    return {
        "strategy": method["strategy"],
        "space": space(method, METHODS),
        "parameters": own(method, *configuration.METHOD_KEYS),
    }


def method_code(wildcards):
    """Digest of the code a selection strategy stands on."""
    return code("select", METHODS.entry(config["methods"][wildcards.method]["strategy"]).module)


def takes_everything(wildcards):
    """Whether a method labels the whole pool."""
    return whole_pool(wildcards.method)


def all_selections(wildcards):
    """Every selection that the configuration asks for."""
    return [
        path
        for task in config["tasks"]
        for model, method in arms()
        for path in expand(SELECTION, task=task, model=model, method=method, budget=budgets(method), seed=seeds(method))
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
        if begins_with_previous(learning(wildcards)):
            files["weights"] = f"{run_before(wildcards)}/weights.safetensors"
        if stopping():
            # After the end of the rounds the files of the round before are taken over.
            names = {name: Path(path).name for name, path in train_outputs(wildcards.task).items()}
            files |= {f"carried_{name}": f"{run_before(wildcards)}/{file}" for name, file in names.items()}
    # Weights that the user brought by hand: a change of them reruns the trainings.
    if (weights := learning(wildcards)["weights"]) not in (None, "imagenet"):
        files["start"] = weights
    return files


def train_outputs(task):
    """What one training leaves; its weights only where the next round or a query goes on from them."""
    names = ["labelled.parquet", "history.csv", "fit.json", "predictions.parquet"]
    names += ["maps.npz"] if task == "segmentation" else []
    files = {name.partition(".")[0]: f"{RUN}/{name}" for name in names}
    if config["learning"][task]["keep_weights"]:
        files["weights"] = f"{RUN}/weights.safetensors"
    elif hands_on_weights(config, task):
        files["weights"] = temp(f"{RUN}/weights.safetensors")
    return files


def train_params(wildcards):
    """Settings of one training."""
    return own(learning(wildcards), *SHARED_LEARNING)


def recipe(settings):
    """Module of the patches that a network sees, if it does."""
    return [PATCHES.entry(settings["patches"]["recipe"]).module] if settings["patches"] else []


def train_code(wildcards):
    """Digest of the code a training stands on."""
    settings = learning(wildcards)
    strategy = LEARNING.entry(settings["strategy"]).module
    return code("train", NETWORKS.entry(settings["network"]).module, strategy, *recipe(settings))


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
    section = config["query"]["strategies"][wildcards.query]
    if found := vectors(section["model"] or wildcards.model, space(section, QUERIES)):
        files["vectors"] = found
    if wildcards.round != "1":
        files["previous"] = f"{before}/queried.parquet"
    if stopping():
        files["fits"] = [f"{run_at(wildcards, number)}/fit.json" for number in range(int(wildcards.round))]
    needs = grid.query_needs(config, wildcards.query, wildcards.task)
    if needs:
        files["samples"] = "<results>/samples.parquet"
        files["images"] = stored_images(wildcards)
    if "network" in needs:
        files["weights"] = f"{before}/weights.safetensors"
    return files


def query_gpu(wildcards):
    """One device for queries that ask the trained network."""
    return int("network" in grid.query_needs(config, wildcards.query, wildcards.task))


def query_params(wildcards):
    """Query strategy and its parameters."""
    section = config["query"]["strategies"][wildcards.query]
    return {
        "strategy": section["strategy"],
        "space": space(section, QUERIES),
        "parameters": own(section, *configuration.QUERY_KEYS),
        "batch": config["query"]["batch"],
    }


def query_code(wildcards):
    """Digest of the code a query strategy stands on, and with it the network that it asks."""
    modules, strategy = [], config["query"]["strategies"][wildcards.query]["strategy"]
    if query_gpu(wildcards):
        before = wildcards.query if wildcards.round != "1" else "none"
        settings = learning_of(config, wildcards.task, wildcards.model, wildcards.method, before)
        modules = [NETWORKS.entry(settings["network"]).module, *recipe(settings)]
    return code("query", QUERIES.entry(strategy).module, *modules)


# summary


def of_runs(name):
    """One file of every run."""
    return [f"{run}/{name}" for run in runs()]


def headline(wildcards):
    """Metrics that tables and curves show, where the configuration names them."""
    return config["evaluation"]["metrics"][wildcards.task]
