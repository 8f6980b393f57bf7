"""CheXmask: lungs and heart drawn by a network, over chest X-rays of five public sets (Gaggion et al., PhysioNet).

The masks are published as one table per source of images, with runs of pixels
for each organ (see `coldstart.cohort.rle`) and an estimate of their quality, the
Dice of reverse classification accuracy (RCA). The images come from the sources
themselves. A row takes part where its image is there and its quality suffices.
Images may be smaller or larger than their masks, as long as their aspect ratio
is the same: a mask is drawn at its own size, then brought to the image's by
nearest neighbour. Masks of the table ``Preprocessed`` are 1024 x 1024 and belong
to images that were padded to a square, those of ``OriginalResolution`` to images
as they were published.
"""

import re
from pathlib import Path, PurePosixPath
from typing import Literal

import numpy as np
import pandas as pd

from coldstart.cohort.chexmask_images import find_images, without_extension
from coldstart.cohort.chexmask_table import ORGANS, QUALITY, SIZE, find_id_column, mask_size, read_rows, read_runs
from coldstart.cohort.files import DECODERS, Header, in_order, inside, on_grid, read_header, read_pixels, same_aspect
from coldstart.cohort.rle import decode_runs
from coldstart.errors import InputError
from coldstart.progress import track


def build(
    *,
    root: str,
    table: str,
    image_folder: str = "images",
    organs: list[Literal["lungs", "left_lung", "right_lung", "heart"]] | None = None,
    min_dice_rca: float = 0.7,
    limit: int | None = None,
    seed: int = 0,
    id_column: str | None = None,
    patient_column: str | None = None,
    patient_pattern: str | None = None,
):
    r"""List the images that have a CheXmask mask of sufficient quality.

    Parameters
    ----------
    root : str
        Folder below which everything lies.
    table : str
        Table of masks below `root`, such as ``OriginalResolution/ChestX-Ray8.csv``
        (or ``.csv.gz``). It is read in pieces and never held as a whole.
    image_folder : str, default="images"
        Folder below `root` that is searched, with all its folders, for the
        images: PNG, JPEG or TIFF, named by the Image ID with or without its
        extension. A row whose image is not there is left out.
    organs : list of {"lungs", "left_lung", "right_lung", "heart"}, optional
        What the mask is the union of; by default both lungs.
    min_dice_rca : float, default=0.7
        Least ``Dice RCA (Mean)`` of a row; 0.7 is what the authors recommend.
    limit : int, optional
        Draw so many of the images that are left, each alike; 300 for a set of
        the size of CheXmask-300, whose composition is not published.
    seed : int, default=0
        Seed of that draw.
    id_column : str, optional
        Column of the Image IDs; by default ``Image ID`` or what it is called in
        the published tables (``Image Index``, ``Path``, ``dicom_id``,
        ``ImageID``, ``image_id``).
    patient_column : str, optional
        Column that names the patients, where the table has been given one.
    patient_pattern : str, optional
        Or the regular expression that finds the patient in an image's path, its
        first group where it has one: ``(\d+)_\d+\.`` for ChestX-ray8,
        ``patient(\d+)`` for CheXpert, ``p(\d{8})/`` for MIMIC-CXR-JPG. Without
        either, every image counts as a patient of its own.

    Returns
    -------
    pandas.DataFrame
        Rows in the order of the table, columns of a cohort. The label is 1
        where an organ is drawn. Metadata: `dice_rca`.

    Raises
    ------
    InputError
        If a parameter or a cell is not right, an image is found twice, no row
        is left, or a mask and its image differ in shape.
    """
    check_parameters(image_folder, min_dice_rca, limit, patient_column, patient_pattern)
    source = inside(root, table, "dataset.table")
    rows = read_rows(source, find_id_column(source, id_column), organ_columns(organs), patient_column)
    good = rows[rows["dice_rca"] >= min_dice_rca]
    if good.empty:
        raise InputError(
            f"dataset.min_dice_rca: none of the {len(rows)} rows of {source} has a {QUALITY} of {min_dice_rca:g} or"
            f" more (the best has {rows['dice_rca'].max():g}): lower it."
        )
    paths = find_images(root, image_folder, good["id"])
    kept = good.assign(image=paths).dropna(subset="image")
    if kept.empty:
        raise InputError(
            f"none of the {len(good)} images of {source} is below {Path(root, image_folder)} (the first is called"
            f" '{good['id'].iloc[0]}'): correct dataset.image_folder, or put the images of its source there."
        )
    if limit is not None:
        if limit > len(kept):
            raise InputError(f"dataset.limit is {limit}, but only {len(kept)} images are left to draw from: lower it.")
        chosen = np.random.default_rng(seed).choice(len(kept), limit, replace=False)
        kept = kept.iloc[np.sort(chosen)]
    jobs = kept[["id", "image", "height", "width"]].itertuples(index=False, name=None)
    headers = list(track(in_order(lambda job: check_image(root, source, *job), jobs), "headers", len(kept)))
    names = [f"{table}#{name}" if drawn else None for name, drawn in zip(kept["id"], kept["drawn"], strict=True)]
    return pd.DataFrame(
        {
            "sample_id": [str(without_extension(name)) for name in kept["id"]],
            "image": kept["image"].tolist(),
            "mask": pd.Series(names, dtype="str"),
            "label": pd.Series(kept["drawn"].astype(int).tolist(), dtype="Int64"),
            "patient_id": pd.Series(patients(kept, patient_column, patient_pattern), dtype="str"),
            "height": [header.height for header in headers],
            "width": [header.width for header in headers],
            "bits": [header.bits for header in headers],
            "colour": [header.colour for header in headers],
            "spacing_y": np.nan,
            "spacing_x": np.nan,
            "dice_rca": kept["dice_rca"].tolist(),
        }
    )


