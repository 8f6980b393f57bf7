"""The user's table as text cells and typed metadata."""

import csv
import io

import pandas as pd
import pyarrow.parquet as pq

from coldstart.errors import InputError, shown
from coldstart.registry import choices

ROLES = ("sample_id", "image", "mask", "label", "patient_id", "split", "spacing", "spacing_y", "spacing_x")
# Columns of a cohort that a metadata column must not shadow.
RESERVED = (*ROLES, "height", "width", "bits", "colour", "classification", "segmentation")


def read_source(path):
    """Read a CSV or Parquet file.

    Parameters
    ----------
    path : pathlib.Path
        ``.parquet`` or ``.pq``, or text in UTF-8 (a byte order mark is fine)
        with ``,``, ``;`` or tab between its cells.

    Returns
    -------
    pandas.DataFrame
        Its rows; every cell of a CSV as text.

    Raises
    ------
    InputError
        If it is no such file, has no rows, or has a row of another length.
    """
    if path.suffix.lower() in (".parquet", ".pq"):
        try:
            found = pq.read_table(path)
            # Text that is no UTF-8, above all.
            found.validate(full=True)
            frame = found.to_pandas()
        except Exception as error:  # Damaged files raise almost anything.
            raise InputError(f"{path} cannot be read as Parquet ({error}): save it again.") from error
    else:
        frame = read_text_table(path)
    repeated = frame.columns[frame.columns.duplicated()]
    if len(repeated):
        raise InputError(f"{path} has more than one column named {shown(repeated.unique())}: rename them.")
    if frame.empty:
        raise InputError(f"{path} has no rows.")
    return frame.reset_index(drop=True)


def read_text_table(path):
    """Read delimited text; the delimiter is the one that cuts the header into most cells."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not text in UTF-8: save it as CSV in UTF-8, or as .parquet.") from error
    header = text.partition("\n")[0]
    delimiter = max(",;\t", key=header.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    rows = []
    try:
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if rows and len(cells) != len(rows[0]):
                raise InputError(
                    f"{path}, line {reader.line_num}: {len(cells)} cells, but the header has {len(rows[0])}:"
                    " put cells that hold the delimiter in quotes."
                )
            rows.append([cell.strip() for cell in cells])
    except csv.Error as error:
        raise InputError(f"{path}, line {reader.line_num}: it is no CSV ({error}): close its quotes.") from error
    if not rows:
        raise InputError(f"{path} is empty.")
    return pd.DataFrame(rows[1:], columns=rows[0], dtype="str")


def resolve_columns(frame, columns, path):
    """Find the table's column for each of our names.

    Parameters
    ----------
    frame : pandas.DataFrame
        From `read_source`.
    columns : dict of str to str or None
        Our name to the table's; a name that is left out is looked for as it is.
    path : pathlib.Path
        The table, for messages.

    Returns
    -------
    dict of str to str
        Our names that the table has, in the order of `ROLES`.

    Raises
    ------
    InputError
        If a name is unknown on either side, or there is no column of images.
    """
    columns = columns or {}
    for ours, theirs in columns.items():
        if ours not in ROLES:
            raise InputError(f"dataset.columns: unknown name '{ours}': {choices(ours, ROLES)}.")
        if theirs not in frame.columns:
            raise InputError(
                f"dataset.columns.{ours}: {path} has no column '{theirs}': {choices(theirs, frame.columns)}."
            )
    found = {ours: columns.get(ours, ours) for ours in ROLES if columns.get(ours, ours) in frame.columns}
    if "image" not in found:
        raise InputError(
            f"{path} has no column 'image': name the one that holds the paths in dataset.columns.image"
            f" (columns: {shown(frame.columns, 20)})."
        )
    return found


def as_text(column):
    """Cells as stripped text, empty where missing; whole numbers without a point.

    Parameters
    ----------
    column : pandas.Series
        Any type.

    Returns
    -------
    list of str
        One per row.
    """

    def cell(value):
        if pd.isna(value):
            return ""
        if isinstance(value, float) and value.is_integer():
            return str(int(value))
        return str(int(value)) if isinstance(value, bool) else str(value).strip()

    return [cell(value) for value in column.tolist()]


def metadata(frame, used):
    """Columns that play no part, under names that do not clash with a cohort's.

    Parameters
    ----------
    frame : pandas.DataFrame
        From `read_source`.
    used : collection of str
        Columns that play a part.

    Returns
    -------
    pandas.DataFrame
        The other columns; text that is all numbers becomes numbers.

    Raises
    ------
    InputError
        If a column cannot be renamed because its new name is taken.
    """
    left = frame[[name for name in frame.columns if name not in used]]
    names = {name: f"meta_{name}" for name in left.columns if name in RESERVED}
    clash = [new for new in names.values() if new in left.columns]
    if clash:
        raise InputError(f"the table has both '{clash[0].removeprefix('meta_')}' and '{clash[0]}': rename one.")
    return left.rename(columns=names).apply(as_numbers)


def as_numbers(column):
    """Numbers where every cell is one and none has a leading zero, as codes have."""
    if not pd.api.types.is_string_dtype(column) or column.str.match(r"0\d").any():
        return column
    filled = column.mask(column == "")
    numbers = pd.to_numeric(filled, errors="coerce")
    return numbers if filled.notna().any() and numbers.notna().equals(filled.notna()) else filled
