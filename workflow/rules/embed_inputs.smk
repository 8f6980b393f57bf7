# What embedding, its map and the comparison of encoders take, and which models are embedded in shards.


def encoder_files(wildcards):
    """Weights or embeddings that the user brought by hand: a change of them reruns their model."""
    model = config["models"][wildcards.model]
    return [model[key] for key in ("path", "weights") if model.get(key)]


def shards():
    """How many jobs share the images of each model, where that is possible; `--set-scatter` may say otherwise."""
    return {
        name: model["shards"] for name, model in config["models"].items() if configuration.in_shards(model["encoder"])
    }


def sharded():
    """Models whose images several jobs share."""
    return [name for name in shards() if len(getattr(gather, name)("{scatteritem}")) > 1]


def embedding_shards(wildcards):
    """Shards of an embedding, in order."""
    return getattr(gather, wildcards.model)("<results>/embeddings/{model}/{scatteritem}.parquet", model=wildcards.model)


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


def map_params(wildcards):
    """How an embedding becomes a map."""
    return ordered(config["models"][wildcards.model]["map"])


def uncertainty_params(wildcards):
    """Network that learns an embedding, and how."""
    return ordered(config["models"][wildcards.model]["uncertainty"])


def uncertainty_weights(wildcards):
    """Weights that the user brought by hand: a change of them measures anew."""
    weights = config["models"][wildcards.model]["uncertainty"]["weights"]
    return [] if weights in (None, "imagenet") else weights


def uncertainty_code(wildcards):
    """Digest of the code that learns an embedding."""
    return code("uncertainty", NETWORKS.entry(config["models"][wildcards.model]["uncertainty"]["network"]).module)


def encoder_threads(wildcards):
    """Cores of an encoder: one that trains has one, as sums over several round otherwise."""
    return ENCODERS.entry(config["models"][wildcards.model]["encoder"]).facts.get("threads", 1)


def encoder_gpu(wildcards):
    """One device for encoders that compute on one."""
    return int(ENCODERS.entry(config["models"][wildcards.model]["encoder"]).facts.get("gpu", False))


def encoder_comparisons():
    """Comparison of the models of every task, where there are any."""
    return [f"<results>/tables/{task}_encoders.html" for task in config["tasks"] if config["models"]]


def encoder_comparison_inputs(wildcards):
    """What the comparison of the models of a task stands on: their embeddings, and what is to be seen in the pool."""
    files = {
        "cohort": "<results>/cohort.parquet",
        "pool": "<results>/pools/{task}.parquet",
        "embeddings": [vectors(model, "embedding") for model in config["models"]],
    }
    if wildcards.task == "segmentation":
        files["masks"] = f"<results>/masks/{DATASET['size']}.npy"
    return files
