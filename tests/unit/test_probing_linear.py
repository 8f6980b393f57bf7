"""The linear probe, held to scikit-learn."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.preprocessing import StandardScaler

from coldstart.evaluation.classification import auprc_trapezoid, youden_threshold
from coldstart.evaluation.evaluate import evaluate_classification
from coldstart.learning.visible_targets import VisibleTargets
from coldstart.probing.data import Data, Pool
from coldstart.probing.features import standardised
from coldstart.probing.linear import probe

N, POOL, VAL = 140, np.arange(0, 60), np.arange(60, 100)
TEST = np.arange(100, N)
EVALUATION = {"bootstrap": 20, "standard_error": "percentile", "threshold_decimals": None}


def data_of(d=12, seed=0, **changes):
    """Features of which the first tell the label, and everything else that a probe is given."""
    rng = np.random.default_rng(seed)
    X = rng.normal(3, 2, (N, d)) * np.linspace(0.1, 5, d)
    y = (StandardScaler().fit_transform(X)[:, :3].sum(axis=1) + rng.normal(0, 1, N) > 0.5).astype(int)
    given = {
        "features": X.astype(np.float32),
        "targets": VisibleTargets(y, np.concatenate([POOL, VAL])),
        "pool": Pool(np.array([f"s{row}" for row in POOL]), np.array([None] * len(POOL)), POOL),
        "val": VAL,
        "test": TEST,
        "truth": y[TEST],
        "groups": np.repeat(np.arange(20), 2),
        "spacing": None,
        "stacks": None,
        "evaluation": EVALUATION,
    }
    return Data(**{**given, **changes}), y


def by_hand(data, y, rows, C):
    """Probabilities of every sample by scikit-learn alone."""
    scaler = StandardScaler().fit(data.features[POOL].astype(np.float64))
    X = scaler.transform(data.features.astype(np.float64))
    model = LogisticRegression(C=C, class_weight="balanced", tol=1e-10, max_iter=10_000).fit(X[rows], y[rows])
    return model.predict_proba(X)[:, 1]


@pytest.mark.parametrize("d", [12, 300], ids=["few features", "more features than the pool has samples"])
def test_it_is_scikit_learns_regression_with_the_strength_that_validates_best(d):
    data, y = data_of(d)
    rows, strengths = POOL[3:33], [0.001, 0.1, 10.0]
    found = probe(embedding="a", C=strengths[::-1]).prepare(data).fit(rows, 0)
    candidates = {C: by_hand(data, y, rows, C) for C in strengths}
    values = {C: auprc_trapezoid(y[VAL], p[VAL]) for C, p in candidates.items()}
    best = max(strengths, key=lambda C: (values[C], -C))
    kept = found.C
    assert kept == best
    assert found.best_value == pytest.approx(values[best], abs=1e-9)
    np.testing.assert_allclose(found.predicted, candidates[best], atol=2e-4)
    assert found.threshold == youden_threshold(y[VAL], found.predicted[VAL])


def test_of_equal_strengths_the_smallest_is_kept():
    data, y = data_of()
    # Features that tell the label without fail: every strength ranks the validation split perfectly.
    data = data_of(features=np.column_stack([y, y]).astype(np.float32) + data.features[:, :2] * 1e-3)[0]
    assert probe(embedding="a", C=[10.0, 1.0, 0.1]).prepare(data).fit(POOL, 0).C == 0.1


def test_features_are_standardised_by_the_pool_alone():
    data, _ = data_of()
    X = standardised(data.features, POOL)
    np.testing.assert_allclose(X[POOL].mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(X[POOL].std(axis=0), 1)
    other = data.features.copy()
    other[TEST] += 100
    np.testing.assert_array_equal(standardised(other, POOL)[VAL], X[VAL])
    assert np.isfinite(standardised(np.ones((N, 3)), POOL)).all()


def test_repeats_differ_by_sgd_and_not_by_lbfgs():
    data, y = data_of()
    optimum, noisy = (probe(embedding="a", C=[1.0], solver=name).prepare(data) for name in ("lbfgs", "sgd"))
    rows = POOL[:30]
    assert (optimum.fit(rows, 1).predicted == optimum.fit(rows, 2).predicted).all()
    assert (noisy.fit(rows, 1).predicted == noisy.fit(rows, 1).predicted).all()
    assert (noisy.fit(rows, 1).predicted != noisy.fit(rows, 2).predicted).any()
    X = standardised(data.features, POOL)
    length = (X[rows] ** 2).sum() / len(rows)
    model = SGDClassifier(loss="log_loss", alpha=1 / 30, class_weight="balanced", max_iter=20, tol=None, random_state=7)
    model = model.set_params(learning_rate="constant", eta0=1 / length).fit(X[rows], y[rows])
    np.testing.assert_allclose(noisy.fit(rows, 7).predicted, model.predict_proba(X)[:, 1])


def test_many_passes_of_sgd_come_near_the_optimum():
    data, _ = data_of()
    optimum = probe(embedding="a", C=[0.1]).prepare(data).fit(POOL, 0).predicted
    near = probe(embedding="a", C=[0.1], solver="sgd", epochs=3000, rate=0.01).prepare(data).fit(POOL, 0).predicted
    np.testing.assert_allclose(near, optimum, atol=0.02)


@pytest.mark.parametrize("positive", [0, 1])
def test_a_labelled_set_of_one_class_is_ranked_at_random_and_not_flattered(positive):
    data, y = data_of()
    prepared = probe(embedding="a").prepare(data)
    pure = POOL[y[POOL] == positive]
    values = []
    for start in range(len(pure) - 3):
        found = prepared.fit(pure[start : start + 4], 0)
        assert found.one_class
        assert np.isnan(found.C)
        assert len(np.unique(found.predicted)) == N
        np.testing.assert_allclose(found.predicted, (4 * positive + 1) / 6, atol=1e-6)
        metrics = prepared.measure(found).set_index("metric")
        assert np.isfinite(metrics.loc[["auprc", "auroc"], ["value", "se"]].to_numpy()).all()
        values.append(metrics.loc["auroc", "value"])
    assert abs(np.mean(values) - 0.5) < 0.1
    # A constant would have had this AUPRC, far above the share of positives.
    assert auprc_trapezoid(y[TEST], np.ones(len(TEST))) == (1 + y[TEST].mean()) / 2


def test_an_empty_start_is_ranked_at_random_too():
    found = probe(embedding="a").prepare(data_of()[0]).fit(np.empty(0, int), 0)
    assert found.one_class
    assert found.predicted.mean() == pytest.approx(0.5)


def test_it_is_measured_as_every_network_is():
    data, y = data_of()
    prepared = probe(embedding="a").prepare(data)
    found = prepared.fit(POOL[:20], 0)
    expected = evaluate_classification(
        y[TEST], found.predicted[TEST], found.threshold, bootstrap=20, groups=data.groups
    )
    assert prepared.measure(found).equals(expected)


def test_labels_outside_the_labelled_set_are_never_looked_up():
    data, y = data_of()
    rows = POOL[:20]
    blind = VisibleTargets(y, np.concatenate([rows, VAL]))
    seen, unseen = (probe(embedding="a").prepare(part).fit(rows, 0) for part in (data, data_of(targets=blind)[0]))
    assert (seen.predicted == unseen.predicted).all()
