"""ResNet-50 pre-trained on RadImageNet: 1.35 million CT, MR and ultrasound images.

Mei et al., "RadImageNet: an open radiologic deep learning research dataset for
effective transfer learning", Radiology: Artificial Intelligence 4(5), 2022; the
encoder of Levy et al., arXiv 2601.18532.
"""

import re
from functools import partial
from pathlib import Path
from typing import Literal

from coldstart.embedding import ENCODERS
from coldstart.embedding.base import Embedding, provenance
from coldstart.embedding.features import MEAN, STD, network_features, scaled, shrunk
from coldstart.embedding.torchvision import headless
from coldstart.embedding.weights import load_weights, read_state_dict
from coldstart.errors import InputError
from coldstart.provenance import file_digest

PUBLISHED = f"`path` takes {ENCODERS.entry('radimagenet').facts['weights_from']}"
# Children of torchvision's resnet50 in their order, by whose number the published files name them.
CHILDREN = ("conv1", "bn1", "relu", "maxpool", "layer1", "layer2", "layer3", "layer4", "avgpool", "fc")
WRAPPERS = re.compile(r"^(?:module\.|backbone\.|encoder\.|model\.)+")
NUMBERED = re.compile(r"^([0-9])\.")
# What is subtracted and divided by, in units of [0, 1].
SCALES = {"imagenet": (MEAN, STD), "symmetric": ((0.5,) * 3, (0.5,) * 3)}


def encode(
    inputs,
    *,
    seed=0,
    device="cpu",
    path: str,
    size: int = 224,
    normalise: Literal["imagenet", "symmetric"] = "imagenet",
    batch_size: int = 32,
):
    """Penultimate features of a ResNet-50 pre-trained on RadImageNet.

    Parameters
    ----------
    inputs : EncoderInputs
        The images; grey images are repeated into three channels.
    seed : int, default=0
        Not used.
    device : str, default="cpu"
        Device of the network.
    path : str
        The weights (``.pt``, ``.pth`` or ``.safetensors``): ResNet50.pt of
        https://huggingface.co/Lab-Rasool/RadImageNet, the PyTorch file of
        https://github.com/BMEII-AI/RadImageNet, or a state dict of torchvision's resnet50.
    size : int, default=224
        Edge length to which the stored images are resized (bilinear), in pixels.
    normalise : {"imagenet", "symmetric"}, default="imagenet"
        Subtract ImageNet's mean and divide by its standard deviation, or scale
        to [-1, 1] as the PyTorch example of RadImageNet's authors does.
    batch_size : int, default=32
        Images at a time.

    Returns
    -------
    Embedding
        2,048 values per image, none negative.

    Raises
    ------
    InputError
        If the weights are missing, damaged or made for another network, or the
        network does not take images of `size`.
    """
    path = Path(path)
    network = pretrained(path, size)
    mean, std = SCALES[normalise]
    prepare = partial(shrunk, size=size, channels=3)
    scale = partial(scaled, channels=3, mean=mean, std=std)
    vectors = network_features(network, inputs.images, prepare, scale, batch_size, device, "RadImageNet's ResNet-50")
    return Embedding(
        vectors,
        provenance(
            "radimagenet",
            {"size": size, "normalise": normalise},
            {"file": path.name, "sha256": file_digest(path)},
            {
                "size": size,
                "interpolation": "bilinear",
                "scale": "[0, 1]",
                "channels": 3,
                "mean": list(mean),
                "std": list(std),
            },
            ("torch", "torchvision", "numpy", "opencv-python-headless"),
        ),
    )


def pretrained(path, size):
    """ResNet-50 without its last layer, with weights from a file.

    Parameters
    ----------
    path : pathlib.Path
        The file, as for `encode`.
    size : int
        Edge length of the images.

    Returns
    -------
    torch.nn.Module
        Gives the mean over the last feature map.

    Raises
    ------
    InputError
        If the file is missing or holds no such network; says where to get it.
    """
    if not path.is_file():
        raise InputError(f"there is no weights file {path} for encoder 'radimagenet': {PUBLISHED}.")
    network, head = headless("resnet50", size)
    try:
        load_weights(network, torchvision_keys(read_state_dict(path)), path, but=(f"{head}.",))
    except InputError as error:
        raise InputError(f"{str(error).removesuffix('.')}; {PUBLISHED}.") from error
    return network


def torchvision_keys(state):
    """Give the tensors of a published file the names that torchvision's resnet50 has for them.

    Parameters
    ----------
    state : dict of str to torch.Tensor
        Keys such as ``backbone.4.0.conv1.weight`` or ``0.weight``, where the
        children of the network are counted, or torchvision's own, also below
        the name of a wrapper (``module.``, ``backbone.``, ``encoder.``, ``model.``).

    Returns
    -------
    dict of str to torch.Tensor
    """
    plain = {WRAPPERS.sub("", key): part for key, part in state.items()}
    return {NUMBERED.sub(lambda found: f"{CHILDREN[int(found[1])]}.", key): part for key, part in plain.items()}
