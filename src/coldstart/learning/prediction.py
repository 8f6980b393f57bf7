"""What a trained network says of some images."""

import numpy as np
import torch

from coldstart.errors import InputError
from coldstart.learning.computing import arithmetic
from coldstart.learning.pixels import load_rows, normalised, scaled

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
        `precision`, `normalise` and `score` are used.
    device : torch.device or str
        Where to compute.

    Returns
    -------
    numpy.ndarray
        Classification: float64 of shape (m,), probability of the positive class.
        Segmentation: float16 of shape (m, size, size), foreground probability.

    Raises
    ------
    InputError
        If the network cannot take the size, or gives something that is no number.
    """
    training = network.training
    network.eval()
    try:
        return probabilities_of(network, images, rows, settings, torch.device(device))
    finally:
        network.train(training)


def probabilities_of(network, images, rows, settings, device):
    """Predict in the mode that the network is in; for the rest see `predict`."""
    settings.check_size(images.shape[1])
    rows = np.asarray(rows, dtype=np.int64)
    segmenting = settings.task == "segmentation"
    found = np.empty(
        (len(rows), *images.shape[1:3]) if segmenting else len(rows), dtype=np.float16 if segmenting else np.float64
    )
    # The same for every call on a data set: sums may round differently in batches of another size.
    step = max(1, min(MOST_AT_ONCE, PIXELS_AT_ONCE // (images.shape[1] * images.shape[2])))
    with torch.inference_mode():
        for start in range(0, len(rows), step):
            batch = scaled(load_rows(images, rows[start : start + step], device))
            batch = normalised(batch, settings.normalise)
            with arithmetic(settings, device):
                logits = network(batch)
            p = probabilities(logits, settings)
            if not torch.isfinite(p).all():
                raise diverged(settings, "a prediction")
            found[start : start + step] = p.cpu().numpy()
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
