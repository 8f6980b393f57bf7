"""Image files of every depth and mode; damaged ones are refused."""

import struct
import zlib

import cv2
import numpy as np
import pytest
from PIL import Image

from coldstart.cohort.files import Header, check_mask, in_order, inside, read_header, read_mask, read_pixels
from coldstart.errors import InputError

SHAPE = (24, 36)


def noise(channels=1, dtype=np.uint8, seed=0):
    shape = SHAPE if channels == 1 else (*SHAPE, channels)
    return np.random.default_rng(seed).integers(0, np.iinfo(dtype).max, shape, dtype=dtype, endpoint=True)


def save_pillow(path, array, mode=None):
    image = Image.fromarray(array)
    (image.convert(mode) if mode else image).save(path)
    return path


def save_deep(path, array):
    """16-bit colour: OpenCV writes blue first."""
    order = [2, 1, 0, 3][: array.shape[2]]
    cv2.imwrite(str(path), array[..., order])
    return path


def grey_alpha_16(path, array):
    """A PNG of grey and alpha with 16 bits, chunk by chunk: nothing at hand writes one."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    height, width = array.shape[:2]
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in array)
    header = struct.pack(">IIBBBBB", width, height, 16, 4, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + body)
    return path


@pytest.mark.parametrize("extension", ["png", "tiff"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_lossless_files_come_back_exactly(tmp_path, extension, dtype, channels):
    array = noise(channels, dtype)
    path = tmp_path / f"image.{extension}"
    deep_colour = dtype == np.uint16 and channels > 1
    (save_deep if deep_colour else save_pillow)(path, array)
    assert read_header(path) == Header(*SHAPE, 8 * array.itemsize, colour=channels > 1)
    pixels = read_pixels(path)
    assert pixels.dtype == dtype
    np.testing.assert_array_equal(pixels, array if channels == 1 else array[..., :3])


@pytest.mark.parametrize("extension", ["png", "tiff"])
def test_grey_with_alpha_is_grey(tmp_path, extension):
    array = noise(2)
    path = save_pillow(tmp_path / f"image.{extension}", array)
    np.testing.assert_array_equal(read_pixels(path), array[..., 0])


def test_grey_with_alpha_of_16_bits(tmp_path):
    array = noise(2, np.uint16)
    path = grey_alpha_16(tmp_path / "image.png", array)
    assert read_header(path) == Header(*SHAPE, 16, colour=True)
    np.testing.assert_array_equal(read_pixels(path), np.repeat(array[..., :1], 3, axis=2))


@pytest.mark.parametrize(("mode", "colour"), [("1", False), ("L", False), ("LA", True), ("P", True), ("RGBA", True)])
def test_colour_is_said_of_the_file_and_not_of_what_is_read(tmp_path, mode, colour):
    path = save_pillow(tmp_path / "image.png", noise(), mode)
    assert read_header(path).colour is colour


def test_a_palette_gives_its_colours(tmp_path):
    image = Image.fromarray(np.tile(np.array([0, 1], np.uint8), (4, 2)))
    image.putpalette([0, 0, 0, 10, 20, 30])
    image.save(tmp_path / "image.png")
    pixels = read_pixels(tmp_path / "image.png")
    np.testing.assert_array_equal(pixels[0, 1], [10, 20, 30])


def test_one_bit_images_are_black_and_white(tmp_path):
    path = save_pillow(tmp_path / "image.png", noise() > 127)
    np.testing.assert_array_equal(read_pixels(path), (noise() > 127) * np.uint8(255))


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
def test_jpeg(tmp_path, mode):
    flat = np.full((*SHAPE, 3), 90, np.uint8)
    path = save_pillow(tmp_path / "image.jpg", flat, mode)
    pixels = read_pixels(path)
    assert pixels.shape == (SHAPE if mode == "L" else (*SHAPE, 3))
    assert abs(int(pixels.mean()) - 90) <= 3


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.tiff", "deep.png", "deep.tiff"])
@pytest.mark.parametrize("kept", [0.5, 0.9, 0.0])
def test_a_file_cut_short_is_refused_by_name(tmp_path, name, kept):
    path = tmp_path / name
    if name.startswith("deep"):
        save_deep(path, noise(3, np.uint16))
    else:
        save_pillow(path, noise())
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * kept)])
    with pytest.raises(InputError, match=name):
        read_pixels(path)


def test_what_is_no_image_is_refused(tmp_path):
    path = tmp_path / "notes.png"
    path.write_text("not an image")
    for read in (read_header, read_pixels):
        with pytest.raises(InputError, match=r"notes\.png cannot be read as an image"):
            read(path)


def test_floating_point_and_many_pages_are_refused(tmp_path):
    save_pillow(tmp_path / "float.tiff", np.zeros(SHAPE, np.float32))
    with pytest.raises(InputError, match="floating-point"):
        read_header(tmp_path / "float.tiff")
    page = Image.fromarray(noise())
    page.save(tmp_path / "pages.tiff", save_all=True, append_images=[page])
    with pytest.raises(InputError, match="holds 2 images"):
        read_header(tmp_path / "pages.tiff")


def test_values_beyond_16_bits_are_refused(tmp_path):
    path = save_pillow(tmp_path / "wide.tiff", np.full(SHAPE, 70000, np.int32))
    with pytest.raises(InputError, match="outside 0 to 65535"):
        read_pixels(path)
    path = save_pillow(tmp_path / "fits.tiff", np.full(SHAPE, 60000, np.int32))
    assert read_pixels(path).dtype == np.uint16


def test_any_value_in_a_mask_is_foreground_but_alpha_is_not(tmp_path):
    colour = np.zeros((*SHAPE, 4), np.uint8)
    colour[..., 3] = 255
    colour[2, 3, 1] = 1
    path = save_pillow(tmp_path / "mask.png", colour)
    mask = read_mask(path, Header(*SHAPE, 8))
    assert mask.dtype == np.uint8
    assert mask.sum() == mask[2, 3] == 1


def test_a_smaller_mask_of_the_same_shape_is_enlarged(tmp_path):
    small = np.zeros((SHAPE[0] // 2, SHAPE[1] // 2), np.uint8)
    small[3, 4] = 255
    path = save_pillow(tmp_path / "mask.png", small)
    header = Header(*SHAPE, 8)
    check_mask(path, header)
    mask = read_mask(path, header)
    assert mask[6:8, 8:10].all()
    assert mask.sum() == 4


def test_a_mask_of_another_aspect_or_in_jpeg_is_refused(tmp_path):
    path = save_pillow(tmp_path / "mask.png", np.zeros((24, 30), np.uint8))
    with pytest.raises(InputError, match=r"mask\.png is 24 x 30 pixels, but its image is 24 x 36"):
        check_mask(path, Header(*SHAPE, 8))
    path = save_pillow(tmp_path / "mask.jpg", np.zeros(SHAPE, np.uint8))
    with pytest.raises(InputError, match="save it as PNG"):
        check_mask(path, Header(*SHAPE, 8))


def test_paths_stay_below_the_root(tmp_path):
    root = tmp_path / "root"
    (root / "sub").mkdir(parents=True)
    outside = tmp_path / "secret.png"
    outside.touch()
    (root / "sub" / "fine.png").touch()
    (root / "link.png").symlink_to(outside)
    (root / "inner.png").symlink_to(root / "sub" / "fine.png")
    assert inside(root, "sub/fine.png", "row 1").is_file()
    assert inside(root, "inner.png", "row 1").is_file()
    for path in ("../secret.png", str(outside), "link.png", "sub/../../secret.png"):
        with pytest.raises(InputError, match=r"row 1: the path .* leaves the data root"):
            inside(root, path, "row 1")
    for path in ("sub/absent.png", "sub"):
        with pytest.raises(InputError, match=r"row 1: the file .* does not exist"):
            inside(root, path, "row 1")


def test_threads_keep_the_order_and_pass_errors_on():
    assert list(in_order(lambda value: value * 2, range(100))) == list(range(0, 200, 2))

    def fail_at_30(value):
        if value == 30:
            raise InputError("thirty")
        return value

    results = in_order(fail_at_30, range(100))
    assert [next(results) for _ in range(30)] == list(range(30))
    with pytest.raises(InputError, match="thirty"):
        next(results)
