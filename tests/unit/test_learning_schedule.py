"""The published rule of the learning rate, against torch's scheduler as an oracle."""

import numpy as np
import pytest
import torch

from coldstart.learning.schedule import Plateau


def rates(values, patience, factor=0.5):
    plateau, found = Plateau(1.0, patience, factor), []
    for epoch, value in enumerate(values, 1):
        plateau.step(epoch, value)
        found.append(plateau.rate)
    return found


def torch_rates(values, patience, factor=0.5):
    optimiser = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(
        optimiser, mode="max", factor=factor, patience=patience, threshold=0, eps=0
    )
    found = []
    for value in values:
        scheduler.step(value)
        found.append(optimiser.param_groups[0]["lr"])
    return found


@pytest.mark.parametrize("patience", [1, 3, 10])
def test_is_torchs_rule_with_one_epoch_less_of_patience(patience):
    rng = np.random.default_rng(patience)
    for _ in range(20):
        values = rng.integers(0, 50, 120).astype(float).tolist()
        assert rates(values, patience) == torch_rates(values, patience - 1)
        assert rates(values, patience) != torch_rates(values, patience)


def test_falls_after_the_tenth_stale_epoch_and_counts_anew():
    found = rates([0.5] + [0.5] * 20, 10)
    assert found == [1.0] * 10 + [0.5] * 10 + [0.25]


def test_an_improvement_sets_the_counter_back():
    assert rates([0.5, 0.4, 0.4, 0.6, 0.6, 0.6, 0.6], 3) == [1.0] * 6 + [0.5]


def test_the_first_of_equal_values_is_the_best_and_nan_never_is():
    plateau = Plateau(1.0, 10, 0.5)
    better = [plateau.step(epoch, value) for epoch, value in enumerate([float("nan"), 0.0, 0.0, 0.7, 0.7, 0.1], 1)]
    assert better == [False, True, False, True, False, False]
    assert (plateau.best_epoch, plateau.best, plateau.stale) == (4, 0.7, 2)
