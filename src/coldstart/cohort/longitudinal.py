"""Two co-registered scans of each patient, and what has changed between them, as slices of three channels.

Ma et al. (IJCNN 2025, LMI-AL, arXiv 2511.18007) detect new lesions of multiple
sclerosis in pairs of FLAIR volumes: a sample is an axial slice of the baseline,
of the follow-up and of their difference, with the slice of the mask of change.
Slices are turned upright as those of the kind `volumes` are; the number in a
`sample_id` counts along the axis as it is stored.
"""

from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from coldstart.cohort.files import inside
from coldstart.cohort.nifti import check_grid, check_pattern, open_volume, slice_layout, voxel_size, voxels
from coldstart.cohort.slicing import CROPS, axes_text, brain_box, cut_rows, rows_of
from coldstart.cohort.triples import check_triples, standardised, triple
from coldstart.errors import InputError
from coldstart.progress import track
from coldstart.registry import choices


def build(
    *,
    root: str,
    patients: str = "*",
    baseline: str = "baseline_flair.nii.gz",
    followup: str = "followup_flair.nii.gz",
    mask: str | None = "change_mask.nii.gz",
    brain_mask: str | None = "brain_mask.nii.gz",
    axis: int = 2,
    crop: Literal["inclusive", "half_open", "none"] = "inclusive",
    restrict: bool = False,
    difference: Literal["absolute", "signed", "clipped"] = "absolute",
    limit: float = 10.0,
):
    """List the slices of pairs of co-registered volumes, one folder for each patient.

    Parameters
    ----------
    root : str
        Folder below which everything lies.
    patients : str, default="*"
        Glob pattern below `root` of the folders of the patients.
    baseline, followup : str
        The two scans, relative to a patient's folder; those of MSSEG-2 are
        called ``flair_time01_on_middle_space.nii.gz`` and
        ``flair_time02_on_middle_space.nii.gz``.
    mask : str, optional
        Mask of what has changed (not zero: changed), relative to a patient's
        folder; ``ground_truth.nii.gz`` in MSSEG-2. null: nothing is labelled.
    brain_mask : str, optional
        Mask of the brain, relative to a patient's folder; null where there is
        none, as in MSSEG-2.
    axis : int, default=2
        Voxel axis (0, 1 or 2) to cut along.
    crop : {"inclusive", "half_open", "none"}, default="inclusive"
        Crop to the box around the brain mask; ``half_open`` loses its last row,
        column and slice, as the published code does; ``none`` keeps all.
    restrict : bool, default=False
        Leave out slices in which nothing has changed, in every split.
    difference : {"absolute", "signed", "clipped"}, default="absolute"
        The third channel, from the z-scores of the two scans (each of its own
        mean and variance inside the brain mask, or over the whole volume without
        one): the absolute difference, follow-up less baseline, or that where it
        is positive and else 0.
    limit : float, default=10
        z-scores, and differences, up to which pixels tell values apart. Scans
        and the signed difference are stored from -limit (0) to limit (65535),
        the other differences from 0 (0) to limit (65535), in every volume.

    Returns
    -------
    pandas.DataFrame
        One row per slice; `patient_id` is the patient's folder, the label is 1
        where the slice of the mask is not empty. Metadata: `volume` (the
        folder), `slice` (its number), `spacing_z` (mm from one number to the
        next), `lesion_pixels` (of the mask), and `axes` and `box`, by which
        `coldstart.cohort.slicing.restack` puts slices together again.

    Raises
    ------
    InputError
        If no patient is found, a file is missing, damaged or on another grid, or
        a brain mask is empty.
    """
    check_parameters(mask, brain_mask, axis, crop, restrict)
    check_triples(difference, limit)
    folders = find_patients(root, patients)
    rows = []
    for patient in track(folders, "patients"):
        rows.extend(patient_rows(root, patient, baseline, followup, mask, brain_mask, axis, crop, restrict))
    if not rows:
        raise InputError("dataset.restrict: no slice of any patient has changed; set it to false.")
    return pd.DataFrame(rows).astype({"label": "Int64", "mask": "str", "lesion_pixels": "Int64"})


