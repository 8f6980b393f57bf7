"""Shades of the phantom chest: dense is bright, air is dark."""

import math

import cv2
import numpy as np

from coldstart.cohort.phantom_anatomy import HILUM, geometry
from coldstart.cohort.phantom_case import TEXTURE
from coldstart.cohort.phantom_devices import FINER, add_devices


def edge(distance, width):
    """Soft step: 0 outside, 1 inside, over about `width`."""
    return 1 / (1 + np.exp(-np.clip(distance / (0.25 * width), -30, 30)))


def bump(distance, width):
    """Soft line of the given half-width."""
    return np.exp(-((distance / width) ** 2))


def soft_tissue(case, fields):
    """Body, neck, mediastinum, heart and abdomen; (density, heart) fields."""
    x, y, u = fields.x, fields.y, fields.u
    patient = case.patient
    chest = patient.lung_centre + patient.lung_width + 0.13 + patient.soft_tissue
    # The neck widens into the shoulders; below them the arms part from the chest.
    shoulder = 0.24 + 0.95 * edge(y + 0.80 - 0.12 * u, 0.25)
    apart = edge(y + 0.22 - 0.5 * (u - chest), 0.10)
    outline = chest + np.maximum(shoulder - chest, 0) * (1 - apart)
    flank = edge(np.minimum(outline, shoulder) - u, 0.06)
    density = flank * (0.58 + patient.soft_tissue - 0.10 * u**2)
    slant = case.turn * 0.6
    heart_x, heart_y = 0.11 + slant, patient.diaphragm - 0.20
    large = patient.heart * (1.15 if case.projection == "AP" else 1.0)
    tilted_x = 0.85 * (x - heart_x) + 0.53 * (y - heart_y)
    tilted_y = 0.85 * (y - heart_y) - 0.53 * (x - heart_x)
    heart = edge(1 - np.sqrt((tilted_x / (large * 1.30)) ** 2 + (tilted_y / large) ** 2), 0.25)
    middle = edge(0.115 + 0.05 * np.maximum(y + 0.2, 0) - np.abs(x - slant * 0.5), 0.06)
    knob = bump(np.hypot(x - 0.12 - slant, y + 0.30), 0.10)
    windpipe = bump(x - slant * 0.7, 0.045) * edge(-0.14 - y, 0.10)
    density += 0.12 * middle * (1 - 0.7 * heart) + 0.08 * knob * (1 - heart) - 0.12 * windpipe
    below = edge(-fields.dome, 0.03) * flank
    density += below * (1 - heart) * (0.135 - 0.025 * fields.side)
    stomach = bump(np.hypot((x - 0.42) / 1.4, y - patient.diaphragm - 0.10), 0.11)
    return density - 0.20 * stomach * below, heart


def bones(case, fields):
    """Ribs (behind and in front), collar bones, spine and shoulder blades."""
    x, y, u = fields.x, fields.y, fields.u
    patient = case.patient
    reach = patient.lung_centre + patient.lung_width + 0.04
    cage = edge(reach - u, 0.06) * edge(y - patient.lung_top + 0.04, 0.10) * edge(patient.diaphragm + 0.22 - y, 0.2)
    behind = (y + 0.10 * u - 0.55 * np.maximum(u - 0.12, 0) ** 2) / patient.rib_gap + patient.rib_phase
    wave = np.cos(2 * np.pi * behind)
    ribs = edge(wave - 0.15, 0.6) + 0.5 * bump(wave - 0.15, 0.30)
    front = (y - 0.55 * (reach - u) - 0.35 * u * u) / (patient.rib_gap * 1.15) + patient.rib_phase
    ahead = edge(np.cos(2 * np.pi * front) - 0.35, 0.6) * edge(u - 0.33, 0.10)
    density = cage * edge(u - 0.08, 0.05) * patient.rib_contrast * (0.060 * ribs + 0.038 * ahead)
    density += 0.07 * patient.rib_contrast * bump(u - reach + 0.005, 0.028) * cage
    collar = -0.60 - 0.13 * u + 0.05 * np.sin(5 * u) + 0.10 * case.turn * fields.side
    density += 0.11 * bump(y - collar, 0.036) * edge(u - 0.09, 0.04) * edge(0.80 - u, 0.08)
    bodies = 0.75 + 0.25 * np.cos(2 * np.pi * y / (patient.rib_gap * 0.95))
    density += 0.055 * bump(x - 0.3 * case.turn, 0.085) * bodies
    # In the AP projection the shoulder blades lie over the lungs.
    blade = 0.08 if case.projection == "PA" else -0.10
    density += 0.06 * edge(u - reach - blade + 0.25 * (y + 0.3), 0.03) * edge(0.05 - y, 0.3) * edge(y + 0.68, 0.1)
    return density


def vessel_canvas(patient, resolution):
    """Vessels of both expanded lungs, branching from the hilum.

    Returns
    -------
    numpy.ndarray
        (FINER * resolution, FINER * resolution) float32 in [0, 1].
    """
    rng = np.random.default_rng(patient.vessels)
    size = FINER * resolution
    canvas = np.zeros((size, size), np.uint8)
    for side in (-1, 1):
        for angle in np.linspace(-1.45, 1.35, 9) + rng.normal(0, 0.08, 9):
            start = (side * HILUM[0], HILUM[1] + 0.11 * math.sin(angle) + rng.normal(0, 0.03))
            grow(canvas, rng, start, angle, side, length=rng.uniform(0.20, 0.28), order=0)
    return cv2.GaussianBlur(canvas, (0, 0), 0.006 * size).astype(np.float32) / 255


