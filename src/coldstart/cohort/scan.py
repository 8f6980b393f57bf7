"""Read every file of a pool once, and say which images it holds and which are left out."""

import hashlib
import logging
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
from joblib import Parallel, delayed

from coldstart.cohort.near_duplicates import near_duplicates as find_near_duplicates
from coldstart.cohort.pool_chunks import CHUNK, Job, Scanning, scan_chunk
from coldstart.cohort.pool_files import listed
from coldstart.cohort.pool_folder import form, stem
from coldstart.cohort.pool_names import names_path, write_names
from coldstart.cohort.pool_samples import Reading
from coldstart.cohort.pseudonym import pseudonym, read_salt
from coldstart.cohort.scan_tables import given_by_table, quality_table, scan_table
from coldstart.errors import InputError, shown
from coldstart.progress import track
from coldstart.storage import read_table

LOGGER = logging.getLogger("coldstart")
# A chunk ends with so many files or bytes: what a scan that is killed has to read again.
FILES, BYTES = 200, 2**28


def scan(
    *,
    cache,
    workers,
    root,
    files,
    table,
    columns,
    image_folder,
    volumes,
    axis,
    every,
    lower_percentile,
    upper_percentile,
    frames,
    window,
    near_duplicates,
    salt,
):
    """Read every file of a pool once.

    Parameters
    ----------
    cache : str or pathlib.Path
        Folder for what has been read so far: a scan that was killed goes on
        from there. It is not taken away.
    workers : int
        Processes that read.
    root, ..., salt
        As for `coldstart.cohort.pool.build`.

    Returns
    -------
    table : pandas.DataFrame
        One row per sample in the order of the files, and one per file that
        cannot be read; columns of `coldstart.cohort.scan_tables.SCAN`, then
        those of the user's table.
    quality : pandas.DataFrame
        What is wrong with the files, columns of
        `coldstart.cohort.scan_tables.QUALITY`.

    Raises
    ------
    InputError
        If folder, table or a parameter is not right, or no image is left.
    """
    reading = Reading(volumes, axis, every, lower_percentile, upper_percentile, frames, window)
    reading.check()
    if near_duplicates is not None and not 0 < near_duplicates <= 1:
        raise InputError(f"dataset.near_duplicates is {near_duplicates}, it must be above 0 and at most 1, or null.")
    found, cells = listed(root=root, files=files, salt=salt, table=table, columns=columns, image_folder=image_folder)
    if not found.files:
        where = f"of {table}" if table else f"that matches '{files}' below {root}"
        hint = f" ({shown([f'{name}: {why}' for name, why in found.refused], 2)})" if found.refused else ""
        raise InputError(f"dataset.root: there is no image file {where}{hint}: mend dataset.root, files or table.")
    jobs = jobs_of(found, cells)
    scanning = Scanning(str(root), str(Path(root, salt)), reading, near_duplicates is not None)
    rows = read_files(jobs, scanning, Path(cache), workers)
    renamed = rows[rows["renamed"]]
    names = {job.key: job.name for job in jobs}
    write_names(names_path(root, salt), dict(zip(renamed["file"], renamed["key"].map(names), strict=True)))
    if cells is not None and (named := cells["patient_id"].notna()).any():
        secret = read_salt(scanning.salt)
        cells.loc[named, "patient_id"] = [pseudonym(name, secret) for name in cells.loc[named, "patient_id"]]
    places = pd.Series([file.row for file in found.files], index=[job.key for job in jobs])
    rows, metadata, dropped = given_by_table(rows, cells, rows["key"].map(places))
    rows["of"] = pd.Series(pd.NA, index=rows.index, dtype="str")
    leave_out(rows, duplicates(rows), "duplicate", "the same pixels as {}")
    if near_duplicates is not None:
        leave_out(rows, nearly(rows, near_duplicates), "near duplicate", "nearly the same picture as {}")
    quality = quality_table(rows, found, dropped, names_path(root, salt).name)
    counts = Counter(rows["problem"].dropna())
    kept = int(rows["problem"].isna().sum())
    LOGGER.info(
        "%d images in %d files; left out: %s",
        kept,
        len(jobs),
        shown(f"{n} {what}" for what, n in counts.items()) or "none",
    )
    if not kept:
        reasons = shown([f"{row.file}: {row.problem}, {row.detail}" for row in quality.head(3).itertuples()])
        raise InputError(f"dataset.root: no image is left of the {len(jobs)} files found below {root} ({reasons}).")
    return scan_table(rows, metadata), quality


