"""Phantoms in the layout of ChestX-Det."""

import json
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from coldstart.cohort import phantom

FIRST_NUMBER = 36199
OTHERS = ("Effusion", "Nodule", "Fracture")
# Of the images without pneumothorax, every fifth shows other findings.
ONE_OTHER_IN = 5


def write_chestx_det(root, *, n_train=40, n_test=10, size=256, seed=0, prevalence=0.4):
    """Write phantoms in the layout of ChestX-Det.

    Parameters
    ----------
    root : str or pathlib.Path
        Folder that gets ``ChestX_Det_train.json``, ``ChestX_Det_test.json``,
        ``train_data/`` and ``test_data/``.
    n_train, n_test : int
        Records of each file.
    size : int, default=256
        Pixels per side; the published images have 1024.
    seed : int, default=0
        Seed of the phantoms.
    prevalence : float, default=0.4
        Share of images with pneumothorax; 189 of 3,578 in the published data.

    Returns
    -------
    dict
        Parameters of the data set kind ``chestx_det`` that read it.
    """
    root = Path(root)
    parameters = {"n": n_train + n_test, "seed": seed, "resolution": size, "prevalence": prevalence}
    pool = phantom.build(**parameters)
    drawn = zip(phantom.images(pool, **parameters), phantom.masks(pool, **parameters), strict=True)
    rng = np.random.default_rng(seed)
    records, healthy = [], 0
    for i, (image, mask) in enumerate(drawn):
        folder = root / ("train_data" if i < n_train else "test_data")
        folder.mkdir(parents=True, exist_ok=True)
        name = f"{FIRST_NUMBER + i:05d}.png"
        Image.fromarray(image).save(folder / name)
        outlines = [("Pneumothorax", points) for points in mask_outlines(mask)]
        healthy += not outlines
        # Most published pneumothoraces come with something else.
        if (outlines and i % 2) or (not outlines and healthy % ONE_OTHER_IN == 0):
            outlines.append((OTHERS[i % len(OTHERS)], box_outline(rng, size)))
        records.append(
            {
                "file_name": name,
                "syms": [finding for finding, _ in outlines],
                "boxes": [
                    [*np.min(points, axis=0).tolist(), *np.max(points, axis=0).tolist()] for _, points in outlines
                ],
                "polygons": [points for _, points in outlines],
            }
        )
    (root / "ChestX_Det_train.json").write_text(json.dumps(records[:n_train]), encoding="utf-8")
    (root / "ChestX_Det_test.json").write_text(json.dumps(records[n_train:]), encoding="utf-8")
    return {"root": str(root), "counts": "any"}


def mask_outlines(mask):
    """Outlines of a mask as lists of [x, y]; specks without three corners are left out."""
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    return [contour[:, 0].tolist() for contour in contours if len(contour) >= 3]


def box_outline(rng, size):
    """Corners of a random box inside an image."""
    left, top = (int(value) for value in rng.integers(0, size // 2, 2))
    right, bottom = left + size // 4, top + size // 4
    return [[left, top], [right, top], [right, bottom], [left, bottom]]
