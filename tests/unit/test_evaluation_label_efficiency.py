"""Area under a learning curve, labels to a target, annotation saved and the plateau."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coldstart.evaluation.label_efficiency import (
    annotation_saved,
    area_under_learning_curve,
    labels_to_target,
    plateau,
)

# The specification's V3.2.
LABELS, AUC = [10, 20, 40, 80, 160], [0.70, 0.80, 0.85, 0.90, 0.92]


def test_the_alc_of_the_specified_curve_in_three_readings():
    linear = area_under_learning_curve(LABELS, AUC)
    assert linear * (160 - 10) == pytest.approx(131.8)
    assert linear == pytest.approx(0.8786667)
    assert area_under_learning_curve(LABELS, AUC, "log2") == pytest.approx(0.84)
    # Guyon: the pool ends where the curve does, so only chance is taken off: (0.84 - 0.5) / 0.5.
    assert area_under_learning_curve(LABELS, AUC, "guyon", pool=160) == pytest.approx(0.68)
    # A pool twice as large: one more unit of log2 at the last height.
    longer = ((0.84 * 4 + 0.92) / 5 - 0.5) / 0.5
    assert area_under_learning_curve(LABELS, AUC, "guyon", pool=320) == pytest.approx(longer)


@pytest.mark.parametrize("mode", ["linear", "log2", "guyon"])
def test_order_and_undefined_points_do_not_matter(mode):
    order = [3, 0, 4, 1, 2]
    shuffled = [LABELS[i] for i in order] + [100], [AUC[i] for i in order] + [math.nan]
    expected = area_under_learning_curve(LABELS, AUC, mode, pool=200)
    assert area_under_learning_curve(*shuffled, mode, pool=200) == pytest.approx(expected)


def test_perfect_and_chance_curves_are_1_and_0_in_guyons_score():
    assert area_under_learning_curve([1, 4], [1, 1], "guyon", pool=64) == pytest.approx(1)
    assert area_under_learning_curve([1, 4], [0.5, 0.5], "guyon", pool=64) == pytest.approx(0)


def test_a_point_without_labels_counts_on_a_linear_axis_and_has_no_place_on_a_log_axis():
    assert area_under_learning_curve([0, 10], [0.5, 0.7]) == pytest.approx(0.6)
    assert area_under_learning_curve([0, *LABELS], [0.1, *AUC], "log2") == pytest.approx(0.84)


def test_a_curve_without_width_has_no_area():
    for labels, values in ([], []), ([10], [0.7]), ([10, 10], [0.7, 0.8]), ([10, 20], [0.7, math.nan]):
        assert math.isnan(area_under_learning_curve(labels, values))
        assert math.isnan(area_under_learning_curve(labels, values, "log2"))
    assert math.isnan(area_under_learning_curve([0], [0.7], "guyon", pool=8))
    assert math.isnan(area_under_learning_curve([8], [0.7], "guyon", pool=8))
    # One point, extended to the pool's size, has a width.
    assert area_under_learning_curve([4], [0.7], "guyon", pool=8) == pytest.approx(0.4)


def test_what_cannot_be_a_curve_is_refused():
    with pytest.raises(ValueError, match="one value per point"):
        area_under_learning_curve([1, 2], [0.5])
    with pytest.raises(ValueError, match="'log'"):
        area_under_learning_curve(LABELS, AUC, "log")
    for pool in (None, 100):
        with pytest.raises(ValueError, match="does not hold the curve"):
            area_under_learning_curve(LABELS, AUC, "guyon", pool=pool)


@given(
    st.lists(st.tuples(st.integers(1, 500), st.floats(0, 1)), min_size=2, max_size=12, unique_by=lambda point: point[0])
)
def test_the_mean_height_lies_between_the_lowest_and_the_highest_value(points):
    labels, values = zip(*points, strict=True)
    for mode in ("linear", "log2"):
        assert min(values) - 1e-9 <= area_under_learning_curve(labels, values, mode) <= max(values) + 1e-9


def test_labels_to_a_target_are_read_from_the_line_or_from_the_points():
    assert labels_to_target(LABELS, AUC, 0.85) == 40
    # Half way between 0.80 at 20 and 0.85 at 40.
    assert labels_to_target(LABELS, AUC, 0.825) == pytest.approx(30)
    assert labels_to_target(LABELS, AUC, 0.825, interpolate=False) == 40
    assert labels_to_target(LABELS[::-1], AUC[::-1], 0.825) == pytest.approx(30)
    assert labels_to_target(LABELS, AUC, 0.5) == 10
    assert math.isnan(labels_to_target(LABELS, AUC, 0.93))
    assert math.isnan(labels_to_target([], [], 0.5))
    assert math.isnan(labels_to_target(LABELS, AUC, math.nan))


def test_a_later_fall_does_not_take_a_target_back():
    assert labels_to_target([10, 20, 30, 40], [0.5, 0.8, 0.6, 0.9], 0.8) == 20


def test_a_distance_reaches_a_target_from_above():
    assert labels_to_target([10, 20, 40], [30.0, 20.0, 10.0], 15.0, higher_is_better=False) == pytest.approx(30)
    assert labels_to_target([10, 20], [30.0, 20.0], 30.0, higher_is_better=False) == 10
    assert math.isnan(labels_to_target([10, 20], [30.0, 20.0], 15.0, higher_is_better=False))


@pytest.mark.parametrize(
    ("acft", "rft", "percent"),
    [(2906, 4452, 34.73), (1176, 42000, 97.20), (48, 260, 81.54), (20, 146, 86.30), (320, 1627, 80.33)],
)
def test_annotation_saved_is_that_of_the_published_label_counts(acft, rft, percent):
    assert round(annotation_saved(acft, rft), 2) == percent


def test_annotation_saved_at_its_edges():
    assert annotation_saved(20, 10) == -100
    assert math.isnan(annotation_saved(math.nan, 10))
    assert math.isnan(annotation_saved(10, math.nan))
    assert math.isnan(annotation_saved(0, 0))


@pytest.mark.parametrize(
    ("values", "options", "stop"),
    [
        ([0.5, 0.6, 0.7, 0.7, 0.7, 0.7, 0.9], {}, 5),
        ([0.5, 0.6, 0.7, 0.7, 0.7], {}, None),
        ([0.7, 0.6, 0.6, 0.6], {}, 3),
        ([0.1, 0.2, 0.3, 0.4, 0.5], {}, None),
        ([0.5, 0.5], {"patience": 1}, 1),
        ([0.50, 0.51, 0.52, 0.53], {"min_gain": 0.05}, 3),
        # Small steps add up: the third exceeds the last gain's value by more than the least gain.
        ([0.50, 0.53, 0.56, 0.59], {"min_gain": 0.05, "patience": 2}, None),
        ([math.nan, math.nan, 0.5, 0.6], {"patience": 2}, None),
        ([math.nan, 0.5, math.nan, math.nan], {"patience": 2}, 3),
        ([math.nan] * 4, {"patience": 3}, 3),
        ([-0.9, -0.5, -0.6, -0.7], {"patience": 2}, 3),
        ([0.5], {"patience": 1}, None),
        ([], {}, None),
    ],
)
def test_the_plateau_of_a_validation_curve(values, options, stop):
    assert plateau(values, **options) == stop
    assert plateau(np.array(values), **options) == stop
