"""Networks of timm and of the Hugging Face Hub."""

import json
import time

import numpy as np
import pytest
import safetensors.torch
import timm
import torch
from huggingface_hub import constants
from huggingface_hub.errors import GatedRepoError, RemoteEntryNotFoundError

import coldstart.embedding.timm as room
from coldstart.embedding.base import EncoderInputs
from coldstart.errors import InputError
from coldstart.provenance import file_digest

encode = room.encode
CNN, VIT = "test_resnet", "test_vit"


@pytest.fixture(autouse=True)
def hub(tmp_path, monkeypatch):
    """An empty cache of the Hub on a machine without network."""
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    return tmp_path / "hub"


def network(name, seed=0, **how):
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return timm.create_model(name, pretrained=False, **how).eval()


def saved(path, name, **how):
    safetensors.torch.save_file(network(name, **how).state_dict(), path)
    return str(path)


def in_hub(hub, repository, **files):
    folder = hub / f"models--{repository.replace('/', '--')}"
    (folder / "refs").mkdir(parents=True)
    (folder / "refs" / "main").write_text("c0ffee")
    snapshot = folder / "snapshots" / "c0ffee"
    snapshot.mkdir(parents=True)
    return snapshot


def inputs(name, shape=(64, 64), n=5):
    images = np.random.default_rng(0).integers(0, 256, (n, *shape), dtype=np.uint8)
    names = [str(i) for i in range(n)]
    return EncoderInputs(images, names, names, name=name)


@pytest.mark.parametrize(("name", "size"), [(CNN, 64), (VIT, 160)])
@pytest.mark.parametrize("grey", [True, False])
def test_features_give_the_scores_of_the_whole_network(tmp_path, name, size, grey):
    given = inputs(name, (size, size) if grey else (size, size, 3), n=3)
    whole = network(name)
    embedding = encode(given, weights=saved(tmp_path / "w.safetensors", name), size=size)
    batch = torch.from_numpy(given.images / 255).float()
    batch = batch[:, None].expand(-1, 3, -1, -1) if grey else batch.permute(0, 3, 1, 2)
    mean, std = (torch.tensor(whole.pretrained_cfg[key]).view(3, 1, 1) for key in ("mean", "std"))
    with torch.inference_mode():
        scores = whole.forward_head(whole.forward_features((batch - mean) / std))
        theirs = whole.forward_head(whole.forward_features((batch - mean) / std), pre_logits=True)
    assert np.allclose(embedding.vectors, theirs, atol=1e-4)
    assert scores.shape == (3, 1000)
    assert embedding.provenance["preprocessing"]["mean"] == list(whole.pretrained_cfg["mean"])
    assert embedding.provenance["weights"]["sha256"] == file_digest(tmp_path / "w.safetensors")


def test_own_size_batches_and_seeds(tmp_path):
    weights = saved(tmp_path / "w.safetensors", CNN)
    given = inputs(CNN, (80, 80), n=7)
    usual = encode(given, weights=weights)
    assert usual.provenance["preprocessing"]["size"] == 160
    assert np.allclose(usual.vectors, encode(given, weights=weights, batch_size=2).vectors, atol=1e-4)


def test_transformer_at_another_size(tmp_path):
    weights = saved(tmp_path / "w.safetensors", VIT)
    smaller = encode(inputs(VIT), weights=weights, size=64)
    assert smaller.vectors.shape == encode(inputs(VIT), weights=weights).vectors.shape
    with pytest.raises(InputError, match=r"do not fit timm's test_vit|does not take images of 70 pixels"):
        encode(inputs(VIT), weights=weights, size=70)


@pytest.mark.parametrize("classes", [0, 2])
@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_heads_of_any_width(tmp_path, suffix, classes):
    state = network(CNN, num_classes=classes).state_dict()
    path = tmp_path / f"w{suffix}"
    torch.save({"state_dict": state}, path) if suffix == ".pth" else safetensors.torch.save_file(state, path)
    assert encode(inputs(CNN), weights=str(path)).vectors.shape == (5, network(CNN).num_features)


