"""A small convolutional encoder trained on the unlabelled pool itself; needs no download.

Chen et al., "A simple framework for contrastive learning of visual
representations", ICML 2020 (arXiv 2002.05709): two random views of every image,
a projection head, and the NT-Xent loss (section 2.1).
"""

import hashlib
import logging
from contextlib import contextmanager

import cv2
import numpy as np
import torch
from torch import nn
from torch.nn import functional

from coldstart.embedding.base import Embedding, provenance
from coldstart.embedding.resizing import resized
from coldstart.embedding.simclr_network import Encoder, as_batch, features
from coldstart.embedding.views import random_view
from coldstart.errors import InputError
from coldstart.progress import track

LOGGER = logging.getLogger("coldstart")
SMALLEST_SIZE = 16
PROJECTION = 64
WEIGHT_DECAY = 1e-4


def encode(
    inputs,
    *,
    seed=0,
    device="cpu",
    size: int = 64,
    dimension: int = 128,
    epochs: int = 30,
    batch_size: int = 128,
    learning_rate: float = 0.001,
    temperature: float = 0.2,
    flip: bool = False,
):
    """Train by SimCLR on the pool and embed all images.

    Parameters
    ----------
    inputs : EncoderInputs
        The images; only those of `pool` are trained on, all are embedded.
    seed : int, default=0
        Moves initial weights, batches and views.
    device : str, default="cpu"
        Device of the network.
    size : int, default=64
        Edge length to which the stored images are resized (area), in pixels.
    dimension : int, default=128
        Length of the vectors.
    epochs : int, default=30
        Passes over the pool.
    batch_size : int, default=128
        Largest number of images per step; batches are made of even size.
    learning_rate : float, default=0.001
        Of AdamW, falling to zero along half a cosine.
    temperature : float, default=0.2
        Of the NT-Xent loss.
    flip : bool, default=False
        Whether views may be mirrored, left for right.

    Returns
    -------
    Embedding
        Features before the projection head.

    Raises
    ------
    InputError
        If the pool has fewer than two images, or `size` or `batch_size` is too small.
    """
    parameters = {
        "size": size,
        "dimension": dimension,
        "epochs": epochs,
        "batch_size": batch_size,
        "learning_rate": learning_rate,
        "temperature": temperature,
        "flip": flip,
    }
    return embedded(inputs, "simclr", parameters, seed, device)


def embedded(inputs, name, parameters, seed, device, watch=None):
    """Train on the pool and embed all images.

    Parameters
    ----------
    inputs : EncoderInputs
    name : str
        What the encoder is called.
    parameters : dict
        Its parameters: those of `encode`, and perhaps others.
    seed, device
        As in `encode`.
    watch : callable, optional
        As in `train`.

    Returns
    -------
    Embedding

    Raises
    ------
    InputError
        As in `encode`.
    """
    rows = pool_rows(inputs)
    size, batch_size = parameters["size"], parameters["batch_size"]
    if len(rows) < 2:
        raise InputError(f"encoder '{name}' learns from the pool, which holds {len(rows)} images: give it at least 2.")
    if size < SMALLEST_SIZE:
        raise InputError(f"encoder '{name}' cannot work at {size} pixels: `size` must be at least {SMALLEST_SIZE}.")
    if batch_size < 2:
        raise InputError(f"encoder '{name}' compares the images of a batch: `batch_size` must be at least 2.")
    images = resized(inputs.images, size, cv2.INTER_AREA)
    keys = ("dimension", "epochs", "batch_size", "learning_rate", "temperature", "flip")
    with deterministic():
        pool = np.ascontiguousarray(images[rows])
        network, losses = train(pool, seed, device, *(parameters[key] for key in keys), watch)
        vectors = features(network, images, device)
    digest = hashlib.sha256(b"".join(part.cpu().numpy().tobytes() for part in network.state_dict().values()))
    return Embedding(
        vectors,
        provenance(
            name,
            parameters,
            {"trained_on": len(rows), "seed": seed, "losses": losses, "sha256": digest.hexdigest()},
            {"size": size, "interpolation": "area", "scale": "[0, 1]", "standardised": "by the pool"},
            ("torch", "numpy", "opencv-python-headless"),
        ),
    )


