"""From two scans of one patient to three channels: the baseline, the follow-up, and what differs between them.

Both scans are brought to mean 0 and variance 1 (z-scores), each on its own; the
difference is that of the z-scores. They are stored in 16 bits by one straight
line per channel that holds for every volume: see `bounds`.
"""

import numpy as np

from coldstart.errors import InputError
from coldstart.registry import choices

CHANNELS = ("baseline", "follow-up", "difference")
DIFFERENCES = ("absolute", "signed", "clipped")
# The largest z-score that is told apart: nothing in the open MS volumes lies beyond it.
LIMIT = 10.0
DEEPEST = np.iinfo(np.uint16).max


def check_triples(difference, limit=LIMIT):
    """Refuse parameters of the three channels that are out of their range."""
    if difference not in DIFFERENCES:
        raise InputError(f"dataset.difference: unknown difference '{difference}'; {choices(difference, DIFFERENCES)}.")
    if not limit > 0:
        raise InputError(f"dataset.limit is {limit}, it must be above 0.")


def standardised(volume, inside=None, name="a volume"):
    """Bring a volume to mean 0 and variance 1.

    Ma et al. (IJCNN 2025) do not say how intensities are scaled; this is the
    z-score that is usual for MRI.

    Parameters
    ----------
    volume : numpy.ndarray
        Of any shape; what is not finite counts as the mean.
    inside : numpy.ndarray of bool, optional
        Voxels that mean and variance are taken over, such as the brain; by
        default all.
    name : str, default="a volume"
        What it is, for the message.

    Returns
    -------
    numpy.ndarray of float64
        Of the same shape.

    Raises
    ------
    InputError
        If those voxels all have one value.
    """
    finite = np.isfinite(volume)
    values = volume[finite if inside is None else finite & inside].astype(np.float64)
    if not values.size or values.min() == values.max():
        where = "" if inside is None else " inside the brain mask"
        raise InputError(
            f"{name} has one value only{where}, so that nothing can be told from it: replace it, or leave the patient "
            "out by dataset.patients."
        )
    return np.where(finite, (volume.astype(np.float64) - values.mean()) / values.std(), 0)


def difference_of(before, after, difference):
    """What differs between two scans.

    Ma et al. (IJCNN 2025) feed a difference slice beside the two scans, and
    their code does not say how it is computed: here it is that of the z-scores.

    Parameters
    ----------
    before, after : numpy.ndarray
        z-scores of the baseline and of the follow-up.
    difference : {"absolute", "signed", "clipped"}
        ``|after - before|``; ``after - before``; or ``max(after - before, 0)``,
        which keeps what has become brighter.

    Returns
    -------
    numpy.ndarray of float64
    """
    change = np.asarray(after, dtype=np.float64) - before
    return {"absolute": np.abs(change), "signed": change, "clipped": np.maximum(change, 0)}[difference]


def bounds(difference, limit):
    """Values that are stored as 0 and as 65535.

    Parameters
    ----------
    difference : {"absolute", "signed", "clipped"}
        As for `difference_of`.
    limit : float
        The largest z-score, and the largest difference, that is told apart.

    Returns
    -------
    numpy.ndarray of float64, shape (3, 2)
        Per channel. Scans and a signed difference go from -limit to limit, so
        that zero is grey; differences that cannot be negative from 0 to limit,
        so that no change is black.
    """
    lowest = -limit if difference == "signed" else 0.0
    return np.array([[-limit, limit], [-limit, limit], [lowest, limit]])


def triple(baseline, followup, difference, limit=LIMIT):
    """Put two scans and their difference into one image of three channels.

    Parameters
    ----------
    baseline, followup : numpy.ndarray of shape (...)
        z-scores on one grid, from `standardised`.
    difference : {"absolute", "signed", "clipped"}
        As for `difference_of`.
    limit : float, default=10
        As for `bounds`; what lies beyond is stored as the bound.

    Returns
    -------
    numpy.ndarray of uint16, shape (..., 3)
        Rounded to the nearest step: `z_scores` gives the values back to within
        half a step, which is limit / 65535 of a z-score at most.
    """
    stored = np.empty((*np.shape(baseline), len(CHANNELS)), dtype=np.uint16)
    values = baseline, followup, difference_of(baseline, followup, difference)
    # One channel after the other: whole volumes of floats are large.
    for channel, (one, (low, high)) in enumerate(zip(values, bounds(difference, limit), strict=True)):
        stored[..., channel] = np.rint((np.clip(one, low, high) - low) / (high - low) * DEEPEST)
    return stored


def z_scores(stored, difference, limit=LIMIT):
    """Values that a stored image stands for.

    Parameters
    ----------
    stored : numpy.ndarray of uint16, shape (..., 3)
        From `triple` with the same `difference` and `limit`.
    difference, limit
        As for `triple`.

    Returns
    -------
    numpy.ndarray of float64, shape (..., 3)
        z-scores of the baseline and the follow-up, and their difference.
    """
    low, high = bounds(difference, limit).T
    return np.asarray(stored, dtype=np.float64) / DEEPEST * (high - low) + low
