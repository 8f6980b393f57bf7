"""A U-Net of the published size with batch normalisation, the segmenter of Ma et al."""

from itertools import pairwise

import torch
from torch import nn

from coldstart.errors import InputError
from coldstart.learning.pretrained import start_from

# Widths in units of the first one, down to the bottleneck and up again.
DOWN, UP = (1, 2, 4, 8, 16), (4, 2, 1, 0.5)


def convolutions(inside, outside):
    """Two 3x3 convolutions without bias, each with batch normalisation and ReLU."""
    layers = []
    for source in (inside, outside):
        layers += [nn.Conv2d(source, outside, 3, padding=1, bias=False), nn.BatchNorm2d(outside), nn.ReLU()]
    return nn.Sequential(*layers)


class UpStage(nn.Module):
    """A transposed convolution that doubles the size, and two convolutions with the skipped features beside it."""

    def __init__(self, inside, skipped, outside):
        super().__init__()
        self.enlarge = nn.ConvTranspose2d(inside, outside, 2, 2)
        self.convolve = convolutions(skipped + outside, outside)

    def forward(self, x, skip):
        """Map (n, inside, H, W) and (n, skipped, 2H, 2W) to (n, outside, 2H, 2W)."""
        return self.convolve(torch.cat([skip, self.enlarge(x)], 1))


class UNet(nn.Module):
    """Four halvings down to the bottleneck, ``down.4``, and four doublings up."""

    def __init__(self, channels, width, dropout):
        super().__init__()
        down, up = ([int(factor * width) for factor in factors] for factors in (DOWN, UP))
        self.down = nn.ModuleList([convolutions(channels, down[0])])
        self.down.extend(nn.Sequential(nn.MaxPool2d(2), convolutions(*pair)) for pair in pairwise(down))
        deepest_first = down[::-1]
        inputs = [deepest_first[0], *up[:-1]]
        self.up = nn.ModuleList(map(UpStage, inputs, deepest_first[1:], up))
        self.head = nn.Conv2d(up[-1], 1, 1)
        # Without dropout there is no such layer at all, as published.
        self.drop = nn.Dropout(dropout) if dropout else nn.Identity()

    def forward(self, x):
        """Map (n, channels, H, W) to logits (n, 1, H, W)."""
        skips = []
        for down in self.down:
            x = down(x)
            skips.append(x)
        x = self.drop(skips.pop())
        for level, up in enumerate(self.up):
            x = up(x, skips.pop())
            x = self.drop(x) if level < 2 else x
        return self.head(x)


def build(*, channels, seed, weights: str | None = None, width: int = 64, dropout: float = 0.0):
    """Build the U-Net of Ma et al. (IJCNN 2025, LMI-AL), that of the package ``glasses`` as it stands by default.

    Two 3x3 convolutions with batch normalisation and ReLU on every level; widths
    64, 128, 256, 512, 1024 with max-pooling, then 256, 128, 64, 32 with
    transposed convolutions of 2x2; a 1x1 convolution to one map. Initial weights
    are PyTorch's own. The authors do not say which version of the package they
    used: this is its code on GitHub. In training their wrapper runs the encoder
    a second time for its features, by which the running means of its batch
    normalisations move twice a step; here they move once.

    Parameters
    ----------
    channels : int
        Channels of the images.
    seed : int
        Seed of the initial weights.
    weights : str, optional
        Random by default; else the path of weights of this network.
    width : int, default=64
        Channels at full size on the way down, an even number; the other widths
        follow in the published proportions.
    dropout : float, default=0
        Share of features that are dropped in training, after the bottleneck and
        after the first two levels on the way up. Published: none, so that its
        repeated passes are all alike; above 0 they differ, in the manner of
        Gal and Ghahramani (2016).

    Returns
    -------
    torch.nn.Module
        (n, channels, H, W) in [0, 1] to logits (n, 1, H, W); sides are
        multiples of 16 pixels.

    Raises
    ------
    InputError
        If a parameter is out of its range, or the weights are missing or do not fit.
    """
    if width < 2 or width % 2:
        raise InputError(f"learning: width of the network unet is {width}, it must be an even number from 2 on.")
    if not 0 <= dropout < 1:
        raise InputError(f"learning: dropout of the network unet is {dropout}, it must be from 0 to below 1.")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = UNet(channels, width, dropout)
    start_from(network, weights)
    return network
