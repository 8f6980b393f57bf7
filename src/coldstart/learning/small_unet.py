"""A small U-Net for a CPU."""

import torch
from torch import nn
from torch.nn import functional

from coldstart.learning.pretrained import start_from


def stage(inside, outside):
    """Two 3x3 convolutions with group normalisation."""
    layers = []
    for source in (inside, outside):
        layers += [nn.Conv2d(source, outside, 3, 1, 1, bias=False), nn.GroupNorm(8, outside), nn.ReLU()]
    return nn.Sequential(*layers)


class SmallUNet(nn.Module):
    """Three halvings down, three doublings up, with skip connections."""

    def __init__(self, channels, width):
        super().__init__()
        widths = [width, 2 * width, 4 * width, 8 * width]
        # Each image to mean 0 and variance 1: exposure is no finding.
        self.standardise = nn.GroupNorm(1, channels, affine=False)
        self.down = nn.ModuleList(stage(a, b) for a, b in zip([channels, *widths], widths, strict=False))
        self.up = nn.ModuleList(stage(a + b, b) for a, b in zip(widths[:0:-1], widths[-2::-1], strict=True))
        self.head = nn.Conv2d(width, 1, 1)

    def forward(self, x):
        """Map (n, channels, H, W) to logits (n, 1, H, W)."""
        x, skips = self.standardise(x), []
        for level, down in enumerate(self.down):
            x = down(functional.max_pool2d(x, 2) if level else x)
            skips.append(x)
        for up, skip in zip(self.up, skips[-2::-1], strict=True):
            x = up(torch.cat([functional.interpolate(x, scale_factor=2), skip], 1))
        return self.head(x)


def build(*, channels, seed, weights: str | None = None, width: int = 8):
    """Build a small U-Net (Ronneberger et al. 2015) with group normalisation.

    Parameters
    ----------
    channels : int
        Channels of the images.
    seed : int
        Seed of the initial weights.
    weights : str, optional
        Random by default; else the path of weights of this network.
    width : int, default=8
        Channels at full size, a multiple of 8; each halving doubles them.

    Returns
    -------
    torch.nn.Module
        (n, channels, H, W) in [0, 1] to logits (n, 1, H, W); sides are
        multiples of 8 pixels.

    Raises
    ------
    InputError
        If the weights are missing or do not fit.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = SmallUNet(channels, width)
    start_from(network, weights)
    return network
