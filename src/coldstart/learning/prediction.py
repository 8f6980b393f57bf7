"""What a trained network says of some images."""

from contextlib import contextmanager

import numpy as np
import torch

from coldstart.errors import InputError
from coldstart.learning.candidates import patch_count, read_anew
from coldstart.learning.computing import arithmetic, freed_memory_kept
from coldstart.learning.pixels import normalised

PIXELS_AT_ONCE = 2**21
MOST_AT_ONCE = 64


def predict(network, images, rows, settings, device):
    """Predict some images, dropout off.

    Parameters
    ----------
    network : torch.nn.Module
        Already on `device`; its mode is restored at the end.
    images : numpy.ndarray of shape (n, size, size) or (n, size, size, C)
        Stored pixels, uint8 or uint16; read some at a time.
    rows : array_like of int, shape (m,)
        Which images.
    settings : Settings
        `precision`, `normalise`, `score` and `patches` are used.
    device : torch.device or str
        Where to compute.

    Returns
    -------
    numpy.ndarray
        Classification: float64 of shape (m,), probability of the positive class;
        of a candidate that is seen as patches, the mean over them (Zhou et al.
        2021, Medical Image Analysis 71, 101997). Segmentation: float16 of shape
        (m, size, size), foreground probability.

    Raises
    ------
    InputError
        If the network cannot take the size, or gives something that is no number.
    """
    with evaluating(network), freed_memory_kept():
        return probabilities_of(network, images, rows, settings, torch.device(device))


def predict_patches(network, images, rows, settings, device):
    """Predict every patch of some candidates, dropout off.

    Parameters
    ----------
    network, images, rows, settings, device
        As for `predict`; `settings` must ask for patches.

    Returns
    -------
    numpy.ndarray of float64, shape (len(rows), m)
        Probability of the positive class; the candidate's own, as `predict`
        gives it, is their mean.

    Raises
    ------
    InputError
        As `predict`.
    """
    with evaluating(network), freed_memory_kept():
        return patch_probabilities(network, images, rows, settings, torch.device(device))


@contextmanager
def evaluating(network):
    """Put a network into evaluation mode; restore its mode at the end."""
    training = network.training
    network.eval()
    try:
        yield
    finally:
        network.train(training)


def probabilities_of(network, images, rows, settings, device, watch=None, load=None):
    """Predict in the mode that the network is in.

    Parameters
    ----------
    network, images, rows, settings, device
        As for `predict`.
    watch : callable, optional
        Shown all that is computed: ``watch(part, logits)``, with the slice of
        `rows` and what `probabilities` takes.
    load : callable, optional
        What the network is shown of a slice of `rows`; by default
        `coldstart.learning.candidates.read_anew`.

    Returns
    -------
    numpy.ndarray
        As `predict`.
    """
    if settings.patches:
        return patch_probabilities(network, images, rows, settings, device, watch, load).mean(axis=1)
    segmenting = settings.task == "segmentation"
    shape = (len(rows), *images.shape[1:3]) if segmenting else (len(rows),)
    found = np.empty(shape, np.float16 if segmenting else np.float64)
    return collected(found, network, images, rows, settings, device, watch, load)


def patch_probabilities(network, images, rows, settings, device, watch=None, load=None):
    """Predict patches in the mode that the network is in; as `predict_patches` and `probabilities_of`."""
    found = np.empty((len(rows), patch_count(settings)), np.float64)
    return collected(found, network, images, rows, settings, device, watch, load)


def collected(found, network, images, rows, settings, device, watch, load):
    """Fill an array with the probabilities of the images, some at a time; see `probabilities_of`."""
    settings.check_size(images.shape[1])
    load = load or read_anew(images, rows, settings, device)
    # The same for every call on a data set: sums may round differently in batches of another size.
    step = min(MOST_AT_ONCE, PIXELS_AT_ONCE // (images.shape[1] * images.shape[2]))
    step = max(1, step // patch_count(settings))
    for start in range(0, len(rows), step):
        part = slice(start, start + step)
        with torch.inference_mode():
            batch = normalised(load(part), settings.normalise)
            with arithmetic(settings, device):
                logits = network(batch)
            p = probabilities(logits, settings)
            if not torch.isfinite(p).all():
                raise diverged(settings, "a prediction")
            found[part] = p.cpu().numpy().reshape(found[part].shape)
            if watch is not None:
                watch(part, logits)
    return found


def probabilities(logits, settings):
    """Turn logits into probabilities.

    Parameters
    ----------
    logits : torch.Tensor of shape (n, 2) or (n, 1, H, W)
    settings : Settings
        `task` and `score` are used.

    Returns
    -------
    torch.Tensor
        float64 of shape (n,), or float32 of shape (n, H, W).
    """
    if settings.task == "segmentation":
        return logits[:, 0].float().sigmoid()
    logits = logits.double()
    return logits[:, 1].sigmoid() if settings.score == "sigmoid" else logits.softmax(1)[:, 1]


def diverged(settings, what):
    """The error of a training that has left the numbers."""
    return InputError(
        f"the training has diverged, {what} is not a number: lower learning.{settings.task}.learning_rate "
        f"(it is {settings.learning_rate:g})."
    )
