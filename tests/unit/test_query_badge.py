"""BADGE, against literal loops over explicit gradients, autograd and scikit-activeml."""

import tracemalloc

import numpy as np
import pytest
import torch
from fakes import FakeNetwork
from skactiveml.classifier import SklearnClassifier
from skactiveml.pool import Badge
from sklearn.linear_model import LogisticRegression
from torch import nn

from coldstart.errors import InputError
from coldstart.learning.pool_network import PoolNetwork
from coldstart.learning.settings import Settings
from coldstart.probing.features import standardised
from coldstart.query import badge, badge_embedding
from coldstart.query.base import QueryInputs

IMAGES = np.random.default_rng(0).integers(0, 256, (20, 32, 32), dtype=np.uint8)


def rng(seed=0):
    return np.random.default_rng(seed)


def softmax(logits):
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def literal(p, features, n, generator):
    """Algorithm 1 as it is written down: every gradient in full, one distance after the other."""
    gradients = []
    for probabilities, h in zip(p, features, strict=True):
        onehot = np.zeros(len(probabilities))
        onehot[probabilities.argmax()] = 1
        gradients.append(np.concatenate([(one - hot) * h for one, hot in zip(probabilities, onehot, strict=True)]))
    rows = [int(np.argmax([np.linalg.norm(gradient) for gradient in gradients]))]
    while len(rows) < n:
        distances = np.array([min(np.sum((own - gradients[row]) ** 2) for row in rows) for own in gradients])
        distances[rows] = 0
        rows.append(int(generator.choice(len(gradients), p=distances / distances.sum())))
    return rows


@pytest.mark.parametrize("classes", [2, 3, 7])
@pytest.mark.parametrize("seed", range(4))
def test_the_draws_are_those_of_explicit_gradients(seed, classes):
    p = softmax(rng(seed).normal(size=(40, classes)))
    features = rng(seed + 10).normal(size=(40, 5))
    inputs = QueryInputs("classification", probabilities=p, embedding=features)
    found = badge_embedding.query(inputs, 15, rng=rng(seed), standardise=False)
    assert found.indices.tolist() == literal(p, features, 15, rng(seed))


def test_the_embedding_is_standardised_as_the_probe_has_it():
    p, vectors = softmax(rng(1).normal(size=(40, 2))), 5 + 9 * rng(2).random((50, 4))
    vectors[:, 3] = 7
    inputs = QueryInputs("classification", probabilities=p, embedding=vectors[:40], labelled_embedding=vectors[40:])
    found = badge_embedding.query(inputs, 15, rng=rng())
    assert found.indices.tolist() == literal(p, standardised(vectors, range(50))[:40], 15, rng())


def test_no_pick_is_compared_with_the_origin():
    """A sample far from all picks keeps its distance although its gradient is short (scikit-activeml issue 588)."""
    residuals = np.array([[0.5, -0.5], [0.4, -0.4], [-0.01, 0.01]])
    found = badge.spread_out(residuals, np.ones((3, 1)), 3, rng())
    gaps = np.linalg.norm(residuals - residuals[0], axis=1)
    assert found.indices[0] == 0
    second = found.indices[1]
    assert found.scores[1] == pytest.approx(gaps[second])
    share = np.mean([badge.spread_out(residuals, np.ones((3, 1)), 2, rng(seed)).indices[1] == 2 for seed in range(300)])
    assert share == pytest.approx(gaps[2] ** 2 / (gaps**2).sum(), abs=0.02)


def test_the_gradient_is_that_of_autograd():
    network = nn.Sequential(nn.Flatten(), nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 5)).double()
    images = torch.tensor(rng(1).normal(size=(6, 4)))
    with torch.no_grad():
        features = network[:3](images).numpy()
        p = network(images).softmax(1).numpy()
    residuals = badge.label_residuals(QueryInputs("classification", probabilities=p))
    for row in range(6):
        network.zero_grad()
        nn.functional.cross_entropy(network(images[[row]]), torch.tensor([p[row].argmax()])).backward()
        np.testing.assert_allclose(np.outer(residuals[row], features[row]), network[3].weight.grad, atol=1e-12)


