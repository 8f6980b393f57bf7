"""Silhouettes of the classes, against scikit-learn and against loops where patients have several samples."""

import numpy as np
import pytest
from sklearn.metrics import silhouette_samples

from coldstart.evaluation import class_silhouette
from coldstart.evaluation.class_silhouette import class_silhouettes


def points(n, d=4, seed=0):
    return np.random.default_rng(seed).normal(size=(n, d)).astype(np.float32)


def by_loops(X, classes, patients):
    found = np.full(len(X), np.nan)
    for i in range(len(X)):
        means = {}
        for c in set(classes):
            others = [j for j in range(len(X)) if classes[j] == c and patients[j] != patients[i]]
            if others:
                means[c] = np.mean([np.linalg.norm(X[i].astype(float) - X[j]) for j in others])
        within = means.pop(classes[i], None)
        if means:
            between = min(means.values())
            found[i] = 0 if within is None else (between - within) / max(between, within)
    return found


@pytest.mark.parametrize("rows", [7, 256])
def test_with_one_sample_per_patient_they_are_rousseeuws(rows, monkeypatch):
    monkeypatch.setattr(class_silhouette, "ROWS_AT_ONCE", rows)
    classes = np.repeat([0, 1, 2], [20, 9, 1])
    X = points(30) + classes[:, None]
    np.testing.assert_allclose(class_silhouettes(X, classes, np.arange(30)), silhouette_samples(X, classes), atol=1e-6)


def test_the_patients_own_samples_are_left_out():
    rng = np.random.default_rng(1)
    X, classes, patients = points(30), rng.integers(0, 3, 30), rng.integers(0, 6, 30)
    np.testing.assert_allclose(class_silhouettes(X, classes, patients), by_loops(X, classes, patients), atol=1e-6)


def test_copies_of_a_patient_do_not_count():
    """Patients lie apart and are of one class each, which says nothing of the classes."""
    places = 100 * points(40)
    X, patients = np.repeat(places, 5, axis=0), np.repeat(np.arange(40), 5)
    classes = np.repeat(np.arange(40) % 2, 5)
    X = X + 0.01 * points(200, seed=3)
    once = class_silhouettes(places, classes[::5], np.arange(40))
    np.testing.assert_allclose(class_silhouettes(X, classes, patients), np.repeat(once, 5), atol=1e-3)
    assert silhouette_samples(X, classes).mean() > once.mean() + 0.02


def test_what_is_not_defined():
    X = points(4)
    assert np.isnan(class_silhouettes(X, np.zeros(4, int), np.arange(4))).all()
    # The other class is that of the same patient alone.
    assert np.isnan(class_silhouettes(X, np.array([0, 1, 0, 0]), np.array([0, 0, 1, 2]))[0])
    np.testing.assert_array_equal(
        class_silhouettes(np.zeros((4, 2)), np.array([0, 0, 1, 1]), np.arange(4)), np.zeros(4)
    )
