"""Predictions."""

import numpy as np
import pytest
import torch

from coldstart.errors import InputError
from coldstart.learning import prediction
from coldstart.learning.computing import placed
from coldstart.learning.prediction import predict, probabilities
from coldstart.learning.settings import Settings

CLASSIFIER = Settings(network="small_cnn", network_parameters={"dropout": 0.5})
IMAGES = np.random.default_rng(0).integers(0, 256, (9, 32, 32), dtype=np.uint8)


def test_the_published_score_is_the_sigmoid_of_the_second_logit():
    logits = torch.tensor([[0, 2], [3, 2.5]])
    softmax = probabilities(logits, CLASSIFIER)
    sigmoid = probabilities(logits, Settings(network="small_cnn", score="sigmoid"))
    assert softmax.tolist() == pytest.approx([0.880797, 0.377541], abs=1e-6)
    assert sigmoid.tolist() == pytest.approx([0.880797, 0.924142], abs=1e-6)


def test_dropout_is_off_and_the_mode_is_restored():
    network = CLASSIFIER.build(channels=1, seed=0).train()
    one, again = (predict(network, IMAGES, range(9), CLASSIFIER, "cpu") for _ in range(2))
    assert np.array_equal(one, again)
    assert network.training
    assert one.dtype == np.float64


def test_rows_come_in_the_order_asked_for_whatever_the_batch(monkeypatch):
    network = CLASSIFIER.build(channels=1, seed=0)
    whole = predict(network, IMAGES, np.arange(9), CLASSIFIER, "cpu")
    monkeypatch.setattr(prediction, "MOST_AT_ONCE", 2)
    np.testing.assert_allclose(
        predict(network, IMAGES, [7, 0, 3, 3], CLASSIFIER, "cpu"), whole[[7, 0, 3, 3]], atol=1e-6
    )
    assert predict(network, IMAGES, [], CLASSIFIER, "cpu").shape == (0,)


@pytest.mark.parametrize("name", ["small_cnn", "vgg11", "small_unet", "unet"])
def test_images_predicted_together_are_what_they_are_one_by_one(name):
    settings = Settings(network=name)
    network = placed(settings.build(channels=1, seed=0), settings, torch.device("cpu"))
    together = predict(network, IMAGES, range(9), settings, "cpu")
    alone = np.concatenate([predict(network, IMAGES, [row], settings, "cpu") for row in range(9)])
    np.testing.assert_allclose(together, alone, atol=1e-3 if settings.task == "segmentation" else 1e-5)


def test_maps_are_the_sigmoid_in_half_precision():
    settings = Settings(network="small_unet")
    network = settings.build(channels=1, seed=0).eval()
    maps = predict(network, IMAGES, [4], settings, "cpu")
    with torch.inference_mode():
        expected = network(torch.tensor(IMAGES[4:5, None] / np.float32(255))).sigmoid()[0, 0]
    assert maps.dtype == np.float16
    np.testing.assert_allclose(maps[0], expected.numpy(), atol=1e-3)


@pytest.mark.parametrize("name", ["vgg11", "small_cnn"])
def test_the_network_is_given_normalised_images(name):
    plain, settings = Settings(network=name), Settings(network=name, normalise="imagenet")
    network = settings.build(channels=1, seed=0).eval()
    found = predict(network, IMAGES, [4, 2], settings, "cpu")
    given = torch.tensor(IMAGES[[4, 2], None] / np.float32(255)).expand(2, 3, 32, 32)
    mean, std = (torch.tensor(v).view(3, 1, 1) for v in ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]))
    with torch.inference_mode():
        expected = network((given - mean) / std).softmax(1)[:, 1]
    np.testing.assert_allclose(found, expected.numpy(), atol=1e-5)
    three = np.repeat(IMAGES[..., None], 3, axis=3)
    assert not np.allclose(found, predict(network, three, [4, 2], plain, "cpu"), atol=1e-6)


def test_bfloat16_is_near_float32_but_not_the_same():
    network = CLASSIFIER.build(channels=1, seed=0)
    half = Settings(network="small_cnn", precision="bfloat16")
    one, other = (predict(network, IMAGES, range(9), settings, "cpu") for settings in (CLASSIFIER, half))
    assert not np.array_equal(one, other)
    np.testing.assert_allclose(one, other, atol=0.05)


def test_what_is_no_number_is_refused():
    network = CLASSIFIER.build(channels=1, seed=0)
    with torch.no_grad():
        network.head[1].bias.fill_(float("nan"))
    with pytest.raises(InputError, match=r"diverged.*lower learning\.classification\.learning_rate"):
        predict(network, IMAGES, [0], CLASSIFIER, "cpu")
