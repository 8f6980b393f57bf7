"""Changes of an image under which a prediction should stay the same, and their inverses.

Flips and turns move the image and leave every value; a predicted map is moved
back by the inverse. Photometric changes leave every pixel in its place. Their
strengths are this project's own, mild enough not to hide a finding.
"""

import torch
from torch.nn import functional

from coldstart.errors import InputError
from coldstart.registry import choices

BRIGHTNESS = 0.1
CONTRAST = 0.2
NOISE = 0.05
# Standard deviation of the blur in pixels, and how far its kernel reaches to either side.
BLUR, REACH = 1.0, 3
AXES = (-2, -1)
# Name: quarter turns counter-clockwise, and whether rows and columns are swapped afterwards.
MOVES = {
    "identity": (0, False),
    "flip_lr": (1, True),
    "flip_ud": (3, True),
    "rot90": (1, False),
    "rot180": (2, False),
    "rot270": (3, False),
    "transpose": (0, True),
    "anti_transpose": (2, True),
}
# The eight symmetries of the square.
SYMMETRIES = tuple(MOVES)
PHOTOMETRIC = ("brighter", "darker", "contrast_up", "contrast_down", "noise", "blur")
NAMES = SYMMETRIES + PHOTOMETRIC


def check_names(names):
    """Refuse names that are no perturbation.

    Raises
    ------
    InputError
        Naming the first of them and the nearest match.
    """
    for name in names:
        if name not in NAMES:
            raise InputError(f"perturbations (query.strategies): unknown name '{name}'; {choices(name, NAMES)}.")


def perturbed(images, name, rows):
    """Perturb some images.

    Parameters
    ----------
    images : torch.Tensor of float32, shape (k, C, H, W)
        In [0, 1]. Quarter turns need H = W for a network of fixed size.
    name : str
        One of `NAMES`.
    rows : sequence of int, length k
        What the images are called: the noise of an image depends on its number
        alone, whatever the batch.

    Returns
    -------
    torch.Tensor of float32
        In [0, 1].
    """
    if name in MOVES:
        return moved(images, *MOVES[name])
    if name in ("brighter", "darker"):
        return (images + (BRIGHTNESS if name == "brighter" else -BRIGHTNESS)).clamp(0, 1)
    if name in ("contrast_up", "contrast_down"):
        factor = 1 + (CONTRAST if name == "contrast_up" else -CONTRAST)
        mean = images.mean((1, 2, 3), keepdim=True)
        return (mean + factor * (images - mean)).clamp(0, 1)
    if name == "noise":
        return (images + NOISE * noise(images, rows)).clamp(0, 1)
    return blurred(images)


def upright(maps, name):
    """Move what was predicted for a perturbed image back onto the image.

    Parameters
    ----------
    maps : torch.Tensor of shape (..., H, W)
        Predictions for `perturbed` images.
    name : str
        The perturbation.

    Returns
    -------
    torch.Tensor of the same shape, or (..., W, H) for a quarter turn.
    """
    if name not in MOVES:
        return maps
    turns, swapped = MOVES[name]
    return torch.rot90(maps.transpose(*AXES) if swapped else maps, -turns, AXES)


def moved(images, turns, swapped):
    """Quarter turns counter-clockwise, then rows and columns swapped."""
    images = torch.rot90(images, turns, AXES)
    return images.transpose(*AXES) if swapped else images


def noise(images, rows):
    """Standard normal noise of the shape of the images, drawn on the CPU from a generator for each."""
    drawn = [torch.randn(images.shape[1:], generator=torch.Generator().manual_seed(int(row))) for row in rows]
    return torch.stack(drawn).to(images.device)


def blurred(images):
    """Gaussian blur; edge pixels are repeated beyond the edge."""
    steps = torch.arange(-REACH, REACH + 1, dtype=torch.float32, device=images.device)
    kernel = torch.exp(-((steps / BLUR) ** 2) / 2)
    kernel = (kernel / kernel.sum()).repeat(images.shape[1], 1, 1, 1)
    wide = functional.pad(images, (REACH,) * 4, mode="replicate")
    across = functional.conv2d(wide, kernel, groups=images.shape[1])
    return functional.conv2d(across, kernel.transpose(*AXES), groups=images.shape[1])
