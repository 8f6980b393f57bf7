"""Networks of timm and of the Hugging Face Hub in timm's format, without their head."""

from functools import partial
from pathlib import Path

import huggingface_hub.errors as hub
import torch
from huggingface_hub import hf_hub_download

from coldstart.embedding.base import Embedding, provenance
from coldstart.embedding.extras import extra
from coldstart.embedding.features import network_features, scaled, shrunk
from coldstart.embedding.weights import downloaded_to_torch, first_line, read_state_dict
from coldstart.errors import InputError, shown
from coldstart.provenance import file_digest

timm = extra("timm")
timm_models = extra("timm.models")

HUB = "hf-hub:"
HUB_FILES = ("model.safetensors", "pytorch_model.bin")


def encode(
    inputs,
    *,
    seed=0,
    device="cpu",
    weights: str | None = None,
    size: int | None = None,
    batch_size: int = 32,
):
    """Pooled features of a network of timm.

    Images are resized bilinearly to the network's own size, without a crop,
    and normalised by its own mean and standard deviation.

    Parameters
    ----------
    inputs : EncoderInputs
        The images; `name` is timm's name of the network, with or without the tag of
        its weights (``"vit_small_patch14_dinov2.lvd142m"``), or ``"hf-hub:"``
        and a repository of the Hugging Face Hub in timm's format.
    seed : int, default=0
        Not used.
    device : str, default="cpu"
        Device of the network.
    weights : str, optional
        A weights file (``.safetensors``, ``.pth``, ``.pt`` or ``.bin``); its
        head may be of any width, or absent. By default the published ones from
        the cache of the Hugging Face Hub, downloaded where they are not there.
    size : int, optional
        Edge length to which the stored images are resized, in pixels; by
        default the network's own.
    batch_size : int, default=32
        Images at a time.

    Returns
    -------
    Embedding
        For example 384 values per image with a small vision transformer.

    Raises
    ------
    InputError
        If the network is unknown, its weights are missing, gated, damaged or
        made for another network, or it does not take images of `size`.
    """
    config = published(inputs.name)
    path = Path(weights) if weights else cached(inputs.name, config)
    network = headless(inputs.name, config, read_state_dict(path), path, size)
    data = timm.data.resolve_model_data_config(network)
    channels = data["input_size"][0]
    size = data["input_size"][-1] if size is None else size
    mean, std = (tuple(values)[:channels] for values in (data["mean"], data["std"]))
    prepare = partial(shrunk, size=size, channels=channels)
    scale = partial(scaled, channels=channels, mean=mean, std=std)
    vectors = network_features(network, inputs.images, prepare, scale, batch_size, device, f"timm's {inputs.name}")
    return Embedding(
        vectors,
        provenance(
            f"timm:{inputs.name}",
            {"size": size},
            {"file": path.name, "sha256": file_digest(path)},
            {
                "size": size,
                "interpolation": "bilinear",
                "scale": "[0, 1]",
                "channels": channels,
                "mean": list(mean),
                "std": list(std),
            },
            ("torch", "timm", "numpy", "opencv-python-headless"),
        ),
    )


def fetch(name, weights=None, **_):
    """Bring the published weights of a configuration into the cache of the Hugging Face Hub.

    Parameters
    ----------
    name : str
        As `EncoderInputs.name`.
    weights : str, optional
        As in `encode`.

    Returns
    -------
    pathlib.Path or None
        None where the configuration names a file of its own.
    """
    config = published(name)
    return None if weights else cached(name, config)


def published(name):
    """What timm knows of a network's published weights.

    Parameters
    ----------
    name : str
        As `EncoderInputs.name`.

    Returns
    -------
    timm.models.PretrainedCfg

    Raises
    ------
    InputError
        If there is no such network, or its description is not to be had.
    """
    if not name:
        raise InputError("encoder 'timm' needs the name of a network: write 'timm:resnet50.a1_in1k'.")
    if name.startswith(HUB):
        hub_file(name.removeprefix(HUB), ("config.json",))
        try:
            found, architecture, _ = timm_models.load_model_config_from_hf(name.removeprefix(HUB))
            return timm_models.PretrainedCfg(**{**found, "architecture": architecture})
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(f"{name} is no network in timm's format ({first_line(error)}): choose another.") from error
    try:
        known = timm.is_model(name.partition(".")[0]) and timm_models.get_pretrained_cfg(name)
    except RuntimeError:
        known = None
    if not known:
        architecture = name.partition(".")[0]
        near = timm.list_pretrained(f"{architecture}*") or timm.list_pretrained(f"{architecture[:5]}*")
        raise InputError(
            f"timm has no network '{name}' with published weights: choose one of "
            f"{shown(near or timm.list_pretrained('resnet50*'))}."
        )
    return known


