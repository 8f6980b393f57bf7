"""TorchXRayVision's networks, in every format of their weights."""

import os
import time
import urllib.error

import cv2
import numpy as np
import pytest
import safetensors.torch
import torch
import torchxrayvision as xrv

from coldstart.embedding import torchxrayvision as txrv
from coldstart.embedding.base import EncoderInputs
from coldstart.embedding.torchxrayvision import encode, headless
from coldstart.errors import InputError
from coldstart.provenance import file_digest

NAME = "densenet121-res224-all"
FILE = "nih-pc-chex-mimic_ch-google-openi-kaggle-densenet121-d121-tw-lr001-rot45-tr15-sc15-seed0-best.pt"
# What torch 1.4, with which the published files were made, did not keep of a module.
UNKNOWN_THEN = ("_non_persistent_buffers_set", "_backward_pre_hooks", "_is_full_backward_hook", "_state_dict_pre_hooks")


@pytest.fixture(scope="module")
def network():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        made = xrv.models.DenseNet(num_classes=18)
        # Published networks have seen images: their batch norms are not those of a new one.
        for layer in made.modules():
            if isinstance(layer, torch.nn.BatchNorm2d):
                layer.running_var.uniform_(0.5, 2)
                layer.weight.data.normal_()
    made.pathologies = ["Atelectasis", ""]
    for layer in made.modules():
        for key in UNKNOWN_THEN:
            layer.__dict__.pop(key, None)
    return made


@pytest.fixture(scope="module")
def published(network, tmp_path_factory):
    """The whole network pickled, in torch's format of 2020, with the source text of its classes."""
    path = tmp_path_factory.mktemp("txrv") / FILE
    torch.save(network, path, _use_new_zipfile_serialization=False)
    return path


def inputs(shape=(64, 64), n=3, name=NAME, dtype=np.uint8, colour=None):
    images = np.random.default_rng(0).integers(0, np.iinfo(dtype).max, (n, *shape), dtype=dtype)
    names = [str(i) for i in range(n)]
    return EncoderInputs(images, names, names, name=name, colour=colour)


@pytest.fixture(scope="module")
def state(published):
    return torch.load(published, weights_only=False).state_dict()


def expected(state, images, maxval):
    """TorchXRayVision's own normalisation and features."""
    batch = np.stack([xrv.utils.normalize(image, maxval, reshape=True) for image in images])
    network = xrv.models.DenseNet(num_classes=18).eval()
    network.load_state_dict(state)
    with torch.inference_mode():
        return network.features2(torch.from_numpy(batch)).numpy()


@pytest.mark.parametrize(("dtype", "maxval"), [(np.uint8, 255), (np.uint16, 65535)])
def test_features_are_the_library_s(state, published, dtype, maxval):
    given = inputs(dtype=dtype)
    embedding = encode(given, weights=str(published), size=None)
    assert embedding.vectors.shape == (3, 1024)
    assert np.allclose(embedding.vectors, expected(state, given.images, maxval), rtol=1e-4, atol=1e-4)
    assert embedding.vectors.min() >= 0
    assert embedding.provenance["weights"] == {"file": FILE, "sha256": file_digest(published)}


@pytest.mark.parametrize("form", ["zip", "state_dict.pt", "state.safetensors"])
def test_every_form_of_the_weights(published, network, state, tmp_path, form):
    path = tmp_path / form
    if form == "zip":
        torch.save(network, path)
    elif form.endswith(".pt"):
        torch.save({"state_dict": state}, path)
    else:
        safetensors.torch.save_file(state, path)
    given, kept = inputs(n=1), {"size": None}
    assert np.array_equal(
        encode(given, weights=str(path), **kept).vectors, encode(given, weights=str(published), **kept).vectors
    )


def test_scaled_before_resized():
    """As the released code does; the other order rounds to whole grey levels."""
    image = np.random.default_rng(0).integers(0, 256, (1, 90, 90), dtype=np.uint8)
    ours = txrv.resized(txrv.normalised(image), 64)
    theirs = cv2.resize(xrv.utils.normalize(image[0], 255), (64, 64))
    assert np.allclose(ours[0], theirs, atol=1e-3)


def test_batches_and_colour(published):
    grey = inputs(n=5)
    whole = encode(grey, weights=str(published), size=32).vectors
    assert np.allclose(whole, encode(grey, weights=str(published), size=32, batch_size=2).vectors, atol=1e-4)
    thrice = EncoderInputs(np.repeat(grey.images[..., None], 3, axis=3), grey.sample_ids, grey.image_names, name=NAME)
    assert np.array_equal(whole, encode(thrice, weights=str(published), size=32).vectors)


