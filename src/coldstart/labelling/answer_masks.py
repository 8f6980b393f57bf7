"""Masks as image files: one for each image, called like it or like the file that was handed out."""

from functools import partial

import numpy as np

from coldstart.cohort.files import read_pixels
from coldstart.errors import InputError, shown
from coldstart.labelling.answer import Answer

LOSSY = (".jpg", ".jpeg")


def read_mask_file(path, names):
    """Find out which image a mask belongs to; it is decoded when it is asked for.

    Parameters
    ----------
    path : pathlib.Path
        PNG, TIFF or BMP at the size of the image: 0 is background, one other
        value or colour foreground.
    names : coldstart.labelling.names.Names
        What the images may be called; see `Names.resolve_file`.

    Returns
    -------
    answers : list of Answer
        One mask, or none.
    unknown : list of tuple of str
        File and name, where the image is none of the pool.

    Raises
    ------
    InputError
        If it is a JPEG, which keeps no zeros.
    """
    sample_id = names.resolve_file(path)
    if sample_id is None:
        why = "several images could be meant" if names.meant_by_file(path) else "no image of the pool is called so"
        return [], [(str(path), f"{path.name} ({why})")]
    if path.suffix.lower() in LOSSY:
        raise InputError(f"{path} is a mask in JPEG, which does not keep zeros: save it as PNG or TIFF.")
    mask = partial(decode_mask, path, sample_id, *names.size(sample_id))
    return [Answer(sample_id, "mask", None, mask, str(path))], []


def decode_mask(path, sample_id, height, width):
    """Decode a mask.

    Parameters
    ----------
    path : pathlib.Path
        As for `read_mask_file`.
    sample_id : str
        Its image, for messages.
    height, width : int
        Pixels of its image.

    Returns
    -------
    numpy.ndarray
        (height, width) uint8, 0 or 1.

    Raises
    ------
    InputError
        If the file is damaged, has another size, or has several values beside
        zero.
    """
    pixels = read_pixels(path)
    if pixels.shape[:2] != (height, width):
        raise InputError(
            f"{path} is {pixels.shape[0]} x {pixels.shape[1]} pixels, but the image '{sample_id}' is {height} x"
            f" {width}: give a mask of the same size."
        )
    if pixels.ndim == 3:
        # Red, green and blue as one number.
        pixels = pixels.astype(np.int64) @ np.array([1 << 32, 1 << 16, 1])
    values = np.unique(pixels[pixels != 0])
    if len(values) > 1:
        found = f"the values {shown([0, *values.tolist()], 6)}" if values[-1] < 1 << 16 else f"{len(values)} colours"
        raise InputError(
            f"{path} has {found}, but a mask has 0 for background and one other value for foreground: save it so."
        )
    return (pixels != 0).astype(np.uint8)
