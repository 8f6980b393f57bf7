"""SynthStrip: head scans of many kinds with brain masks (Hoopes et al. 2022), as single slices or as volumes.

Both releases hold one folder per scan, called SUBSET_MODALITY_SUBJECT
(``ixi_t1_016``), with ``image.nii.gz`` and ``mask.nii.gz``; PNG will do as well. A
folder with a mask only (the subset CIM, whose images may not be passed on) is
left out. Scans of one subject of a subset stay together in one split. The 2-D
release has one sagittal slice per scan, 16 mm to the left of the centre of its
mask. Slices are turned upright by the rule of `coldstart.cohort.volumes`; pixels
of a PNG are taken as they lie.
"""

from typing import Literal

import numpy as np
import pandas as pd

from coldstart.cohort.files import read_header, read_mask, read_pixels
from coldstart.cohort.nifti import check_pattern, check_slices, cut_slices, open_volume, scaled, upright, voxels
from coldstart.cohort.synthstrip_scans import cutting_axis, find_scans, picture_rows, volume_rows
from coldstart.errors import InputError
from coldstart.progress import track


def build(
    *,
    root: str,
    scans: str = "*",
    dimensions: Literal["auto", 2, 3] = "auto",
    axis: Literal["sagittal", "coronal", "axial", 0, 1, 2] = "sagittal",
    slices: Literal["all", "middle"] = "all",
    every: int = 1,
    min_foreground: float = 0.0,
    lower_percentile: float = 0.5,
    upper_percentile: float = 99.5,
):
    """List the scans of SynthStrip's 2-D release, or slices of those of its 3-D release.

    Parameters
    ----------
    root : str
        Folder that holds the folders of the scans.
    scans : str, default="*"
        Glob pattern of the folders, for example ``fsm_t1_*`` or ``ixi_*``.
    dimensions : {"auto", 2, 3}, default="auto"
        What the scans are: 2 refuses volumes, 3 refuses single slices, ``auto``
        takes each as it is. A NIfTI file of two axes, or with one axis of length
        1, is a single slice.
    axis : {"sagittal", "coronal", "axial", 0, 1, 2}, default="sagittal"
        How volumes are cut: a plane of the body (the scans are stored in many
        orientations), or a voxel axis. Single slices are taken as they are.
    slices : {"all", "middle"}, default="all"
        ``middle``: one slice per volume, half-way between the first and the last
        that the mask reaches.
    every : int, default=1
        Of ``all`` slices, take each `every`-th.
    min_foreground : float, default=0
        Leave out slices of which a smaller share is brain.
    lower_percentile, upper_percentile : float, default=0.5 and 99.5
        Intensities of the whole scan that become 0 and 65535. A PNG keeps its values.

    Returns
    -------
    pandas.DataFrame
        One row per slice; the label is 1 where the mask has any foreground.
        Metadata: `scan`, `subset`, `modality`, `brain_fraction` (share of the
        slice that is brain), `slice` (its number along the axis as it is stored,
        0 for a single slice); where a scan gives more than one, also `volume` and
        `spacing_z`, the mm from one number to the next.

    Raises
    ------
    InputError
        If nothing is found, a folder is not named as published, a mask is
        missing or on another grid, or a file is not right.
    """
    check_pattern("scans", scans)
    check_slices(every, min_foreground, lower_percentile, upper_percentile)
    rows = []
    for names in track(find_scans(root, scans), "scans"):
        if names[1].endswith(".png"):
            rows += picture_rows(root, *names, dimensions)
        else:
            rows += volume_rows(root, *names, dimensions, axis, slices == "middle", every)
    frame = pd.DataFrame(rows).astype({"label": "Int64", "mask": "str"})
    frame = frame[frame["brain_fraction"] >= min_foreground].reset_index(drop=True)
    if frame.empty:
        raise InputError(f"dataset.min_foreground: no slice has a foreground of {min_foreground} or more.")
    return frame if frame["volume"].duplicated().any() else frame.drop(columns=["volume", "spacing_z"])


def images(
    cohort,
    *,
    root: str,
    scans: str = "*",
    dimensions: Literal["auto", 2, 3] = "auto",
    axis: Literal["sagittal", "coronal", "axial", 0, 1, 2] = "sagittal",
    slices: Literal["all", "middle"] = "all",
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
    root, scans, dimensions, axis, slices, every, min_foreground, lower_percentile, upper_percentile
        As for `build`.

    Yields
    ------
    numpy.ndarray
        (H, W) uint16; of a PNG (H, W) or (H, W, 3), uint8 or uint16.

    Raises
    ------
    InputError
        If a file is damaged; the message names it.
    """

    def cut(path):
        if path.suffix == ".png":
            pixels = read_pixels(path)
            return lambda number: pixels
        image = open_volume(path, flat=True)
        volume = scaled(voxels(path, image), lower_percentile, upper_percentile)
        return upright_cut(path, image, volume, axis)

    return cut_slices(root, cohort["image"], cohort, cut)


def masks(
    cohort,
    *,
    root: str,
    scans: str = "*",
    dimensions: Literal["auto", 2, 3] = "auto",
    axis: Literal["sagittal", "coronal", "axial", 0, 1, 2] = "sagittal",
    slices: Literal["all", "middle"] = "all",
    every: int = 1,
    min_foreground: float = 0.0,
    lower_percentile: float = 0.5,
    upper_percentile: float = 99.5,
):
    """Read the brain masks of a cohort in row order.

    Parameters
    ----------
    cohort : pandas.DataFrame
        Rows that `build` made with the same parameters.
    root, scans, dimensions, axis, slices, every, min_foreground, lower_percentile, upper_percentile
        As for `build`.

    Yields
    ------
    numpy.ndarray
        (H, W) uint8, 0 or 1: 1 where the mask is not zero.

    Raises
    ------
    InputError
        If a file is damaged; the message names it.
    """

    def cut(path):
        if path.suffix == ".png":
            pixels = read_mask(path, read_header(path))
            return lambda number: pixels
        image = open_volume(path, flat=True)
        return upright_cut(path, image, (voxels(path, image) != 0).astype(np.uint8), axis)

    return cut_slices(root, cohort["mask"], cohort, cut)


def upright_cut(path, image, volume, axis):
    """Function from the number of a slice to that slice, upright."""
    along, _ = cutting_axis(path, image, axis)
    return lambda number: upright(np.take(volume, number, axis=along), image.affine, along)
