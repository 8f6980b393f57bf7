"""Weights of networks: from torchvision's published files or brought by hand."""

import difflib
import http.client
import logging
import pickle
import re
import socket
import warnings
import zipfile
from collections import OrderedDict
from pathlib import Path

import safetensors
import safetensors.torch
import torch

from coldstart.embedding.pickled import load_network
from coldstart.errors import InputError, shown
from coldstart.registry import choices

LOGGER = logging.getLogger("coldstart")
SECONDS_WITHOUT_ANSWER = 20
# How PyTorch's reader names what it refuses to build.
FOREIGN_OBJECT = re.compile(r"GLOBAL (\S+)")
# The published DenseNet files still name "norm.1" what torchvision now calls "norm1".
OLD_DENSENET_KEY = re.compile(r"^(.*denselayer\d+\.(?:norm|relu|conv))\.([12]\..*)$")


def published_weights(model):
    """Torchvision's default weights of one of its classification networks.

    Parameters
    ----------
    model : str
        Name of the network, for example ``"densenet121"``.

    Returns
    -------
    torchvision.models.WeightsEnum
        The entry that torchvision calls ``DEFAULT``.

    Raises
    ------
    InputError
        If torchvision has no such network.
    """
    import torchvision  # takes seconds, and a network of one's own does without

    known = torchvision.models.list_models(module=torchvision.models)
    if model not in known:
        near = difflib.get_close_matches(model, known, n=5, cutoff=0.5) or ["densenet121", "resnet50", "vgg11", "..."]
        raise InputError(f"torchvision has no classification network '{model}': {choices(model, near)}.")
    return torchvision.models.get_model_weights(model).DEFAULT


def cached_weights(model):
    """Path of torchvision's default weights of a network; downloaded where they are not in torch's cache.

    Parameters
    ----------
    model : str
        Name of the network, for example ``"vgg11"``.

    Returns
    -------
    pathlib.Path
        A file in ``$TORCH_HOME/hub/checkpoints``.

    Raises
    ------
    InputError
        If torchvision has no such network, or the file is neither there nor to be downloaded.
    """
    return downloaded_to_torch(published_weights(model).url, f"torchvision's {model}")


def downloaded_to_torch(url, whose):
    """Path of a published weights file in torch's cache; see `downloaded`."""
    return downloaded(url, Path(torch.hub.get_dir()) / "checkpoints", whose, "$TORCH_HOME/hub/checkpoints")


def downloaded(url, folder, whose, known_as=None):
    """Path of a published weights file; downloaded where it is not in its cache.

    Parameters
    ----------
    url : str
        Where it is published.
    folder : pathlib.Path
        The cache.
    whose : str
        What the weights belong to, for messages.
    known_as : str, optional
        How the folder is set, for messages.

    Returns
    -------
    pathlib.Path

    Raises
    ------
    InputError
        If the file is neither there nor to be downloaded.
    """
    path = folder / url.rpartition("/")[2]
    if path.is_file():
        return path
    LOGGER.info("Downloading %s to %s.", url, folder)
    named_digest = re.search(r"-([0-9a-f]{8,})\.", path.name)
    timeout = socket.getdefaulttimeout()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # torch asks without a time limit; a closed network must not hold the job up.
        socket.setdefaulttimeout(SECONDS_WITHOUT_ANSWER)
        torch.hub.download_url_to_file(url, str(path), named_digest and named_digest[1], progress=False)
    except (OSError, RuntimeError, http.client.HTTPException) as error:
        place = f"{folder} ({known_as})" if known_as else folder
        raise InputError(
            f"the weights {path.name} of {whose} are not in {place} and cannot be downloaded ({error}): "
            f"fetch {url} elsewhere and put it there, or let `weights:` name a file."
        ) from error
    finally:
        socket.setdefaulttimeout(timeout)
    return path


