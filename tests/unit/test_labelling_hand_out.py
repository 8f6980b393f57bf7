"""The images that annotators are given: names, pixels, masks, thumbnails."""

import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from coldstart.labelling.hand_out import export_images, export_masks, handed, stems, thumbnail

RNG = np.random.default_rng(0)


def listed(*sample_ids, first=1):
    return pd.DataFrame({"rank": range(first, first + len(sample_ids)), "sample_id": sample_ids})


def test_names_are_the_rank_and_what_the_image_is_called():
    assert stems(listed("p7/scan", "chest_12.v2", "head/slice012", first=9)) == [
        "009_p7__scan",
        "010_chest_12.v2",
        "011_head__slice012",
    ]
    assert [stem[:5] for stem in stems(listed(*"abc", first=998))] == ["0998_", "0999_", "1000_"]


@pytest.mark.parametrize("sample_id", ["Röntgen 1", "肺/001", "a__b", "x" * 61, 'a"<b>', "a\nb", "../a_/b"])
def test_a_name_that_is_not_the_whole_sample_id_ends_in_its_digest(sample_id):
    (stem,) = stems(listed(sample_id))
    assert re.fullmatch(r"001_[A-Za-z0-9._-]{0,61}-[0-9a-f]{8}", stem)


@settings(max_examples=300, deadline=None)
@given(st.sets(st.text("ab_/-. é", min_size=1, max_size=8), min_size=2, max_size=8))
def test_images_of_different_lists_never_share_a_name(sample_ids):
    lists = [listed(sample_id) for sample_id in sorted(sample_ids)]
    found = handed(lists)
    assert sorted(found.values()) == sorted(sample_ids)
    assert all(re.fullmatch(r"001_[A-Za-z0-9._-]+", stem) for stem in found)


def test_an_image_that_stays_on_the_list_has_all_its_names():
    assert handed([listed("a", "b"), listed("b", "c")]) == {"001_a": "a", "002_b": "b", "001_b": "b", "002_c": "c"}


def test_8_bit_images_are_handed_out_pixel_for_pixel(tmp_path):
    grey, colour = RNG.integers(0, 256, (5, 7), dtype=np.uint8), RNG.integers(0, 256, (6, 4, 3), dtype=np.uint8)
    paths = export_images(listed("p/a", "b"), iter([grey, colour]), tmp_path / "images")
    assert paths == {"p/a": tmp_path / "images/001_p__a.png", "b": tmp_path / "images/002_b.png"}
    assert sorted(path.name for path in (tmp_path / "images").iterdir()) == ["001_p__a.png", "002_b.png"]
    for path, pixels in zip(paths.values(), (grey, colour), strict=True):
        with Image.open(path) as picture:
            np.testing.assert_array_equal(np.asarray(picture), pixels)
            assert not picture.info


def test_16_bit_images_are_windowed_from_their_1st_to_their_99th_percentile(tmp_path):
    ramp = (np.arange(101, dtype=np.uint16) * 100).reshape(1, 101)
    (path,) = export_images(listed("a"), [ramp], tmp_path).values()
    pixels = np.asarray(Image.open(path))
    assert pixels.dtype == np.uint8
    # 100 becomes black and 9900 white: 5000 lies half-way.
    assert pixels[0, [0, 1, 50, 99, 100]].tolist() == [0, 0, 128, 255, 255]


def test_slices_of_a_volume_stand_beside_each_other(tmp_path):
    slices = np.stack([np.full((4, 3), value, np.uint8) for value in (10, 20, 30)], axis=2)
    (path,) = export_images(listed("a"), [slices], tmp_path, side_by_side=True).values()
    assert np.asarray(Image.open(path))[0].tolist() == [10] * 3 + [20] * 3 + [30] * 3
    (path,) = export_images(listed("a"), [slices], tmp_path).values()
    assert Image.open(path).mode == "RGB"


def test_an_empty_list_has_an_empty_folder(tmp_path):
    assert export_images(listed(), [], tmp_path / "list2/images") == {}
    assert list((tmp_path / "list2/images").iterdir()) == []


def test_an_image_too_few_is_noticed(tmp_path):
    with pytest.raises(ValueError, match="shorter"):
        export_images(listed("a", "b"), [np.zeros((2, 2), np.uint8)], tmp_path)


def test_the_files_are_the_same_every_time(tmp_path):
    images = RNG.integers(0, 65536, (3, 9, 9)).astype(np.uint16)
    for name in ("one", "two"):
        export_images(listed(*"abc"), images, tmp_path / name)
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()


def test_masks_are_class_numbers_at_the_size_of_the_source(tmp_path):
    table = listed("a", "b").assign(height=[4, 3], width=[6, 2])
    small, whole = np.array([[1, 0], [0, 1]], np.uint8), RNG.integers(0, 2, (3, 2)).astype(np.uint8)
    first, second = export_masks(table, [small, whole], tmp_path).values()
    np.testing.assert_array_equal(np.asarray(Image.open(first)), np.kron(small, np.ones((2, 3), np.uint8)))
    np.testing.assert_array_equal(np.asarray(Image.open(second)), whole)


@pytest.mark.parametrize(
    ("shape", "expected"),
    [((100, 50), (40, 20)), ((30, 20), (30, 20)), ((8, 900), (1, 40)), ((80, 80, 3), (40, 40, 3))],
)
def test_thumbnails_keep_their_proportions_and_are_never_enlarged(shape, expected, tmp_path):
    (path,) = export_images(listed("a"), [np.full(shape, 77, np.uint8)], tmp_path).values()
    small = thumbnail(path, 40)
    assert small.shape == expected
    assert (small == 77).all()
