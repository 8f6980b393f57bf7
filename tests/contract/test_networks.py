"""Every registered network."""

from functools import cache

import numpy as np
import pytest
import torch

from coldstart.errors import InputError
from coldstart.learning import NETWORKS
from coldstart.learning.losses import soft_dice_loss, weighted_cross_entropy
from coldstart.learning.prediction import predict
from coldstart.learning.settings import Settings
from coldstart.learning.training import fit
from coldstart.learning.weights_file import load_weights, save_weights

SIZE = 64


@cache
def network(name, channels=1, seed=0):
    """Build a network once; tests that change it build their own."""
    return NETWORKS.load(name)(channels=channels, seed=seed)


def pictures(channels=1, n=4, size=SIZE):
    shape = (n, size, size) if channels == 1 else (n, size, size, channels)
    return np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)


def same(one, other):
    return all(torch.equal(a, b) for a, b in zip(one.parameters(), other.parameters(), strict=True))


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("name", list(NETWORKS))
def test_logits_have_the_shape_of_the_task(name, channels):
    x = torch.rand(2, channels, SIZE, SIZE)
    with torch.inference_mode():
        logits = network(name, channels).eval()(x)
    expected = (2, 2) if NETWORKS.entry(name).facts["task"] == "classification" else (2, 1, SIZE, SIZE)
    assert logits.shape == expected
    assert logits.dtype == torch.float32


@pytest.mark.parametrize("name", list(NETWORKS))
def test_the_seed_alone_decides_the_initial_weights(name):
    before = torch.get_rng_state()
    again, other = (NETWORKS.load(name)(channels=1, seed=seed) for seed in (0, 1))
    assert torch.equal(torch.get_rng_state(), before)
    assert same(network(name), again)
    assert not same(again, other)


@pytest.mark.parametrize("name", list(NETWORKS))
def test_one_step_lowers_the_loss(name):
    model = NETWORKS.load(name)(channels=1, seed=0).eval()
    x = torch.rand(4, 1, SIZE, SIZE, generator=torch.Generator().manual_seed(0))
    if NETWORKS.entry(name).facts["task"] == "classification":
        labels = torch.tensor([0, 0, 0, 1])
        weights = torch.tensor([0.25, 0.75])

        def loss_of():
            return weighted_cross_entropy(model(x), labels, weights)
    else:
        masks = (x > 0.8).float()

        def loss_of():
            return soft_dice_loss(model(x).sigmoid(), masks)

    first = loss_of()
    first.backward()
    torch.optim.SGD(model.parameters(), lr=1e-3).step()
    with torch.no_grad():
        assert loss_of() < first


@pytest.mark.parametrize("name", list(NETWORKS))
def test_trains_and_predicts_through_the_chain(name):
    settings = Settings(network=name, epochs=1, batch_size=2)
    model = settings.build(channels=1, seed=3)
    images, segmenting = pictures(), settings.task == "segmentation"
    targets = (images > 200).astype(np.uint8) if segmenting else np.array([0, 1, 0, 1])
    before = [tensor.clone() for tensor in model.parameters()]
    done = fit(model, images, targets, [0, 1, 2], [3], settings, validate=lambda t, p: 0.0, seed=0, device="cpu")
    assert not all(torch.equal(a, b) for a, b in zip(before, done.network.parameters(), strict=True))
    p = predict(done.network, images, [3, 0], settings, "cpu")
    assert p.shape == ((2, SIZE, SIZE) if segmenting else (2,))
    assert p.dtype == (np.float16 if segmenting else np.float64)
    assert ((p >= 0) & (p <= 1)).all()


@pytest.mark.parametrize("name", list(NETWORKS))
def test_weights_go_into_a_file_and_back(name, tmp_path):
    path = tmp_path / "weights.safetensors"
    save_weights(path, network(name))
    other = NETWORKS.load(name)(channels=1, seed=1)
    load_weights(path, other)
    assert same(network(name), other)
    started = NETWORKS.load(name)(channels=1, seed=1, weights=str(path))
    assert same(network(name), started)


@pytest.mark.parametrize("name", list(NETWORKS))
def test_missing_and_foreign_weights_are_named(name, tmp_path):
    with pytest.raises(InputError, match=r"nothing\.pth"):
        NETWORKS.load(name)(channels=1, seed=0, weights=str(tmp_path / "nothing.pth"))
    torch.save({"strange.weight": torch.zeros(2)}, tmp_path / "foreign.pth")
    with pytest.raises(InputError, match=r"foreign\.pth.*strange"):
        NETWORKS.load(name)(channels=1, seed=0, weights=str(tmp_path / "foreign.pth"))


@pytest.mark.parametrize("name", list(NETWORKS))
def test_a_size_that_does_not_fit_is_refused_and_the_smallest_works(name):
    settings, multiple = Settings(network=name, epochs=1), NETWORKS.entry(name).facts["multiple"]
    model, smallest = network(name), max(32, multiple)
    images = pictures(n=1, size=smallest)
    assert np.isfinite(predict(model, images, [0], settings, "cpu")).all()
    if multiple > 1:
        images = pictures(n=1, size=smallest + 4)
        with pytest.raises(InputError, match=rf"dataset\.size is {smallest + 4}.*multiple of {multiple}"):
            predict(model, images, [0], settings, "cpu")
