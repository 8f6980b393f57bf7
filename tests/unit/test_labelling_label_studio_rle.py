"""Brush strokes of Label Studio: vectors of its own converter, blocks written bit by bit, and the converter itself."""

import json
import subprocess

import numpy as np
import pytest
from label_studio_server import python_or_skip

from coldstart.errors import InputError
from coldstart.labelling.label_studio_rle import decode_rle, encode_rle


def filled(shape, rows=slice(None), columns=slice(None)):
    mask = np.zeros(shape, np.uint8)
    mask[rows, columns] = 1
    return mask


# mask2rle of label-studio-sdk 2.1.2, for masks of 0 and 255.
VECTORS = {
    "runs over rows": (np.array([[0, 1, 1], [1, 0, 0]]), [0, 0, 0, 24, 57, 27, 252, 96, 22, 255, 231, 0, 0]),
    "one empty pixel": (filled((1, 1), slice(0)), [0, 0, 0, 4, 57, 27, 252, 96, 0]),
    "all": (filled((2, 2)), [0, 0, 0, 16, 57, 27, 253, 255, 240]),
    "within a row": (filled((2, 5), 0, slice(1, 4)), [0, 0, 0, 40, 57, 27, 252, 96, 22, 255, 240, 184, 0]),
    "longest lengths": (
        filled((100, 200), slice(20, 99)),
        [0, 1, 56, 128, 57, 27, 255, 62, 127, 0, 254, 219, 255, 252, 12, 124, 0],
    ),
    "a run of two blocks": (
        filled((130, 130), 0, 0),
        [0, 1, 8, 16, 57, 27, 252, 127, 255, 255, 252, 3, 132, 5, 128, 0],
    ),
    "one full block, and no bit left over": (filled((128, 128)), [0, 1, 0, 0, 57, 27, 255, 255, 255, 255, 0]),
    "a full block, and a short one": (
        filled((129, 128), slice(128)),
        [0, 1, 2, 0, 57, 27, 255, 255, 255, 255, 224, 63, 224, 0],
    ),
}


@pytest.mark.parametrize(("mask", "stored"), VECTORS.values(), ids=VECTORS.keys())
def test_masks_are_stored_as_the_converter_of_label_studio_does(mask, stored):
    assert encode_rle(mask) == stored
    decoded = decode_rle(stored, *mask.shape, "m")
    assert decoded.dtype == np.uint8
    np.testing.assert_array_equal(decoded, mask)


@pytest.mark.parametrize("share", [0.001, 0.5, 0.999])
@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (9, 1), (7, 5), (300, 301)])
def test_random_masks_come_back(shape, share):
    mask = np.random.default_rng(shape).random(shape) < share
    np.testing.assert_array_equal(decode_rle(encode_rle(mask), *shape, "m"), mask)


def stream(words, blocks, word=8, sizes=(3, 4, 8, 16)):
    """Write a stream as text of 0 and 1: per block whether it is repeated, which length, the length, and its words."""
    bits = f"{words:032b}{word - 1:05b}" + "".join(f"{size - 1:04b}" for size in sizes)
    for repeated, kind, length, values in blocks:
        bits += f"{repeated}{kind:02b}{length - 1:0{sizes[kind]}b}" + "".join(f"{value:0{word}b}" for value in values)
    bits += "0" * (-len(bits) % 8)
    return [int(bits[i : i + 8], 2) for i in range(0, len(bits), 8)]


def test_smooth_edges_and_colours_of_the_brush():
    """A browser stores colours, and the edges of a stroke in blocks of different words; half covered is foreground."""
    pixels = [[31, 119, 180, 127], [31, 119, 180, 128], [31, 119, 180, 255], [255, 255, 255, 0]]
    stored = stream(24, [(0, 2, 16, [*np.ravel(pixels)]), (1, 0, 8, [255])])
    np.testing.assert_array_equal(decode_rle(stored, 2, 3, "m"), [[0, 1, 1], [0, 1, 1]])


@pytest.mark.parametrize("sizes", [(1, 2, 3, 4), (16, 16, 16, 16), (5, 1, 9, 2)])
def test_other_lengths_than_the_usual_are_read_as_the_head_says(sizes):
    stored = stream(8, [(1, 1, 2, [7]), (0, 2, 2, [7, 200]), (1, 3, 4, [255])], sizes=sizes)
    np.testing.assert_array_equal(decode_rle(stored, 1, 2, "m"), [[1, 1]])


GOOD = VECTORS["runs over rows"][1]


@pytest.mark.parametrize(
    ("stored", "message"),
    [
        (None, "is not a list of whole numbers from 0 to 255"),
        ("0 0 0 24", "is not a list of whole numbers from 0 to 255"),
        ([*GOOD[:-1], 256], "is not a list of whole numbers"),
        ([*GOOD[:-1], -1], "is not a list of whole numbers"),
        ([*GOOD[:-1], float("nan")], "is not a list of whole numbers"),
        ([*GOOD[:-1], "1"], "is not a list of whole numbers"),
        ([*GOOD[:-1], 10**30], "is not a list of whole numbers"),
        ([], "stands for 0 words of 1 bits"),
        (GOOD[:4], "stands for 24 words of 1 bits"),
        (VECTORS["all"][1], r"stands for 16 words of 8 bits, but its image of 2 x 3 pixels has 24 of 8"),
        ([255] * 40, "stands for 4294967295 words"),
        (stream(24, [(1, 2, 24, [1])], word=9), "24 words of 9 bits"),
        (GOOD[:-3], "does not end with the image"),
        (GOOD[:7], "does not end with the image"),
        (stream(24, [(1, 2, 25, [255])]), "does not end with the image"),
        (stream(24, [(0, 2, 24, [255] * 20)]), "does not end with the image"),
    ],
)
def test_what_is_no_stroke_on_this_image_is_refused_with_its_name(stored, message):
    with pytest.raises(InputError, match=rf"^e\.json, task 3: its brush stroke .*{message}.*Label Studio again\.$"):
        decode_rle(stored, 2, 3, "e.json, task 3")


ORACLE = """
import json, sys
import numpy as np
from label_studio_sdk.converter.brush import decode_rle, mask2rle
ours = json.load(open(sys.argv[2]))
with np.load(sys.argv[1]) as masks:
    theirs = {name: mask2rle(masks[name] * np.uint8(255)) for name in masks}
    back = {
        name: bool((decode_rle(ours[name]).reshape(*masks[name].shape, 4)[..., 3] == 255 * masks[name]).all())
        for name in masks
    }
print(json.dumps([theirs, back]))
"""


@pytest.mark.label_studio
@pytest.mark.slow
def test_the_converter_of_label_studio_itself_writes_and_reads_the_same(tmp_path):
    python, rng = python_or_skip(), np.random.default_rng(0)
    masks = {
        f"{height} x {width}, {share}": (rng.random((height, width)) < share).astype(np.uint8)
        for height, width in [(1, 1), (1, 2), (3, 7), (16, 16), (61, 47), (140, 160)]
        for share in (0, 0.001, 0.1, 0.5, 0.99, 1)
    }
    np.savez(tmp_path / "masks.npz", **masks)
    ours = {name: encode_rle(mask) for name, mask in masks.items()}
    (tmp_path / "ours.json").write_text(json.dumps(ours))
    command = [python, "-c", ORACLE, tmp_path / "masks.npz", tmp_path / "ours.json"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    theirs, back = json.loads(done.stdout)
    assert ours == theirs
    assert all(back.values())
