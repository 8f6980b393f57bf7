"""Image files: their paths, their headers, their pixels."""

from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path, PurePosixPath

import cv2
import numpy as np
from PIL import Image, UnidentifiedImageError

from coldstart.errors import InputError

# Threads: headers wait for the disk, pixels are decoded beside the process that goes on with them.
READERS, DECODERS = 4, 2
# Items that each of them may be ahead.
AHEAD = 4


@dataclass(frozen=True)
class Header:
    """What an image file promises: pixels, bits per channel (8 or 16), and whether it holds more than one channel.

    Colour, a palette and grey with alpha all count as `colour`: they are what
    ``skimage.io.imread`` reads into an array of more than two axes.
    """

    height: int
    width: int
    bits: int
    colour: bool = False


def inside(root, relative, where):
    """Path of an existing file below a root.

    Parameters
    ----------
    root : str or pathlib.Path
        The folder that must not be left.
    relative : str
        Posix path below it.
    where : str
        Who asks for it, for the message.

    Returns
    -------
    pathlib.Path
        The file.

    Raises
    ------
    InputError
        If the path is absolute, climbs out of the root (by ``..`` or by a
        link), or is no file.
    """
    pure = PurePosixPath(relative)
    path = Path(root, pure)
    try:
        within, found = path.resolve().is_relative_to(Path(root).resolve()), path.is_file()
    except (OSError, RuntimeError, ValueError) as error:  # Names that are too long, loops of links, NUL.
        raise InputError(f"{where}: '{relative}' cannot be the path of a file ({error}): correct it.") from error
    if pure.is_absolute() or ".." in pure.parts or not within:
        raise InputError(
            f"{where}: the path '{relative}' leaves the data root {root}: give a path"
            " below it, or as the root a folder that also holds what its links lead to."
        )
    if not found:
        raise InputError(f"{where}: the file '{relative}' does not exist below {root}.")
    return path


def in_order(function, items, threads=READERS):
    """Map with a few threads, a few items ahead, results in order.

    Parameters
    ----------
    function : callable
        Called with each item.
    items : iterable
        What to work on.
    threads : int, default=READERS
        How many.

    Yields
    ------
    object
        The results; an exception comes out where its result would.
    """
    with ThreadPoolExecutor(threads) as pool:
        items = iter(items)
        waiting = deque(pool.submit(function, item) for item in islice(items, AHEAD * threads))
        try:
            while waiting:
                result = waiting.popleft().result()
                waiting.extend(pool.submit(function, item) for item in islice(items, 1))
                yield result
        finally:
            for future in waiting:
                future.cancel()


def read_header(path):
    """Read what an image file promises, without its pixels.

    Parameters
    ----------
    path : pathlib.Path
        PNG, JPEG or TIFF; grey, colour, palette, with or without alpha.

    Returns
    -------
    Header
        Size and depth of what `read_pixels` will return; `colour` is said of the file.

    Raises
    ------
    InputError
        If it is no such image.
    """
    try:
        with Image.open(path) as image:
            return pillow_header(path, image)
    except UnidentifiedImageError:
        pixels = opencv_pixels(path)
        return Header(*pixels.shape[:2], 8 * pixels.itemsize, pixels.ndim == 3)
    except InputError:
        raise
    except Exception as error:  # Damaged files raise almost anything.
        raise unreadable(path, error) from error


def read_pixels(path):
    """Read an image file, all of it or none.

    Parameters
    ----------
    path : pathlib.Path
        As for `read_header`.

    Returns
    -------
    numpy.ndarray
        (H, W), or (H, W, 3) in the order red, green, blue; uint8 or uint16.
        Alpha is dropped.

    Raises
    ------
    InputError
        If the file is damaged or cut short.
    """
    try:
        with Image.open(path) as image:
            header = pillow_header(path, image)
            coarse = header.bits == 16 and not image.mode.startswith("I")
            image.load()
            # Pillow reads 16-bit colour with 8 bits.
            return opencv_pixels(path) if coarse else pillow_pixels(path, image)
    except UnidentifiedImageError:
        return opencv_pixels(path)
    except InputError:
        raise
    except Exception as error:  # Damaged files raise almost anything.
        raise unreadable(path, error) from error


