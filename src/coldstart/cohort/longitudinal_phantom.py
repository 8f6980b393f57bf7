"""Synthetic pairs of head scans with new lesions: works everywhere, means nothing.

Heads are drawn by formula: brain with cortex, white matter and ventricles, skull
and scalp, and bright lesions, of which some are new or have grown in the second
scan; their mask of change is exact. Between the two scans lie a small error of
registration, another gain, offset and sensitivity, and noise. One patient in
four has no change, the others one to six. The pairs claim nothing about
medicine, and a result on them says nothing about real images: the lesions are
balls, larger and far more contrasted than new lesions of multiple sclerosis are.
"""

from typing import Literal

import numpy as np
import pandas as pd

from coldstart.cohort.longitudinal_head import brain, change, make_head, scan, voxel_size
from coldstart.cohort.slicing import axes_text, brain_box, cut_rows, rows_of
from coldstart.cohort.triples import check_triples, standardised, triple
from coldstart.errors import InputError

SMALLEST, LARGEST, FEWEST_SLICES, MOST_SLICES = 24, 512, 4, 256
MARK = "head-"
# The first two voxel axes run to the left and to the back, the third to the head.
DIRECTIONS = (-1.0, -1.0, 1.0)


def build(
    *,
    n: int = 12,
    resolution: int = 64,
    slices: int = 16,
    seed: int = 2024,
    difference: Literal["absolute", "signed", "clipped"] = "absolute",
):
    """List the slices of synthetic pairs of head scans; only their masks are drawn yet.

    Parameters
    ----------
    n : int, default=12
        Patients. Patient i is the same whatever `n` is.
    resolution : int, default=64
        Voxels across the field, which is 200 mm wide and 220 mm deep; slices are
        cropped to the brain.
    slices : int, default=16
        Axial slices over 150 mm; those without brain are left out.
    seed : int, default=2024
        Seed of the whole pool.
    difference : {"absolute", "signed", "clipped"}, default="absolute"
        The third channel, as for the kind `longitudinal`.

    Returns
    -------
    pandas.DataFrame
        One row per slice with the columns and metadata of the kind
        `longitudinal`.

    Raises
    ------
    InputError
        If a parameter is out of its range.
    """
    if n < 1:
        raise InputError(f"dataset.n is {n}, it must be at least 1.")
    if not SMALLEST <= resolution <= LARGEST:
        raise InputError(f"dataset.resolution is {resolution}, it must be from {SMALLEST} to {LARGEST}.")
    if not FEWEST_SLICES <= slices <= MOST_SLICES:
        raise InputError(f"dataset.slices is {slices}, it must be from {FEWEST_SLICES} to {MOST_SLICES}.")
    if seed < 0:
        raise InputError(f"dataset.seed is {seed}, it must not be negative.")
    check_triples(difference)
    size = voxel_size(resolution, slices)
    axes = axes_text(np.diag([*np.multiply(size, DIRECTIONS), 1.0]), 2)
    rows = []
    for index in range(n):
        head, name = make_head(index, seed), f"{MARK}{index:03d}"
        box = brain_box(brain(head, resolution, slices), "inclusive")
        rows.extend(rows_of(name, name, name, box, axes, size, change(head, resolution, slices)))
    return pd.DataFrame(rows).astype({"label": "Int64", "mask": "str", "lesion_pixels": "Int64"})


def images(
    cohort,
    *,
    n: int = 12,
    resolution: int = 64,
    slices: int = 16,
    seed: int = 2024,
    difference: Literal["absolute", "signed", "clipped"] = "absolute",
):
    """Draw the slices of a cohort in row order; neighbours of one patient are drawn once.

    Parameters
    ----------
    cohort : pandas.DataFrame
        Rows that `build` made with the same parameters.
    n, resolution, slices, seed, difference
        As for `build`.

    Yields
    ------
    numpy.ndarray
        (H, W, 3) uint16: baseline, follow-up, difference.
    """

    def read(name):
        head = head_of(name, seed)
        inside = brain(head, resolution, slices)
        scans = [standardised(scan(head, resolution, slices, time), inside) for time in ("before", "after")]
        return triple(*scans, difference)

    return cut_rows(cohort, read)


def masks(
    cohort,
    *,
    n: int = 12,
    resolution: int = 64,
    slices: int = 16,
    seed: int = 2024,
    difference: Literal["absolute", "signed", "clipped"] = "absolute",
):
    """Draw the masks of a cohort in row order.

    Parameters
    ----------
    cohort : pandas.DataFrame
        Rows that `build` made with the same parameters.
    n, resolution, slices, seed, difference
        As for `build`.

    Yields
    ------
    numpy.ndarray
        (H, W) uint8, 0 or 1: new lesions, and the rims of grown ones.
    """
    return cut_rows(cohort, lambda name: change(head_of(name, seed), resolution, slices).astype(np.uint8))


def head_of(name, seed):
    """The patient behind a name."""
    return make_head(int(name.removeprefix(MARK)), seed)
