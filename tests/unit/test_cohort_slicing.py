"""Cropping to the brain, cutting into slices, and putting them together again."""

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coldstart.cohort.nifti import upright
from coldstart.cohort.slicing import axes_text, box_text, brain_box, cut, cut_rows, parsed_box, restack, rows_of
from coldstart.cohort.triples import triple, z_scores
from coldstart.errors import InputError

shapes = st.tuples(*[st.integers(2, 7)] * 3)
orders = st.permutations([0, 1, 2])
signs = st.tuples(*[st.sampled_from([-1.0, 1.0])] * 3)


def affine_of(order, sign, zooms=(0.7, 1.1, 3.0)):
    """Affine whose voxel axes run along the world's in any order and direction."""
    affine = np.eye(4)
    affine[:3, :3] = 0
    for voxel_axis, (world_axis, direction) in enumerate(zip(order, sign, strict=True)):
        affine[world_axis, voxel_axis] = direction * zooms[voxel_axis]
    return affine


def brain_in(shape, rng):
    """A mask that does not touch every border."""
    brain = rng.random(shape) < 0.15
    brain[tuple(rng.integers(0, length) for length in shape)] = True
    return brain


@settings(deadline=None, max_examples=150)
@given(shapes, orders, signs, st.integers(0, 2), st.integers(0, 2**32 - 1), st.sampled_from(["inclusive", "none"]))
def test_slices_restack_to_the_cropped_volume_exactly(shape, order, sign, axis, seed, crop):
    rng = np.random.default_rng(seed)
    brain, change = brain_in(shape, rng), rng.random(shape) < 0.1
    before, after = rng.normal(size=(2, *shape))
    box = brain_box(brain, crop)
    axes = axes_text(affine_of(order, sign), axis)
    frame = pd.DataFrame(rows_of("p", "image", "mask", box, axes, (0.7, 1.1, 3.0), change))
    assert len(frame) == box[axis].stop - box[axis].start
    # In any order of the rows.
    frame = frame.iloc[rng.permutation(len(frame))]
    pixels = triple(before, after, "signed")
    masks, images = list(cut_rows(frame, lambda name: change)), list(cut_rows(frame, lambda name: pixels))
    for row, mask, image in zip(frame.itertuples(), masks, images, strict=True):
        assert mask.shape == image.shape[:2] == (row.height, row.width)
        assert (row.label, row.lesion_pixels) == (int(mask.any()), mask.sum())
    np.testing.assert_array_equal(restack(masks, frame), change[box])
    whole = restack(images, frame)
    np.testing.assert_array_equal(whole, pixels[box])
    np.testing.assert_allclose(z_scores(whole, "signed")[..., 0], before[box], atol=10 / 65535)


@settings(deadline=None, max_examples=60)
@given(shapes, orders, signs, st.integers(0, 2))
def test_slices_lie_as_those_of_single_volumes(shape, order, sign, axis):
    volume = np.arange(np.prod(shape)).reshape(shape)
    affine = affine_of(order, sign)
    planes = cut(volume, axes_text(affine, axis))
    for number in range(shape[axis]):
        np.testing.assert_array_equal(planes[number], upright(np.take(volume, number, axis=axis), affine, axis))


def test_slices_that_were_left_out_come_back_as_empty_ones():
    change = np.zeros((4, 5, 6), bool)
    change[1, 2, 2], change[2, 3, 4] = True, True
    box = brain_box(np.ones(change.shape, bool), "none")
    frame = pd.DataFrame(rows_of("p", "i", "m", box, "z -y -x", (1, 1, 1), change, restrict=True))
    assert frame["slice"].tolist() == [2, 4]
    np.testing.assert_array_equal(restack(list(cut_rows(frame, lambda name: change)), frame), change)


def test_the_box_around_the_brain():
    brain = np.zeros((9, 9, 9), bool)
    brain[2:5, 3:4, 1:9] = True
    assert brain_box(brain, "inclusive") == (slice(2, 5), slice(3, 4), slice(1, 9))
    assert brain_box(brain, "none") == (slice(0, 9),) * 3
    with pytest.raises(InputError, match="one voxel thin"):
        brain_box(brain, "half_open")
    brain[2:5, 3:6, 1:9] = True
    # What the published code does: the last row, column and slice are lost.
    assert brain_box(brain, "half_open") == (slice(2, 4), slice(3, 5), slice(1, 8))
    with pytest.raises(InputError, match=r"mask of p is empty: replace it"):
        brain_box(np.zeros((3, 3, 3), bool), "none", "mask of p")


def test_texts_can_be_read_back():
    box = (slice(6, 181), slice(0, 2), slice(11, 47))
    assert box_text(box) == "6:181 0:2 11:47"
    assert parsed_box(box_text(box)) == box
    # To the right, to the front and to the head: upright rows and columns run the other way.
    assert axes_text(np.eye(4), 2) == "z -y -x"
    assert axes_text(np.diag([-1.0, -1, 1, 1]), 2) == "z y x"
    assert nib.aff2axcodes(np.eye(4)) == ("R", "A", "S")


def test_the_spacing_goes_with_the_axes():
    change = np.zeros((3, 4, 5), bool)
    box = brain_box(~change, "none")
    for axes, expected in (("z y x", (0.2, 0.1, 0.3)), ("x -z y", (0.3, 0.2, 0.1)), ("y -z -x", (0.3, 0.1, 0.2))):
        row = rows_of("p", "i", "m", box, axes, (0.1, 0.2, 0.3), change)[0]
        assert (row["spacing_y"], row["spacing_x"], row["spacing_z"]) == expected
        assert row["sample_id"] == f"p/{axes[0]}000"


def test_slices_of_two_volumes_or_twice_the_same_are_no_volume():
    change = np.zeros((3, 3, 3), bool)
    box = brain_box(~change, "none")
    frame = pd.DataFrame(rows_of("p", "i", "m", box, "z y x", (1, 1, 1), change))
    planes = list(cut_rows(frame, lambda name: change))
    for wrong in (frame.assign(volume=["p", "p", "q"]), frame.assign(slice=0), frame.iloc[:2]):
        with pytest.raises(ValueError, match="do not make one volume"):
            restack(planes, wrong)