def read_mask(path, header):
    """Read a mask file: foreground is whatever is not zero.

    Parameters
    ----------
    path : pathlib.Path
        An image file of the same shape as its image, or of the same aspect ratio.
    header : Header
        Of its image.

    Returns
    -------
    numpy.ndarray
        (header.height, header.width) uint8, 0 or 1; resized by nearest
        neighbour where the sizes differ.

    Raises
    ------
    InputError
        If the file is damaged.
    """
    pixels = read_pixels(path)
    mask = (pixels.any(axis=2) if pixels.ndim == 3 else pixels > 0).astype(np.uint8)
    return on_grid(mask, header)


def on_grid(mask, header):
    """Bring a mask to the pixels of its image, by nearest neighbour where the sizes differ."""
    if mask.shape != (header.height, header.width):
        mask = cv2.resize(mask, (header.width, header.height), interpolation=cv2.INTER_NEAREST)
    return mask


def same_aspect(height, width, header):
    """Whether a mask of that size can belong to an image: same aspect ratio, up to the rounding of one pixel."""
    off_width = abs(width - header.width * height / header.height)
    off_height = abs(height - header.height * width / header.width)
    return min(off_width, off_height) <= 1


def check_mask(path, header):
    """Refuse a mask that cannot belong to its image, by its header.

    Raises
    ------
    InputError
        If its aspect ratio differs by more than the rounding of one pixel, or
        if it is a JPEG: lossy compression leaves traces around the outline that
        would count as foreground.
    """
    if path.suffix.lower() in (".jpg", ".jpeg"):
        raise InputError(f"{path} is a mask in JPEG, which does not keep zeros: save it as PNG or TIFF.")
    mask = read_header(path)
    if not same_aspect(mask.height, mask.width, header):
        raise InputError(
            f"{path} is {mask.height} x {mask.width} pixels, but its image is {header.height} x {header.width}:"
            " give a mask of the same shape."
        )


def unreadable(path, reason):
    """Error for a file that is no complete image."""
    return InputError(f"{path} cannot be read as an image ({reason}): replace it or take it out of the table.")


def pillow_header(path, image):
    """Header of an image that Pillow has opened."""
    if getattr(image, "n_frames", 1) > 1:
        raise InputError(f"{path} holds {image.n_frames} images: save one image per file.")
    if image.mode == "F":
        raise InputError(f"{path} holds floating-point pixels: save it with 8 or 16 bits.")
    raw = image.tile[0].args if image.tile else ""
    raw = raw if isinstance(raw, str) else str(raw[0])
    deep = image.mode.startswith("I") or "16" in raw
    colour = image.mode not in ("1", "L") and not image.mode.startswith("I")
    return Header(image.height, image.width, 16 if deep else 8, colour)


def pillow_pixels(path, image):
    """Pixels of an image that Pillow has loaded, alpha dropped."""
    if image.mode.startswith("I"):
        pixels = np.asarray(image)
        if pixels.min() < 0 or pixels.max() > np.iinfo(np.uint16).max:
            raise InputError(f"{path} holds values outside 0 to 65535: save it with 8 or 16 bits.")
        return pixels.astype(np.uint16)
    grey = image.mode in ("1", "L", "LA", "La")
    return np.array(image.convert("L" if grey else "RGB"))


def opencv_pixels(path):
    """Pixels of what Pillow cannot read; alpha dropped, red first."""
    pixels = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if pixels is None:
        raise unreadable(path, "not a PNG, JPEG or TIFF, or cut short")
    if pixels.dtype not in (np.uint8, np.uint16):
        raise InputError(f"{path} holds {pixels.dtype} pixels: save it with 8 or 16 bits.")
    return pixels if pixels.ndim == 2 else np.ascontiguousarray(pixels[..., 2::-1])
