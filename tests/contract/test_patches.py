"""What every patch recipe must keep to."""

import inspect

import numpy as np
import pytest
import torch

from coldstart.learning import PATCHES

SIDE = 24
NAMES = list(PATCHES)


def images(k=3, channels=1):
    return torch.from_numpy(np.random.default_rng(0).random((k, channels, SIDE, SIDE), dtype=np.float32))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("channels", [1, 3])
def test_every_candidate_gives_as_many_patches_of_its_own_shape_as_the_recipe_counts(name, channels):
    patches = PATCHES.load(name)(images(channels=channels), np.arange(3))
    assert patches.shape == (3, PATCHES.module(name).count(), channels, SIDE, SIDE)
    assert patches.dtype == torch.float32
    assert 0 <= patches.min() < patches.max() <= 1


@pytest.mark.parametrize("name", NAMES)
def test_a_candidate_has_the_same_patches_alone_and_in_any_batch(name):
    cut, given, seeds = PATCHES.load(name), images(9), np.array([4, 0, 77, 3, 12, 9, 8, 100000, 2])
    together = cut(given, seeds)
    for rows in ([0], [2, 7], [8, 6, 4, 2, 0]):
        assert torch.equal(cut(given[rows], seeds[rows]), together[rows])


@pytest.mark.parametrize("name", NAMES)
def test_patches_differ_follow_the_seed_and_leave_images_and_global_state_alone(name):
    cut, given = PATCHES.load(name), images(1)
    kept, state = given.clone(), torch.get_rng_state()
    first = cut(given, np.array([1]))
    assert torch.equal(given, kept)
    assert torch.equal(torch.get_rng_state(), state)
    assert not torch.equal(first, cut(given, np.array([2])))
    assert len(np.unique(first[0].reshape(first.shape[1], -1).numpy().round(5), axis=0)) == first.shape[1]


@pytest.mark.parametrize("name", NAMES)
def test_the_count_takes_the_parameters_of_the_recipe(name):
    known = PATCHES.parameters(name)
    assert list(inspect.signature(PATCHES.load(name)).parameters)[:2] == ["images", "seeds"]
    given = {key: spec.default for key, spec in known.items() if not spec.required}
    assert PATCHES.module(name).count(**given) == PATCHES.module(name).count()
