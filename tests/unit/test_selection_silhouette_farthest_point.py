"""Silhouette-chosen k, medoid seeds, proportional allocation, farthest-point fill, and exactly the budget."""

import warnings
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score

from coldstart.selection import silhouette_farthest_point as module
from coldstart.selection.base import check_selection
from coldstart.selection.silhouette_farthest_point import allocate, choose_k, seed_of, select

V2_2 = np.array([(0, 0), (1, 0), (0, 1), (10, 10), (10, 11), (11, 10), (10.5, 10.5)])


def choose(X, budget, seed=0, **how):
    return select(X, budget, rng=np.random.default_rng(seed), **how)


def blobs(k, n=20, seed=0, gap=30):
    """Round groups whose centres lie on a wide circle; their labels."""
    rng = np.random.default_rng(seed)
    turn = 2 * np.pi * np.arange(k) / k
    centres = gap * np.stack([np.cos(turn), np.sin(turn)], axis=1)
    labels = np.repeat(np.arange(k), n)
    return centres[labels] + rng.normal(size=(k * n, 2)), labels


def silhouette(points, labels):
    """Mean silhouette by its definition (Rousseeuw 1987): a point alone in its cluster has 0."""
    widths = []
    for i, own in enumerate(labels):
        gaps = np.sqrt(((points - points[i]) ** 2).sum(axis=1))
        fellows = (labels == own) & (np.arange(len(points)) != i)
        if not fellows.any():
            widths.append(0.0)
            continue
        a = gaps[fellows].mean()
        b = min(gaps[labels == other].mean() for other in set(labels.tolist()) - {own})
        widths.append((b - a) / max(a, b) if max(a, b) else 0.0)
    return float(np.mean(widths))


def test_vector_v2_1_allocation():
    assert allocate([50, 30, 20], 10 - 3) == [4, 2, 1]
    assert allocate([50, 30, 20], 13 - 3) == [5, 3, 2]
    assert allocate([7, 2, 1], 6 - 3) == [2, 1, 0]


def test_vector_v2_2_clusters_and_medoids():
    labels = choose_k(V2_2, 6, random_state=0)
    assert len(set(labels)) == 2
    assert len(set(labels[:3])) == len(set(labels[3:])) == 1
    picks = choose(V2_2, 2)
    assert set(picks.indices) == {0, 6}
    # Row 0 has its cluster's members at distances 0, 1 and 1; row 6 at 0 and three times the root of a half.
    expected = {0: 2 / 3, 6: 3 * 0.5**0.5 / 4}
    assert dict(zip(picks.indices.tolist(), picks.scores, strict=True)) == pytest.approx(expected)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("k", [3, 4, 5, 6, 7])
def test_the_number_of_separate_blobs_is_found(k, seed):
    points, truth = blobs(k, seed=seed)
    labels = choose_k(points, 20, random_state=seed)
    assert adjusted_rand_score(truth, labels) == 1


@pytest.mark.parametrize("seed", range(3))
def test_k_has_the_highest_silhouette_by_its_definition(seed):
    points = np.random.default_rng(seed).normal(size=(40, 2))
    scores = {}
    for k in range(2, 10):
        model = KMeans(k, n_init=10, random_state=4).fit(points)
        scores[k] = silhouette(points, model.labels_)
    best = max(scores, key=scores.get)
    assert len(set(choose_k(points, 9, random_state=4))) == best


def test_never_more_clusters_than_different_points():
    points = np.repeat(np.array([(0, 0), (0, 1), (100, 0), (100, 1)], dtype=float), 3, axis=0)
    labels = choose_k(points, 12, random_state=0)
    assert len(set(labels)) == 4
    assert silhouette(points, labels) == 1
    assert len(set(choose_k(points[[0, 1, 2, 6, 7, 8]], 6, random_state=0))) == 2


def test_of_equal_silhouettes_the_smallest_k_wins(monkeypatch):
    scores = {3: 0.5, 5: 0.5 + 1e-15}
    monkeypatch.setattr(
        module, "mean_silhouettes", lambda points, them: np.array([scores.get(max(labels) + 1, 0.1) for labels in them])
    )
    points, _ = blobs(6)
    assert len(set(choose_k(points, 8, random_state=0))) == 3


@pytest.mark.parametrize(("limit", "how"), [(3, {"budget": 3}), (4, {"budget": 50, "max_k": 4})])
def test_candidates_end_at_the_budget_and_at_max_k(limit, how):
    points, _ = blobs(6)
    assert len(set(choose_k(points, how.pop("budget"), random_state=0, **how))) <= limit


@pytest.mark.parametrize(
    ("points", "budget"),
    [(V2_2, 1), (V2_2[:2], 2), (V2_2[:1], 1), (np.ones((9, 2)), 5), (np.array([[0.0, 0], [-0.0, 0], [0, 0]]), 3)],
)
def test_where_there_is_nothing_to_choose_there_is_one_cluster(points, budget):
    assert choose_k(points, budget, random_state=0).tolist() == [0] * len(points)
    check_selection(choose(points, budget), budget, len(points))


def test_points_apart_by_less_than_rounding_are_clustered_without_a_word():
    points = np.array([[1e8, 0], [1e8 + 1e-8, 0], [1e8, 1e-9], [-1e8, 0], [-1e8, 1e-9], [-1e8 - 1e-8, 0]])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        labels = choose_k(points, 6, random_state=0)
    assert labels[0] == labels[1] != labels[3]


