"""What one worker of a scan does: read some files once, and write down what they hold."""

import hashlib
import re
import warnings
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

import numpy as np
import pandas as pd

from coldstart.cohort.near_duplicates import fingerprint
from coldstart.cohort.pool_folder import stem
from coldstart.cohort.pool_samples import Reading, open_file, sample_name
from coldstart.cohort.pseudonym import pseudonym, read_salt
from coldstart.errors import InputError
from coldstart.storage import write_table

# What may be wrong with a file or a sample, as the table of the data's quality calls it.
UNREADABLE, EMPTY, CONSTANT, NOT_IMAGE = "unreadable", "empty", "constant", "not an image"
# Shorter names are looked for as whole words only.
LONG_NAME = 6
TEXT = (
    "key",
    "file",
    "sample_id",
    "problem",
    "detail",
    "patient_id",
    "volume",
    "sex",
    "view",
    "scanner",
    "digest",
    "series",
)
NUMBERS = ("height", "width", "bits", "frame", "slice", "age")
MEASURES = ("spacing_y", "spacing_x", "spacing_z")
# Columns of a chunk, with their types; missing where a file does not say, or a sample is left out.
CHUNK = {
    **dict.fromkeys(TEXT, "str"),
    **dict.fromkeys(NUMBERS, "Int64"),
    **dict.fromkeys(MEASURES, "float64"),
    "colour": "boolean",
    "renamed": "bool",
    "telling": "str",
    "fingerprint": "object",
}


@dataclass(frozen=True)
class Job:
    """A file to be read.

    Attributes
    ----------
    key : str
        Digest of its name, size and time.
    name : str
        Path below the root.
    size : int
        Bytes.
    sample_id : str
        Name of its only sample, or what those of its samples begin with.
    given : bool
        Whether that is the table's, and not made of the path.
    cells : dict of str to str
        What the table says of it, by column.
    """

    key: str
    name: str
    size: int
    sample_id: str
    given: bool
    cells: dict


@dataclass(frozen=True)
class Scanning:
    """What is the same for all files of a scan.

    Attributes
    ----------
    root : str
        Folder below which they lie.
    salt : str
        File of the secret behind the pseudonyms.
    reading : Reading
        How files become samples.
    fingerprints : bool
        Whether near duplicates will be looked for.
    """

    root: str
    salt: str
    reading: Reading
    fingerprints: bool


