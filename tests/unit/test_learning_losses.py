"""Losses: test vectors V1.6 and V1.7 and a computation by hand."""

import math

import pytest
import torch

from coldstart.errors import InputError
from coldstart.learning.losses import class_weights, soft_dice_loss, usable_class_weights, weighted_cross_entropy


@pytest.mark.parametrize(
    ("positive", "negative", "expected"), [(5, 15, [0.25, 0.75]), (0, 20, [0, 1]), (20, 0, [1, 0])]
)
def test_class_weights_are_the_share_of_the_other_class(positive, negative, expected):
    assert class_weights([1] * positive + [0] * negative).tolist() == expected


@pytest.mark.parametrize("labels", [[], [0, 2], [0, -1], [0, float("nan")]])
def test_labels_other_than_0_and_1_are_refused(labels):
    with pytest.raises(InputError, match="neither 0 nor 1"):
        class_weights(labels)


@pytest.mark.parametrize(("labels", "word"), [([0, 0, 0], "negative"), ([1, 1], "positive")])
def test_one_class_alone_is_not_weighted_and_the_log_says_so(labels, word, caplog):
    assert usable_class_weights(labels) is None
    assert f"All {len(labels)} labelled images are {word}" in caplog.text


def test_two_classes_are_weighted_without_a_word(caplog):
    assert usable_class_weights([0, 0, 0, 1]).tolist() == [0.25, 0.75]
    assert not caplog.text


def test_cross_entropy_is_the_weighted_mean():
    logits, labels = [[0.2, 1.0], [1.5, -0.5], [0.0, 0.3]], [0, 0, 1]
    weights = [0.25, 0.75]
    single = [math.log(sum(map(math.exp, row))) - row[label] for row, label in zip(logits, labels, strict=True)]
    picked = [weights[label] for label in labels]
    expected = sum(w * one for w, one in zip(picked, single, strict=True)) / sum(picked)
    found = weighted_cross_entropy(torch.tensor(logits), torch.tensor(labels), torch.tensor(weights))
    assert found.item() == pytest.approx(expected, rel=1e-6)


def test_soft_dice_loss_of_the_published_code():
    p = torch.tensor([[0.2, 0.8, 0.6, 0.1]], dtype=torch.float64)
    t = torch.tensor([[0.0, 1, 1, 0]], dtype=torch.float64)
    assert soft_dice_loss(p, t).item() == pytest.approx(0.24323988, abs=1e-8)
    assert soft_dice_loss(torch.zeros(1, 4), torch.zeros(1, 4)).item() == -1


def test_soft_dice_loss_is_per_image_and_then_averaged():
    p, t = torch.rand(3, 1, 4, 4), (torch.rand(3, 1, 4, 4) > 0.5).float()
    single = [soft_dice_loss(p[i : i + 1], t[i : i + 1]).item() for i in range(3)]
    assert soft_dice_loss(p, t).item() == pytest.approx(sum(single) / 3, abs=1e-6)
