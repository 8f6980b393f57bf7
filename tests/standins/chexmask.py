"""Phantoms in the layout of CheXmask."""

import csv
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from standins.xray import xrays

# Every so many masks are poor, as by the published threshold of 0.7.
ONE_POOR_IN = 8
LANDMARKS = 120


def write_chexmask(root, *, n=40, size=128, seed=0, image_size=None, id_column="Image Index"):
    """Write phantoms in the layout of CheXmask over ChestX-ray8.

    Parameters
    ----------
    root : str or pathlib.Path
        Folder that gets ``OriginalResolution/ChestX-Ray8.csv`` and ``images/``.
    n : int, default=40
        Images. Of every eight, the mask of one has a Dice RCA (Mean) below 0.7.
    size : int, default=128
        Pixels per side of the masks; the published ones of this source have 1024.
    seed : int, default=0
        Seed of the phantoms.
    image_size : int, optional
        Pixels per side of the images, where they are to be resized.
    id_column : str, default="Image Index"
        Name of the column of Image IDs.

    Returns
    -------
    dict
        Parameters of the data set kind ``chexmask`` that read it.
    """
    root = Path(root)
    table = "OriginalResolution/ChestX-Ray8.csv"
    (root / table).parent.mkdir(parents=True)
    (root / "images").mkdir()
    rng = np.random.default_rng(seed)
    visits = {}
    with open(root / table, "w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        organs = ["Left Lung", "Right Lung", "Heart"]
        writer.writerow([id_column, "Dice RCA (Mean)", "Dice RCA (Max)", "Landmarks", *organs, "Height", "Width"])
        for i, (row, image, masks) in enumerate(xrays(n, size, seed, 0.24)):
            patient = int(row.patient_id.removeprefix("patient-"))
            visits[patient] = visits.get(patient, -1) + 1
            name = f"{patient:08d}_{visits[patient]:03d}.png"
            if image_size is not None:
                image = cv2.resize(image, (image_size, image_size), interpolation=cv2.INTER_AREA)
            Image.fromarray(image).save(root / "images" / name)
            mean = rng.uniform(0.4, 0.69) if i % ONE_POOR_IN == ONE_POOR_IN - 1 else rng.uniform(0.72, 0.95)
            # As NumPy prints them, over many lines.
            landmarks = str(rng.integers(0, size, (LANDMARKS, 2)))
            runs = [mask_runs(masks[organ]) for organ in organs]
            writer.writerow([name, f"{mean:.4f}", f"{mean + 0.03:.4f}", landmarks, *runs, size, size])
    return {"root": str(root), "table": table, "patient_pattern": r"(\d+)_\d+\."}


def mask_runs(mask):
    """Text of the runs of a mask, pixel by pixel: start from 1, row by row, and length."""
    runs, before = [], False
    for position, inside in enumerate(np.asarray(mask, bool).ravel().tolist(), 1):
        if inside and not before:
            runs.append([position, 0])
        if inside:
            runs[-1][1] += 1
        before = inside
    return " ".join(f"{start} {length}" for start, length in runs)
