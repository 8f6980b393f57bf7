"""DICOM files: what their headers say of the picture, and their frames. Who the patient is stays in memory."""

import logging
import math
import threading
import warnings
from dataclasses import dataclass, field

from pydicom import config, dcmread, misc
from pydicom.pixels import iter_pixels

from coldstart.cohort import dicom_patient
from coldstart.cohort.dicom_display import GREY, depth, of_frame, shown
from coldstart.cohort.dicom_patient import value
from coldstart.cohort.jpeg_decoder import PLUGINS
from coldstart.errors import InputError

# pydicom quotes the values that it doubts, and these may say who the patient is.
config.settings.reading_validation_mode = config.IGNORE
logging.getLogger("pydicom").setLevel(logging.CRITICAL + 1)
# Filters of warnings belong to the process, not to a thread.
READING = threading.Lock()

# As in Pillow's, more pixels than this are taken for an attack or damage.
MOST_PIXELS = 2**28
SPACINGS = ("PixelSpacing", "ImagerPixelSpacing", "NominalScannedPixelSpacing")
WANTED = [
    *dicom_patient.ELEMENTS,
    *SPACINGS,
    "Rows",
    "Columns",
    "NumberOfFrames",
    "SamplesPerPixel",
    "BitsStored",
    "PhotometricInterpretation",
    "SharedFunctionalGroupsSequence",
    "PerFrameFunctionalGroupsSequence",
]


@dataclass(frozen=True)
class DicomHeader:
    """What a DICOM file says of its picture, and of its patient.

    Attributes
    ----------
    height, width : int
        Pixels.
    bits : int
        8 or 16, of what `read_dicom_frames` gives.
    colour : bool
        Whether a frame is (H, W, 3).
    frames : int
        Number of frames.
    spacing_y, spacing_x : float
        mm from row to row and from column to column; NaN where not said. Of
        projections at the detector, which magnifies.
    identity : str or None
        What tells the patient from others: the ID; without one, name and date
        of birth, then the study. To be turned into a pseudonym and forgotten.
    sex : str or None
        ``F``, ``M`` or ``O``.
    age : int or None
        Completed years at the study; 90 stands for 90 and more.
    view : str or None
        View position, such as ``PA``.
    scanner : str or None
        Manufacturer and model.
    series : str or None
        UID of the series: its images may be neighbouring slices, alike by
        nature. In memory only, as the identity.
    names : tuple of str
        Names, numbers and dates by which the patient or the study could be
        found, each of at least three characters: not to be seen in a file's
        path either.
    """

    height: int
    width: int
    bits: int
    colour: bool
    frames: int
    spacing_y: float
    spacing_x: float
    identity: str | None = field(repr=False)
    sex: str | None
    age: int | None
    view: str | None
    scanner: str | None
    series: str | None = field(repr=False)
    names: tuple = field(repr=False)


def is_dicom(path):
    """Whether a file begins as DICOM files do (PS3.10, 7.1): ``DICM`` after 128 bytes."""
    return misc.is_dicom(path)


def read_dicom_header(path):
    """Read what a DICOM file says of its picture, without the pixels.

    Parameters
    ----------
    path : str or pathlib.Path
        The file.

    Returns
    -------
    DicomHeader
        Whatever the file does not say, or says wrongly, is None or NaN.

    Raises
    ------
    InputError
        If it is damaged, holds no pixels, or pixels of no use here. Nothing but
        the file's path and the layout of its pixels is quoted.
    """

    def read():
        dataset = dcmread(path, stop_before_pixels=True, specific_tags=WANTED)
        height, width, frames, colour = layout(path, dataset)
        spacing_y, spacing_x = spacing(dataset)
        return DicomHeader(
            height,
            width,
            depth(dataset),
            colour,
            frames,
            spacing_y,
            spacing_x,
            dicom_patient.identity(dataset),
            dicom_patient.sex(dataset),
            dicom_patient.age(dataset),
            dicom_patient.view(dataset),
            dicom_patient.scanner(dataset),
            dicom_patient.text(dataset, "SeriesInstanceUID") or None,
            dicom_patient.names(dataset),
        )

    return guarded(path, read)


