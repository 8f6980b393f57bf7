"""Montgomery County chest X-rays of the National Library of Medicine, lungs drawn by hand (Jaeger et al. 2014).

80 normal images and 58 with tuberculosis, a mask of each lung. The folders are
read as they are published: ``CXR_png``, ``ManualMask/leftMask`` and
``rightMask``, ``ClinicalReadings``; an image and what belongs to it have one name
(``MCUCXR_0001_0``), whose last number is the label. Left and right are the
published folders; the mask is the union of the two. A few images are of one
patient and say so in their reading ("same pt as MCUCXR_0113_1"): these stay
together in one split.
"""

import re
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from coldstart.cohort.files import DECODERS, Header, check_mask, in_order, inside, read_header, read_mask, read_pixels
from coldstart.errors import InputError, shown
from coldstart.progress import track

IMAGES, READINGS = "CXR_png", "ClinicalReadings"
SIDES = {
    "both": ("ManualMask/leftMask", "ManualMask/rightMask"),
    "left": ("ManualMask/leftMask",),
    "right": ("ManualMask/rightMask",),
}
NAME = re.compile(r"MCUCXR_(\d+)_([01])\.png")
PUBLISHED = {"images": 138, "normal images": 80, "images with tuberculosis": 58}
PUBLISHED_SIZES = ((4020, 4892), (4892, 4020))


def build(
    *,
    root: str,
    lungs: Literal["both", "left", "right"] = "both",
    counts: Literal["published", "any"] = "published",
    spacing: float = 0.0875,
):
    """List the Montgomery images in the order of their names.

    Parameters
    ----------
    root : str
        Folder that holds ``CXR_png``, ``ManualMask`` and ``ClinicalReadings``:
        ``MontgomerySet`` of the published archive.
    lungs : {"both", "left", "right"}, default="both"
        Which of the two masks is the mask; ``both``: their union.
    counts : {"published", "any"}, default="published"
        ``published``: refuse folders that do not hold 138 images, 80 normal and
        58 with tuberculosis, of 4020 x 4892 or 4892 x 4020 pixels; ``any``:
        accept a part, or images that were resized.
    spacing : float, default=0.0875
        Millimetres per pixel of the files; the default is that of the published ones.

    Returns
    -------
    pandas.DataFrame
        Columns of a cohort; the label is 1 for tuberculosis. Metadata, missing
        where the reading does not tell: `sex` (as written: ``F``, ``M``, ``O``)
        and `age` in years.

    Raises
    ------
    InputError
        If a folder, an image or a mask is missing, is not named as published,
        or does not fit, or the numbers are not the published ones.
    """
    if not spacing > 0:
        raise InputError(f"dataset.spacing is {spacing}, it must be above 0.")
    names = image_names(root)
    labels = [int(NAME.fullmatch(name)[2]) for name in names]
    missing = [f"{side}/{name}" for side in SIDES[lungs] for name in names if not Path(root, side, name).is_file()]
    if missing:
        raise InputError(
            f"{len(missing)} of the {len(SIDES[lungs]) * len(names)} masks are not below {root} ({shown(missing, 3)}):"
            " unpack the published archive there."
        )
    headers = list(track(in_order(lambda name: check_files(root, name, SIDES[lungs]), names), "headers"))
    if counts == "published":
        check_published(labels, names, headers)
    readings = [read_reading(root, name) for name in names]
    return pd.DataFrame(
        {
            "sample_id": [name.removesuffix(".png") for name in names],
            "image": [f"{IMAGES}/{name}" for name in names],
            "mask": pd.Series(names, dtype="str"),
            "label": pd.Series(labels, dtype="Int64"),
            "patient_id": patients(names, readings),
            "height": [header.height for header in headers],
            "width": [header.width for header in headers],
            "bits": [header.bits for header in headers],
            "colour": [header.colour for header in headers],
            "spacing_y": spacing,
            "spacing_x": spacing,
            "sex": pd.Series([stated(r"Sex:\s*([A-Za-z])", text) for text in readings], dtype="str"),
            "age": pd.Series([stated(r"Age:\s*(\d+)\s*Y", text) for text in readings], dtype="float64"),
        }
    )


