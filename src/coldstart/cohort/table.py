"""A table of image files: CSV or Parquet, with labels, masks and patients where it has them."""

import math
from pathlib import Path, PurePosixPath

import numpy as np
import pandas as pd

from coldstart.cohort.files import DECODERS, Header, check_mask, in_order, inside, read_header, read_mask, read_pixels
from coldstart.cohort.identifiers import warn_of_telling_paths, without_identifiers
from coldstart.cohort.table_source import as_text, metadata, read_source, resolve_columns
from coldstart.errors import InputError, shown
from coldstart.progress import track

SPLITS = ("train", "val", "test", "unlabelled")


def build(
    *,
    root: str,
    table: str,
    columns: dict[str, str] | None = None,
    image_folder: str = "",
    mask_folder: str = "",
):
    """List the images of a table and read the header of each.

    Parameters
    ----------
    root : str
        Folder below which everything lies.
    table : str
        The table, relative to `root`.
    columns : dict of str to str, optional
        Our name to the table's: ``sample_id``, ``image``, ``mask``, ``label``,
        ``patient_id``, ``split``, ``spacing`` (mm per pixel, one number or
        ``"y x"``) or ``spacing_y`` and ``spacing_x``. A name left out is looked
        for as it is.
    image_folder, mask_folder : str, default=""
        Put before the paths of the table.

    Returns
    -------
    pandas.DataFrame
        One row per row of the table. A row without a mask but with label 0 has
        an empty mask; one with neither has none. Other columns are kept, but for
        those that say who the patients are, by their names or cells.

    Raises
    ------
    InputError
        If the table, a path, an image header or a cell is not right.
    """
    source = inside(root, table, "dataset.table")
    frame = read_source(source)
    used = resolve_columns(frame, columns, source)
    cells = {ours: as_text(frame[theirs]) for ours, theirs in used.items()}
    rows = [f"{source}, row {number}" for number in range(1, len(frame) + 1)]
    empty = [""] * len(rows)
    images = [joined(image_folder, cell, row, "image") for cell, row in zip(cells["image"], rows, strict=True)]
    labels = [parse_label(cell, row) for cell, row in zip(cells.get("label", empty), rows, strict=True)]
    masks = [joined(mask_folder, cell, row) for cell, row in zip(cells.get("mask", empty), rows, strict=True)]
    if any(masks):
        for row, label, mask in zip(rows, labels, masks, strict=True):
            if label == 1 and mask is None:
                raise InputError(f"{row}: the label is 1 but no mask is given: give its mask or clear its label.")
    spacing = [parse_spacing(cells, number, row) for number, row in enumerate(rows)]
    headers = list(
        track(in_order(lambda job: check_files(root, *job), zip(images, masks, rows, strict=True)), "headers")
    )
    built = pd.DataFrame(
        {
            "sample_id": sample_ids(cells.get("sample_id"), images, rows, source),
            "image": images,
            "mask": pd.Series(masks, dtype="str"),
            "label": pd.Series(labels, dtype="Int64"),
            "patient_id": pd.Series([cell or None for cell in cells.get("patient_id", empty)], dtype="str"),
            "height": [header.height for header in headers],
            "width": [header.width for header in headers],
            "bits": [header.bits for header in headers],
            "colour": [header.colour for header in headers],
            "spacing_y": np.array([pair[0] for pair in spacing], float),
            "spacing_x": np.array([pair[1] for pair in spacing], float),
        }
    )
    if "split" in cells:
        built["split"] = [parse_split(cell, row) for cell, row in zip(cells["split"], rows, strict=True)]
    patients = cells.get("patient_id", empty)
    warn_of_telling_paths([" ".join(pair) for pair in zip(built["sample_id"], images, strict=True)], patients)
    rest = without_identifiers(metadata(frame, set(used.values())), patients)
    return pd.concat([built, rest], axis=1)


