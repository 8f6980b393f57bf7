"""A pool without labels: whatever images lie in a folder, or a table names; those that are of no use are left out."""

from itertools import groupby
from tempfile import TemporaryDirectory
from typing import Literal

import numpy as np
import pandas as pd

from coldstart.cohort.files import DECODERS, in_order, inside
from coldstart.cohort.pool_names import names_path, read_names
from coldstart.cohort.pool_samples import Reading, open_file
from coldstart.cohort.scan import scan as scan_pool
from coldstart.cohort.scan_tables import OK
from coldstart.errors import InputError

# Columns of a scan that say what became of a file, and not what its sample is.
ABOUT_FILES = ("file", "status", "reason", "of", "digest")


def build(
    *,
    scan=None,
    root: str,
    files: str = "**/*",
    table: str | None = None,
    columns: dict[str, str] | None = None,
    image_folder: str = "",
    volumes: Literal["slices", "volumes"] = "slices",
    axis: int = 2,
    every: int = 1,
    lower_percentile: float = 0.5,
    upper_percentile: float = 99.5,
    frames: int | None = None,
    window: Literal["file", "percentiles"] = "file",
    near_duplicates: float | None = 0.95,
    salt: str = ".coldstart-salt",
):
    """List the images of a pool that are of use; none of them has a label.

    Parameters
    ----------
    scan : pandas.DataFrame, optional
        Table from `coldstart.cohort.scan.scan` with the same parameters; the
        files are read now where it is left out.
    root : str
        Folder below which everything lies.
    files : str, optional
        Glob pattern below `root`, such as ``2024/**/*.dcm``, or a folder; all by default. PNG,
        JPEG, TIFF, BMP, NIfTI (``.nii``, ``.nii.gz``) and DICOM files are read,
        the latter also where their names have no extension; hidden files and
        others are passed over. Links must not leave `root`.
    table : str, optional
        CSV or Parquet file below `root` that names the files instead, one a row.
        Its other columns are kept as metadata; labels, masks and splits in it
        are passed over.
    columns : dict of str to str, optional
        Our name to the table's, as for the kind ``table``; also ``sex``,
        ``age``, ``view``, ``site`` and ``scanner``.
    image_folder : str, default=""
        Put before the paths of the table.
    volumes : {"slices", "volumes"}, default="slices"
        A sample is each slice of a NIfTI volume, upright, or the whole volume.
        The latter is shown by three slices as the channels of one picture, at a
        quarter, a half and three quarters of the way through the foreground: it
        wants ``channels: 3``, and serves classification alone.
    axis : int, default=2
        Voxel axis (0, 1 or 2) to cut volumes along.
    every : int, default=1
        Take each `every`-th slice of a volume.
    lower_percentile, upper_percentile : float, default=0.5 and 99.5
        Intensities of a whole volume that become 0 and 65535.
    frames : int, optional
        Take at most so many frames of a DICOM file, evenly spread; by default
        all of them.
    window : {"file", "percentiles"}, default="file"
        How grey values of DICOM files are shown: by the window or table of the
        file, where it has one, or from the 0.5th to the 99.5th percentile of
        each frame.
    near_duplicates : float, optional
        Likeness (cosine of two fingerprints) from which on two images count as
        one picture, of which the later is left out: saved anew, resized or made
        brighter. null: only equal pixels are left out.
    salt : str, default=".coldstart-salt"
        File, relative to `root`, of the secret that turns the patients of DICOM
        files and of a table into pseudonyms. It is made where it is missing; who has it can
        tell whether a patient is in the pool. Beside it, ``-names.csv`` lists
        the files whose paths say who the patient is, and which are called by
        another name.

    Returns
    -------
    pandas.DataFrame
        One row per sample. `patient_id`: a pseudonym of the table's, else of
        that in the DICOM header, else the volume, else none. Metadata, where anything
        has them: `frame`; `volume`, `slice` and `spacing_z`, the mm from one
        slice to the next; `sex`, `age`, `view`, `scanner`; those of the table.

    Raises
    ------
    InputError
        If folder, table or a parameter is not right, or no image is left.
    """
    if scan is None:
        with TemporaryDirectory() as folder:
            scan, _ = scan_pool(
                cache=folder,
                workers=1,
                root=root,
                files=files,
                table=table,
                columns=columns,
                image_folder=image_folder,
                volumes=volumes,
                axis=axis,
                every=every,
                lower_percentile=lower_percentile,
                upper_percentile=upper_percentile,
                frames=frames,
                window=window,
                near_duplicates=near_duplicates,
                salt=salt,
            )
    kept = scan[scan["status"] == OK].drop(columns=list(ABOUT_FILES)).reset_index(drop=True)
    told = ["patient_id", "spacing_y", "spacing_x"]
    kept = kept.drop(columns=[name for name in kept if name not in told and kept[name].isna().all()])
    return kept.assign(
        mask=pd.Series([None] * len(kept), dtype="str"), label=pd.array([pd.NA] * len(kept), dtype="Int64")
    ).astype({"height": "int64", "width": "int64", "bits": "int64", "colour": "bool"})


