"""Phantoms in the layout of the Montgomery County set."""

from pathlib import Path

import numpy as np
from PIL import Image

from standins.xray import xrays

# Published are 4892 x 4020 pixels or, for fewer images, 4020 x 4892; the chest is upright in both.
LONG_TO_SHORT = 4892 / 4020


def write_montgomery(root, *, n=24, size=96, seed=0, prevalence=0.42):
    """Write phantoms in the layout of the Montgomery County set.

    Parameters
    ----------
    root : str or pathlib.Path
        Folder that gets ``CXR_png``, ``ManualMask/leftMask``, ``ManualMask/rightMask``
        and ``ClinicalReadings``.
    n : int, default=24
        Images; the published set has 138. Those of the phantom's patient before
        say so in their reading.
    size : int, default=96
        Pixels of the shorter side; every third image is wider than high.
    seed : int, default=0
        Seed of the phantoms.
    prevalence : float, default=0.42
        Share of images with a finding: the phantom's pneumothorax stands for
        tuberculosis.

    Returns
    -------
    dict
        Parameters of the data set kind ``montgomery`` that read it.
    """
    root = Path(root)
    folders = ("CXR_png", "ManualMask/leftMask", "ManualMask/rightMask", "ClinicalReadings")
    for folder in folders:
        (root / folder).mkdir(parents=True)
    rng = np.random.default_rng(seed)
    first = {}
    for i, (row, image, masks) in enumerate(xrays(n, size, seed, prevalence), 1):
        name = f"MCUCXR_{i:04d}_{row.label}"
        # The published folders go by the side of the image: the patient's right lung lies on the left.
        planes = (image, masks["Right Lung"].astype(np.uint8) * 255, masks["Left Lung"].astype(np.uint8) * 255)
        for folder, plane in zip(folders, planes, strict=False):
            written = Image.fromarray(on_canvas(plane, wide=i % 3 == 0))
            (written if folder == "CXR_png" else written.convert("1")).save(root / folder / f"{name}.png")
        earlier = first.setdefault(row.patient_id, name)
        finding = "finding" if row.label else "normal"
        finding += f" (same pt as {earlier})" if earlier != name else ""
        age = int(rng.integers(4, 90))
        text = f"Patient's Sex: {'FM'[i % 2]} \nPatient's Age: {age:03d}Y\n{finding}\n"
        (root / folders[3] / f"{name}.txt").write_text(text, encoding="utf-8")
    return {"root": str(root), "counts": "any", "spacing": 350 / size}


def on_canvas(plane, wide):
    """Centre a square in the shape of a published image."""
    size = len(plane)
    extra = round(size * LONG_TO_SHORT) - size
    around = (extra // 2, extra - extra // 2)
    return np.pad(plane, ((0, 0), around) if wide else (around, (0, 0)))
