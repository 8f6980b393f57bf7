"""Heads of ellipsoids in the layout of SynthStrip."""

from pathlib import Path

import nibabel as nib
import numpy as np

# Shades of air, scalp, skull, fluid and brain per kind of scan.
SHADES = {
    "t1": (0, 700, 80, 150, 500),
    "t2": (0, 250, 60, 900, 400),
    "pd": (0, 500, 90, 650, 600),
    "flair": (0, 300, 70, 100, 450),
}
# As stored: voxel axes to the right, to the front and up, and so on.
ORIENTATIONS = {"ixi": "PSR", "fsm": "LIA", "asl": "RAS"}
FIELD_MM = 220.0


def write_synthstrip(root, *, subjects=6, modalities=("t1", "t2"), dimensions=2, size=64, seed=0, mask_only=1):
    """Write heads in the layout of a release of SynthStrip.

    Parameters
    ----------
    root : str or pathlib.Path
        Folder that gets one folder per scan, ``ixi_t1_000`` and so on.
    subjects : int, default=6
        Heads; their subsets take turns.
    modalities : sequence of str, default=("t1", "t2")
        Scans of every head, out of `SHADES`.
    dimensions : {2, 3}, default=2
        One sagittal slice per scan, or volumes, which each subset stores in an
        orientation of its own.
    size : int, default=64
        Voxels per side of a slice; volumes are half as fine from left to right.
    seed : int, default=0
        Seed of the heads and their noise.
    mask_only : int, default=1
        Further folders with a mask and no image, as those of the subset CIM.

    Returns
    -------
    dict
        Parameters of the data set kind ``synthstrip`` that read it.
    """
    rng = np.random.default_rng(seed)
    for subject in range(subjects):
        subset = list(ORIENTATIONS)[subject % len(ORIENTATIONS)]
        layers, affine = draw_head(rng, size)
        for modality in modalities:
            shade = np.array(SHADES[modality], float)[layers]
            noisy = np.clip(shade * rng.uniform(0.9, 1.1) + rng.normal(0, 20, shade.shape), 0, None)
            folder = Path(root, f"{subset}_{modality}_{subject:03d}")
            save(folder / "image.nii.gz", noisy.astype(np.int16), affine, subset, dimensions)
            save(folder / "mask.nii.gz", (layers == 4).astype(np.uint8), affine, subset, dimensions)
    for subject in range(mask_only):
        layers, affine = draw_head(rng, size)
        save(
            Path(root, f"cim_pet_{subject:03d}", "mask.nii.gz"),
            (layers == 4).astype(np.uint8),
            affine,
            "asl",
            dimensions,
        )
    return {"root": str(root), "dimensions": dimensions}


def draw_head(rng, size):
    """Layers 0 (air) to 4 (brain), voxel axes to the right, to the front and up, and the affine."""
    shape = np.array([size // 2, size, size])
    spacing = FIELD_MM / shape
    place = [(np.arange(n) - (n - 1) / 2) * step for n, step in zip(shape, spacing, strict=True)]
    right, front, up = np.meshgrid(*place, indexing="ij")
    width, length, height = rng.normal([76, 94, 84], 4)
    # The face and the neck: what tells the front and the feet.
    nose = (right / 12) ** 2 + ((front - length) / 18) ** 2 + ((up + 25) / 22) ** 2 < 1
    neck = ((right / 50) ** 2 + ((front + 10) / 50) ** 2 < 1) & (up < -40)
    layers = (nose | neck).astype(np.intp)
    for layer, margin in ((1, 0), (2, 7), (3, 12), (4, 16)):
        radius = (right / (width - margin)) ** 2 + (front / (length - margin)) ** 2 + (up / (height - margin)) ** 2
        layers[radius < 1] = layer
    affine = np.diag([*spacing, 1.0])
    affine[:3, 3] = [line[0] for line in place]
    return layers, affine


def save(path, array, affine, subset, dimensions):
    """Write a volume in the orientation of its subset, or its middle slice with axes to the feet and to the front."""
    path.parent.mkdir(parents=True, exist_ok=True)
    image = nib.Nifti1Image(array, affine)
    codes = ORIENTATIONS[subset] if dimensions == 3 else "IAR"
    start, end = (nib.orientations.axcodes2ornt(tuple(text)) for text in ("RAS", codes))
    image = image.as_reoriented(nib.orientations.ornt_transform(start, end))
    if dimensions == 2:
        middle = image.shape[2] // 2
        image = image.slicer[:, :, middle : middle + 1]
    nib.save(image, path)
