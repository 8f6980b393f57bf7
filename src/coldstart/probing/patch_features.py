"""Features of the patches of an image that nobody has to learn."""

import numpy as np

from coldstart.cohort.images import as_float
from coldstart.progress import track
from coldstart.storage import replacing

# Widths in pixels between which the image is smoothed, each the double of the one before.
NARROWEST, WIDEST = 1, 16


def describe(image, patch):
    """Describe every patch of an image.

    Intensity, strength of the edges and the two eigenvalues of the Hessian of
    each channel, at every scale (scikit-image's ``multiscale_basic_features``,
    the features of ilastik and of Weka's trainable segmentation: Berg et al.,
    Nature Methods 16:1226, 2019), averaged over the patch; and where in the image
    it lies: height, width, their squares and their product, from -1 to 1.

    Parameters
    ----------
    image : numpy.ndarray of shape (size, size) or (size, size, C)
        Stored pixels, uint8 or uint16.
    patch : int
        Pixels per side of a patch, a divisor of the size.

    Returns
    -------
    numpy.ndarray of float32, shape ((size / patch)², d)
        Patches row by row.
    """
    # Not above: those who only read the features have no use for it.
    from skimage.feature import multiscale_basic_features

    found = multiscale_basic_features(
        as_float(image),
        sigma_min=NARROWEST,
        sigma_max=WIDEST,
        channel_axis=-1 if image.ndim == 3 else None,
    )
    side = len(image) // patch
    means = found.reshape(side, patch, side, patch, -1).mean(axis=(1, 3)).reshape(side * side, -1)
    y, x = (axis.ravel() for axis in np.meshgrid(*[(2 * np.arange(side) + 1) / side - 1] * 2, indexing="ij"))
    return np.column_stack([means, y, x, y * y, x * x, x * y]).astype(np.float32)


def write_features(path, images, patch):
    """Describe every image of a store; see `describe`.

    Parameters
    ----------
    path : str or pathlib.Path
        A ``.npy`` file of float32, (n, patches, d).
    images : numpy.ndarray of shape (n, size, size) or (n, size, size, C)
    patch : int
    """
    first = describe(images[0], patch)
    with replacing(path) as temporary:
        found = np.lib.format.open_memmap(temporary, "w+", np.float32, (len(images), *first.shape))
        for row in track(range(len(images)), "features of patches"):
            found[row] = describe(images[row], patch)
        found.flush()


def read_features(path):
    """Open what `write_features` wrote, memory-mapped."""
    return np.load(path, mmap_mode="r")
