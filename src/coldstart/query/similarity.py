"""How alike the images of the pool are to those that are labelled."""

import numpy as np

from coldstart.query.images import channel_of, channel_parts


def mean_cosine(images, rows, labelled, channel):
    """Mean cosine similarity of some images to all labelled ones.

    The mean over the labelled images of ``u.l / (|u| |l|)``, which is the inner
    product of ``u / |u|`` with the mean of ``l / |l|``; a black image has
    similarity 0, as in scikit-learn.

    Parameters
    ----------
    images : array_like of shape (n, H, W) or (n, H, W, C)
        Stored pixels of the pool.
    rows : numpy.ndarray of int, shape (k,)
        Which of them.
    labelled : array_like of shape (m, H, W) or (m, H, W, C)
        Stored pixels of the labelled set.
    channel : int
        As for `coldstart.query.images.channel_of`.

    Returns
    -------
    numpy.ndarray of float64, shape (k,)
        Zeros where nothing is labelled.
    """
    if not len(labelled):
        return np.zeros(len(rows))
    mean = sum(unit(pixels).sum(axis=0) for _, pixels in channel_parts(labelled, channel)) / len(labelled)
    return np.array([(unit(channel_of(np.asarray(images[[row]]), channel)) @ mean)[0] for row in rows])


def unit(pixels):
    """Images (k, P) over their Euclidean norms, as float64; black ones stay black."""
    pixels = pixels.astype(np.float64)
    norms = np.linalg.norm(pixels, axis=1, keepdims=True)
    return pixels / np.where(norms > 0, norms, 1)


def mean_mutual_information(images, rows, labelled, channel, bins):
    """Mean mutual information of the grey levels of some images and all labelled ones.

    From the joint histogram of each pair, with `bins` equal bins between the
    darkest and the brightest pixel of each image (`numpy.histogram2d`).

    Parameters
    ----------
    images, rows, labelled, channel
        As for `mean_cosine`.
    bins : int
        Bins of each image.

    Returns
    -------
    numpy.ndarray of float64, shape (k,)
        In nats; zeros where nothing is labelled.
    """
    if not len(labelled):
        return np.zeros(len(rows))
    others = np.concatenate(
        [
            np.stack([binned(image, bins) for image in pixels]).astype(np.min_scalar_type(bins - 1))
            for _, pixels in channel_parts(labelled, channel)
        ]
    )
    found = np.empty(len(rows))
    for position, row in enumerate(rows):
        own = binned(channel_of(np.asarray(images[[row]]), channel)[0], bins) * bins
        found[position] = np.mean([information(own + other, bins) for other in others])
    return found


def binned(pixels, bins):
    """Bin of every pixel as `numpy.histogram` has it, int64: the last bin holds its upper edge too."""
    low, high = float(pixels.min()), float(pixels.max())
    if low == high:
        low, high = low - 0.5, high + 0.5
    return np.searchsorted(np.linspace(low, high, bins + 1)[1:-1], pixels, side="right")


def information(pairs, bins):
    """Mutual information in nats of two images.

    Parameters
    ----------
    pairs : numpy.ndarray of int, shape (P,)
        Bin of the first image times `bins`, plus bin of the second.
    bins : int
        Bins of each image.

    Returns
    -------
    float
    """
    joint = np.bincount(pairs, minlength=bins**2).reshape(bins, bins) / len(pairs)
    independent = joint.sum(axis=1, keepdims=True) * joint.sum(axis=0)
    some = joint > 0
    return float((joint[some] * np.log(joint[some] / independent[some])).sum())
