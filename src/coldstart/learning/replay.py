"""What a network gets wrong of the samples that it, or the networks before it, were trained on."""

import numpy as np
import torch

from coldstart.learning.computing import placed
from coldstart.learning.prediction import predict


def agreement(network, images, targets, rows, settings, device):
    """How right a network is about some samples.

    Zhou et al. (2021, Medical Image Analysis 71, 101997), Algorithm 1, replay the
    "misclassified" samples H without saying how that is decided. Here, for
    classification: the class of the larger mean patch probability, class 0 where
    both are equal, is the label or not. For segmentation, our own generalisation:
    the Dice coefficient of the image, a pixel being foreground from 0.5 on.

    Parameters
    ----------
    network : torch.nn.Module
        That of the round before; moved to `device`.
    images : numpy.ndarray of shape (n, size, size) or (n, size, size, C)
        Stored pixels.
    targets : VisibleTargets, or numpy.ndarray of shape (n,) or (n, size, size)
        Labels or masks, 0 or 1; only those of `rows` are read.
    rows : numpy.ndarray of int, shape (m,)
        Which samples.
    settings : Settings
    device : torch.device or str

    Returns
    -------
    numpy.ndarray of float64, shape (m,)
        Classification: 1 where the network is right and 0 where it is wrong.
        Segmentation: the Dice coefficient, 1 where both masks are empty.
    """
    rows = np.asarray(rows, dtype=np.int64)
    device = torch.device(device)
    predicted, truth = predict(placed(network, settings, device), images, rows, settings, device), targets[rows]
    if settings.task == "classification":
        return ((predicted > 0.5) == (truth == 1)).astype(np.float64)
    found, wanted = predicted >= 0.5, truth > 0
    common, size = (found & wanted).sum((1, 2)), found.sum((1, 2)) + wanted.sum((1, 2))
    return np.where(size, 2 * common / np.maximum(size, 1), 1.0)
