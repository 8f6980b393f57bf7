"""What a round trains on, and what it replays: S3-08 and S3-09, with fake networks."""

import numpy as np
import pytest
import torch
from torch import nn

from coldstart.learning import replay
from coldstart.learning.replay import agreement
from coldstart.learning.rounds import plan_round
from coldstart.learning.settings import Settings
from coldstart.learning.training import untrained

SIZE = 8


class Brightness(nn.Module):
    """A network that calls an image positive where it is bright; one pixel is the logit itself."""

    def __init__(self, task, offset=0.0):
        super().__init__()
        self.task, self.offset = task, nn.Parameter(torch.tensor(offset))
        self.seen = []

    def forward(self, x):
        self.seen.append(x.shape)
        score = 20 * (x.mean(1, keepdim=True) - 0.5 + self.offset)
        if self.task == "segmentation":
            return score
        score = score.mean((2, 3))
        return torch.cat([torch.zeros_like(score), score], 1)


def classification(**changes):
    return Settings(network="small_cnn", **changes)


def segmentation(**changes):
    return Settings(network="small_unet", **changes)


def grey(values):
    return np.repeat(np.repeat(np.array(values, np.uint8)[:, None, None], SIZE, 1), SIZE, 2)


# Rows of the cohort: dark, bright, dark, bright, dark, bright; the labels of rows 2 and 3 are the other way round.
IMAGES = grey([30, 220, 40, 230, 20, 250])
LABELS = np.array([0, 1, 1, 0, 0, 1])


def plan(rounds, current, settings=None, rows=range(6), network=None, targets=LABELS, images=IMAGES):
    network = network or Brightness("classification")
    return plan_round(
        network, images, targets, rows, rounds, current, settings=settings or classification(), device="cpu"
    )


def test_a_classification_is_right_or_wrong_by_the_larger_probability():
    found = agreement(Brightness("classification"), IMAGES, LABELS, [5, 3, 2, 0], classification(), "cpu")
    assert found.tolist() == [1, 0, 0, 1]
    assert found.dtype == np.float64


def test_equal_probabilities_are_class_0(monkeypatch):
    monkeypatch.setattr(replay, "predict", lambda *_: np.full(2, 0.5))
    found = agreement(nn.Identity(), None, np.array([0, 1]), [0, 1], classification(), "cpu")
    assert found.tolist() == [1, 0]


def test_a_segmentation_is_as_right_as_its_dice():
    images = grey([0, 0, 0, 0])
    images[:2, :4] = 255
    masks = np.zeros((4, SIZE, SIZE), np.uint8)
    masks[0, 2:6] = 1  # half of what is found
    masks[1, :4] = 1
    masks[3, 0, 0] = 1
    found = agreement(Brightness("segmentation"), images, masks, [0, 1, 2, 3], segmentation(), "cpu")
    assert found.tolist() == [0.5, 1, 1, 0]
    assert agreement(Brightness("segmentation"), images, masks, [], segmentation(), "cpu").shape == (0,)


def test_hard_samples_are_those_labelled_before_that_the_network_before_gets_wrong():
    """S3-09: samples 2 and 3 are wrong; 3 belongs to this round, so that it is Q and not H."""
    network = Brightness("classification")
    found = plan([0, 0, 0, 1, 0, 1], 1, classification(strategy="acft_hq"), network=network)
    assert found.rows.tolist() == [2, 3, 5]
    assert found.replayed.tolist() == [2]
    assert found.rate_factor == 0.1
    # This round's samples have not even been looked at.
    assert sum(shape[0] for shape in network.seen) == 4


def test_another_network_before_gives_other_hard_samples():
    """H depends on the weights it is computed with."""
    everything_positive = Brightness("classification", offset=1.0)
    found = plan([0, 0, 0, 1, 0, 1], 1, classification(strategy="acft_hq"), network=everything_positive)
    assert found.replayed.tolist() == [0, 4]


def test_rows_are_those_of_the_labelled_set_not_of_the_cohort():
    found = plan([0, 0, 1], 1, classification(strategy="acft_hq"), rows=[3, 5, 0])
    assert found.rows.tolist() == [0, 2]
    assert found.replayed.tolist() == [0]


