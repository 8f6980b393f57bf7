"""What a DICOM file stores, as it is meant to be seen: the greyscale transformations of the standard."""

import numpy as np
from pydicom.pixels import apply_color_lut

from coldstart.errors import InputError

WINDOWS = ("file", "percentiles")
PERCENTILES = (0.5, 99.5)
GREY = ("MONOCHROME1", "MONOCHROME2")
# Exponents beyond this are 0 or 1 in any case, and would overflow.
STEEPEST = 80


def depth(dataset):
    """Bits per channel of what is shown, 8 or 16: as deep as what is stored; a palette's colours have 8."""
    palette = dataset.get("PhotometricInterpretation") == "PALETTE COLOR"
    return 8 if palette or int(dataset.get("BitsStored") or 16) <= 8 else 16


def shown(stored, dataset, frame, window):
    """Turn stored values into the picture that they stand for.

    Grey goes through the modality transformation (DICOM PS3.3, C.11.1), the
    values of interest (C.11.2) and the photometric interpretation (C.7.6.3.1.2).
    Padding becomes black.

    Parameters
    ----------
    stored : numpy.ndarray
        (H, W) or (H, W, 3), as decoded; colour as RGB.
    dataset : pydicom.dataset.Dataset
        The file; what an enhanced multi-frame file says of a frame, or of all
        of them, comes first.
    frame : int
        Number of the frame, from 0.
    window : {"file", "percentiles"}
        ``file``: the file's first VOI LUT or window. Without one, what is stored
        with at most 8 bits is shown as it is, all else as by ``percentiles``:
        from the 0.5th to the 99.5th of the frame.

    Returns
    -------
    numpy.ndarray
        (H, W) or (H, W, 3) uint8 or uint16, `depth` bits.

    Raises
    ------
    InputError
        If `window` is neither.
    """
    if window not in WINDOWS:
        raise InputError(f"dataset.window is '{window}', it must be {' or '.join(WINDOWS)}.")
    interpretation = dataset.get("PhotometricInterpretation")
    if interpretation == "PALETTE COLOR":
        return palette_colours(stored, dataset)
    if interpretation not in GREY:
        return scaled(full_range(stored, dataset), dataset)
    hidden = padding(stored, dataset)
    transformation = of_frame(dataset, frame, "PixelValueTransformationSequence")
    values = modality(stored, transformation, dataset)
    # Single precision keeps 24 bits.
    values = values.astype(np.float32 if stored.itemsize <= 2 else np.float64)
    grey = of_interest(values, dataset, frame) if window == "file" else None
    if grey is None and window == "file" and depth(dataset) == 8 and not dataset.get("ModalityLUTSequence"):
        grey = stretched(values, *sorted(modality(np.array(stored_range(dataset)), transformation, dataset)))
    if grey is None:
        visible = values[np.isfinite(values) if hidden is None else ~hidden & np.isfinite(values)]
        grey = stretched(values, *(np.percentile(visible, PERCENTILES) if visible.size else (0, 0)))
    if interpretation == "MONOCHROME1":
        grey = 1 - grey
    grey = np.where(np.isfinite(values), grey, 0)
    if hidden is not None:
        grey[hidden] = 0
    return scaled(grey, dataset)


def of_frame(dataset, frame, keyword):
    """Where the attributes of a functional group stand: of the frame, of all frames (C.7.6.16), or of the file."""
    for groups, number in (("PerFrameFunctionalGroupsSequence", frame), ("SharedFunctionalGroupsSequence", 0)):
        items = dataset.get(groups) or ()
        if number < len(items) and items[number].get(keyword):
            return items[number].get(keyword)[0]
    return dataset


