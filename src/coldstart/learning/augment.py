"""Random changes of the training images."""

import math

import torch
from torch.nn import functional

TURN = math.radians(10)
SHIFT = 0.06
ZOOM = 0.1
CONTRAST = 0.2
BRIGHTNESS = 0.1


def light(images, generator, masks=None):
    """Turn, shift, zoom and brighten each image a little.

    Turns up to 10 degrees, shifts up to 6 % of the side, zooms up to 10 %,
    contrast up to 20 % about the image's mean, brightness up to 0.1. No
    mirroring: the sides of the body are not alike.

    Parameters
    ----------
    images : torch.Tensor of float32, shape (n, C, H, W)
        In [0, 1].
    generator : torch.Generator
        Source of randomness, on the CPU whatever the device, so that every
        device sees the same changes.
    masks : torch.Tensor of float32, shape (n, 1, H, W), optional
        Moved along with the images.

    Returns
    -------
    images : torch.Tensor
        As given, in [0, 1]; edge pixels are repeated beyond the edge.
    masks : torch.Tensor or None
        0 or 1; 0 beyond the edge.
    """
    draws = (2 * torch.rand(len(images), 6, generator=generator) - 1).to(images.device)
    turn, zoom = draws[:, 0] * TURN, 1 + draws[:, 1] * ZOOM
    across, down = 2 * SHIFT * draws[:, 2], 2 * SHIFT * draws[:, 3]
    cosine, sine = zoom * torch.cos(turn), zoom * torch.sin(turn)
    affine = torch.stack([cosine, -sine, across, sine, cosine, down], 1).view(-1, 2, 3)
    grid = functional.affine_grid(affine, list(images.shape), align_corners=False)
    moved = functional.grid_sample(images, grid, padding_mode="border", align_corners=False)
    mean = moved.mean((1, 2, 3), keepdim=True)
    contrast, brightness = (1 + CONTRAST * draws[:, 4]).view(-1, 1, 1, 1), BRIGHTNESS * draws[:, 5].view(-1, 1, 1, 1)
    moved = (mean + contrast * (moved - mean) + brightness).clamp(0, 1)
    if masks is not None:
        masks = functional.grid_sample(masks, grid, mode="nearest", align_corners=False)
    return moved, masks
