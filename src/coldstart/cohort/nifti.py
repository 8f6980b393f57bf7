"""NIfTI volumes: guarded reading and upright slices."""

from pathlib import PurePosixPath

import nibabel as nib
import numpy as np
import pandas as pd

from coldstart.cohort.files import inside
from coldstart.errors import InputError

# Deflate cannot shrink anything by more than this (RFC 1951: 258 bytes in 2 bits).
MOST_COMPRESSION = 1032
# A thousand slices of 1024 x 1024: what compressed zeros promise beyond that would fill the memory.
MOST_VOXELS = 2**30
MILLIMETRES = {"mm": 1.0, "unknown": 1.0, "meter": 1000.0, "micron": 0.001}
# Directions that rows and columns run in: to the patient's left, back and feet.
WANTED = {"L": 0, "P": 1, "I": 2}
OPPOSITE = {"R": "L", "A": "P", "S": "I"}
DEEPEST = np.iinfo(np.uint16).max


def open_volume(path, flat=False):
    """Open a volume; only its header is read.

    Parameters
    ----------
    path : pathlib.Path
        Anything that nibabel reads.
    flat : bool, default=False
        Whether an image of two axes will do.

    Returns
    -------
    nibabel.spatialimages.SpatialImage
        Three-dimensional; with `flat` it may have two axes.

    Raises
    ------
    InputError
        If it is no such file, is not three-dimensional, or promises more voxels
        than its bytes can hold or `MOST_VOXELS`.
    """
    try:
        image = nib.load(path)
        shape = image.shape
        size = int(np.prod([int(n) for n in shape], dtype=object)) * image.get_data_dtype().itemsize
        # Units and directions are looked up later, where a header without them would be a defect of the program.
        voxel_size(image)
        nib.aff2axcodes(image.affine)
    except Exception as error:  # Damaged headers raise almost anything.
        raise InputError(f"{path} cannot be read as a volume ({error}): replace it.") from error
    if not (len(shape) == 3 or (flat and len(shape) == 2)) or min(shape) < 1:
        raise InputError(f"{path} has shape {shape}, it must be three-dimensional: split it into volumes.")
    held = path.stat().st_size
    with open(path, "rb") as stream:
        compressed = stream.read(2) == b"\x1f\x8b"
    paired = path.suffix == ".hdr"
    if not paired and size > held * (MOST_COMPRESSION if compressed else 1):
        raise InputError(f"{path} promises {size} bytes of voxels, but has only {held}: it is damaged or cut short.")
    if np.prod(shape, dtype=object) > MOST_VOXELS:
        sides = " x ".join(map(str, shape))
        raise InputError(f"{path} promises {sides} voxels: it is damaged, or must be cut into parts.")
    return image


def voxels(path, image):
    """Decode the voxels of a volume.

    Returns
    -------
    numpy.ndarray
        (x, y, z) float32, in the order of the file; (x, y, 1) where it has two
        axes only.

    Raises
    ------
    InputError
        If the file is damaged or cut short.
    """
    try:
        found = np.asarray(image.dataobj, dtype=np.float32)
        return found if found.ndim == 3 else found[..., None]
    except Exception as error:  # Damaged archives raise almost anything.
        raise InputError(f"{path} cannot be decoded ({error}): it is damaged or cut short, replace it.") from error


def check_grid(path, image, mask_path, mask, what="mask"):
    """Refuse a mask, or another scan, that is not on the grid of its volume.

    Raises
    ------
    InputError
        If shape or affine differ; the message calls it `what`.
    """
    if image.shape != mask.shape:
        raise InputError(
            f"{mask_path} has shape {mask.shape}, but {path} has {image.shape}: resample the {what} to the volume."
        )
    if not np.allclose(image.affine, mask.affine, atol=1e-2):
        raise InputError(f"{mask_path} and {path} have different affines: resample the {what} to the volume.")


def in_plane(affine, axis):
    """Where rows and columns of an upright slice come from.

    Parameters
    ----------
    affine : numpy.ndarray
        (4, 4), voxels to millimetres.
    axis : int
        The axis cut along.

    Returns
    -------
    list of tuple of (int, bool)
        For rows, then columns: the voxel axis and whether it must be reversed.
    """
    codes = nib.aff2axcodes(affine)
    found = []
    for voxel_axis in (i for i in range(3) if i != axis):
        code = codes[voxel_axis]
        if code is None:
            raise InputError("a volume has an affine without directions: mend its header.")
        found.append((WANTED[OPPOSITE.get(code, code)], voxel_axis, code in OPPOSITE))
    # Feet before back before left: the first is what runs down the image.
    return [(voxel_axis, reverse) for _, voxel_axis, reverse in sorted(found, reverse=True)]


