"""VGG-11, the published classifier."""

import torch
import torchvision
from torch import nn

from coldstart.learning.pretrained import grey_to_three, start_from


def build(*, channels, seed, weights: str | None = None):
    """Build torchvision's VGG-11 with two logits.

    Yuan & Hong (2024), Training, and the published code: ``classifier[6]`` is a
    new ``Linear(4096, 2)``; a grey image is repeated to three channels; pixels in
    [0, 1] are not standardised unless `normalise` says so.

    Parameters
    ----------
    channels : int
        Channels of the images, 1 or 3.
    seed : int
        Seed of the initial weights.
    weights : str, optional
        Random by default; ``imagenet`` for torchvision's published weights, or
        the path of a state dict of torchvision's layout.

    Returns
    -------
    torch.nn.Module
        (n, channels, H, W) in [0, 1] to logits (n, 2); any side from 32 pixels.

    Raises
    ------
    InputError
        If the weights are missing or do not fit.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = torchvision.models.vgg11(weights=None)
        network.classifier[6] = nn.Linear(4096, 2)
    network.register_forward_pre_hook(grey_to_three)
    start_from(network, weights, "vgg11", fresh=("classifier.6.",))
    return network
