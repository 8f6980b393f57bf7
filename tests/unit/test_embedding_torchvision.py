"""Weights files, and torchvision networks without their last layer."""

import re
import time
import urllib.error
from collections import OrderedDict

import numpy as np
import pytest
import safetensors.torch
import torch
import torchvision

from coldstart.embedding.base import EncoderInputs
from coldstart.embedding.torchvision import MEAN, STD, encode, headless
from coldstart.embedding.weights import cached_weights, load_weights, read_state_dict
from coldstart.errors import InputError
from coldstart.provenance import file_digest

FILES = {
    "squeezenet1_1": "squeezenet1_1-b8a52dc0.pth",
    "resnet18": "resnet18-f37072fd.pth",
    "densenet121": "densenet121-a639ec97.pth",
}


@pytest.fixture
def home(tmp_path, monkeypatch):
    """An empty torch cache on a machine without network."""

    def refuse(url, *args, **kwargs):
        raise urllib.error.URLError("no route to host")

    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr(torch.hub, "download_url_to_file", refuse)
    return tmp_path / "hub" / "checkpoints"


def network(model, seed=0, **how):
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return torchvision.models.get_model(model, weights=None, **how).eval()


def cache(home, model, state=None, **how):
    home.mkdir(parents=True, exist_ok=True)
    torch.save(network(model).state_dict() if state is None else state, home / FILES[model], **how)
    return home / FILES[model]


def inputs(model, shape=(64, 64), n=5):
    images = np.random.default_rng(0).integers(0, 256, (n, *shape), dtype=np.uint8)
    names = [str(i) for i in range(n)]
    return EncoderInputs(images, names, names, name=model)


def prepared(images, normalise=True):
    batch = torch.from_numpy(images / 255).float()
    batch = batch[:, None].expand(-1, 3, -1, -1) if batch.ndim == 3 else batch.permute(0, 3, 1, 2)
    return (batch - torch.tensor(MEAN).view(3, 1, 1)) / torch.tensor(STD).view(3, 1, 1) if normalise else batch


@pytest.mark.parametrize("shape", [(64, 64), (64, 64, 3)])
def test_features_give_the_scores_of_the_whole_network(home, shape):
    path = cache(home, "resnet18")
    given = inputs("resnet18", shape)
    embedding = encode(given, size=64)
    assert embedding.vectors.shape == (5, 512)
    whole = network("resnet18")
    with torch.inference_mode():
        scores = whole.fc(torch.from_numpy(embedding.vectors))
        assert torch.allclose(scores, whole(prepared(given.images)), atol=1e-4)
    assert embedding.provenance["weights"] == {"file": path.name, "sha256": file_digest(path)}


def test_densenet_with_the_published_key_names(home):
    """The cached file as published, in torch's old format, and the same file given by path."""
    whole = network("densenet121")
    old = {
        re.sub(r"(denselayer\d+\.(?:norm|conv))(\d)", r"\1.\2", key): value for key, value in whole.state_dict().items()
    }
    old = {key: value for key, value in old.items() if "num_batches" not in key}
    assert "features.denseblock1.denselayer1.norm.1.weight" in old
    path = cache(home, "densenet121", old, _use_new_zipfile_serialization=False)
    given = inputs("densenet121", n=2)
    vectors = encode(given, size=64).vectors
    assert vectors.shape == (2, 1024)
    # Torchvision's own way of loading the same file.
    theirs = torchvision.models.densenet121(weights="DEFAULT").eval()
    with torch.inference_mode():
        assert torch.allclose(theirs.classifier(torch.from_numpy(vectors)), theirs(prepared(given.images)), atol=1e-4)
    assert np.array_equal(vectors, encode(given, size=64, weights=str(path)).vectors)


def test_published_pooling_has_no_activation(home):
    cache(home, "densenet121")
    given = inputs("densenet121", n=2)
    whole = network("densenet121")
    with torch.inference_mode():
        expected = whole.features(prepared(given.images)).mean((2, 3)).numpy()
    assert np.allclose(encode(given, size=64, pooling="features").vectors, expected, atol=1e-5)
    assert expected.min() < 0 <= encode(given, size=64).vectors.min()


