"""Patches of any candidate: random windows, turned, mirrored, shifted and made lighter or darker."""

import numpy as np

from coldstart.errors import InputError
from coldstart.learning.resample import draws, resample


def cut(
    images,
    seeds,
    *,
    count: int = 12,
    smallest_scale: float = 0.6,
    largest_scale: float = 1.0,
    rotation: float = 10.0,
    mirror: bool = False,
    translation: float = 0.1,
    intensity: float = 0.1,
):
    """Cut random windows from every candidate.

    ACFT (Zhou et al. 2021, Medical Image Analysis 71, 101997) needs several
    patches of a candidate and gives a recipe for each of its own data sets; this
    one is for other data. Every number is drawn uniformly for each patch.

    Parameters
    ----------
    images : torch.Tensor of float32, shape (k, C, H, W)
        Candidates in [0, 1].
    seeds : numpy.ndarray of int64, shape (k,)
        One per candidate: its patches depend on it and on its image alone.
    count : int, default=12
        Patches per candidate.
    smallest_scale, largest_scale : float, default=0.6, 1.0
        Side of a window as a share of the image's: 1 shows the whole image. What
        lies beyond its edge repeats the pixels of the edge.
    rotation : float, default=10.0
        Largest turn to either side, in degrees.
    mirror : bool, default=False
        Swap left and right in half of the patches.
    translation : float, default=0.1
        Largest shift of a window, across and down, as a share of its side.
    intensity : float, default=0.1
        Largest change of the contrast about middle grey, as a share, and of the
        brightness, as a share of the range from black to white.

    Returns
    -------
    torch.Tensor of float32, shape (k, count, C, H, W)
        In [0, 1].

    Raises
    ------
    InputError
        If a parameter is out of range.
    """
    if not (count >= 1 and 0 < smallest_scale <= largest_scale and 0 <= translation <= 1 and 0 <= intensity <= 1):
        raise InputError(
            "learning.classification.patches: count must be at least 1, the scales positive and the smallest not "
            "above the largest, translation and intensity between 0 and 1."
        )
    size, turn, side, across, down, contrast, brightness = np.moveaxis(draws(seeds, (count, 7)), -1, 0)
    share = smallest_scale + (largest_scale - smallest_scale) * (size + 1) / 2
    angle = np.radians(rotation) * turn
    flip = np.where(side < 0, -1.0, 1.0) if mirror else 1.0
    affine = np.empty((len(images), count, 2, 3))
    affine[..., 0, 0], affine[..., 0, 1] = share * np.cos(angle) * flip, -share * np.sin(angle)
    affine[..., 1, 0], affine[..., 1, 1] = share * np.sin(angle) * flip, share * np.cos(angle)
    # A window's side is 2 x its share long where the image runs from -1 to 1.
    affine[..., 0, 2], affine[..., 1, 2] = 2 * translation * share * across, 2 * translation * share * down
    patches = resample(images, affine)
    factor, offset = (
        patches.new_tensor(values).reshape(len(images), count, 1, 1, 1)
        for values in (1 + intensity * contrast, intensity * brightness)
    )
    # About middle grey, not about the patch's mean: a sum may round differently in batches of another size.
    return ((patches - 0.5) * factor + 0.5 + offset).clamp_(0, 1)


def count(*, count=12, **_):
    """Patches per candidate that `cut` gives with the same parameters."""
    return count