def test_a_seed_is_the_medoid_or_the_member_nearest_to_the_mean():
    # The mean is 4.2, nearest to 5; the summed distances are 21, 18, 18, 22, 49.
    points = np.array([[9e9], [0.0], [1], [1], [5], [14]])
    rows = np.arange(1, 6)
    assert seed_of(points, rows, 3)[0] == 2
    assert seed_of(points, rows, 3, "centroid") == (4, pytest.approx((5 + 4 + 4 + 0 + 9) / 5), "seed of cluster 3", 3)
    chosen = {
        how: choose(np.column_stack([points[:, 0] % 9e9, np.zeros(6)]), 1, representative=how).indices.tolist()
        for how in ("medoid", "centroid")
    }
    assert chosen == {"medoid": [2], "centroid": [4]}


sizes = st.lists(st.integers(1, 40), min_size=1, max_size=12)


@given(sizes, st.data())
def test_shares_are_within_one_of_the_exact_ones_and_never_too_many(sizes, data):
    rest = data.draw(st.integers(0, sum(sizes) - len(sizes)))
    counts = allocate(sizes, rest)
    exact = [rest * size / sum(sizes) for size in sizes]
    for count, size, share in zip(counts, sizes, exact, strict=True):
        assert 0 <= count <= size - 1
        assert count > share - 1 or count == size - 1
        assert count < share + 1
    capped = [count for count, size in zip(counts, sizes, strict=True) if count == size - 1]
    # What is missing was cut off by a cap: without one, the shares add up.
    assert sum(counts) <= rest
    assert capped or sum(counts) == rest


@given(sizes, st.data())
def test_allocation_is_the_largest_remainder_method_written_out(sizes, data):
    rest = data.draw(st.integers(0, sum(sizes) - len(sizes)))
    seats = [rest * size // sum(sizes) for size in sizes]
    remainders = [rest * size - seat * sum(sizes) for seat, size in zip(seats, sizes, strict=True)]
    while sum(seats) < rest:
        cluster = remainders.index(max(remainders))
        seats[cluster] += 1
        remainders[cluster] = -1
    assert allocate(sizes, rest) == [min(seat, size - 1) for seat, size in zip(seats, sizes, strict=True)]


@settings(max_examples=15, deadline=None)
@given(st.integers(1, 12), st.integers(0, 10**6), st.sampled_from([1, 2, 5]), st.booleans())
def test_exactly_the_budget_for_every_budget(n, seed, d, coarse):
    X = np.random.default_rng(seed).normal(size=(n, d))
    X = X.round() if coarse else X
    for budget in range(1, n + 1):
        check_selection(choose(X, budget, seed, n_init=1), budget, n)


def literal(X, budget, labels):
    """The whole selection written out from the clusters on."""
    X = np.asarray(X, dtype=np.float64)
    gap = np.sqrt(((X[:, None] - X[None]) ** 2).sum(axis=2))
    k, n = labels.max() + 1, len(X)
    members = [[i for i in range(n) if labels[i] == c] for c in range(k)]
    chosen = [[min(rows, key=lambda i: (round(gap[i][rows].sum(), 9), i))] for rows in members]
    seats = allocate([len(rows) for rows in members], budget - k)
    for rows, own, count in zip(members, chosen, seats, strict=True):
        for _ in range(count):
            left = [i for i in rows if i not in own]
            own.append(max(left, key=lambda i: (gap[i][own].min(), -i)))
    order = [own[0] for own in chosen] + [i for own in chosen for i in own[1:]]
    while len(order) < budget:
        left = [i for i in range(n) if i not in order]
        order.append(max(left, key=lambda i: (gap[i][order].min(), -i)))
    return order


@pytest.mark.parametrize("budget", [3, 8, 15, 29])
@pytest.mark.parametrize("seed", range(3))
def test_picks_are_those_of_the_procedure_written_out(seed, budget):
    rng = np.random.default_rng(seed)
    X = np.concatenate([blobs(3, n=8, seed=seed)[0], rng.normal(size=(6, 2)) * 30]).astype(np.float32)
    picks = choose(X, budget, seed)
    assert picks.indices.tolist() == literal(X, budget, picks.pool_clusters)


def test_reasons_and_clusters_tell_seed_fill_and_overflow():
    # Two lone points take a share of the rest each by its fraction, and have nobody to give it to.
    X = np.array([(0.0, 0), (0, 1), (1, 0), (1, 1), (0.5, 0.4), (100, 0), (0, 100)])
    picks = choose(X, 6)
    assert Counter(reason.split()[0] for reason in picks.reasons) == {"seed": 3, "fill": 2, "overflow": 1}
    labels = picks.pool_clusters
    assert Counter(labels.tolist()) == Counter({labels[0]: 5, labels[5]: 1, labels[6]: 1})
    assert picks.clusters.tolist() == labels[picks.indices].tolist()
    for reason, cluster in zip(picks.reasons, picks.clusters, strict=True):
        assert reason in (f"seed of cluster {cluster}", f"fill of cluster {cluster}", "overflow")
    assert picks.clusters[:3].tolist() == [0, 1, 2]


def test_a_budget_of_one_takes_the_medoid_of_the_pool():
    X = np.random.default_rng(0).normal(size=(30, 2))
    sums = np.linalg.norm(X[:, None] - X[None], axis=2).sum(axis=1)
    picks = choose(X, 1)
    assert picks.indices.tolist() == [int(sums.argmin())]
    assert picks.reasons == ("seed of cluster 0",)


def test_blobs_are_served_in_proportion_to_their_size():
    rng = np.random.default_rng(1)
    X = np.concatenate([rng.normal(at, 1, (n, 2)) for at, n in ((0, 50), (60, 30), (-60, 20))])
    picks = choose(X, 10)
    assert sorted(Counter(picks.clusters.tolist()).values()) == [2, 3, 5]
