"""Stored images at the size that an encoder wants."""

import cv2
import numpy as np


def resized(images, size=None, interpolation=cv2.INTER_LINEAR):
    """Resize some stored images, in their own integer type.

    Parameters
    ----------
    images : numpy.ndarray of uint8 or uint16, shape (n, s, s) or (n, s, s, 3)
        Stored images.
    size : int, optional
        Edge length wanted, in pixels; by default the stored one.
    interpolation : int, default=cv2.INTER_LINEAR
        OpenCV's interpolation.

    Returns
    -------
    numpy.ndarray
        Shape (n, size, size) or (n, size, size, 3), type of `images`; `images`
        itself where nothing is to be done.
    """
    if size is None or size == images.shape[1]:
        return images
    result = np.empty((len(images), size, size, *images.shape[3:]), dtype=images.dtype)
    for row, image in enumerate(images):
        result[row] = cv2.resize(np.ascontiguousarray(image), (size, size), interpolation=interpolation)
    return result


def channels_first(images):
    """Move the channels of a batch to where networks want them.

    Parameters
    ----------
    images : numpy.ndarray of shape (n, s, s) or (n, s, s, 3)
        Grey or colour images.

    Returns
    -------
    numpy.ndarray of shape (n, 1, s, s) or (n, 3, s, s)
        Contiguous.
    """
    return images[:, None] if images.ndim == 3 else np.ascontiguousarray(np.moveaxis(images, -1, 1))
