"""Principal components of the pool's pixels: the linear baseline between raw pixels and a network.

Pearson, "On lines and planes of closest fit to systems of points in space",
Philosophical Magazine 2:559-572 (1901); of faces Turk and Pentland, "Eigenfaces
for recognition", Journal of Cognitive Neuroscience 3:71-86 (1991).
"""

import hashlib

import cv2
import numpy as np
from sklearn.decomposition import PCA
from threadpoolctl import threadpool_limits

from coldstart.cohort.images import as_float
from coldstart.embedding.base import Embedding, provenance
from coldstart.embedding.resizing import resized
from coldstart.errors import InputError
from coldstart.progress import track

ROWS_AT_ONCE = 256
# Components with a smaller share of the largest variance hold nothing but rounding.
LEAST_VARIANCE = 1e-10


def encode(inputs, *, seed=0, device="cpu", size: int = 32, components: int = 64, whiten: bool = False):
    """Fit principal components to the pool's pixels and give the coordinates of all images.

    Parameters
    ----------
    inputs : EncoderInputs
        The images; only those of `pool` are fitted, all are embedded.
    seed : int, default=0
        Not used: the decomposition is exact.
    device : str, default="cpu"
        Not used.
    size : int, default=32
        Edge length to which the stored images are resized (area), in pixels.
        Of colour images every channel counts.
    components : int, default=64
        Length of the vectors, largest variance first; fewer where the pool has
        no more (one less than its images, at most the number of pixels).
    whiten : bool, default=False
        Whether every coordinate is brought to variance 1 over the pool, so that
        small components weigh as much as large ones.

    Returns
    -------
    Embedding
        Of each component the largest loading is positive.

    Raises
    ------
    InputError
        If the pool has fewer than two images, or `size` or `components` is below one.
    """
    rows = np.arange(len(inputs.sample_ids)) if inputs.pool is None else np.flatnonzero(inputs.pool)
    if len(rows) < 2:
        raise InputError(f"encoder 'pca' is fitted to the pool, which holds {len(rows)} images: give it at least 2.")
    for name, value in (("size", size), ("components", components)):
        if value < 1:
            raise InputError(f"encoder 'pca' has `{name}: {value}`: it must be at least 1.")
    images = resized(inputs.images, size, cv2.INTER_AREA)
    # The order of a parallel sum is not the same every time.
    with threadpool_limits(1):
        model = fit(flat(images[rows]), components, whiten)
        starts = track(range(0, len(images), ROWS_AT_ONCE), "projecting on principal components")
        vectors = np.concatenate([model.transform(flat(images[start : start + ROWS_AT_ONCE])) for start in starts])
    kept = max(1, int((model.explained_variance_ > LEAST_VARIANCE * model.explained_variance_[0]).sum()))
    return Embedding(
        vectors[:, :kept],
        provenance(
            "pca",
            {"size": size, "components": components, "whiten": whiten},
            {
                "trained_on": len(rows),
                "explained_variance": float(np.nan_to_num(model.explained_variance_ratio_[:kept]).sum()),
                "sha256": hashlib.sha256(model.components_[:kept].tobytes()).hexdigest(),
            },
            {"size": size, "interpolation": "area", "scale": "[0, 1]", "centred": "by the pool"},
            ("scikit-learn", "numpy", "opencv-python-headless"),
        ),
    )


def flat(images):
    """Turn stored images into rows of float64 in [0, 1]."""
    return as_float(images).reshape(len(images), -1).astype(np.float64)


def fit(pixels, components, whiten):
    """Fit exact principal components.

    Parameters
    ----------
    pixels : numpy.ndarray of float64, shape (n, p)
        Images of the pool, n at least 2.
    components, whiten
        As in `encode`.

    Returns
    -------
    sklearn.decomposition.PCA
        By the covariance of the pixels where there are more images than pixels,
        else by the singular values of the images: both are exact, unlike the
        randomised solver.
    """
    n, p = pixels.shape
    solver = "covariance_eigh" if n > p else "full"
    with np.errstate(invalid="ignore"):
        # A pool of one grey has no variance that components could explain a share of.
        return PCA(min(components, n - 1, p), whiten=whiten, svd_solver=solver).fit(pixels)
