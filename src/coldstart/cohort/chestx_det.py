"""ChestX-Det as in Yuan and Hong (arXiv 2402.02561): healthy images and one finding, polygons to masks.

The published data are two annotation files and two zips of images. An image
without any finding has label 0, one with `finding` has label 1 whatever else it
shows, and one with other findings only is left out. The mask is the union of
the filled polygons of the finding. File names are running numbers (36199.png)
that say nothing of the patient, so there is no `patient_id`.
"""

from pathlib import Path
from typing import Literal

import cv2
import numpy as np
import pandas as pd

from coldstart.cohort.chestx_det_annotations import check_counts, read_records
from coldstart.cohort.files import DECODERS, in_order, inside, read_header, read_pixels
from coldstart.errors import InputError, shown
from coldstart.progress import track
from coldstart.registry import choices

ANNOTATIONS = ["ChestX_Det_train.json", "ChestX_Det_test.json"]
IMAGES = ["train_data", "test_data"]
# A contour may run along the outer edge of the last pixel; what lies further out belongs to another image.
PIXELS_OUTSIDE = 1


def build(
    *,
    root: str,
    annotations: list[str] | None = None,
    images: list[str] | None = None,
    finding: str = "Pneumothorax",
    counts: Literal["published", "any"] = "published",
):
    """List the healthy images and those with the finding.

    Parameters
    ----------
    root : str
        Folder that holds the annotation files and the folders of images.
    annotations : list of str, optional
        Annotation files below `root`; by default ``ChestX_Det_train.json`` and
        ``ChestX_Det_test.json``.
    images : list of str, optional
        Folder of images of each annotation file; by default ``train_data`` and
        ``test_data``. A file may also lie one level deeper, in a folder of the
        same name (``train_data/train_data``), as some unpackers leave it.
    finding : str, default="Pneumothorax"
        The finding that makes an image positive.
    counts : {"published", "any"}, default="published"
        ``published``: refuse annotation files whose numbers of records and
        images differ from the published ones (see `check_counts`); ``any``:
        accept another version or a part.

    Returns
    -------
    pandas.DataFrame
        Rows in the order of the files, columns of a cohort. Metadata:
        `findings` (``"A|B"``, or NIH's ``"No Finding"``), `source` (annotation file),
        `lesion_fraction` (share of the image that the mask covers).

    Raises
    ------
    InputError
        If an annotation file is not right, its numbers are not the published
        ones, an image is missing, or a polygon cannot belong to its image.
    """
    records = read_all(root, annotations, images)
    counted = [[record for record in records if record.source == name] for name in annotations or ANNOTATIONS]
    known = sorted({name for record in records for name in record.findings})
    if finding not in known:
        raise InputError(f"dataset.finding: no image shows '{finding}': {choices(finding, known)}.")
    if counts == "published":
        check_counts(counted, finding)
    kept = [record for record in records if not record.findings or finding in record.findings]
    paths = find_images(root, kept)
    headers = list(track(in_order(lambda path: read_header(inside(root, path, "dataset.root")), paths), "headers"))
    fractions = [
        draw_mask(record, finding, header.height, header.width).mean() if finding in record.findings else 0.0
        for record, header in zip(kept, headers, strict=True)
    ]
    return pd.DataFrame(
        {
            "sample_id": [record.sample_id for record in kept],
            "image": paths,
            "mask": pd.Series([record.where if finding in record.findings else None for record in kept], dtype="str"),
            "label": pd.Series([int(finding in record.findings) for record in kept], dtype="Int64"),
            "patient_id": pd.Series([None] * len(kept), dtype="str"),
            "height": [header.height for header in headers],
            "width": [header.width for header in headers],
            "bits": [header.bits for header in headers],
            "colour": [header.colour for header in headers],
            "spacing_y": np.nan,
            "spacing_x": np.nan,
            "findings": ["|".join(dict.fromkeys(record.findings)) or "No Finding" for record in kept],
            "source": [record.source for record in kept],
            "lesion_fraction": fractions,
        }
    )


