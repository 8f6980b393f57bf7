"""Masks of NIfTI volumes: one file for all slices of a volume, or one that tells the label of a whole volume."""

from functools import lru_cache, partial
from pathlib import Path

import numpy as np

from coldstart.cohort.nifti import check_grid, open_volume, slice_layout, upright, voxels
from coldstart.errors import InputError, shown
from coldstart.labelling.answer import Answer

# Volumes that are kept decoded: several annotators may have drawn the same one.
KEPT = 4


def read_nifti(path, names, *, answered, root=None):
    """Read which slices of a volume a mask answers for.

    Parameters
    ----------
    path : pathlib.Path
        Mask on the grid of the volume, called like it: 0 is background, one
        other value foreground.
    names : coldstart.labelling.names.Names
        What the volumes may be called; see `Names.resolve_volume`.
    answered : collection of str
        Slices that the annotator was asked for: of these the mask tells also
        where nothing is drawn. Of the others it tells where something is.
    root : str or pathlib.Path, optional
        Folder of the pool: with it, the mask must lie on the very grid of its
        volume.

    Returns
    -------
    answers : list of Answer
        One mask per slice, decoded when it is asked for; or the label of the
        whole volume, 1 where there is any foreground.
    unknown : list of tuple of str
        File and name, where the volume is none of the pool.

    Raises
    ------
    InputError
        If the file is damaged, lies on another grid, has several values beside
        zero, or belongs to an image that is no volume.
    """
    volume = names.resolve_volume(path)
    if volume is None:
        if names.meant_volumes(path):
            return [], [(str(path), f"{path.name} (several volumes could be meant)")]
        if found := names.meant_by_file(path):
            raise InputError(
                f"{path} is a mask of a volume, but {shown(sorted(found), 1)} is an image: give its mask as PNG."
            )
        return [], [(str(path), f"{path.name} (no volume of the pool is called so)")]
    rows = names.of_volume(volume)
    mask, version = open_volume(path), path.stat().st_mtime_ns
    check_volume(path, mask, root, rows["image"].iloc[0])
    if rows["slice"].isna().all():
        label = int(foreground(path, version).any())
        return [Answer(sample_id, "label", label, None, str(path)) for sample_id in rows["sample_id"]], []
    # A slice is called by the axis that it is cut along, and its number.
    axis = "xyz".index(rows["sample_id"].iloc[0].rpartition("/")[2][0])
    check_slices(path, mask, axis, rows)
    filled = foreground(path, version).any(axis=tuple(i for i in range(3) if i != axis))
    answers = []
    for sample_id, number in zip(rows["sample_id"], rows["slice"].astype(int), strict=True):
        if filled[number] or sample_id in answered:
            cut = partial(cut_mask, path, version, axis, number)
            answers.append(Answer(sample_id, "mask", None, cut, str(path)))
    return answers, []


def check_volume(path, mask, root, name):
    """Refuse a mask that is not on the grid of its volume, where that can be looked up."""
    # Files whose paths say who the patient is are called by another name.
    if root is not None and (volume := Path(root, name)).is_file():
        check_grid(volume, open_volume(volume), path, mask)


def check_slices(path, mask, axis, rows):
    """Refuse a mask whose slices are not those of its volume."""
    found = (*slice_layout(path, mask, axis)[:2], mask.shape[axis])
    height, width, least = int(rows["height"].iloc[0]), int(rows["width"].iloc[0]), int(rows["slice"].max()) + 1
    if found[:2] != (height, width) or found[2] < least:
        raise InputError(
            f"{path} has {found[2]} slices of {found[0]} x {found[1]} pixels, but its volume has {least} or more of"
            f" {height} x {width}: resample the mask to the volume."
        )


@lru_cache(maxsize=KEPT)
def foreground(path, version):
    """Decode where a mask is not zero.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    version : int
        Time of its last change: a file that has changed is decoded again.

    Returns
    -------
    numpy.ndarray of bool, shape (x, y, z)

    Raises
    ------
    InputError
        If it is damaged, or has several values beside zero.
    """
    found = voxels(path, open_volume(path))
    mask = found != 0
    values = found[mask]
    # What is no number equals nothing, itself neither.
    if values.size and not (values == values[0]).all():
        raise InputError(
            f"{path} has the values {shown([0, *(f'{value:g}' for value in np.unique(values))], 6)}, but a mask has 0"
            " for background and one other value for foreground: save it so."
        )
    return mask


def cut_mask(path, version, axis, number):
    """Cut one slice of a mask, upright: (height, width) uint8, 0 or 1."""
    plane = np.take(foreground(path, version), number, axis)
    return np.ascontiguousarray(upright(plane, open_volume(path).affine, axis), dtype=np.uint8)
