"""A synthetic head at two times, with lesions of which some are new or have grown.

Everything is drawn by formula and claims nothing about medicine: shapes, shades,
numbers and sizes were chosen so that a small network learns them on a CPU. Axes
run to the left, to the back and to the head, as in many FLAIR volumes.
"""

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter

# Streams of random numbers: the second word of every seed.
PATIENT, NOISE, QUIET = range(3)
# Width, depth and height of the field in mm.
FIELD = (200.0, 220.0, 150.0)
# One patient in every so many has no change at all.
ONE_QUIET_IN = 4
# Shades of a FLAIR image, where fluid is dark and lesions are bright.
SCALP, SKULL, FLUID, GREY, WHITE, LESION = 0.75, 0.12, 0.15, 0.62, 0.50, 0.95
# Standard deviations: shift (mm) and turn (radians) left after registration, gain and offset of the second scan.
SHIFT, TURN, GAIN, OFFSET = 0.3, 0.004, 0.08, 0.03
GRAIN = 0.025


@dataclass(frozen=True)
class Lesion:
    """A ball in mm about `centre`; a radius of 0 is none."""

    centre: tuple[float, float, float]
    before: float
    after: float


@dataclass(frozen=True)
class Head:
    """One patient: brain (semi-axes in mm), folds, lesions, and what differs in the second scan."""

    index: int
    seed: int
    brain: tuple[float, float, float]
    ventricle: float
    folds: tuple[float, float, float]
    lesions: tuple[Lesion, ...]
    shift: tuple[float, float, float]
    turn: float
    gain: float
    offset: float


