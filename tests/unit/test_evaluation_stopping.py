"""The rounds of a run end at the plateau of its validation metric."""

import math

import pytest

from coldstart.evaluation.stopping import has_stopped, validation

STOP = {"patience": 2, "min_gain": 0.0}


def fits(*values, **settings):
    return [{"best_value": value, "settings": settings} for value in values]


@pytest.mark.parametrize(
    ("values", "stopped"),
    [
        ([0.5], False),
        ([0.5, 0.6, 0.6], False),
        ([0.5, 0.6, 0.6, 0.6], True),
        # Rounds after the end repeat the value of the one before.
        ([0.5, 0.6, 0.6, 0.6, 0.6, 0.6], True),
        ([0.5, 0.4, 0.6, 0.5], False),
        # An empty start has no validation value.
        ([None, 0.5, 0.6], False),
        ([None, 0.5, 0.4, 0.4], True),
    ],
)
def test_a_flat_validation_curve_ends_the_rounds(values, stopped):
    assert has_stopped(fits(*values), STOP) is stopped
    assert has_stopped(fits(*values), None) is False


def test_a_validation_loss_is_better_when_it_is_lower():
    assert not has_stopped(fits(0.9, 0.8, 0.7, monitor="loss"), STOP)
    assert has_stopped(fits(0.7, 0.8, 0.9, monitor="loss"), STOP)
    assert validation({"best_value": 0.7, "settings": {"monitor": "loss"}}) == -0.7
    assert validation({"best_value": 0.7, "settings": {"monitor": "metric"}}) == 0.7
    assert math.isnan(validation({"best_value": None}))
