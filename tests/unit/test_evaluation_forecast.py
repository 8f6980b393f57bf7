"""The hold-out's learning curve: intervals, the fitted power law, and whether the forecast's range holds the truth."""

import math

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import lsq_linear
from scipy.stats import norm, t
from sklearn.metrics import roc_auc_score

from coldstart.evaluation.forecast import EXPONENTS, evaluate_power_law, fit_power_law, forecast
from coldstart.evaluation.intervals import auroc_interval, expanded_tail
from coldstart.evaluation.learning_points import class_patients, measure, measure_lists

METRICS = ("auroc", "dice")


def simulated(rng, metric, law, n, size, noise):
    """Hold-outs of networks of true values a - b n^-c and the noise of one training; half of the error is shared.

    Scores of either class are normal and sqrt(2) norm.ppf(A) apart, which makes
    the area A.
    """
    a, b, c = law
    true = np.clip(a - b * np.asarray(n, float) ** -c + noise * rng.standard_normal(len(n)), 0.02, 0.995)
    positive = np.arange(size) < 0.4 * size
    shared = rng.standard_normal(size)
    lists = []
    for number, (labels, value) in enumerate(zip(n, true, strict=True), 1):
        error = math.sqrt(0.5) * (shared + rng.standard_normal(size))
        names = [f"s{i}" for i in range(size)]
        holdout = pd.DataFrame({"sample_id": names, "patient_id": names})
        if metric == "auroc":
            holdout["truth"] = positive.astype(int)
            holdout["probability"] = norm.cdf(error + positive * math.sqrt(2) * norm.ppf(value))
        else:
            holdout["dice"] = np.clip(value + 0.15 * error, 0, 1)
        lists.append((number, labels, holdout))
    return lists


def points_of(values, n, *, metric="dice", size=20, bootstrap=200):
    """Points of a hold-out whose networks have the same error on every image: values are exact."""
    spread = np.linspace(-0.02, 0.02, size)
    lists = [
        (i, k, pd.DataFrame({"sample_id": range(size), "patient_id": None, "dice": v + spread}))
        for i, (v, k) in enumerate(zip(values, n, strict=True), 1)
    ]
    return measure_lists(metric, lists, bootstrap=bootstrap)[0]


def test_a_measure_counts_each_image_as_often_as_it_was_drawn():
    rng = np.random.default_rng(0)
    truth, scores = rng.integers(0, 2, 30), rng.random(30).round(1)
    counts = rng.integers(0, 3, (5, 30))
    expected = [roc_auc_score(np.repeat(truth, own), np.repeat(scores, own)) for own in counts]
    np.testing.assert_allclose(measure("auroc", truth, scores, counts), expected)
    expected = [np.repeat(scores, own).mean() for own in counts]
    np.testing.assert_allclose(measure("dice", None, scores, counts), expected)


def test_lists_are_measured_on_the_images_that_all_hold_outs_have_by_the_newest_labels():
    old = pd.DataFrame({"sample_id": list("abcde"), "patient_id": list("ppqrs"), "truth": [1, 0, 1, 0, 1]})
    old["probability"] = [0.9, 0.2, 0.3, 0.4, 0.5]
    new = old.iloc[[4, 3, 2, 1]].assign(truth=[1, 1, 1, 0])
    added = pd.concat([new, old.iloc[[0]].assign(sample_id="z")])
    points, shared = measure_lists("auroc", [(1, 0, old), (2, 8, old), (3, 16, old[:0]), (4, 16, added)], bootstrap=50)
    assert [(point.number, point.n_labelled) for point in points] == [(2, 8), (4, 16)]
    assert sorted(shared["sample_id"]) == list("bcde")
    # b is the one negative now, and scored lowest; before, d was negative too, and scored higher than c.
    assert [point.value for point in points] == [1, 1]
    assert points[0].n_patients == 4
    assert class_patients(shared) == (3, 1)


def test_the_same_patients_are_drawn_at_every_list():
    first = pd.DataFrame({"sample_id": range(12), "patient_id": [f"p{i // 3}" for i in range(12)]})
    first["dice"] = np.random.default_rng(0).random(12)
    points, _ = measure_lists("dice", [(1, 5, first), (2, 9, first.assign(dice=first["dice"] / 2))], bootstrap=100)
    np.testing.assert_allclose(points[1].resampled, points[0].resampled / 2)
    # Whole patients: the mean of four patients has one of 35 values, that of twelve images many more.
    assert len(np.unique(points[0].resampled.round(9))) <= 35
    assert points[0].n_patients == 4


