"""Principal components of the pool, against the singular values of its centred pixels."""

import cv2
import numpy as np
import pytest

from coldstart.embedding.base import EncoderInputs
from coldstart.embedding.pca import encode
from coldstart.errors import InputError


def inputs(images, pool=None):
    names = [str(i) for i in range(len(images))]
    return EncoderInputs(images, names, names, pool)


def noise(n, *shape, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (n, *shape), dtype=np.uint8)


def by_svd(images, rows, components):
    """Coordinates on the right singular vectors, each turned so that its largest loading is positive."""
    pixels = images.reshape(len(images), -1) / 255
    centred = pixels - pixels[rows].mean(axis=0)
    axes = np.linalg.svd(centred[rows], full_matrices=False)[2][:components]
    axes *= np.sign(axes[np.arange(len(axes)), np.abs(axes).argmax(axis=1)])[:, None]
    return centred @ axes.T


@pytest.mark.parametrize("shape", [(16, 16), (16, 16, 3), (4, 4)], ids=["few images", "colour", "many images"])
def test_coordinates_are_those_of_the_singular_vectors_of_the_pool(shape):
    images = noise(40, *shape)
    rows = np.arange(0, 40, 2) if shape[0] > 4 else np.arange(30)
    pool = np.isin(np.arange(40), rows)
    embedding = encode(inputs(images, pool), size=shape[0], components=5)
    np.testing.assert_allclose(embedding.vectors, by_svd(images, rows, 5), atol=1e-5)
    assert embedding.provenance["weights"]["trained_on"] == len(rows)


def test_whitened_coordinates_have_variance_one_over_the_pool():
    embedding = encode(inputs(noise(60, 12, 12), np.arange(60) < 50), size=12, components=6, whiten=True)
    np.testing.assert_allclose(np.cov(embedding.vectors[:50].T), np.eye(6), atol=1e-4)


def test_images_are_shrunk_by_area():
    images = noise(20, 24, 24)
    small = np.stack([cv2.resize(image, (8, 8), interpolation=cv2.INTER_AREA) for image in images])
    found = encode(inputs(images), size=8, components=4).vectors
    np.testing.assert_allclose(found, by_svd(small, np.arange(20), 4), atol=1e-5)


@pytest.mark.parametrize("whiten", [False, True])
def test_there_are_no_more_components_than_the_pool_has(whiten):
    images = noise(5, 8, 8)
    assert encode(inputs(images), size=8, components=64, whiten=whiten).vectors.shape == (5, 4)
    # Three different images span two dimensions.
    repeated = np.concatenate([images[:3]] * 4)
    assert encode(inputs(repeated), size=8, components=64, whiten=whiten).vectors.shape == (12, 2)


def test_a_pool_of_one_grey_has_one_component_of_zeros():
    embedding = encode(inputs(np.full((6, 8, 8), 90, np.uint8)), size=8)
    np.testing.assert_allclose(embedding.vectors, np.zeros((6, 1)), atol=1e-6)
    assert embedding.provenance["weights"]["explained_variance"] == 0


def test_the_share_of_variance_is_that_of_the_components():
    images = noise(30, 10, 10)
    centred = images.reshape(30, -1) / 255 - images.reshape(30, -1).mean(axis=0) / 255
    values = np.linalg.svd(centred, compute_uv=False) ** 2
    found = encode(inputs(images), size=10, components=3).provenance["weights"]["explained_variance"]
    assert found == pytest.approx(values[:3].sum() / values.sum())


def test_what_cannot_be_fitted_is_refused():
    with pytest.raises(InputError, match="which holds 1 images: give it at least 2"):
        encode(inputs(noise(3, 8, 8), np.arange(3) < 1))
    with pytest.raises(InputError, match="`components: 0`: it must be at least 1"):
        encode(inputs(noise(3, 8, 8)), components=0)