def quiet(index, seed):
    """Whether nothing changes in a patient: true for one in each four in a row."""
    return (
        int(np.random.default_rng([seed, QUIET, index // ONE_QUIET_IN]).integers(ONE_QUIET_IN)) == index % ONE_QUIET_IN
    )


def make_head(index, seed):
    """Draw one patient from its own generator.

    Parameters
    ----------
    index : int
        Number of the patient; the same whatever the number of patients is.
    seed : int
        Seed of the data set.

    Returns
    -------
    Head
    """
    rng = np.random.default_rng([seed, PATIENT, int(index)])
    brain = tuple(np.array([66.0, 82.0, 58.0]) * rng.uniform(0.94, 1.06, 3))
    lesions = [draw_lesion(rng, brain, kind) for kind in ["stable"] * int(rng.integers(2, 7))]
    changes = ["new"] * int(rng.integers(1, 5)) + ["grown"] * int(rng.integers(0, 3))
    if not quiet(index, seed):
        lesions += [draw_lesion(rng, brain, kind) for kind in changes]
    return Head(
        index=int(index),
        seed=int(seed),
        brain=brain,
        ventricle=rng.uniform(0.85, 1.25),
        folds=tuple(rng.uniform(0, 2 * np.pi, 3)),
        lesions=tuple(lesions),
        shift=tuple(rng.normal(0, SHIFT, 3)),
        turn=rng.normal(0, TURN),
        gain=rng.normal(1, GAIN),
        offset=rng.normal(0, OFFSET),
    )


def draw_lesion(rng, brain, kind):
    """Draw a lesion in the white matter beside the ventricles."""
    side, around = rng.choice([-1, 1]), rng.uniform(-0.9, 0.9)
    centre = side * brain[0] * rng.uniform(0.28, 0.62), brain[1] * 0.6 * around, brain[2] * rng.uniform(-0.25, 0.6)
    radius = float(np.clip(rng.lognormal(np.log(5.5), 0.35), 3, 12))
    before = {"stable": radius, "new": 0.0, "grown": radius}[kind]
    after = {"stable": radius, "new": radius, "grown": radius + rng.uniform(3, 5)}[kind]
    return Lesion(tuple(float(value) for value in centre), before, float(after))


def voxel_size(resolution, slices):
    """Distance from one voxel to the next along each axis, in mm."""
    return tuple(length / count for length, count in zip(FIELD, (resolution, resolution, slices), strict=True))


def grid(size, shape):
    """Coordinates of the voxels' centres in mm from the middle, three arrays that broadcast."""
    lines = [(np.arange(count) - (count - 1) / 2) * step for count, step in zip(shape, size, strict=True)]
    return np.meshgrid(*lines, indexing="ij", sparse=True)


def moved(head, points):
    """Where the second scan sees what lies at each point: turned in the plane and shifted a little."""
    x, y, z = points
    cos, sin = np.cos(head.turn), np.sin(head.turn)
    return cos * x - sin * y + head.shift[0], sin * x + cos * y + head.shift[1], z + head.shift[2]


def ellipsoid(points, axes):
    """Distance from the middle in units of an ellipsoid's surface: below 1 inside."""
    return np.sqrt(sum((line / axis) ** 2 for line, axis in zip(points, axes, strict=True)))


def brain_of(head, points):
    """The brain, (x, y, z) bool."""
    return ellipsoid(points, head.brain) < 1


def lesions_of(head, points, size, time):
    """Voxels that a lesion reaches into, at one of the two times.

    Parameters
    ----------
    head : Head
    points : sequence of numpy.ndarray
        As `grid` gives them.
    size : sequence of float
        Of a voxel, in mm. However thick the slices are, no lesion falls between two of them.
    time : {"before", "after"}

    Returns
    -------
    numpy.ndarray
        (x, y, z) bool.
    """
    found = np.zeros(np.broadcast_shapes(*(line.shape for line in points)), bool)
    for lesion in head.lesions:
        if radius := getattr(lesion, time):
            nearest = [
                np.maximum(np.abs(line - middle) - step / 2, 0)
                for line, middle, step in zip(points, lesion.centre, size, strict=True)
            ]
            found |= ellipsoid(nearest, (radius,) * 3) < 1
    return found & brain_of(head, points)


def anatomy(head, points):
    """Shades of a head without lesions, (x, y, z) float64."""
    x, y, z = points
    depth = ellipsoid(points, head.brain)
    outer = ellipsoid(points, [axis + 8 for axis in head.brain])
    scalp = ellipsoid(points, [axis + 16 for axis in head.brain])
    waves = [np.sin(line / 7 + phase) for line, phase in zip(points, head.folds, strict=True)]
    cortex = 0.86 + 0.06 * (waves[0] * waves[1] + waves[2])
    shade = np.where(depth < cortex, WHITE, GREY)
    shade = np.where((depth > 0.97) & (depth < 1), FLUID, shade)
    horn = ellipsoid((np.abs(x) - 9 * head.ventricle, y, z - 8), (6 * head.ventricle, 26, 12))
    shade = np.where(horn < 1, FLUID, shade)
    shade = np.where(depth >= 1, FLUID, shade)
    shade = np.where(outer >= 1, SKULL, shade)
    shade = np.where(ellipsoid(points, [axis + 11 for axis in head.brain]) >= 1, SCALP, shade)
    return np.where(scalp >= 1, 0.0, shade)


def scan(head, resolution, slices, time):
    """Draw one scan.

    Parameters
    ----------
    head : Head
    resolution, slices : int
        Voxels along the first two axes, and along the third.
    time : {"before", "after"}
        The second scan is shifted and turned a little, and of another gain and offset.

    Returns
    -------
    numpy.ndarray
        (resolution, resolution, slices) float64, without unit.
    """
    size, shape = voxel_size(resolution, slices), (resolution, resolution, slices)
    points, second = grid(size, shape), time == "after"
    seen = moved(head, points) if second else points
    shade = np.where(lesions_of(head, seen, size, time), LESION, anatomy(head, seen))
    # The blur of the scanner in the plane, then its uneven sensitivity and its grain.
    shade = gaussian_filter(shade, (0.4, 0.4, 0))
    x, y, z = points
    tilt = 0.06 * (x / FIELD[0] - y / FIELD[1]) if second else 0.06 * (y / FIELD[1] + z / FIELD[2])
    rng = np.random.default_rng([head.seed, NOISE, head.index, int(second)])
    shade = shade * (1 + tilt) + rng.normal(0, GRAIN, shape)
    return head.gain * shade + head.offset if second else shade


def change(head, resolution, slices):
    """Voxels of new lesions and of the rims of grown ones, exactly as the second scan shows them.

    Returns
    -------
    numpy.ndarray
        (resolution, resolution, slices) bool.
    """
    size = voxel_size(resolution, slices)
    points = moved(head, grid(size, (resolution, resolution, slices)))
    return lesions_of(head, points, size, "after") & ~lesions_of(head, points, size, "before")


def brain(head, resolution, slices):
    """The brain mask, (resolution, resolution, slices) bool, on the grid of the first scan."""
    return brain_of(head, grid(voxel_size(resolution, slices), (resolution, resolution, slices)))