@pytest.mark.parametrize(
    ("strategy", "size"), [("scratch", 6), ("continual", 6), ("acft_q", 2), ("acft_lq", 6), ("acft_hq", 3)]
)
def test_the_sizes_of_the_training_sets(strategy, size):
    """S3-07: L + Q, L + Q, Q, L + Q, H + Q."""
    found = plan([0, 0, 0, 1, 0, 1], 1, classification(strategy=strategy))
    assert len(found.rows) == size
    assert (len(found.replayed) > 0) == (strategy == "acft_hq")


def test_the_strategy_is_given_its_parameters():
    settings = classification(strategy="acft_q", strategy_parameters={"rate_factor": 0.5})
    assert plan([0, 0, 0, 1, 0, 1], 1, settings).rate_factor == 0.5


def test_hard_masks_are_replayed_by_their_dice():
    images = grey([255, 255, 0, 255])
    masks = np.ones((4, SIZE, SIZE), np.uint8)
    masks[1, 1:] = 0  # found everywhere, and there in one row of eight: Dice 2/9
    settings = segmentation(strategy="acft_hq")
    network = Brightness("segmentation")
    found = plan([0, 0, 0, 1], 1, settings, range(4), network, masks, images)
    assert found.replayed.tolist() == [1, 2]
    lenient = segmentation(strategy="acft_hq", strategy_parameters={"hard_dice": 0.2})
    assert plan([0, 0, 0, 1], 1, lenient, range(4), network, masks, images).replayed.tolist() == [2]


def test_target_only_trains_on_the_positive_samples():
    """S4-08: the published full-supervision reference `target-only`."""
    found = plan([0] * 6, 0, classification(samples="positive"))
    assert found.rows.tolist() == [1, 2, 5]
    masks = np.zeros((6, SIZE, SIZE), np.uint8)
    masks[[0, 4], 3, 3] = 1
    found = plan([0] * 6, 0, segmentation(samples="positive"), targets=masks)
    assert found.rows.tolist() == [0, 4]
    assert plan([0] * 6, 0, segmentation(), targets=masks).rows.tolist() == list(range(6))


def test_only_positive_samples_are_replayed_where_only_those_are_trained_on():
    settings = classification(strategy="acft_hq", samples="positive")
    found = plan([0, 0, 0, 0, 0, 1], 1, settings)
    assert found.rows.tolist() == [2, 5]
    assert found.replayed.tolist() == [2]


@pytest.mark.parametrize("strategy", ["scratch", "continual", "acft_q", "acft_lq", "acft_hq"])
@pytest.mark.parametrize("task", ["classification", "segmentation"])
def test_an_empty_start_trains_on_nothing_and_leaves_the_network_as_it_is(strategy, task):
    """S3-08: step 1 works with L = {}."""
    settings = {"classification": classification, "segmentation": segmentation}[task](strategy=strategy)
    targets = LABELS if task == "classification" else np.zeros_like(IMAGES)
    found = plan([], 0, settings, [], Brightness(task), targets)
    assert len(found.rows) == len(found.replayed) == 0
    network = settings.build(channels=1, seed=4)
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    done = untrained(network, settings, "cpu")
    assert (done.best_epoch, len(done.history)) == (0, 0)
    assert np.isnan(done.best_value)
    assert not done.network.training
    assert all(torch.equal(before[name], tensor) for name, tensor in done.network.state_dict().items())


def test_the_first_round_after_an_empty_start_trains_on_its_query_at_the_full_rate():
    """S3-08: L and H are empty, Q was chosen by M0."""
    for strategy in ("acft_q", "acft_lq", "acft_hq"):
        found = plan([1, 1, 1, 1, 1, 1], 1, classification(strategy=strategy))
        assert (len(found.rows), len(found.replayed), found.rate_factor) == (6, 0, 1)


def test_a_round_without_a_positive_sample_trains_on_nothing():
    found = plan([0, 0, 0, 0, 1], 1, classification(strategy="acft_q", samples="positive"), rows=[0, 1, 2, 3, 4])
    assert found.rows.tolist() == []
