"""Arms against random: areas by hand, Student's and Holm's tests from elsewhere, and mean arms."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from coldstart.evaluation.runs import Runs
from coldstart.findings.differences import (
    AREA,
    FIELDS,
    against_random,
    initial_runs,
    mean_runs,
    pooled,
    query_runs,
)
from coldstart.reporting.summary import COLUMNS

RESAMPLES = 4


def row(model, method, budget, seed, value, *, query="none", round_=0, repeat=0, metric="auroc", reference=False):
    """One row of a summary; its resamples are its value more or less a tenth."""
    names = {"dataset": "d", "task": "classification", "model": model, "method": method, "query": query}
    counts = {"budget": budget, "seed": seed, "repeat": repeat, "round": round_, "n_labelled": budget + 20 * round_}
    rest = {"reference": reference, "validation": 0.5, "metric": metric, "value": value, "se": 0.1, "run": "r"}
    return {**names, **counts, **rest, "bootstrap": [value - 0.1, value + 0.1] * (RESAMPLES // 2)}


def summary(*rows):
    return pd.DataFrame(rows)[COLUMNS]


def runs(values, seeds=None, repeats=None, bootstrap=None):
    """Runs of an arm; by default one of each seed, and a test split that does not matter."""
    values = np.asarray(values, dtype=float)
    seeds = np.arange(len(values)) if seeds is None else np.asarray(seeds)
    repeats = np.zeros(len(values), dtype=int) if repeats is None else np.asarray(repeats)
    bootstrap = np.tile(values[:, None], RESAMPLES) if bootstrap is None else np.asarray(bootstrap, dtype=float)
    return Runs(seeds, repeats, values, bootstrap)


def test_cold_starts_by_budget_and_by_the_area_by_hand():
    curve = {10: 0.5, 20: 0.6, 40: 0.8}
    rows = [row("none", "random", budget, seed, value) for budget, value in curve.items() for seed in (1, 2)]
    rows += [row("pca", "kmeans", budget, seed, value + 0.1) for budget, value in curve.items() for seed in (1, 2)]
    others = [
        row("none", "random", 10, 1, 9, metric="auprc"),
        row("none", "everything", 0, 1, 9, reference=True),
        row("none", "random", 20, 1, 9, query="entropy", round_=1),
    ]
    found = initial_runs(summary(*rows, *others), "classification", "auroc")
    assert set(found) == {("none", "random"), ("pca", "kmeans")}
    assert set(found["none", "random"]) == {AREA, 10, 20, 40}
    assert found["pca", "kmeans"][20].values.tolist() == pytest.approx([0.7, 0.7])
    assert found["pca", "kmeans"][20].seeds.tolist() == [1, 2]
    # (10 · 0.55 + 20 · 0.7) / 30
    area = found["none", "random"][AREA]
    np.testing.assert_allclose(area.values, 0.65)
    np.testing.assert_allclose(area.bootstrap, [[0.55, 0.75] * 2] * 2)


def test_one_budget_has_no_area():
    rows = [row("none", "random", 10, seed, 0.5, repeat=repeat) for seed in (1, 2) for repeat in (0, 1)]
    found = initial_runs(summary(*rows), "classification", "auroc")
    assert {arm: list(points) for arm, points in found.items()} == {("none", "random"): [10]}
    assert found["none", "random"][10].repeats.tolist() == [0, 1, 0, 1]


def test_queries_start_where_the_cold_start_ended():
    rows = [row("none", "random", 20, seed, 0.5) for seed in (1, 2)] + [row("none", "random", 10, 1, 0.4)]
    gains = {"random": 0.1, "entropy": 0.3}
    rows += [
        row("none", "random", 20, seed, 0.5 + gain * round_, query=query, round_=round_)
        for query, gain in gains.items()
        for seed in (1, 2)
        for round_ in (1, 2)
    ]
    found = query_runs(summary(*rows), "classification", "auroc")
    assert set(found) == {("none", "random", "random"), ("none", "random", "entropy")}
    entropy = found["none", "random", "entropy"]
    assert {point: own.values.tolist() for point, own in entropy.items() if point != AREA} == {
        20: [0.5, 0.5],
        40: [0.8, 0.8],
        60: [1.1, 1.1],
    }
    np.testing.assert_allclose(entropy[AREA].values, 0.8)


RNG = np.random.default_rng(5)
SEEDS = 12
ARMS = {
    ("none", "random"): {point: RNG.normal(0.6, 0.02, SEEDS) for point in (AREA, 10, 20)},
    ("pca", "kmeans"): {point: RNG.normal(0.62, 0.02, SEEDS) for point in (AREA, 10, 20)},
    ("hog", "kmeans"): {point: RNG.normal(0.61, 0.02, SEEDS) for point in (AREA, 10, 20)},
    ("hog", "typiclust"): {point: RNG.normal(0.57, 0.02, SEEDS) for point in (AREA, 10, 20)},
}
PLANTED = {arm: {point: runs(values) for point, values in points.items()} for arm, points in ARMS.items()}


def test_without_patients_every_arm_has_the_paired_t_test_against_random():
    found = against_random(PLANTED, test_units=50).set_index(["arm", "point"])
    assert len(found) == 12
    for arm, points in ARMS.items():
        for point, values in points.items():
            own, rival = found.loc[" ".join(arm), point], ARMS["none", "random"][point]
            assert (own["value"], own["rival"]) == pytest.approx((values.mean(), rival.mean()))
            if arm == ("none", "random"):
                assert own[[*(name for name in FIELDS), "p_holm"]].isna().all()
                continue
            oracle = stats.ttest_rel(values, rival)
            interval = oracle.confidence_interval(0.95)
            assert own["p"] == pytest.approx(oracle.pvalue)
            assert tuple(own[["difference", "low", "high"]]) == pytest.approx((np.mean(values - rival), *interval))
            assert (own["design"], own["n_first"]) == ("paired", SEEDS)


def test_holm_is_over_all_arms_of_the_area_and_over_all_arms_and_budgets():
    found = against_random(PLANTED, test_units=50).dropna(subset="p")
    for of, count in ((found["point"] == AREA, 3), (found["point"] != AREA, 6)):
        own = found[of].sort_values("p")
        assert len(own) == count
        raised, least = [], 0.0
        for place, p in enumerate(own["p"]):
            least = max(least, min(1.0, p * (count - place)))
            raised.append(least)
        assert own["p_holm"].tolist() == pytest.approx(raised)


def test_patients_widen_the_interval():
    rng = np.random.default_rng(6)
    rival, own = rng.normal(0.6, 0.02, SEEDS), rng.normal(0.62, 0.02, SEEDS)
    shifts = rng.normal(0, 0.05, 200)
    arms = {
        ("none", "random"): {10: runs(rival, bootstrap=np.tile(rival[:, None], 200))},
        ("pca", "kmeans"): {10: runs(own, bootstrap=own[:, None] + shifts)},
    }
    found = against_random(arms, test_units=50).iloc[1]
    assert found["se_runs"] == pytest.approx(stats.sem(own - rival))
    # The bootstrap's variance is too small by (m - 1) / m for m patients.
    assert found["se_patients"] == pytest.approx(shifts.std(ddof=1) * np.sqrt(50 / 49))
    assert found["se"] == pytest.approx(np.hypot(found["se_runs"], found["se_patients"]))


def test_queries_are_held_against_the_random_one_after_the_same_start():
    arms = {
        ("none", "random", "random"): {40: runs([1, 2, 3])},
        ("none", "random", "entropy"): {40: runs([2, 3, 5])},
        ("pca", "kmeans", "random"): {40: runs([5, 6, 7])},
        ("pca", "kmeans", "entropy"): {40: runs([4, 6, 6])},
    }
    found = against_random(arms, 50, rival=lambda arm: (*arm[:2], "random")).set_index("arm")
    assert found["difference"].dropna().to_dict() == pytest.approx(
        {"none random entropy": 4 / 3, "pca kmeans entropy": -2 / 3}
    )
    assert found.loc["pca kmeans entropy", "rival"] == 6


def test_a_run_without_a_value_is_left_out():
    arms = {("none", "random"): {10: runs([1, 2, 3, 5])}, ("pca", "kmeans"): {10: runs([2, np.nan, 5, 6])}}
    found = against_random(arms, 50).iloc[1]
    assert found["value"] == pytest.approx(13 / 3)
    assert found["difference"] == pytest.approx((1 + 2 + 1) / 3)


def test_a_mean_arm_is_of_the_seeds_that_all_have_and_of_their_repeats():
    first = runs([1, 3, 5, 9], [1, 1, 2, 3], [0, 1, 0, 0])
    second = runs([30, 10, 50], [2, 1, 4])
    found = mean_runs([first, second])
    assert found.seeds.tolist() == [1, 2]
    assert found.repeats.tolist() == [0, 0]
    assert found.values.tolist() == [(2 + 10) / 2, (5 + 30) / 2]
    np.testing.assert_array_equal(found.bootstrap, np.tile([[6], [17.5]], RESAMPLES))


def test_a_mean_arm_of_one_seed_is_of_one_run():
    found = mean_runs([runs([1, 3], [7, 7], [0, 1]), runs([5, 7, 9], [7, 7, 7], [0, 1, 2])])
    assert (found.seeds.tolist(), found.values.tolist()) == ([7], [4.5])
    assert found.bootstrap.shape == (1, RESAMPLES)


def test_mean_arms_by_model_and_by_method_are_of_what_ran_on_every_model():
    arms = {
        ("none", "random"): {10: runs([0, 0])},
        ("pca", "kmeans"): {10: runs([1, 2])},
        ("pca", "typiclust"): {10: runs([3, 4])},
        ("hog", "kmeans"): {10: runs([5, 6])},
        ("hog", "typiclust"): {10: runs([7, 8])},
        ("hog", "csval"): {10: runs([100, 100])},
    }
    by_model, by_method = pooled(arms, 0), pooled(arms, 1)
    assert {arm: points[10].values.tolist() for arm, points in by_model.items()} == {
        ("none", "random"): [0, 0],
        ("mean of", "hog"): [6, 7],
        ("mean of", "pca"): [2, 3],
    }
    assert {arm: points[10].values.tolist() for arm, points in by_method.items()} == {
        ("none", "random"): [0, 0],
        ("mean of", "kmeans"): [3, 4],
        ("mean of", "typiclust"): [5, 6],
    }
