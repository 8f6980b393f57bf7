"""Training: the best epoch, the rate, the guards."""

import numpy as np
import pytest
import torch

from coldstart.errors import InputError
from coldstart.learning.prediction import predict
from coldstart.learning.settings import Settings
from coldstart.learning.training import batches, fit

RNG = np.random.default_rng(0)
IMAGES = RNG.integers(0, 256, (24, 32, 32), dtype=np.uint8)
LABELS = np.arange(24) % 3 // 2
IMAGES[LABELS == 1, 4:12, 4:12] = 255
MASKS = np.zeros((24, 32, 32), np.uint8)
MASKS[LABELS == 1, 4:12, 4:12] = 1
NAN = float("nan")


def settings(network="small_cnn", **changes):
    return Settings(**{"network": network, "epochs": 4, "batch_size": 5, "optimiser": "adam", **changes})


def train(config=None, values=None, train_rows=range(12), val_rows=range(12, 18), seed=0, images=IMAGES, **changes):
    """Train on the toy; `values` is what the metric gives, epoch after epoch."""
    config = config or settings(**changes)
    targets = MASKS if config.task == "segmentation" else LABELS
    values = iter(values) if values is not None else iter(np.arange(1.0, 1000))
    return fit(
        config.build(channels=1 if images.ndim == 3 else 3, seed=seed),
        images,
        targets,
        train_rows,
        val_rows,
        config,
        validate=lambda t, p: next(values),
        seed=seed,
        device="cpu",
    )


def equal(one, other):
    pairs = zip(one.network.state_dict().values(), other.network.state_dict().values(), strict=True)
    return all(torch.equal(a, b) for a, b in pairs)


def test_learns_the_toy():
    config = settings(epochs=25, learning_rate=0.003)
    done = train(config)
    p = predict(done.network, IMAGES, range(18, 24), config, "cpu")
    assert p[LABELS[18:] == 1].min() > p[LABELS[18:] == 0].max()
    assert done.history.train_loss.iloc[-1] < 0.5 * done.history.train_loss.iloc[0]


def test_segments_the_toy():
    config = settings("small_unet", epochs=35, learning_rate=0.005, augment="light")
    done = train(config, train_rows=np.flatnonzero(LABELS[:18]), val_rows=[])
    rows = np.flatnonzero(LABELS)[6:]
    maps = predict(done.network, IMAGES, rows, config, "cpu") >= 0.5
    assert 2 * (maps & (MASKS[rows] > 0)).sum() / (maps.sum() + MASKS[rows].sum()) > 0.8


def test_the_first_epoch_of_the_highest_metric_is_kept():
    done = train(values=[0.1, 0.6, 0.6, 0.2])
    assert (done.best_epoch, done.best_value) == (2, 0.6)
    assert equal(done, train(values=[0.1, 0.6], epochs=2))
    assert not equal(done, train(values=[0.1, 0.6, 0.7], epochs=3))
    assert not done.network.training


@pytest.mark.parametrize(
    ("values", "best", "same_as_epochs"), [([0, 0, 0, 0], 1, 1), ([NAN] * 4, 4, 4), ([NAN, 0.0, NAN, 0.0], 2, 2)]
)
def test_there_always_is_a_best_epoch(values, best, same_as_epochs):
    done = train(values=values)
    assert done.best_epoch == best
    assert np.isnan(done.best_value) if np.isnan(values).all() else done.best_value == 0
    assert equal(done, train(epochs=same_as_epochs))


def test_the_history_shows_the_published_rate():
    values = [0.5, 0.5, 0.5, 0.5, 0.6, 0.1, 0.1, 0.1]
    done = train(values=values, epochs=8, patience=2, learning_rate=0.01)
    assert done.history.columns.tolist() == ["epoch", "train_loss", "val_metric", "learning_rate", "seconds"]
    assert done.history.epoch.tolist() == list(range(1, 9))
    assert done.history.learning_rate.tolist() == [0.01] * 3 + [0.005] * 4 + [0.0025]
    assert done.history.val_metric.tolist() == values


def test_the_rate_of_the_history_is_the_rate_of_the_steps():
    """A rate of nothing leaves the weights of the epoch before."""
    last = train(values=[0.5, 0.6, 0.1, 0.7], patience=1, factor=1e-30, optimiser="sgd")
    assert equal(last, train(values=[0.5, 0.6, 0.7], epochs=3, patience=1, optimiser="sgd"))


def test_without_validation_the_last_epoch_counts_at_a_constant_rate():
    done = train(val_rows=[], patience=1)
    assert done.best_epoch == 4
    assert np.isnan(done.best_value)
    assert done.history.learning_rate.nunique() == 1
    assert equal(done, train())


def test_validation_gets_its_targets_and_probabilities():
    seen = []
    for config, targets in ((settings(epochs=1), LABELS), (settings("small_unet", epochs=1), MASKS)):
        fit(
            config.build(channels=1, seed=0),
            IMAGES,
            targets,
            range(6),
            [20, 13],
            config,
            validate=lambda t, p: seen.append((t, p)) or 0.0,
            seed=0,
            device="cpu",
        )
        assert np.array_equal(seen[-1][0], targets[[20, 13]])
        assert seen[-1][1].shape == targets[[20, 13]].shape


