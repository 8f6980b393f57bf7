"""A small classifier for a CPU."""

import torch
from torch import nn

from coldstart.learning.pretrained import start_from


class Block(nn.Module):
    """Residual block of two 3x3 convolutions; the first may halve the image."""

    def __init__(self, inside, outside, stride):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(inside, outside, 3, stride, 1, bias=False),
            nn.GroupNorm(8, outside),
            nn.ReLU(),
            nn.Conv2d(outside, outside, 3, 1, 1, bias=False),
            nn.GroupNorm(8, outside),
        )
        self.skip = nn.Sequential(nn.AvgPool2d(stride), nn.Conv2d(inside, outside, 1, bias=False))

    def forward(self, x):
        """Map (n, inside, H, W) to (n, outside, H / stride, W / stride)."""
        return torch.relu(self.body(x) + self.skip(x))


class SmallCNN(nn.Module):
    """Three residual stages; a finding is local, so the head sees mean and maximum."""

    def __init__(self, channels, width, dropout):
        super().__init__()
        self.stem = nn.Sequential(
            # Each image to mean 0 and variance 1: exposure is no finding.
            nn.GroupNorm(1, channels, affine=False),
            nn.Conv2d(channels, width, 5, 2, 2, bias=False),
            nn.GroupNorm(8, width),
            nn.ReLU(),
        )
        self.body = nn.Sequential(Block(width, width, 2), Block(width, 2 * width, 2), Block(2 * width, 4 * width, 2))
        self.head = nn.Sequential(nn.Dropout(dropout), nn.Linear(8 * width, 2))

    def forward(self, x):
        """Map (n, channels, H, W) to logits (n, 2)."""
        x = self.body(self.stem(x))
        return self.head(torch.cat([x.mean((2, 3)), x.amax((2, 3))], 1))


def build(*, channels, seed, weights: str | None = None, width: int = 16, dropout: float = 0.2):
    """Build a small residual network with group normalisation.

    Its own design, for demonstrations and tests on a CPU.

    Parameters
    ----------
    channels : int
        Channels of the images.
    seed : int
        Seed of the initial weights.
    weights : str, optional
        Random by default; else the path of weights of this network.
    width : int, default=16
        Channels of the first stage, a multiple of 8; the last has four times as many.
    dropout : float, default=0.2
        Dropout before the last layer.

    Returns
    -------
    torch.nn.Module
        (n, channels, H, W) in [0, 1] to logits (n, 2).

    Raises
    ------
    InputError
        If the weights are missing or do not fit.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = SmallCNN(channels, width, dropout)
    start_from(network, weights)
    return network
