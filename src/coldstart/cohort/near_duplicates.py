"""Near duplicates: the same picture again, encoded anew, resized, or made brighter."""

import cv2
import numpy as np
import pandas as pd

from coldstart.cohort.images import as_float, resize, with_channels
from coldstart.errors import InputError
from coldstart.progress import track

GRID = 32
KEPT = 16
# The mean is left out: brightness says nothing.
LENGTH = KEPT * KEPT - 1
LARGEST = np.iinfo(np.int8).max
BLOCK = 512
# So many rows at a time are compared with a block, so that the similarities stay in the cache.
COMPARED = 8192
# float32 leaves the product of equal unit vectors this close to one.
ROUNDING = 1e-6


def fingerprint(image):
    """Describe what an image shows, whatever its size, brightness and encoding.

    The lowest 16 x 16 coefficients of the discrete cosine transform of the image
    at 32 x 32 pixels, as in perceptual hashes (Zauner, Implementation and
    Benchmarking of Perceptual Image Hash Functions, 2010, section 3.2.1), but
    kept as numbers, and each times its frequency: the amplitudes of natural
    images fall with it (Field, J. Opt. Soc. Am. A 4:2379, 1987), so that without
    this the few broad shapes that all chest X-rays share would outweigh what
    tells them apart.

    Parameters
    ----------
    image : numpy.ndarray
        (H, W) or (H, W, 3) uint8 or uint16.

    Returns
    -------
    numpy.ndarray
        (255,) int8, the largest magnitude being 127; zeros for an image of one
        brightness, which is nobody's near duplicate.
    """
    grey = resize(as_float(with_channels(image, 1)), GRID, "area")
    spectrum = cv2.dct(grey)[:KEPT, :KEPT]
    vertical, horizontal = np.mgrid[:KEPT, :KEPT]
    weighted = (spectrum * np.hypot(vertical, horizontal)).ravel()[1:]
    largest = np.abs(weighted).max()
    # Below a thousandth of a step of brightness, only rounding is left.
    if largest < 1e-3 / np.iinfo(np.uint16).max:
        return np.zeros(LENGTH, np.int8)
    return np.rint(weighted * (LARGEST / largest)).astype(np.int8)


def near_duplicates(fingerprints, files, threshold):
    """Find the images that repeat an earlier one.

    Parameters
    ----------
    fingerprints : numpy.ndarray
        (n, 255) int8, a `fingerprint` per row.
    files : sequence of str
        (n,) File of each row. Frames and slices of one file are alike by nature
        and never compared with each other.
    threshold : float
        Cosine of the angle between two fingerprints from which on they count as
        the same picture, above 0 and at most 1.

    Returns
    -------
    numpy.ndarray
        (n,) int64: the first row that each row repeats and that itself repeats
        none, -1 where there is none. Of pictures that are alike, the first stays.

    Raises
    ------
    InputError
        If the threshold is out of its range.
    """
    if not 0 < threshold <= 1:
        raise InputError(f"dataset.near_duplicates is {threshold}, it must be above 0 and at most 1, or null.")
    n = len(fingerprints)
    codes = pd.factorize(np.asarray(files, dtype=object))[0]
    repeats = np.full(n, -1, np.int64)
    # Only what stays is compared with: its rows, and their vectors.
    rows, vectors = np.empty(n, np.int64), np.empty((n, LENGTH), np.float32)
    stayed = 0
    for start in track(range(0, n, BLOCK), "near duplicates"):
        block = unit(fingerprints[start : start + BLOCK])
        place = np.arange(start, start + len(block))
        for first in range(0, stayed, COMPARED):
            last = min(first + COMPARED, stayed)
            alike = block @ vectors[first:last].T >= threshold - ROUNDING
            for i in np.flatnonzero(alike.any(axis=1) & (repeats[place] < 0)):
                repeats[place[i]] = earliest(rows[first:last][alike[i]], codes, place[i])
        alike = block @ block.T >= threshold - ROUNDING
        for i, row in enumerate(place):
            if repeats[row] < 0:
                # The block's own rows before this one that stay.
                earlier = place[:i][alike[i, :i] & (repeats[place[:i]] < 0)]
                repeats[row] = earliest(earlier, codes, row)
        kept = repeats[place] < 0
        rows[stayed : stayed + kept.sum()] = place[kept]
        vectors[stayed : stayed + kept.sum()] = block[kept]
        stayed += int(kept.sum())
    return repeats


def unit(fingerprints):
    """Fingerprints as float32 of length one; zeros stay."""
    vectors = fingerprints.astype(np.float32)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.divide(vectors, lengths, out=vectors, where=lengths > 0)


def earliest(candidates, codes, row):
    """First of ascending rows that lies in another file than a row, or -1."""
    others = candidates[codes[candidates] != codes[row]]
    return others[0] if len(others) else -1
