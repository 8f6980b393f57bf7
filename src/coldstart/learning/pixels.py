"""From the stored pixels to what a network takes."""

import numpy as np
import torch

from coldstart.embedding.features import MEAN, STD


def channels_of(images):
    """Channels of stored images: 1 for (n, H, W), else the last axis."""
    return 1 if images.ndim == 3 else images.shape[-1]


def load_rows(array, rows, device):
    """Bring some stored images or masks to the device.

    Parameters
    ----------
    array : numpy.ndarray of shape (n, H, W) or (n, H, W, C)
        Images (uint8 or uint16) or masks (uint8); possibly a memory map.
    rows : array_like of int
        Which of them.
    device : torch.device or str
        Where to.

    Returns
    -------
    torch.Tensor of shape (len(rows), C, H, W)
        uint8 stays uint8, so that a large labelled set stays small in memory;
        uint16 becomes float32 in [0, 1]. `scaled` brings both to the same range.
    """
    pixels = np.ascontiguousarray(array[np.asarray(rows, dtype=np.int64)])
    if pixels.dtype == np.uint16:
        pixels = pixels.astype(np.float32) / 65535
    tensor = torch.from_numpy(pixels).to(device)
    return tensor[:, None] if tensor.ndim == 3 else tensor.permute(0, 3, 1, 2).contiguous()


def scaled(images):
    """Images as float32 in [0, 1]."""
    return images.float() / 255 if images.dtype == torch.uint8 else images


def normalised(images, normalise):
    """What a network is given.

    Parameters
    ----------
    images : torch.Tensor of float32, shape (n, C, H, W)
        In [0, 1].
    normalise : {"none", "imagenet"}
        ``imagenet``: less the mean and over the standard deviation of ImageNet's
        red, green and blue; grey images are repeated.

    Returns
    -------
    torch.Tensor of float32
        As given, or (n, 3, H, W).
    """
    if normalise == "none":
        return images
    mean, std = (torch.tensor(values, device=images.device).view(1, 3, 1, 1) for values in (MEAN, STD))
    return (images - mean) / std