def images(
    cohort,
    *,
    root: str,
    files: str = "**/*",
    table: str | None = None,
    columns: dict[str, str] | None = None,
    image_folder: str = "",
    volumes: Literal["slices", "volumes"] = "slices",
    axis: int = 2,
    every: int = 1,
    lower_percentile: float = 0.5,
    upper_percentile: float = 99.5,
    frames: int | None = None,
    window: Literal["file", "percentiles"] = "file",
    near_duplicates: float | None = 0.95,
    salt: str = ".coldstart-salt",
):
    """Read the images of a cohort in row order; neighbours of one file are read together.

    Parameters
    ----------
    cohort : pandas.DataFrame
        Rows that `build` made with the same parameters.
    root, ..., salt
        As for `build`.

    Yields
    ------
    numpy.ndarray
        (H, W), or (H, W, 3) red first; uint8 or uint16.

    Raises
    ------
    InputError
        If a file has been damaged since it was scanned; the message names it as
        the cohort does.
    """
    reading = Reading(volumes, axis, every, lower_percentile, upper_percentile, frames, window)
    names = read_names(names_path(root, salt))

    def read(name, numbers):
        path = names.get(name, name)
        try:
            inside(root, path, "cohort")
            yield from open_file(root, path, reading).read(numbers)
        except InputError:
            if path == name:
                raise
            # The other message would name the path.
            raise InputError(
                f"{name} can no longer be read: {names_path(root, salt)} says which file that is; run the same"
                " command again."
            ) from None

    runs = [(name, [number for _, number in run]) for name, run in groupby(numbered(cohort), key=lambda one: one[0])]
    if all(numbers == [None] for _, numbers in runs):
        for found in in_order(lambda run: list(read(*run)), runs, DECODERS):
            yield from found
        return
    # One file after the other: the frames or slices of several would be too much to hold.
    for run in runs:
        yield from read(*run)


def masks(
    cohort,
    *,
    root: str,
    files: str = "**/*",
    table: str | None = None,
    columns: dict[str, str] | None = None,
    image_folder: str = "",
    volumes: Literal["slices", "volumes"] = "slices",
    axis: int = 2,
    every: int = 1,
    lower_percentile: float = 0.5,
    upper_percentile: float = 99.5,
    frames: int | None = None,
    window: Literal["file", "percentiles"] = "file",
    near_duplicates: float | None = 0.95,
    salt: str = ".coldstart-salt",
):
    """Give the masks of a cohort: a pool has none.

    Parameters
    ----------
    cohort : pandas.DataFrame
        Rows that `build` made with the same parameters.
    root, ..., salt
        As for `build`.

    Yields
    ------
    numpy.ndarray
        (H, W) uint8, all zeros.
    """
    for height, width in zip(cohort["height"], cohort["width"], strict=True):
        yield np.zeros((height, width), np.uint8)


def numbered(cohort):
    """File of each row, and its frame or slice."""
    missing = pd.Series(pd.NA, index=cohort.index, dtype="Int64")
    number = cohort.get("slice", missing).fillna(cohort.get("frame", missing))
    return [(name, None if pd.isna(one) else int(one)) for name, one in zip(cohort["image"], number, strict=True)]
