"""Which epoch is kept, when a training ends, at which rate it runs; and that a round begins all that anew."""

import numpy as np
import pytest
import torch

from coldstart.learning import NETWORKS
from coldstart.learning.losses import soft_dice_loss
from coldstart.learning.objective import objective
from coldstart.learning.prediction import predict
from coldstart.learning.settings import Settings
from coldstart.learning.state import last_layer, optimiser_of, set_rate
from coldstart.learning.training import COLUMNS, fit

RNG = np.random.default_rng(0)
IMAGES = RNG.integers(0, 256, (24, 32, 32), dtype=np.uint8)
LABELS = np.arange(24) % 3 // 2
IMAGES[LABELS == 1, 4:12, 4:12] = 255
MASKS = np.zeros((24, 32, 32), np.uint8)
MASKS[LABELS == 1, 4:12, 4:12] = 1
NAN = float("nan")
VAL = list(range(12, 18))


def settings(network="small_cnn", **changes):
    return Settings(**{"network": network, "epochs": 4, "batch_size": 5, "optimiser": "adam", **changes})


def train(values=None, model=None, rate_factor=1.0, val_rows=VAL, **changes):
    """Train on the toy; `values` is what the metric gives, epoch after epoch."""
    config = settings(**changes)
    values = iter(values) if values is not None else iter(np.arange(1.0, 1000))
    return fit(
        model or config.build(channels=1, seed=0),
        IMAGES,
        MASKS if config.task == "segmentation" else LABELS,
        range(12),
        val_rows,
        config,
        validate=lambda t, p: next(values),
        seed=0,
        device="cpu",
        rate_factor=rate_factor,
    )


def equal(one, other):
    pairs = zip(one.network.state_dict().values(), other.network.state_dict().values(), strict=True)
    return all(torch.equal(a, b) for a, b in pairs)


def test_a_training_ends_after_so_many_epochs_without_a_better_value():
    values = [0.5, 0.4, 0.6, 0.6, 0.1, 0.2, 0.9]
    done = train(values, epochs=7, stop_after=3, patience=2)
    assert done.history.epoch.tolist() == [1, 2, 3, 4, 5, 6]
    assert (done.best_epoch, done.best_value) == (3, 0.6)
    assert equal(done, train(values, epochs=3, patience=2))
    assert len(train(values, epochs=7, stop_after=4, patience=2).history) == 7


def test_a_metric_that_never_is_a_number_ends_a_training_too():
    done = train([NAN] * 4, stop_after=2)
    assert (len(done.history), done.best_epoch) == (2, 2)


def test_without_validation_no_training_ends_early():
    assert len(train(val_rows=[], stop_after=1).history) == 4


def test_the_last_epoch_can_be_kept():
    values = [0.9, 0.1, 0.2, 0.3]
    done = train(values, keep="last")
    assert (done.best_epoch, done.best_value) == (4, 0.3)
    assert equal(done, train())
    assert not equal(done, train(values))
    stopped = train(values, keep="last", stop_after=2)
    assert (stopped.best_epoch, stopped.best_value) == (3, 0.2)


@pytest.mark.parametrize("network", ["small_cnn", "small_unet"])
def test_the_validation_loss_chooses_the_epoch(network):
    """The metric says the first epoch, and the loss another one."""
    done = train([0.9, 0.1, 0.1, 0.1], network=network, monitor="loss", learning_rate=0.003)
    losses = done.history.val_loss
    assert done.best_epoch == losses.idxmin() + 1 > 1
    assert done.best_value == losses.min()
    assert done.history.columns.tolist() == [*COLUMNS, "val_loss"]
    assert "val_loss" not in train().history
    kept = train(epochs=done.best_epoch, network=network, learning_rate=0.003)
    assert equal(done, kept)
    # The loss is that of the training, over all validation images at once.
    config = settings(network, monitor="loss")
    p = torch.tensor(predict(done.network, IMAGES, VAL, config, "cpu").astype(np.float64))
    if network == "small_unet":
        expected = soft_dice_loss(p[:, None], torch.tensor(MASKS[VAL][:, None])).item()
        assert losses.min() == pytest.approx(expected, abs=2e-3)  # maps are kept in half precision
    else:
        _, loss_of = objective(config, LABELS, np.arange(12), torch.device("cpu"))
        logits = torch.stack([torch.zeros(len(p)), p.logit()], 1)
        assert losses.min() == pytest.approx(loss_of(logits, torch.tensor(LABELS[VAL])).item(), rel=1e-4)