def stored_range(dataset):
    """Least and greatest value that the stored bits can hold."""
    bits = int(dataset.BitsStored)
    return (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed(dataset) else (0, 2**bits - 1)


def signed(dataset):
    """Whether stored values have a sign."""
    return dataset.get("PixelRepresentation") == 1


def padding(stored, dataset):
    """Which pixels only fill the frame up (C.7.5.1.1.2), as (H, W) bool, or None."""
    value = dataset.get("PixelPaddingValue")
    if value is None or stored.dtype.kind not in "iu":
        return None
    ends = [int(value), int(value if (limit := dataset.get("PixelPaddingRangeLimit")) is None else limit)]
    if signed(dataset):
        ends = [as_signed(end, 8 * stored.itemsize) for end in ends]
    hidden = (stored >= min(ends)) & (stored <= max(ends))
    return hidden if hidden.any() else None


def as_signed(value, bits):
    """What a number means that was written without its sign."""
    return value - 2**bits if value >= 2 ** (bits - 1) else value


def modality(values, item, dataset):
    """Stored values in the unit of the modality (C.11.1.1)."""
    if dataset.get("ModalityLUTSequence"):
        return look_up(values, dataset.ModalityLUTSequence[0], dataset)[0]
    slope, intercept = item.get("RescaleSlope"), item.get("RescaleIntercept")
    if slope is None or intercept is None:
        return values
    return values * float(slope) + float(intercept)


def of_interest(values, dataset, frame):
    """Values as the file wants them shown (C.11.2.1), from 0 to 1, or None where it does not say."""
    if dataset.get("VOILUTSequence") and "LUTData" in dataset.VOILUTSequence[0]:
        found, deepest = look_up(np.rint(values), dataset.VOILUTSequence[0], dataset)
        return np.clip(found / deepest, 0, 1)
    item = of_frame(dataset, frame, "FrameVOILUTSequence")
    center, width = (first(item.get(keyword)) for keyword in ("WindowCenter", "WindowWidth"))
    function = str(item.get("VOILUTFunction") or "LINEAR").strip().upper()
    if center is None or width is None or width < (1 if function == "LINEAR" else np.finfo(float).tiny):
        return None
    return windowed(values, center, width, function)


def windowed(values, center, width, function):
    """Apply a window (C.11.2.1.2 and C.11.2.1.3): 0 to 1; an unknown function is the default, ``LINEAR``."""
    if function == "SIGMOID":
        return 1 / (1 + np.exp(np.clip(-4 * (values - center) / width, -STEEPEST, STEEPEST)))
    if function == "LINEAR_EXACT":
        return stretched(values, center - width / 2, center + width / 2)
    return stretched(values, center - width / 2, center + width / 2 - 1)


def stretched(values, low, high):
    """Values from `low` to `high` as 0 to 1, those outside clipped; a step where both are the same."""
    if high <= low:
        return (values > high).astype(values.dtype)
    return np.clip((values - low) / (high - low), 0, 1)


def first(value):
    """A number, or the first of several, or None."""
    if value is None or isinstance(value, str):
        return None
    values = np.atleast_1d(np.asarray(value, float))
    return float(values[0]) if len(values) and np.isfinite(values[0]) else None


def look_up(values, item, dataset):
    """Apply a look-up table (C.11.1.1.1, C.11.2.1.1); values outside take its ends.

    Returns
    -------
    tuple
        What the table says of each value, and the greatest that its bits allow.
    """
    entries, start, bits = (int(number) for number in item.LUTDescriptor)
    data = item.LUTData
    if isinstance(data, bytes):
        # Entries of 8 bits may stand in a byte each or in a word each.
        order = "<" if dataset.file_meta.TransferSyntaxUID.is_little_endian else ">"
        data = np.frombuffer(data, f"{order}u2" if len(data) >= 2 * (entries or 2**16) else np.uint8)
    table = np.atleast_1d(np.asarray(data))
    if signed(dataset):
        start = as_signed(start, 16)
    index = np.clip(np.nan_to_num(values).astype(np.int64) - start, 0, min(entries or 2**16, len(table)) - 1)
    return table[index], 2**bits - 1


def palette_colours(stored, dataset):
    """Colours that a palette gives to the stored values (C.7.9), as (H, W, 3) uint8."""
    colours = apply_color_lut(stored, dataset)[..., :3]
    if int(dataset.RedPaletteColorLookupTableDescriptor[2]) == 16:
        colours = colours >> 8
    return colours.astype(np.uint8)


def full_range(stored, dataset):
    """Stored colours as 0 to 1; what has 8 bits already stays as it is."""
    if stored.dtype == np.uint8 and int(dataset.BitsStored) == 8:
        return stored
    low, high = stored_range(dataset)
    return stretched(stored.astype(np.float64), low, high)


def scaled(values, dataset):
    """0 to 1 as 8 or 16 bits, whichever is the file's `depth`."""
    if values.dtype == np.uint8:
        return values
    dtype = np.uint8 if depth(dataset) == 8 else np.uint16
    return np.rint(values * np.iinfo(dtype).max).astype(dtype)