def images(
    cohort,
    *,
    root: str,
    lungs: Literal["both", "left", "right"] = "both",
    counts: Literal["published", "any"] = "published",
    spacing: float = 0.0875,
):
    """Read the images of a cohort in row order.

    Parameters
    ----------
    cohort : pandas.DataFrame
        Rows that `build` made with the same parameters.
    root, lungs, counts, spacing
        As for `build`.

    Yields
    ------
    numpy.ndarray
        (H, W), or (H, W, 3) red first; uint8 or uint16.

    Raises
    ------
    InputError
        If a file is damaged or cut short; the message names it.
    """
    return in_order(lambda name: read_pixels(Path(root, name)), cohort["image"], DECODERS)


def masks(
    cohort,
    *,
    root: str,
    lungs: Literal["both", "left", "right"] = "both",
    counts: Literal["published", "any"] = "published",
    spacing: float = 0.0875,
):
    """Unite the masks of the lungs in row order.

    Parameters
    ----------
    cohort : pandas.DataFrame
        Rows that `build` made with the same parameters.
    root, lungs, counts, spacing
        As for `build`.

    Yields
    ------
    numpy.ndarray
        (H, W) uint8, 0 or 1: 1 where one of the masks is not zero.

    Raises
    ------
    InputError
        If a file is damaged or cut short; the message names it.
    """

    def read(row):
        header = Header(int(row.height), int(row.width), 8)
        return np.maximum.reduce([read_mask(Path(root, side, row.mask), header) for side in SIDES[lungs]])

    return in_order(read, cohort[["mask", "height", "width"]].itertuples(), DECODERS)


def image_names(root):
    """Names of the images, sorted.

    Raises
    ------
    InputError
        If the folder or its images are missing, or one is not named as published.
    """
    folder = Path(root, IMAGES)
    # Hidden files are what some file systems leave beside others.
    names = sorted(path.name for path in folder.glob("*.png") if not path.name.startswith("."))
    if not names:
        raise InputError(f"there are no images in {folder}: give the folder that holds {IMAGES} as dataset.root.")
    wrong = [name for name in names if not NAME.fullmatch(name)]
    if wrong:
        raise InputError(
            f"{folder} holds {shown(wrong, 3)}, but images are called MCUCXR_<number>_<0 or 1>.png: take others away."
        )
    return names


def check_files(root, name, sides):
    """Header of an image; refuses masks that are not of its shape."""
    header = read_header(inside(root, f"{IMAGES}/{name}", "dataset.root"))
    for side in sides:
        check_mask(inside(root, f"{side}/{name}", f"mask of {name}"), header)
    return header


def check_published(labels, names, headers):
    """Hold the images against the published numbers and sizes.

    Raises
    ------
    InputError
        If one differs; the message says which, and by how much.
    """
    counted = (len(labels), labels.count(0), labels.count(1))
    wrong = [
        f"{number} {what} where {expected} are published ({number - expected:+d})"
        for (what, expected), number in zip(PUBLISHED.items(), counted, strict=True)
        if number != expected
    ]
    wrong += [
        f"{name} has {header.height} x {header.width} pixels where 4020 x 4892 or 4892 x 4020 are published"
        for name, header in zip(names, headers, strict=True)
        if (header.height, header.width) not in PUBLISHED_SIZES
    ][:1]
    if wrong:
        raise InputError(
            f"the Montgomery set differs: {'; '.join(wrong)}: take the published files, or set dataset.counts to 'any'"
            " (and dataset.spacing to that of images that were resized)."
        )


def read_reading(root, name):
    """Text of a clinical reading; empty where there is none."""
    path = Path(root, READINGS, name).with_suffix(".txt")
    return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""


def stated(pattern, text):
    """First group of a pattern in a text, or None."""
    match = re.search(pattern, text, re.IGNORECASE)
    return match and match[1]


def patients(names, readings):
    """Patient of each image: its number, or the lowest of those that the readings call the same patient's."""
    own = [NAME.fullmatch(name)[1] for name in names]
    lowest = {number: number for number in own}
    for number, text in zip(own, readings, strict=True):
        if other := stated(r"same\s+pt\s+as\s+MCUCXR_(\d+)", text):
            joined = {lowest[number], lowest.setdefault(other, other)}
            lowest = {key: min(joined) if value in joined else value for key, value in lowest.items()}
    return pd.Series([f"MCUCXR_{lowest[number]}" for number in own], dtype="str")
