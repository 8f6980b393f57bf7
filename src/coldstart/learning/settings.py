"""How one network is trained: the keys under ``learning.<task>``."""

from dataclasses import dataclass, field, fields
from typing import Literal, get_args

from coldstart.errors import InputError
from coldstart.learning import NETWORKS, STRATEGIES
from coldstart.registry import choices


@dataclass(frozen=True)
class Settings:
    """Settings of one training; the defaults are the published ones.

    Yuan & Hong (2024), Training: VGG-11 and a U-Net on it, SGD with momentum
    0.9, batches of 10, 100 epochs, rate halved after 10 epochs without
    improvement.

    Attributes
    ----------
    network : str
        A name of `coldstart.learning.NETWORKS`.
    network_parameters : dict
        Its parameters.
    weights : str or None
        Where the network starts: random, ``imagenet`` or the path of a file.
    epochs : int
        Passes over the labelled set.
    batch_size : int
        Images per step.
    optimiser : {"sgd", "adam", "adamw"}
        Optimiser.
    learning_rate : float
        Initial rate; published 0.001 for classification, 0.01 for segmentation.
    momentum : float
        Momentum of SGD.
    weight_decay : float
        L2 penalty; decoupled for adamw.
    patience : int
        Epochs without improvement of the validation metric before the rate falls.
    factor : float
        What the rate is multiplied by then.
    precision : {"float32", "bfloat16"}
        Arithmetic of the network; weights and losses stay in float32. The log
        says so where bfloat16 saves no time.
    augment : {"none", "light"}
        Random changes of the training images, see `coldstart.learning.augment`.
    normalise : {"none", "imagenet"}
        What the network is given: pixels in [0, 1], as the published code has
        it, or less ImageNet's mean and over its standard deviation, as ImageNet
        weights were trained.
    checkpoint_seconds : float
        Time between two checkpoints at least. With 0 a checkpoint is saved after
        every epoch, unless that takes long: then it may take a twentieth of the time.
    score : {"softmax", "sigmoid"}
        Probability of the positive class from the two logits: their softmax, or
        the sigmoid of the second one, as the published code has it.
    dropout_in_validation : bool
        Leave dropout on while the validation metric is computed, as two of the
        published scripts do.
    strategy : str
        A name of `coldstart.learning.STRATEGIES`: where a round begins and what
        it trains on.
    strategy_parameters : dict
        Its parameters.
    samples : {"all", "positive"}
        Which labelled samples are trained on: all, or those of label 1 and those
        whose mask is not empty (the published "target-only" reference of Ma et
        al. 2025).
    patches : dict
        ``recipe``, a name of `coldstart.learning.PATCHES`, and its parameters:
        the network then sees patches of each image (classification). Without
        any it sees the image.
    loss : {"focal", "bce", None}
        None is the published loss: cross entropy weighted by class, or soft
        Dice. The others are of the positive class or the foreground, and not
        weighted by class.
    focal_alpha, focal_gamma : float
        Of the focal loss; published (Ma et al. 2025, code) 1 and 2.
    monitor : {"metric", "loss"}
        What the validation images are watched by: the metric, or the loss that
        is trained on, of which lower is better.
    stop_after : int or None
        Epochs without a better value of the monitor before the training ends.
    keep : {"best", "last"}
        Which epoch the training ends with.
    rate_decay : float
        What the rate is multiplied by after every epoch, beside the falls by
        `factor`.
    head_rate : float
        Learning rate of the last layer over that of the others.

    Raises
    ------
    InputError
        If a value is not one of those allowed.
    """

    network: str
    network_parameters: dict = field(default_factory=dict)
    weights: str | None = None
    epochs: int = 100
    batch_size: int = 10
    optimiser: Literal["sgd", "adam", "adamw"] = "sgd"
    learning_rate: float = 0.001
    momentum: float = 0.9
    weight_decay: float = 0.0
    patience: int = 10
    factor: float = 0.5
    precision: Literal["float32", "bfloat16"] = "float32"
    augment: Literal["none", "light"] = "none"
    normalise: Literal["none", "imagenet"] = "none"
    checkpoint_seconds: float = 0.0
    score: Literal["softmax", "sigmoid"] = "softmax"
    dropout_in_validation: bool = False
    strategy: str = "scratch"
    strategy_parameters: dict = field(default_factory=dict)
    samples: Literal["all", "positive"] = "all"
    patches: dict = field(default_factory=dict)
    loss: Literal["focal", "bce", None] = None
    focal_alpha: float = 1.0
    focal_gamma: float = 2.0
    monitor: Literal["metric", "loss"] = "metric"
    stop_after: int | None = None
    keep: Literal["best", "last"] = "best"
    rate_decay: float = 1.0
    head_rate: float = 1.0

    def __post_init__(self):
        NETWORKS.entry(self.network)
        STRATEGIES.entry(self.strategy)
        for item in fields(self):
            allowed, value = get_args(item.type), getattr(self, item.name)
            if isinstance(allowed[0] if allowed else None, str) and value not in allowed:
                raise InputError(f"learning: {item.name} is {value!r}; {choices(value, allowed)}.")
        for name in ("epochs", "batch_size", "learning_rate", "patience", "rate_decay", "head_rate"):
            if not getattr(self, name) > 0:
                raise InputError(f"learning: {name} is {getattr(self, name)} and should be above 0.")
        if self.stop_after is not None and self.stop_after < 1:
            raise InputError(f"learning: stop_after is {self.stop_after} and should be null or at least 1.")
        if self.patches and self.task != "classification":
            raise InputError(f"learning.{self.task}.patches: patches are for classification; leave the key out.")

    @classmethod
    def read(cls, config):
        """Make settings from the configuration of one task.

        Parameters
        ----------
        config : dict
            Keys as the attributes; those left out take their defaults.

        Returns
        -------
        Settings

        Raises
        ------
        InputError
            If a key is unknown or the network is missing.
        """
        known = [item.name for item in fields(cls)]
        for key in config:
            if key not in known:
                raise InputError(f"learning: unknown key '{key}'; {choices(key, known)}.")
        if "network" not in config:
            raise InputError(f"learning: the key 'network' is missing; {choices('', NETWORKS)}.")
        return cls(**config)

    @property
    def task(self):
        """The task that the network is for: ``classification`` or ``segmentation``."""
        return NETWORKS.entry(self.network).facts["task"]

    def build(self, *, channels, seed):
        """Build the network.

        Parameters
        ----------
        channels : int
            Channels of the images, see `coldstart.learning.pixels.channels_of`.
        seed : int
            Seed of the initial weights.

        Returns
        -------
        torch.nn.Module
        """
        parameters = {"weights": self.weights, **self.network_parameters}
        # Normalised, a grey image has three channels that differ.
        channels = 3 if self.normalise == "imagenet" else channels
        return NETWORKS.load(self.network)(channels=channels, seed=seed, **parameters)

    def check_size(self, size):
        """Refuse images that the network cannot take.

        Raises
        ------
        InputError
            If `size` is no multiple of what the network halves its images to.
        """
        multiple = NETWORKS.entry(self.network).facts["multiple"]
        if size % multiple:
            near = max(multiple, round(size / multiple) * multiple)
            raise InputError(
                f"dataset.size is {size}, and the network {self.network} needs a multiple of {multiple}: "
                f"set it to {near}."
            )