def test_pooling_of_a_network_without_features(home):
    cache(home, "resnet18")
    with pytest.raises(InputError, match="no part named features"):
        encode(inputs("resnet18"), size=64, pooling="features")


def test_size_normalisation_and_batches(home):
    cache(home, "squeezenet1_1")
    given = inputs("squeezenet1_1", (80, 80), n=7)
    usual = encode(given, size=64)
    assert np.allclose(usual.vectors, encode(given, size=64, batch_size=2).vectors, atol=1e-5)
    assert not np.allclose(usual.vectors, encode(given, size=64, normalise=False).vectors, atol=1e-3)
    assert encode(given).provenance["preprocessing"]["size"] == 224


@pytest.mark.parametrize("suffix", [".pth", ".pt", ".safetensors"])
def test_weights_brought_by_hand(home, tmp_path, suffix):
    state = network("resnet18", seed=3).state_dict()
    path = tmp_path / f"mine{suffix}"
    if suffix == ".safetensors":
        safetensors.torch.save_file(state, path)
    else:
        # Without a head, below "state_dict" and from DataParallel: the usual shape of a medical backbone.
        state = {f"module.{key}": value for key, value in state.items() if not key.startswith("fc.")}
        torch.save({"epoch": 3, "state_dict": state}, path)
    mine = encode(inputs("resnet18"), size=64, weights=str(path)).vectors
    cache(home, "resnet18", network("resnet18", seed=3).state_dict())
    assert np.array_equal(mine, encode(inputs("resnet18"), size=64).vectors)


def test_head_of_another_width(home, tmp_path):
    torch.save(network("resnet18", num_classes=2).state_dict(), tmp_path / "two.pth")
    assert encode(inputs("resnet18"), size=64, weights=str(tmp_path / "two.pth")).vectors.shape == (5, 512)


def test_no_cache_and_no_network(home):
    before = time.monotonic()
    with pytest.raises(InputError) as caught:
        encode(inputs("resnet18"))
    assert time.monotonic() - before < 2
    for part in (FILES["resnet18"], str(home), "$TORCH_HOME/hub/checkpoints", "`weights:`", "no route to host"):
        assert part in str(caught.value)


def test_a_download_is_kept(home, monkeypatch):
    def deliver(url, path, digest, progress):
        assert (url.rpartition("/")[2], digest) == (FILES["resnet18"], "f37072fd")
        torch.save(network("resnet18").state_dict(), path)

    monkeypatch.setattr(torch.hub, "download_url_to_file", deliver)
    assert cached_weights("resnet18") == home / FILES["resnet18"]
    monkeypatch.undo()
    monkeypatch.setenv("TORCH_HOME", str(home.parents[1]))
    assert cached_weights("resnet18").is_file()


def test_unknown_network():
    with pytest.raises(InputError, match="did you mean 'densenet121'"):
        encode(inputs("densenet12"))
    with pytest.raises(InputError, match=r"allowed: .*resnet50"):
        encode(inputs("zzz"))
    with pytest.raises(InputError, match="write 'torchvision:densenet121'"):
        encode(inputs(None))


def test_size_that_the_network_does_not_take(home):
    cache(home, "squeezenet1_1")
    with pytest.raises(InputError, match="squeezenet1_1 does not take images of 2 pixels"):
        encode(inputs("squeezenet1_1"), size=2)


def test_weights_of_another_network(tmp_path, home):
    torch.save(network("squeezenet1_1").state_dict(), tmp_path / "w.pth")
    with pytest.raises(InputError, match=r"do not fit the network \(missing: conv1.weight, .* unknown: features.0"):
        encode(inputs("resnet18"), weights=str(tmp_path / "w.pth"))
    state = network("resnet18").state_dict()
    state["conv1.weight"] = torch.zeros(64, 1, 7, 7)
    with pytest.raises(InputError, match=r"\(of another shape: conv1.weight\)"):
        load_weights(headless("resnet18", 64)[0], state, "w.pth", but=("fc.",))


