"""Weights brought beforehand."""

import urllib.error

import pytest
import torch
from huggingface_hub import constants

from coldstart.embedding import ENCODERS
from coldstart.embedding.fetch import fetch_weights
from coldstart.errors import InputError

NAMES = {"torchvision": "vgg11", "txrv": "densenet121-res224-all", "timm": "resnet18.a1_in1k"}


@pytest.fixture(autouse=True)
def caches(tmp_path, monkeypatch):
    def refuse(url, *args, **kwargs):
        raise urllib.error.URLError("no route to host")

    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(torch.hub, "download_url_to_file", refuse)
    return tmp_path


@pytest.mark.parametrize("encoder", NAMES)
def test_no_network(encoder):
    with pytest.raises(InputError, match=r"not in .* cannot be downloaded .* `weights:?` name"):
        fetch_weights(f"{encoder}:{NAMES[encoder]}", {})


@pytest.mark.parametrize("encoder", [name for name in ENCODERS if name not in NAMES])
def test_encoders_without_published_weights(encoder):
    assert fetch_weights(encoder, {"path": "x"}) is None


@pytest.mark.parametrize("encoder", NAMES)
def test_nothing_is_fetched_where_a_file_is_named(encoder):
    assert fetch_weights(f"{encoder}:{NAMES[encoder]}", {"weights": "w.pt", "size": 64}) is None


def test_the_file_is_answered(caches, monkeypatch):
    def deliver(url, path, *_, **__):
        torch.save({}, path)

    monkeypatch.setattr(torch.hub, "download_url_to_file", deliver)
    assert fetch_weights("torchvision:vgg11", {}) == caches / "torch/hub/checkpoints/vgg11-8a719046.pth"


def test_every_named_encoder_can_be_fetched():
    assert set(NAMES) == {name for name in ENCODERS if ENCODERS.entry(name).facts.get("takes_name")}
    with pytest.raises(InputError, match="needs the name of its weights"):
        fetch_weights("txrv", {})
    with pytest.raises(InputError, match="unknown encoder 'vgg'"):
        fetch_weights("vgg", {})
