"""CSVAL: the round robin against a literal one, and the dynamics against a loop over views."""

import numpy as np
import pytest
import torch

from coldstart.embedding import simclr, simclr_dynamics
from coldstart.embedding.base import EncoderInputs
from coldstart.errors import InputError
from coldstart.selection import csval

SMALL = {"size": 16, "dimension": 8, "epochs": 3, "batch_size": 4}


def rng(seed=0):
    return np.random.default_rng(seed)


def inputs(n=12, pool=8):
    images = rng(1).integers(0, 256, (n, 20, 20), dtype=np.uint8)
    return EncoderInputs(images, [f"s{i}" for i in range(n)], [f"{i}.png" for i in range(n)], np.arange(n) < pool)


def told(n, seed=3):
    return {"confidence": rng(seed).random(n), "variability": rng(seed + 1).random(n)}


def literal_probability(projections, temperature):
    """Instance discrimination view by view: views i and i + b are those of image i."""
    unit = [z / np.linalg.norm(z) for z in projections]
    found = []
    for i, own in enumerate(unit):
        powers = {j: np.exp(own @ other / temperature) for j, other in enumerate(unit) if j != i}
        found.append(powers[(i + len(unit) // 2) % len(unit)] / sum(powers.values()))
    return found


@pytest.mark.parametrize("temperature", [0.05, 0.5])
def test_the_probability_is_that_of_every_view_for_its_partner(temperature):
    projections = rng(2).normal(size=(10, 4))
    found = simclr_dynamics.partner_probability(torch.tensor(projections), temperature)
    np.testing.assert_allclose(found, literal_probability(projections, temperature), rtol=1e-10)


def test_dynamics_are_the_mean_and_the_deviation_of_what_every_epoch_said(monkeypatch):
    seen, train = {}, simclr.train

    def watched(*given):
        def watch(epoch, rows, projections):
            both = np.reshape(literal_probability(projections.double().numpy(), 0.05), (2, -1)).mean(axis=0)
            seen.update({(epoch, int(row)): value for row, value in zip(rows, both, strict=True)})
            given[-1](epoch, rows, projections)

        return train(*given[:-1], watch)

    monkeypatch.setattr(simclr, "train", watched)
    measures = simclr_dynamics.encode(inputs(), **SMALL).measures
    assert set(seen) == {(epoch, row) for epoch in range(3) for row in range(8)}
    values = np.array([[seen[epoch, row] for row in range(8)] for epoch in range(3)])
    np.testing.assert_allclose(measures["confidence"][:8], values.mean(axis=0), rtol=1e-4)
    np.testing.assert_allclose(measures["variability"][:8], values.std(axis=0), rtol=1e-3, atol=1e-5)


def test_to_record_changes_no_vector():
    plain, recorded = simclr.encode(inputs(), **SMALL), simclr_dynamics.encode(inputs(), **SMALL)
    np.testing.assert_array_equal(plain.vectors, recorded.vectors)
    assert plain.measures == {}
    assert plain.provenance["weights"] == recorded.provenance["weights"]


@pytest.mark.parametrize(
    ("metric", "key", "sign"), [("hard", "confidence", 1), ("ambiguous", "variability", -1), ("easy", "confidence", -1)]
)
def test_every_cluster_gives_its_next_in_turn(metric, key, sign):
    X, measures = rng(4).normal(size=(40, 3)), told(40)
    found = csval.select(X, 40, rng=rng(), measures=measures, metric=metric, clusters=6)
    labels = found.pool_clusters
    ranked = np.argsort(sign * measures[key])
    waiting = {label: ranked[labels[ranked] == label].tolist() for label in labels}
    order, expected = list(dict.fromkeys(found.clusters.tolist())), []
    assert len(order) == 6
    while any(waiting.values()):
        expected += [waiting[label].pop(0) for label in order if waiting[label]]
    assert found.indices.tolist() == expected
    np.testing.assert_array_equal(found.scores, measures[key][expected])


def test_the_hardest_are_those_of_least_confidence_and_not_of_least_variability():
    measures = {"confidence": np.array([0.9, 0.1, 0.5]), "variability": np.array([0.0, 0.9, 0.1])}
    found = csval.select(np.ones((3, 2)), 3, rng=rng(), measures=measures, clusters=1)
    assert found.indices.tolist() == [1, 2, 0]


def test_a_pool_with_fewer_samples_than_clusters_has_one_each():
    found = csval.select(rng(5).normal(size=(7, 2)), 7, rng=rng(), measures=told(7))
    assert sorted(found.clusters.tolist()) == list(range(7))


def test_what_makes_no_sense_is_refused():
    with pytest.raises(InputError, match="csval: clusters is 0 and should be at least 1"):
        csval.select(np.ones((3, 2)), 2, rng=rng(), measures=told(3), clusters=0)
    with pytest.raises(InputError, match=r"`epochs` \(0\) must be at least 1"):
        simclr_dynamics.encode(inputs(), epochs=0)
