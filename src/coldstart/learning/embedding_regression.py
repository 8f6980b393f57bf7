"""How uncertain a network is about the embedding of an image, before there is any label."""

import logging

import numpy as np
import torch
from torch import nn

from coldstart.errors import InputError
from coldstart.learning import NETWORKS
from coldstart.learning.computing import freed_memory_kept, repeatable
from coldstart.learning.pixels import channels_of, load_rows, scaled
from coldstart.learning.pool_network import dropouts, modes
from coldstart.learning.state import last_layer
from coldstart.progress import track

LOGGER = logging.getLogger("coldstart")
MOMENTUM = 0.9
# Epochs without a better fit after which the rate is halved, and after which the training ends.
STALE, ENOUGH = 10, 20
ROWS_AT_ONCE = 64


def embedding_uncertainty(
    images, vectors, *, seed, device, network, weights, epochs, batch_size, learning_rate, passes
):
    """Train a network to predict the embedding of every image, and see how far its dropout moves the prediction.

    The uncertainty of the cold start of Yuan et al. (2025, hcs2.70009), as their
    published code has it: every image is brought to [0, 1] by its own extremes;
    VGG-11, its last layer replaced, is fitted to the embedding by the mean squared
    error and SGD with momentum 0.9, without dropout; the rate is halved after ten
    epochs in which the error over all images is not the least so far, training ends
    after twenty, and the epoch of the least error is kept. The uncertainty is the
    variance over the passes with dropout, summed over the embedding. Their images
    are 224 pixels wide and VGG-11 has ImageNet's weights.

    Parameters
    ----------
    images : numpy.ndarray of shape (n, size, size) or (n, size, size, C)
        Stored pixels of the pool, uint8 or uint16.
    vectors : numpy.ndarray of shape (n, d)
        Their embedding.
    seed : int
        Of initial weights, order of images and dropout.
    device : torch.device or str
        Where to compute.
    network : str
        A classifier out of `coldstart.learning.NETWORKS`.
    weights : str or None
        Where it starts; as `learning.classification.weights`.
    epochs, batch_size : int
        Most passes over the pool, and images per step.
    learning_rate : float
        Initial rate.
    passes : int
        Predictions with dropout.

    Returns
    -------
    numpy.ndarray of float64, shape (n,)

    Raises
    ------
    InputError
        If the network has no dropout or no linear last layer, its weights are
        missing, or the training diverges.
    """
    device = torch.device(device)
    with repeatable(seed, device), freed_memory_kept():
        model = regressor(network, weights, channels_of(images), vectors.shape[1], seed).to(device)
        targets = torch.from_numpy(np.ascontiguousarray(vectors, dtype=np.float32))
        fit(model, images, targets, seed, device, epochs, batch_size, learning_rate)
        return spread_of_passes(model, images, device, passes)


def regressor(name, weights, channels, outputs, seed):
    """A classifier whose last layer gives numbers of another count.

    Parameters
    ----------
    name, weights
        As `network` and `weights` of `embedding_uncertainty`.
    channels, outputs : int
        Channels of the images, numbers that are given.
    seed : int
        Of the initial weights.

    Returns
    -------
    torch.nn.Module

    Raises
    ------
    InputError
        If it has no dropout or no linear last layer, or the weights are missing.
    """
    model = NETWORKS.load(name)(channels=channels, seed=seed, weights=weights)
    last = last_layer(model)
    if not isinstance(last, nn.Linear) or not dropouts(model):
        raise InputError(
            f"the network {name} has no dropout or no linear last layer, which the uncertainty of an embedding takes: "
            "choose another (models.<name>.uncertainty.network)."
        )
    place = next(path for path, module in model.named_modules() if module is last)
    parent, _, key = place.rpartition(".")
    setattr(model.get_submodule(parent), key, nn.Linear(last.in_features, outputs))
    return model


def fit(model, images, targets, seed, device, epochs, batch_size, learning_rate):
    """Fit a regressor in place, and leave the weights of its best epoch; parameters as for `embedding_uncertainty`."""
    order = torch.Generator().manual_seed(seed)
    optimiser = torch.optim.SGD(model.parameters(), lr=learning_rate, momentum=MOMENTUM)
    best, kept, stale, since_halved = np.inf, None, 0, 0
    for _ in track(range(epochs), "learning to predict the embedding"):
        model.train()
        for module in dropouts(model):
            module.eval()
        for rows in torch.randperm(len(images), generator=order).split(batch_size):
            loss = nn.functional.mse_loss(model(stretched(images, rows.numpy(), device)), targets[rows].to(device))
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
        error = mean_squared_error(model, images, targets, device)
        if not np.isfinite(error):
            raise InputError(
                "the network that learns to predict the embedding has diverged: lower "
                f"models.<name>.uncertainty.learning_rate (it is {learning_rate:g})."
            )
        if error < best:
            best, stale, since_halved = error, 0, 0
            kept = {name: tensor.detach().clone() for name, tensor in model.state_dict().items()}
            continue
        stale, since_halved = stale + 1, since_halved + 1
        if since_halved == STALE:
            optimiser.param_groups[0]["lr"] /= 2
            since_halved = 0
        if stale == ENOUGH:
            break
    model.load_state_dict(kept)
    LOGGER.info("the embedding is predicted with a mean squared error of %.4g", best)


def stretched(images, rows, device):
    """Some images as float32 with the darkest pixel of each at 0 and the brightest at 1, (k, C, size, size)."""
    pixels = scaled(load_rows(images, rows, device))
    low, high = pixels.amin((1, 2, 3), keepdim=True), pixels.amax((1, 2, 3), keepdim=True)
    return (pixels - low) / torch.where(high > low, high - low, 1)


def parts(n):
    """Rows of n images, some at a time."""
    return [np.arange(start, min(start + ROWS_AT_ONCE, n)) for start in range(0, n, ROWS_AT_ONCE)]


@torch.no_grad()
def mean_squared_error(model, images, targets, device):
    """Of the predictions for all images, dropout off."""
    total = 0.0
    with modes(model, []):
        for rows in parts(len(images)):
            gaps = model(stretched(images, rows, device)).cpu() - targets[rows]
            total += gaps.double().square().sum().item()
    return total / targets.numel()


@torch.no_grad()
def spread_of_passes(model, images, device, passes):
    """Variance over passes with dropout, summed over what is predicted: float64 of shape (n,)."""
    found = np.empty(len(images))
    with modes(model, dropouts(model)):
        for rows in track(parts(len(images)), "passes with dropout"):
            batch = stretched(images, rows, device)
            # The first pass is taken off before anything is squared, so that nothing large cancels.
            first = model(batch).double()
            total, squares = torch.zeros_like(first), torch.zeros_like(first)
            for _ in range(passes - 1):
                gap = model(batch).double() - first
                total += gap
                squares += gap.square()
            found[rows] = (squares / passes - (total / passes).square()).clamp(min=0).sum(1).cpu().numpy()
    return found
