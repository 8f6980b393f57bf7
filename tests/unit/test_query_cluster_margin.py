"""Cluster-margin against the published loop and a plain round robin."""

import numpy as np
import pytest

from coldstart.errors import InputError
from coldstart.query import cluster_margin
from coldstart.query.base import QueryInputs


class Blobs:
    """A network whose features are well apart: the cluster of every sample is known."""

    def __init__(self, labels, flat_labels=None):
        self.labels = {True: np.asarray(labels), False: np.asarray(labels if flat_labels is None else flat_labels)}
        self.asked = []

    def features(self, part="unlabelled", pooled=True):
        self.asked.append((part, pooled))
        labels = self.labels[pooled]
        noise = np.random.default_rng(0).normal(scale=1e-3, size=(len(labels), 2))
        return (np.stack([100.0 * labels, labels % 7], axis=1) + noise).astype(np.float32)


def plain_round_robin(candidates, labels, k):
    """As published: lists of clusters sorted by length, one of each in turn until k are taken."""
    lists = [[] for _ in range(max(len(candidates), max(labels) + 1))]
    for row, label in zip(candidates, labels, strict=True):
        lists[label].append(row)
    lists.sort(key=len)
    picks, turn = [], 0
    while k > 0:
        if lists[turn]:
            picks.append(lists[turn].pop(0))
            k -= 1
        turn = turn + 1 if turn < len(lists) - 1 else 0
    return [int(row) for row in picks]


@pytest.fixture
def labels():
    return np.random.default_rng(2).permutation(np.repeat(np.arange(6), [24, 14, 9, 7, 4, 2]))


def inputs_of(labels, p=None, **more):
    p = np.random.default_rng(2).random(len(labels)) if p is None else p
    return QueryInputs("classification", p, network=Blobs(labels), **more)


def ask(inputs, n, **parameters):
    return cluster_margin.query(inputs, n, rng=np.random.default_rng(0), **parameters)


def known_by_first_member(labels):
    """Number clusters by when they first appear, so that two numberings can be compared."""
    seen = {}
    return [seen.setdefault(int(label), len(seen)) for label in labels]


def test_a_round_robin_from_the_smallest_cluster_takes_the_least_margins_first(labels):
    inputs = inputs_of(labels)
    picks = ask(inputs, 4, clusters=6)
    margins = np.abs(2 * inputs.probabilities - 1)
    candidates = np.argsort(margins)[:40]
    # Which number k-means gives a cluster decides between clusters of equal size only: here all sizes differ.
    sizes = np.bincount(labels[candidates], minlength=6)
    assert len(set(sizes.tolist())) == 6
    assert picks.indices.tolist() == plain_round_robin(candidates, labels[candidates], 4)
    np.testing.assert_allclose(picks.scores, -margins[picks.indices], rtol=1e-12)
    assert picks.state is None


def test_used_up_clusters_are_passed_over(labels):
    inputs = inputs_of(labels)
    picks = ask(inputs, 60, clusters=6)
    assert sorted(picks.indices.tolist()) == list(range(60))
    # The second largest is used up in turn 14; the largest follows in that turn and has ten more.
    assert labels[picks.indices[-12:]].tolist() == [1] + 11 * [0]


def test_the_published_variant_takes_the_first_rows_whatever_their_margin(labels):
    picks = ask(inputs_of(labels), 3, clusters=6, variant="paper_code")
    clusters = np.array(picks.state["clusters"])
    assert known_by_first_member(clusters) == known_by_first_member(labels)
    assert picks.indices.tolist() == plain_round_robin(range(30), clusters[:30], 3)
    other = ask(inputs_of(labels, p=np.random.default_rng(5).random(60)), 3, clusters=6, variant="paper_code")
    assert other.indices.tolist() == picks.indices.tolist()


def test_the_published_variant_clusters_once_and_reads_the_old_clusters_at_the_new_rows(labels):
    first = ask(inputs_of(labels), 3, clusters=6, variant="paper_code")
    left = np.delete(np.arange(60), first.indices)
    inputs = inputs_of(labels[left], state=first.state)
    second = ask(inputs, 3, clusters=6, variant="paper_code")
    assert inputs.network.asked == []
    assert second.state == first.state
    stale = np.array(first.state["clusters"])[:30]
    assert second.indices.tolist() == plain_round_robin(range(30), stale, 3)


def test_each_variant_has_its_own_features():
    inputs = inputs_of(np.arange(30) % 3)
    ask(inputs, 2)
    ask(inputs, 2, variant="paper_code")
    assert inputs.network.asked == [("unlabelled", True), ("unlabelled", False)]


@pytest.mark.parametrize("variant", ["fixed", "paper_code"])
def test_a_pool_smaller_than_the_clusters_and_one_of_equal_samples(variant):
    few = ask(inputs_of(np.arange(5)), 5, variant=variant)
    assert sorted(few.indices.tolist()) == [0, 1, 2, 3, 4]
    network = Blobs(np.zeros(9))
    network.features = lambda part="unlabelled", pooled=True: np.ones((9, 2), dtype=np.float32)
    same = ask(QueryInputs("classification", np.full(9, 0.3), network=network), 4, variant=variant)
    assert same.indices.tolist() == [0, 1, 2, 3]


def test_numbers_below_one_are_refused(labels):
    with pytest.raises(InputError, match="0 clusters and 10 candidates per pick"):
        ask(inputs_of(labels), 2, clusters=0)
