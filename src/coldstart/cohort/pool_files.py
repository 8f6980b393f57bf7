"""Files of a pool: those of a folder, or those that a table names, and what it says of them; none of them is read."""

import hashlib
import os
from functools import cache
from pathlib import Path, PurePosixPath

import pandas as pd

from coldstart.cohort.files import inside
from coldstart.cohort.identifiers import without_identifiers
from coldstart.cohort.pool_folder import Listing, PoolFile, form, listing
from coldstart.cohort.pool_names import names_path
from coldstart.cohort.table import joined, parse_spacing
from coldstart.cohort.table_source import as_text, metadata, read_source, resolve_columns
from coldstart.errors import InputError
from coldstart.registry import choices

# What is known of patients and their images, in the table or in DICOM headers.
PATIENT_FACTS = ("sex", "age", "view", "site", "scanner")
# Columns of a scan that a table's own must not shadow.
SCANNED = ("file", "status", "reason", "of", "frame", "volume", "slice", "spacing_z", "digest")


def table_listing(root, frame):
    """List the files that a table names; nothing of them is read.

    Parameters
    ----------
    root : str or pathlib.Path
        The folder that must not be left.
    frame : pandas.DataFrame
        From `read_pool_table`.

    Returns
    -------
    Listing
        In the order of the table; a file that is missing, named twice or not
        below the root is refused.
    """
    found, seen, home = Listing(), set(), os.path.realpath(root)

    @cache
    def within(folder):
        return f"{os.path.realpath(folder)}/".startswith(f"{home}/")

    for row, name in enumerate(frame["file"]):
        path = os.path.join(home, name)
        reason = None
        if not name:
            reason = "this row of the table names no file"
        elif name in seen:
            reason = "the table names this file twice"
        elif PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts:
            reason = "the path leaves the data root"
        elif not within(path if os.path.islink(path) else os.path.dirname(path)):
            reason = "a link that leaves the data root"
        elif not os.path.isfile(path):
            reason = "the table names this file, and it does not exist"
        elif form(name) is None:
            reason = "it is of no kind that is read here"
        if reason:
            found.refused.append((name or f"row {row + 1}", reason))
            continue
        seen.add(name)
        stat = os.stat(path)
        found.files.append(PoolFile(name, stat.st_size, stat.st_mtime_ns, row))
    return found


def read_pool_table(root, table, columns=None, image_folder=""):
    """Read the table of a pool; labels, masks and splits in it are passed over.

    Parameters
    ----------
    root, table : str
        Folder, and below it the table.
    columns : dict of str to str, optional
        Our name to the table's: those of `coldstart.cohort.table_source.ROLES`
        and of `PATIENT_FACTS`.
    image_folder : str, default=""
        Put before the paths of the table.

    Returns
    -------
    pandas.DataFrame
        One row per row of the table: `file`, `sample_id` and `patient_id` (text
        or None), `spacing_y`, `spacing_x`, then its other columns.

    Raises
    ------
    InputError
        If the table, one of its columns or a cell is not right, or an id is
        given twice.
    """
    source = inside(root, table, "dataset.table")
    frame = read_source(source)
    facts = {ours: theirs for ours, theirs in (columns or {}).items() if ours in PATIENT_FACTS}
    for ours, theirs in facts.items():
        if theirs not in frame.columns:
            allowed = choices(theirs, frame.columns)
            raise InputError(f"dataset.columns.{ours}: {source} has no column '{theirs}': {allowed}.")
    used = resolve_columns(frame, {ours: columns[ours] for ours in columns or {} if ours not in facts}, source)
    cells = {ours: as_text(frame[theirs]) for ours, theirs in used.items()}
    empty = [""] * len(frame)
    spacing = [parse_spacing(cells, number, f"{source}, row {number + 1}") for number in range(len(frame))]
    given = pd.DataFrame(
        {
            # Empty where the row names none.
            "file": [joined(image_folder, cell, "") or "" for cell in cells["image"]],
            "sample_id": [cell or None for cell in cells.get("sample_id", empty)],
            "patient_id": [cell or None for cell in cells.get("patient_id", empty)],
            "spacing_y": [pair[0] for pair in spacing],
            "spacing_x": [pair[1] for pair in spacing],
        }
    )
    repeated = given["sample_id"].dropna()
    repeated = repeated[repeated.duplicated()]
    if len(repeated):
        raise InputError(f"{source}: the sample_id '{repeated.iloc[0]}' is given twice: make them unique.")
    rest = without_identifiers(metadata(frame, {*used.values(), *facts.values()}), cells.get("patient_id"))
    named = pd.DataFrame({ours: metadata(frame[[theirs]], ()).iloc[:, 0] for ours, theirs in facts.items()})
    rest = rest.drop(columns=[ours for ours in facts if ours in rest])
    rest = rest.rename(columns={name: f"meta_{name}" for name in SCANNED})
    return pd.concat([given, named, rest], axis=1)


def listed(*, root, files, salt, table=None, columns=None, image_folder=""):
    """List the files of a pool.

    Parameters
    ----------
    root, files, salt, table, columns, image_folder
        As for `coldstart.cohort.pool.build`.

    Returns
    -------
    found : Listing
        The files.
    cells : pandas.DataFrame or None
        What the table says of them, from `read_pool_table`.

    Raises
    ------
    InputError
        If folder, pattern or table are not right.
    """
    if table is None:
        return listing(root, files, [Path(root, salt), names_path(root, salt)]), None
    cells = read_pool_table(root, table, columns, image_folder)
    return table_listing(root, cells), cells


def listing_digest(**where):
    """Digest of the names, sizes and times of a pool's files; none of them is read.

    Parameters
    ----------
    **where
        As for `listed`.

    Returns
    -------
    str
        SHA-256 in hexadecimal: it changes where a file is added, taken away or
        changed. ``"missing"`` where folder or table cannot be used, which the
        scan will say.
    """
    try:
        found, _ = listed(**where)
    except InputError:
        return "missing"
    digest = hashlib.sha256()
    for file in found.files:
        digest.update(f"{file.name}\0{file.size}\0{file.mtime_ns}\0".encode())
    digest.update(repr(found.refused).encode())
    return digest.hexdigest()
