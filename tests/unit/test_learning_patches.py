"""Patch recipes: how many patches there are, and what they show."""

import numpy as np
import pytest
import torch

from coldstart.errors import InputError
from coldstart.learning import PATCHES
from coldstart.learning.patches_general import cut as cut_general
from coldstart.learning.patches_polyp import cut as cut_polyp
from coldstart.learning.resample import resample

SIDE = 24


def images(k=3, channels=1, side=SIDE, seed=0):
    return torch.from_numpy(np.random.default_rng(seed).random((k, channels, side, side), dtype=np.float32))


def ramp(side=SIDE):
    """An image whose value tells the column, and one whose value tells the row."""
    columns = (torch.arange(side) + 0.5) / side
    return torch.stack([columns.expand(side, side), columns[:, None].expand(side, side)])[:, None].contiguous()


def dihedral(image):
    """The eight flips and quarter turns of a square image, by torch's own functions."""
    turned = [torch.rot90(image, k, (-2, -1)) for k in range(4)]
    return turned + [torch.flip(view, (-1,)) for view in turned]


def test_the_polyp_recipe_gives_24_patches_and_8_for_every_scale():
    assert PATCHES.module("polyp").count() == 24
    assert PATCHES.module("polyp").count(scales=[1.0, 2.0], whole=2.0, translation=0.0) == 16
    assert cut_polyp(images(), np.arange(3)).shape[1] == 24
    assert cut_polyp(images(), np.arange(3), scales=[1.3]).shape[1] == 8


def test_the_general_recipe_counts_as_it_cuts():
    for count in (1, 5):
        assert PATCHES.module("general").count(count=count, mirror=True) == count
        assert cut_general(images(), np.arange(3), count=count).shape[1] == count
    assert PATCHES.module("general").count() == cut_general(images(1), np.arange(1)).shape[1]


def test_scale_1_5_shows_the_whole_image_in_its_eight_flips_and_rotations():
    (patches,) = cut_polyp(images(1), np.array([5]), translation=0.0)
    wanted = dihedral(images(1)[0])
    found = patches[16:]
    # Each of the eight is there just once.
    matches = [[torch.allclose(patch, view, atol=1e-5) for view in wanted] for patch in found]
    assert np.array_equal(np.sum(matches, 0), np.ones(8))
    assert np.array_equal(np.sum(matches, 1), np.ones(8))
    torch.testing.assert_close(found[0], images(1)[0], atol=1e-5, rtol=0)


def test_scales_1_and_1_2_show_the_central_two_thirds_and_four_fifths():
    columns = cut_polyp(ramp(60), np.arange(2), translation=0.0)[0, :, 0]
    for first, share in ((0, 2 / 3), (8, 4 / 5), (16, 1)):
        assert columns[first].mean().item() == pytest.approx(0.5, abs=1e-4)
        # From the middle of the first pixel to the middle of the last: 59 of 60 pixels of the window.
        spread = (columns[first, 0, -1] - columns[first, 0, 0]).item()
        assert spread == pytest.approx(share * 59 / 60, abs=1e-4)


def test_translation_shifts_every_polyp_patch_by_at_most_a_tenth_of_its_window():
    seeds = np.arange(40)
    of_columns = cut_polyp(ramp(60)[:1].expand(40, -1, -1, -1), seeds)[:, :, 0].mean((2, 3)).numpy() - 0.5
    of_rows = cut_polyp(ramp(60)[1:].expand(40, -1, -1, -1), seeds)[:, :, 0].mean((2, 3)).numpy() - 0.5
    for scale, share in ((0, 2 / 3), (1, 4 / 5)):
        for shift in (of_columns[:, 8 * scale : 8 * scale + 8], of_rows[:, 8 * scale : 8 * scale + 8]):
            assert 0.09 * share < np.abs(shift).max() <= 0.1 * share + 1e-4
            assert abs(shift.mean()) < 0.02
    # Each patch has a shift of its own.
    assert len(np.unique(of_columns[0, :8].round(6))) == 8


