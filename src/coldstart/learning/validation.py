"""What the validation images say of a network in training."""

import math

import numpy as np
import torch

from coldstart.learning.candidates import patch_count
from coldstart.learning.pixels import load_rows
from coldstart.learning.prediction import probabilities_of


def validation(state, images, targets, rows, loss_of, load):
    """Predict the validation images, dropout on or off as the settings say.

    Parameters
    ----------
    state : coldstart.learning.state.State
    images, targets
        As for `coldstart.learning.training.fit`.
    rows : numpy.ndarray of int64
        The validation images.
    loss_of : callable
        As `coldstart.learning.objective.objective` gives it.
    load : callable
        What the network is shown of them, as `coldstart.learning.candidates.held`
        gives it.

    Returns
    -------
    probabilities : numpy.ndarray
        As `coldstart.learning.prediction.predict` gives them.
    loss : float
        Mean of the loss over the images or, where the network sees patches, over
        those; nan where the settings do not watch it.
    """
    settings, device, parts = state.settings, state.device, []
    segmenting = settings.task == "segmentation"

    def watch(part, logits):
        # Classes are weighted over all labels at once; maps would not fit into memory together.
        if segmenting:
            logits = loss_of(logits, load_rows(targets, rows[part], device)) * len(logits)
        parts.append(logits)

    state.network.eval()
    if settings.dropout_in_validation:
        for module in state.network.modules():
            if isinstance(module, torch.nn.modules.dropout._DropoutNd):
                module.train()
    watching = settings.monitor == "loss"
    found = probabilities_of(state.network, images, rows, settings, device, watch if watching else None, load)
    if not watching:
        return found, math.nan
    if segmenting:
        return found, sum(parts).item() / len(rows)
    labels = torch.tensor(targets[rows].astype(np.int64), device=device)
    return found, loss_of(torch.cat(parts), labels.repeat_interleave(patch_count(settings))).item()
