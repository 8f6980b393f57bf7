"""The bootstrap against published vectors and the published code's own draws."""

import numpy as np
import pytest
from sklearn import metrics

from coldstart.evaluation import bootstrap
from coldstart.evaluation.evaluate import evaluate_classification


def published_draws(n, resamples):
    """The published protocol, with its global seed put back afterwards."""
    state = np.random.get_state()  # noqa: NPY002
    draws = []
    for i in range(resamples):
        np.random.seed(i)  # noqa: NPY002
        draws.append(np.random.choice(range(n), n))  # noqa: NPY002
    np.random.set_state(state)  # noqa: NPY002
    return draws


def test_resamples_are_those_of_the_published_code():
    counts = bootstrap.resample_counts(37, 20)
    for row, drawn in zip(counts, published_draws(37, 20), strict=True):
        np.testing.assert_array_equal(row, np.bincount(drawn, minlength=37))


def test_resampling_leaves_the_global_generator_alone():
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    bootstrap.resample_counts(10, 5)
    np.testing.assert_array_equal(before, np.random.get_state()[1])  # noqa: NPY002


def test_vector_v1_3():
    means = bootstrap.resampled_means(np.arange(1, 39) / 38, bootstrap.resample_counts(38))
    np.testing.assert_allclose(means[:3], [0.480609, 0.434211, 0.466066], atol=5e-7)
    assert bootstrap.percentile_se(means) == pytest.approx(0.04865312, abs=5e-9)


def test_vector_v1_2_standard_errors_from_scikit_learn_on_each_resample():
    rng = np.random.RandomState(7)
    y = (np.arange(160) < 38).astype(int)
    p = 1 / (1 + np.exp(-(rng.randn(160) + 1.2 * y - 1)))
    result = evaluate_classification(y, p, 0.434).set_index("metric")
    assert result.loc["auprc", "se"] == pytest.approx(0.0781071, abs=5e-8)
    assert result.loc["f1", "se"] == pytest.approx(0.0673055, abs=5e-8)
    assert np.std(result.loc["auprc", "bootstrap"]) == pytest.approx(0.0741992, abs=5e-8)
    assert np.std(result.loc["f1", "bootstrap"]) == pytest.approx(0.0636879, abs=5e-8)
    plain = evaluate_classification(y, p, 0.434, standard_error="deviation").set_index("metric")
    assert plain.loc["auprc", "se"] == pytest.approx(0.0741992, abs=5e-8)
    assert plain.loc["f1", "se"] == pytest.approx(0.0636879, abs=5e-8)
    assert plain.value.equals(result.value)
    areas = []
    for drawn in published_draws(160, 100):
        precision, recall, _ = metrics.precision_recall_curve(y[drawn], p[drawn])
        areas.append(metrics.auc(recall, precision))
    np.testing.assert_allclose(result.loc["auprc", "bootstrap"], areas, rtol=1e-12)


def test_groups_are_drawn_whole():
    groups = ["b", "a", "b", None, "c", None, "a", "b"]
    counts = bootstrap.resample_counts(8, 200, groups)
    assert (counts[:, [0, 0]] == counts[:, [2, 7]]).all()
    assert (counts[:, 1] == counts[:, 6]).all()
    # Two samples of unknown patient are two patients.
    assert (counts[:, 3] != counts[:, 5]).any()
    # Five patients are drawn each time, whatever they bring.
    assert (counts[:, [0, 1, 3, 4, 5]].sum(axis=1) == 5).all()


def test_groups_of_one_change_nothing():
    np.testing.assert_array_equal(
        bootstrap.resample_counts(9, 10, [f"p{9 - i}" for i in range(9)]), bootstrap.resample_counts(9, 10)
    )


def test_undefined_values_are_left_out():
    counts = np.array([[1, 1, 1], [0, 2, 1], [0, 3, 0]])
    np.testing.assert_array_equal(bootstrap.resampled_means([1, np.nan, 4], counts), [2.5, 4, np.nan])
    assert bootstrap.percentile_se([np.nan, 0, 1]) == bootstrap.percentile_se([0, 1]) == pytest.approx(0.95 / 3.92)
    assert bootstrap.deviation_se([np.nan, 0, 1]) == 0.5
    for estimator in bootstrap.ESTIMATORS.values():
        assert np.isnan(estimator([]))
        assert np.isnan(estimator([np.nan]))


def test_pooling_lets_the_variance_between_runs_in():
    runs = [np.linspace(0, 0.1, 100), np.linspace(0.5, 0.6, 100)]
    assert bootstrap.pooled_se(runs) == bootstrap.percentile_se(np.concatenate(runs))
    assert bootstrap.pooled_se(runs) > 4 * bootstrap.percentile_se(runs[0])
    assert bootstrap.pooled_se(runs, "deviation") == pytest.approx(np.std(np.concatenate(runs)))
    assert np.isnan(bootstrap.pooled_se([]))
