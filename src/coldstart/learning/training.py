"""Train a network on a labelled set and keep the epoch that validates best."""

import logging
import math
import time
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch

from coldstart.errors import InputError
from coldstart.learning import augment
from coldstart.learning import checkpoint as checkpoints
from coldstart.learning.computing import arithmetic, generator_states, repeatable, set_generator_states
from coldstart.learning.losses import soft_dice_loss, usable_class_weights, weighted_cross_entropy
from coldstart.learning.pixels import load_rows, normalised, scaled
from coldstart.learning.prediction import diverged, probabilities_of
from coldstart.learning.schedule import Plateau
from coldstart.progress import track

LOGGER = logging.getLogger("coldstart")
COLUMNS = ["epoch", "train_loss", "val_metric", "learning_rate", "seconds"]


@dataclass(frozen=True, eq=False)
class Fit:
    """A finished training.

    Attributes
    ----------
    network : torch.nn.Module
        With the weights of the best epoch, in evaluation mode.
    history : pandas.DataFrame
        One row per epoch: ``epoch`` (from 1), ``train_loss`` (mean over the
        images), ``val_metric``, ``learning_rate`` (of that epoch), ``seconds``.
    best_epoch : int
        The first epoch with the highest validation metric; the last epoch where
        the metric was never a number.
    best_value : float
        Its metric, or nan.
    """

    network: torch.nn.Module
    history: pd.DataFrame
    best_epoch: int
    best_value: float


def fit(
    network,
    images,
    targets,
    train_rows,
    val_rows,
    settings,
    *,
    validate,
    seed,
    device,
    checkpoint=None,
    fingerprint="",
):
    """Train a network.

    It begins with the weights that `network` holds: those of
    `Settings.build`, or those of the round before, put in by
    `coldstart.learning.weights_file.load_weights`.

    Parameters
    ----------
    network : torch.nn.Module
        Changed in place and moved to `device`.
    images : numpy.ndarray of shape (n, size, size) or (n, size, size, C)
        Stored pixels, uint8 or uint16.
    targets : numpy.ndarray
        Labels 0 or 1 of shape (n,) for classification; masks 0 or 1 of shape
        (n, size, size) for segmentation. Only the rows asked for are read.
    train_rows, val_rows : array_like of int
        The labelled set, and the images that choose the epoch. Without any of
        the latter the rate stays and the last epoch counts.
    settings : Settings
    validate : callable
        ``validate(targets, probabilities) -> float`` over the validation rows,
        as `coldstart.learning.prediction.predict` gives them; higher is better,
        nan is never better.
    seed : int
        Of the order of the images, the augmentation and dropout.
    device : torch.device or str
        Where to compute.
    checkpoint : str or pathlib.Path, optional
        File that a killed training goes on from, with the same result as an
        unbroken one (to the bit on a CPU with the same number of threads). It is
        removed at the end.
    fingerprint : str, default=""
        Says what the images, targets and initial weights are; settings, rows,
        seed and kind of device are added to it. A checkpoint of another
        fingerprint is not used.

    Returns
    -------
    Fit

    Raises
    ------
    InputError
        If the labelled set is empty, a label is neither 0 nor 1, the network
        cannot take the size, or the training diverges.
    """
    device = torch.device(device)
    train_rows, val_rows = (np.asarray(rows, dtype=np.int64) for rows in (train_rows, val_rows))
    settings.check_size(images.shape[1])
    if not len(train_rows):
        raise InputError(f"the labelled set for {settings.task} is empty: label at least one image.")
    seeds = [int(number) for number in np.random.SeedSequence(seed).generate_state(3)]
    with repeatable(seeds[0], device):
        state = State(network.to(device), settings, seeds[1:], device)
        fingerprint = checkpoints.fingerprint_of(settings, train_rows, val_rows, seed, device, fingerprint)
        if checkpoint is not None and (found := checkpoints.load(checkpoint, fingerprint)):
            state.restore(found)
            LOGGER.info("The training goes on after epoch %d.", len(state.history))
        inputs = load_rows(images, train_rows, device)
        wanted, loss_of = objective(settings.task, targets, train_rows, device)
        val_targets = np.asarray(targets)[val_rows]
        saved, wait = time.monotonic(), 0.0
        for epoch in track(range(len(state.history) + 1, settings.epochs + 1), f"Training ({settings.task})"):
            began = time.monotonic()
            loss = train_epoch(state, inputs, wanted, loss_of)
            if not math.isfinite(loss):
                raise diverged(settings, f"the loss of epoch {epoch}")
            value, rate = math.nan, state.plateau.rate
            if len(val_rows):
                value = float(validate(val_targets, validation(state, images, val_rows)))
                if state.plateau.step(epoch, value):
                    state.best = {name: tensor.clone() for name, tensor in network.state_dict().items()}
            state.history.append([epoch, loss, value, rate, time.monotonic() - began])
            if checkpoint is not None and time.monotonic() - saved >= max(settings.checkpoint_seconds, wait):
                wait = checkpoints.save(checkpoint, state.to_save(), fingerprint)
                saved = time.monotonic()
    if state.best is not None:
        network.load_state_dict(state.best)
    if checkpoint is not None:
        checkpoints.remove(checkpoint)
    plateau, history = state.plateau, pd.DataFrame(state.history, columns=COLUMNS)
    best = (plateau.best_epoch, plateau.best) if plateau.best_epoch else (settings.epochs, math.nan)
    return Fit(network.eval(), history, *best)


