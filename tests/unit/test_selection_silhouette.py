"""Silhouettes of many clusterings at once against scikit-learn's, one by one."""

import numpy as np
import pytest
from sklearn.cluster import KMeans
from sklearn.metrics import silhouette_score

from coldstart.selection import silhouette
from coldstart.selection.silhouette import mean_silhouettes


@pytest.mark.parametrize("limits", [(2**23, 2**25), (300, 2**25), (300, 1500), (1, 1)])
@pytest.mark.parametrize("d", [2, 9])
def test_the_same_values_as_scikit_learn_in_any_parts(d, limits, monkeypatch):
    monkeypatch.setattr(silhouette, "DISTANCES_AT_ONCE", limits[0])
    monkeypatch.setattr(silhouette, "MEMBERSHIPS_AT_ONCE", limits[1])
    points = np.random.default_rng(d).normal(size=(120, d))
    clusterings = [KMeans(k, n_init=1, random_state=0).fit(points).labels_ for k in range(2, 15)]
    expected = [silhouette_score(points, labels) for labels in clusterings]
    assert mean_silhouettes(points, clusterings) == pytest.approx(expected, abs=1e-9)


def test_points_alone_and_points_upon_each_other():
    points = np.array([(0, 0), (0, 0), (3, 4), (3, 4), (9, 9)], dtype=float)
    alone, mixed = np.array([0, 0, 1, 1, 2]), np.array([0, 1, 0, 1, 1])
    # The last point is alone and has 0; the others have their own clusters' members upon them.
    expected = [4 / 5, silhouette_score(points, mixed)]
    assert mean_silhouettes(points, [alone, mixed]) == pytest.approx(expected)
    assert mean_silhouettes(np.zeros((4, 2)), [np.array([0, 0, 1, 1])]).tolist() == [0]
