"""What neighbours share, against loops over all pairs."""

import numpy as np
import pytest
from sklearn.model_selection import LeaveOneOut, cross_val_predict
from sklearn.neighbors import KNeighborsClassifier, NearestNeighbors

from coldstart.evaluation import neighbourhood
from coldstart.evaluation.neighbourhood import compare_neighbours, dice, other_patients, same_label, size_difference


def vectors(n, d=6, seed=0):
    return np.random.default_rng(seed).normal(size=(n, d)).astype(np.float32)


def brute(X, k, patients):
    """Other patients' rows by distance, one row at a time."""
    found = np.full((len(X), k), -1)
    for i, row in enumerate(X.astype(float)):
        others = [j for j in range(len(X)) if patients[j] != patients[i]]
        others.sort(key=lambda j: (((X[j] - row) ** 2).sum(), j))
        found[i, : len(others[:k])] = others[:k]
    return found


def purity(X, labels, patients, k):
    near, chance = compare_neighbours(same_label(labels), [other_patients(X, k, patients)], patients)
    return near[0].mean(axis=0), chance


@pytest.mark.parametrize("sizes", [(1,) * 40, (5, 1, 1, 9, 4, 20), (39, 1), (2,) * 20])
def test_neighbours_are_the_nearest_rows_of_other_patients(sizes):
    patients = np.random.default_rng(1).permutation(np.repeat(np.arange(len(sizes)), sizes))
    X = vectors(40)
    np.testing.assert_array_equal(other_patients(X, 7, patients), brute(X, 7, patients))


def test_without_patients_they_are_scikit_learns():
    X = vectors(60)
    expected = NearestNeighbors(n_neighbors=5).fit(X).kneighbors(return_distance=False)
    np.testing.assert_array_equal(other_patients(X, 5, np.arange(60)), expected)


def test_one_patient_alone_has_no_neighbours():
    assert (other_patients(vectors(5), 3, np.zeros(5, int)) == -1).all()
    assert (other_patients(vectors(1), 3, np.zeros(1, int)) == -1).all()
    near, chance = compare_neighbours(same_label(np.arange(5)), [np.full((5, 3), -1)], np.zeros(5, int))
    assert np.isnan(near[0]).all()
    assert np.isnan(chance).all()


def test_copies_of_a_patient_do_not_count():
    """Each sample has a copy in its own patient; labels mean nothing but for the copies."""
    base = vectors(100, d=2)
    X, patients = np.concatenate([base, base]), np.tile(np.arange(100), 2)
    labels = np.tile(np.random.default_rng(2).integers(0, 2, 100), 2)
    assert purity(X, labels, np.arange(200), 1)[0][0] == 1
    found, chance = purity(X, labels, patients, 1)
    assert abs(found[0] - chance.mean()) < 0.15


def test_classes_far_apart_are_pure_and_shuffled_ones_are_at_chance():
    labels = np.repeat([0, 1, 2], [200, 100, 100])
    X, patients = vectors(400) + 100 * labels[:, None], np.arange(400)
    found, _ = purity(X, labels, patients, 20)
    np.testing.assert_array_equal(found, np.ones(20))
    shuffled = np.random.default_rng(0).permutation(labels)
    found, chance = purity(X, shuffled, patients, 20)
    # Twenty neighbours of 400 samples: a standard error of about 0.025 where they overlap wholly.
    assert abs(found[-1] - chance.mean()) < 0.08


def test_chance_is_the_sum_of_squared_shares_corrected_for_the_sample_itself():
    labels = np.repeat([0, 1, 2], [5, 3, 2])
    _, chance = purity(vectors(10), labels, np.arange(10), 1)
    assert chance.mean() == pytest.approx((5 * 4 + 3 * 2 + 2 * 1) / (10 * 9))


def test_chance_is_what_random_neighbours_come_to():
    rng = np.random.default_rng(3)
    labels, patients = rng.integers(0, 3, 30), rng.integers(0, 8, 30)
    _, chance = purity(vectors(30), labels, patients, 1)
    for i in range(30):
        others = labels[patients != patients[i]]
        assert chance[i] == pytest.approx((others == labels[i]).mean())


def test_purity_at_one_is_the_accuracy_of_a_nearest_neighbour_classifier():
    X, labels = vectors(80), np.random.default_rng(4).integers(0, 2, 80)
    predicted = cross_val_predict(KNeighborsClassifier(1), X, labels, cv=LeaveOneOut())
    assert purity(X, labels, np.arange(80), 3)[0][0] == pytest.approx((predicted == labels).mean())


def test_masks_are_compared_pair_by_pair(monkeypatch):
    monkeypatch.setattr(neighbourhood, "ROWS_AT_ONCE", 7)
    rng = np.random.default_rng(5)
    masks = (rng.random((20, 6, 6)) < rng.random(20)[:, None, None]).astype(np.uint8)
    masks[:3] = 0
    patients = rng.integers(0, 9, 20)
    rows = other_patients(vectors(20), 4, patients)
    (overlap,), overlap_chance = compare_neighbours(dice(masks), [rows], patients)
    (gap,), gap_chance = compare_neighbours(size_difference(masks), [rows], patients)

    def dice_of(i, j):
        total = masks[i].sum() + masks[j].sum()
        return 2 * (masks[i] & masks[j]).sum() / total if total else 1.0

    def gap_of(i, j):
        return 100 * abs(float(masks[i].mean()) - float(masks[j].mean()))

    for i in range(20):
        others = np.flatnonzero(patients != patients[i])
        for values, chance, pair in ((overlap, overlap_chance, dice_of), (gap, gap_chance, gap_of)):
            for k in range(4):
                assert values[i, k] == pytest.approx(np.mean([pair(i, j) for j in rows[i, : k + 1]]))
            assert chance[i] == pytest.approx(np.mean([pair(i, j) for j in others]))


def test_several_embeddings_are_compared_in_one_pass():
    labels, patients = np.arange(12) % 2, np.arange(12)
    rows = [other_patients(vectors(12, seed=seed), 2, patients) for seed in (1, 2)]
    together, _ = compare_neighbours(same_label(labels), rows, patients)
    for found, own in zip(together, rows, strict=True):
        np.testing.assert_array_equal(found, compare_neighbours(same_label(labels), [own], patients)[0][0])
