"""What one phantom shows: its patient, its sub-population, its pneumothorax.

Everything is synthetic and claims nothing about medicine: the shares and sizes
below were chosen to give a pool with hidden, unequal sub-populations, not to
describe any population of people.
"""

from dataclasses import dataclass

import numpy as np

# Streams of random numbers: the second word of every seed.
FOLLOW_UP, PATIENT, CASE, TEXTURE = range(4)

MOST_VISITS = 3
FOLLOW_UP_CHANCE = 0.25

HABITUS = {"slender": 0.20, "average": 0.52, "large": 0.28}
PROJECTION = {"PA": 0.65, "AP": 0.35}
EXPOSURE = {"normal": 0.72, "under": 0.16, "over": 0.12}
ROTATION = {"straight": 0.78, "left": 0.13, "right": 0.09}
DEVICE = {"none": 0.62, "leads": 0.20, "tube": 0.12, "pacemaker": 0.06}
# Drains follow the finding, as in hospital data: a shortcut that a classifier may fall for.
DEVICE_IF_POSITIVE = {"none": 0.50, "leads": 0.20, "tube": 0.25, "pacemaker": 0.05}


@dataclass(frozen=True)
class Patient:
    """Anatomy that the images of one patient share, in units of half the image."""

    habitus: str
    lung_centre: float
    lung_width: float
    lung_top: float
    diaphragm: float
    dome: float
    heart: float
    rib_gap: float
    rib_phase: float
    rib_contrast: float
    soft_tissue: float
    vessels: int


@dataclass(frozen=True)
class Pneumothorax:
    """Air between chest wall and lung: `side` is -1 (left half of the image) or 1.

    `lateral` and `apical` say which share of the lung's width and of its height
    above the hilum is lost; `taper` how far the rim narrows towards the base.
    """

    side: int
    lateral: float
    apical: float
    taper: float
    line: float
    lucency: float


@dataclass(frozen=True)
class Case:
    """One image: who, how it was taken, and what is in it."""

    index: int
    patient_number: int
    patient: Patient
    projection: str
    exposure: str
    rotation: str
    device: str
    tilt: float
    shift: tuple[float, float]
    zoom: float
    turn: float
    distractor: str
    side: int
    pneumothorax: Pneumothorax | None


def patient_numbers(n, seed):
    """Number the patients: most have one image, some two or three.

    Parameters
    ----------
    n : int
        Images.
    seed : int
        Seed of the data set.

    Returns
    -------
    numpy.ndarray
        (n,) int. The first numbers do not depend on `n`.
    """
    again = np.random.default_rng([seed, FOLLOW_UP]).random(n) < FOLLOW_UP_CHANCE
    numbers, visits = np.zeros(n, int), 1
    for i in range(1, n):
        visits = visits + 1 if again[i] and visits < MOST_VISITS else 1
        numbers[i] = numbers[i - 1] + (visits == 1)
    return numbers


def draw(rng, shares):
    """Draw one name out of a table of shares."""
    return str(rng.choice(list(shares), p=list(shares.values())))


def make_patient(number, seed):
    """Draw the anatomy of a patient from its own generator."""
    rng = np.random.default_rng([seed, PATIENT, int(number)])
    habitus = draw(rng, HABITUS)
    broad = {"slender": -1.0, "average": 0.0, "large": 1.0}[habitus]
    return Patient(
        habitus=habitus,
        lung_centre=rng.normal(0.43 + 0.02 * broad, 0.012),
        lung_width=rng.normal(0.345 + 0.03 * broad, 0.014),
        lung_top=rng.normal(-0.80 + 0.05 * broad, 0.025),
        diaphragm=rng.normal(0.66 - 0.09 * broad, 0.05),
        dome=rng.normal(0.17 + 0.02 * broad, 0.025),
        heart=rng.normal(0.27 + 0.03 * broad, 0.03),
        rib_gap=rng.normal(0.185, 0.010),
        rib_phase=rng.random(),
        rib_contrast=rng.uniform(0.7, 1.3),
        soft_tissue=rng.normal(0.08 * broad, 0.025),
        vessels=int(rng.integers(2**31)),
    )


def make_pneumothorax(rng):
    """Draw the size and shape of a pneumothorax; small ones are the more frequent."""
    extent = rng.beta(1.5, 2.2)
    return Pneumothorax(
        side=int(rng.choice([-1, 1], p=[0.56, 0.44])),
        lateral=0.07 + 0.36 * extent + rng.uniform(-0.02, 0.03),
        apical=0.07 + 0.26 * extent + rng.uniform(-0.02, 0.08),
        taper=rng.uniform(0.3, 1.0) * (1.0 - 0.5 * extent),
        line=rng.uniform(0.08, 0.18),
        lucency=rng.uniform(0.10, 0.18),
    )


def make_case(index, patient_number, seed, prevalence):
    """Draw one image from its own generator.

    Parameters
    ----------
    index : int
        Number of the image; the same for every size of the data set.
    patient_number : int
        From `patient_numbers`.
    seed : int
        Seed of the data set.
    prevalence : float
        Chance of a pneumothorax.

    Returns
    -------
    Case
        What to render.
    """
    rng = np.random.default_rng([seed, CASE, int(index)])
    positive = bool(rng.random() < prevalence)
    projection = draw(rng, PROJECTION)
    rotation = draw(rng, ROTATION)
    return Case(
        index=int(index),
        patient_number=int(patient_number),
        patient=make_patient(patient_number, seed),
        projection=projection,
        exposure=draw(rng, EXPOSURE),
        rotation=rotation,
        device=draw(rng, DEVICE_IF_POSITIVE if positive else DEVICE),
        tilt=rng.normal(0.0, 0.035 if projection == "AP" else 0.015),
        shift=(rng.normal(0.0, 0.03), rng.normal(0.0, 0.035)),
        zoom=rng.normal(1.0, 0.035),
        turn={"straight": 0.0, "left": 1.0, "right": -1.0}[rotation] * rng.uniform(0.06, 0.13),
        distractor=draw(rng, {"none": 0.76, "opacity": 0.08, "effusion": 0.06, "fold": 0.10}),
        side=int(rng.choice([-1, 1])),
        pneumothorax=make_pneumothorax(rng) if positive else None,
    )
