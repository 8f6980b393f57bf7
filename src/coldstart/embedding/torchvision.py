"""Classification networks of torchvision, cut before their last layer."""

from pathlib import Path
from typing import Literal

import numpy as np
import torch
import torchvision

from coldstart.cohort.images import as_float
from coldstart.embedding.base import Embedding, provenance
from coldstart.embedding.resizing import channels_first, resized
from coldstart.embedding.weights import cached_weights, load_weights, published_weights, read_state_dict
from coldstart.errors import InputError
from coldstart.progress import track
from coldstart.provenance import file_digest

MEAN = (0.485, 0.456, 0.406)
STD = (0.229, 0.224, 0.225)
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
    vectors = features(network.eval().to(device), inputs.images, size, normalise, batch_size, device, model)
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
                "mean": list(MEAN) if normalise else None,
                "std": list(STD) if normalise else None,
            },
            ("torch", "torchvision", "numpy", "opencv-python-headless"),
        ),
    )


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


@torch.inference_mode()
def features(network, images, size, normalise, batch_size, device, model):
    """Run a network over all images.

    Parameters
    ----------
    network : torch.nn.Module
        In evaluation mode, on `device`.
    images : numpy.ndarray of uint8 or uint16, shape (n, s, s) or (n, s, s, 3)
        Stored images.
    size : int
        Edge length that the network is given.
    normalise : bool
        Whether to apply ImageNet's mean and standard deviation.
    batch_size : int
        Images at a time.
    device : str
        Device.
    model : str
        Name of the network, for messages.

    Returns
    -------
    numpy.ndarray of float32, shape (n, d)

    Raises
    ------
    InputError
        If the network does not take images of that size.
    """
    mean, std = (torch.tensor(values).view(3, 1, 1) for values in (MEAN, STD))
    parts = []
    for start in track(range(0, len(images), batch_size), f"embedding with {model}"):
        batch = torch.from_numpy(channels_first(as_float(resized(images[start : start + batch_size], size))))
        batch = batch.expand(-1, 3, -1, -1)
        batch = (batch - mean) / std if normalise else batch
        try:
            parts.append(network(batch.to(device)).flatten(1).float().cpu().numpy())
        except torch.OutOfMemoryError:
            raise
        except (AssertionError, RuntimeError, ValueError) as error:
            raise InputError(
                f"torchvision's {model} does not take images of {size} pixels ({error}): leave `size` out."
            ) from error
    return np.concatenate(parts)
