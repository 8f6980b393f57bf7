"""Runs of pixels: row-major, counted from 1, checked pixel by pixel."""

import numpy as np
import pytest
from standins.chexmask import mask_runs

from coldstart.cohort.rle import decode_runs
from coldstart.errors import InputError


def pixel_by_pixel(text, height, width):
    """Ask for every pixel whether a run covers it."""
    numbers = [int(part) for part in text.split()]
    runs = list(zip(numbers[::2], numbers[1::2], strict=True))
    return [
        [int(any(start <= y * width + x + 1 < start + length for start, length in runs)) for x in range(width)]
        for y in range(height)
    ]


def test_pixels_are_counted_row_by_row_from_one():
    np.testing.assert_array_equal(decode_runs("2 3", 2, 3, "m"), [[0, 1, 1], [1, 0, 0]])
    np.testing.assert_array_equal(decode_runs("1 1 6 1", 3, 2, "m"), [[1, 0], [0, 0], [0, 1]])


def test_the_writer_of_the_stand_in_writes_the_same_form():
    assert mask_runs([[0, 1, 1], [1, 0, 0]]) == "2 3"
    assert mask_runs([[1, 0], [0, 0], [0, 1]]) == "1 1 6 1"
    assert mask_runs(np.zeros((2, 2))) == ""


@pytest.mark.parametrize("share", [0.02, 0.5, 0.98])
@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (9, 1), (7, 5), (16, 23)])
def test_random_masks_come_back(shape, share):
    rng = np.random.default_rng(shape)
    for _ in range(20):
        mask = (rng.random(shape) < share).astype(np.uint8)
        decoded = decode_runs(mask_runs(mask), *shape, "m")
        assert decoded.dtype == np.uint8
        np.testing.assert_array_equal(decoded, mask)


@pytest.mark.parametrize(
    "text",
    ["", "   ", "1 12", "12 1", "1 1 12 1", "4 5", "9 2 1 3", "2 6 4 6", "3 1 3 1", " 5\t2\n7 1 "],
    ids=["none", "blanks", "all", "last", "corners", "over a row", "unsorted", "overlapping", "twice", "other blanks"],
)
def test_any_runs_are_drawn_as_every_pixel_says(text):
    np.testing.assert_array_equal(decode_runs(text, 3, 4, "m"), pixel_by_pixel(text, 3, 4))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1 2 3", "its runs are 3 numbers"),
        ("1 x", "not whole numbers"),
        ("1.5 2", "not whole numbers"),
        ("99999999999999999999 1", "not whole numbers"),
        ("0 1", r"run 1 \(start 0, length 1\)"),
        ("1 2 -4 2", r"run 2 \(start -4, length 2\)"),
        ("1 0", r"run 1 \(start 1, length 0\)"),
        ("3 -1", r"run 1 \(start 3, length -1\)"),
        ("13 1", r"run 1 \(start 13, length 1\)"),
        ("12 2", r"start 12, length 2\) does not lie within the 3 x 4 = 12 pixels"),
        ("2 9223372036854775807", "start 2, length 9223372036854775807"),
    ],
)
def test_runs_that_cannot_be_are_refused_with_their_name(text, message):
    with pytest.raises(InputError, match=rf"^t\.csv#a, Heart: .*{message}"):
        decode_runs(text, 3, 4, "t.csv#a, Heart")
