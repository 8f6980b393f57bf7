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
from coldstart.learning.candidates import Examples, held
from coldstart.learning.computing import arithmetic, freed_memory_kept, placed, repeatable, warn_of_bfloat16
from coldstart.learning.objective import objective
from coldstart.learning.pixels import normalised
from coldstart.learning.prediction import diverged
from coldstart.learning.state import State, set_rate
from coldstart.learning.validation import validation
from coldstart.progress import track

LOGGER = logging.getLogger("coldstart")
COLUMNS = ["epoch", "train_loss", "val_metric", "learning_rate", "seconds"]


@dataclass(frozen=True, eq=False)
class Fit:
    """A finished training.

    Attributes
    ----------
    network : torch.nn.Module
        With the weights of the epoch that is kept, in evaluation mode.
    history : pandas.DataFrame
        One row per epoch: ``epoch`` (from 1), ``train_loss`` (mean over the
        images or their patches), ``val_metric``, ``learning_rate`` (of that
        epoch), ``seconds``, and ``val_loss`` where the settings watch it.
    best_epoch : int
        The epoch that is kept: the first with the highest validation metric or
        the lowest loss; the last epoch where that was never a number or where
        the settings ask for it; 0 where there was nothing to train on.
    best_value : float
        Its value of what the settings watch, metric or loss; nan where there is
        none.
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
    rate_factor=1.0,
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
    targets : VisibleTargets or numpy.ndarray
        Labels 0 or 1 of shape (n,) for classification; masks 0 or 1 of shape
        (n, size, size) for segmentation. Only the rows asked for are read.
    train_rows, val_rows : array_like of int
        The images to train on, and those that choose the epoch. Without any of
        the latter the rate does not fall by `factor`, no training ends early and
        the last epoch counts.
    settings : Settings
    validate : callable
        ``validate(targets, probabilities) -> float`` over the validation rows,
        as `coldstart.learning.prediction.predict` gives them; higher is better,
        nan is never better.
    seed : int
        Of the order of the images, the augmentation and dropout.
    device : torch.device or str
        Where to compute.
    rate_factor : float, default=1.0
        What the learning rate of the settings is multiplied by.
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
    warn_of_bfloat16(settings, device)
    rate = settings.learning_rate * rate_factor
    seeds = [int(number) for number in np.random.SeedSequence(seed).generate_state(3)]
    with repeatable(seeds[0], device), freed_memory_kept():
        state = State(placed(network, settings, device), settings, rate, seeds[1:], device)
        fingerprint = checkpoints.fingerprint_of(settings, rate, train_rows, val_rows, seed, device, fingerprint)
        resume(state, checkpoint, fingerprint)
        examples = Examples(images, train_rows, settings, device)
        load = held(images, val_rows, settings, device)
        wanted, loss_of = objective(settings, targets, train_rows, device)
        val_targets = targets[val_rows]
        saved, wait = time.monotonic(), 0.0
        for epoch in track(range(len(state.history) + 1, settings.epochs + 1), f"Training ({settings.task})"):
            if len(val_rows) and state.stopped:
                break
            began, rate, value, val_loss = time.monotonic(), state.rate, math.nan, math.nan
            loss = train_epoch(state, examples, wanted, loss_of)
            if not math.isfinite(loss):
                raise diverged(settings, f"the loss of epoch {epoch}")
            if len(val_rows):
                predicted, val_loss = validation(state, images, targets, val_rows, loss_of, load)
                value = float(validate(val_targets, predicted))
                state.judge(epoch, value if settings.monitor == "metric" else -val_loss)
            state.history.append([epoch, loss, value, rate, time.monotonic() - began, val_loss])
            if checkpoint is not None and time.monotonic() - saved >= max(settings.checkpoint_seconds, wait):
                wait = checkpoints.save(checkpoint, state.to_save(), fingerprint)
                saved = time.monotonic()
    if state.best is not None:
        network.load_state_dict(state.best)
    if checkpoint is not None:
        checkpoints.remove(checkpoint)
    history = history_of(state.history, settings)
    last = state.plateau.best_epoch == 0 or settings.keep == "last"
    kept = len(history) if last else state.plateau.best_epoch
    return Fit(network.eval(), history, kept, float(history[f"val_{settings.monitor}"].iloc[kept - 1]))


def untrained(network, settings, device):
    """What a round is that has nothing to train on: the network as it is, after epoch 0."""
    return Fit(placed(network, settings, torch.device(device)).eval(), history_of([], settings), 0, math.nan)


def resume(state, checkpoint, fingerprint):
    """Go back to where a killed training was, if there is a checkpoint of it."""
    if checkpoint is not None and (found := checkpoints.load(checkpoint, fingerprint)):
        state.restore(found)
        LOGGER.info("The training goes on after epoch %d.", len(state.history))


def history_of(rows, settings):
    """Epochs as a table; the validation loss is a column where the settings watch it."""
    columns = [*COLUMNS, "val_loss"] if settings.monitor == "loss" else COLUMNS
    return pd.DataFrame(rows, columns=[*COLUMNS, "val_loss"])[columns]


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


def train_epoch(state, examples, wanted, loss_of):
    """Pass over the labelled set once.

    Parameters
    ----------
    state : State
    examples : Examples
    wanted, loss_of
        As `objective` gives them.

    Returns
    -------
    float
        Mean loss over the examples.
    """
    state.network.train()
    set_rate(state.optimiser, state.rate)
    total, count = torch.zeros((), device=state.device), 0
    for rows in batches(torch.randperm(len(examples), generator=state.order), state.settings.batch_size):
        rows = rows.to(state.device)
        pixels, target = examples.pixels(rows), wanted[examples.images_of(rows)]
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
