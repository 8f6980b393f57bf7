"""Greedy k-centre against brute force and the published loop."""

from itertools import combinations

import numpy as np
import pytest

from coldstart.query import kcenter_greedy
from coldstart.query.base import QueryInputs


class Features:
    """A network that gives these features, pooled or not."""

    def __init__(self, unlabelled, labelled, flat=None):
        self.given = {("unlabelled", True): unlabelled, ("labelled", True): labelled}
        if flat is not None:
            self.given |= {("unlabelled", False): flat[0], ("labelled", False): flat[1]}

    def features(self, part="unlabelled", pooled=True):
        return np.asarray(self.given[part, pooled], dtype=np.float32)


def ask(features, labelled, n, seed=0, variant="fixed"):
    network = Features(features, labelled, (features, labelled))
    inputs = QueryInputs("segmentation", network=network, size=len(features))
    return kcenter_greedy.query(inputs, n, rng=np.random.default_rng(seed), variant=variant)


def published(embeddings, labelled, n):
    """The published loop over the whole distance matrix, in single precision."""
    labelled = labelled.copy()
    distances = embeddings @ embeddings.T
    squares = distances.diagonal().reshape(-1, 1).copy()
    distances = np.sqrt(distances * np.float32(-2) + squares + squares.T)
    picks = []
    for _ in range(n):
        nearest = distances[~labelled][:, labelled].min(axis=1)
        row = np.arange(len(embeddings))[~labelled][nearest.argmax()]
        labelled[row] = True
        picks.append(int(row))
    return picks


def pool(n=40, m=6, d=5, seed=0):
    drawn = np.random.default_rng(seed).normal(size=(n + m, d)).astype(np.float32)
    return drawn[:n], drawn[n:]


def test_every_pick_is_the_farthest_from_all_centres_before():
    features, labelled = pool()
    picks = ask(features, labelled, 40)
    centres = list(labelled.astype(float))
    for row, score in zip(picks.indices, picks.scores, strict=True):
        gaps = [min(np.sqrt(((x - c) ** 2).sum()) for c in centres) for x in features.astype(float)]
        assert score == pytest.approx(max(gaps), rel=1e-9)
        assert gaps[row] == pytest.approx(max(gaps), rel=1e-9)
        centres.append(features[row].astype(float))
    assert (np.diff(picks.scores) <= 0).all()


def test_the_covering_radius_is_at_most_twice_the_best():
    """The bound of the greedy (Gonzalez 1985), against all choices of three centres."""
    features, labelled = pool(n=12, m=1, d=2)
    picks = ask(features, labelled, 3)

    def radius(rows):
        centres = np.concatenate([labelled, features[list(rows)]])
        return np.linalg.norm(features[:, None] - centres, axis=2).min(axis=1).max()

    assert radius(picks.indices) <= 2 * min(radius(rows) for rows in combinations(range(12), 3))


def test_the_published_variant_is_the_published_loop():
    features, labelled = pool()
    everything = np.concatenate([features, labelled])
    flags = np.arange(46) >= 40
    assert ask(features, labelled, 15, variant="paper_code").indices.tolist() == published(everything, flags, 15)


def test_single_precision_can_make_the_square_of_a_distance_negative():
    near = np.array([[1.6369616985321045]], np.float32), np.array([[1.6369619369506836]], np.float32)
    assert np.isnan(kcenter_greedy.gram_distances(*near, kcenter_greedy.squared_lengths(near[0]))).all()
    assert kcenter_greedy.cdist(*near)[0, 0] > 0


def test_what_is_no_number_counts_as_the_farthest_and_never_fails():
    """As for NumPy's argmax, which the published loop takes: once, and for good, a distance is nan."""
    table = np.abs(np.arange(6.0)[:, None] - np.arange(6.0))
    table[2, 4] = table[4, 2] = np.nan
    features, centre = np.arange(6.0)[:, None], np.array([[0.0]])

    def distances(points, others):
        return table[points[:, 0].astype(int)][:, others[:, 0].astype(int)]

    picks = kcenter_greedy.greedy(features, centre, 6, np.random.default_rng(0), distances)
    # 5 is the farthest from 0, then 2 (2 away) before 3; from 2 on, the distance of 4 is no number.
    assert picks.indices.tolist() == [5, 2, 4, 1, 3, 0]
    np.testing.assert_array_equal(picks.scores, [5, 2, np.nan, 1, 1, 0])


def test_each_variant_has_its_own_features():
    pooled, flat = pool(seed=1), pool(seed=2, d=9)
    network = Features(*pooled, flat)
    inputs = QueryInputs("classification", network=network, size=40)
    found = {
        variant: kcenter_greedy.query(inputs, 9, rng=np.random.default_rng(0), variant=variant).indices.tolist()
        for variant in ("fixed", "paper_code")
    }
    assert found["fixed"] == ask(*pooled, 9).indices.tolist()
    assert found["paper_code"] == ask(*flat, 9, variant="paper_code").indices.tolist()


def test_without_a_labelled_sample_the_first_pick_is_drawn():
    features, _ = pool()
    nothing = np.zeros((0, 0), dtype=np.float32)
    found = [ask(features, nothing, 5, seed=seed) for seed in (0, 0, 1)]
    assert found[0].indices.tolist() == found[1].indices.tolist()
    assert found[0].indices[0] != found[2].indices[0]
    assert (np.diff(found[0].scores) <= 0).all()
    # From its first pick on, the traversal is that with this sample as the centre.
    rest = ask(features, features[found[0].indices[:1]], 4)
    assert found[0].indices[1:].tolist() == rest.indices.tolist()


def test_equal_samples_come_in_their_order():
    same = np.ones((6, 3), dtype=np.float32)
    for variant in ("fixed", "paper_code"):
        assert ask(same, same[:2], 6, variant=variant).indices.tolist() == [0, 1, 2, 3, 4, 5]


def test_distances_to_many_centres_come_in_parts(monkeypatch):
    features, labelled = pool(m=30)
    whole = ask(features, labelled, 20)
    monkeypatch.setattr(kcenter_greedy, "DISTANCES_AT_ONCE", 100)
    largest = []
    measure = kcenter_greedy.cdist

    def watched(a, b):
        largest.append(len(a) * len(b))
        return measure(a, b)

    monkeypatch.setattr(kcenter_greedy, "cdist", watched)
    parts = ask(features, labelled, 20)
    assert max(largest) <= 100
    assert whole.indices.tolist() == parts.indices.tolist()
    assert whole.scores.tolist() == parts.scores.tolist()


def test_turning_the_features_changes_no_pick():
    features, labelled = pool()
    turn = np.linalg.qr(np.random.default_rng(9).normal(size=(5, 5)))[0]
    assert ask(features @ turn, labelled @ turn, 12).indices.tolist() == ask(features, labelled, 12).indices.tolist()
