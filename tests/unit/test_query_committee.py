"""Strategies that compare several predictions of one network, against plain loops."""

import math

import numpy as np
import pytest
from fakes import FakeNetwork
from sklearn.metrics import f1_score

from coldstart.errors import InputError
from coldstart.learning.perturbations import SYMMETRIES
from coldstart.query import bald, entropy_dropout, perturbation_consistency
from coldstart.query.base import QueryInputs


class Recording:
    """A network that answers what it is told, in parts of two samples, and notes what it was asked."""

    def __init__(self, predictions):
        self.predictions, self.asked = np.asarray(predictions, dtype=np.float32), []

    def passes(self, count, *, seed, mode="dropout"):
        self.asked.append(("passes", count, mode))
        yield from self.parts()

    def views(self, names):
        self.asked.append(("views", tuple(names)))
        yield from self.parts()

    def parts(self):
        for start in range(0, self.predictions.shape[1], 2):
            rows = slice(start, min(start + 2, self.predictions.shape[1]))
            yield rows, self.predictions[:, rows]


def drawn(members=10, n=7, shape=(3, 3), seed=0):
    return np.random.default_rng(seed).uniform(0.01, 0.99, (members, n, *shape)).astype(np.float32)


def ask(strategy, predictions, n=None, **parameters):
    network = Recording(predictions)
    task = "segmentation" if network.predictions.ndim == 4 else "classification"
    inputs = QueryInputs(task, network=network, size=network.predictions.shape[1])
    picks = strategy.query(inputs, n or inputs.size, rng=np.random.default_rng(0), **parameters)
    return picks, network.asked


def full(p):
    return -p * math.log(p) - (1 - p) * math.log(1 - p)


def foreground(p):
    return -p * math.log(p)


def bald_loop(predictions, entropy):
    members, n = predictions.shape[:2]
    flat = predictions.reshape(members, n, -1).astype(float)
    scores = []
    for sample in range(n):
        total = 0.0
        for pixel in range(flat.shape[2]):
            p = [float(flat[t, sample, pixel]) for t in range(members)]
            total += entropy(sum(p) / members) - sum(map(entropy, p)) / members
        scores.append(total)
    return np.array(scores)


def entropy_loop(predictions, entropy):
    means = predictions.astype(float).mean(axis=0)
    return np.array([sum(entropy(float(p)) for p in image.ravel()) for image in means])


@pytest.mark.parametrize("shape", [(3, 3), ()])
@pytest.mark.parametrize(("variant", "entropy"), [("fixed", full), ("paper_code", foreground)])
@pytest.mark.parametrize(("strategy", "loop"), [(bald, bald_loop), (entropy_dropout, entropy_loop)])
def test_scores_are_those_of_a_plain_loop(strategy, loop, variant, entropy, shape):
    predictions = drawn(shape=shape)
    expected = loop(predictions, entropy)
    picks, _ = ask(strategy, predictions, variant=variant)
    assert picks.indices.tolist() == np.argsort(-expected).tolist()
    np.testing.assert_allclose(picks.scores, expected[picks.indices], rtol=1e-9)


@pytest.mark.parametrize("strategy", [bald, entropy_dropout])
def test_which_predictions_are_compared(strategy):
    assert ask(strategy, drawn())[1] == [("passes", 10, "dropout")]
    assert ask(strategy, drawn(), passes=5)[1] == [("passes", 5, "dropout")]
    assert ask(strategy, drawn(), variant="paper_code")[1] == [("passes", 10, "train")]
    assert ask(strategy, drawn(8), source="views")[1] == [("views", SYMMETRIES)]


def test_passes_that_coincide_have_no_mutual_information_and_the_lowest_rows_come_first():
    """The published segmenter has no dropout: its ten passes are one."""
    same = np.repeat(drawn(1, n=9, shape=(20, 20)), 10, axis=0)
    for variant in ("fixed", "paper_code"):
        picks, _ = ask(bald, same, 4, variant=variant)
        assert picks.indices.tolist() == [0, 1, 2, 3]
        assert picks.scores.tolist() == [0, 0, 0, 0]


