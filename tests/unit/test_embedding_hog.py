"""Histograms of oriented gradients, against their definition pixel by pixel."""

import cv2
import numpy as np
import pytest

from coldstart.embedding.base import EncoderInputs
from coldstart.embedding.hog import encode
from coldstart.errors import InputError


def inputs(images):
    names = [str(i) for i in range(len(images))]
    return EncoderInputs(images, names, names)


def noise(n, *shape, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (n, *shape), dtype=np.uint8)


def by_definition(image, orientations, cell, block):
    """Dalal and Triggs, section 6, a pixel at a time: centred differences, votes, L2-Hys of overlapping blocks."""
    image = image / 255
    side, cells = len(image), len(image) // cell
    votes = np.zeros((cells, cells, orientations))
    for y in range(cells * cell):
        for x in range(cells * cell):
            down = image[y + 1, x] - image[y - 1, x] if 0 < y < side - 1 else 0
            right = image[y, x + 1] - image[y, x - 1] if 0 < x < side - 1 else 0
            angle = np.degrees(np.arctan2(down, right)) % 180
            votes[y // cell, x // cell, int(angle // (180 / orientations)) % orientations] += np.hypot(down, right)
    votes /= cell**2
    found = []
    for y in range(cells - block + 1):
        for x in range(cells - block + 1):
            values = votes[y : y + block, x : x + block].ravel()
            values = np.minimum(values / np.sqrt((values**2).sum() + 1e-10), 0.2)
            found.append(values / np.sqrt((values**2).sum() + 1e-10))
    return np.concatenate(found)


@pytest.mark.parametrize(("side", "orientations", "cell", "block"), [(32, 9, 8, 2), (22, 5, 5, 3)])
def test_vectors_are_those_of_the_definition(side, orientations, cell, block):
    images = noise(2, side, side)
    settings = {"orientations": orientations, "cell": cell, "cells_per_block": block}
    found = encode(inputs(images), size=side, **settings).vectors
    for row, image in enumerate(images):
        np.testing.assert_allclose(found[row], by_definition(image, orientations, cell, block), atol=1e-4)


def test_the_length_is_as_documented_and_colour_is_the_strongest_channel():
    grey = noise(2, 64, 64)
    colour = np.stack([grey, grey // 4, grey // 8], axis=-1)
    assert encode(inputs(grey)).vectors.shape == (2, 1764)
    np.testing.assert_array_equal(encode(inputs(colour)).vectors, encode(inputs(grey)).vectors)


def test_stripes_vote_for_their_direction_alone():
    across = np.tile(np.repeat(np.array([0, 255], np.uint8), 4), (64, 8))
    upright, level = encode(inputs(np.stack([across, across.T]))).vectors.reshape(2, -1, 9)
    assert upright[:, 1:].sum() == 0 < upright[:, 0].min()
    assert level[:, [0, 1, 2, 3, 5, 6, 7, 8]].sum() == 0 < level[:, 4].min()


def test_contrast_and_brightness_hardly_count():
    shape = noise(1, 64, 64) // 4
    bright, dim = 2 * shape + 100, shape + 10
    first, second = encode(inputs(np.concatenate([bright, dim]))).vectors
    assert np.corrcoef(first, second)[0, 1] > 0.999


def test_images_are_shrunk_by_area():
    images = noise(2, 96, 96)
    small = np.stack([cv2.resize(image, (64, 64), interpolation=cv2.INTER_AREA) for image in images])
    np.testing.assert_array_equal(encode(inputs(images)).vectors, encode(inputs(small)).vectors)


def test_an_image_without_edges_is_all_zeros():
    assert not encode(inputs(np.full((1, 64, 64), 77, np.uint8))).vectors.any()


def test_settings_that_leave_no_block_are_refused():
    with pytest.raises(InputError, match="no room for a block of 2 x 2 cells of 8 pixels in images of 15 pixels"):
        encode(inputs(noise(1, 15, 15)), size=15)
    with pytest.raises(InputError, match="`cell: 0`: it must be at least 1"):
        encode(inputs(noise(1, 64, 64)), cell=0)