def test_published_weights_come_from_the_cache(hub, tmp_path):
    snapshot = in_hub(hub, "timm/test_resnet.r160_in1k")
    saved(snapshot / "model.safetensors", CNN)
    embedding = encode(inputs(CNN))
    by_hand = encode(inputs(CNN), weights=saved(tmp_path / "w.safetensors", CNN))
    assert np.array_equal(embedding.vectors, by_hand.vectors)
    assert room.fetch(CNN) == snapshot / "model.safetensors"
    assert np.array_equal(encode(inputs("test_resnet.r160_in1k")).vectors, embedding.vectors)


def test_any_repository_of_the_hub(hub, tmp_path):
    name = "hf-hub:someone/chest"
    weights = saved(tmp_path / "w.safetensors", CNN, num_classes=2)
    with pytest.raises(InputError, match=r"config.json of someone/chest is not in the cache"):
        encode(inputs(name), weights=weights)
    snapshot = in_hub(hub, "someone/chest")
    config = {"input_size": [3, 96, 96], "mean": [0.5] * 3, "std": [0.25] * 3, "num_classes": 2, "classifier": "fc"}
    config |= {"fixed_input_size": False, "first_conv": "conv1"}
    (snapshot / "config.json").write_text(json.dumps({"architecture": CNN, "num_classes": 2, "pretrained_cfg": config}))
    saved(snapshot / "model.safetensors", CNN, num_classes=2)
    embedding = encode(inputs(name))
    assert embedding.provenance["preprocessing"]["size"] == 96
    assert embedding.provenance["preprocessing"]["mean"] == [0.5] * 3
    assert np.array_equal(embedding.vectors, encode(inputs(name), weights=weights).vectors)
    (snapshot / "config.json").write_text("{}")
    with pytest.raises(InputError, match="no network in timm's format"):
        encode(inputs(name))


def test_no_cache_and_no_network():
    before = time.monotonic()
    with pytest.raises(InputError) as caught:
        encode(inputs("resnet18.a1_in1k"))
    assert time.monotonic() - before < 2
    for part in ("model.safetensors of timm/resnet18.a1_in1k", "$HF_HOME", "`weights`"):
        assert part in str(caught.value)


def answer(kind):
    """An error of the Hub, whatever library of requests it stands on."""
    error = kind.__new__(kind)
    error.args = ("403 Client Error: access is restricted",)
    return error


def test_gated_and_incomplete_repositories(monkeypatch):
    def gated(*_, local_files_only, **__):
        raise answer(GatedRepoError) if not local_files_only else FileNotFoundError

    monkeypatch.setattr(room, "hf_hub_download", gated)
    with pytest.raises(InputError, match=r"does not give out .*accept its terms there and log in with `hf auth login`"):
        encode(inputs("resnet18.a1_in1k"))

    def lacking(_, name, *, local_files_only, **__):
        raise answer(RemoteEntryNotFoundError) if not local_files_only else FileNotFoundError

    monkeypatch.setattr(room, "hf_hub_download", lacking)
    with pytest.raises(InputError, match=r"holds none of model.safetensors, pytorch_model.bin"):
        encode(inputs("resnet18.a1_in1k"))


@pytest.mark.parametrize("name", ["resnet18.nosuch", "resnet18x", "zzz", "a/b", "local-dir:/tmp"])
def test_unknown_networks(name):
    with pytest.raises(InputError, match=r"timm has no network .* choose one of \w*\w+\.\w+"):
        encode(inputs(name))


def test_names_are_needed():
    with pytest.raises(InputError, match=r"write 'timm:resnet50.a1_in1k'"):
        encode(inputs(None))


def test_wrong_and_damaged_weights(tmp_path):
    with pytest.raises(InputError, match=r"do not fit timm's test_resnet .*Missing key"):
        encode(inputs(CNN), weights=saved(tmp_path / "w.safetensors", VIT))
    state = network(CNN).state_dict()
    del state["layer1.0.conv1.weight"]
    torch.save(state, tmp_path / "less.pth")
    with pytest.raises(InputError, match=r"do not fit timm's test_resnet .*layer1.0.conv1.weight"):
        encode(inputs(CNN), weights=str(tmp_path / "less.pth"))
    (tmp_path / "x.pth").write_bytes(b"x")
    with pytest.raises(InputError, match=r"x\.pth is damaged"):
        encode(inputs(CNN), weights=str(tmp_path / "x.pth"))
    with pytest.raises(InputError, match="there is no weights file"):
        encode(inputs(CNN), weights="none.pth")
