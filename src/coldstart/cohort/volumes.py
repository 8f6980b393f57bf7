"""Slices of NIfTI volumes, with the slices of their masks.

Slices are turned so that they look upright and in the radiological way: the
top row is superior (in an axial slice: anterior), the left column is the
patient's right (in a sagittal slice: anterior). `every` and the number in a
`sample_id` count along the axis as it is stored.
"""

from pathlib import Path, PurePosixPath

import numpy as np
import pandas as pd

from coldstart.cohort.files import inside
from coldstart.cohort.nifti import (
    check_grid,
    check_pattern,
    check_slices,
    cut_slices,
    foreground_shares,
    open_volume,
    scaled,
    slice_layout,
    upright,
    voxel_size,
    voxels,
)
from coldstart.errors import InputError
from coldstart.progress import track


def build(
    *,
    root: str,
    images: str,
    masks: str | None = None,
    axis: int = 2,
    every: int = 1,
    min_foreground: float = 0.0,
    lower_percentile: float = 0.5,
    upper_percentile: float = 99.5,
):
    """List the slices of all volumes that a pattern finds.

    Parameters
    ----------
    root : str
        Folder below which everything lies.
    images : str
        Glob pattern below `root`, for example ``*/baseline_flair.nii.gz``.
    masks : str, optional
        Path of a volume's mask relative to the volume's folder.
    axis : int, default=2
        Voxel axis (0, 1 or 2) to cut along.
    every : int, default=1
        Take each `every`-th slice.
    min_foreground : float, default=0
        With masks: leave out slices of which a smaller share is foreground.
    lower_percentile, upper_percentile : float, default=0.5 and 99.5
        Intensities of the whole volume that become 0 and 65535.

    Returns
    -------
    pandas.DataFrame
        One row per slice; `patient_id` is the volume's folder (its name where
        it lies in `root` itself), the label is 1 where the mask has any
        foreground. Metadata: `volume`, `slice` (its number), and `spacing_z`,
        the mm from one number to the next.

    Raises
    ------
    InputError
        If nothing is found, a file is not right, or a mask is on another grid.
    """
    check_pattern("images", images)
    if axis not in (0, 1, 2):
        raise InputError(f"dataset.axis is {axis}, it must be 0, 1 or 2.")
    check_slices(every, min_foreground, lower_percentile, upper_percentile)
    paths = sorted(path.relative_to(root).as_posix() for path in Path(root).glob(images))
    if not paths:
        raise InputError(f"dataset.images: no file matches '{images}' below {root}.")
    rows = []
    for name in track(paths, "volumes"):
        rows.extend(slice_rows(root, name, masks, axis, every, min_foreground))
    if not rows:
        raise InputError(f"dataset.min_foreground: no slice has a foreground of {min_foreground} or more.")
    return pd.DataFrame(rows).astype({"label": "Int64", "mask": "str"})


def images(
    cohort,
    *,
    root: str,
    images: str,
    masks: str | None = None,
    axis: int = 2,
    every: int = 1,
    min_foreground: float = 0.0,
    lower_percentile: float = 0.5,
    upper_percentile: float = 99.5,
):
    """Read the slices of a cohort in row order; neighbours of one volume decode it once.

    Parameters
    ----------
    cohort : pandas.DataFrame
        Rows that `build` made with the same parameters.
    root, images, masks, axis, every, min_foreground, lower_percentile, upper_percentile
        As for `build`.

    Yields
    ------
    numpy.ndarray
        (H, W) uint16.

    Raises
    ------
    InputError
        If a volume is damaged; the message names it.
    """

    def cut(path):
        image = open_volume(path)
        volume = scaled(voxels(path, image), lower_percentile, upper_percentile)
        return lambda number: upright(np.take(volume, number, axis=axis), image.affine, axis)

    return cut_slices(root, cohort["image"], cohort, cut)


def masks(
    cohort,
    *,
    root: str,
    images: str,
    masks: str | None = None,
    axis: int = 2,
    every: int = 1,
    min_foreground: float = 0.0,
    lower_percentile: float = 0.5,
    upper_percentile: float = 99.5,
):
    """Read the masks of a cohort in row order.

    Parameters
    ----------
    cohort : pandas.DataFrame
        Rows that `build` made with the same parameters.
    root, images, masks, axis, every, min_foreground, lower_percentile, upper_percentile
        As for `build`.

    Yields
    ------
    numpy.ndarray
        (H, W) uint8, 0 or 1; all zeros where there is no mask.

    Raises
    ------
    InputError
        If a volume is damaged; the message names it.
    """

    def cut(path):
        image = open_volume(path)
        mask = (voxels(path, image) != 0).astype(np.uint8)
        return lambda number: upright(np.take(mask, number, axis=axis), image.affine, axis)

    return cut_slices(root, cohort["mask"], cohort, cut)


def slice_rows(root, name, masks, axis, every, min_foreground):
    """Rows of one volume."""
    path = inside(root, name, "dataset.images")
    image = open_volume(path)
    height, width, spacing_y, spacing_x = slice_layout(path, image, axis)
    spacing_z = voxel_size(image)[axis]
    folder = PurePosixPath(name).parent
    stem = name.removesuffix(".gz").removesuffix(".nii")
    mask_name, share = None, None
    if masks is not None:
        mask_name = PurePosixPath(folder, masks).as_posix()
        mask_path = inside(root, mask_name, f"mask of {name}")
        mask = open_volume(mask_path)
        check_grid(path, image, mask_path, mask)
        share = foreground_shares(mask_path, mask, axis)
    return [
        {
            "sample_id": f"{stem}/{'xyz'[axis]}{number:03d}",
            "image": name,
            "mask": mask_name,
            "label": None if share is None else int(share[number] > 0),
            "patient_id": stem if folder == PurePosixPath(".") else folder.as_posix(),
            "height": height,
            "width": width,
            "bits": 16,
            "colour": False,
            "spacing_y": spacing_y,
            "spacing_x": spacing_x,
            "volume": stem,
            "slice": number,
            "spacing_z": spacing_z,
        }
        for number in range(0, image.shape[axis], every)
        if share is None or share[number] >= min_foreground
    ]
