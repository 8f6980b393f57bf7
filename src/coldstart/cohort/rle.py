"""Masks as runs of pixels, as CheXmask writes them.

A mask is the text ``start length start length ...``: its pixels are counted
from 1, row by row and from left to right, and every pair is a run of foreground
that goes on into the next row where it reaches the end of one. The order and
the first number are those of the authors' own functions, NumPy's row-major
``flatten`` and ``start -= 1`` (github.com/ngaggion/CheXmask-Database,
DataPostprocessing/utils.py, `get_RLE_from_mask` and `get_mask_from_RLE`).
"""

import numpy as np

from coldstart.errors import InputError


def decode_runs(text, height, width, where):
    """Draw the mask that a text of runs stands for.

    Parameters
    ----------
    text : str
        Pairs of start (from 1, row-major) and length, between blanks; empty for
        an empty mask.
    height, width : int
        Pixels of the mask.
    where : str
        Whose mask it is, for messages.

    Returns
    -------
    numpy.ndarray
        (height, width) uint8, 0 or 1.

    Raises
    ------
    InputError
        If the text is not pairs of whole numbers, or a run leaves the mask.
    """
    try:
        numbers = np.array(text.split(), dtype=np.int64)
    except (ValueError, OverflowError) as error:
        raise InputError(
            f"{where}: its runs are not whole numbers ({error}): fetch or copy the table again."
        ) from error
    if numbers.size % 2:
        raise InputError(
            f"{where}: its runs are {numbers.size} numbers, but they must be pairs of start and length: fetch or copy"
            " the table again."
        )
    pixels = height * width
    starts, lengths = numbers[::2] - 1, numbers[1::2]
    wrong = (starts < 0) | (starts >= pixels) | (lengths < 1) | (lengths > pixels - starts)
    if wrong.any():
        first = int(np.argmax(wrong))
        raise InputError(
            f"{where}: run {first + 1} (start {numbers[2 * first]}, length {lengths[first]}) does not lie within the"
            f" {height} x {width} = {pixels} pixels of its mask: correct Height and Width, or fetch the table again."
        )
    mask = np.zeros(pixels, np.uint8)
    for start, end in zip(starts.tolist(), (starts + lengths).tolist(), strict=True):
        mask[start:end] = 1
    return mask.reshape(height, width)
