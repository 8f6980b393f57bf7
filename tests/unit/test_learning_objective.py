"""Losses that can be chosen."""

import numpy as np
import pytest
import torch
from sklearn.metrics import log_loss
from torch.nn import functional

from coldstart.errors import InputError
from coldstart.learning.losses import focal_loss, soft_dice_loss, weighted_cross_entropy
from coldstart.learning.objective import objective
from coldstart.learning.settings import Settings
from coldstart.learning.training import fit

RNG = np.random.default_rng(0)
IMAGES = RNG.integers(0, 256, (24, 32, 32), dtype=np.uint8)
LABELS = np.arange(24) % 3 // 2
IMAGES[LABELS == 1, 4:12, 4:12] = 255
MASKS = np.zeros((24, 32, 32), np.uint8)
MASKS[LABELS == 1, 4:12, 4:12] = 1


def settings(network="small_cnn", **changes):
    return Settings(**{"network": network, "epochs": 4, "batch_size": 5, "optimiser": "adam", **changes})


def loss_of(logits, targets, **changes):
    config = settings("small_cnn" if targets.ndim == 1 else "small_unet", **changes)
    wanted, function = objective(config, targets, np.arange(len(targets)), torch.device("cpu"))
    return function(logits, wanted).item()


LOGITS = torch.tensor([[0.2, 1.0], [1.5, -0.5], [0.0, 0.3]])


def test_the_losses_of_a_classification():
    truth = np.array([0, 0, 1])
    p = LOGITS.softmax(1)[:, 1]
    published = weighted_cross_entropy(LOGITS, torch.tensor(truth), torch.tensor([1 / 3, 2 / 3]))
    assert loss_of(LOGITS, truth) == pytest.approx(published.item(), rel=1e-6)
    assert loss_of(LOGITS, truth, loss="bce") == pytest.approx(log_loss(truth, p.numpy()), rel=1e-6)
    # Cross entropy of two logits without weights is the same thing.
    plain = functional.cross_entropy(LOGITS, torch.tensor(truth)).item()
    assert loss_of(LOGITS, truth, loss="bce") == pytest.approx(plain, rel=1e-6)
    right = [1 - p[0], 1 - p[1], p[2]]
    by_hand = np.mean([0.5 * (1 - q) ** 3 * -np.log(q) for q in map(float, right)])
    found = loss_of(LOGITS, truth, loss="focal", focal_alpha=0.5, focal_gamma=3.0)
    assert found == pytest.approx(by_hand, rel=1e-5)


def test_the_losses_are_of_the_probability_that_is_scored():
    p = LOGITS[:, 1].sigmoid().numpy()
    found = loss_of(LOGITS, np.array([0, 0, 1]), loss="bce", score="sigmoid")
    assert found == pytest.approx(log_loss([0, 0, 1], p), rel=1e-6)


def test_the_losses_of_a_segmentation():
    logits = torch.tensor(RNG.normal(size=(3, 1, 6, 6)), dtype=torch.float32)
    masks = (RNG.random((3, 6, 6)) > 0.6).astype(np.uint8)
    truth, p = torch.tensor(masks[:, None]), logits.sigmoid()
    assert loss_of(logits, masks) == pytest.approx(soft_dice_loss(p, truth).item(), rel=1e-6)
    bce = functional.binary_cross_entropy_with_logits(logits, truth.float()).item()
    assert loss_of(logits, masks, loss="bce") == pytest.approx(bce, rel=1e-5)
    assert loss_of(logits, masks, loss="focal", focal_gamma=0.0) == pytest.approx(bce, rel=1e-5)
    expected = focal_loss(p[:, 0], truth[:, 0].float(), 2.0, 1.5).item()
    found = loss_of(logits, masks, loss="focal", focal_alpha=2.0, focal_gamma=1.5)
    assert found == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("network", ["small_cnn", "small_unet"])
@pytest.mark.parametrize("loss", ["focal", "bce"])
def test_every_loss_trains(network, loss):
    config = settings(network, loss=loss, learning_rate=0.003)
    targets = LABELS if network == "small_cnn" else MASKS
    model = config.build(channels=1, seed=0)
    done = fit(model, IMAGES, targets, range(12), [], config, validate=max, seed=0, device="cpu")
    assert done.history.train_loss.iloc[-1] < done.history.train_loss.iloc[0]


def test_a_label_that_is_none_is_refused_by_every_loss():
    for loss in (None, "focal", "bce"):
        with pytest.raises(InputError, match="neither 0 nor 1"):
            loss_of(LOGITS, np.array([0, 1, -1]), loss=loss)