class State:
    """All that changes during a training.

    Parameters
    ----------
    network : torch.nn.Module
    settings : Settings
    seeds : list of int
        Of the order of the images and of the augmentation.
    device : torch.device
    """

    def __init__(self, network, settings, seeds, device):
        self.network, self.settings, self.device = network, settings, device
        self.optimiser = optimiser_of(network, settings)
        self.plateau = Plateau(settings.learning_rate, settings.patience, settings.factor)
        self.order, self.changes = (torch.Generator().manual_seed(seed) for seed in seeds)
        self.best, self.history = None, []

    def to_save(self):
        """Tensors and plain values from which `restore` continues."""
        return {
            "network": self.network.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "plateau": vars(self.plateau),
            "order": self.order.get_state(),
            "changes": self.changes.get_state(),
            "generators": generator_states(self.device),
            "best": self.best,
            "history": self.history,
        }

    def restore(self, saved):
        """Go back to what `to_save` gave."""
        self.network.load_state_dict(saved["network"])
        self.optimiser.load_state_dict(saved["optimiser"])
        self.plateau = Plateau(**saved["plateau"])
        self.order.set_state(saved["order"])
        self.changes.set_state(saved["changes"])
        set_generator_states(saved["generators"], self.device)
        self.best, self.history = saved["best"], saved["history"]


def optimiser_of(network, settings):
    """The optimiser that the settings name, over all weights."""
    common = {"lr": settings.learning_rate, "weight_decay": settings.weight_decay}
    if settings.optimiser == "sgd":
        return torch.optim.SGD(network.parameters(), momentum=settings.momentum, **common)
    return {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}[settings.optimiser](network.parameters(), **common)


def objective(task, targets, rows, device):
    """What a task is trained towards.

    Parameters
    ----------
    task : {"classification", "segmentation"}
    targets : numpy.ndarray
        Labels or masks, see `fit`.
    rows : numpy.ndarray of int
        The labelled set.
    device : torch.device

    Returns
    -------
    wanted : torch.Tensor
        Labels (m,) int64, or masks (m, 1, size, size) uint8.
    loss_of : callable
        ``loss_of(logits, wanted) -> scalar tensor``.
    """
    if task == "segmentation":
        return load_rows(targets, rows, device), lambda logits, masks: soft_dice_loss(logits.float().sigmoid(), masks)
    labels = np.asarray(targets)[rows].astype(np.float64)
    weights = usable_class_weights(labels)
    if weights is not None:
        weights = weights.to(device)
    wanted = torch.tensor(labels, dtype=torch.int64, device=device)
    return wanted, lambda logits, labels: weighted_cross_entropy(logits, labels, weights)


def batches(order, size):
    """Cut a permutation into batches.

    Parameters
    ----------
    order : torch.Tensor of int64
    size : int

    Returns
    -------
    list of torch.Tensor
        Batch normalisation cannot work on one image, so a last batch of one
        joins the batch before it, and a labelled set of one is taken twice.
    """
    parts = list(order.split(size))
    if len(order) == 1:
        return [order.repeat(2)]
    if len(parts[-1]) == 1 and size > 1:
        parts[-2:] = [torch.cat(parts[-2:])]
    return parts


def train_epoch(state, inputs, wanted, loss_of):
    """Pass over the labelled set once.

    Parameters
    ----------
    state : State
    inputs : torch.Tensor of shape (m, C, size, size)
        As `load_rows` gives them.
    wanted, loss_of
        As `objective` gives them.

    Returns
    -------
    float
        Mean loss over the images.
    """
    state.network.train()
    for group in state.optimiser.param_groups:
        group["lr"] = state.plateau.rate
    total, count = torch.zeros((), device=state.device), 0
    for rows in batches(torch.randperm(len(inputs), generator=state.order), state.settings.batch_size):
        rows = rows.to(state.device)
        pixels, target = scaled(inputs[rows]), wanted[rows]
        if state.settings.augment == "light":
            moves = target.ndim > 1
            pixels, masks = augment.light(pixels, state.changes, target.float() if moves else None)
            target = masks if moves else target
        with arithmetic(state.settings, state.device):
            logits = state.network(normalised(pixels, state.settings.normalise))
        loss = loss_of(logits, target)
        state.optimiser.zero_grad()
        loss.backward()
        state.optimiser.step()
        total += loss.detach() * len(rows)
        count += len(rows)
    return (total / count).item()


def validation(state, images, rows):
    """Probabilities of the validation rows, dropout on or off as the settings say."""
    state.network.eval()
    if state.settings.dropout_in_validation:
        for module in state.network.modules():
            if isinstance(module, torch.nn.modules.dropout._DropoutNd):
                module.train()
    return probabilities_of(state.network, images, rows, state.settings, state.device)