def test_the_validation_loss_does_not_depend_on_the_batches_of_prediction(monkeypatch):
    whole = train(monitor="loss", epochs=1).history.val_loss
    monkeypatch.setattr("coldstart.learning.prediction.MOST_AT_ONCE", 4)
    np.testing.assert_allclose(train(monitor="loss", epochs=1).history.val_loss, whole, rtol=1e-5)


def test_the_rate_falls_by_the_epoch_and_by_the_plateau():
    values = [0.5, 0.5, 0.5, 0.6, 0.1]
    done = train(values, epochs=5, patience=2, learning_rate=0.01, rate_decay=0.9)
    expected = [0.01, 0.009, 0.0081, 0.5 * 0.00729, 0.5 * 0.006561]
    assert done.history.learning_rate.tolist() == pytest.approx(expected, rel=1e-12)


def test_the_decaying_rate_is_that_of_the_steps():
    """A rate of nothing leaves the weights of the epoch before."""
    last = train(epochs=3, rate_decay=1e-30, optimiser="sgd")
    assert equal(last, train(epochs=1, optimiser="sgd"))


def test_the_rate_factor_of_a_learning_strategy_scales_every_rate():
    tenth = train([0.5] * 4, patience=2, learning_rate=0.01, rate_factor=0.1)
    assert tenth.history.learning_rate.tolist() == pytest.approx([0.001] * 3 + [0.0005], rel=1e-12)
    assert equal(tenth, train([0.5] * 4, patience=2, learning_rate=0.01 * 0.1))


@pytest.mark.parametrize("name", list(NETWORKS))
def test_the_last_layer_gives_the_logits(name):
    settings_ = Settings(network=name)
    layer = last_layer(settings_.build(channels=1, seed=0))
    assert layer.weight.shape[0] == {"classification": 2, "segmentation": 1}[settings_.task]


@pytest.mark.parametrize("optimiser", ["sgd", "adam", "adamw"])
def test_the_last_layer_can_have_a_rate_of_its_own(optimiser):
    config = settings(head_rate=10.0, optimiser=optimiser)
    network = config.build(channels=1, seed=0)
    made = optimiser_of(network, config)
    set_rate(made, 0.003)
    rates = {id(weight): group["lr"] for group in made.param_groups for weight in group["params"]}
    head = {id(weight) for weight in network.head[1].parameters()}
    assert len(rates) == len(list(network.parameters()))
    assert all(rates[key] == pytest.approx(0.03 if key in head else 0.003) for key in rates)


def test_only_the_last_layer_moves_where_the_others_have_no_rate():
    done = train(epochs=1, optimiser="sgd", learning_rate=1e-30, head_rate=1e28)
    start = settings().build(channels=1, seed=0).state_dict()
    found = done.network.state_dict().items()
    moved = [name for name, weight in found if not torch.allclose(weight, start[name], rtol=0, atol=1e-20)]
    assert moved == ["head.1.weight", "head.1.bias"]


def test_the_rate_of_the_last_layer_alone_does_not_change_a_training_where_it_is_that_of_the_others():
    one = train(head_rate=1.0)
    split = train(head_rate=1.0 + 1e-15)
    for a, b in zip(one.network.parameters(), split.network.parameters(), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-5)


def test_a_round_begins_with_a_new_optimiser_rate_and_best_value():
    """S4-05: the weights go on, and nothing else does."""
    first = train([0.9, 0.9, 0.9, 0.9], patience=1, learning_rate=0.01, keep="last")
    assert first.history.learning_rate.iloc[-1] < 0.01
    copy = settings().build(channels=1, seed=5)
    copy.load_state_dict(first.network.state_dict())
    onward = train([0.3, 0.2, 0.1, 0.1], model=first.network, patience=1, learning_rate=0.01)
    assert onward.history.learning_rate.iloc[0] == 0.01
    assert (onward.best_epoch, onward.best_value) == (1, 0.3)
    assert equal(onward, train([0.3, 0.2, 0.1, 0.1], model=copy, patience=1, learning_rate=0.01))
    assert not equal(onward, train([0.3, 0.2, 0.1, 0.1], patience=1, learning_rate=0.01))
