"""From the output of a foreign network to one vector per image."""

import numpy as np


def pooled(values, pooling, layout):
    """One vector per image.

    Parameters
    ----------
    values : numpy.ndarray of shape (n, d), (n, tokens, d), (n, d, h, w) or (n, h, w, d)
        A network's output.
    pooling : {"none", "mean"}
        Flatten it, or take its mean over positions.
    layout : {"nchw", "nhwc"}
        Where the features of a map are; those of tokens come last.

    Returns
    -------
    numpy.ndarray of shape (n, d)
    """
    if pooling == "mean" and values.ndim > 2:
        maps_first = values.ndim == 4 and layout == "nchw"
        values = values.mean(axis=tuple(range(2, 4) if maps_first else range(1, values.ndim - 1)), dtype=np.float64)
    return values.reshape(len(values), -1).astype(np.float32)
