"""The network of the SimCLR encoders: small, and untrained until `coldstart.embedding.simclr` has trained it."""

import itertools

import numpy as np
import torch
from torch import nn

from coldstart.cohort.images import as_float
from coldstart.embedding.resizing import channels_first

# The encoding pass always uses this many images at a time, so that `batch_size` moves the training alone.
ROWS_AT_ONCE = 64


class Encoder(nn.Module):
    """Four convolutions of stride 2 and a mean over the map.

    Parameters
    ----------
    channels : int
        Channels of the images.
    dimension : int
        Length of the vectors.
    mean, std : float
        Of the pool's intensities in [0, 1].
    """

    def __init__(self, channels, dimension, mean, std):
        super().__init__()
        widths = (channels, 24, 48, 96, dimension)
        self.layers = nn.Sequential(
            *(
                nn.Sequential(
                    nn.Conv2d(before, after, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(after), nn.ReLU()
                )
                for before, after in itertools.pairwise(widths)
            )
        )
        self.register_buffer("mean", torch.tensor(mean, dtype=torch.float32))
        self.register_buffer("std", torch.tensor(std, dtype=torch.float32))

    def forward(self, images):
        """Turn (n, c, s, s) in [0, 1] into (n, dimension)."""
        return self.layers((images - self.mean) / self.std).mean((2, 3))


def as_batch(images):
    """Turn stored images into a float tensor (n, c, s, s) with values in [0, 1]."""
    return torch.from_numpy(np.ascontiguousarray(channels_first(as_float(images))))


@torch.inference_mode()
def features(network, images, device):
    """Vectors of all images, in a fixed number at a time.

    Parameters
    ----------
    network : Encoder
        On `device`; put into evaluation mode.
    images : numpy.ndarray of uint8 or uint16, shape (n, s, s) or (n, s, s, 3)
        Stored images at the encoder's size.
    device : str
        Device.

    Returns
    -------
    numpy.ndarray of float32, shape (n, dimension)
    """
    network.eval()
    starts = range(0, len(images), ROWS_AT_ONCE)
    return np.concatenate(
        [network(as_batch(images[start : start + ROWS_AT_ONCE]).to(device)).cpu().numpy() for start in starts]
    )
