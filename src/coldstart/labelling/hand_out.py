"""What annotators are given to look at: the images of a list as 8-bit PNG files with safe names."""

import hashlib
import re
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from coldstart.progress import track
from coldstart.reporting.contact_sheet import shown_bytes
from coldstart.storage import replacing

LONGEST_NAME = 60
DIGITS = 3
# Radiographs take a third of the time of the library's own level, 6, and a tenth more space.
COMPRESSION = 3
# What pages must say of images that are deeper than 8 bits.
WINDOWED = "Grey values of images deeper than 8 bits: 1st to 99th percentile of each image."


def stems(worklist):
    """Names of the files of a list, without their endings.

    Parameters
    ----------
    worklist : pandas.DataFrame
        `rank`, from 1, and `sample_id`.

    Returns
    -------
    list of str
        ``NNN_name`` for every row: its rank, and its sample_id in ASCII letters,
        digits, dots, dashes and underscores, ``/`` as ``__``. Where that is not
        the whole sample_id, a digest of it stands at the end, so that images of
        different lists do not share a name.
    """
    width = max(DIGITS, len(str(worklist["rank"].max())))
    rows = zip(worklist["rank"], worklist["sample_id"], strict=True)
    return [f"{rank:0{width}d}_{safe_name(sample_id)}" for rank, sample_id in rows]


def handed(worklists):
    """What the files of some lists stand for.

    Parameters
    ----------
    worklists : iterable of pandas.DataFrame
        As for `stems`.

    Returns
    -------
    dict of str to str
        Name of a file without its ending to sample_id.
    """
    found = {}
    for worklist in worklists:
        found.update(zip(stems(worklist), worklist["sample_id"], strict=True))
    return found


def safe_name(sample_id):
    """A sample_id as a file's name; see `stems`."""
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", sample_id.replace("/", "__"))
    if name.replace("__", "/") == sample_id and len(name) <= LONGEST_NAME:
        return name
    # Names differ at their ends: of one that is too long the ends are kept.
    if len(name) > LONGEST_NAME:
        name = f"{name[: LONGEST_NAME // 2]}-{name[-LONGEST_NAME // 2 :]}"
    return f"{name}-{hashlib.sha256(sample_id.encode()).hexdigest()[:8]}"


def export_images(worklist, arrays, folder, *, side_by_side=False):
    """Write the images of a list as annotation tools show them.

    Parameters
    ----------
    worklist : pandas.DataFrame
        As for `stems`.
    arrays : iterable of numpy.ndarray
        (H, W) or (H, W, 3), uint8 or uint16, in the order of the list, at the
        size of the source.
    folder : str or pathlib.Path
        Where the files are put; it is made, for an empty list too.
    side_by_side : bool, default=False
        The channels are three slices of a volume and no colours: they are shown
        beside each other.

    Returns
    -------
    dict of str to pathlib.Path
        sample_id to its PNG: 8 bits, the size of the source, windowed as
        `coldstart.reporting.contact_sheet.shown_bytes` does, without metadata.
    """
    Path(folder).mkdir(parents=True, exist_ok=True)
    paths = files_in(folder, worklist)
    for path, array in zip(paths.values(), track(arrays, "images handed out", total=len(paths)), strict=True):
        if side_by_side and array.ndim == 3:
            array = np.concatenate(list(np.moveaxis(array, 2, 0)), axis=1)
        write_png(path, shown_bytes(array))
    return paths


def export_masks(table, masks, folder):
    """Write masks as PNG files whose values are class numbers.

    Parameters
    ----------
    table : pandas.DataFrame
        `rank`, `sample_id`, and `height` and `width` of the source.
    masks : iterable of numpy.ndarray
        (h, w) uint8, 0 or 1, of any size, in the order of the table.
    folder : str or pathlib.Path
        Where the files are put.

    Returns
    -------
    dict of str to pathlib.Path
        sample_id to its PNG: 0 and 1, the size of the source.
    """
    paths = files_in(folder, table)
    for path, mask, height, width in zip(paths.values(), masks, table["height"], table["width"], strict=True):
        write_png(path, cv2.resize(mask, (int(width), int(height)), interpolation=cv2.INTER_NEAREST))
    return paths


def thumbnail(path, side):
    """Read a picture and shrink it, where it is larger.

    Parameters
    ----------
    path : str or pathlib.Path
        From `export_images`.
    side : int
        Pixels of its longer side, at most.

    Returns
    -------
    numpy.ndarray
        (h, w) or (h, w, 3) uint8.
    """
    image = np.asarray(Image.open(path))
    height, width = image.shape[:2]
    scale = side / max(height, width)
    if scale >= 1:
        return image
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA)


def files_in(folder, table):
    """PNG of every sample of a table, as a dict."""
    return {
        sample_id: Path(folder, f"{stem}.png") for sample_id, stem in zip(table["sample_id"], stems(table), strict=True)
    }


def write_png(path, pixels):
    """Write uint8 pixels, grey or RGB, and nothing else."""
    with replacing(path) as temporary:
        Image.fromarray(pixels).save(temporary, format="PNG", compress_level=COMPRESSION)