def jobs_of(found, cells):
    """What is to be read: names of samples are those of the table, or paths without extensions where they differ."""
    stems = Counter(stem(file.name) for file in found.files)
    texts = text_cells(cells)
    jobs = []
    for file in found.files:
        said = texts[file.row] if cells is not None and form(file.name) in ("dicom", "bare") else {}
        given = None if cells is None else cells["sample_id"].iat[file.row]
        given = None if pd.isna(given) else given
        short = stem(file.name)
        name = given or (short if stems[short] == 1 else file.name)
        told = repr((file.name, file.size, file.mtime_ns, name, sorted(said.items())))
        key = hashlib.blake2b(told.encode(), digest_size=16).hexdigest()
        jobs.append(Job(key, file.name, file.size, name, given is not None, said))
    return jobs


def text_cells(cells):
    """Text of the table by row and column, where it could say who a patient is."""
    if cells is None:
        return []
    wanted = cells.drop(columns=["file", "spacing_y", "spacing_x"])
    return [{name: str(cell) for name, cell in row.items() if pd.notna(cell)} for row in wanted.to_dict("records")]


def read_files(jobs, scanning, cache, workers):
    """Read what has not been read before the scan was killed.

    Returns
    -------
    pandas.DataFrame
        Columns of `coldstart.cohort.pool_chunks.CHUNK`, in the order of `jobs`.
    """
    # A scan with other parameters has another folder.
    folder = cache / hashlib.sha256(repr(scanning).encode()).hexdigest()[:16]
    folder.mkdir(parents=True, exist_ok=True)
    place = {job.key: number for number, job in enumerate(jobs)}
    known = set(chunks_in(folder)["key"])
    waiting = [job for job in jobs if job.key not in known]
    if known:
        LOGGER.info("going on with a scan: %d of %d files are read", len(jobs) - len(waiting), len(jobs))
    # Not `multiprocessing`, whose new processes would run the script again that this one was started with.
    run = Parallel(n_jobs=workers, return_as="generator_unordered")(
        delayed(scan_chunk)(folder / f"{chunk[0].key}.parquet", chunk, scanning) for chunk in chunked(waiting)
    )
    for _ in track((file for count in run for file in range(count)), "files", total=len(waiting)):
        pass
    rows = chunks_in(folder)
    rows["place"] = rows["key"].map(place)
    rows = rows[rows["place"].notna()].sort_values("place", kind="stable", ignore_index=True)
    return rows.drop(columns="place")


def chunks_in(folder):
    """Rows of all chunks of a folder, in no particular order of files."""
    frames = [read_table(path) for path in sorted(folder.glob("[!.]*.parquet"))]
    empty = pd.DataFrame(columns=list(CHUNK))
    return pd.concat([frame.astype(CHUNK) for frame in frames] or [empty.astype(CHUNK)], ignore_index=True)


def chunked(jobs):
    """Cut a list of jobs into chunks of some files or bytes."""
    chunk, size = [], 0
    for job in jobs:
        chunk.append(job)
        size += job.size
        if len(chunk) == FILES or size >= BYTES:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


def duplicates(rows):
    """Row whose pixels each row repeats, -1 where there is none: (n,) int."""
    good = np.flatnonzero(rows["problem"].isna())
    digests = rows["digest"].iloc[good]
    first = pd.Series(good, index=good).groupby(digests.to_numpy()).transform("first").to_numpy()
    repeats = np.full(len(rows), -1)
    repeats[good] = np.where(first == good, -1, first)
    return repeats


def nearly(rows, threshold):
    """Row whose picture each row nearly repeats, -1 where there is none: (n,) int."""
    good = np.flatnonzero(rows["problem"].isna())
    repeats = np.full(len(rows), -1)
    if len(good):
        fingerprints = np.stack([np.frombuffer(one, np.int8) for one in rows["fingerprint"].iloc[good]])
        # Neighbouring slices of a series are alike by nature, whether one file holds them or many.
        together = rows["series"].fillna(rows["file"]).iloc[good].to_numpy()
        found = find_near_duplicates(fingerprints, together, threshold)
        repeats[good] = np.where(found < 0, -1, good[found])
    return repeats


def leave_out(rows, repeats, problem, detail):
    """Mark rows that repeat another one, in place."""
    which = np.flatnonzero(repeats >= 0)
    of = rows["sample_id"].iloc[repeats[which]].to_numpy()
    rows.loc[which, "of"] = of
    rows.loc[which, "problem"] = problem
    rows.loc[which, "detail"] = [detail.format(name) for name in of]