def grow(canvas, rng, start, angle, side, length, order):
    """Draw one vessel and, from its end, two thinner ones."""
    size = canvas.shape[0]
    bend = angle + rng.normal(0, 0.18)
    half = 0.5 * length
    middle = (start[0] + half * side * math.cos(angle), start[1] + half * math.sin(angle))
    end = (middle[0] + half * side * math.cos(bend), middle[1] + half * math.sin(bend))
    # OpenCV takes sixteenths of a pixel.
    points = np.array([[int((value + 1) * size * 8) for value in point] for point in (start, middle, end)], np.int32)
    shade, width = ((150, 0.022), (105, 0.014), (75, 0.010), (55, 0.007))[order]
    thick = max(1, round(width * size / 2))
    cv2.polylines(canvas, [points], False, shade, thick, cv2.LINE_AA, 4)
    if order < 3:
        for turn in (-1, 1):
            branch = bend + turn * rng.uniform(0.18, 0.45)
            grow(canvas, rng, end, branch, side, length * rng.uniform(0.62, 0.85), order + 1)


def lungs(case, fields, resolution):
    """Density that the lungs take away, and the vessels and the pleural line in them."""
    inside = edge(fields.lung, 0.030)
    cavity = edge(fields.cavity, 0.030)
    size = FINER * resolution
    to_canvas = (np.float32(size / 2), np.float32(size / 2 - 0.5))
    marks = cv2.remap(
        vessel_canvas(case.patient, resolution),
        (fields.lung_x * to_canvas[0] + to_canvas[1]).astype(np.float32),
        (fields.lung_y * to_canvas[0] + to_canvas[1]).astype(np.float32),
        cv2.INTER_LINEAR,
    )
    haze = 0.10 * bump(np.hypot(fields.u - HILUM[0], (fields.y - HILUM[1]) / 1.5), 0.11)
    lucent = 0.33 - 0.14 * np.maximum(-fields.y - 0.2, 0) + 0.03 * fields.u
    density = -cavity * lucent + inside * (0.30 * marks + haze)
    air = case.pneumothorax
    if air is not None:
        here = fields.side == air.side
        rim = cavity * (1 - inside) * here
        # A collapsed lung holds less air; the rim holds no vessels and nothing but air.
        density += here * inside * (0.03 + 0.22 * air.lateral) - air.lucency * rim
        width = max(0.011, 1.5 / resolution)
        density += air.line * bump(fields.lung, width) * here * edge(fields.cavity - 0.015, 0.03)
    return density


def distractors(case, fields):
    """Findings that are no pneumothorax: an opacity, an effusion, a fold of skin."""
    here = (fields.side == case.side) * edge(fields.cavity, 0.03)
    rng = np.random.default_rng([case.index, case.patient.vessels])
    if case.distractor == "opacity":
        away = np.hypot((fields.u - rng.uniform(0.3, 0.5)) / 1.2, fields.y - rng.uniform(-0.3, 0.35))
        return here * 0.20 * edge(rng.uniform(0.12, 0.22) - away, 0.16)
    if case.distractor == "effusion":
        level = rng.uniform(0.10, 0.28) + 0.5 * np.maximum(fields.u - 0.4, 0)
        return here * 0.30 * edge(level - fields.dome, 0.08)
    if case.distractor == "fold":
        # One-sided edge without loss of vessels beyond it.
        run = fields.u - rng.uniform(0.42, 0.6) - rng.uniform(-0.25, 0.25) * fields.y
        return here * rng.uniform(0.05, 0.09) * edge(-run, 0.02) * np.exp(np.minimum(run, 0) * 9)
    return 0.0


def smooth_noise(rng, cells, resolution):
    """Slowly varying noise of unit spread."""
    coarse = rng.standard_normal((cells, cells)).astype(np.float32)
    return cv2.resize(coarse, (resolution, resolution), interpolation=cv2.INTER_CUBIC)


def render(case, resolution, seed):
    """Draw one phantom.

    Parameters
    ----------
    case : coldstart.cohort.phantom_case.Case
        What to show.
    resolution : int
        Pixels per side.
    seed : int
        Seed of the data set; the noise has its own generator.

    Returns
    -------
    numpy.ndarray
        (resolution, resolution) uint8.
    """
    rng = np.random.default_rng([seed, TEXTURE, case.index])
    fields = geometry(case, resolution)
    body, heart = soft_tissue(case, fields)
    chest = lungs(case, fields, resolution) + distractors(case, fields)
    # The heart lies over the lung: little of the lung's darkness is left there.
    density = body + chest * (1 - 0.85 * heart) + 0.08 * heart + bones(case, fields)
    density += 0.016 * smooth_noise(rng, 5, resolution) + 0.010 * smooth_noise(rng, 24, resolution)
    if case.projection == "AP":
        # Portable films are flatter and brighter at the bases.
        density = 0.10 + 0.84 * density + 0.05 * fields.y
    density = add_devices(case, density.astype(np.float32), rng)
    bright, contrast, grain = {
        "normal": (0.0, 1.0, 0.014),
        "under": (0.13, 0.82, 0.026),
        "over": (-0.13, 1.08, 0.012),
    }[case.exposure]
    bright += rng.normal(0, 0.025)
    shade = 0.5 + (density - 0.5) * contrast * rng.normal(1.12, 0.05) + bright
    shade += grain * rng.standard_normal(shade.shape, dtype=np.float32)
    return np.clip(np.rint(shade * 255), 0, 255).astype(np.uint8)
