"""Windows of an image, each brought to the size of the whole: what patch recipes cut with."""

import numpy as np
import torch
from torch.nn import functional


def resample(images, affine):
    """Cut the same number of windows from every image.

    Parameters
    ----------
    images : torch.Tensor of float32, shape (k, C, H, W)
        In [0, 1].
    affine : numpy.ndarray of shape (k, m, 2, 3)
        From a place (x, y, 1) in the patch to the place in the image that it
        shows; both run from -1 (left, upper edge) to 1 (right, lower edge).

    Returns
    -------
    torch.Tensor of float32, shape (k, m, C, H, W)
        In [0, 1], on the device of the images; bilinear. Pixels of the edge are
        repeated beyond it.
    """
    count, (_, channels, height, width) = affine.shape[1], images.shape
    terms = torch.from_numpy(np.ascontiguousarray(affine, dtype=np.float32)).to(images.device)
    a, b, c, d, e, f = terms.reshape(len(images), count, 6, 1, 1).unbind(2)
    x, y = centres(width, images.device), centres(height, images.device)[:, None]
    # Products and sums one by one: a matrix product may round differently in batches of another size.
    grid = torch.stack([a * x + b * y + c, d * x + e * y + f], dim=-1)
    # The windows lie below each other in one tall grid per image, so that no image is copied for each of them.
    tall = grid.reshape(len(images), count * height, width, 2)
    patches = functional.grid_sample(images, tall, padding_mode="border", align_corners=False)
    return patches.reshape(len(images), channels, count, height, width).transpose(1, 2).contiguous().clamp_(0, 1)


def draws(seeds, shape):
    """Uniform numbers in [-1, 1) of each candidate, whatever candidates it is drawn with.

    Parameters
    ----------
    seeds : numpy.ndarray of int64, shape (k,)
        One seed per candidate.
    shape : tuple of int
        Numbers per candidate.

    Returns
    -------
    numpy.ndarray of float64, shape (k, *shape)
    """
    found = np.empty((len(seeds), *shape))
    for i, seed in enumerate(seeds):
        found[i] = np.random.default_rng(int(seed)).uniform(-1, 1, shape)
    return found


def centres(pixels, device):
    """Centres of the pixels of one side, from -1 to 1."""
    return (2 * torch.arange(pixels, dtype=torch.float32, device=device) + 1) / pixels - 1
