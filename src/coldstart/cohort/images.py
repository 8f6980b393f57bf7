"""The image store: every image and mask once per size, in one array each."""

import os
from functools import partial

import cv2
import numpy as np

from coldstart.errors import InputError
from coldstart.progress import track
from coldstart.storage import replacing, whole

SHRINK = {"area": cv2.INTER_AREA, "bilinear": cv2.INTER_LINEAR, "nearest": cv2.INTER_NEAREST}
# Averaging over an area has no meaning when an image is enlarged.
ENLARGE = {"area": cv2.INTER_LINEAR, "bilinear": cv2.INTER_LINEAR, "nearest": cv2.INTER_NEAREST}
DEEPEST = {np.dtype(np.uint8): 255, np.dtype(np.uint16): 65535}
# Fewer images are not worth a process of their own.
ROWS_AT_ONCE = 128


def write_images(path, read, cohort, size, channels=1, interpolation="area", workers=1):
    """Write the images of a cohort at one size.

    Parameters
    ----------
    path : str or pathlib.Path
        The ``.npy`` file.
    read : callable
        Called with some rows of the cohort, gives their images in order:
        (H, W) or (H, W, 3) uint8 or uint16.
    cohort : pandas.DataFrame
        `sample_id`, `image`, `height`, `width` and `bits` are used.
    size : int
        Pixels per side; an image that is not square is squeezed.
    channels : {1, 3}, default=1
        1: grey, colour by its luma (ITU-R BT.601); 3: colour, grey repeated.
    interpolation : {"area", "bilinear", "nearest"}, default="area"
        How images are shrunk; ``area`` enlarges bilinearly.
    workers : int, default=1
        Processes that read and resize; the file does not depend on it.

    Raises
    ------
    InputError
        If an array is not what the cohort says of it, or there are more or
        fewer; the message names the image.
    """
    if channels not in (1, 3):
        raise InputError(f"dataset.channels is {channels}, it must be 1 or 3.")
    if interpolation not in SHRINK:
        raise InputError(f"dataset.interpolation is '{interpolation}', it must be one of {', '.join(SHRINK)}.")
    dtype = np.dtype(np.uint8 if (cohort["bits"] == 8).all() else np.uint16)

    shape = (len(cohort), size, size) if channels == 1 else (len(cohort), size, size, 3)
    convert = partial(as_stored, size=size, channels=channels, interpolation=interpolation, dtype=dtype)
    write_store(path, read, cohort, convert, shape, dtype, "image", ROWS_AT_ONCE, workers)