def test_a_single_column_is_the_positive_class():
    p = rng(3).random(12)
    two = badge.label_residuals(QueryInputs("classification", probabilities=np.column_stack([1 - p, p])))
    for one in (p, p[:, None]):
        np.testing.assert_array_equal(badge.label_residuals(QueryInputs("classification", probabilities=one)), two)


def test_the_first_pick_is_that_of_scikit_activeml():
    """Its first row alone: later ones have the origin among their centres in version 1.0.1."""
    X, y = rng(4).normal(size=(60, 4)), np.full(60, np.nan)
    y[:20] = rng(5).integers(0, 3, 20)
    classifier = SklearnClassifier(LogisticRegression(), classes=[0, 1, 2]).fit(X, y)
    theirs = Badge(random_state=0).query(X, y, clf=classifier, fit_clf=False, batch_size=1)
    waiting = np.flatnonzero(np.isnan(y))
    inputs = QueryInputs("classification", probabilities=classifier.predict_proba(X[waiting]), embedding=X[waiting])
    assert waiting[badge_embedding.query(inputs, 1, rng=rng(), standardise=False).indices[0]] == theirs[0]


def test_gradients_that_are_all_alike_are_drawn_uniformly():
    found = badge.spread_out(np.full((30, 2), 0.5), np.ones((30, 3)), 30, rng())
    assert sorted(found.indices.tolist()) == list(range(30))
    assert found.indices[0] == 0
    assert found.scores[1:].tolist() == [0] * 29
    firsts = {badge.spread_out(np.full((30, 2), 0.5), np.ones((30, 3)), 2, rng(s)).indices[1] for s in range(200)}
    assert len(firsts) > 20


def test_the_network_gives_what_its_last_layer_is_given():
    settings = Settings(network="small_cnn")
    network = settings.build(channels=1, seed=0)
    pool = PoolNetwork(network, settings, "cpu", IMAGES, np.arange(12), np.arange(12, 20))
    with torch.no_grad():
        logits = network.eval()(torch.tensor(IMAGES[:12, None] / np.float32(255)))
        seen = pool.last_layer_inputs()
        np.testing.assert_allclose(network.head[-1](torch.tensor(seen)), logits, rtol=1e-3, atol=1e-4)
    assert pool.last_layer_inputs("labelled").shape == (8, seen.shape[1])
    assert not network.head[-1]._forward_pre_hooks


def test_the_query_puts_network_and_predictions_together():
    network = FakeNetwork("classification", 24)
    p = rng(6).random(24)
    found = badge.query(QueryInputs("classification", probabilities=p, network=network), 9, rng=rng(1))
    expected = literal(np.column_stack([1 - p, p]), network.last_layer_inputs().astype(np.float64), 9, rng(1))
    assert found.indices.tolist() == expected


def test_memory_is_that_of_the_factors():
    """Explicit gradients of this pool would take 200 times the features."""
    residuals, features = rng(7).random((2000, 200)), rng(8).random((2000, 50))
    tracemalloc.start()
    badge.spread_out(residuals, features, 5, rng())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10 * (residuals.nbytes + features.nbytes)


def test_what_cannot_be_asked_is_refused():
    with pytest.raises(InputError, match="needs an embedding: name one in the query's key `model`"):
        badge_embedding.query(QueryInputs("classification", probabilities=np.full(4, 0.3)), 2, rng=rng())
    with pytest.raises(InputError, match="needs the trained network"):
        badge.query(QueryInputs("classification", probabilities=np.full(4, 0.3)), 2, rng=rng())
    settings = Settings(network="small_unet")
    pool = PoolNetwork(settings.build(channels=1, seed=0), settings, "cpu", IMAGES, np.arange(4), np.arange(2))
    with pytest.raises(InputError, match="the last layer of the network small_unet is not linear"):
        pool.last_layer_inputs()
