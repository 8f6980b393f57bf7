"""The image store: sizes, depths, channels, masks that do not vanish."""

import resource

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coldstart.cohort.images import (
    as_float,
    effective_spacing,
    parts,
    read_images,
    read_masks,
    resize_mask,
    write_images,
    write_masks,
)
from coldstart.errors import InputError


def cohort_of(arrays, spacing=(0.5, 0.25)):
    return pd.DataFrame(
        {
            "sample_id": [f"s{i}" for i in range(len(arrays))],
            "image": [f"{i}.png" for i in range(len(arrays))],
            "height": [array.shape[0] for array in arrays],
            "width": [array.shape[1] for array in arrays],
            "bits": [8 * array.itemsize for array in arrays],
            "spacing_y": spacing[0],
            "spacing_x": spacing[1],
        }
    )


def stored(tmp_path, arrays, size, **parameters):
    path = tmp_path / "store" / f"{size}.npy"
    write_images(path, lambda rows: arrays, cohort_of(arrays), size, **parameters)
    assert [file.name for file in path.parent.iterdir()] == [path.name]
    return read_images(path)


def test_area_means_by_hand(tmp_path):
    array = np.arange(16, dtype=np.uint8).reshape(4, 4) * 10
    store = stored(tmp_path, [array], 2)
    assert isinstance(store, np.memmap)
    assert store.dtype == np.uint8
    expected = array.reshape(2, 2, 2, 2).mean(axis=(1, 3))
    np.testing.assert_allclose(store[0], expected, atol=0.51)


def test_the_same_size_is_kept_and_order_is_row_order(tmp_path):
    arrays = [np.full((8, 8), value, np.uint8) for value in (3, 1, 2)]
    np.testing.assert_array_equal(stored(tmp_path, arrays, 8), np.stack(arrays))


def test_one_sixteen_bit_image_makes_the_store_sixteen_bit(tmp_path):
    arrays = [np.full((4, 4), 255, np.uint8), np.full((4, 4), 1000, np.uint16)]
    store = stored(tmp_path, arrays, 4)
    assert store.dtype == np.uint16
    assert store[0].max() == 65535
    assert store[1].max() == 1000
    np.testing.assert_allclose(as_float(store[0]), 1.0)


def test_colour_becomes_grey_by_luma_and_grey_is_repeated(tmp_path):
    red = np.zeros((4, 4, 3), np.uint8)
    red[..., 0] = 200
    grey = np.full((4, 4), 7, np.uint8)
    store = stored(tmp_path, [red, grey], 4, channels=1)
    assert store.shape == (2, 4, 4)
    assert store[0, 0, 0] == round(0.299 * 200)
    store = stored(tmp_path, [red, grey], 4, channels=3)
    assert store.shape == (2, 4, 4, 3)
    np.testing.assert_array_equal(store[0], red)
    np.testing.assert_array_equal(store[1], 7)


@pytest.mark.parametrize("interpolation", ["area", "bilinear", "nearest"])
@pytest.mark.parametrize("shape", [(20, 20), (5, 5), (20, 5), (7, 33)])
def test_every_shape_becomes_a_square_of_the_same_brightness(tmp_path, interpolation, shape):
    ramp = np.broadcast_to(np.linspace(0, 60000, shape[1]).astype(np.uint16), shape).copy()
    store = stored(tmp_path, [ramp], 10, interpolation=interpolation)
    assert store.shape == (1, 10, 10)
    assert abs(store[0].mean() - ramp.mean()) < 4000
    assert (np.diff(store[0].astype(int), axis=1) >= 0).all()


def test_enlarging_by_area_is_bilinear(tmp_path):
    array = np.random.default_rng(0).integers(0, 255, (5, 5), dtype=np.uint8)
    area = np.array(stored(tmp_path, [array], 9, interpolation="area"))
    np.testing.assert_array_equal(area, stored(tmp_path, [array], 9, interpolation="bilinear"))


@settings(deadline=None, max_examples=80)
@given(st.integers(1, 90), st.integers(1, 90), st.integers(1, 40), st.data())
def test_no_single_pixel_of_a_mask_is_lost(height, width, size, data):
    mask = np.zeros((height, width), np.uint8)
    y, x = data.draw(st.integers(0, height - 1)), data.draw(st.integers(0, width - 1))
    mask[y, x] = 1
    small = resize_mask(mask, size)
    assert small.dtype == np.uint8
    assert set(np.unique(small)) <= {0, 1}
    if height >= size and width >= size:
        # Exactly the pixels whose area overlaps the source pixel; OpenCV ignores slivers below 1/1000.
        scale_y, scale_x = height / size, width / size
        rows = [i for i in range(size) if min((i + 1) * scale_y, y + 1) - max(i * scale_y, y) > 2e-3]
        columns = [j for j in range(size) if min((j + 1) * scale_x, x + 1) - max(j * scale_x, x) > 2e-3]
        assert small[np.ix_(rows, columns)].all()
        assert small.sum() <= (len(rows) + 1) * (len(columns) + 1)
    if height <= size and width <= size:
        assert small.any()


def test_an_enlarged_mask_is_repeated():
    mask = np.eye(3, dtype=np.uint8)
    np.testing.assert_array_equal(resize_mask(mask, 6), np.kron(mask, np.ones((2, 2), np.uint8)))