def test_one_class_gives_no_value_and_no_list_no_points():
    one = pd.DataFrame({"sample_id": [1, 2], "patient_id": None, "truth": [0, 0], "probability": [0.1, 0.2]})
    points, shared = measure_lists("auroc", [(1, 5, one)], bootstrap=10)
    assert math.isnan(points[0].value)
    assert math.isnan(points[0].low)
    assert len(shared) == 2
    assert forecast(points, 5).kind == "none"
    assert measure_lists("auroc", [])[0] == []
    assert measure_lists("auroc", [(1, 5, one), (2, 9, one.assign(sample_id=[3, 4]))])[0] == []


@pytest.mark.parametrize(("value", "m", "n"), [(0.87, 10, 14), (0.5, 3, 40), (1.0, 5, 20), (0.0, 4, 4), (0.95, 30, 30)])
def test_the_ends_of_an_auroc_interval_lie_as_far_as_their_own_standard_error_reaches(value, m, n):
    def standard_error(area):
        # Hanley and McNeil (1982) with (m + n) / 2 for either number in the terms beyond the first.
        q1, q2, both = area / (2 - area), 2 * area**2 / (1 + area), (m + n) / 2
        return math.sqrt((area * (1 - area) + (both - 1) * (q1 - area**2 + q2 - area**2)) / (m * n))

    low, high = auroc_interval(value, m, n)
    assert 0 <= low <= value <= high <= 1
    assert low == 0 if value == 0 else (value - low) / standard_error(low) == pytest.approx(1.959964, rel=1e-4)
    assert high == 1 if value == 1 else (high - value) / standard_error(high) == pytest.approx(1.959964, rel=1e-4)


@pytest.mark.parametrize(("area", "m", "n"), [(0.95, 6, 12), (0.75, 10, 10)])
def test_the_auroc_interval_covers_the_truth_in_small_samples(area, m, n):
    rng, hits, runs = np.random.default_rng(0), 0, 500
    truth = np.repeat([1, 0], [m, n])
    for _ in range(runs):
        scores = rng.standard_normal(m + n) + truth * math.sqrt(2) * norm.ppf(area)
        low, high = auroc_interval(roc_auc_score(truth, scores), m, n)
        hits += low <= area <= high
    assert 0.92 <= hits / runs <= 0.995


def test_few_samples_widen_percentile_intervals_to_students():
    assert expanded_tail(10**6, 0.95) == pytest.approx(0.025, abs=1e-5)
    # A normal sample of ten: the percentile interval's half width, in standard errors, is Student's.
    half = norm.isf(expanded_tail(10, 0.9)) * math.sqrt(9 / 10)
    assert half == pytest.approx(t.ppf(0.95, 9))
    assert expanded_tail(1, 0.9) == 0


def test_an_exact_power_law_is_found_and_goes_on():
    a, b, c = 0.93, 1.9, float(EXPONENTS[30])
    n = [30, 50, 80, 120]
    (found,) = zip(*fit_power_law(n, [a - b * np.array(n) ** -c], [1, 2, 3, 4]), strict=True)
    assert found == pytest.approx((a, b, c))
    ahead = forecast(points_of(a - b * np.array(n) ** -c, n), 40)
    assert ahead.kind == "curve"
    assert ahead.gain == pytest.approx(b * (120**-c - 160**-c), rel=1e-6)
    assert ahead.exponent == pytest.approx(c)
    ends = ahead.curve.iloc[[0, -1]]
    assert ends["n_labelled"].tolist() == [30, 160]
    assert ends["value"].to_numpy() == pytest.approx(a - b * np.array([30.0, 160]) ** -c)
    assert (ahead.curve["low"] <= ahead.curve["value"]).all()
    assert (ahead.curve["value"] <= ahead.curve["high"]).all()


