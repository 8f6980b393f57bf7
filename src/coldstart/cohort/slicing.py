"""Volumes cropped to the brain, cut into upright slices, and put together again.

How a volume was cut stands with every slice, in metadata of the cohort: `axes`
(``"z -y x"``: the voxel axis cut along, that of the rows and that of the
columns, with a minus where it runs the other way) and `box` (``"6:181 6:237
6:47"``: the part of the volume that is kept, per voxel axis).
"""

import numpy as np

from coldstart.cohort.nifti import in_plane
from coldstart.errors import InputError

CROPS = ("inclusive", "half_open", "none")


def brain_box(brain, crop, name="the brain mask"):
    """Smallest box around a mask.

    Parameters
    ----------
    brain : numpy.ndarray of bool, shape (x, y, z)
        The brain; all true where there is no mask.
    crop : {"inclusive", "half_open", "none"}
        ``half_open`` is what the released code of Ma et al. (IJCNN 2025) does:
        it ends before the last voxel of the brain along every axis, so that the
        last row, column and slice are lost. ``none`` keeps the whole volume.
    name : str
        What the mask is, for the message.

    Returns
    -------
    tuple of slice
        Per axis.

    Raises
    ------
    InputError
        If the mask is empty, or nothing is left of it.
    """
    if not brain.any():
        raise InputError(f"{name} is empty: replace it, or leave the patient out by dataset.patients.")
    if crop == "none":
        return tuple(slice(0, length) for length in brain.shape)
    lost = {"inclusive": 0, "half_open": 1}[crop]
    box = []
    for axis in range(brain.ndim):
        reached = np.flatnonzero(brain.any(axis=tuple(i for i in range(brain.ndim) if i != axis)))
        box.append(slice(int(reached[0]), int(reached[-1]) + 1 - lost))
    if any(part.start == part.stop for part in box):
        raise InputError(f"{name} is one voxel thin, and dataset.crop half_open leaves nothing: set it to inclusive.")
    return tuple(box)


def axes_text(affine, axis):
    """How upright slices lie in a volume, as the text of the column `axes`."""
    turned = [f"{'-' if reverse else ''}{'xyz'[voxel_axis]}" for voxel_axis, reverse in in_plane(affine, axis)]
    return " ".join(["xyz"[axis], *turned])


def box_text(box):
    """A box as the text of the column `box`."""
    return " ".join(f"{part.start}:{part.stop}" for part in box)


def parsed_axes(text):
    """Voxel axis of slices, rows and columns, and whether rows and columns are reversed."""
    names = text.split()
    return [("xyz".index(name[-1]), name.startswith("-")) for name in names]


def parsed_box(text):
    """A tuple of slices from the text of the column `box`."""
    return tuple(slice(*map(int, part.split(":"))) for part in text.split())


def cut(volume, axes):
    """Turn a volume so that its slices come first and are upright.

    Parameters
    ----------
    volume : numpy.ndarray of shape (x, y, z) or (x, y, z, C)
        In the order of the file.
    axes : str
        From `axes_text`.

    Returns
    -------
    numpy.ndarray of shape (slices, height, width) or (slices, height, width, C)
        A view.
    """
    (depth, _), (row, flip_rows), (column, flip_columns) = parsed_axes(axes)
    turned = np.moveaxis(volume, (depth, row, column), (0, 1, 2))
    return turned[:, :: -1 if flip_rows else 1, :: -1 if flip_columns else 1]


def restack(slices, frame):
    """Put the slices of one volume together again.

    Parameters
    ----------
    slices : array_like of shape (k, height, width) or (k, height, width, C)
        Images, masks or predictions as the data set kind cuts them (not those of
        the store, which are resized), in the order of `frame`.
    frame : pandas.DataFrame
        Their rows in the cohort, in any order, k of them: `volume`, `slice`,
        `axes` and `box` are used.

    Returns
    -------
    numpy.ndarray of shape (x, y, z) or (x, y, z, C)
        The cropped volume in the order of the file, in the type of the slices.
        A slice that is missing is zero: `restrict` leaves out slices whose mask
        is empty.

    Raises
    ------
    ValueError
        If the rows are not different slices of one volume, one per slice given.
    """
    slices = np.asarray(slices)
    if frame["volume"].nunique() != 1 or frame["slice"].duplicated().any() or len(frame) != len(slices):
        raise ValueError(
            f"{len(slices)} slices and {len(frame)} rows of {frame['volume'].nunique()} volumes do not make one volume"
        )
    box, axes = parsed_box(frame["box"].iloc[0]), frame["axes"].iloc[0]
    shape = [part.stop - part.start for part in box]
    whole = np.zeros((*shape, *slices.shape[3:]), slices.dtype)
    cut(whole, axes)[frame["slice"].to_numpy() - box[parsed_axes(axes)[0][0]].start] = slices
    return whole


def rows_of(patient, image, mask, box, axes, spacing, change=None, restrict=False):
    """Rows of a cohort for the slices of one pair of scans.

    Parameters
    ----------
    patient : str
        Name of the patient, which is that of the volume too.
    image : str
        What stands in the column `image`.
    mask : str or None
        What stands in the column `mask`.
    box : tuple of slice
        From `brain_box`.
    axes : str
        From `axes_text`.
    spacing : sequence of float
        mm from one voxel to the next along each voxel axis.
    change : numpy.ndarray of bool, shape (x, y, z), optional
        The whole change mask; without it there are no labels.
    restrict : bool, default=False
        Leave out slices in which nothing has changed.

    Returns
    -------
    list of dict
    """
    depth, row, column = (axis for axis, _ in parsed_axes(axes))
    shape = [part.stop - part.start for part in box]
    pixels = None if change is None else np.count_nonzero(cut(change[box], axes), axis=(1, 2))
    return [
        {
            "sample_id": f"{patient}/{'xyz'[depth]}{box[depth].start + index:03d}",
            "image": image,
            "mask": mask,
            "label": None if pixels is None else int(pixels[index] > 0),
            "patient_id": patient,
            "height": shape[row],
            "width": shape[column],
            "bits": 16,
            "colour": True,
            "spacing_y": spacing[row],
            "spacing_x": spacing[column],
            "volume": patient,
            "slice": box[depth].start + index,
            "spacing_z": spacing[depth],
            "lesion_pixels": None if pixels is None else int(pixels[index]),
            "axes": axes,
            "box": box_text(box),
        }
        for index in range(shape[depth])
        if not restrict or pixels[index]
    ]


def cut_rows(cohort, read):
    """Cut the slices of a cohort in row order; the volume read last is kept for the next row.

    Parameters
    ----------
    cohort : pandas.DataFrame
        With the metadata of `rows_of`.
    read : callable
        From the name of a volume to the whole of it, (x, y, z) or (x, y, z, C).

    Yields
    ------
    numpy.ndarray
        (height, width) or (height, width, C).
    """
    current, planes, first = None, None, 0
    for volume, number, axes, box in cohort[["volume", "slice", "axes", "box"]].itertuples(index=False):
        if volume != current:
            # Let go of one volume before the next is read.
            planes = None
            part = parsed_box(box)
            planes, first = cut(read(volume)[part], axes), part[parsed_axes(axes)[0][0]].start
            current = volume
        yield np.ascontiguousarray(planes[number - first])