def write_masks(path, read, cohort, size, interpolation="area", workers=1):
    """Write the masks of a cohort at one size.

    By default a pixel is foreground if any foreground of the source falls into
    it; an enlarged mask is repeated. No lesion vanishes.

    Parameters
    ----------
    path : str or pathlib.Path
        The ``.npy`` file.
    read : callable
        Called with some rows of the cohort, gives their masks in order: (H, W)
        uint8, 0 or 1.
    cohort : pandas.DataFrame
        `sample_id`, `image`, `height` and `width` are used.
    size : int
        Pixels per side.
    interpolation : {"area", "bilinear", "nearest"}, default="area"
        How masks are shrunk, as for `resize_mask`; the published protocol of
        Yuan and Hong is ``bilinear``.
    workers : int, default=1
        As for `write_images`.

    Raises
    ------
    InputError
        As for `write_images`, and if a mask has other values than 0 and 1.
    """
    if interpolation not in SHRINK:
        raise InputError(f"the interpolation of masks is '{interpolation}', it must be one of {', '.join(SHRINK)}.")
    convert = partial(resize_mask, size=size, interpolation=interpolation)
    # Some data sets keep all masks in one table, which each part reads anew: no more parts than processes.
    rows = max(ROWS_AT_ONCE, -(-len(cohort) // workers))
    write_store(path, read, cohort, convert, (len(cohort), size, size), np.dtype(np.uint8), "mask", rows, workers)


def read_images(path):
    """Open an image store: (n, size, size) or (n, size, size, 3) uint8 or uint16, memory-mapped."""
    return read_store(path, (np.uint8, np.uint16), (3, 4))


def read_masks(path):
    """Open a mask store: (n, size, size) uint8, 0 or 1, memory-mapped."""
    return read_store(path, (np.uint8,), (3,))


def as_float(array):
    """Scale stored images to [0, 1].

    Parameters
    ----------
    array : numpy.ndarray
        uint8 or uint16.

    Returns
    -------
    numpy.ndarray
        float32 of the same shape.
    """
    return np.asarray(array, np.float32) / np.float32(DEEPEST[array.dtype])


def effective_spacing(cohort, size):
    """Millimetres per stored pixel.

    Parameters
    ----------
    cohort : pandas.DataFrame
        `spacing_y`, `spacing_x`, `height` and `width` are used.
    size : int
        Pixels per side of the store.

    Returns
    -------
    numpy.ndarray
        (n, 2) float64, y and x; NaN where the source has no spacing.
    """
    spacing = cohort[["spacing_y", "spacing_x"]].to_numpy(float)
    return spacing * cohort[["height", "width"]].to_numpy(float) / size


def as_stored(array, *, size, channels, interpolation, dtype):
    """Image of a source at the size, the channels and the depth of the store."""
    return deepened(resize(with_channels(array, channels), size, interpolation), dtype)


def with_channels(array, channels):
    """Grey or colour, as asked for."""
    if array.ndim == 2 and channels == 3:
        return np.repeat(array[..., None], 3, axis=2)
    if array.ndim == 3 and channels == 1:
        return cv2.cvtColor(array, cv2.COLOR_RGB2GRAY)
    return array


def resize(array, size, interpolation):
    """Resize to a square: shrink the sides that are too long, then enlarge the others."""
    height, width = array.shape[:2]
    small = (min(width, size), min(height, size))
    if small != (width, height):
        array = cv2.resize(array, small, interpolation=SHRINK[interpolation])
    if small != (size, size):
        array = cv2.resize(array, (size, size), interpolation=ENLARGE[interpolation])
    return array


def resize_mask(mask, size, interpolation="area"):
    """Resize a mask to a square without losing it.

    Parameters
    ----------
    mask : numpy.ndarray
        (H, W) uint8, 0 or 1.
    size : int
        Pixels per side.
    interpolation : {"area", "bilinear", "nearest"}, default="area"
        How it is shrunk: foreground is what is above zero after OpenCV's
        interpolation of that name. ``area`` looks at every source pixel and so
        widens every outline: the lesions of ChestX-Det, 0.93 % of the image at
        1024 pixels, cover 1.11 % at 224. ``bilinear`` looks at four of them at
        most (0.97 %); it is what the authors of Yuan and Hong (arXiv 2402.02561)
        do. Where ``bilinear`` or ``nearest`` would leave nothing of
        a mask, ``area`` is taken.

    Returns
    -------
    numpy.ndarray
        (size, size) uint8, 0 or 1.
    """
    height, width = mask.shape
    small = (min(width, size), min(height, size))
    if small != (width, height):
        # In floating point, a share of foreground however small stays above zero.
        whole = mask.astype(np.float32)
        mask = cv2.resize(whole, small, interpolation=SHRINK[interpolation]) > 0
        if whole.any() and not mask.any():
            mask = cv2.resize(whole, small, interpolation=cv2.INTER_AREA) > 0
        mask = mask.astype(np.uint8)
    if small != (size, size):
        mask = cv2.resize(mask, (size, size), interpolation=cv2.INTER_NEAREST)
    return mask


def deepened(array, dtype):
    """8-bit values on the scale of a 16-bit store; 255 becomes 65535."""
    return array.astype(np.uint16) * np.uint16(257) if array.dtype == np.uint8 and dtype == np.uint16 else array


def checked(arrays, cohort, what):
    """Yield arrays that are what the cohort says of them.

    Raises
    ------
    InputError
        If one is not, or there are more or fewer; the message names the image.
    """
    arrays = iter(arrays)
    for row in cohort[["sample_id", "height", "width", "bits"]].itertuples(index=False):
        array = next(arrays, None)
        if array is None:
            raise InputError(f"the data set ends before the {what} of '{row.sample_id}'.")
        colour = array.ndim == 3 and array.shape[2] == 3 and what == "image"
        if array.shape[:2] != (row.height, row.width) or not (array.ndim == 2 or colour):
            raise InputError(
                f"{what} of '{row.sample_id}' has shape {array.shape}, the cohort says {row.height} x {row.width}:"
                " the file has changed, build the cohort again."
            )
        if what == "mask" and (array.dtype != np.uint8 or array.max() > 1):
            raise InputError(f"mask of '{row.sample_id}' has other values than 0 and 1.")
        if what == "image" and DEEPEST.get(array.dtype) != 2**row.bits - 1:
            raise InputError(
                f"image of '{row.sample_id}' is {array.dtype}, the cohort says {row.bits} bits:"
                " the file has changed, build the cohort again."
            )
        yield array
    if next(arrays, None) is not None:
        raise InputError(f"the data set yields more {what}s than the {len(cohort)} samples of the cohort.")


def write_store(path, read, cohort, convert, shape, dtype, what, rows, workers):
    """Fill a memory-mapped array under a temporary name, by some processes, then rename it."""
    # Every job imports this module, and few decode.
    from joblib import Parallel, delayed

    with replacing(path) as temporary:
        np.lib.format.open_memmap(temporary, mode="w+", dtype=dtype, shape=shape).flush()
        # A full disk is an error here; where a mapped page finds no room, the process is killed without a word.
        with open(temporary, "r+b") as store:
            os.posix_fallocate(store.fileno(), 0, os.path.getsize(temporary))
        cuts = list(parts(cohort["image"].to_numpy(), rows))
        # Of one process, joblib makes none; where nobody has answered yet there is nothing to fill.
        run = Parallel(n_jobs=max(1, min(workers, len(cuts))), return_as="generator")(
            delayed(fill)(temporary, start, read, cohort[start:stop], convert, what) for start, stop in cuts
        )
        for _ in track((row for count in run for row in range(count)), f"{what}s", total=len(cohort)):
            pass


def parts(images, rows):
    """Yield start and stop of parts of at least so many rows; what one file holds stays together."""
    start = 0
    for stop in range(1, len(images) + 1):
        if stop == len(images) or (stop - start >= rows and images[stop] != images[stop - 1]):
            yield start, stop
            start = stop


def fill(path, start, read, cohort, convert, what):
    """Write some rows into a store, from `start` on; answers with their number."""
    store = np.load(path, mmap_mode="r+")
    for row, array in enumerate(checked(read(cohort), cohort, what), start):
        store[row] = convert(array)
    store.flush()
    return len(cohort)


def read_store(path, dtypes, dimensions):
    """Open an array that `write_store` wrote."""
    with whole(path):
        store = np.load(path, mmap_mode="r", allow_pickle=False)
        if store.dtype not in dtypes or store.ndim not in dimensions:
            raise ValueError(f"it holds {store.dtype} of shape {store.shape}")
    return store
