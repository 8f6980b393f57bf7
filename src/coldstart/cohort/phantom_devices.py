"""Things that lie on or in the phantom chest: leads, tubes, a pacemaker."""

import cv2
import numpy as np

# Thin things are drawn finer than the image, so that they stay thin in it.
FINER = 2


def add_devices(case, density, rng):
    """Draw the device of a case over its density.

    Parameters
    ----------
    case : coldstart.cohort.phantom_case.Case
        `device` and, for a drain, `pneumothorax` are used.
    density : numpy.ndarray
        (resolution, resolution) float32.
    rng : numpy.random.Generator
        Places the device.

    Returns
    -------
    numpy.ndarray
        Density with the device on it.
    """
    if case.device == "none":
        return density
    size = FINER * density.shape[0]
    canvas = np.zeros((size, size), np.uint8)
    {"leads": leads, "tube": tube, "pacemaker": pacemaker}[case.device](canvas, case, rng)
    drawn = cv2.resize(canvas, density.shape[::-1], interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    return density + drawn


def curve(canvas, points, shade, width):
    """Draw a smooth line through points (k, 2) in units of half the image."""
    points = np.asarray(points, float)
    at = np.linspace(0, len(points) - 1, 24)
    order = min(3, len(points) - 1)
    fitted = [np.polyval(np.polyfit(np.arange(len(points)), column, order), at) for column in points.T]
    pixels = (np.stack(fitted, axis=1) + 1) / 2 * canvas.shape[0] * 16
    thick = max(1, round(width * canvas.shape[0] / 2))
    cv2.polylines(canvas, [pixels.astype(np.int32).reshape(-1, 1, 2)], False, shade, thick, cv2.LINE_AA, 4)


def disc(canvas, centre, radius, shade):
    """Draw a filled disc."""
    pixel = tuple(int((value + 1) / 2 * canvas.shape[0]) for value in centre)
    cv2.circle(canvas, pixel, max(1, round(radius * canvas.shape[0] / 2)), shade, -1, cv2.LINE_AA)


def leads(canvas, case, rng):
    """Electrodes on the skin with their wires, which leave below."""
    for x, y in ((-0.62, -0.52), (0.60, -0.50), (-0.58, 0.42), (0.62, 0.38))[: rng.integers(3, 5)]:
        x, y = x + rng.normal(0, 0.05), y + rng.normal(0, 0.06)
        away = np.sign(x) * rng.uniform(0.10, 0.35)
        path = [(x, y), (x - 0.5 * away, y + 0.25), (x - away, y + 0.6), (x - 0.4 * away, 1.05)]
        curve(canvas, path, 45, 0.010)
        disc(canvas, (x, y), 0.035, 95)


def tube(canvas, case, rng):
    """A tube in the windpipe, or a chest drain where there is air (now and then without)."""
    drain = rng.random() < (0.75 if case.pneumothorax is not None else 0.35)
    if not drain:
        x = 0.02 + case.turn * 0.4
        path = [(x + rng.normal(0, 0.03), -1.05), (x, -0.6), (x + rng.normal(0, 0.01), -0.28)]
        for beside in (-0.018, 0.018):
            curve(canvas, [(px + beside, py) for px, py in path], 60, 0.009)
        return
    side = case.pneumothorax.side if case.pneumothorax is not None else case.side
    entry, tip = rng.uniform(0.15, 0.45), rng.uniform(-0.60, -0.35)
    path = [(side * 1.02, entry + 0.1), (side * 0.72, entry), (side * 0.52, 0.5 * (entry + tip)), (side * 0.40, tip)]
    for beside in (-0.014, 0.014):
        curve(canvas, [(px + beside, py) for px, py in path], 70, 0.009)


def pacemaker(canvas, case, rng):
    """A box below the collar bone with a lead to the heart."""
    x, y = 0.58 + rng.normal(0, 0.03), -0.42 + rng.normal(0, 0.03)
    size = canvas.shape[0]
    box = cv2.boxPoints((((x + 1) / 2 * size, (y + 1) / 2 * size), (0.11 * size, 0.085 * size), 20.0))
    cv2.fillPoly(canvas, [box.astype(np.int32)], 110, cv2.LINE_AA)
    curve(canvas, [(x, y - 0.05), (0.25, -0.50), (0.02, -0.10), (0.12, 0.30)], 85, 0.012)
