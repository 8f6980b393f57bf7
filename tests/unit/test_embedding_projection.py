"""Two-dimensional maps of embeddings."""

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE

from coldstart.embedding import projection as module
from coldstart.embedding.projection import default_perplexity, project, unit_length
from coldstart.errors import InputError


def noise(n, d=70):
    return np.random.default_rng(n).normal(size=(n, d)).astype(np.float32)


@pytest.mark.parametrize("how", [{"projection": "tsne"}, {"projection": "pca"}, {"init": "random"}, {"l2": True}])
@pytest.mark.parametrize("n", [1, 2, 3, 4, 5, 6, 7, 40])
def test_projection_of_any_size_repeats_itself(n, how):
    xy = project(noise(n), seed=3, **how)
    assert xy.shape == (n, 2)
    assert xy.dtype == np.float32
    assert np.isfinite(xy).all()
    np.testing.assert_array_equal(xy, project(noise(n), seed=3, **how))


def test_the_smallest_maps_tell_near_from_far():
    """At a perplexity of n - 1, the formula's for 6 points, every point is every other's neighbour."""
    for n in (5, 6):
        vectors = np.zeros((n, 3), np.float32)
        vectors[:, 0] = [0, 0.1, *(10 * np.arange(1, n - 1))]
        xy = project(vectors, seed=0)
        gaps = np.linalg.norm(xy[0] - xy[1:], axis=1)
        assert gaps.argmin() == 0, n


@pytest.mark.parametrize(("n", "expected"), [(5, 4 / 3), (6, 5 / 3), (7, 5), (16, 5), (19, 6), (91, 30), (5000, 30)])
def test_perplexity_of_the_specification_where_it_is_below_the_others(n, expected):
    assert default_perplexity(n) == pytest.approx(expected)
    assert default_perplexity(n) < n - 1


def test_it_is_scikit_learns_tsne_with_the_stated_settings():
    vectors = noise(30)
    expected = TSNE(perplexity=29 / 3, init="pca", random_state=5).fit_transform(vectors)
    found = project(vectors, seed=5)
    # The first start differs by rounding alone, and both settle on the same neighbours.
    assert neighbours(found) == neighbours(expected)
    random = TSNE(perplexity=7, init="random", random_state=5).fit_transform(vectors)
    np.testing.assert_allclose(project(vectors, seed=5, perplexity=7, init="random"), random, rtol=1e-4, atol=1e-3)


def neighbours(xy):
    """Nearest neighbour of every point."""
    gaps = np.linalg.norm(xy[:, None] - xy[None], axis=2)
    np.fill_diagonal(gaps, np.inf)
    return gaps.argmin(axis=1).tolist()


def test_principal_components_are_those_of_scikit_learn():
    vectors = noise(40, 6)
    expected = PCA(2).fit_transform(vectors)
    np.testing.assert_allclose(project(vectors, seed=0, projection="pca"), expected, atol=1e-4)


def test_auto_is_tsne_for_a_few_and_components_for_many(monkeypatch):
    vectors = noise(12)
    few = project(vectors, seed=1, projection="auto")
    np.testing.assert_array_equal(few, project(vectors, seed=1, projection="tsne"))
    monkeypatch.setattr(module, "MOST_FOR_TSNE", 11)
    many = project(vectors, seed=1, projection="auto")
    np.testing.assert_array_equal(many, project(vectors, seed=1, projection="pca"))
    assert not np.array_equal(few, many)


def test_l2_forgets_length_alone():
    vectors = noise(20, 4)
    longer = vectors * np.arange(1, 21, dtype=np.float32)[:, None]
    maps = [project(given, seed=0, projection="pca", l2=True) for given in (vectors, longer)]
    np.testing.assert_allclose(*maps, atol=1e-5)
    assert not np.allclose(*(project(given, seed=0, projection="pca") for given in (vectors, longer)), atol=1e-2)
    np.testing.assert_array_equal(unit_length(np.array([[3.0, 4], [0, 0]])), [[0.6, 0.8], [0, 0]])


def test_the_randomised_components_of_long_vectors_follow_the_seed():
    vectors = np.random.default_rng(0).normal(size=(600, 600))
    first, again, other = (project(vectors, seed=seed, projection="pca") for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("vectors", [np.ones((8, 3)), np.arange(8.0)[:, None], np.repeat(np.eye(2), 4, axis=0)])
def test_projection_of_degenerate_vectors(vectors):
    assert np.isfinite(project(vectors, seed=0)).all()


def test_projection_keeps_groups_apart_and_the_input_as_it_was():
    rng = np.random.default_rng(0)
    vectors = np.concatenate([rng.normal(20 * i, 1, (20, 30)) for i in range(3)]).astype(np.float32)
    before = vectors.copy()
    vectors.flags.writeable = False
    for how in ({"projection": "tsne"}, {"projection": "pca"}):
        xy = project(vectors, seed=0, **how).reshape(3, 20, 2)
        spread = np.linalg.norm(xy - xy.mean(1, keepdims=True), axis=2).max()
        centres = xy.mean(1)
        gaps = [np.linalg.norm(centres[i] - centres[j]) for i, j in ((0, 1), (0, 2), (1, 2))]
        assert min(gaps) > spread
    np.testing.assert_array_equal(vectors, before)


@pytest.mark.parametrize("vectors", [np.ones(3), np.ones((0, 3)), np.array([[0.0, np.nan]])])
def test_projection_refuses_what_is_no_matrix(vectors):
    with pytest.raises(InputError, match="finite numbers"):
        project(vectors, seed=0)


def test_projection_refuses_unknown_names_and_a_perplexity_as_large_as_the_pool():
    with pytest.raises(InputError, match="did you mean 'tsne'"):
        project(np.ones((3, 3)), seed=0, projection="tsnee")
    with pytest.raises(InputError, match="did you mean 'random'"):
        project(np.ones((3, 3)), seed=0, init="randm")
    with pytest.raises(InputError, match=r"perplexity of 12 is not below the 12 images of the map: lower `map\.perp"):
        project(noise(12), seed=0, perplexity=12)
