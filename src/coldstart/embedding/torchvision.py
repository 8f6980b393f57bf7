"""Classification networks of torchvision, cut before their last layer."""

from functools import partial
from pathlib import Path
from typing import Literal

import torch
import torchvision

from coldstart.embedding.base import Embedding, provenance
from coldstart.embedding.features import MEAN, STD, network_features, scaled, shrunk
from coldstart.embedding.weights import cached_weights, load_weights, published_weights, read_state_dict
from coldstart.errors import InputError
from coldstart.provenance import file_digest

CLASSES = 1000


def encode(
    inputs,
    *,
    seed=0,
    device="cpu",
    weights: str | None = None,
    size: int | None = None,
    normalise: bool = True,
    pooling: Literal["penultimate", "features"] = "penultimate",
    batch_size: int = 32,
):
    """Penultimate features of a torchvision network.

    Parameters
    ----------
    inputs : EncoderInputs
        The images; `name` is torchvision's name of the network, for example
        ``"densenet121"``. Grey images are repeated into three channels.
    seed : int, default=0
        Not used.
    device : str, default="cpu"
        Device of the network.
    weights : str, optional
        A weights file (``.pth``, ``.pt`` or ``.safetensors``); its last layer
        may be of any width, or absent. By default torchvision's own default
        weights, from torch's cache.
    size : int, optional
        Edge length to which the stored images are resized (bilinear), in
        pixels; by default that of torchvision's weights, mostly 224.
    normalise : bool, default=True
        Subtract ImageNet's mean and divide by its standard deviation.
    pooling : {"penultimate", "features"}, default="penultimate"
        ``"penultimate"``: what the last layer is given. ``"features"``: the mean
        over the last feature map, without the final activation (released code
        of Yuan & Hong, arXiv 2402.02561, for DenseNet-121).
    batch_size : int, default=32
        Images at a time.

    Returns
    -------
    Embedding
        For example 1024 values per image with DenseNet-121.

    Raises
    ------
    InputError
        If the network is unknown, its weights are missing, damaged or made for
        another network, or it does not take images of `size`.
    """
    model = inputs.name
    if not model:
        raise InputError("encoder 'torchvision' needs the name of a network: write 'torchvision:densenet121'.")
    published = published_weights(model)
    path = cached_weights(model) if weights is None else Path(weights)
    state = read_state_dict(path)
    size = published.transforms().crop_size[0] if size is None else size
    network, head = headless(model, size)
    load_weights(network, state, path, but=(f"{head}.",))
    if pooling == "features":
        if not hasattr(network, "features"):
            raise InputError(f"torchvision's {model} has no part named features: choose `pooling: penultimate`.")
        network = torch.nn.Sequential(network.features, MeanOverMap())
    mean, std = (MEAN, STD) if normalise else (None, None)
    prepare = partial(shrunk, size=size, channels=3)
    scale = partial(scaled, channels=3, mean=mean, std=std)
    vectors = network_features(network, inputs.images, prepare, scale, batch_size, device, f"torchvision's {model}")
    return Embedding(
        vectors,
        provenance(
            f"torchvision:{model}",
            {"size": size, "normalise": normalise, "pooling": pooling},
            {"file": path.name, "sha256": file_digest(path)},
            {
                "size": size,
                "interpolation": "bilinear",
                "scale": "[0, 1]",
                "channels": 3,
                "mean": list(mean) if normalise else None,
                "std": list(std) if normalise else None,
            },
            ("torch", "torchvision", "numpy", "opencv-python-headless"),
        ),
    )


def fetch(name, weights=None, **_):
    """Bring torchvision's default weights of a network into torch's cache.

    Parameters
    ----------
    name : str
        Torchvision's name of the network.
    weights : str, optional
        As in `encode`.

    Returns
    -------
    pathlib.Path or None
        None where the configuration names a file of its own.
    """
    return None if weights else cached_weights(name)


class MeanOverMap(torch.nn.Module):
    """Mean over the two axes of a feature map."""

    def forward(self, maps):
        """Reduce (n, c, h, w) to (n, c)."""
        return maps.mean((2, 3))


def headless(model, size):
    """Build a network whose last layer passes its input on.

    Parameters
    ----------
    model : str
        Torchvision's name of the network.
    size : int
        Edge length of the images; vision transformers are built for one.

    Returns
    -------
    network : torch.nn.Module
        With weights that are yet to be loaded.
    head : str
        Dotted name of the layer that was cut off: linear, or a convolution (SqueezeNet).
    """
    extra = {"image_size": size} if model.startswith("vit_") else {}
    if model in {"googlenet", "inception_v3"}:
        # They draw their weights very slowly where not told otherwise.
        extra = {"init_weights": False}
    with torch.random.fork_rng(devices=[]):
        network = torchvision.models.get_model(model, weights=None, **extra)
    if hasattr(network, "transform_input"):
        # As torchvision does for its published weights.
        network.transform_input = True
    widths = {torch.nn.Linear: "out_features", torch.nn.Conv2d: "out_channels"}
    head = [
        name
        for name, layer in network.named_modules()
        if type(layer) in widths and getattr(layer, widths[type(layer)]) == CLASSES
    ][-1]
    parent, _, own = head.rpartition(".")
    setattr(network.get_submodule(parent), own, torch.nn.Identity())
    return network, head
