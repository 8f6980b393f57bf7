"""TypiClust against the published loop in brute force and against scikit-activeml."""

import numpy as np
import pytest
from skactiveml.pool import TypiClust
from sklearn.cluster import KMeans, MiniBatchKMeans

from coldstart.errors import InputError
from coldstart.selection.base import check_selection
from coldstart.selection.typiclust import select, typicality


def blobs(sizes=(60, 40, 30, 20, 4), d=8, seed=0):
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(len(sizes), d)) * 6
    points = np.concatenate([c + rng.normal(size=(size, d)) for c, size in zip(centres, sizes, strict=True)])
    return points[rng.permutation(len(points))].astype(np.float32)


def seed_of_kmeans(seed):
    return int(np.random.default_rng(seed).integers(2**31 - 1))


def published(points, labels, budget, squared, k_of):
    """The loop of the released code, every distance computed: the largest clusters in turn, the densest sample of each.

    Clusters of at most five samples are dropped.
    """
    labels = labels.copy()
    numbers, sizes = np.unique(labels, return_counts=True)
    kept = [(-size, number) for number, size in zip(numbers, sizes, strict=True) if size > 5]
    order, chosen = [number for _, number in sorted(kept)], []
    for turn in range(budget):
        rows = np.flatnonzero(labels == order[turn % len(order)])
        best, typical = None, -1.0
        for row in rows:
            gaps = sorted(((points[row].astype(float) - points[other]) ** 2).sum() for other in rows if other != row)
            gaps = gaps[: k_of(len(rows))]
            mean = sum(gaps) / len(gaps) if squared else sum(np.sqrt(gaps)) / len(gaps)
            if 1 / (mean + 1e-5) > typical:
                best, typical = row, 1 / (mean + 1e-5)
        chosen.append((int(best), typical))
        labels[best] = -1
    return chosen


@pytest.mark.parametrize(
    ("variant", "squared", "k_of"),
    [("paper_text", False, lambda size: min(20, size - 1)), ("paper_code", True, lambda size: min(20, size // 2))],
)
def test_picks_are_those_of_the_published_loop(variant, squared, k_of):
    X = blobs()
    points = X / np.linalg.norm(X, axis=1, keepdims=True)
    for budget, most in ((5, 500), (12, 500), (12, 4)):
        labels = KMeans(min(budget, most), n_init=10, random_state=seed_of_kmeans(4)).fit(points).labels_
        expected = published(points, labels, budget, squared, k_of)
        picks = select(X, budget, rng=np.random.default_rng(4), max_clusters=most, variant=variant)
        assert picks.indices.tolist() == [row for row, _ in expected]
        np.testing.assert_allclose(picks.scores, [score for _, score in expected], rtol=1e-5)
        np.testing.assert_array_equal(picks.pool_clusters, labels)
        np.testing.assert_array_equal(picks.clusters, labels[picks.indices])


def test_same_samples_as_scikit_activeml():
    """Which drops no small cluster and takes the text's distances; in an order of its own among equal clusters."""
    X = blobs(sizes=(50, 40, 30, 20)).astype(float)
    for budget in (4, 9):
        theirs = TypiClust(k=20, cluster_algo_dict={"random_state": seed_of_kmeans(1), "n_init": 10}, random_state=0)
        expected = theirs.query(X, np.full(len(X), np.nan), batch_size=budget)
        picks = select(X, budget, rng=np.random.default_rng(1), min_cluster_size=0, l2=False)
        # Of a cluster of two either is as typical as the other.
        sizes = np.bincount(picks.pool_clusters)
        assert {row for row in picks.indices if sizes[picks.pool_clusters[row]] > 2} == {
            row for row in expected if sizes[picks.pool_clusters[row]] > 2
        }


def test_the_two_variants_differ():
    X = blobs(seed=3)
    found = {
        tuple(select(X, 12, rng=np.random.default_rng(0), variant=variant).indices)
        for variant in ("paper_text", "paper_code")
    }
    assert len(found) == 2


def test_more_than_fifty_clusters_are_made_by_mini_batches():
    X = blobs(sizes=(300, 200, 100))
    points = X / np.linalg.norm(X, axis=1, keepdims=True)
    picks = select(X, 60, rng=np.random.default_rng(2))
    model = MiniBatchKMeans(60, batch_size=5000, n_init=3, random_state=seed_of_kmeans(2)).fit(points)
    np.testing.assert_array_equal(picks.pool_clusters, model.labels_)


def test_the_largest_cluster_comes_first_and_small_ones_when_nothing_else_is_left():
    X = blobs(sizes=(30, 20, 4))
    picks = select(X, 3, rng=np.random.default_rng(0), l2=False)
    sizes = np.bincount(picks.pool_clusters)
    assert sorted(sizes) == [4, 20, 30]
    # The third pick goes to the largest again: the cluster of four is too small.
    assert sizes[picks.clusters].tolist() == [30, 20, 30]
    kept = select(X, 3, rng=np.random.default_rng(0), l2=False, min_cluster_size=3)
    assert sizes[kept.clusters].tolist() == [30, 20, 4]
    everything = check_selection(select(X, 54, rng=np.random.default_rng(0), l2=False, max_clusters=3), 54, 54)
    assert sizes[everything.clusters[-4:]].tolist() == [4] * 4


def test_vector_of_typicality():
    """Three points on a line at 0, 1 and 3: the two nearest of each are all others."""
    points = np.array([[0.0], [1.0], [3.0]])
    np.testing.assert_allclose(typicality(points), 1 / (np.array([2.0, 1.5, 2.5]) + 1e-5))
    np.testing.assert_allclose(typicality(points, 1), 1 / (np.array([1.0, 1.0, 2.0]) + 1e-5))
    np.testing.assert_allclose(typicality(points, variant="paper_code"), 1 / (np.array([1.0, 1.0, 4.0]) + 1e-5))
    assert typicality(points[:1]).tolist() == [0]


def test_of_equally_typical_samples_the_lowest_row_is_taken():
    square = np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]])
    assert select(square, 1, rng=np.random.default_rng(0), l2=False).indices.tolist() == [0]
    assert select(square[::-1], 1, rng=np.random.default_rng(0), l2=False).indices.tolist() == [0]


def test_length_does_not_matter_unless_asked():
    X = blobs(sizes=(40, 30, 20))
    scaled = X * np.random.default_rng(0).choice([0.5, 1, 4], size=(len(X), 1)).astype(np.float32)
    found = [select(points, 3, rng=np.random.default_rng(0)).indices.tolist() for points in (X, scaled)]
    assert found[0] == found[1]
    found = [select(points, 3, rng=np.random.default_rng(0), l2=False).indices.tolist() for points in (X, scaled)]
    assert found[0] != found[1]


@pytest.mark.parametrize("wrong", [{"neighbours": 0}, {"max_clusters": 0}, {"n_init": 0}, {"min_cluster_size": -1}])
def test_numbers_that_are_too_small_are_refused(wrong):
    with pytest.raises(InputError, match=f"{next(iter(wrong))} {next(iter(wrong.values()))}"):
        select(blobs(), 3, rng=np.random.default_rng(0), **wrong)
