"""Perturbations against NumPy and SciPy, and their inverses."""

import ast

import numpy as np
import pytest
import torch
from scipy.ndimage import correlate

from coldstart.errors import InputError
from coldstart.learning import perturbations
from coldstart.learning.perturbations import NAMES, PHOTOMETRIC, SYMMETRIES, perturbed, upright
from coldstart.query import perturbation_consistency
from coldstart.registry import keyword_parameters

IMAGES = np.random.default_rng(0).random((3, 2, 8, 8)).astype(np.float32)
ORACLES = {
    "identity": lambda x: x,
    "flip_lr": np.fliplr,
    "flip_ud": np.flipud,
    "rot90": np.rot90,
    "rot180": lambda x: np.rot90(x, 2),
    "rot270": lambda x: np.rot90(x, 3),
    "transpose": np.transpose,
    "anti_transpose": lambda x: np.rot90(x, 2).T,
}


def ask(name, images=IMAGES, rows=(4, 7, 1)):
    return perturbed(torch.tensor(images), name, np.array(rows)).numpy()


@pytest.mark.parametrize("name", SYMMETRIES)
def test_flips_and_turns_are_those_of_numpy(name):
    expected = [[ORACLES[name](channel) for channel in image] for image in IMAGES]
    np.testing.assert_array_equal(ask(name), expected)


@pytest.mark.parametrize("name", NAMES)
def test_a_map_that_moved_with_the_image_comes_back(name):
    """A pixel is found again at its place: exactly where it was moved, and its map untouched where it was not."""
    moved = torch.tensor(ask(name)) if name in SYMMETRIES else torch.tensor(IMAGES)
    np.testing.assert_array_equal(upright(moved, name).numpy(), IMAGES)


def test_the_eight_symmetries_are_all_different():
    assert len({ask(name).tobytes() for name in SYMMETRIES}) == 8


def test_brightness_and_contrast():
    np.testing.assert_allclose(ask("brighter"), np.minimum(IMAGES + 0.1, 1), atol=1e-6)
    np.testing.assert_allclose(ask("darker"), np.maximum(IMAGES - 0.1, 0), atol=1e-6)
    mean = IMAGES.mean(axis=(1, 2, 3), keepdims=True)
    for name, factor in (("contrast_up", 1.2), ("contrast_down", 0.8)):
        np.testing.assert_allclose(ask(name), np.clip(mean + factor * (IMAGES - mean), 0, 1), atol=1e-6)


def test_blur_is_gaussian_of_one_pixel():
    steps = np.arange(-3, 4)
    kernel = np.exp(-(steps**2) / 2)
    kernel = np.outer(kernel, kernel) / kernel.sum() ** 2
    expected = [[correlate(channel, kernel, mode="nearest") for channel in image] for image in IMAGES]
    np.testing.assert_allclose(ask("blur"), expected, atol=1e-6)


def test_noise_depends_on_the_image_s_number_alone():
    grey = np.full((3, 1, 50, 50), 0.5, dtype=np.float32)
    together = ask("noise", grey)
    np.testing.assert_array_equal(together[1:2], ask("noise", grey[:1], rows=[7]))
    assert not np.array_equal(together[0], together[1])
    assert (together - 0.5).std() == pytest.approx(0.05, rel=0.05)


@pytest.mark.parametrize("name", NAMES)
def test_images_stay_in_their_range_and_the_original_as_it_was(name):
    images = torch.tensor(IMAGES)
    before = torch.get_rng_state()
    found = perturbed(images, name, np.arange(3))
    assert found.shape == images.shape
    assert found.min() >= 0
    assert found.max() <= 1 + 1e-6
    assert torch.equal(images, torch.tensor(IMAGES))
    assert torch.equal(torch.get_rng_state(), before)
    assert name == "identity" or not torch.equal(found, images)


def test_names_that_are_none_are_refused_with_the_nearest():
    with pytest.raises(InputError, match="unknown name 'flip_rl'; did you mean 'flip_lr'"):
        perturbations.check_names(["identity", "flip_rl"])
    perturbations.check_names(NAMES)
    assert NAMES == SYMMETRIES + PHOTOMETRIC


def test_a_configuration_may_name_just_these():
    annotation = keyword_parameters(perturbation_consistency.__name__, "query")["perturbations"].annotation
    strings = [node.value for node in ast.walk(ast.parse(annotation)) if isinstance(node, ast.Constant) and node.value]
    assert strings == list(NAMES)
