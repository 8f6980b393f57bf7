"""Maps are packed without loss, and read one by one."""

import numpy as np
import pytest

from coldstart.errors import DamagedFile
from coldstart.probability_maps import read_maps, write_maps


def smooth(n, side, seed=0):
    """Maps as networks give them: smooth, with fine noise, certain in most places."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:side, :side] / side
    centre = rng.random((n, 2, 1, 1))
    distance = np.hypot(y - centre[:, 0], x - centre[:, 1])
    logits = 20 * (0.2 - distance) + 0.05 * rng.normal(size=(n, side, side))
    return (1 / (1 + np.exp(-logits))).astype(np.float16)


def test_every_half_precision_number_of_the_unit_interval_comes_back(tmp_path):
    bits = np.arange(np.float16(1).view(np.uint16) + 1, dtype=np.uint16)
    every = np.resize(bits.view(np.float16), (2, 96, 96))
    assert set(bits) == set(every.view(np.uint16).ravel())
    shuffled = np.random.default_rng(0).permutation(every.ravel()).reshape(every.shape)
    for maps in (every, shuffled):
        write_maps(tmp_path / "maps.npz", maps)
        found = read_maps(tmp_path / "maps.npz")
        assert found.dtype == np.float16
        np.testing.assert_array_equal(found.view(np.uint16), maps.view(np.uint16))


@pytest.mark.parametrize("rows", [[4, 0, 0], [], [2], slice(1, 3), slice(None)])
def test_rows_are_read_in_the_order_they_are_asked_for(tmp_path, rows):
    maps = smooth(5, 24)
    write_maps(tmp_path / "maps.npz", maps)
    np.testing.assert_array_equal(read_maps(tmp_path / "maps.npz", rows), maps[rows])


def test_no_map_at_all_is_a_file_too(tmp_path):
    write_maps(tmp_path / "maps.npz", np.empty((0, 8, 8), np.float16))
    assert read_maps(tmp_path / "maps.npz").shape == (0, 8, 8)


def test_the_same_maps_are_the_same_bytes_whatever_their_layout(tmp_path):
    maps = smooth(3, 24)
    write_maps(tmp_path / "a.npz", maps)
    write_maps(tmp_path / "b.npz", np.asfortranarray(maps))
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


def test_they_take_less_than_numpy_compresses_them_to(tmp_path):
    maps = smooth(4, 128)
    write_maps(tmp_path / "ours.npz", maps)
    np.savez_compressed(tmp_path / "numpys.npz", maps=maps)
    ours, numpys = ((tmp_path / name).stat().st_size for name in ("ours.npz", "numpys.npz"))
    assert ours < 0.75 * numpys


@pytest.mark.parametrize("share", [0, 0.3, 0.99])
def test_a_file_cut_short_is_one_sentence(tmp_path, share):
    path = tmp_path / "maps.npz"
    write_maps(path, smooth(3, 24))
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    with pytest.raises(DamagedFile, match=r"maps\.npz cannot be read .*delete it and run the same command again"):
        read_maps(path)
