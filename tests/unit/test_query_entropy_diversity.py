"""Entropy and distance on the map, mixed and renormalised after every pick."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist
from scipy.stats import entropy as scipy_entropy

from coldstart.errors import InputError
from coldstart.query import entropy_diversity
from coldstart.query.base import QueryInputs
from coldstart.query.entropy_diversity import min_max, normalised_entropy, query

# Points, labelled point and entropies of vector V2.5.
POINTS = np.array([(0.0, 0), (3, 4), (0, 1), (6, 8)])
LABELLED = np.array([(0.0, 0)])
ENTROPIES = np.array([0.1, 0.4, 0.9, 0.7])


def probability_of(entropies):
    """Probabilities below a half whose binary entropy over ln 2 is given, by bisection."""
    low, high = np.zeros(len(entropies)), np.full(len(entropies), 0.5)
    for _ in range(80):
        middle = (low + high) / 2
        above = scipy_entropy([middle, 1 - middle], base=2) > entropies
        low, high = np.where(above, low, middle), np.where(above, middle, high)
    return (low + high) / 2


def pool(task="classification", labelled=LABELLED, points=POINTS, entropies=ENTROPIES):
    p = probability_of(entropies)
    return QueryInputs(
        task,
        probabilities=np.stack([1 - p, p], axis=1) if task == "classification" else None,
        maps=np.broadcast_to(p[:, None, None], (len(p), 3, 2)) if task == "segmentation" else None,
        embedding=points,
        labelled_embedding=labelled,
    )


def ask(inputs, n, **how):
    return query(inputs, n, rng=np.random.default_rng(0), **how)


def test_vector_v2_4_mean_pixel_entropy():
    maps = np.array([0.5, 0.9, 0.99, 0.01]).reshape(1, 2, 2)
    assert normalised_entropy(QueryInputs("segmentation", maps=maps)) == pytest.approx([0.4076455], abs=5e-8)
    found = normalised_entropy(QueryInputs("classification", np.array([0.5, 0.9, 0.99, 0.01])))
    assert found.mean() == pytest.approx(0.4076455, abs=5e-8)


@pytest.mark.parametrize("task", ["classification", "segmentation"])
@pytest.mark.parametrize(
    ("alpha", "expected"), [(0, [0, 0.5, 0.1, 1]), (0.5, [0, 0.4375, 0.55, 0.875]), (1, [0, 0.375, 1, 0.75])]
)
def test_vector_v2_5_scores(task, alpha, expected):
    picks = ask(pool(task), 4, alpha=alpha, sequential=False)
    scores = np.empty(4)
    scores[picks.indices] = picks.scores
    np.testing.assert_allclose(scores, expected, atol=1e-9)
    assert picks.indices.tolist() == np.argsort(-np.array(expected), kind="stable").tolist()


@pytest.mark.parametrize("task", ["classification", "segmentation"])
def test_vector_v2_5_sequential_picks(task):
    picks = ask(pool(task), 2)
    assert picks.indices.tolist() == [3, 1]
    # Of rows 0 to 2 alone: H 0, .375, 1 and D 0, 1, .2.
    np.testing.assert_allclose(picks.scores, [0.875, 0.6875], atol=1e-9)
    assert ask(pool(task), 2, sequential=False).indices.tolist() == [3, 2]


def literal(inputs, n, alpha, entropy, distance):
    """The loop as the specification tells it, everything computed anew for every pick."""
    p = inputs.probabilities[:, 1]
    H = scipy_entropy([p, 1 - p], base=2)
    left, labelled, order = list(range(inputs.size)), inputs.labelled_embedding.tolist(), []
    for _ in range(n):
        gaps = cdist(inputs.embedding[left], np.array(labelled).reshape(len(labelled), -1)) if labelled else None
        D = np.zeros(len(left)) if gaps is None else gaps.min(axis=1) if distance == "nearest" else gaps.mean(axis=1)
        scaled = [(v - v.min()) / (v.max() - v.min()) if v.max() > v.min() else np.zeros(len(v)) for v in (H[left], D)]
        S = alpha * (scaled[0] if entropy == "min_max" else H[left]) + (1 - alpha) * scaled[1]
        best = left[int(np.argmax(np.round(S, 12)))]
        order.append(best)
        left.remove(best)
        labelled.append(inputs.embedding[best].tolist())
    return order


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 10**6),
    st.sampled_from([0, 0.25, 0.5, 0.75, 1]),
    st.sampled_from(["min_max", "log_classes"]),
    st.sampled_from(["nearest", "mean"]),
    st.integers(0, 4),
)
def test_picks_are_those_of_the_loop_written_out(seed, alpha, entropy, distance, labelled):
    rng = np.random.default_rng(seed)
    p = rng.random(9)
    inputs = QueryInputs(
        "classification",
        np.stack([1 - p, p], axis=1),
        embedding=rng.normal(size=(9, 2)),
        labelled_embedding=rng.normal(size=(labelled, 2)),
    )
    expected = literal(inputs, 9, alpha, entropy, distance)
    assert ask(inputs, 9, alpha=alpha, entropy=entropy, distance=distance).indices.tolist() == expected


def test_alpha_of_one_is_the_order_of_entropy_and_needs_no_embedding():
    bare = QueryInputs("classification", probability_of(ENTROPIES))
    for how in ({}, {"sequential": False}, {"entropy": "log_classes"}):
        assert ask(bare, 4, alpha=1, **how).indices.tolist() == [2, 3, 1, 0]
    np.testing.assert_allclose(ask(bare, 4, alpha=1, entropy="log_classes").scores, [0.9, 0.7, 0.4, 0.1], atol=1e-9)


def test_alpha_of_zero_is_farthest_point_traversal_whatever_is_predicted():
    points = np.array([0.0, 1, 3, 4, 10])[:, None]
    orders = {
        tuple(ask(pool(points=points, labelled=np.array([[2.0]]), entropies=H), 3, alpha=0).indices)
        for H in (np.full(5, 0.5), np.linspace(0.1, 0.9, 5), np.linspace(0.9, 0.1, 5))
    }
    # Vector V2.3 from the labelled point 2, whose row is not of the pool: 10, 0, 4.
    assert orders == {(4, 0, 3)}


def test_distance_to_the_nearest_differs_from_the_mean():
    inputs = pool(points=np.array([(0.0, 0), (5, 0), (9, 0), (4, 0)]), labelled=np.array([(0.0, 0), (10, 0), (10, 0)]))
    assert ask(inputs, 1, alpha=0).indices.tolist() == [1]
    assert ask(inputs, 1, alpha=0, distance="mean").indices.tolist() == [0]


def test_what_is_the_same_for_all_counts_nothing():
    assert min_max(np.full(3, 0.7)).tolist() == [0, 0, 0]
    assert min_max(np.array([2.0, 3, 6])).tolist() == [0, 0.25, 1]
    same = pool(entropies=np.full(4, 0.5), points=np.ones((4, 2)))
    picks = ask(same, 4)
    assert picks.indices.tolist() == [0, 1, 2, 3]
    assert picks.scores.tolist() == [0] * 4


def test_from_nothing_labelled_the_first_pick_is_by_entropy():
    picks = ask(pool(labelled=np.empty((0, 2))), 2)
    assert picks.indices[0] == 2
    np.testing.assert_allclose(picks.scores[0], 0.5)
    # From (0, 1) the distances are 1, 4.2 and 9.2; entropies .1, .4, .7.
    assert picks.indices[1] == 3


def test_a_missing_embedding_and_a_weight_out_of_range_are_refused():
    bare = QueryInputs("classification", probability_of(ENTROPIES))
    with pytest.raises(InputError, match=r"this arm has none: let `query\.strategies\.<name>\.model` name one, or set"):
        ask(bare, 2)
    for alpha in (-0.1, 1.5):
        with pytest.raises(InputError, match="give a weight from 0 to 1"):
            ask(pool(), 2, alpha=alpha)
    with pytest.raises(InputError, match="needs predicted masks"):
        ask(QueryInputs("segmentation", embedding=POINTS, labelled_embedding=LABELLED), 2)


@pytest.mark.parametrize("distance", ["nearest", "mean"])
def test_distances_are_measured_in_parts_of_the_pool(monkeypatch, distance):
    rng = np.random.default_rng(4)
    points, labelled = (rng.normal(size=(n, 6)).astype(np.float32) for n in (200, 9))
    inputs = pool(points=points, labelled=labelled, entropies=rng.random(200))
    whole = ask(inputs, 30, distance=distance)
    largest, measure = [], np.linalg.norm

    def watched(gaps, axis):
        largest.append(gaps.size)
        return measure(gaps, axis=axis)

    monkeypatch.setattr(entropy_diversity, "VALUES_AT_ONCE", 100)
    monkeypatch.setattr(entropy_diversity.np.linalg, "norm", watched)
    parts = ask(inputs, 30, distance=distance)
    assert 0 < max(largest) <= 100
    assert parts.indices.tolist() == whole.indices.tolist()
    assert parts.scores.tolist() == whole.scores.tolist()
