"""Files of a pool: those that a folder or a pattern finds, by their names, sizes and times."""

import os
from collections import Counter
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath

from coldstart.cohort.nifti import check_pattern
from coldstart.errors import InputError

PICTURES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp")
DICOM = (".dcm", ".dicom", ".ima")
VOLUMES = (".nii", ".nii.gz")
EVERYTHING = ("**", "*")
# An index of other files, not a picture.
INDEX = "DICOMDIR"
# A folder that holds this is one of results, whose pictures are none of the pool.
RESULT = "scan.parquet"


@dataclass(frozen=True)
class PoolFile:
    """A file as the folder shows it.

    Attributes
    ----------
    name : str
        Posix path below the root.
    size : int
        Bytes.
    mtime_ns : int
        Time of its last change in nanoseconds.
    row : int or None
        Row of the table that names it.
    """

    name: str
    size: int
    mtime_ns: int
    row: int | None = None


@dataclass
class Listing:
    """What a folder or a table holds.

    Attributes
    ----------
    files : list of PoolFile
        In the order of their names, or of the table.
    ignored : collections.Counter
        What is of no kind read here, or hidden: its ending to how many.
    refused : list of tuple of (str, str)
        What is named but cannot be taken, and why.
    """

    files: list = field(default_factory=list)
    ignored: Counter = field(default_factory=Counter)
    refused: list = field(default_factory=list)


def form(name):
    """What a file is by the end of its name.

    Parameters
    ----------
    name : str
        Its path.

    Returns
    -------
    str or None
        ``picture``, ``dicom``, ``volume``; ``bare`` where the name has no
        extension or ends in a number, as DICOM files often do; else None.
    """
    name = name.rpartition("/")[2]
    lower = name.lower()
    for found, endings in (("picture", PICTURES), ("dicom", DICOM), ("volume", VOLUMES)):
        if lower.endswith(endings):
            return found
    suffix = PurePosixPath(name).suffix[1:]
    return "bare" if name != INDEX and (not suffix or suffix.isdigit()) else None


def stem(name):
    """Path of a file without its extension; a number at the end of a DICOM file's name is none."""
    if form(name) == "bare":
        return name
    return name[: -len(".nii.gz")] if name.lower().endswith(".nii.gz") else name[: -len(PurePosixPath(name).suffix)]


def listing(root, files, own=()):
    """List the files that a folder or a pattern finds; nothing of them is read.

    Parameters
    ----------
    root : str or pathlib.Path
        The folder that must not be left.
    files : str
        Glob pattern below it, ``**`` for any folders; a folder stands for all
        that lies in it.
    own : collection of str, default=()
        Paths that are passed over without a word: what a scan itself puts there.

    Returns
    -------
    Listing
        Sorted by name. Links that leave the root are refused; those to folders
        inside it are passed over, since what they lead to is found there.

    Raises
    ------
    InputError
        If the root is no folder, or the pattern would leave it.
    """
    check_pattern("files", files)
    if not Path(root).is_dir():
        raise InputError(f"dataset.root: there is no folder {root}: mend the key.")
    pattern = PurePosixPath(files).parts
    if Path(root, files).is_dir():
        pattern = (*pattern, "**", "*")
    found, home = Listing(), os.path.realpath(root)
    walk(home, "", pattern, found, home, {os.path.realpath(path) for path in own})
    found.files.sort(key=lambda file: file.name)
    found.refused.sort()
    return found


def walk(folder, prefix, pattern, found, home, own):
    """Add what lies in a folder and below it to a listing."""
    try:
        with os.scandir(folder) as scanned:
            entries = list(scanned)
    except OSError as error:
        found.refused.append((prefix.rstrip("/") or ".", f"the folder cannot be opened ({error.strerror})"))
        return
    if any(entry.name == RESULT for entry in entries):
        return
    for entry in entries:
        name = prefix + entry.name
        if entry.path in own:
            continue
        if entry.name.startswith("."):
            found.ignored["hidden"] += matches(name.split("/"), pattern)
        elif entry.is_dir(follow_symlinks=False):
            walk(entry.path, f"{name}/", pattern, found, home, own)
        elif matches(name.split("/"), pattern):
            add(entry, name, home, found)


def add(entry, name, home, found):
    """Add a file or a link to a listing."""
    try:
        if entry.is_symlink() and not f"{os.path.realpath(entry.path)}/".startswith(f"{home}/"):
            found.refused.append((printable(name), "a link that leaves the data root"))
        elif not entry.is_file():
            # A link to a folder inside the root, a socket, or a link to nothing.
            found.ignored["no file"] += 1
        elif form(name) is None:
            found.ignored[PurePosixPath(name).suffix.lower() or INDEX] += 1
        elif printable(name) != name:
            found.refused.append((printable(name), "its name is not in UTF-8"))
        else:
            stat = entry.stat()
            found.files.append(PoolFile(name, stat.st_size, stat.st_mtime_ns))
    except OSError as error:
        found.refused.append((printable(name), f"it cannot be looked at ({error.strerror})"))


def printable(name):
    """A name in which bytes that are no UTF-8 are spelt out."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def matches(parts, pattern):
    """Whether the parts of a path match those of a glob pattern."""
    if pattern == EVERYTHING:
        return bool(parts)
    if not pattern:
        return not parts
    if pattern[0] == "**":
        return any(matches(parts[i:], pattern[1:]) for i in range(len(parts) + 1))
    return bool(parts) and fnmatchcase(parts[0], pattern[0]) and matches(parts[1:], pattern[1:])