@pytest.mark.parametrize("content", [b"", b"no weights", b"PK\x03\x04 cut off"])
@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_damaged_files(tmp_path, suffix, content):
    path = tmp_path / f"w{suffix}"
    path.write_bytes(content)
    with pytest.raises(InputError, match=f"w{suffix} is damaged"):
        read_state_dict(path)


def test_cut_off_download(tmp_path):
    path = tmp_path / "w.pth"
    torch.save(network("squeezenet1_1").state_dict(), path)
    path.write_bytes(path.read_bytes()[:-1000])
    with pytest.raises(InputError, match="is damaged"):
        read_state_dict(path)


@pytest.mark.parametrize("place", [0.1, 0.5, 0.9])
def test_a_flipped_bit_is_damage(tmp_path, place):
    path = tmp_path / "w.pth"
    torch.save(network("squeezenet1_1").state_dict(), path)
    content = bytearray(path.read_bytes())
    content[int(place * len(content))] ^= 64
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"w.pth is damaged \(.* does not match its checksum\)"):
        read_state_dict(path)


class Thing:
    pass


@pytest.mark.parametrize("content", [[1, 2], {}, {"a": 1}, torch.zeros(2)])
def test_files_without_a_state_dict(tmp_path, content):
    torch.save(content, tmp_path / "w.pt")
    with pytest.raises(InputError, match="holds no state_dict"):
        read_state_dict(tmp_path / "w.pt")


def test_pickled_objects_are_refused(tmp_path):
    torch.save({"model": Thing()}, tmp_path / "w.pt")
    with pytest.raises(InputError, match=r"holds Python objects beside its tensors: .* save `model.state_dict\(\)`"):
        read_state_dict(tmp_path / "w.pt")
    with pytest.raises(InputError, match="there is no weights file"):
        read_state_dict(tmp_path / "none.pt")


def test_prefix_is_stripped_only_where_all_keys_have_it(tmp_path):
    state = OrderedDict({"module.a": torch.zeros(1), "b": torch.zeros(1)})
    torch.save(state, tmp_path / "w.pt")
    assert list(read_state_dict(tmp_path / "w.pt")) == ["module.a", "b"]


@pytest.mark.parametrize(
    ("model", "width", "size"),
    [
        ("alexnet", 4096, 224),
        ("convnext_tiny", 768, 64),
        ("densenet121", 1024, 64),
        ("efficientnet_b0", 1280, 64),
        ("efficientnet_v2_s", 1280, 64),
        ("googlenet", 1024, 64),
        ("inception_v3", 2048, 128),
        ("maxvit_t", 512, 224),
        ("mnasnet0_5", 1280, 64),
        ("mobilenet_v2", 1280, 64),
        ("mobilenet_v3_small", 1024, 64),
        ("regnet_y_400mf", 440, 64),
        ("resnet18", 512, 64),
        ("resnext50_32x4d", 2048, 64),
        ("shufflenet_v2_x0_5", 1024, 64),
        ("squeezenet1_0", 512, 64),
        ("swin_t", 768, 64),
        ("vgg11", 4096, 224),
        ("vit_b_32", 768, 384),
        ("vit_h_14", 1280, 518),
        ("wide_resnet50_2", 2048, 64),
    ],
)
def test_every_family_is_cut_before_its_last_layer(model, width, size):
    # Nothing is computed, only shapes; RegNet cannot be built that way.
    with torch.device("cpu" if model.startswith("regnet") else "meta"):
        cut, _ = headless(model, size)
        assert cut.eval()(torch.zeros(2, 3, size, size)).flatten(1).shape == (2, width)


@pytest.mark.parametrize("model", ["mnasnet0_5", "densenet121", "googlenet", "swin_t"])
def test_a_state_dict_without_metadata_loads(model):
    cut, head = headless(model, 64)
    load_weights(
        cut,
        dict(network(model, **({"init_weights": False} if model == "googlenet" else {})).state_dict()),
        "w",
        (f"{head}.",),
    )
