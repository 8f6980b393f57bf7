"""One file of a pool as samples: a picture, the frames of a DICOM file, a NIfTI volume or its slices."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from coldstart.cohort.dicom import is_dicom, read_dicom_frames, read_dicom_header
from coldstart.cohort.files import read_header, read_pixels
from coldstart.cohort.nifti import check_slices, open_volume, scaled, slice_layout, upright, voxel_size, voxels
from coldstart.cohort.pool_folder import form, stem
from coldstart.errors import InputError

# Frames that are decoded at once.
BATCH = 16
# Where the three slices that stand for a volume lie in its foreground.
QUARTERS = np.array([0.25, 0.5, 0.75])
# A slice belongs to the foreground if it has this share of what the fullest slice has.
LEAST_FOREGROUND = 0.1


@dataclass(frozen=True)
class Reading:
    """How files become samples: parameters of `coldstart.cohort.pool.build`."""

    volumes: str
    axis: int
    every: int
    lower_percentile: float
    upper_percentile: float
    frames: int | None
    window: str

    def check(self):
        """Refuse what is out of its range.

        Raises
        ------
        InputError
            Naming the key.
        """
        if self.volumes not in ("slices", "volumes"):
            raise InputError(f"dataset.volumes is '{self.volumes}', it must be 'slices' or 'volumes'.")
        if self.window not in ("file", "percentiles"):
            raise InputError(f"dataset.window is '{self.window}', it must be 'file' or 'percentiles'.")
        if self.axis not in (0, 1, 2):
            raise InputError(f"dataset.axis is {self.axis}, it must be 0, 1 or 2.")
        if self.frames is not None and self.frames < 1:
            raise InputError(f"dataset.frames is {self.frames}, it must be at least 1, or null.")
        check_slices(self.every, 0.0, self.lower_percentile, self.upper_percentile)


@dataclass(frozen=True)
class Opened:
    """A file whose header has been read.

    Attributes
    ----------
    facts : dict
        Columns of a scan that its samples share.
    counted : str or None
        What its samples are numbered as, ``slice`` or ``frame``; None: it is one.
    numbers : list of int or None
        Of its samples.
    read : callable
        ``read(numbers)`` yields the pixels of some of them, each (H, W) or
        (H, W, 3), uint8 or uint16.
    identity : str or None
        Who the patient is, in memory only.
    names : tuple of str
        By which the patient or the study could be found.
    series : str or None
        Which series of images it is of, in memory only.
    """

    facts: dict
    counted: str | None
    numbers: list
    read: Callable
    identity: str | None = field(default=None, repr=False)
    names: tuple = field(default=(), repr=False)
    series: str | None = field(default=None, repr=False)


def open_file(root, name, reading):
    """Read the header of a file.

    Parameters
    ----------
    root : str or pathlib.Path
        Folder below which it lies.
    name : str
        Its path below the root.
    reading : Reading
        How it becomes samples.

    Returns
    -------
    Opened or None
        None if it is neither a picture, nor DICOM, nor a volume.

    Raises
    ------
    InputError
        If it is damaged.
    """
    path, kind = Path(root, name), form(name)
    if kind == "picture":
        return Opened({"colour": read_header(path).colour}, None, [None], lambda numbers: iter([read_pixels(path)]))
    if kind == "volume":
        return open_nifti(path, name, reading)
    return open_dicom(path, reading) if kind == "dicom" or is_dicom(path) else None


def sample_name(opened, number, axis):
    """What is put after the name of a file to name one of its samples, for example ``/z012``."""
    if opened.counted is None:
        return ""
    return f"/{'xyz'[axis]}{number:03d}" if opened.counted == "slice" else f"/f{number:03d}"


def open_dicom(path, reading):
    """Read the header of a DICOM file."""
    header = read_dicom_header(path)
    facts = {name: getattr(header, name) for name in ("colour", "spacing_y", "spacing_x", "sex", "age", "view")}
    count = min(header.frames, reading.frames or header.frames)
    # In the middle of as many equal parts.
    numbers = [(2 * i + 1) * header.frames // (2 * count) for i in range(count)]

    def read(numbers):
        for start in range(0, len(numbers), BATCH):
            yield from read_dicom_frames(path, numbers[start : start + BATCH], reading.window)

    several = header.frames > 1
    return Opened(
        facts | {"scanner": header.scanner},
        "frame" if several else None,
        numbers if several else [None],
        read if several else lambda _: iter(read_dicom_frames(path, None, reading.window)),
        header.identity,
        header.names,
        header.series,
    )


def open_nifti(path, name, reading):
    """Read the header of a volume."""
    image = open_volume(path)
    _, _, spacing_y, spacing_x = slice_layout(path, image, reading.axis)
    whole = reading.volumes == "volumes"
    facts = {
        "colour": whole,
        "spacing_y": spacing_y,
        "spacing_x": spacing_x,
        "spacing_z": voxel_size(image)[reading.axis],
        "volume": name,
        "patient_id": stem(name),
    }

    def read(numbers):
        volume = scaled(voxels(path, image), reading.lower_percentile, reading.upper_percentile)
        if whole:
            yield three_slices(volume, image.affine, reading.axis)
            return
        for number in numbers:
            yield np.ascontiguousarray(upright(np.take(volume, number, reading.axis), image.affine, reading.axis))

    if whole:
        return Opened(facts, None, [None], read)
    return Opened(facts, "slice", list(range(0, image.shape[reading.axis], reading.every)), read)


def three_slices(volume, affine, axis):
    """Show a volume as three of its slices.

    Parameters
    ----------
    volume : numpy.ndarray
        (x, y, z) uint16.
    affine : numpy.ndarray
        (4, 4), voxels to millimetres.
    axis : int
        The axis to cut along.

    Returns
    -------
    numpy.ndarray
        (height, width, 3) uint16: as channels, the slices at a quarter, a half
        and three quarters of the way through the foreground, upright.
    """
    first, last = foreground(volume, axis)
    numbers = np.rint(first + (last - first) * QUARTERS).astype(int)
    return np.stack([upright(np.take(volume, number, axis), affine, axis) for number in numbers], axis=2)


def foreground(volume, axis):
    """First and last slice of the foreground of a volume.

    Foreground voxels are those above the threshold that separates two classes
    best (Otsu, IEEE Trans. Syst. Man Cybern. 9:62, 1979); those few of noise and
    of the table under the patient do not count, since a slice must have a tenth
    of what the fullest one has.

    Parameters
    ----------
    volume : numpy.ndarray
        (x, y, z) uint16.
    axis : int
        The axis to cut along.

    Returns
    -------
    tuple of int
        Both numbers.
    """
    grey = (volume >> 8).astype(np.uint8)
    threshold, _ = cv2.threshold(grey.reshape(len(grey), -1), 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    counts = (grey > threshold).sum(axis=tuple(i for i in range(3) if i != axis))
    reached = np.flatnonzero(counts >= LEAST_FOREGROUND * counts.max())
    return int(reached[0]), int(reached[-1])