def images(
    cohort,
    *,
    root: str,
    table: str,
    image_folder: str = "images",
    organs: list[Literal["lungs", "left_lung", "right_lung", "heart"]] | None = None,
    min_dice_rca: float = 0.7,
    limit: int | None = None,
    seed: int = 0,
    id_column: str | None = None,
    patient_column: str | None = None,
    patient_pattern: str | None = None,
):
    """Read the images of a cohort in row order.

    Parameters
    ----------
    cohort : pandas.DataFrame
        Rows that `build` made with the same parameters.
    root, table, image_folder, organs, min_dice_rca, limit, seed, id_column, patient_column, patient_pattern
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
    table: str,
    image_folder: str = "images",
    organs: list[Literal["lungs", "left_lung", "right_lung", "heart"]] | None = None,
    min_dice_rca: float = 0.7,
    limit: int | None = None,
    seed: int = 0,
    id_column: str | None = None,
    patient_column: str | None = None,
    patient_pattern: str | None = None,
):
    """Draw the masks of a cohort in row order, at the size of the images; the table is read once.

    Parameters
    ----------
    cohort : pandas.DataFrame
        Rows that `build` made with the same parameters.
    root, table, image_folder, organs, min_dice_rca, limit, seed, id_column, patient_column, patient_pattern
        As for `build`.

    Yields
    ------
    numpy.ndarray
        (H, W) uint8, 0 or 1; all zeros where no organ is drawn.

    Raises
    ------
    InputError
        If the runs of a mask are not right, or the table has changed since.
    """
    source = inside(root, table, "dataset.table")
    columns = organ_columns(organs)
    ids = [name.removeprefix(f"{table}#") for name in cohort["mask"].dropna()]
    runs = read_runs(source, find_id_column(source, id_column), [*SIZE, *columns], ids)
    for row in cohort[["mask", "height", "width"]].itertuples(index=False):
        image = Header(int(row.height), int(row.width), 8)
        if pd.isna(row.mask):
            yield np.zeros((image.height, image.width), np.uint8)
        else:
            height, width, *cells = next(runs)
            size = mask_size(height, width, row.mask)
            drawn = [decode_runs(cell, *size, f"{row.mask}, {name}") for name, cell in zip(columns, cells, strict=True)]
            yield on_grid(np.maximum.reduce(drawn), image)


def organ_columns(organs):
    """Columns of the table that hold some organs, each once."""
    if organs == []:
        raise InputError(f"dataset.organs is empty: name some of {', '.join(ORGANS)}.")
    return list(dict.fromkeys(column for organ in organs or ["lungs"] for column in ORGANS[organ]))


def check_image(root, source, name, image, height, width):
    """Header of an image; refuses a mask of another aspect ratio."""
    header = read_header(inside(root, image, "dataset.image_folder"))
    height, width = mask_size(height, width, f"{source}, {name}")
    if not same_aspect(height, width, header):
        raise InputError(
            f"{image} is {header.height} x {header.width} pixels, but its mask in {source} is {height} x {width}: take"
            " the images as published, resized at most (masks of the table 'Preprocessed' need images that were padded"
            " to a square)."
        )
    return header


def patients(rows, column, pattern):
    """Patient of each row, None where nothing tells."""
    if column is not None:
        return [name or None for name in rows["patient"]]
    if pattern is None:
        return [None] * len(rows)
    found = []
    for path in rows["image"]:
        match = re.search(pattern, path)
        # A pattern without groups has group 0 only.
        found.append(match and match.group(min(1, match.re.groups)))
        if not found[-1]:
            raise InputError(f"dataset.patient_pattern: '{pattern}' finds no patient in the path '{path}': correct it.")
    return found


def check_parameters(image_folder, min_dice_rca, limit, patient_column, patient_pattern):
    """Refuse parameters that are out of their range or contradict each other."""
    folder = PurePosixPath(image_folder)
    if folder.is_absolute() or ".." in folder.parts:
        raise InputError(f"dataset.image_folder: the folder '{image_folder}' must stay below the data root.")
    if not 0 <= min_dice_rca <= 1:
        raise InputError(f"dataset.min_dice_rca is {min_dice_rca}, it must be from 0 to 1.")
    if limit is not None and limit < 1:
        raise InputError(f"dataset.limit is {limit}, it must be at least 1.")
    if patient_column is not None and patient_pattern is not None:
        raise InputError("dataset.patient_column and dataset.patient_pattern are both given: keep one of them.")
    try:
        re.compile(patient_pattern or "")
    except re.error as error:
        raise InputError(f"dataset.patient_pattern: '{patient_pattern}' is no regular expression ({error}).") from error