def test_masks_are_stored_as_bits(tmp_path):
    masks = [np.eye(8, dtype=np.uint8), np.zeros((8, 8), np.uint8)]
    write_masks(tmp_path / "m.npy", lambda rows: masks, cohort_of(masks), 4)
    store = read_masks(tmp_path / "m.npy")
    np.testing.assert_array_equal(store[0], np.eye(4))
    assert not store[1].any()


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ([np.zeros((4, 4), np.uint8)], "ends before the image of 's1'"),
        ([np.zeros((4, 4), np.uint8)] * 3, "more images than the 2"),
        ([np.zeros((4, 4), np.uint8), np.zeros((4, 5), np.uint8)], "image of 's1' has shape"),
        ([np.zeros((4, 4), np.uint8), np.zeros((4, 4), np.uint16)], "image of 's1' is uint16"),
        ([np.zeros((4, 4), np.uint8), np.zeros((4, 4, 2), np.uint8)], "image of 's1' has shape"),
    ],
)
def test_what_disagrees_with_the_cohort_is_refused_and_nothing_is_left(tmp_path, arrays, message):
    cohort = cohort_of([np.zeros((4, 4), np.uint8)] * 2)
    with pytest.raises(InputError, match=message):
        write_images(tmp_path / "i.npy", lambda rows: arrays, cohort, 4)
    assert list(tmp_path.iterdir()) == []


def test_a_mask_of_other_values_is_refused(tmp_path):
    mask = np.full((4, 4), 2, np.uint8)
    with pytest.raises(InputError, match="mask of 's0' has other values"):
        write_masks(tmp_path / "m.npy", lambda rows: [mask], cohort_of([mask]), 4)


@pytest.mark.parametrize("parameters", [{"channels": 2}, {"interpolation": "cubic"}])
def test_unknown_settings_are_refused(tmp_path, parameters):
    array = np.zeros((4, 4), np.uint8)
    with pytest.raises(InputError, match=next(iter(parameters))):
        write_images(tmp_path / "i.npy", lambda rows: [array], cohort_of([array]), 4, **parameters)


def test_a_damaged_store_is_refused(tmp_path):
    path = tmp_path / "i.npy"
    with pytest.raises(InputError, match="cannot be read"):
        read_images(path)
    path.write_bytes(b"\x93NUMPY")
    with pytest.raises(InputError, match="delete it and run"):
        read_images(path)


def test_a_disk_without_room_is_an_error_and_no_dead_process(tmp_path):
    array = np.zeros((4, 4), np.uint8)
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, limit[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            write_images(tmp_path / "i.npy", lambda rows: [array] * len(rows), cohort_of([array] * 3), 100)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    assert not list(tmp_path.iterdir())


def test_spacing_of_the_stored_pixels():
    cohort = cohort_of([np.zeros((100, 400), np.uint8)] * 2)
    cohort.loc[1, ["spacing_y", "spacing_x"]] = np.nan
    spacing = effective_spacing(cohort, 50)
    np.testing.assert_allclose(spacing[0], [1.0, 2.0])
    assert np.isnan(spacing[1]).all()


def test_only_stored_types_have_a_scale():
    np.testing.assert_allclose(as_float(np.array([0, 51], np.uint8)), [0, 0.2])
    with pytest.raises(KeyError):
        as_float(np.zeros(2))


def drawn(rows):
    """Image of each row: its number, at the size that the cohort says."""
    return [np.full((height, width), int(name[1:]) % 251, np.uint8) for name, height, width in triples(rows)]


def triples(rows):
    return rows[["sample_id", "height", "width"]].itertuples(index=False)


@pytest.mark.parametrize("write", [write_images, write_masks])
def test_several_processes_write_the_bytes_of_one(tmp_path, write):
    arrays = [np.zeros((5 + i % 3, 6), np.uint8) for i in range(600)]
    cohort = cohort_of(arrays)
    read = drawn if write is write_images else lambda rows: [array % 2 for array in drawn(rows)]
    for workers in (1, 2):
        write(tmp_path / f"{workers}.npy", read, cohort, 4, workers=workers)
    assert (tmp_path / "1.npy").read_bytes() == (tmp_path / "2.npy").read_bytes()
    assert np.load(tmp_path / "2.npy")[:, 0, 0].tolist() == [array[0, 0] for array in read(cohort)]
    assert len(list(tmp_path.iterdir())) == 2


def test_a_damaged_image_is_named_by_whichever_process_reads_it(tmp_path):
    cohort = cohort_of([np.zeros((4, 4), np.uint8)] * 600)

    def read(rows):
        for row, array in zip(rows.index, drawn(rows), strict=True):
            if row == 500:
                raise InputError("a/500.png cannot be read as an image: replace it.")
            yield array

    with pytest.raises(InputError, match=r"^a/500.png cannot be read as an image: replace it\.$"):
        write_images(tmp_path / "i.npy", read, cohort, 4, workers=2)
    assert list(tmp_path.iterdir()) == []


def test_parts_end_where_a_file_does():
    images = np.repeat(["a", "b", "c", "d"], [3, 1, 4, 2])
    assert list(parts(images, 2)) == [(0, 3), (3, 8), (8, 10)]
    assert list(parts(images, 1)) == [(0, 3), (3, 4), (4, 8), (8, 10)]
    assert list(parts(images, 100)) == [(0, 10)]
    assert list(parts(np.array([f"{i}.png" for i in range(5)]), 2)) == [(0, 2), (2, 4), (4, 5)]
