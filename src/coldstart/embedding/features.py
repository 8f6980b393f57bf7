"""From stored images to the vectors of a network, batch by batch."""

import cv2
import numpy as np
import torch

from coldstart.cohort.images import as_float
from coldstart.embedding.resizing import channels_first, resized
from coldstart.errors import InputError
from coldstart.progress import track

# ImageNet's mean and standard deviation of red, green and blue in [0, 1].
MEAN = (0.485, 0.456, 0.406)
STD = (0.229, 0.224, 0.225)


def grey(images):
    """Luma (ITU-R BT.601) of colour images, in their own integer type; grey images as they are.

    Parameters
    ----------
    images : numpy.ndarray of uint8 or uint16, shape (n, s, s) or (n, s, s, 3)
        Stored images.

    Returns
    -------
    numpy.ndarray of shape (n, s, s)
    """
    if images.ndim == 3:
        return images
    return np.stack([cv2.cvtColor(np.ascontiguousarray(image), cv2.COLOR_RGB2GRAY) for image in images])


def prepared(images, size, channels=3, mean=None, std=None):
    """Stored images as a network wants them.

    Parameters
    ----------
    images : numpy.ndarray of uint8 or uint16, shape (n, s, s) or (n, s, s, 3)
        Stored images.
    size : int or None
        Edge length wanted (bilinear), in pixels; None leaves the stored one.
    channels : {1, 3}, default=3
        Grey images are repeated; colour images become their luma where one is wanted.
    mean, std : sequence of float, optional
        Subtracted and divided by, per channel, in units of [0, 1].

    Returns
    -------
    numpy.ndarray of float32, shape (n, channels, size, size)
        Contiguous; values in [0, 1] unless normalised.
    """
    batch = channels_first(as_float(resized(grey(images) if channels == 1 else images, size)))
    batch = np.broadcast_to(batch, (len(batch), channels, *batch.shape[2:]))
    if mean is not None:
        mean, std = (np.asarray(values, np.float32)[:, None, None] for values in (mean, std))
        batch = (batch - mean) / std
    return np.ascontiguousarray(batch)


def batches(images, batch_size, compute, what):
    """Apply a function to all images, some at a time.

    Parameters
    ----------
    images : numpy.ndarray of shape (n, s, s) or (n, s, s, 3)
        Stored images.
    batch_size : int
        Images at a time.
    compute : callable
        From stored images (k, s, s[, 3]) to vectors (k, d).
    what : str
        What computes, for the user.

    Returns
    -------
    numpy.ndarray of shape (n, d)
    """
    starts = range(0, len(images), batch_size)
    return np.concatenate(
        [compute(images[start : start + batch_size]) for start in track(starts, f"embedding with {what}")]
    )


def network_features(network, images, prepare, batch_size, device, what):
    """Run a PyTorch network over all images.

    Parameters
    ----------
    network : torch.nn.Module
        Without its head, with its weights.
    images : numpy.ndarray of uint8 or uint16, shape (n, s, s) or (n, s, s, 3)
        Stored images.
    prepare : callable
        From stored images to the array (k, c, size, size) that the network is given.
    batch_size : int
        Images at a time.
    device : str
        Device.
    what : str
        What the network is, for the user.

    Returns
    -------
    numpy.ndarray of float32, shape (n, d)

    Raises
    ------
    InputError
        If the network does not take images of that size.
    """
    network = network.eval().to(device)

    @torch.inference_mode()
    def compute(stored):
        batch = torch.from_numpy(prepare(stored))
        try:
            return network(batch.to(device)).flatten(1).float().cpu().numpy()
        except torch.OutOfMemoryError:
            raise
        except (AssertionError, RuntimeError, ValueError) as error:
            raise InputError(
                f"{what} does not take images of {batch.shape[-1]} pixels ({error}): leave `size` out."
            ) from error

    return batches(images, batch_size, compute, what)
