"""SimCLR on the unlabelled pool, with what its training says of every image."""

from dataclasses import replace

import numpy as np
import torch

from coldstart.embedding.simclr import discrimination, embedded, pool_rows
from coldstart.errors import InputError


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
    dynamics_temperature: float = 0.05,
):
    """Train by SimCLR on the pool, embed all images, and record the training dynamics that `csval` chooses by.

    The vectors are those of `simclr`. In every epoch the probability is recorded
    with which a view of an image is told from all other views of its batch as the
    partner of the other view, its mean over both views. As in Chen et al.,
    "Making your first choice: to address cold start problem in medical active
    learning", MIDL 2023 (arXiv 2210.02442), the *confidence* of an image is the
    mean of that probability over the epochs, and its *variability* the standard
    deviation. Different here: SimCLR in place of MoCo v2; the temperature divides
    once, where the released code divides what it has divided before by each of
    its temperatures in turn.

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
    dynamics_temperature : float, default=0.05
        Of the probability that is recorded.

    Returns
    -------
    Embedding
        Features before the projection head, with the measures ``confidence`` and
        ``variability`` of the pool.

    Raises
    ------
    InputError
        If the pool has fewer than two images, or `size`, `batch_size`, `epochs`
        or `dynamics_temperature` is too small.
    """
    if epochs < 1 or dynamics_temperature <= 0:
        raise InputError(
            f"encoder 'simclr_dynamics' measures its training: `epochs` ({epochs}) must be at least 1 and "
            f"`dynamics_temperature` ({dynamics_temperature}) above 0."
        )
    rows = pool_rows(inputs)
    told_apart = np.empty((epochs, len(rows)))

    def record(epoch, batch, projections):
        both = partner_probability(projections, dynamics_temperature)
        told_apart[epoch, batch.numpy()] = both.view(2, -1).mean(0).cpu().numpy()

    parameters = {
        "size": size,
        "dimension": dimension,
        "epochs": epochs,
        "batch_size": batch_size,
        "learning_rate": learning_rate,
        "temperature": temperature,
        "flip": flip,
        "dynamics_temperature": dynamics_temperature,
    }
    embedding = embedded(inputs, "simclr_dynamics", parameters, seed, device, record)
    measures = {name: np.full(len(inputs.sample_ids), np.nan, np.float32) for name in ("confidence", "variability")}
    measures["confidence"][rows] = told_apart.mean(axis=0)
    measures["variability"][rows] = told_apart.std(axis=0)
    return replace(embedding, measures=measures)


def partner_probability(projections, temperature):
    """Probability with which every view is told to belong to its partner.

    Parameters
    ----------
    projections : torch.Tensor of shape (2b, d)
        As `coldstart.embedding.simclr.nt_xent` takes them.
    temperature : float

    Returns
    -------
    torch.Tensor of shape (2b,)
    """
    logits, partner = discrimination(projections, temperature)
    return logits.softmax(1)[torch.arange(len(partner), device=partner.device), partner]