def test_a_general_patch_without_any_change_is_the_image():
    still = {"smallest_scale": 1.0, "rotation": 0.0, "translation": 0.0, "intensity": 0.0}
    patches = cut_general(images(2), np.arange(2), count=3, **still)
    torch.testing.assert_close(patches, images(2)[:, None].expand(-1, 3, -1, -1, -1), atol=1e-5, rtol=0)


def test_a_general_scale_turn_mirror_and_shift_are_what_their_keys_say():
    still = {"count": 400, "largest_scale": 0.5, "smallest_scale": 0.5}
    still |= {"rotation": 0.0, "translation": 0.0, "intensity": 0.0}
    seed = np.array([3])

    def cut(**changed):
        columns = cut_general(ramp(40)[:1], seed, **{**still, **changed})[0, :, 0].numpy()
        across, down = columns[:, 20, -1] - columns[:, 20, 0], columns[:, -1, 20] - columns[:, 0, 20]
        return across / (39 / 40), down / (39 / 40), columns.mean((1, 2)) - 0.5

    across, down, middle = cut()
    np.testing.assert_allclose(across, 0.5, atol=1e-4)
    np.testing.assert_allclose([down, middle], 0, atol=1e-4)
    across, _, _ = cut(smallest_scale=0.2)
    assert 0.2 - 1e-4 <= across.min() < 0.21
    assert 0.49 < across.max() <= 0.5 + 1e-4
    across, down, _ = cut(rotation=30.0)
    angles = np.degrees(np.arctan2(-down, across))
    assert 29 < np.abs(angles).max() <= 30.01
    assert angles.min() < -29
    across, _, _ = cut(mirror=True)
    np.testing.assert_allclose(np.abs(across), 0.5, atol=1e-4)
    assert 0.4 < (across < 0).mean() < 0.6
    _, _, middle = cut(translation=0.2)
    assert 0.095 < np.abs(middle).max() <= 0.1 + 1e-4


def test_general_intensity_changes_contrast_about_grey_and_brightness():
    still = {"count": 300, "smallest_scale": 1.0, "rotation": 0.0, "translation": 0.0}
    grey = cut_general(torch.full((1, 1, 8, 8), 0.5), np.array([1]), intensity=0.2, **still)[0, :, 0, 0, 0].numpy()
    # At middle grey brightness acts alone.
    assert 0.19 < np.abs(grey - 0.5).max() <= 0.2 + 1e-6
    light = cut_general(torch.full((1, 1, 8, 8), 0.7), np.array([1]), intensity=0.2, **still)[0, :, 0, 0, 0].numpy()
    factor = (light - grey) / 0.2
    assert 1.19 < factor.max() <= 1.2 + 1e-5
    assert 0.8 - 1e-5 <= factor.min() < 0.81


def test_windows_beyond_the_edge_repeat_its_pixels():
    beyond = np.array([[[[1.0, 0, 4.0], [0, 1, 0]]]])
    patch = resample(images(1), beyond)[0, 0, 0]
    torch.testing.assert_close(patch, images(1)[0, 0, :, -1:].expand(-1, SIDE), atol=1e-5, rtol=0)


@pytest.mark.parametrize(
    ("recipe", "wrong"),
    [
        ("polyp", {"scales": []}),
        ("polyp", {"scales": [1.0, 0.0]}),
        ("polyp", {"whole": 0.0}),
        ("polyp", {"translation": -0.1}),
        ("general", {"count": 0}),
        ("general", {"smallest_scale": 0.9, "largest_scale": 0.8}),
        ("general", {"smallest_scale": 0.0}),
        ("general", {"translation": 2.0}),
        ("general", {"intensity": -1.0}),
    ],
)
def test_parameters_out_of_range_are_refused(recipe, wrong):
    with pytest.raises(InputError, match=r"learning\.classification\.patches"):
        PATCHES.load(recipe)(images(1), np.arange(1), **wrong)
