"""One channel of stored images, some images at a time."""

import numpy as np

from coldstart.errors import InputError

VALUES_AT_ONCE = 2**22


def channel_of(images, channel):
    """The pixels of one channel.

    Parameters
    ----------
    images : numpy.ndarray of shape (k, H, W) or (k, H, W, C)
        Stored pixels.
    channel : int
        From 0. A grey image is its own and only channel, whatever is asked for.

    Returns
    -------
    numpy.ndarray of shape (k, H * W)
        In the stored type.

    Raises
    ------
    InputError
        If colour images have no such channel.
    """
    if images.ndim == 4:
        if not 0 <= channel < images.shape[3]:
            raise InputError(
                f"channel {channel} of a query strategy is none of the {images.shape[3]} of the images: "
                "count from 0 (query.strategies)."
            )
        images = images[..., channel]
    return images.reshape(len(images), -1)


def channel_parts(images, channel):
    """Read one channel of images that may lie in a file, a part at a time.

    Parameters
    ----------
    images : array_like of shape (n, H, W) or (n, H, W, C)
        Stored pixels.
    channel : int
        As for `channel_of`.

    Yields
    ------
    rows : slice
        Which images.
    pixels : numpy.ndarray of shape (k, H * W)
        In the stored type.
    """
    step = max(1, VALUES_AT_ONCE // max(1, int(np.prod(images.shape[1:]))))
    for start in range(0, len(images), step):
        rows = slice(start, min(start + step, len(images)))
        yield rows, channel_of(np.asarray(images[rows]), channel)
