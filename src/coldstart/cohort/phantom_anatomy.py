"""Geometry of the phantom chest: where the lungs, the heart and the air are.

Coordinates are in units of half the image, x to the right and y downwards, the
origin in the middle. As on a film, the patient's left is on the right.
"""

from dataclasses import dataclass

import numpy as np

HILUM = (0.17, -0.02)


@dataclass(frozen=True)
class Geometry:
    """Fields over the image, each (resolution, resolution) float32.

    Attributes
    ----------
    x, y : numpy.ndarray
        Anatomical coordinates of every pixel.
    side : numpy.ndarray
        -1 or 1: which half of the chest.
    u : numpy.ndarray
        Distance from the midline.
    cavity : numpy.ndarray
        Roughly the distance to the wall of the pleural cavity, positive inside.
    dome : numpy.ndarray
        Height above the diaphragm, positive above it.
    lung : numpy.ndarray
        Roughly the distance to the surface of the lung, positive inside; equal
        to `cavity` where the lung is expanded.
    lung_x, lung_y : numpy.ndarray
        Where each pixel of the lung would lie if the lung were expanded.
    """

    x: np.ndarray
    y: np.ndarray
    side: np.ndarray
    u: np.ndarray
    cavity: np.ndarray
    dome: np.ndarray
    lung: np.ndarray
    lung_x: np.ndarray
    lung_y: np.ndarray


def grid(resolution):
    """Coordinates of the pixel centres of an image, x and y, each in (-1, 1)."""
    line = ((np.arange(resolution, dtype=np.float32) + 0.5) / resolution * 2 - 1).astype(np.float32)
    return np.meshgrid(line, line)


def pose(case, x, y):
    """Anatomical coordinates of image points: shift, tilt and zoom undone."""
    magnified = case.zoom * (1.06 if case.projection == "AP" else 1.0)
    dx, dy = (x - case.shift[0]) / magnified, (y - case.shift[1]) / magnified
    cos, sin = np.float32(np.cos(case.tilt)), np.float32(np.sin(case.tilt))
    return cos * dx + sin * dy, cos * dy - sin * dx


def wall_distance(patient, u, y):
    """Roughly the distance to ribs and mediastinum, positive inside the cavity."""
    medial = patient.lung_centre - 0.09
    across = np.where(u > patient.lung_centre, np.float32(patient.lung_width), np.float32(medial))
    waist = 0.30
    up = np.maximum(waist - y, 0) / (waist - patient.lung_top)
    # Below the waist the outer wall leans inwards a little.
    down = 0.10 * np.maximum(y - waist, 0)
    radius = ((np.abs(u - patient.lung_centre) / across + down) ** 2.6 + up**2.6) ** (1 / 2.6)
    return (1 - radius) * patient.lung_width


def diaphragm_distance(case, u, side, y):
    """Height above the diaphragm; the dome on the left of the image is the higher one."""
    patient = case.patient
    lift = 0.04 if case.projection == "AP" else 0.0
    level = patient.diaphragm - lift - 0.0175 * (1 - side)
    arch = 1 - ((u - patient.lung_centre * 0.85) / (patient.lung_width * 1.15)) ** 2
    return level - patient.dome * np.maximum(arch, -0.3) - y + 0.06


def geometry(case, resolution):
    """Lay out one case.

    Parameters
    ----------
    case : coldstart.cohort.phantom_case.Case
        What to show.
    resolution : int
        Pixels per side.

    Returns
    -------
    Geometry
        The fields.
    """
    x, y = pose(case, *grid(resolution))
    # A turned patient shows one lung narrower and the other wider.
    x = x - case.turn * 0.35 * (1 - x * x)
    side = np.where(x < 0, np.float32(-1), np.float32(1))
    u = np.abs(x)
    wall = wall_distance(case.patient, u, y)
    dome = diaphragm_distance(case, u, side, y)
    cavity = np.minimum(wall, dome)
    lung, lung_u, lung_y = cavity, u, y
    if case.pneumothorax is not None:
        lung_u, lung_y = expanded(case, side, u, y)
        shrunk = wall_distance(case.patient, lung_u, lung_y) * (1 - case.pneumothorax.lateral)
        lung = np.where(side == case.pneumothorax.side, np.minimum(shrunk, dome), cavity)
    return Geometry(x, y, side, u, cavity, dome, lung, side * lung_u, lung_y)


def expanded(case, side, u, y):
    """Undo the collapse: a lung shrinks towards its hilum, least at its base."""
    air = case.pneumothorax
    root_u, root_y = HILUM
    depth = np.clip((y - root_y) / (case.patient.diaphragm - root_y), 0, 1)
    kept = 1 - air.lateral * (1 - air.taper * depth)
    lung_u = np.where(u > root_u, root_u + (u - root_u) / kept, u)
    lung_y = np.where(y < root_y, root_y + (y - root_y) / (1 - air.apical), y)
    affected = side == air.side
    return np.where(affected, lung_u, u), np.where(affected, lung_y, y)


def air_mask(case, fields):
    """Pixels of the pneumothorax: in the cavity, outside the lung.

    Returns
    -------
    numpy.ndarray
        (resolution, resolution) uint8, 0 or 1.
    """
    if case.pneumothorax is None:
        return np.zeros(fields.x.shape, np.uint8)
    return ((fields.cavity > 0) & (fields.lung <= 0)).astype(np.uint8)
