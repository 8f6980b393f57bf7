"""Random views of images for contrastive learning, computed for a whole batch at once."""

import math

import torch
from torch.nn import functional

SMALLEST_AREA = 0.3
ASPECT = math.log(4 / 3)
ROTATION = math.radians(15)
GAMMA = 0.4
CONTRAST = 0.4
BRIGHTNESS = 0.2
NOISE = 0.05


def random_view(images, generator, flip=False):
    """One random view of every image.

    A resized crop of 30 to 100 % of the area with a small rotation, then gamma,
    contrast, brightness, blur and noise. Left and right keep their places, as
    they mean something in medical images.

    Parameters
    ----------
    images : torch.Tensor of float32, shape (n, c, s, s)
        Values in [0, 1].
    generator : torch.Generator
        Source of randomness, on the CPU, so that every device sees the same views.
    flip : bool, default=False
        Whether half of the views are mirrored.

    Returns
    -------
    torch.Tensor of float32, shape (n, c, s, s)
        Values in [0, 1].
    """
    n, device = len(images), images.device

    def uniform(low, high):
        return (low + (high - low) * torch.rand(n, generator=generator)).to(device)

    def per_image(values):
        return values.view(n, 1, 1, 1)

    area, aspect = uniform(SMALLEST_AREA, 1), torch.exp(uniform(-ASPECT, ASPECT))
    width, height = (area * aspect).sqrt().clamp(max=1), (area / aspect).sqrt().clamp(max=1)
    x, y = uniform(-1, 1) * (1 - width), uniform(-1, 1) * (1 - height)
    angle = uniform(-ROTATION, ROTATION)
    mirrored = torch.where(uniform(0, 1) < 0.5, -width, width) if flip else width
    # Where each pixel of the view comes from, in [-1, 1]: turn, scale, shift.
    cos, sin = angle.cos(), angle.sin()
    source = torch.stack(
        [torch.stack([mirrored * cos, -mirrored * sin, x], 1), torch.stack([height * sin, height * cos, y], 1)], 1
    )
    grid = functional.affine_grid(source, list(images.shape), align_corners=False)
    view = functional.grid_sample(images, grid, padding_mode="border", align_corners=False)

    view = view.clamp(1e-3, 1) ** per_image(torch.exp(uniform(-GAMMA, GAMMA)))
    mean = view.mean((1, 2, 3), keepdim=True)
    contrast, brightness = uniform(1 - CONTRAST, 1 + CONTRAST), uniform(-BRIGHTNESS, BRIGHTNESS)
    view = (view - mean) * per_image(contrast) + mean + per_image(brightness)
    blurred = functional.avg_pool2d(view, 3, stride=1, padding=1, count_include_pad=False)
    view = torch.lerp(view, blurred, per_image(uniform(0, 1)))
    noise = torch.randn(view.shape, generator=generator).to(device)
    return (view + per_image(uniform(0, NOISE)) * noise).clamp(0, 1)
