"""Annotation files of ChestX-Det: records, polygons and published counts."""

import json
from dataclasses import dataclass
from pathlib import PurePosixPath

import numpy as np

from coldstart.errors import InputError

KEYS = ("file_name", "syms", "boxes", "polygons")
# What stands in a row: records, images without a finding, images with pneumothorax; per file: train, test.
PUBLISHED = {"records": (3025, 553), "images without finding": (547, 64)}
PUBLISHED_POSITIVES = {"Pneumothorax": (154, 35)}
# Coordinates beyond this are no pixels; it keeps the arithmetic away from overflow.
LARGEST_COORDINATE = 1e6


@dataclass(frozen=True)
class Record:
    """What the radiologists said of one image.

    Attributes
    ----------
    source, folder : str
        Annotation file and folder of images below the root.
    file_name : str
        Name of the image.
    findings : tuple of str
        One per outline; empty where the image is healthy.
    polygons : tuple of list
        One per finding, each a list of ``[x, y]`` in pixels, not yet checked.
    """

    source: str
    folder: str
    file_name: str
    findings: tuple
    polygons: tuple

    @property
    def sample_id(self):
        """File name without its extension."""
        return PurePosixPath(self.file_name).stem

    @property
    def where(self):
        """Annotation file and image, for messages and as the name of the mask."""
        return f"{self.source}#{self.file_name}"

    def polygons_of(self, finding):
        """Outlines of a finding.

        Parameters
        ----------
        finding : str
            One of `findings`.

        Returns
        -------
        list of numpy.ndarray
            (points, 2) float64, x and y in pixels.

        Raises
        ------
        InputError
            If an outline has fewer than three points, or one that is no pair of
            finite numbers.
        """
        outlines = [points for name, points in zip(self.findings, self.polygons, strict=True) if name == finding]
        for number, points in enumerate(outlines, 1):
            if not is_outline(points):
                raise InputError(
                    f"{self.where}: polygon {number} of {finding} is not a list of three or more [x, y] in pixels:"
                    " correct the annotation file."
                )
        return [np.array(points, float) for points in outlines]


def read_records(path, source, folder):
    """Read an annotation file.

    Parameters
    ----------
    path : pathlib.Path
        A JSON list of objects with `file_name` and the parallel lists `syms`,
        `boxes` and `polygons`.
    source, folder : str
        Handed on to the records.

    Returns
    -------
    list of Record
        In the order of the file.

    Raises
    ------
    InputError
        If the file is no JSON or a record is not as said.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path} is not valid JSON ({error}): fetch or copy it again.") from error
    if not isinstance(found, list) or not found:
        raise InputError(f"{path} is not an annotation file of ChestX-Det: it must hold a list of records.")
    return [make_record(record, f"{path}, record {i}", source, folder) for i, record in enumerate(found, 1)]


def make_record(record, where, source, folder):
    """One record, its structure checked."""
    missing = [key for key in KEYS if key not in record] if isinstance(record, dict) else KEYS
    if missing:
        raise InputError(f"{where}: it must be an object with {', '.join(KEYS)}, but lacks {', '.join(missing)}.")
    name, findings, boxes, polygons = (record[key] for key in KEYS)
    if not isinstance(name, str) or PurePosixPath(name).name != name or name == ".." or "\0" in name:
        raise InputError(f"{where}: file_name is {name!r}, it must be the name of an image file without a folder.")
    if not all(isinstance(value, list) for value in (findings, boxes, polygons)):
        raise InputError(f"{where} ({name}): syms, boxes and polygons must be lists.")
    if not len(findings) == len(boxes) == len(polygons):
        raise InputError(
            f"{where} ({name}): syms, boxes and polygons have {len(findings)}, {len(boxes)} and {len(polygons)} items,"
            " but belong together one by one: correct the annotation file."
        )
    if not all(isinstance(finding, str) and finding for finding in findings):
        raise InputError(f"{where} ({name}): syms must hold the names of findings.")
    return Record(source, folder, name, tuple(findings), tuple(polygons))


def is_outline(points):
    """Whether this is a list of three or more pairs of finite numbers."""

    def number(value):
        # NaN fails both comparisons.
        plain = isinstance(value, int | float) and not isinstance(value, bool)
        return plain and -LARGEST_COORDINATE < value < LARGEST_COORDINATE

    if not isinstance(points, list) or len(points) < 3:
        return False
    return all(isinstance(point, list) and len(point) == 2 and all(map(number, point)) for point in points)


def check_counts(files, finding):
    """Hold annotation files against the published numbers.

    Published are 3,025 and 553 records, 547 and 64 of them without a finding,
    154 and 35 with pneumothorax: the 611 + 189 = 800 images of Yuan and Hong
    (arXiv 2402.02561); the other 2,778 fall away. For another finding only the
    records and the images without a finding are checked.

    Parameters
    ----------
    files : list of list of Record
        Per annotation file, train then test.
    finding : str
        The finding that makes an image positive.

    Raises
    ------
    InputError
        If a number differs; the message says which, and by how much.
    """
    published = dict(PUBLISHED)
    if finding in PUBLISHED_POSITIVES:
        published[f"images with {finding}"] = PUBLISHED_POSITIVES[finding]
    if len(files) != 2:
        raise InputError(
            f"dataset.annotations names {len(files)} file(s), published are two: set dataset.counts to 'any'."
        )
    wrong = []
    for i, records in enumerate(files):
        counted = (
            len(records),
            sum(not record.findings for record in records),
            sum(finding in record.findings for record in records),
        )
        wrong += [
            f"{records[0].source} has {number} {what} where {expected[i]} are published ({number - expected[i]:+d})"
            for (what, expected), number in zip(published.items(), counted, strict=False)
            if number != expected[i]
        ]
    if wrong:
        raise InputError(
            f"{'; '.join(wrong)}: take the published files (`snakemake fetch_data`), or set dataset.counts to 'any' to"
            " accept another version."
        )
