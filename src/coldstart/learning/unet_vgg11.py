"""A U-Net with a VGG-11 encoder, the published segmenter."""

import segmentation_models_pytorch as smp
import torch

from coldstart.learning.pretrained import grey_to_three, start_from


def build(*, channels, seed, weights: str | None = None):
    """Build the U-Net of segmentation_models_pytorch on VGG-11.

    Yuan & Hong (2024), Training: "U-Net with a VGG-11 backbone". A grey image is
    repeated to three channels; pixels in [0, 1] are not standardised unless
    `normalise` says so.

    Parameters
    ----------
    channels : int
        Channels of the images, 1 or 3.
    seed : int
        Seed of the initial weights.
    weights : str, optional
        Random by default; ``imagenet`` for torchvision's published VGG-11 in the
        encoder, or the path of a state dict of torchvision's VGG-11 or of this
        network.

    Returns
    -------
    torch.nn.Module
        (n, channels, H, W) in [0, 1] to logits (n, 1, H, W); sides are
        multiples of 32 pixels.

    Raises
    ------
    InputError
        If the weights are missing or do not fit.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = smp.Unet("vgg11", encoder_weights=None, classes=1)
    network.register_forward_pre_hook(grey_to_three)
    start_from(network, weights, "vgg11", fresh=("decoder.", "segmentation_head."), translate=encoder_names)
    return network


def encoder_names(state):
    """Rename torchvision's VGG-11 to the encoder, without its classifier; leave this network's own names."""
    found = {f"encoder.{name}": tensor for name, tensor in state.items() if name.startswith("features.")}
    return found or state
