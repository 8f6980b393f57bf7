"""Settings of a training."""

import pytest

from coldstart.errors import InputError
from coldstart.learning.settings import Settings


def test_the_defaults_are_the_published_ones():
    settings = Settings.read({"network": "vgg11"})
    assert (settings.optimiser, settings.learning_rate, settings.momentum, settings.weight_decay) == (
        "sgd",
        1e-3,
        0.9,
        0,
    )
    assert (settings.epochs, settings.batch_size, settings.patience, settings.factor) == (100, 10, 10, 0.5)
    assert (settings.precision, settings.augment, settings.task) == ("float32", "none", "classification")
    assert (settings.strategy, settings.samples, settings.patches, settings.loss) == ("scratch", "all", {}, None)
    assert (settings.monitor, settings.stop_after, settings.keep) == ("metric", None, "best")
    assert settings.rate_decay == settings.head_rate == 1


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"network": "vgg12"}, "unknown network 'vgg12': did you mean 'vgg11'"),
        ({}, "the key 'network' is missing"),
        ({"network": "vgg11", "epoch": 3}, "unknown key 'epoch'; did you mean 'epochs'"),
        ({"network": "vgg11", "optimiser": "adan"}, "optimiser is 'adan'; did you mean 'adam'"),
        ({"network": "vgg11", "precision": "float16"}, "precision is 'float16'"),
        ({"network": "vgg11", "augment": None}, "augment is None"),
        ({"network": "vgg11", "normalise": "imagnet"}, "normalise is 'imagnet'; did you mean 'imagenet'"),
        ({"network": "vgg11", "batch_size": 0}, "batch_size is 0"),
        ({"network": "vgg11", "learning_rate": float("nan")}, "learning_rate is nan"),
        ({"network": "vgg11", "rate_decay": 0}, "rate_decay is 0"),
        ({"network": "vgg11", "head_rate": -1}, "head_rate is -1"),
        ({"network": "vgg11", "stop_after": 0}, "stop_after is 0 and should be null or at least 1"),
        ({"network": "vgg11", "loss": "focale"}, "loss is 'focale'; did you mean 'focal'"),
        ({"network": "vgg11", "monitor": "metrics"}, "monitor is 'metrics'; did you mean 'metric'"),
        ({"network": "vgg11", "keep": "first"}, "keep is 'first'"),
        ({"network": "vgg11", "samples": "some"}, "samples is 'some'"),
        ({"network": "vgg11", "strategy": "acft_h"}, "unknown learning strategy 'acft_h': did you mean 'acft_hq'"),
    ],
)
def test_what_is_wrong_is_said(config, message):
    with pytest.raises(InputError, match=message):
        Settings.read(config)


def test_builds_its_network_with_its_parameters():
    wide = Settings.read({"network": "small_cnn", "network_parameters": {"width": 24, "dropout": 0.0}})
    network = wide.build(channels=3, seed=1)
    assert network.stem[1].weight.shape[:2] == (24, 3)
    assert network.head[0].p == 0


@pytest.mark.parametrize("network", ["small_cnn", "small_unet"])
def test_a_network_of_normalised_images_takes_three_channels(network):
    settings = Settings(network=network, normalise="imagenet")
    expected = settings.build(channels=3, seed=0).state_dict()
    assert {k: v.shape for k, v in settings.build(channels=1, seed=0).state_dict().items()} == {
        k: v.shape for k, v in expected.items()
    }


def test_weights_reach_the_network():
    with pytest.raises(InputError, match="no ImageNet weights"):
        Settings.read({"network": "small_unet", "weights": "imagenet"}).build(channels=1, seed=0)
