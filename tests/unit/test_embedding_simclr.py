"""SimCLR on the pool."""

import math

import numpy as np
import pytest
import torch
from sklearn.neighbors import KNeighborsClassifier

from coldstart.embedding.base import EncoderInputs
from coldstart.embedding.simclr import encode, nt_xent
from coldstart.embedding.simclr_network import Encoder, features
from coldstart.embedding.views import random_view
from coldstart.errors import InputError

SMALL = {"size": 32, "dimension": 32, "epochs": 8, "batch_size": 32}


def textures(n=120, size=32):
    """Stripes of two orientations at random phase, with noise."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:size, :size]
    group = np.arange(n) % 2
    along = np.where(group[:, None, None], x, y)
    waves = np.sin(2 * np.pi * (along / 8 + rng.random((n, 1, 1))))
    return (127 + 60 * waves + 30 * rng.normal(size=(n, size, size))).clip(0, 255).astype(np.uint8), group


def inputs(images, pool=None):
    names = [str(i) for i in range(len(images))]
    return EncoderInputs(images, names, names, pool)


def test_loss_against_the_paper_s_formula():
    z = torch.randn(8, 5, generator=torch.Generator().manual_seed(0)).double()
    losses = []
    for i in range(8):
        similarity = [float(z[i] @ z[k] / z[i].norm() / z[k].norm()) / 0.3 for k in range(8)]
        j = (i + 4) % 8
        losses.append(-math.log(math.exp(similarity[j]) / sum(math.exp(similarity[k]) for k in range(8) if k != i)))
    assert nt_xent(z, 0.3).item() == pytest.approx(sum(losses) / 8)


def test_hidden_groups_are_found_and_the_loss_falls():
    images, group = textures()
    pool = np.arange(len(images)) < 80
    embedding = encode(inputs(images, pool), **SMALL)
    losses = embedding.provenance["weights"]["losses"]
    assert len(losses) == SMALL["epochs"]
    assert losses[-1] < losses[0] - 0.1
    assert embedding.provenance["weights"]["trained_on"] == 80
    knn = KNeighborsClassifier(5).fit(embedding.vectors[pool], group[pool])
    # Chance is 0.5; forty images give a standard deviation of 0.08.
    assert knn.score(embedding.vectors[~pool], group[~pool]) > 0.9


def test_seed_moves_the_embedding():
    images, _ = textures(24)
    settings = {**SMALL, "epochs": 1}
    vectors = [encode(inputs(images), seed=seed, **settings).vectors for seed in (0, 0, 1)]
    assert vectors[0].tobytes() == vectors[1].tobytes()
    assert not np.allclose(vectors[0], vectors[2])


def test_vector_of_an_image_does_not_depend_on_its_batch():
    images, _ = textures(100)
    torch.manual_seed(0)
    network = Encoder(1, 32, 0.5, 0.2)
    whole = features(network, images, "cpu")
    assert np.allclose(whole[64:77], features(network, images[64:77], "cpu"), atol=1e-6)
    assert np.array_equal(whole[:64], features(network, images[:64], "cpu"))


@pytest.mark.parametrize("n", [2, 3, 5, 33])
def test_small_pools(n):
    vectors = encode(inputs(textures(n)[0]), **{**SMALL, "epochs": 1, "batch_size": 2}).vectors
    assert vectors.shape == (n, 32)


def test_pool_of_one_grey():
    assert np.isfinite(encode(inputs(np.full((6, 32, 32), 9, np.uint8)), **{**SMALL, "epochs": 1}).vectors).all()


@pytest.mark.parametrize(
    ("pool", "settings", "message"),
    [
        ([True, False, False], {}, "holds 1 images"),
        (None, {"size": 8}, "at least 16"),
        (None, {"batch_size": 1}, "at least 2"),
    ],
)
def test_what_it_cannot_do(pool, settings, message):
    with pytest.raises(InputError, match=message):
        encode(inputs(textures(3)[0], pool), **{**SMALL, **settings})


def test_views():
    images = torch.rand(40, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    before = images.clone()
    views = [random_view(images, torch.Generator().manual_seed(seed)) for seed in (1, 1, 2)]
    assert torch.equal(views[0], views[1])
    assert not torch.equal(views[0], views[2])
    assert torch.equal(images, before)
    assert views[0].shape == images.shape
    assert 0 <= views[0].min() <= views[0].max() <= 1
    # Every image is treated in its own way.
    same = random_view(images[:1].expand(40, -1, -1, -1), torch.Generator().manual_seed(1))
    assert (same[1:] - same[0]).abs().amax((1, 2, 3)).min() > 0.01


@pytest.mark.parametrize("flip", [False, True])
def test_left_stays_left_unless_asked(flip):
    ramp = torch.linspace(0, 1, 32).expand(200, 1, 32, 32)
    view = random_view(ramp, torch.Generator().manual_seed(0), flip)
    rising = (view[..., 16:].mean((1, 2, 3)) > view[..., :16].mean((1, 2, 3))).float().mean()
    assert rising == 1 if not flip else 0.35 < rising < 0.65
