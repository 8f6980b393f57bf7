"""Weights of a trained network in a file, from which the next round continues."""

import hashlib
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save_file

from coldstart.embedding import weights
from coldstart.errors import DamagedFile, InputError
from coldstart.storage import replacing


def save_weights(path, network):
    """Write the weights of a network as safetensors, with a digest of them.

    Parameters
    ----------
    path : str or pathlib.Path
        The file, whole or not at all.
    network : torch.nn.Module
    """
    state = {name: tensor.detach().cpu().contiguous() for name, tensor in network.state_dict().items()}
    with replacing(path) as temporary:
        save_file(state, temporary, metadata={"sha256": digest_of(state)})


def load_weights(path, network):
    """Put the weights that `save_weights` wrote into a network of the same kind.

    Parameters
    ----------
    path : str or pathlib.Path
        The file.
    network : torch.nn.Module
        Changed in place.

    Raises
    ------
    InputError
        If the file is missing or damaged, or belongs to another network.
    """
    try:
        state = weights.read_state_dict(path)
    except InputError as error:
        if not Path(path).is_file():
            raise
        raise DamagedFile(path, error) from error
    # The format has no sums of its own: a flipped bit would go into the next round.
    with safe_open(path, "pt") as file:
        kept = (file.metadata() or {}).get("sha256")
    if kept not in (None, digest_of(state)):
        raise DamagedFile(path, "its weights are not those that were written")
    weights.load_weights(network, state, path)


def digest_of(state):
    """SHA-256 over names and values of tensors, in hexadecimal."""
    digest = hashlib.sha256()
    for name in sorted(state):
        digest.update(f"{name} {tuple(state[name].shape)}\n".encode())
        digest.update(state[name].reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()
