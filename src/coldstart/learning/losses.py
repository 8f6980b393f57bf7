"""The published losses."""

import logging

import numpy as np
import torch
from torch.nn import functional

from coldstart.errors import InputError

LOGGER = logging.getLogger("coldstart")
SMOOTHING = 1e-5


def class_weights(labels):
    """Class weights of the cross entropy.

    Yuan & Hong (2024), published code: the weight of each class is the share of
    the other one in the labelled set.

    Parameters
    ----------
    labels : array_like of int, shape (n,)
        Labels of the labelled set, 0 or 1.

    Returns
    -------
    numpy.ndarray of float64, shape (2,)
        ``[n_pos / n, n_neg / n]``. With one class only, the class that is there
        gets weight 0; see `usable_class_weights`.

    Raises
    ------
    InputError
        If there is no label, or one that is neither 0 nor 1.
    """
    labels = np.asarray(labels, dtype=np.float64)
    if labels.size == 0 or not np.isin(labels, (0, 1)).all():
        raise InputError(
            "the labelled set is empty or holds a label that is neither 0 nor 1: give every labelled image a label."
        )
    positive = labels.mean()
    return np.array([positive, 1 - positive])


def usable_class_weights(labels):
    """Class weights, or none where they would make the loss undefined.

    The published loss of a labelled set with one class only is 0 / 0. Such a
    set is trained on without weights, and a warning says so.

    Parameters
    ----------
    labels : array_like of int, shape (n,)
        Labels of the labelled set, 0 or 1.

    Returns
    -------
    torch.Tensor of float32, shape (2,), or None
    """
    weights = class_weights(labels)
    if 0 in weights:
        LOGGER.warning(
            "All %d labelled images are %s: the loss is not weighted by class, and the network cannot learn to tell "
            "the classes apart; label more images.",
            len(labels),
            "negative" if weights[0] == 0 else "positive",
        )
        return None
    return torch.tensor(weights, dtype=torch.float32)


def weighted_cross_entropy(logits, labels, weights=None):
    """Cross entropy, its mean weighted by class.

    Parameters
    ----------
    logits : torch.Tensor of shape (n, 2)
    labels : torch.Tensor of int64, shape (n,)
    weights : torch.Tensor of shape (2,), optional
        Weight of each class.

    Returns
    -------
    torch.Tensor
        Scalar ``sum(w_y * ce) / sum(w_y)``, in float32.
    """
    return functional.cross_entropy(logits.float(), labels, weight=weights)


def soft_dice_loss(probabilities, masks):
    """Soft Dice loss.

    The published code of Yuan & Hong's earlier study: per image
    ``1 - 2 (I + e) / (U + e)`` with ``I = sum(p t)``, ``U = sum(p) + sum(t)``
    and ``e = 1e-5``, then the mean over images. As e counts twice in the
    numerator, an empty image that is predicted empty gives -1.

    Parameters
    ----------
    probabilities : torch.Tensor of shape (n, ...)
        Foreground probabilities.
    masks : torch.Tensor of shape (n, ...)
        0 or 1.

    Returns
    -------
    torch.Tensor
        Scalar.
    """
    p, t = probabilities.flatten(1), masks.flatten(1)
    return (1 - 2 * ((p * t).sum(1) + SMOOTHING) / (p.sum(1) + t.sum(1) + SMOOTHING)).mean()


def focal_loss(probabilities, masks, alpha=1.0, gamma=2.0):
    """Focal loss of probabilities.

    Lin et al. (2017, ICCV), eq. 5, with alpha as a factor of all pixels, as in
    the published code of Ma et al. (2025): the mean of
    ``alpha (1 - p_t)^gamma * -log p_t``, ``p_t`` being the probability of what is
    true. At gamma 0 it is alpha times the binary cross entropy.

    Parameters
    ----------
    probabilities : torch.Tensor of any shape
        Of the positive class or the foreground.
    masks : torch.Tensor of the same shape
        0 or 1.
    alpha : float, default=1.0
        Factor.
    gamma : float, default=2.0
        The larger, the less what is nearly right counts.

    Returns
    -------
    torch.Tensor
        Scalar, in float32.
    """
    p, t = probabilities.float(), masks.float()
    entropy = functional.binary_cross_entropy(p, t, reduction="none")
    # Below float32's steps at 1: a gamma below 1 has no slope at 0.
    missed = torch.where(t > 0.5, 1 - p, p).clamp_min(1e-8)
    return (alpha * missed**gamma * entropy).mean()
