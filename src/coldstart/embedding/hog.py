"""Histograms of oriented gradients: a description of shape that is not learned.

Dalal and Triggs, "Histograms of oriented gradients for human detection", CVPR
2005. This is scikit-image's form of it: a pixel votes for its own cell and
orientation alone, and pixels of a block weigh alike, where section 6 of the paper
interpolates votes and weights them by a Gaussian.
"""

import cv2
import numpy as np
from skimage.feature import hog

from coldstart.cohort.images import as_float
from coldstart.embedding.base import Embedding, provenance
from coldstart.embedding.resizing import resized
from coldstart.errors import InputError
from coldstart.progress import track


def encode(
    inputs, *, seed=0, device="cpu", size: int = 64, orientations: int = 9, cell: int = 8, cells_per_block: int = 2
):
    """Describe every image by how strong its edges of each direction are, cell by cell.

    Parameters
    ----------
    inputs : EncoderInputs
        The images.
    seed : int, default=0
        Not used.
    device : str, default="cpu"
        Not used.
    size : int, default=64
        Edge length to which the stored images are resized (area), in pixels.
    orientations : int, default=9
        Directions between 0 and 180 degrees; light to dark counts as dark to light.
    cell : int, default=8
        Edge length of a cell in pixels; what is left over at the right and
        below is not seen.
    cells_per_block : int, default=2
        Edge length in cells of the blocks in which contrast is normalised
        (L2-Hys); they overlap by all but one cell.

    Returns
    -------
    Embedding
        Vectors of length ``(c - cells_per_block + 1)² · cells_per_block² · orientations``
        for ``c = size // cell``: 1764 by default. Of colour images the channel
        with the strongest gradient counts at every pixel.

    Raises
    ------
    InputError
        If a parameter is below one, or a block does not fit into the image.
    """
    parameters = {"size": size, "orientations": orientations, "cell": cell, "cells_per_block": cells_per_block}
    for name, value in parameters.items():
        if value < 1:
            raise InputError(f"encoder 'hog' has `{name}: {value}`: it must be at least 1.")
    if size < cell * cells_per_block:
        raise InputError(
            f"encoder 'hog' finds no room for a block of {cells_per_block} x {cells_per_block} cells of {cell} pixels "
            f"in images of {size} pixels: raise `size`, or lower `cell` or `cells_per_block`."
        )
    vectors = [
        hog(
            as_float(resized(image[None], size, cv2.INTER_AREA)[0]),
            orientations=orientations,
            pixels_per_cell=(cell, cell),
            cells_per_block=(cells_per_block, cells_per_block),
            block_norm="L2-Hys",
            channel_axis=-1 if image.ndim == 3 else None,
        ).astype(np.float32)
        for image in track(inputs.images, "histograms of oriented gradients")
    ]
    return Embedding(
        np.array(vectors),
        provenance(
            "hog",
            parameters,
            {},
            {"size": size, "interpolation": "area", "scale": "[0, 1]", "block_norm": "L2-Hys"},
            ("scikit-image", "numpy", "opencv-python-headless"),
        ),
    )