def slice_layout(path, image, axis):
    """Shape of the upright slices and their spacing.

    Returns
    -------
    tuple
        height, width in pixels; spacing of rows, of columns in mm.
    """
    try:
        (row, _), (column, _) = in_plane(image.affine, axis)
    except InputError as error:
        raise InputError(f"{path}: {error}") from error
    zooms = voxel_size(image)
    return image.shape[row], image.shape[column], zooms[row], zooms[column]


def voxel_size(image):
    """Distance between neighbouring voxels along each axis in mm, as a list."""
    units = image.header.get_xyzt_units()[0] if hasattr(image.header, "get_xyzt_units") else "mm"
    return [float(zoom) * MILLIMETRES.get(units, 1.0) for zoom in image.header.get_zooms()[:3]]


def upright(plane, affine, axis):
    """Turn a slice upright.

    Parameters
    ----------
    plane : numpy.ndarray
        (a, b), the two axes that are left, in their order.
    affine : numpy.ndarray
        (4, 4) of the volume.
    axis : int
        The axis that was cut along.

    Returns
    -------
    numpy.ndarray
        (height, width), a view.
    """
    (row, flip_rows), (column, flip_columns) = in_plane(affine, axis)
    plane = plane if row < column else plane.T
    return plane[:: -1 if flip_rows else 1, :: -1 if flip_columns else 1]


def scaled(volume, lower, upper):
    """Stretch intensities between two percentiles to 0..65535.

    Parameters
    ----------
    volume : numpy.ndarray
        (x, y, z) float32; what is not finite counts as the darkest.
    lower, upper : float
        Percentiles over the whole volume.

    Returns
    -------
    numpy.ndarray
        (x, y, z) uint16; all zeros if the volume is constant.
    """
    finite = np.isfinite(volume)
    if not finite.any():
        return np.zeros(volume.shape, np.uint16)
    low, high = np.percentile(volume[finite], [lower, upper])
    if high <= low:
        return np.zeros(volume.shape, np.uint16)
    stretched = np.clip((np.where(finite, volume, low) - low) / (high - low), 0, 1)
    return np.rint(stretched * DEEPEST).astype(np.uint16)


def foreground_shares(path, mask, axis):
    """Share of foreground (whatever is not zero) in each slice of a mask.

    Parameters
    ----------
    path : pathlib.Path
        Of the mask, for messages.
    mask : nibabel.spatialimages.SpatialImage
        From `open_volume`.
    axis : int
        The axis cut along.

    Returns
    -------
    numpy.ndarray
        (slices,) float64.
    """
    return (voxels(path, mask) != 0).mean(axis=tuple(i for i in range(3) if i != axis))


def cut_slices(root, names, cohort, cut):
    """Cut the slices of a cohort; the volume read last is kept for the next row.

    Parameters
    ----------
    root : str
        Folder below which the volumes lie.
    names : iterable of str
        Volume of each row, or missing.
    cohort : pandas.DataFrame
        `slice`, `height` and `width` are used.
    cut : callable
        Called with the path of a volume; gives a function from the number of a
        slice to that slice, upright.

    Yields
    ------
    numpy.ndarray
        (height, width); all zeros (uint8) where the volume is missing.
    """
    current, plane = None, None
    for name, number, height, width in zip(names, cohort["slice"], cohort["height"], cohort["width"], strict=True):
        if pd.isna(name):
            yield np.zeros((height, width), np.uint8)
            continue
        if name != current:
            # Let go of one volume before the next is read.
            plane = None
            plane = cut(inside(root, name, "cohort"))
            current = name
        yield np.ascontiguousarray(plane(number))


def check_pattern(key, pattern):
    """Refuse a glob pattern that would leave the data root."""
    pure = PurePosixPath(pattern)
    if pure.is_absolute() or ".." in pure.parts or not pure.parts:
        raise InputError(f"dataset.{key}: the pattern '{pattern}' must stay below the data root.")


def check_slices(every, min_foreground, lower, upper):
    """Refuse parameters of slices that are out of their range."""
    if every < 1:
        raise InputError(f"dataset.every is {every}, it must be at least 1.")
    if not 0 <= min_foreground <= 1:
        raise InputError(f"dataset.min_foreground is {min_foreground}, it must be from 0 to 1.")
    if not 0 <= lower < upper <= 100:
        raise InputError(
            f"dataset.lower_percentile and upper_percentile are {lower} and {upper}:"
            " they must rise and lie from 0 to 100."
        )
