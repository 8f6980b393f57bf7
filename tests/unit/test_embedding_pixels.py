"""The naive embedding."""

import cv2
import numpy as np

from coldstart.embedding.base import EncoderInputs
from coldstart.embedding.pixels import encode


def inputs(images):
    names = [str(i) for i in range(len(images))]
    return EncoderInputs(images, names, names)


def test_values_are_those_of_the_image():
    images = np.arange(2 * 4 * 4, dtype=np.uint8).reshape(2, 4, 4) * 7
    vectors = encode(inputs(images)).vectors
    assert np.array_equal(vectors, images.reshape(2, 16).astype(np.float32) / np.float32(255))


def test_sixteen_bits():
    images = np.full((1, 4, 4), 65535, np.uint16)
    assert np.array_equal(encode(inputs(images)).vectors, np.ones((1, 16), np.float32))


def test_first_channel_and_published_resize():
    images = np.random.default_rng(0).integers(0, 256, (70, 30, 30, 3), dtype=np.uint8)
    vectors = encode(inputs(images), size=24).vectors
    for row in (0, 69):
        expected = cv2.resize(images[row, :, :, 0].copy(), (24, 24)) / 255
        assert np.allclose(vectors[row], expected.ravel(), atol=1e-7)


def test_published_dimension():
    assert encode(inputs(np.zeros((1, 300, 300), np.uint8)), size=224).vectors.shape == (1, 50176)
