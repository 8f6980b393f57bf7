"""Checkpoints: a killed training goes on where it was, to the bit."""

import contextlib
import hashlib
import json
import logging
import pickle
import time
import zipfile
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch

from coldstart.storage import replacing

LOGGER = logging.getLogger("coldstart")
# Seconds that every epoch can spare, and the share of the time that slower writes may take.
QUICK, SHARE = 0.5, 0.05
DAMAGE = (zipfile.BadZipFile, pickle.UnpicklingError, OSError, RuntimeError, EOFError, KeyError, TypeError, ValueError)


def content_digest(plain, *arrays):
    """Digest of what a training is given, for the `fingerprint` of `fit`.

    Parameters
    ----------
    plain : object
        Plain values, such as the digests of the weights it begins with.
    *arrays : numpy.ndarray
        Pixels and targets that it sees.

    Returns
    -------
    str
        SHA-256 in hexadecimal.
    """
    digest = hashlib.sha256(json.dumps(plain, sort_keys=True).encode())
    for array in arrays:
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def fingerprint_of(settings, rate, train_rows, val_rows, seed, device, fingerprint):
    """Digest of all that a training depends on.

    Parameters
    ----------
    settings : Settings
    rate : float
        Learning rate of the first epoch.
    train_rows, val_rows : numpy.ndarray of int
    seed : int
    device : torch.device
        Another kind of device rounds differently.
    fingerprint : str
        The caller's own: images, targets, initial weights.

    Returns
    -------
    str
        SHA-256 in hexadecimal.
    """
    plain = {key: value for key, value in asdict(settings).items() if key != "checkpoint_seconds"}
    digest = hashlib.sha256(
        json.dumps([plain, rate, seed, device.type, torch.__version__, fingerprint], sort_keys=True).encode()
    )
    for rows in (train_rows, val_rows):
        digest.update(b"rows" + np.asarray(rows, dtype=np.int64).tobytes())
    return digest.hexdigest()


def save(path, state, fingerprint):
    """Write a checkpoint, whole or not at all.

    Parameters
    ----------
    path : str or pathlib.Path
    state : dict
        Tensors and plain values.
    fingerprint : str
        See `fingerprint_of`.

    Returns
    -------
    float
        Seconds to wait before the next one: none after a quick write; after a
        slow one (VGG-11: 1.5 GB) so many that writing takes a twentieth of the time.
    """
    began = time.monotonic()
    # Of a path that torch opens itself it does not say why it cannot be written, and of a stream not always.
    with replacing(path) as temporary, open(temporary, "wb") as stream:
        try:
            torch.save({"fingerprint": fingerprint, "state": state}, stream)
        except RuntimeError as error:
            raise (error.__context__ if isinstance(error.__context__, OSError) else error) from None
    took = time.monotonic() - began
    return took / SHARE if took > QUICK else 0.0


def load(path, fingerprint):
    """Read the checkpoint of the same training.

    Parameters
    ----------
    path : str or pathlib.Path
    fingerprint : str
        See `fingerprint_of`.

    Returns
    -------
    dict or None
        What `save` was given; None where there is no checkpoint, where it is
        damaged or belongs to another training. The log says which.
    """
    try:
        # torch does not check the sums that it writes: a flipped bit would go into the network.
        with zipfile.ZipFile(path) as archive:
            if (record := archive.testzip()) is not None:
                raise zipfile.BadZipFile(f"wrong checksum in {record}")
        found = torch.load(path, map_location="cpu", weights_only=True)
        same, state = found["fingerprint"] == fingerprint, found["state"]
    except FileNotFoundError:
        return None
    except DAMAGE as error:
        LOGGER.warning("The checkpoint %s is damaged (%s): the training begins anew.", path, error)
        return None
    if not same:
        LOGGER.warning("The checkpoint %s belongs to another training: this one begins anew.", path)
        return None
    return state


def remove(path):
    """Remove a checkpoint, and what a kill in the middle of writing one has left."""
    path = Path(path)
    for leftover in [path, *path.parent.glob(f".{path.stem}.*{path.suffix}")]:
        with contextlib.suppress(FileNotFoundError):
            leftover.unlink()