def images(
    cohort,
    *,
    root: str,
    annotations: list[str] | None = None,
    images: list[str] | None = None,
    finding: str = "Pneumothorax",
    counts: Literal["published", "any"] = "published",
):
    """Read the images of a cohort in row order.

    Parameters
    ----------
    cohort : pandas.DataFrame
        Rows that `build` made with the same parameters.
    root, annotations, images, finding, counts
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
    annotations: list[str] | None = None,
    images: list[str] | None = None,
    finding: str = "Pneumothorax",
    counts: Literal["published", "any"] = "published",
):
    """Draw the masks of a cohort in row order, at the resolution of the images.

    Parameters
    ----------
    cohort : pandas.DataFrame
        Rows that `build` made with the same parameters.
    root, annotations, images, finding, counts
        As for `build`.

    Yields
    ------
    numpy.ndarray
        (height, width) uint8, 0 or 1; all zeros where the label is 0.

    Raises
    ------
    InputError
        If the annotation files have changed since.
    """
    records = {record.where: record for record in read_all(root, annotations, images)}
    for row in cohort[["mask", "height", "width"]].itertuples(index=False):
        if pd.isna(row.mask):
            yield np.zeros((row.height, row.width), np.uint8)
        elif row.mask in records:
            yield draw_mask(records[row.mask], finding, row.height, row.width)
        else:
            raise InputError(f"{row.mask} is no longer in the annotation file: build the cohort again.")


def read_all(root, annotations, images):
    """Records of all annotation files, in order.

    Raises
    ------
    InputError
        If the two lists do not belong together, a file is not right, or two
        records name the same file.
    """
    annotations, images = annotations or ANNOTATIONS, images or IMAGES
    if len(annotations) != len(images):
        raise InputError(
            f"dataset.annotations names {len(annotations)} files and dataset.images {len(images)} folders:"
            " name one folder per file."
        )
    records = []
    for name, folder in zip(annotations, images, strict=True):
        path = Path(root, name)
        if not path.is_file():
            raise InputError(
                f"the annotation file {path} does not exist: run `snakemake fetch_data`, or correct dataset.root"
                " and dataset.annotations."
            )
        records += read_records(inside(root, name, "dataset.annotations"), name, folder)
    first = {}
    for record in records:
        if (other := first.setdefault(record.sample_id, record)) is not record:
            raise InputError(f"{other.where} and {record.where} would both be called '{record.sample_id}'.")
    return records


def find_images(root, records):
    """Paths below the root of the images of records.

    Raises
    ------
    InputError
        If some do not exist; the message counts them.
    """
    paths, missing = [], []
    for record in records:
        folder = Path(record.folder)
        places = [folder / record.file_name, folder / folder.name / record.file_name]
        found = next((place.as_posix() for place in places if Path(root, place).is_file()), None)
        paths.append(found)
        missing += [] if found else [places[0].as_posix()]
    if missing:
        raise InputError(
            f"{len(missing)} of the {len(records)} images of the cohort are not below {root} ({shown(missing, 3)}):"
            " run `snakemake fetch_data`, or unpack the published zips there."
        )
    return paths


def draw_mask(record, finding, height, width):
    """Fill the polygons of a finding.

    Each polygon is filled on its own, so that two that overlap add up. Points
    at most `PIXELS_OUTSIDE` outside the image are cut off at its border.

    Parameters
    ----------
    record : coldstart.cohort.chestx_det_annotations.Record
        The annotation of one image.
    finding : str
        Whose polygons.
    height, width : int
        Pixels of the image.

    Returns
    -------
    numpy.ndarray
        (height, width) uint8, 0 or 1.

    Raises
    ------
    InputError
        If a polygon reaches further out, as it does when the image was resized.
    """
    mask = np.zeros((height, width), np.uint8)
    for polygon in record.polygons_of(finding):
        low, high = polygon.min(axis=0), polygon.max(axis=0)
        if (low < -PIXELS_OUTSIDE).any() or (high > np.array([width, height]) - 1 + PIXELS_OUTSIDE).any():
            raise InputError(
                f"{record.where}: a polygon reaches to x {low[0]:g} to {high[0]:g}, y {low[1]:g} to {high[1]:g}, but"
                f" the image has {width} x {height} pixels: use the image as published, not resized."
            )
        cv2.fillPoly(mask, [np.rint(polygon).astype(np.int32)], 1)
    return mask