def images(
    cohort,
    *,
    root: str,
    table: str,
    columns: dict[str, str] | None = None,
    image_folder: str = "",
    mask_folder: str = "",
):
    """Read the images of a cohort in row order.

    Parameters
    ----------
    cohort : pandas.DataFrame
        Rows that `build` made with the same parameters.
    root, table, columns, image_folder, mask_folder
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
    columns: dict[str, str] | None = None,
    image_folder: str = "",
    mask_folder: str = "",
):
    """Read the masks of a cohort in row order.

    Parameters
    ----------
    cohort : pandas.DataFrame
        Rows that `build` made with the same parameters.
    root, table, columns, image_folder, mask_folder
        As for `build`.

    Yields
    ------
    numpy.ndarray
        (H, W) uint8, 0 or 1; all zeros where a row has no mask file.

    Raises
    ------
    InputError
        If a file is damaged or cut short; the message names it.
    """

    def read(row):
        header = Header(int(row.height), int(row.width), 8)
        if pd.isna(row.mask):
            return np.zeros((header.height, header.width), np.uint8)
        return read_mask(Path(root, row.mask), header)

    return in_order(read, cohort[["mask", "height", "width"]].itertuples(), DECODERS)


def joined(folder, cell, row, required=None):
    """Path below the root as a posix string, or None where the cell is empty."""
    if not cell:
        if required:
            raise InputError(f"{row}: the cell of the {required} is empty.")
        return None
    # An absolute cell would swallow the folder; it is refused as it stands.
    return cell if PurePosixPath(cell).is_absolute() else PurePosixPath(folder, cell).as_posix()


def check_files(root, image, mask, row):
    """Header of an image; refuses the row if a file is missing or does not fit."""
    header = read_header(inside(root, image, row))
    if mask is not None:
        check_mask(inside(root, mask, f"{row} (mask)"), header)
    return header


def parse_label(cell, row):
    """0, 1, or None where the cell is empty."""
    if not cell:
        return None
    try:
        value = float(cell)
    except ValueError:
        value = math.nan
    if value not in (0, 1):
        raise InputError(f"{row}: the label is '{cell}', it must be 0, 1 or empty.")
    return int(value)


def parse_split(cell, row):
    """One of `SPLITS`."""
    if cell not in SPLITS:
        raise InputError(f"{row}: the split is '{cell}', it must be one of {', '.join(SPLITS)}.")
    return cell


def parse_spacing(cells, number, row):
    """Spacing of a row in mm, (y, x); NaN where it has none."""
    if "spacing" in cells:
        parts = cells["spacing"][number].replace(",", " ").split()
        parts = parts * 2 if len(parts) == 1 else parts
    elif "spacing_y" in cells and "spacing_x" in cells:
        parts = [cells[name][number] for name in ("spacing_y", "spacing_x")]
        parts = [] if parts == ["", ""] else parts
    else:
        return math.nan, math.nan
    if not parts:
        return math.nan, math.nan
    try:
        y, x = (float(part) for part in parts)
    except ValueError:
        y = x = math.nan
    if not (0 < y < math.inf and 0 < x < math.inf):
        raise InputError(
            f"{row}: the spacing is '{' '.join(parts)}', it must be one or two positive numbers"
            " (mm per pixel, y then x)."
        )
    return y, x


def sample_ids(given, images, rows, source):
    """The table's own ids, or the images' paths without their extensions.

    Raises
    ------
    InputError
        If an id is empty or is found twice.
    """
    ids = given if given is not None else [PurePosixPath(image).with_suffix("").as_posix() for image in images]
    first = {}
    for number, name in enumerate(ids):
        if not name:
            raise InputError(f"{rows[number]}: the sample_id is empty.")
        if name in first:
            pair = shown([rows[first[name]], f"row {number + 1}"])
            if given is not None:
                raise InputError(f"{pair}: the sample_id '{name}' is given twice: make them unique.")
            raise InputError(
                f"{pair}: both images would be called '{name}': give {source.name} a sample_id column"
                " (or name one in dataset.columns.sample_id)."
            )
        first[name] = number
    return ids