def scan_chunk(path, jobs, scanning):
    """Read some files and write what they hold.

    Parameters
    ----------
    path : str or pathlib.Path
        The Parquet file to write, columns of `CHUNK`: one row per sample, and
        for each file of which nothing can be read one with a `problem`. Nothing
        in it says who a patient is.
    jobs : list of Job
        The files.
    scanning : Scanning
        How to read them.

    Returns
    -------
    int
        Number of files.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        # Made and read only where a header names a patient or a series.
        salt = cache(partial(read_salt, scanning.salt))
        rows = [row for job in jobs for row in file_rows(job, scanning, salt)]
    write_table(path, pd.DataFrame(rows).reindex(columns=list(CHUNK)).astype(CHUNK))
    return len(jobs)


def file_rows(job, scanning, salt):
    """Rows of one file; nothing that is wrong with it stops the scan."""
    common = {"key": job.key, "file": job.name, "sample_id": job.sample_id, "renamed": False}
    if job.size == 0:
        return [{**common, "problem": EMPTY, "detail": "the file holds nothing"}]
    try:
        opened = open_file(scanning.root, job.name, scanning.reading)
    except Exception as error:  # Damaged files raise almost anything.
        return [common | unreadable(error, job, scanning, common["file"])]
    if opened is None:
        return [{**common, "problem": NOT_IMAGE, "detail": "it is not DICOM, and its name has no extension"}]
    # Without a secret for the pseudonyms the scan does end.
    common |= disguise(job, opened, salt)
    if opened.series and scanning.fingerprints:
        common["series"] = pseudonym(opened.series, salt())
    rows = []
    try:
        for number, pixels in zip(opened.numbers, opened.read(opened.numbers), strict=True):
            row = {**opened.facts, **common, **measured(pixels, scanning.fingerprints)}
            row["sample_id"] += sample_name(opened, number, scanning.reading.axis)
            rows.append(row | ({opened.counted: number} if opened.counted else {}))
    except Exception as error:
        rows.append(common | unreadable(error, job, scanning, common["file"]))
    return rows


def unreadable(error, job, scanning, told):
    """What is said of a file that cannot be read, without a path that is not told and words that may quote a header."""
    if isinstance(error, InputError):
        detail = str(error).replace(str(Path(scanning.root, job.name)), told).removeprefix(f"{told} ")
    else:
        detail = f"{type(error).__name__} while it was read"
    return {"problem": UNREADABLE, "detail": detail}


def disguise(job, opened, salt):
    """Keep out of the scan what says who the patient is.

    Parameters
    ----------
    job : Job
        The file.
    opened : coldstart.cohort.pool_samples.Opened
        Its header.
    salt : callable
        Gives the secret behind the pseudonyms.

    Returns
    -------
    dict
        `patient_id` where the header names one; another `file` (and
        `sample_id`) where the path holds a name or number of the header;
        `telling`: columns of the table that do, one a line.
    """
    found = {}
    if opened.identity:
        found["patient_id"] = pseudonym(opened.identity, salt())
    if mentions(job.name, opened.names):
        found |= {"file": alias(job, salt) + job.name.removeprefix(stem(job.name)), "renamed": True}
        if not job.given:
            found["sample_id"] = alias(job, salt)
    telling = [name for name, cell in job.cells.items() if mentions(cell, opened.names)]
    if "sample_id" in telling:
        found["sample_id"] = alias(job, salt)
    if "patient_id" in telling:
        found["patient_id"] = pseudonym(opened.identity or job.cells["patient_id"], salt())
    return found | {"telling": "\n".join(telling)}


def alias(job, salt):
    """Name of a file that says nothing."""
    return f"file-{pseudonym(job.name, salt())[1:]}"


def mentions(text, names):
    """Whether a text holds one of some names: as whole words, or a long one anywhere.

    Parameters
    ----------
    text : str
        A path or a cell.
    names : sequence of str
        Of the patient, the study or the institution.

    Returns
    -------
    bool
        Capitals and what stands between words make no difference.
    """
    words, plain = worded(text), text.casefold()
    return any(
        f" {worded(name)} " in f" {words} " or (len(name) >= LONG_NAME and name.casefold() in plain)
        for name in names
        if worded(name)
    )


def worded(text):
    """The words of a text, with single blanks between them."""
    return " ".join(re.split(r"[\W_]+", text.casefold())).strip()


def measured(pixels, with_fingerprint):
    """What the pixels of a sample say.

    Parameters
    ----------
    pixels : numpy.ndarray
        (H, W) or (H, W, 3), uint8 or uint16.
    with_fingerprint : bool
        Whether near duplicates will be looked for.

    Returns
    -------
    dict
        `height`, `width`, `bits`; where there is something to see `digest` and
        perhaps `fingerprint`, else `problem` and `detail`.
    """
    found = {"height": pixels.shape[0], "width": pixels.shape[1], "bits": 8 * pixels.itemsize}
    if pixels.size == 0:
        return found | {"problem": EMPTY, "detail": "it has no pixels"}
    if (pixels == pixels[0, 0]).all():
        return found | {"problem": CONSTANT, "detail": "all of its pixels are the same"}
    digest = hashlib.blake2b(f"{pixels.shape} {pixels.dtype}".encode(), digest_size=16)
    digest.update(np.ascontiguousarray(pixels))
    found["digest"] = digest.hexdigest()
    return found | ({"fingerprint": fingerprint(pixels).tobytes()} if with_fingerprint else {})