def read_dicom_frames(path, frames=None, window="file"):
    """Read frames of a DICOM file as they are meant to be seen.

    Parameters
    ----------
    path : str or pathlib.Path
        The file; uncompressed, or compressed by RLE, JPEG, JPEG-LS, JPEG 2000 or
        HTJ2K.
    frames : sequence of int, optional
        Numbers of the frames, from 0; all of them by default.
    window : {"file", "percentiles"}, default="file"
        How grey values become grey levels, see `dicom_display.shown`.

    Returns
    -------
    list of numpy.ndarray
        Each (H, W), or (H, W, 3) red first; uint8 or uint16, as the header says.

    Raises
    ------
    InputError
        As for `read_dicom_header`, and if there is no such frame, or the pixels
        are damaged, cut short or compressed in a way that cannot be read.
    """

    def read():
        dataset = dcmread(path)
        count = layout(path, dataset)[2]
        wanted = list(range(count) if frames is None else frames)
        if any(not 0 <= frame < count for frame in wanted):
            raise InputError(f"{path} has {count} frames, but another one is asked for: scan the pool again.")
        stored = decoded(path, dataset, wanted)
        return [shown(array, dataset, frame, window) for array, frame in zip(stored, wanted, strict=True)]

    return guarded(path, read)


def guarded(path, read):
    """Call a function in silence; what it raises becomes an `InputError` that repeats none of it."""
    with READING, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return read()
        except InputError:
            raise
        except Exception:  # Damaged files raise almost anything.
            pass
    # Out here, the first exception is not attached to this one.
    raise InputError(f"{path} cannot be read as DICOM: it is damaged or cut short, replace it or take it out.")


def decoded(path, dataset, frames):
    """Decode frames, colour to RGB; nothing is applied to grey."""
    if not frames:
        return []
    syntax = dataset.file_meta.TransferSyntaxUID
    try:
        return list(iter_pixels(dataset, indices=frames, decoding_plugin=PLUGINS.get(syntax, "")))
    except Exception:  # Decoders raise almost anything.
        pass
    kind = "a private transfer syntax" if syntax.is_private else syntax.name
    raise InputError(
        f"the pixels of {path} cannot be decoded ({kind}): replace the file if it is damaged or cut short, or convert"
        " it to an uncompressed transfer syntax."
    )


def layout(path, dataset):
    """Height, width, number of frames and whether they have colour; refuses what is no picture."""
    sizes = [value(dataset, keyword) for keyword in ("Rows", "Columns", "NumberOfFrames", "SamplesPerPixel")]
    height, width, frames, samples = (int(size or 0) for size in sizes)
    if not height or not width:
        raise InputError(f"{path} is a DICOM file without pixels, such as a report or a plan: take it out of the pool.")
    if height * width > MOST_PIXELS:
        raise InputError(f"{path} promises {height} x {width} pixels: it is damaged, or must be cut into tiles.")
    interpretation = value(dataset, "PhotometricInterpretation")
    grey = samples == 1 and interpretation in (*GREY, "PALETTE COLOR")
    if not grey and (samples != 3 or interpretation in (*GREY, "PALETTE COLOR")):
        raise InputError(
            f"{path} has {samples} channels in a photometric interpretation that is not read here:"
            " convert it to MONOCHROME2 or RGB."
        )
    return height, width, frames or 1, samples == 3 or interpretation == "PALETTE COLOR"


def spacing(dataset):
    """Distance of rows and of columns in mm; NaN where the file does not say (PS3.3, 10.7.1.3)."""
    places = [of_frame(dataset, 0, "PixelMeasuresSequence"), dataset]
    for place in places:
        for keyword in SPACINGS:
            found = value(place, keyword)
            try:
                y, x = (float(number) for number in found)
            except (TypeError, ValueError):
                continue
            if 0 < y < math.inf and 0 < x < math.inf:
                return y, x
    return math.nan, math.nan