def cached(name, config):
    """Path of published weights; downloaded where they are not in the cache.

    Raises
    ------
    InputError
        If they are neither there nor to be had.
    """
    if config.hf_hub_id:
        return hub_file(config.hf_hub_id, (config.hf_hub_filename,) if config.hf_hub_filename else HUB_FILES)
    if config.url and not config.custom_load:
        return downloaded_to_torch(config.url, f"timm's {name}")
    raise InputError(f"timm publishes no weights of {name} in its own format: let `weights` name a file.")


def hub_file(repository, names):
    """Path of a file of the Hugging Face Hub, from its cache or downloaded.

    Parameters
    ----------
    repository : str
        Owner and name, and where wanted ``@`` and a revision.
    names : sequence of str
        The first of them that the repository has is taken.

    Returns
    -------
    pathlib.Path

    Raises
    ------
    InputError
        If it is neither there nor to be had.
    """
    owner_and_name, _, revision = repository.partition("@")
    instead = "or bring the file by hand and let `weights` name it"
    # What is in the cache is taken without asking whether the Hub has changed since.
    for local in (True, False):
        for name in names:
            try:
                return Path(hf_hub_download(owner_and_name, name, revision=revision or None, local_files_only=local))
            except hub.RepositoryNotFoundError as error:
                # The Hub answers so (401, 403, 404) until the terms are accepted and a token is sent.
                raise InputError(
                    f"the Hugging Face Hub does not give out {owner_and_name} ({first_line(error)}): correct its name, "
                    f"or accept its terms there and log in with `hf auth login`, {instead}."
                ) from error
            except hub.RemoteEntryNotFoundError:
                continue
            except (hub.HFValidationError, OSError) as error:
                if not local:
                    raise InputError(
                        f"{name} of {owner_and_name} is not in the cache of the Hugging Face Hub ($HF_HOME) and cannot "
                        f"be downloaded ({first_line(error)}): fetch it elsewhere and copy that cache, {instead}."
                    ) from error
    raise InputError(f"{owner_and_name} on the Hugging Face Hub holds none of {', '.join(names)}: choose another.")


def headless(name, config, state, path, size):
    """Build a network and take its head off.

    Parameters
    ----------
    name : str
        As `EncoderInputs.name`.
    config : timm.models.PretrainedCfg
        From `published`.
    state : dict of str to torch.Tensor
        Its weights.
    path : pathlib.Path
        Where they come from, for messages.
    size : int or None
        Edge length of the images; networks made for one are built for it.

    Returns
    -------
    torch.nn.Module
        Gives pooled features.

    Raises
    ------
    InputError
        If the weights do not fit.
    """
    heads = (config.classifier,) if isinstance(config.classifier, str) else config.classifier or ()
    widths = [len(state[f"{head}.weight"]) for head in heads if f"{head}.weight" in state]
    # The head is built as wide as the file's, so that every key must fit: timm checks
    # none where it is to leave the head out itself.
    classes = widths[0] if widths else 0
    overlay = {"state_dict": state, "source": None, "num_classes": classes, "label_offset": 0}
    extra_arguments = {"img_size": size} if size is not None and config.fixed_input_size else {}
    try:
        with torch.random.fork_rng(devices=[]):
            network = timm.create_model(
                name, pretrained=True, num_classes=classes, pretrained_cfg_overlay=overlay, **extra_arguments
            )
    except (AssertionError, AttributeError, KeyError, RuntimeError, TypeError, ValueError) as error:
        raise InputError(
            f"the weights in {path} do not fit timm's {name} ({' '.join(str(error).split())[:300]}): "
            "give the file made for it."
        ) from error
    network.reset_classifier(0)
    return network
