"""Losses: test vectors V1.6 and V1.7 and a computation by hand."""

import math

import pytest
import torch
from torch.nn import functional
from torchvision.ops import sigmoid_focal_loss

from coldstart.errors import InputError
from coldstart.learning.losses import (
    class_weights,
    focal_loss,
    soft_dice_loss,
    usable_class_weights,
    weighted_cross_entropy,
)


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


def test_focal_loss_by_hand():
    p, t = torch.tensor([0.9, 0.2, 0.6]), torch.tensor([1.0, 1, 0])
    expected = (0.1**2 * -math.log(0.9) + 0.8**2 * -math.log(0.2) + 0.6**2 * -math.log(0.4)) / 3
    assert focal_loss(p, t).item() == pytest.approx(expected, rel=1e-5)
    assert focal_loss(p, t, alpha=0.25).item() == pytest.approx(expected / 4, rel=1e-5)


def test_focal_loss_is_binary_cross_entropy_at_gamma_0():
    """S4-04."""
    p, t = torch.rand(4, 1, 5, 5), (torch.rand(4, 1, 5, 5) > 0.5).float()
    assert focal_loss(p, t, gamma=0.0).item() == pytest.approx(functional.binary_cross_entropy(p, t).item(), rel=1e-6)


@pytest.mark.parametrize("gamma", [0.5, 2.0, 5.0])
def test_focal_loss_is_torchvisions_without_its_balance_of_classes(gamma):
    source = torch.Generator().manual_seed(0)
    logits = 3 * torch.randn(3, 1, 6, 6, generator=source)
    t = (torch.rand(3, 1, 6, 6, generator=source) > 0.7).float()
    expected = sigmoid_focal_loss(logits, t, alpha=-1, gamma=gamma, reduction="mean").item()
    assert focal_loss(logits.sigmoid(), t, gamma=gamma).item() == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("gamma", [0.0, 0.5, 2.0])
def test_focal_loss_has_a_slope_where_a_probability_is_0_or_1(gamma):
    p = torch.tensor([0.0, 1.0, 0.0, 1.0], requires_grad=True)
    focal_loss(p, torch.tensor([0.0, 1, 1, 0]), gamma=gamma).backward()
    assert torch.isfinite(p.grad).all()