@pytest.mark.parametrize("changes", [{}, {"augment": "light"}, {"network": "small_unet", "augment": "light"}])
def test_the_seed_alone_decides_and_no_global_state_is_left_changed(changes):
    before = torch.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
    one = train(**changes)
    assert torch.equal(before[0], torch.get_rng_state())
    assert np.array_equal(before[1], np.random.get_state()[1])  # noqa: NPY002
    assert not torch.are_deterministic_algorithms_enabled()
    torch.manual_seed(99)
    assert equal(one, train(**changes))
    assert not equal(one, train(**changes, seed=1))


@pytest.mark.parametrize("augment", ["none", "light"])
def test_training_and_validation_see_normalised_images(augment):
    seen, config = [], settings(epochs=1, normalise="imagenet", augment=augment)
    network = config.build(channels=1, seed=0)
    network.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    fit(network, IMAGES, LABELS, range(10), [20, 13], config, validate=lambda t, p: 0.0, seed=0, device="cpu")
    assert [tuple(batch.shape) for batch in seen] == [(5, 3, 32, 32), (5, 3, 32, 32), (2, 3, 32, 32)]
    # Black is (0 - 0.485) / 0.229 = -2.1 in the first channel, and pixels in [0, 1] are never negative.
    assert all(batch[:, 0].min() < -1 for batch in seen)


def test_dropout_can_stay_on_in_validation():
    found = []
    for on in (False, True):
        config = settings(epochs=1, dropout_in_validation=on, network_parameters={"dropout": 0.5})
        fit(
            config.build(channels=1, seed=0),
            IMAGES,
            LABELS,
            range(6),
            range(12),
            config,
            validate=lambda t, p: found.append(p) or 0.0,
            seed=0,
            device="cpu",
        )
    assert not np.array_equal(*found)


@pytest.mark.parametrize("label", [0, 1])
def test_one_class_alone_trains_and_the_log_says_so(label, caplog):
    done = train(train_rows=np.flatnonzero(label == LABELS)[:5])
    assert np.isfinite(done.history.train_loss).all()
    assert "label more images" in caplog.text


@pytest.mark.parametrize(
    ("network", "rows"), [("small_cnn", [2]), ("small_cnn", range(11)), ("small_unet", [2]), ("unet_vgg11", [2])]
)
def test_a_last_batch_of_one_is_no_obstacle(network, rows):
    done = train(settings(network, epochs=1, batch_size=10), train_rows=rows)
    assert np.isfinite(done.history.train_loss).all()


def test_batches_hold_every_image_and_none_holds_one():
    for count in range(2, 30):
        parts = batches(torch.randperm(count), 4)
        assert sorted(torch.cat(parts).tolist()) == list(range(count))
        assert all(2 <= len(part) <= 5 for part in parts)
    assert [len(part) for part in batches(torch.arange(20), 10)] == [10, 10]
    assert batches(torch.tensor([0]), 10)[0].tolist() == [0, 0]
    assert [len(part) for part in batches(torch.arange(3), 1)] == [1, 1, 1]


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_deep_colour_images_train_in_either_precision(precision):
    images = np.repeat(IMAGES[..., None], 3, axis=-1).astype(np.uint16) * 257
    done = train(settings(epochs=2, precision=precision), images=images)
    assert np.isfinite(done.history.train_loss).all()
    assert all(tensor.dtype == torch.float32 for tensor in done.network.parameters())


@pytest.mark.parametrize("optimiser", ["sgd", "adam", "adamw"])
def test_every_optimiser_trains_and_decays(optimiser):
    one, other = (train(epochs=1, optimiser=optimiser, weight_decay=decay) for decay in (0.0, 0.5))
    assert not equal(one, other)


def test_a_diverged_training_says_what_to_do():
    with pytest.raises(InputError, match=r"diverged.*lower learning\.classification\.learning_rate \(it is 1e\+30\)"):
        train(optimiser="sgd", learning_rate=1e30, values=[0.1] * 4)


def test_an_empty_labelled_set_and_an_unlabelled_image_are_refused():
    with pytest.raises(InputError, match="labelled set for classification is empty"):
        train(train_rows=[])
    config = settings()
    with pytest.raises(InputError, match="neither 0 nor 1"):
        fit(
            config.build(channels=1, seed=0),
            IMAGES,
            np.where(np.arange(24) == 3, np.nan, LABELS),
            range(6),
            [],
            config,
            validate=max,
            seed=0,
            device="cpu",
        )


@pytest.mark.slow
def test_the_published_u_net_overfits_two_images():
    """S1-09."""
    y, x = np.mgrid[:64, :64]
    masks = np.stack([(y - 20) ** 2 + (x - 24) ** 2 < 120, (y - 40) ** 2 + (x - 38) ** 2 < 200]).astype(np.uint8)
    images = (60 + 120 * masks + np.random.default_rng(0).integers(0, 40, masks.shape)).astype(np.uint8)
    config = Settings(network="unet_vgg11", epochs=60, learning_rate=0.01)

    def mean_dice(truth, maps):
        found = maps >= 0.5
        return np.mean(2 * (found & (truth > 0)).sum((1, 2)) / (found.sum((1, 2)) + truth.sum((1, 2))))

    network = config.build(channels=1, seed=0)
    done = fit(network, images, masks, [0, 1], [0, 1], config, validate=mean_dice, seed=0, device="cpu")
    assert done.best_value > 0.9
    assert mean_dice(masks, predict(done.network, images, [0, 1], config, "cpu")) == done.best_value
