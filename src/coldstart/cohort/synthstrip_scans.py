"""Scans of SynthStrip: where they lie, how they are cut, and the rows of a cohort that they give."""

from pathlib import Path

import nibabel as nib
import numpy as np

from coldstart.cohort.files import inside, read_header, read_mask
from coldstart.cohort.nifti import check_grid, foreground_shares, open_volume, slice_layout, voxel_size
from coldstart.errors import InputError

ENDINGS = (".nii.gz", ".nii", ".png")
# A sagittal slice is cut along the axis that runs from left to right, and so on.
PLANES = {"sagittal": "LR", "coronal": "AP", "axial": "IS"}


def find_scans(root, pattern):
    """Folders of scans in the order of their names, each with its image and its mask below the root.

    Raises
    ------
    InputError
        If there are none, a mask is missing, or a folder is not named as published.
    """
    found = []
    for folder in sorted(path for path in Path(root).glob(pattern) if path.is_dir()):
        place = folder.relative_to(root).as_posix()
        image, mask = (
            next((f"{place}/{name}{end}" for end in ENDINGS if (folder / f"{name}{end}").is_file()), None)
            for name in ("image", "mask")
        )
        if image is None:
            continue
        if mask is None:
            raise InputError(f"{folder} holds an image but no mask: complete it, or leave it out by dataset.scans.")
        if image.endswith(".png") != mask.endswith(".png"):
            raise InputError(f"{image} and {mask} below {root} are of two kinds: give both as NIfTI or both as PNG.")
        if folder.name.count("_") < 2:
            raise InputError(
                f"{folder} is not named SUBSET_MODALITY_SUBJECT (as in ixi_t1_016): rename it, or leave it out by"
                " dataset.scans."
            )
        found.append((folder.name, image, mask))
    if not found:
        raise InputError(
            f"no folder below {root} matches '{pattern}' and holds an image: correct dataset.root or dataset.scans."
        )
    return found


def picture_rows(root, scan, image, mask, dimensions):
    """The only slice of a scan in PNG."""
    path, mask_path = inside(root, image, "dataset.root"), inside(root, mask, f"mask of {image}")
    check_dimensions(path, True, dimensions)
    header, outline = read_header(path), read_header(mask_path)
    if (header.height, header.width) != (outline.height, outline.width):
        raise InputError(
            f"{mask_path} is {outline.height} x {outline.width} pixels, but its image is {header.height} x"
            f" {header.width}: give a mask of the same size."
        )
    layout = (header.height, header.width, np.nan, np.nan, np.nan)
    return [slice_row(scan, image, mask, layout, read_mask(mask_path, header).mean(), header.bits, header.colour)]


def volume_rows(root, scan, image, mask, dimensions, axis, middle, every):
    """Slices of a scan in NIfTI."""
    path, mask_path = inside(root, image, "dataset.root"), inside(root, mask, f"mask of {image}")
    head, brain = open_volume(path, flat=True), open_volume(mask_path, flat=True)
    along, single = cutting_axis(path, head, axis)
    check_dimensions(path, single, dimensions)
    check_grid(path, head, mask_path, brain)
    shares = foreground_shares(mask_path, brain, along)
    if single:
        return [slice_row(scan, image, mask, (*slice_layout(path, head, along), np.nan), shares[0])]
    layout = (*slice_layout(path, head, along), voxel_size(head)[along])
    numbers = range(0, len(shares), every)
    if middle:
        reached = np.flatnonzero(shares)
        numbers = [int(reached[0] + reached[-1] if reached.size else len(shares)) // 2]
    return [slice_row(scan, image, mask, layout, shares[n], cut=("xyz"[along], n)) for n in numbers]


def slice_row(scan, image, mask, layout, share, bits=16, colour=False, cut=None):
    """One row; `cut` is the axis of a volume, as a letter, and the number of the slice."""
    subset, modality, subject = scan.split("_", 2)
    height, width, spacing_y, spacing_x, spacing_z = layout
    return {
        "sample_id": scan if cut is None else f"{scan}/{cut[0]}{cut[1]:03d}",
        "image": image,
        "mask": mask,
        "label": int(share > 0),
        "patient_id": f"{subset}_{subject}",
        "height": height,
        "width": width,
        "bits": bits,
        "colour": colour,
        "spacing_y": spacing_y,
        "spacing_x": spacing_x,
        "scan": scan,
        "subset": subset,
        "modality": modality,
        "brain_fraction": share,
        "slice": 0 if cut is None else cut[1],
        "volume": scan,
        "spacing_z": spacing_z,
    }


def cutting_axis(path, image, axis):
    """Voxel axis that an image is cut along, and whether it is a single slice.

    Raises
    ------
    InputError
        If it has more than one axis of length 1, or an affine without directions.
    """
    thin = [i for i, length in enumerate((*image.shape, 1)[:3]) if length == 1]
    if len(thin) > 1:
        raise InputError(f"{path} has shape {image.shape}, which is neither a slice nor a volume: replace it.")
    if thin:
        return thin[0], True
    if axis not in PLANES:
        return axis, False
    codes = nib.aff2axcodes(image.affine)
    found = next((i for i, code in enumerate(codes) if code is not None and code in PLANES[axis]), None)
    if found is None:
        raise InputError(f"{path} has an affine without directions: mend its header, or set dataset.axis to 0, 1 or 2.")
    return found, False


def check_dimensions(path, single, dimensions):
    """Refuse a scan that is not of the release that was asked for."""
    if dimensions == 2 and not single:
        raise InputError(f"{path} is a volume, but dataset.dimensions is 2: set it to 3 or to auto.")
    if dimensions == 3 and single:
        raise InputError(f"{path} is a single slice, but dataset.dimensions is 3: set it to 2 or to auto.")