def read_state_dict(path, classes=()):
    """Read the tensors of a weights file; no code in it is run.

    Parameters
    ----------
    path : str or pathlib.Path
        A ``.safetensors`` file, or what `torch.save` wrote. The tensors may
        lie under ``"state_dict"``, and every key may begin with ``"module."``
        (`torch.nn.DataParallel`).
    classes : iterable of type, default=()
        Where the file may be a whole pickled network, the classes that it may be
        made of; all others are refused.

    Returns
    -------
    collections.OrderedDict of str to torch.Tensor
        On the CPU.

    Raises
    ------
    InputError
        If the file is missing, damaged, or holds anything but tensors.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"there is no weights file {path}: correct `weights`.")
    try:
        check_sums(path)
        state = safetensors.torch.load_file(path) if path.suffix == ".safetensors" else load_tensors(path, classes)
        if isinstance(state, torch.nn.Module):
            state = state.state_dict()
    except pickle.UnpicklingError as error:
        foreign = FOREIGN_OBJECT.search(str(error))
        raise InputError(
            f"{path} is damaged or holds Python objects beside its tensors: fetch it again, or save "
            f"`model.state_dict()` alone{f' (refused: {foreign[1]})' if foreign else ''}."
        ) from error
    except Exception as error:  # Damaged files raise almost anything.
        raise InputError(f"the weights file {path} is damaged ({first_line(error)}): fetch it again.") from error
    if isinstance(state, dict) and isinstance(state.get("state_dict"), dict):
        state = state["state_dict"]
    if not isinstance(state, dict) or not state or not all(isinstance(part, torch.Tensor) for part in state.values()):
        raise InputError(f"{path} holds no state_dict (names and tensors): save `model.state_dict()` alone.")
    wrapped = all(key.startswith("module.") for key in state)
    return OrderedDict((key.removeprefix("module.") if wrapped else key, part) for key, part in state.items())


def check_sums(path):
    """Hold the parts of what `torch.save` wrote against their checksums, which `torch.load` does not look at.

    Files of PyTorch before 1.6 and ``.safetensors`` carry none.

    Parameters
    ----------
    path : pathlib.Path

    Raises
    ------
    zipfile.BadZipFile
        If a part is not what was written.
    """
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            part = archive.testzip()
        if part is not None:
            raise zipfile.BadZipFile(f"{part} does not match its checksum")


def load_tensors(path, classes):
    """What `torch.save` wrote, read by PyTorch's safe reader and with no other classes than the given ones."""
    with torch.serialization.safe_globals(list(classes)), warnings.catch_warnings():
        # Old files carry the source text of their classes, which has changed since.
        warnings.simplefilter("ignore", torch.serialization.SourceChangeWarning)
        try:
            return torch.load(path, map_location="cpu", weights_only=True)
        except pickle.UnpicklingError:
            if not classes or zipfile.is_zipfile(path):
                raise
            return load_network(path, classes)


def first_line(error):
    """First line of an error's message."""
    return (str(error) or type(error).__name__).splitlines()[0]


def load_weights(network, state, path, but=()):
    """Put weights into a network; every key and shape must fit.

    Parameters
    ----------
    network : torch.nn.Module
        The network; changed in place.
    state : dict of str to torch.Tensor
        From `read_state_dict`. DenseNet's old key names are understood.
    path : str or pathlib.Path
        Where they come from, for messages.
    but : iterable of str, default=()
        Keys in `state` that begin so are left out: the head that an encoder cuts off.

    Raises
    ------
    InputError
        If keys or shapes differ; names the first of them.
    """
    state = {OLD_DENSENET_KEY.sub(r"\1\2", key): part for key, part in state.items()}
    state = {key: part for key, part in state.items() if not key.startswith(tuple(but))}
    wanted = network.state_dict()
    # Counters that older files do not have and that no prediction depends on.
    state.update({key: part for key, part in wanted.items() if key.endswith("num_batches_tracked")} | state)
    found = {
        "missing": [key for key in wanted if key not in state],
        "unknown": [key for key in state if key not in wanted],
        "of another shape": [key for key in wanted if key in state and state[key].shape != wanted[key].shape],
    }
    if any(found.values()):
        differences = "; ".join(f"{word}: {shown(keys, 2)}" for word, keys in found.items() if keys)
        raise InputError(f"the weights in {path} do not fit the network ({differences}): give the file made for it.")
    state = OrderedDict(state)
    # Some networks read the version of their own layout from here.
    state._metadata = wanted._metadata
    network.load_state_dict(state)