@pytest.mark.parametrize("seed", range(6))
def test_the_fit_is_the_bounded_least_squares_of_every_exponent(seed):
    rng = np.random.default_rng(seed)
    n, weights = np.sort(rng.choice(np.arange(5, 300), 6, replace=False)), rng.random(6) + 0.1
    # Rising towards 1, falling, and in between: both bounds are met.
    curves = np.clip(rng.random((4, 6)) * 0.4 + np.array([[0.0], [0.3], [0.6], [0.6]]), 0, 1)
    curves[0] = np.linspace(0.5, 1, 6)
    curves[1].sort()
    a, b, c = fit_power_law(n, curves, weights)
    for i, curve in enumerate(curves):
        fits = []
        for exponent in EXPONENTS:
            design = np.stack([np.ones(6), -(n.astype(float) ** -exponent)], axis=1) * np.sqrt(weights)[:, None]
            found = lsq_linear(design, curve * np.sqrt(weights), bounds=([-10, 0], [1, np.inf]), tol=1e-12)
            fits.append(found.cost)
        cost = ((curve - evaluate_power_law((a, b, c), n)[i]) ** 2 * weights).sum() / 2
        assert cost == pytest.approx(min(fits), rel=1e-4, abs=1e-9)
        assert a[i] <= 1
        assert b[i] >= 0


def test_a_falling_curve_promises_nothing_but_does_not_exclude_it():
    ahead = forecast(points_of([0.8, 0.78, 0.77], [40, 60, 80]), 20)
    assert ahead.gain == 0
    assert ahead.low == 0
    assert ahead.high > 0


def test_fewer_than_three_numbers_of_labels_carry_no_curve():
    assert forecast(points_of([0.7], [40]), 20).kind == "none"
    assert forecast(points_of([0.7, 0.8, 0.75], [40, 40, 40]), 20).kind == "none"
    assert forecast(points_of([0.7, 0.8, 0.85], [40, 60, 80]), 0).kind == "none"
    ahead = forecast(points_of([0.7, 0.8, 0.82], [40, 60, 60]), 20)
    assert ahead.kind == "range"
    assert math.isnan(ahead.gain)
    assert ahead.curve.empty
    # As much as the last labels brought, 0.11, and the noise of trainings on top.
    assert ahead.low == 0
    assert 0.11 < ahead.high < 0.25
    # Never more than there is room for.
    steep = points_of([0.3, 0.9], [40, 60])
    assert forecast(steep, 200).high == pytest.approx(1 - steep[-1].low)


@pytest.mark.parametrize("metric", METRICS)
def test_the_same_points_give_the_same_forecast(metric):
    lists = simulated(np.random.default_rng(0), metric, (0.9, 2, 0.7), [40, 60, 80, 100], 24, 0.02)
    one, two = (forecast(measure_lists(metric, lists, bootstrap=100)[0], 20, seed=3) for _ in range(2))
    assert (one.gain, one.low, one.high) == (two.gain, two.low, two.high)
    pd.testing.assert_frame_equal(one.curve, two.curve)


@pytest.mark.parametrize(("metric", "lists"), [("auroc", 3), ("auroc", 6), ("dice", 3), ("dice", 6)])
def test_the_range_holds_the_true_gain_of_known_curves(metric, lists):
    rng, runs, step = np.random.default_rng(lists), 60, 20
    n = [40 + step * i for i in range(lists)]
    holds, above, widths = [], [], []
    for _ in range(runs):
        a, c = rng.uniform(0.75, 0.97), rng.uniform(0.3, 1.5)
        b = (a - rng.uniform(0.55, a - 0.02)) * n[0] ** c
        holdouts = simulated(rng, metric, (a, b, c), n, 24, 0.02)
        ahead = forecast(measure_lists(metric, holdouts, bootstrap=150)[0], step)
        gain = b * (n[-1] ** -c - (n[-1] + step) ** -c)
        holds.append(ahead.low <= gain <= ahead.high)
        above.append(gain > ahead.high)
        widths.append(ahead.high - ahead.low)
    # 90 % is promised; three standard errors of 60 runs are 0.12.
    assert np.mean(holds) >= 0.9 - 3 * math.sqrt(0.9 * 0.1 / runs)
    assert np.mean(above) <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / runs)
    # A range that says nothing would hold everything.
    assert np.mean(widths) < (0.08 if lists == 3 else 0.03)


def test_more_lists_and_a_larger_hold_out_narrow_the_range():
    law = (0.9, 2.5, 0.7)
    widths = {}
    for lists, size in ((3, 16), (8, 16), (8, 100)):
        found = []
        for seed in range(8):
            rng = np.random.default_rng(seed)
            n = [40 + 20 * i for i in range(lists)]
            ahead = forecast(measure_lists("auroc", simulated(rng, "auroc", law, n, size, 0.01), bootstrap=150)[0], 20)
            found.append(ahead.high - ahead.low)
        widths[lists, size] = np.mean(found)
    assert widths[3, 16] > 2 * widths[8, 16]
    assert widths[8, 16] > 1.2 * widths[8, 100]
