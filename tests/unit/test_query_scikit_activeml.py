"""Uncertainty sampling, against scikit-activeml."""

import numpy as np
import pytest
from skactiveml.classifier import SklearnClassifier
from skactiveml.pool import UncertaintySampling
from sklearn.linear_model import LogisticRegression

from coldstart.query import STRATEGIES
from coldstart.query.base import QueryInputs


@pytest.mark.parametrize(
    ("name", "method", "more"),
    # Their margin utility is 1 - (p1 - p2), our score without the 1.
    [("entropy", "entropy", 0), ("least_confidence", "least_confident", 0), ("margin", "margin_sampling", 1)],
)
def test_scores_are_the_utilities_of_scikit_activeml(name, method, more):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(60, 3)), np.full(60, np.nan)
    y[:12] = rng.integers(0, 2, 12)
    classifier = SklearnClassifier(LogisticRegression(), classes=[0, 1]).fit(X, y)
    theirs = UncertaintySampling(method=method, random_state=0)
    _, utilities = theirs.query(X, y, clf=classifier, fit_clf=False, batch_size=1, return_utilities=True)
    waiting = np.flatnonzero(np.isnan(y))
    inputs = QueryInputs("classification", probabilities=classifier.predict_proba(X[waiting]))
    picks = STRATEGIES.load(name)(inputs, len(waiting), rng=rng)
    np.testing.assert_allclose(picks.scores + more, utilities[0][waiting][picks.indices], atol=1e-12)
