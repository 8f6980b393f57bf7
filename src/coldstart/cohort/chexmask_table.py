"""Tables of CheXmask: read in pieces, because one of them may hold hundreds of thousands of rows and several GB."""

import zlib
from contextlib import contextmanager

import pandas as pd

from coldstart.errors import InputError, shown
from coldstart.progress import track
from coldstart.registry import choices

# "The column name changes across datasets": ChestX-ray8, CheXpert, MIMIC-CXR-JPG, PadChest, VinDr-CXR.
ID_COLUMNS = ("Image ID", "Image Index", "Path", "dicom_id", "ImageID", "image_id")
QUALITY = "Dice RCA (Mean)"
SIZE = ["Height", "Width"]
ORGANS = {
    "lungs": ["Left Lung", "Right Lung"],
    "left_lung": ["Left Lung"],
    "right_lung": ["Right Lung"],
    "heart": ["Heart"],
}
# A row takes up to 100 kB, most of it runs and landmarks.
ROWS_AT_ONCE = 500
# Larger than any detector; keeps a wrong number from asking for all the memory there is.
LARGEST_SIDE = 2**15
MOST_PIXELS = 2**28


def find_id_column(path, given=None):
    """Find the column that names the images.

    Parameters
    ----------
    path : pathlib.Path
        The table.
    given : str, optional
        Its name; by default the first of `ID_COLUMNS` that the table has.

    Returns
    -------
    str
        The column.

    Raises
    ------
    InputError
        If there is no such column.
    """
    columns = table_columns(path)
    if given is not None and given not in columns:
        raise InputError(f"dataset.id_column: {path} has no column '{given}': {choices(given, columns)}.")
    found = next((name for name in ID_COLUMNS if name in columns), None) if given is None else given
    if found is None:
        raise InputError(
            f"{path} has no column of Image IDs under a name of CheXmask ({', '.join(ID_COLUMNS)}): name it in"
            f" dataset.id_column (columns: {shown(columns, 20)})."
        )
    return found


@contextmanager
def reading(path):
    """Name the table if it turns out to be none."""
    try:
        yield
    except (ValueError, OSError, EOFError, zlib.error) as error:
        raise InputError(f"{path} cannot be read as a CSV of CheXmask ({error}): fetch or copy it again.") from error


def table_columns(path):
    """Names of the columns of a table."""
    with reading(path):
        return pd.read_csv(path, nrows=0, encoding="utf-8-sig").columns.tolist()


def read_pieces(path, columns):
    """Yield a table piece by piece, only some of its columns, every cell as stripped text."""
    as_text = {"dtype": "str", "keep_default_na": False, "index_col": False, "encoding": "utf-8-sig"}
    with reading(path), pd.read_csv(path, usecols=columns, chunksize=ROWS_AT_ONCE, **as_text) as pieces:
        for piece in pieces:
            yield piece.fillna("").apply(lambda column: column.str.strip())


def read_rows(path, id_column, organs, patient_column=None):
    """Read what there is to know of every mask, without keeping any mask.

    Parameters
    ----------
    path : pathlib.Path
        The table, ``.csv`` or ``.csv.gz``.
    id_column : str
        From `find_id_column`.
    organs : list of str
        Columns of runs.
    patient_column : str, optional
        Column that names the patients.

    Returns
    -------
    pandas.DataFrame
        One row per row of the table, all text but the last two: `id`, `height`,
        `width`, `patient` (empty without `patient_column`), `dice_rca` (float,
        missing where the cell is empty) and `drawn` (bool, whether there is a run).

    Raises
    ------
    InputError
        If a column is missing, an id is empty or is found twice, or a Dice RCA
        is not a number from 0 to 1.
    """
    patients = [] if patient_column is None else [patient_column]
    wanted = [id_column, QUALITY, *SIZE, *organs, *patients]
    columns = table_columns(path)
    missing = [name for name in wanted if name not in columns]
    if missing:
        raise InputError(
            f"{path} has no column {shown(missing)}: take a table of CheXmask (columns: {shown(columns, 20)})."
        )
    found = [
        pd.DataFrame(
            {
                "id": piece[id_column],
                "height": piece[SIZE[0]],
                "width": piece[SIZE[1]],
                "patient": piece[patient_column] if patients else "",
                "quality": piece[QUALITY],
                "drawn": piece[organs].ne("").any(axis=1),
            }
        )
        for piece in track(read_pieces(path, wanted), f"pieces of {path.name}")
    ]
    rows = pd.concat(found, ignore_index=True) if found else pd.DataFrame()
    if rows.empty:
        raise InputError(f"{path} has no rows.")
    if (rows["id"] == "").any():
        raise InputError(f"{path}, row {(rows['id'] == '').argmax() + 1}: its {id_column} is empty.")
    repeated = rows["id"][rows["id"].duplicated()].unique()
    if len(repeated):
        raise InputError(f"{path} holds more than one row of {shown(repeated)}: take one row per image.")
    quality = rows.pop("quality")
    rows["dice_rca"] = pd.to_numeric(quality, errors="coerce")
    wrong = ~rows["dice_rca"].between(0, 1) & ~quality.str.lower().isin(["", "nan"])
    if wrong.any():
        first = wrong.argmax()
        raise InputError(
            f"{path}, {rows['id'][first]}: its {QUALITY} is '{quality[first]}', it must be a number from 0 to 1."
        )
    return rows


def read_runs(path, id_column, columns, ids):
    """Read the runs of some images, in the order in which they are asked for.

    The table is read once, and no further than to the last of them. Where they
    are asked for in the order of the table, one piece of it is held at a time.

    Parameters
    ----------
    path : pathlib.Path
        The table.
    id_column : str
        From `find_id_column`.
    columns : list of str
        Whose cells to read.
    ids : list of str
        Image IDs, none of them twice.

    Yields
    ------
    list of str
        The cells of `columns`.

    Raises
    ------
    InputError
        If an image is not in the table.
    """
    wanted, held = set(ids), {}
    pieces = read_pieces(path, [id_column, *columns])
    for name in ids:
        while name not in held:
            piece = next(pieces, None)
            if piece is None:
                raise InputError(f"{path} no longer holds a row of {name}: build the cohort again.")
            rows = piece[piece[id_column].isin(wanted)]
            held.update(zip(rows[id_column], rows[columns].to_numpy().tolist(), strict=True))
        yield held.pop(name)


def mask_size(height, width, where):
    """Height and width of a mask from their cells.

    Raises
    ------
    InputError
        If one is not a whole number from 1 to `LARGEST_SIDE`, or both together
        are more than any image has.
    """
    sides = []
    for name, cell in zip(SIZE, (height, width), strict=True):
        side = pd.to_numeric(cell, errors="coerce")
        if not 1 <= side <= LARGEST_SIDE or side != int(side):
            raise InputError(
                f"{where}: its {name} is '{cell}', it must be a whole number of pixels, 1 to {LARGEST_SIDE}."
            )
        sides.append(int(side))
    if sides[0] * sides[1] > MOST_PIXELS:
        raise InputError(f"{where}: its mask is said to have {sides[0]} x {sides[1]} pixels: correct Height and Width.")
    return sides
