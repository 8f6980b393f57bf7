"""Classification metrics against published vectors and scikit-learn."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics

from coldstart.errors import InputError
from coldstart.evaluation import classification

Y = [0, 0, 1, 0, 1, 0, 0, 1, 0, 1]
P = [0.10, 0.35, 0.40, 0.42, 0.80, 0.05, 0.55, 0.62, 0.20, 0.91]


def published_sample():
    rng = np.random.RandomState(7)
    y = (np.arange(160) < 38).astype(int)
    return y, 1 / (1 + np.exp(-(rng.randn(160) + 1.2 * y - 1)))


# Scores in eighths, so that ties are common.
samples = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 8)), min_size=2, max_size=40).filter(
    lambda rows: len({label for label, _ in rows}) == 2
)


def test_vector_v1_1():
    assert classification.auprc_trapezoid(Y, P) == pytest.approx(0.9083333, abs=5e-8)
    assert classification.average_precision(Y, P) == pytest.approx(0.9166667, abs=5e-8)
    assert classification.auroc(Y, P) == pytest.approx(0.9166667, abs=5e-8)
    threshold = classification.youden_threshold(Y, P)
    assert threshold == 0.62
    assert classification.f1_at(Y, P, threshold) == pytest.approx(0.8571429, abs=5e-8)
    found = classification.threshold_metrics(Y, P, threshold, np.ones((1, 10)))
    # TN, FP, FN, TP = 6, 0, 1, 3
    expected = {"sensitivity": 3 / 4, "specificity": 1, "ppv": 1, "npv": 6 / 7, "accuracy": 9 / 10}
    for name, value in expected.items():
        assert found[name][0] == pytest.approx(value), name
    assert found["balanced_accuracy"][0] == pytest.approx(7 / 8)


def test_vector_v1_2():
    y, p = published_sample()
    assert p.sum() == pytest.approx(56.325014, abs=5e-7)
    assert classification.auprc_trapezoid(y, p) == pytest.approx(0.558468, abs=5e-7)
    threshold = classification.youden_threshold(y, p, decimals=3)
    assert threshold == 0.434
    assert classification.f1_at(y, p, threshold) == pytest.approx(0.561798, abs=5e-7)


@settings(deadline=None, max_examples=150)
@given(samples, st.data())
def test_metrics_of_a_resample_are_those_of_scikit_learn_on_the_drawn_samples(rows, data):
    y, p = np.array([label for label, _ in rows]), np.array([score / 8 for _, score in rows])
    drawn = np.array(data.draw(st.lists(st.integers(0, len(y) - 1), min_size=len(y), max_size=len(y))))
    threshold = data.draw(st.sampled_from(sorted(set(p))))
    counts = np.bincount(drawn, minlength=len(y))[None]
    ranking = classification.ranking_metrics(y, p, counts)
    decision = classification.threshold_metrics(y, p, threshold, counts)
    y, p = y[drawn], p[drawn]
    if len(set(y)) == 1:
        assert all(np.isnan(value[0]) for value in ranking.values())
        assert np.isnan(decision["balanced_accuracy"][0])
        return
    precision, recall, _ = metrics.precision_recall_curve(y, p)
    assert ranking["auprc"][0] == pytest.approx(metrics.auc(recall, precision))
    assert ranking["average_precision"][0] == pytest.approx(metrics.average_precision_score(y, p))
    assert ranking["auroc"][0] == pytest.approx(metrics.roc_auc_score(y, p))
    called = p >= threshold
    assert decision["f1"][0] == pytest.approx(metrics.f1_score(y, called))
    assert decision["sensitivity"][0] == pytest.approx(metrics.recall_score(y, called))
    assert decision["specificity"][0] == pytest.approx(metrics.recall_score(y, called, pos_label=0))
    assert decision["accuracy"][0] == pytest.approx(metrics.accuracy_score(y, called))
    assert decision["balanced_accuracy"][0] == pytest.approx(metrics.balanced_accuracy_score(y, called))
    if called.any():
        assert decision["ppv"][0] == pytest.approx(metrics.precision_score(y, called))
    else:
        assert np.isnan(decision["ppv"][0])


@settings(deadline=None, max_examples=100)
@given(samples)
def test_youden_threshold_is_the_best_of_all_thresholds(rows):
    y, p = np.array([label for label, _ in rows]), np.array([score / 8 for _, score in rows])

    def index(t):
        return (p[y == 1] >= t).mean() - (p[y == 0] >= t).mean()

    chosen = classification.youden_threshold(y, p)
    assert index(chosen) == pytest.approx(max(index(t) for t in [*p, np.inf]))


def test_youden_threshold_is_infinite_where_every_threshold_is_worse_than_chance():
    threshold = classification.youden_threshold([1, 1, 0, 0], [0.1, 0.2, 0.8, 0.9], decimals=3)
    assert threshold == np.inf
    found = classification.threshold_metrics([1, 0], [0.9, 0.8], threshold, np.ones((1, 2)))
    assert found["sensitivity"][0] == 0
    assert np.isnan(found["ppv"][0])
    assert found["f1"][0] == 0


def test_rounding_the_threshold_can_lose_the_sample_that_gave_it():
    y, p = [0, 1], [0.1, 0.43361]
    assert classification.f1_at(y, p, classification.youden_threshold(y, p)) == 1
    assert classification.f1_at(y, p, classification.youden_threshold(y, p, decimals=3)) == 0


@pytest.mark.parametrize("label", [0, 1])
def test_one_class_leaves_the_areas_undefined_and_gives_no_threshold(label):
    y, p = [label] * 3, [0.2, 0.5, 0.5]
    for metric in (classification.auprc_trapezoid, classification.average_precision, classification.auroc):
        assert np.isnan(metric(y, p))
    with pytest.raises(InputError, match="validation"):
        classification.youden_threshold(y, p)


@pytest.mark.parametrize(
    ("y", "p", "message"),
    [
        ([0, 1], [0.5], "one label and one score"),
        ([], [], "at least one sample"),
        ([0, 2], [0.5, 0.5], "neither 0 nor 1"),
        ([0, 1], [0.5, np.nan], "1 of 2 predicted scores are not finite"),
    ],
)
def test_bad_input_is_named(y, p, message):
    with pytest.raises(InputError, match=message):
        classification.auroc(y, p)
