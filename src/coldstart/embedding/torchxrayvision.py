"""Networks of TorchXRayVision (Cohen et al., arXiv 2111.00595), trained on chest radiographs."""

from pathlib import Path
from typing import Literal

import numpy as np
import torch

from coldstart.cohort.images import as_float
from coldstart.embedding.base import Embedding, provenance
from coldstart.embedding.extras import extra
from coldstart.embedding.features import grey, network_features
from coldstart.embedding.resizing import resized
from coldstart.embedding.weights import downloaded, load_weights, read_state_dict
from coldstart.errors import InputError
from coldstart.provenance import file_digest
from coldstart.registry import choices

models = extra("torchxrayvision.models")
utils = extra("torchxrayvision.utils")

# The published files are pickled networks. These classes are made of tensors and plain
# values; a file that asks for any other is refused before anything in it runs.
CLASSES = (
    models.DenseNet,
    models._DenseBlock,
    models._DenseLayer,
    models._Transition,
    torch.nn.Sequential,
    torch.nn.Conv2d,
    torch.nn.BatchNorm2d,
    torch.nn.ReLU,
    torch.nn.MaxPool2d,
    torch.nn.AvgPool2d,
    torch.nn.Linear,
)
LEFT_OUT = ("classifier.", "op_threshs")


def encode(
    inputs,
    *,
    seed=0,
    device="cpu",
    weights: str | None = None,
    size: int | None = 224,
    rgb: Literal["luma", "zeros"] = "luma",
    batch_size: int = 32,
):
    """Penultimate features of a DenseNet-121 of TorchXRayVision (its ``features2``).

    Parameters
    ----------
    inputs : EncoderInputs
        The images; `name` is TorchXRayVision's name of the weights, for example
        ``"densenet121-res224-all"``.
    seed : int, default=0
        Not used.
    device : str, default="cpu"
        Device of the network.
    weights : str, optional
        The published file, or a state dict (``.pt``, ``.pth`` or
        ``.safetensors``); by default the published file in TorchXRayVision's
        own cache, ``~/.torchxrayvision/models_data``, downloaded where it is not there.
    size : int or None, default=224
        Edge length to which the scaled images are resized (bilinear), in
        pixels; None leaves the stored one.
    rgb : {"luma", "zeros"}, default="luma"
        Colour images are turned grey, or get a vector of zeros: what the
        released code of Yuan & Hong (arXiv 2402.02561) does with every image
        whose file holds more than one channel.
    batch_size : int, default=32
        Images at a time.

    Returns
    -------
    Embedding
        1,024 values per image, none negative.

    Raises
    ------
    InputError
        If the weights are unknown, missing, damaged, made for another network
        or hold foreign Python objects, or if ``rgb: zeros`` is asked for where
        nobody knows which images are in colour.
    """
    if rgb == "zeros" and inputs.colour is None:
        raise InputError(
            "`rgb: zeros` needs to know which image files hold more than one channel, and this kind of data set "
            "does not say so: leave `rgb` out."
        )
    known(inputs.name)
    path = Path(weights) if weights else cached(inputs.name)
    network = headless(path)

    def prepare(stored):
        # Scaled first and resized second, in floating point, as the released code does.
        return resized(normalised(grey(stored)), size)[:, None]

    what = f"torchxrayvision's {inputs.name}"
    vectors = network_features(network, inputs.images, prepare, on_device, batch_size, device, what)
    if rgb == "zeros":
        vectors[inputs.colour] = 0
    return Embedding(
        vectors,
        provenance(
            f"txrv:{inputs.name}",
            {"size": size, "rgb": rgb},
            {"file": path.name, "sha256": file_digest(path)},
            {
                "size": size,
                "interpolation": "bilinear",
                "scale": "[-1024, 1024]",
                "channels": 1,
            },
            ("torch", "torchxrayvision", "numpy", "opencv-python-headless"),
        ),
    )


def on_device(prepared, device):
    """Tensor of prepared images."""
    return torch.from_numpy(prepared).to(device)


def normalised(images):
    """Scale stored grey images to [-1024, 1024], as ``torchxrayvision.datasets.normalize`` does."""
    return (2 * as_float(images) - 1) * np.float32(1024)


def known(name):
    """Check that a name is one of TorchXRayVision's DenseNets.

    Raises
    ------
    InputError
        If it is not.
    """
    names = [key for key in models.model_urls if key.startswith("densenet")]
    if not name:
        raise InputError("encoder 'txrv' needs the name of its weights: write 'txrv:densenet121-res224-all'.")
    if name not in names:
        raise InputError(f"torchxrayvision has no DenseNet weights '{name}': {choices(name, names)}.")


def cached(name):
    """Path of published weights; downloaded where they are not in TorchXRayVision's cache."""
    return downloaded(models.model_urls[name]["weights_url"], Path(utils.get_cache_dir()), f"torchxrayvision's {name}")


def fetch(name, weights=None, **_):
    """Bring the published weights of a configuration into TorchXRayVision's cache.

    Parameters
    ----------
    name : str
        As `EncoderInputs.name`.
    weights : str, optional
        As in `encode`.

    Returns
    -------
    pathlib.Path or None
        None where the configuration names a file of its own.
    """
    known(name)
    return None if weights else cached(name)


def headless(path):
    """Read a DenseNet-121 without its classifier.

    Parameters
    ----------
    path : pathlib.Path
        A published file, or a state dict.

    Returns
    -------
    torch.nn.Module
        Gives ``features2``: the mean over the last feature map after a ReLU.
    """
    state = read_state_dict(path, CLASSES)
    with torch.random.fork_rng(devices=[]):
        network = models.DenseNet(num_classes=1)
    network.classifier = torch.nn.Identity()
    load_weights(network, state, path, but=LEFT_OUT)
    return network
