"""Settings of every training: those of its task, and over them those of its model and of its method."""

# Keys of `learning` that hold for every arm of a task: they decide which files a training leaves.
SHARED_LEARNING = ("start", "keep_weights")
# Networks that a task is trained with where the configuration names none.
DEFAULT_LEARNING = {
    "classification": {"network": "vgg11", "learning_rate": 0.001},
    "segmentation": {"network": "unet_vgg11", "learning_rate": 0.01},
}


def overrides(config):
    """Yield the key and the content of ``learning`` of every model and method that has one."""
    for room in ("models", "methods"):
        for name, section in config[room].items():
            if section.get("learning"):
                yield f"{room}.{name}.learning", section["learning"]


def fill_learning(config):
    """Fill in the published network and rate of each task where none is given."""
    for task, defaults in DEFAULT_LEARNING.items():
        section = config.setdefault("learning", {}).setdefault(task, {})
        for key, value in defaults.items():
            section.setdefault(key, value)


def learning_of(config, task, model, method):
    """Settings of the trainings of one arm.

    Parameters
    ----------
    config : dict
        A complete configuration.
    task, model, method : str
        The arm; the model is ``none`` where the method uses no embedding.

    Returns
    -------
    dict
        Those of the task, those of the model over them, and those of the method over both.
    """
    parts = (config["models"].get(model, {}), config["methods"][method])
    merged = dict(config["learning"][task])
    for part in parts:
        merged.update(part.get("learning", {}).get(task, {}))
    return merged
