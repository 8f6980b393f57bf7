"""The image itself as its embedding: the naive baseline of Yuan & Hong (arXiv 2402.02561)."""

import numpy as np

from coldstart.cohort.images import as_float
from coldstart.embedding.base import Embedding, provenance
from coldstart.embedding.resizing import resized
from coldstart.progress import track

ROWS_AT_ONCE = 64


def encode(inputs, *, seed=0, device="cpu", size: int | None = None):
    """Flatten the first channel of every image.

    Parameters
    ----------
    inputs : EncoderInputs
        The images.
    seed : int, default=0
        Not used.
    device : str, default="cpu"
        Not used.
    size : int, optional
        Edge length to which the stored images are resized (bilinear), in
        pixels; by default the stored size. The paper uses 224.

    Returns
    -------
    Embedding
        Vectors of length ``size * size`` with values in [0, 1], row by row.
    """
    images = inputs.images
    size = images.shape[1] if size is None else size
    vectors = np.empty((len(images), size * size), dtype=np.float32)
    for start in track(range(0, len(images), ROWS_AT_ONCE), "flattening images"):
        batch = images[start : start + ROWS_AT_ONCE]
        first = batch if batch.ndim == 3 else batch[..., 0]
        vectors[start : start + len(first)] = as_float(resized(first, size)).reshape(len(first), -1)
    return Embedding(
        vectors,
        provenance(
            "pixels",
            {"size": size},
            {},
            {"size": size, "interpolation": "bilinear", "scale": "[0, 1]", "channel": 0},
            ("numpy", "opencv-python-headless"),
        ),
    )
