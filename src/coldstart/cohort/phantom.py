"""A synthetic chest X-ray pool with pneumothorax: works everywhere, means nothing.

Images are drawn by formula. They have a rib cage, lungs, a heart, vessels and
noise; about a quarter show a pneumothorax (air around a partly collapsed lung:
a fine pleural line and beyond it a dark rim without vessels) with its exact
mask. Hidden sub-populations of unequal size (projection, habitus, exposure,
rotation, device) give selection methods something to find. The pool claims
nothing about medicine, and a result on it says nothing about real images: its
lesions, for one, cover 2 to 12 % of the image (mean 6 %) where those of
ChestX-Det cover 0.93 % on average, so that a small network learns them on a CPU.
"""

import numpy as np
import pandas as pd

from coldstart.cohort.phantom_anatomy import air_mask, geometry
from coldstart.cohort.phantom_case import make_case, patient_numbers
from coldstart.cohort.phantom_render import render
from coldstart.errors import InputError

FIELD_MM = 350.0
SMALLEST, LARGEST = 32, 2048
MARK = "phantom-"


def build(*, n: int = 600, seed: int = 2024, resolution: int = 128, prevalence: float = 0.24):
    """List the phantoms; nothing is drawn yet.

    Parameters
    ----------
    n : int, default=600
        Images. Image i is the same whatever `n` is.
    seed : int, default=2024
        Seed of the whole pool.
    resolution : int, default=128
        Pixels per side; the field is 350 mm wide.
    prevalence : float, default=0.24
        Chance that an image shows a pneumothorax.

    Returns
    -------
    pandas.DataFrame
        One row per image, in the columns of a cohort. `mask` is missing where
        the label is 0: the mask is then empty. Metadata: `projection`,
        `habitus`, `exposure`, `rotation`, `device`.

    Raises
    ------
    InputError
        If a parameter is out of its range.
    """
    if n < 1:
        raise InputError(f"phantom: n is {n}, it must be at least 1.")
    if not SMALLEST <= resolution <= LARGEST:
        raise InputError(f"phantom: resolution is {resolution}, it must be from {SMALLEST} to {LARGEST}.")
    if not 0 <= prevalence <= 1:
        raise InputError(f"phantom: prevalence is {prevalence}, it must be from 0 to 1.")
    if seed < 0:
        raise InputError(f"phantom: seed is {seed}, it must not be negative.")
    numbers = patient_numbers(n, seed)
    rows = []
    for index, number in enumerate(numbers):
        case = make_case(index, number, seed, prevalence)
        name = f"{MARK}{index:05d}"
        rows.append(
            {
                "sample_id": name,
                "image": name,
                "mask": None if case.pneumothorax is None else name,
                "label": int(case.pneumothorax is not None),
                "patient_id": f"patient-{number:05d}",
                "height": resolution,
                "width": resolution,
                "bits": 8,
                "colour": False,
                "spacing_y": FIELD_MM / resolution,
                "spacing_x": FIELD_MM / resolution,
                "projection": case.projection,
                "habitus": case.patient.habitus,
                "exposure": case.exposure,
                "rotation": case.rotation,
                "device": case.device,
            }
        )
    return pd.DataFrame(rows).astype({"label": "Int64", "mask": "str"})


def cases(cohort, seed, prevalence):
    """Yield the case behind each row of a cohort."""
    indices = cohort["image"].str.removeprefix(MARK).astype(int).to_numpy()
    numbers = patient_numbers(int(indices.max()) + 1, seed) if len(indices) else ()
    for index in indices:
        yield make_case(index, numbers[index], seed, prevalence)


def images(cohort, *, n: int = 600, seed: int = 2024, resolution: int = 128, prevalence: float = 0.24):
    """Draw the images of a cohort in row order.

    Parameters
    ----------
    cohort : pandas.DataFrame
        Rows that `build` made with the same parameters.
    n, seed, resolution, prevalence
        As for `build`.

    Yields
    ------
    numpy.ndarray
        (resolution, resolution) uint8.
    """
    for case in cases(cohort, seed, prevalence):
        yield render(case, resolution, seed)


def masks(cohort, *, n: int = 600, seed: int = 2024, resolution: int = 128, prevalence: float = 0.24):
    """Draw the masks of a cohort in row order.

    Parameters
    ----------
    cohort : pandas.DataFrame
        Rows that `build` made with the same parameters.
    n, seed, resolution, prevalence
        As for `build`.

    Yields
    ------
    numpy.ndarray
        (resolution, resolution) uint8, 0 or 1: the air between chest wall and lung.
    """
    for case in cases(cohort, seed, prevalence):
        if case.pneumothorax is None:
            yield np.zeros((resolution, resolution), np.uint8)
        else:
            yield air_mask(case, geometry(case, resolution))
