"""What a scan leaves: the table of the samples, and that of the data's quality."""

import pandas as pd

from coldstart.cohort.pool_chunks import NOT_IMAGE, UNREADABLE
from coldstart.cohort.pool_files import PATIENT_FACTS

OK, LEFT_OUT = "ok", "left out"
SCAN = [
    "file",
    "sample_id",
    "status",
    "reason",
    "of",
    "image",
    "frame",
    "height",
    "width",
    "bits",
    "colour",
    "spacing_y",
    "spacing_x",
    "patient_id",
    "volume",
    "slice",
    "spacing_z",
    "sex",
    "age",
    "view",
    "scanner",
    "digest",
]
QUALITY = ["file", "sample_id", "problem", "detail", "of", "left_out"]
OTHERS = {"hidden": "hidden", "no file": "links, sockets or pipes"}


def given_by_table(rows, cells, place):
    """Bring in what the user's table says; it wins over the headers.

    Parameters
    ----------
    rows : pandas.DataFrame
        Columns of `coldstart.cohort.pool_chunks.CHUNK`.
    cells : pandas.DataFrame or None
        From `coldstart.cohort.pool_files.read_pool_table`.
    place : pandas.Series
        Row of the table for each row.

    Returns
    -------
    rows : pandas.DataFrame
        With the table's patients and spacing.
    metadata : pandas.DataFrame
        The table's other columns, one row for each of `rows`.
    dropped : list of str
        Columns of the table that are left out, as they say who a patient is.
    """
    rows = rows.copy()
    if cells is None:
        return rows, pd.DataFrame(index=rows.index), []
    given = cells.iloc[place.astype(int)].set_axis(rows.index)
    telling = rows["telling"].fillna("").str.split("\n")
    own = given["patient_id"].notna() & ~telling.map(lambda names: "patient_id" in names)
    rows["patient_id"] = rows["patient_id"].where(~own, given["patient_id"])
    for name in ("spacing_y", "spacing_x"):
        rows[name] = given[name].fillna(rows[name])
    found = {name for names in telling for name in names} - {"", "sample_id", "patient_id", *PATIENT_FACTS}
    dropped = [name for name in given if name in found]
    known = ["file", "sample_id", "patient_id", "spacing_y", "spacing_x"]
    return rows, given.drop(columns=[*known, *dropped]), dropped


def scan_table(rows, metadata):
    """One row per sample, and one per file that cannot be read.

    Parameters
    ----------
    rows : pandas.DataFrame
        From `given_by_table`; `problem` and `detail` say what is left out and
        why, and `of` which sample it repeats.
    metadata : pandas.DataFrame
        The table's other columns.

    Returns
    -------
    pandas.DataFrame
        Columns of `SCAN`, then those of `metadata`, which replace those of the
        same name.
    """
    out = rows["problem"].notna()
    told = rows.assign(
        status=out.map({True: LEFT_OUT, False: OK}),
        reason=(rows["problem"] + ": " + rows["detail"]).where(out),
        image=rows["file"],
    )
    own = [name for name in SCAN if name not in metadata]
    return pd.concat([told[own], metadata], axis=1)[[*SCAN, *(name for name in metadata if name not in SCAN)]]


def quality_table(rows, found, dropped, names):
    """What is wrong with the files of a pool.

    Parameters
    ----------
    rows : pandas.DataFrame
        As for `scan_table`.
    found : coldstart.cohort.pool_folder.Listing
        What was refused or passed over before anything was read.
    dropped : list of str
        Columns of the table that are left out.
    names : str
        Name of the private list of files that are called by another name.

    Returns
    -------
    pandas.DataFrame
        `file`, `sample_id`, `problem`, `detail`, `of` (the sample that is
        repeated) and `left_out`.
    """
    wrong = rows[rows["problem"].notna()].assign(left_out=True)
    renamed = rows[rows["renamed"]].drop_duplicates("file").assign(
        problem="identity in path",
        detail=f"the path says who the patient is; {names} beside the images tells which file is called so",
        of=None,
        left_out=False,
    )  # fmt: skip
    others = [{"file": name, "problem": UNREADABLE, "detail": why, "left_out": True} for name, why in found.refused]
    for column in dropped:
        detail = f"column '{column}' of the table says who the patient is, and is left out"
        others.append({"problem": "identity in table", "detail": detail, "left_out": False})
    for ending, count in sorted(found.ignored.items()):
        if count:
            detail = f"{count} {OTHERS.get(ending, 'files of a kind that is not read')}"
            pattern = f"*{ending}" if ending.startswith(".") else ""
            others.append({"file": pattern, "problem": NOT_IMAGE, "detail": detail, "left_out": True})
    types = {name: "bool" if name == "left_out" else "str" for name in QUALITY}
    frames = [frame.reindex(columns=QUALITY).astype(types) for frame in (wrong, renamed, pd.DataFrame(others))]
    return pd.concat(frames, ignore_index=True)