def images(
    cohort,
    *,
    root: str,
    patients: str = "*",
    baseline: str = "baseline_flair.nii.gz",
    followup: str = "followup_flair.nii.gz",
    mask: str | None = "change_mask.nii.gz",
    brain_mask: str | None = "brain_mask.nii.gz",
    axis: int = 2,
    crop: Literal["inclusive", "half_open", "none"] = "inclusive",
    restrict: bool = False,
    difference: Literal["absolute", "signed", "clipped"] = "absolute",
    limit: float = 10.0,
):
    """Read the slices of a cohort in row order; neighbours of one patient decode the volumes once.

    Parameters
    ----------
    cohort : pandas.DataFrame
        Rows that `build` made with the same parameters.
    root, patients, baseline, followup, mask, brain_mask, axis, crop, restrict, difference, limit
        As for `build`.

    Yields
    ------
    numpy.ndarray
        (H, W, 3) uint16: baseline, follow-up, difference.

    Raises
    ------
    InputError
        If a volume is damaged or holds one value only; the message names it.
    """

    def read(patient):
        brain = None if brain_mask is None else decoded(root, patient, "brain_mask", brain_mask) != 0
        scans = [
            standardised(decoded(root, patient, key, name), brain, f"{patient}/{name}")
            for key, name in (("baseline", baseline), ("followup", followup))
        ]
        return triple(*scans, difference, limit)

    return cut_rows(cohort, read)


def masks(
    cohort,
    *,
    root: str,
    patients: str = "*",
    baseline: str = "baseline_flair.nii.gz",
    followup: str = "followup_flair.nii.gz",
    mask: str | None = "change_mask.nii.gz",
    brain_mask: str | None = "brain_mask.nii.gz",
    axis: int = 2,
    crop: Literal["inclusive", "half_open", "none"] = "inclusive",
    restrict: bool = False,
    difference: Literal["absolute", "signed", "clipped"] = "absolute",
    limit: float = 10.0,
):
    """Read the masks of a cohort in row order.

    Parameters
    ----------
    cohort : pandas.DataFrame
        Rows that `build` made with the same parameters.
    root, patients, baseline, followup, mask, brain_mask, axis, crop, restrict, difference, limit
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
    if mask is None:
        return (np.zeros(shape, np.uint8) for shape in cohort[["height", "width"]].itertuples(index=False))
    return cut_rows(cohort, lambda patient: (decoded(root, patient, "mask", mask) != 0).astype(np.uint8))


def find_patients(root, pattern):
    """Folders of the patients relative to the root, sorted; hidden ones are none."""
    check_pattern("patients", pattern)
    found = sorted(
        path.relative_to(root).as_posix()
        for path in Path(root).glob(pattern)
        if path.is_dir() and not path.name.startswith(".")
    )
    if not found:
        raise InputError(f"dataset.patients: no folder matches '{pattern}' below {root}: correct it, or dataset.root.")
    return found


def patient_rows(root, patient, baseline, followup, mask, brain_mask, axis, crop, restrict):
    """Rows of one patient; refuses files that are missing or on another grid."""
    names = {"baseline": baseline, "followup": followup, "mask": mask, "brain_mask": brain_mask}
    paths = {key: place(root, patient, key, name) for key, name in names.items() if name is not None}
    opened = {key: open_volume(path) for key, path in paths.items()}
    first = paths["baseline"], opened["baseline"]
    # Refuses an affine without directions by the name of its file.
    slice_layout(*first, axis)
    for key in list(paths)[1:]:
        check_grid(*first, paths[key], opened[key], "scan" if key == "followup" else "mask")
    filled = {key: voxels(paths[key], opened[key]) != 0 for key in ("mask", "brain_mask") if key in paths}
    whole = np.broadcast_to(True, opened["baseline"].shape)
    box = brain_box(filled.get("brain_mask", whole), crop, f"the brain mask {paths.get('brain_mask')}")
    image, mask_name = (None if name is None else f"{patient}/{name}" for name in (baseline, mask))
    axes, spacing = axes_text(opened["baseline"].affine, axis), voxel_size(opened["baseline"])
    return rows_of(patient, image, mask_name, box, axes, spacing, filled.get("mask"), restrict)


def place(root, patient, key, name):
    """Path of one file of a patient; refuses one that is missing."""
    return inside(root, f"{patient}/{name}", f"dataset.{key}")


def decoded(root, patient, key, name):
    """Voxels of one file of a patient."""
    path = place(root, patient, key, name)
    return voxels(path, open_volume(path))


def check_parameters(mask, brain_mask, axis, crop, restrict):
    """Refuse parameters that are out of their range or contradict each other."""
    if axis not in (0, 1, 2):
        raise InputError(f"dataset.axis is {axis}, it must be 0, 1 or 2.")
    if crop not in CROPS:
        raise InputError(f"dataset.crop: unknown crop '{crop}'; {choices(crop, CROPS)}.")
    if crop != "none" and brain_mask is None:
        raise InputError(
            f"dataset.crop is {crop} and dataset.brain_mask is null: name a brain mask, or set crop to none."
        )
    if restrict and mask is None:
        raise InputError("dataset.restrict is true and dataset.mask is null: name a mask, or set restrict to false.")