def pool_rows(inputs):
    """Rows of the images that are trained on."""
    return np.arange(len(inputs.sample_ids)) if inputs.pool is None else np.flatnonzero(inputs.pool)


@contextmanager
def deterministic():
    """Ask torch for repeatable operations, and put its setting back."""
    enabled = torch.are_deterministic_algorithms_enabled()
    warn_only = torch.is_deterministic_algorithms_warn_only_enabled()
    torch.use_deterministic_algorithms(True, warn_only=True)
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(enabled, warn_only=warn_only)


def nt_xent(projections, temperature):
    """Normalised temperature-scaled cross entropy (Chen et al. 2020, equation 1).

    Parameters
    ----------
    projections : torch.Tensor of shape (2b, d)
        First views of b images, then their second views.
    temperature : float
        Divides the cosine similarities.

    Returns
    -------
    torch.Tensor
        Mean loss over both views of every image.
    """
    return functional.cross_entropy(*discrimination(projections, temperature))


def discrimination(projections, temperature):
    """Instance discrimination: which of all other views is the other view of the same image.

    Parameters
    ----------
    projections, temperature
        As in `nt_xent`.

    Returns
    -------
    logits : torch.Tensor of shape (2b, 2b)
        Of every view (rows) for every view; -inf for itself.
    partner : torch.Tensor of int64, shape (2b,)
        The right answers.
    """
    unit = functional.normalize(projections, dim=1)
    similarity = unit @ unit.T / temperature
    itself = torch.eye(len(unit), dtype=torch.bool, device=unit.device)
    partner = torch.arange(len(unit), device=unit.device).roll(len(unit) // 2)
    return similarity.masked_fill(itself, -torch.inf), partner


def train(pool, seed, device, dimension, epochs, batch_size, learning_rate, temperature, flip, watch=None):
    """Train an encoder on the pool.

    Parameters
    ----------
    pool : numpy.ndarray of uint8 or uint16, shape (n, s, s) or (n, s, s, 3)
        Images of the pool.
    seed, device, dimension, epochs, batch_size, learning_rate, temperature, flip
        As in `encode`.
    watch : callable, optional
        Shown every step: ``watch(epoch, rows, projections)``, with the rows of
        the pool in the batch and the projections of their views, (2b, d), as
        `nt_xent` takes them.

    Returns
    -------
    network : Encoder
        On `device`.
    losses : list of float
        Mean loss of every epoch.
    """
    generator = torch.Generator().manual_seed(seed)
    values = as_batch(pool)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        # A pool of one grey has no spread; nothing is divided then.
        network = Encoder(values.shape[1], dimension, values.mean().item(), values.std().item() or 1.0)
        head = nn.Sequential(nn.Linear(dimension, dimension), nn.ReLU(), nn.Linear(dimension, PROJECTION))
    del values
    both = nn.Sequential(network, head).to(device).train()
    optimiser = torch.optim.AdamW(both.parameters(), lr=learning_rate, weight_decay=WEIGHT_DECAY)
    # Never a batch of one image: it would have nothing to be compared with.
    batches = max(1, min(-(-len(pool) // batch_size), len(pool) // 2))
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, T_max=max(1, epochs * batches))
    losses = []
    for epoch in track(range(epochs), "training the SimCLR encoder"):
        total = 0.0
        for rows in torch.randperm(len(pool), generator=generator).tensor_split(batches):
            batch = as_batch(pool[rows.numpy()]).to(device)
            views = torch.cat([random_view(batch, generator, flip) for _ in range(2)])
            projections = both(views)
            loss = nt_xent(projections, temperature)
            if watch is not None:
                watch(epoch, rows, projections.detach())
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            total += loss.item() * len(rows)
        losses.append(total / len(pool))
    if losses:
        LOGGER.info(
            "SimCLR on %d images: loss %.3f in the first epoch, %.3f in the last.", len(pool), losses[0], losses[-1]
        )
    return network, losses