def test_zeros_for_colour_files(published):
    plain = encode(inputs(), weights=str(published), size=32).vectors
    embedding = encode(inputs(colour=[False, True, False]), weights=str(published), size=32, rgb="zeros")
    assert not embedding.vectors[1].any()
    assert np.array_equal(embedding.vectors[[0, 2]], plain[[0, 2]])
    # What the files were makes no difference otherwise.
    assert np.array_equal(encode(inputs(colour=[True] * 3), weights=str(published), size=32).vectors, plain)
    with pytest.raises(InputError, match="`rgb: zeros` needs to know which image files"):
        encode(inputs(), weights=str(published), rgb="zeros")
    with pytest.raises(ValueError, match="differ in length"):
        inputs(colour=[True])


class Command:
    def __init__(self, command):
        self.command = command

    def __reduce__(self):
        return os.system, (self.command,)


class Evaluated:
    def __reduce__(self):
        return eval, ("__import__('pathlib').Path('evil').touch()",)


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize("place", ["attribute", "whole"])
def test_code_in_a_file_does_not_run(tmp_path, monkeypatch, zipped, place):
    monkeypatch.chdir(tmp_path)
    for foreign, name in ((Command("touch evil"), "system"), (Evaluated(), "eval")):
        network = xrv.models.DenseNet(block_config=(1, 1, 1, 1))
        network.note = foreign
        content = network if place == "attribute" else foreign
        torch.save(content, "w.pt", _use_new_zipfile_serialization=zipped)
        with pytest.raises(InputError, match=rf"holds Python objects .* \(refused: (\w+\.)?{name}\)"):
            headless(tmp_path / "w.pt")
        assert not (tmp_path / "evil").exists()
        # The file is as evil as it should be.
        torch.load("w.pt", weights_only=False)
        assert (tmp_path / "evil").exists()
        (tmp_path / "evil").unlink()


@pytest.mark.parametrize("zipped", [True, False])
def test_other_networks_are_refused(tmp_path, zipped):
    torch.save(torch.nn.Sequential(torch.nn.Conv2d(1, 1, 1)), tmp_path / "a.pt", _use_new_zipfile_serialization=zipped)
    with pytest.raises(InputError, match=r"do not fit the network \(missing: features.conv0.weight"):
        headless(tmp_path / "a.pt")
    torch.save(torch.nn.GELU(), tmp_path / "b.pt", _use_new_zipfile_serialization=zipped)
    with pytest.raises(InputError, match=r"refused: torch\.nn\.modules\.activation\.GELU"):
        headless(tmp_path / "b.pt")


@pytest.mark.parametrize("cut", [0, 100, 3_000_000])
def test_cut_off_files(published, tmp_path, cut):
    (tmp_path / "w.pt").write_bytes(published.read_bytes()[:cut])
    with pytest.raises(InputError, match=r"w\.pt is damaged"):
        headless(tmp_path / "w.pt")


def test_cache_and_network(published, tmp_path, monkeypatch):
    def refuse(url, *args, **kwargs):
        raise urllib.error.URLError("no route to host")

    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(torch.hub, "download_url_to_file", refuse)
    before = time.monotonic()
    with pytest.raises(InputError) as caught:
        encode(inputs())
    assert time.monotonic() - before < 2
    folder = tmp_path / ".torchxrayvision" / "models_data"
    for part in (FILE, str(folder), "https://github.com/mlmed/torchxrayvision/releases", "`weights:`", "no route"):
        assert part in str(caught.value)

    monkeypatch.setattr(
        torch.hub, "download_url_to_file", lambda url, path, *_, **__: os.link(published, path) if FILE in url else 1
    )
    assert txrv.fetch(NAME) == folder / FILE
    assert encode(inputs(n=1), size=32).provenance["weights"]["file"] == FILE
    assert txrv.fetch(NAME, weights="w.pt", size=3) is None


def test_names():
    with pytest.raises(InputError, match="did you mean 'densenet121-res224-nih'"):
        encode(inputs(name="densenet121-res224-nhi"))
    with pytest.raises(InputError, match="write 'txrv:densenet121-res224-all'"):
        encode(inputs(name=None))
    with pytest.raises(InputError, match=r"there is no weights file none.pt"):
        encode(inputs(), weights="none.pt")
