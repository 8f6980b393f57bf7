"""Patches of the polyp application of ACFT: three scales, eight flips and rotations, a little translation."""

import numpy as np

from coldstart.errors import InputError
from coldstart.learning.resample import draws, resample

SCALES = (1.0, 1.2, 1.5)
QUARTERS = (((1, 0), (0, 1)), ((0, -1), (1, 0)), ((-1, 0), (0, -1)), ((0, 1), (-1, 0)))
# The four quarter turns, then the same of the mirrored patch.
TURNS = np.array([*QUARTERS, *(np.array(turn) @ np.diag([-1, 1]) for turn in QUARTERS)], dtype=np.float64)


def cut(images, seeds, *, scales: list[float] | None = None, whole: float = 1.5, translation: float = 0.1):
    """Cut every candidate at some scales, each in all eight flips and quarter turns.

    Zhou et al. (2021, Medical Image Analysis 71, 101997), polyp detection: 24
    patches per candidate, 3 scales x 8 flips and rotations, 10 % translation.
    There a scale multiplies the bounding box of the candidate. Here a candidate
    is a whole image and has no box: scale `whole` shows all of it, scale 1 its
    central 1 / `whole`, so that by default 1.0, 1.2 and 1.5 show the central 2/3
    and 4/5 of each side, and the whole. The published text does not say how the
    10 % are used; here every patch has a shift of its own.

    Parameters
    ----------
    images : torch.Tensor of float32, shape (k, C, H, W)
        Candidates in [0, 1]; of other than square images a quarter turn is
        squeezed into the same height and width.
    seeds : numpy.ndarray of int64, shape (k,)
        One per candidate: its patches depend on it and on its image alone.
    scales : list of float, optional
        Scales of the window, 1.0, 1.2 and 1.5 where none are given.
    whole : float, default=1.5
        Scale that shows the whole image; what lies beyond its edge repeats the
        pixels of the edge.
    translation : float, default=0.1
        Largest shift of a window, across and down, as a share of its side;
        drawn uniformly for each patch.

    Returns
    -------
    torch.Tensor of float32, shape (k, 8 * len(scales), C, H, W)
        In [0, 1]: the eight of the first scale, then those of the next.

    Raises
    ------
    InputError
        If a scale or the translation is out of range.
    """
    shares = np.array(checked(scales, whole, translation)) / whole
    windows = shares[:, None, None, None] * TURNS
    affine = np.empty((len(images), len(shares), len(TURNS), 2, 3))
    affine[..., :2] = windows
    shift = draws(seeds, (len(shares), len(TURNS), 2))
    # A window's side is 2 x its share long where the image runs from -1 to 1.
    affine[..., 2] = 2 * translation * shares[:, None, None] * shift
    return resample(images, affine.reshape(len(images), -1, 2, 3))


def count(*, scales=None, **_):
    """Patches per candidate that `cut` gives with the same parameters."""
    return len(TURNS) * len(SCALES if scales is None else scales)


def checked(scales, whole, translation):
    """The scales, if they and the rest are in range."""
    scales = SCALES if scales is None else scales
    if not scales or min(scales) <= 0 or whole <= 0 or not 0 <= translation <= 1:
        raise InputError(
            "learning.classification.patches: scales and whole must be positive numbers and translation "
            f"lie between 0 and 1, not {list(scales)}, {whole} and {translation}."
        )
    return scales