def test_where_a_published_score_is_no_number_the_sample_comes_last():
    predictions = drawn(n=4)
    predictions[3, 1, 0, 0] = 0
    for strategy in (bald, entropy_dropout):
        picks, _ = ask(strategy, predictions, variant="paper_code")
        # One zero among ten passes leaves their mean a number.
        assert np.isnan(picks.scores).any() == (strategy is bald)
        assert strategy is not bald or picks.indices[-1] == 1
        assert np.isfinite(ask(strategy, predictions)[0].scores).all()


def test_mutual_information_is_bounded_by_the_entropy_of_the_mean():
    predictions = drawn(n=20)
    mutual = ask(bald, predictions)[0]
    entropy = ask(entropy_dropout, predictions)[0]
    ordered = [dict(zip(p.indices.tolist(), p.scores, strict=True)) for p in (mutual, entropy)]
    assert all(0 < ordered[0][row] < ordered[1][row] for row in range(20))


def test_the_seed_of_the_passes_comes_from_the_generator_alone():
    inputs = QueryInputs("segmentation", network=FakeNetwork("segmentation", 12), size=12)
    found = [bald.query(inputs, 12, rng=np.random.default_rng(seed)).indices.tolist() for seed in (1, 1, 2)]
    assert found[0] == found[1] != found[2]


def published_loss(predictions):
    """The consistency loss of PCDAL's code: squared error of two-class predictions from their mean over the views."""
    views, n = predictions.shape[:2]
    losses = []
    for sample in range(n):
        two = np.stack([1 - predictions[:, sample].astype(float), predictions[:, sample].astype(float)], axis=1)
        average = sum(two[view] for view in range(views)) / views
        losses.append(np.mean([(two[view] - average) ** 2 for view in range(views)]))
    return np.array(losses)


@pytest.mark.parametrize("shape", [(3, 3), ()])
def test_consistency_is_the_loss_of_the_published_code(shape):
    predictions = drawn(4, shape=shape)
    expected = published_loss(predictions)
    picks, asked = ask(perturbation_consistency, predictions)
    assert asked == [("views", ("identity", "flip_lr", "flip_ud", "rot180"))]
    assert picks.indices.tolist() == np.argsort(-expected).tolist()
    np.testing.assert_allclose(picks.scores, expected[picks.indices], rtol=1e-9)


def test_divergence_is_the_jensen_shannon_divergence_per_pixel():
    predictions = drawn(4)
    expected = bald_loop(predictions, full) / 9
    picks, _ = ask(perturbation_consistency, predictions, measure="divergence")
    assert picks.indices.tolist() == np.argsort(-expected).tolist()
    np.testing.assert_allclose(picks.scores, expected[picks.indices], rtol=1e-9)


def test_overlap_is_one_less_the_mean_dice_of_all_pairs():
    predictions = drawn(4)
    predictions[:, 2] = 0.1
    predictions[:2, 4] = 0.1
    predictions[3, 5, 0, 0] = 0.5
    masks = predictions.reshape(4, 7, -1) >= 0.5
    expected = []
    for sample in range(7):
        dice = [
            f1_score(masks[a, sample], masks[b, sample], zero_division=1.0) for a in range(4) for b in range(a + 1, 4)
        ]
        expected.append(1 - np.mean(dice))
    picks, _ = ask(perturbation_consistency, predictions, measure="overlap")
    scores = dict(zip(picks.indices.tolist(), picks.scores, strict=True))
    np.testing.assert_allclose([scores[row] for row in range(7)], expected, atol=1e-12)
    assert scores[2] == 0


def test_own_perturbations_are_asked_for_and_one_is_too_few():
    names = ["identity", "noise", "blur"]
    assert ask(perturbation_consistency, drawn(3), perturbations=names)[1] == [("views", tuple(names))]
    with pytest.raises(InputError, match="compares at least two perturbations"):
        ask(perturbation_consistency, drawn(1), perturbations=["identity"])
