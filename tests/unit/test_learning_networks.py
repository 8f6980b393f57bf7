"""Weights that networks start from."""

import pytest
import torch
import torchvision

from coldstart.errors import InputError
from coldstart.learning.small_cnn import build as build_small_cnn
from coldstart.learning.unet_vgg11 import build as build_unet
from coldstart.learning.vgg11 import build as build_vgg


@pytest.fixture(scope="module")
def imagenet(tmp_path_factory):
    """A state dict of torchvision's VGG-11 with its 1000 classes, put into torch's cache."""
    folder = tmp_path_factory.mktemp("torch")
    name = torchvision.models.VGG11_Weights.DEFAULT.url.rpartition("/")[2]
    (folder / "hub/checkpoints").mkdir(parents=True)
    with torch.random.fork_rng():
        state = torchvision.models.vgg11(weights=None).state_dict()
    torch.save(state, folder / "hub/checkpoints" / name)
    return folder, state


def test_vgg11_takes_the_imagenet_weights_and_draws_its_last_layer(imagenet, monkeypatch):
    folder, state = imagenet
    monkeypatch.setenv("TORCH_HOME", str(folder))
    network = build_vgg(channels=1, seed=1, weights="imagenet")
    own = network.state_dict()
    assert all(torch.equal(own[name], state[name]) for name in own if not name.startswith("classifier.6"))
    assert own["classifier.6.weight"].shape == (2, 4096)
    again = build_vgg(channels=1, seed=1, weights="imagenet").state_dict()
    assert torch.equal(own["classifier.6.weight"], again["classifier.6.weight"])


def test_the_u_net_takes_them_into_its_encoder(imagenet, monkeypatch):
    folder, state = imagenet
    monkeypatch.setenv("TORCH_HOME", str(folder))
    network, fresh = build_unet(channels=1, seed=1, weights="imagenet"), build_unet(channels=1, seed=1)
    own, random = network.state_dict(), fresh.state_dict()
    encoder = {name.removeprefix("encoder."): tensor for name, tensor in own.items() if name.startswith("encoder.")}
    assert len(encoder) == 16
    assert all(torch.equal(tensor, state[name]) for name, tensor in encoder.items())
    decoder = [name for name in own if not name.startswith("encoder.")]
    assert decoder
    assert all(torch.equal(own[name], random[name]) for name in decoder)


def test_a_small_network_has_no_imagenet_weights():
    with pytest.raises(InputError, match="no ImageNet weights"):
        build_small_cnn(channels=1, seed=0, weights="imagenet")


def test_a_grey_image_is_repeated_and_not_standardised():
    network = build_unet(channels=1, seed=0).eval()
    x = torch.rand(1, 1, 32, 32)
    seen = []
    network.encoder.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0]))
    with torch.inference_mode():
        network(x)
    assert torch.equal(seen[0], x.repeat(1, 3, 1, 1))


def test_small_networks_are_small():
    assert sum(tensor.numel() for tensor in build_small_cnn(channels=1, seed=0).parameters()) < 300_000


def test_small_networks_do_not_see_the_exposure():
    network = build_small_cnn(channels=1, seed=0).eval()
    x = torch.rand(2, 1, 64, 64)
    with torch.inference_mode():
        assert torch.allclose(network(x), network(0.5 * x + 0.3), atol=1e-3)
