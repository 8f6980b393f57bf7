"""NIfTI volumes: guarded reading and upright slices."""

import nibabel as nib
import numpy as np

from coldstart.errors import InputError

# Deflate cannot shrink anything by more than this (RFC 1951: 258 bytes in 2 bits).
MOST_COMPRESSION = 1032
MILLIMETRES = {"mm": 1.0, "unknown": 1.0, "meter": 1000.0, "micron": 0.001}
# Directions that rows and columns run in: to the patient's left, back and feet.
WANTED = {"L": 0, "P": 1, "I": 2}
OPPOSITE = {"R": "L", "A": "P", "S": "I"}


def open_volume(path):
    """Open a volume; only its header is read.

    Parameters
    ----------
    path : pathlib.Path
        Anything that nibabel reads.

    Returns
    -------
    nibabel.spatialimages.SpatialImage
        Three-dimensional.

    Raises
    ------
    InputError
        If it is no such file, is not three-dimensional, or promises more voxels
        than its bytes can hold.
    """
    try:
        image = nib.load(path)
        shape = image.shape
        size = int(np.prod([int(n) for n in shape], dtype=object)) * image.get_data_dtype().itemsize
    except Exception as error:  # Damaged headers raise almost anything.
        raise InputError(f"{path} cannot be read as a volume ({error}): replace it.") from error
    if len(shape) != 3 or min(shape) < 1:
        raise InputError(f"{path} has shape {shape}, it must be three-dimensional: split it into volumes.")
    held = path.stat().st_size
    with open(path, "rb") as stream:
        compressed = stream.read(2) == b"\x1f\x8b"
    paired = path.suffix == ".hdr"
    if not paired and size > held * (MOST_COMPRESSION if compressed else 1):
        raise InputError(f"{path} promises {size} bytes of voxels, but has only {held}: it is damaged or cut short.")
    return image


def voxels(path, image):
    """Decode the voxels of a volume.

    Returns
    -------
    numpy.ndarray
        (x, y, z) float32, in the order of the file.

    Raises
    ------
    InputError
        If the file is damaged or cut short.
    """
    try:
        return np.asarray(image.dataobj, dtype=np.float32)
    except Exception as error:  # Damaged archives raise almost anything.
        raise InputError(f"{path} cannot be decoded ({error}): it is damaged or cut short, replace it.") from error


def check_grid(path, image, mask_path, mask):
    """Refuse a mask that is not on the grid of its volume.

    Raises
    ------
    InputError
        If shape or affine differ.
    """
    if image.shape != mask.shape:
        raise InputError(
            f"{mask_path} has shape {mask.shape}, but {path} has {image.shape}: resample the mask to the volume."
        )
    if not np.allclose(image.affine, mask.affine, atol=1e-2):
        raise InputError(f"{mask_path} and {path} have different affines: resample the mask to the volume.")


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
    units = image.header.get_xyzt_units()[0] if hasattr(image.header, "get_xyzt_units") else "mm"
    zooms = [float(zoom) * MILLIMETRES.get(units, 1.0) for zoom in image.header.get_zooms()[:3]]
    return image.shape[row], image.shape[column], zooms[row], zooms[column]


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
