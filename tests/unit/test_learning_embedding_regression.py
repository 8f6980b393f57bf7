"""The uncertainty of an embedding, against numpy and a hand-made schedule, and the strategies that choose by it."""

import numpy as np
import pytest
import torch
from torch import nn

from coldstart.errors import InputError
from coldstart.learning import embedding_regression as regression
from coldstart.learning.pool_network import dropouts
from coldstart.selection import embedding_uncertainty as by_uncertainty
from coldstart.selection import kmeans_uncertainty

IMAGES = np.random.default_rng(0).integers(20, 200, (14, 16, 16), dtype=np.uint8)
VECTORS = np.random.default_rng(1).normal(size=(14, 5)).astype(np.float32)
HOW = {"network": "small_cnn", "weights": None, "epochs": 3, "batch_size": 4, "learning_rate": 0.01, "passes": 6}


def rng(seed=0):
    return np.random.default_rng(seed)


def measured(images=IMAGES, vectors=VECTORS, seed=0, **how):
    return regression.embedding_uncertainty(images, vectors, seed=seed, device="cpu", **{**HOW, **how})


class Scripted(nn.Module):
    """Predicts zeros, and counts how it was called."""

    def __init__(self):
        super().__init__()
        self.drop = nn.Dropout(0.5)
        self.weight = nn.Parameter(torch.zeros(1))
        self.trained = []

    def forward(self, x):
        self.trained.append((self.training, self.drop.training))
        return self.weight * x.mean((1, 2, 3))[:, None]


def test_the_same_seed_gives_the_same_numbers_and_nothing_else_is_moved():
    before = torch.get_rng_state()
    first, again, other = measured(), measured(), measured(seed=1)
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    assert (first > 0).all()
    assert torch.equal(before, torch.get_rng_state())


def test_the_uncertainty_is_the_variance_over_passes_summed_over_the_embedding():
    model = nn.Sequential(nn.Flatten(), nn.Dropout(0.4), nn.Linear(256, 5))
    torch.manual_seed(3)
    found = regression.spread_of_passes(model, IMAGES, torch.device("cpu"), 9)
    torch.manual_seed(3)
    model.eval()
    model[1].train()
    batch = regression.stretched(IMAGES, np.arange(14), "cpu")
    with torch.no_grad():
        passes = np.stack([model(batch).double().numpy() for _ in range(9)])
    np.testing.assert_allclose(found, passes.var(axis=0).sum(axis=1), rtol=1e-10)


def test_every_image_is_stretched_between_its_own_extremes():
    images = np.stack([IMAGES[0], np.full((16, 16), 7, np.uint8)])
    found = regression.stretched(images, [0, 1], "cpu").numpy()[:, 0]
    low, high = IMAGES[0].min(), IMAGES[0].max()
    np.testing.assert_allclose(found[0], (IMAGES[0].astype(float) - low) / (int(high) - int(low)), atol=1e-5)
    assert not found[1].any()
    wide = (IMAGES[:2].astype(np.uint16)) * 257
    np.testing.assert_allclose(
        regression.stretched(wide, [0], "cpu"), regression.stretched(IMAGES, [0], "cpu"), atol=1e-4
    )


def test_dropout_is_off_in_training_and_the_best_epoch_is_kept(monkeypatch):
    model, errors = Scripted(), iter([5.0, 3.0, 4.0])
    kept = []

    def error(model, *rest):
        kept.append(model.weight.item())
        return next(errors)

    monkeypatch.setattr(regression, "mean_squared_error", error)
    regression.fit(model, IMAGES, torch.ones(14, 1), 0, torch.device("cpu"), 3, 4, 0.1)
    assert set(model.trained) == {(True, False)}
    assert len(model.trained) == 3 * 4
    assert model.weight.item() == kept[1] != kept[2]


def test_the_rate_is_halved_after_ten_stale_epochs_and_training_ends_after_twenty(monkeypatch):
    model, rates, epochs = Scripted(), [], []
    step = torch.optim.SGD.step

    def noted(self, *given):
        rates.append(self.param_groups[0]["lr"])
        return step(self, *given)

    def error(*given):
        epochs.append(1)
        return 1.0

    monkeypatch.setattr(torch.optim.SGD, "step", noted)
    monkeypatch.setattr(regression, "mean_squared_error", error)
    regression.fit(model, IMAGES, torch.ones(14, 1), 0, torch.device("cpu"), 200, 14, 0.1)
    assert len(epochs) == 21
    assert rates == [0.1] * 11 + [0.05] * 10


def test_training_brings_the_prediction_nearer():
    torch.manual_seed(0)
    model, targets = regression.regressor("small_cnn", None, 1, 5, 0), torch.tensor(VECTORS)
    before = regression.mean_squared_error(model, IMAGES, targets, "cpu")
    regression.fit(model, IMAGES, targets, 0, torch.device("cpu"), 12, 4, 0.01)
    assert regression.mean_squared_error(model, IMAGES, targets, "cpu") < 0.8 * before
    assert model.head[-1].out_features == 5
    assert len(dropouts(model)) == 1


def test_what_cannot_be_measured_is_refused():
    with pytest.raises(InputError, match="the network small_unet has no dropout or no linear last layer"):
        measured(network="small_unet")
    with pytest.raises(InputError, match=r"has diverged: lower models.<name>.uncertainty.learning_rate"):
        measured(vectors=VECTORS * np.float32(1e30), learning_rate=1e3)


def test_the_most_uncertain_come_first_and_of_equals_the_lowest():
    said = {"uncertainty": np.array([1.0, 3.0, 2.0, 3.0])}
    found = by_uncertainty.select(np.ones((4, 2)), 3, rng=rng(), measures=said)
    assert found.indices.tolist() == [1, 3, 2]
    assert found.scores.tolist() == [3, 3, 2]


def test_every_cluster_gives_its_most_uncertain_member():
    X = np.repeat([[0.0, 0], [50, 0], [0, 50]], [5, 4, 3], axis=0) + rng(2).normal(size=(12, 2))
    said = rng(3).random(12)
    found = kmeans_uncertainty.select(X, 3, rng=rng(), measures={"uncertainty": said})
    members = np.split(np.arange(12), [5, 9])
    assert found.indices.tolist() == [rows[said[rows].argmax()] for rows in members]
    assert found.scores.tolist() == [said[rows].max() for rows in members]
