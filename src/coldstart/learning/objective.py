"""What a network is trained towards."""

import numpy as np
import torch
from torch.nn import functional

from coldstart.learning.losses import focal_loss, soft_dice_loss, usable_class_weights, weighted_cross_entropy
from coldstart.learning.pixels import load_rows
from coldstart.learning.prediction import probabilities


def objective(settings, targets, rows, device):
    """Targets of the training images, and the loss of some logits.

    Parameters
    ----------
    settings : Settings
        `loss`, `focal_alpha`, `focal_gamma` and `score` are used.
    targets : VisibleTargets or numpy.ndarray
        Labels or masks, see `coldstart.learning.training.fit`.
    rows : numpy.ndarray of int
        The images to train on.
    device : torch.device

    Returns
    -------
    wanted : torch.Tensor
        Labels (m,) int64, or masks (m, 1, size, size) uint8.
    loss_of : callable
        ``loss_of(logits, wanted) -> scalar tensor``, a mean in float32.
    """
    if settings.task == "segmentation":
        wanted, published = load_rows(targets, rows, device), published_segmentation
    else:
        labels = targets[rows].astype(np.float64)
        # Also where the weights are not used: it refuses labels that are none.
        weights = usable_class_weights(labels)
        weights = None if weights is None else weights.to(device)
        wanted = torch.tensor(labels, dtype=torch.int64, device=device)

        def published(logits, labels):
            return weighted_cross_entropy(logits, labels, weights)

    def focal(logits, wanted):
        p, truth = positive_class(logits, wanted, settings)
        return focal_loss(p, truth, settings.focal_alpha, settings.focal_gamma)

    def bce(logits, wanted):
        return functional.binary_cross_entropy(*positive_class(logits, wanted, settings))

    return wanted, {None: published, "focal": focal, "bce": bce}[settings.loss]


def published_segmentation(logits, masks):
    """Soft Dice loss of some logits."""
    return soft_dice_loss(logits.float().sigmoid(), masks)


def positive_class(logits, wanted, settings):
    """Probabilities of the positive class or the foreground, and what they should be, both float32."""
    p = probabilities(logits, settings).float()
    return p, wanted.reshape(p.shape).float()
