"""Single images as readers are given them."""

import cv2
import numpy as np
from PIL import Image
from pydicom.uid import JPEG2000Lossless, RLELossless
from standins.dicom import write_dicom

from coldstart.cohort.dicom import read_dicom_frames, read_dicom_header
from coldstart.cohort.files import Header, check_mask, read_header, read_pixels
from coldstart.cohort.files import read_mask as read_mask_of

SHAPE = (24, 32)


def noise(shape=SHAPE, dtype=np.uint8, seed=0):
    """Random pixels."""
    return np.random.default_rng(seed).integers(0, np.iinfo(dtype).max, shape, dtype=dtype, endpoint=True)


def pngs(folder):
    """PNG of every kind: grey, deep, colour, deep colour, palette, with alpha, one bit, with text."""
    colour, found = noise((*SHAPE, 3)), {}
    found["grey"], found["deep"], found["colour"] = noise(), noise(dtype=np.uint16), colour
    for name, pixels in found.items():
        Image.fromarray(pixels).save(folder / f"{name}.png")
    cv2.imwrite(str(folder / "deep_colour.png"), noise((*SHAPE, 3), np.uint16))
    Image.fromarray(colour).convert("P").save(folder / "palette.png")
    Image.fromarray(noise((*SHAPE, 4))).save(folder / "alpha.png")
    Image.fromarray(noise()).convert("1").save(folder / "bit.png")
    return sorted(folder.glob("*.png"))


def jpegs(folder):
    """JPEG, grey, colour and progressive."""
    Image.fromarray(noise()).save(folder / "grey.jpg")
    Image.fromarray(noise((*SHAPE, 3))).save(folder / "colour.jpg", progressive=True)
    return sorted(folder.glob("*.jpg"))


def tiffs(folder):
    """TIFF, plain and compressed, and BMP."""
    Image.fromarray(noise()).save(folder / "plain.tif")
    Image.fromarray(noise(dtype=np.uint16)).save(folder / "deep.tif")
    Image.fromarray(noise((*SHAPE, 3))).save(folder / "lzw.tif", compression="tiff_lzw")
    cv2.imwrite(str(folder / "deep_colour.tif"), noise((*SHAPE, 3), np.uint16))
    Image.fromarray(noise((*SHAPE, 3))).save(folder / "colour.bmp")
    return sorted(folder.iterdir())


def read(folder, path):
    """Read header and pixels, which must agree."""
    header, pixels = read_header(path), read_pixels(path)
    assert pixels.shape[:2] == (header.height, header.width)
    assert pixels.dtype == {8: np.uint8, 16: np.uint16}[header.bits]
    assert pixels.ndim == 2 or pixels.shape[2:] == (3,)


def masks(folder):
    """Masks of an image of 24 x 32 pixels."""
    mask = np.zeros(SHAPE, np.uint8)
    mask[4:9, 5:20] = 255
    Image.fromarray(mask).save(folder / "mask.png")
    Image.fromarray(mask).resize((64, 48)).save(folder / "large.png")
    Image.fromarray(mask).save(folder / "mask.tif")
    return sorted(folder.iterdir())


def read_mask(folder, path):
    """Read a mask by its image's header."""
    header = Header(*SHAPE, 8)
    check_mask(path, header)
    found = read_mask_of(path, header)
    assert found.shape == SHAPE
    assert found.dtype == np.uint8
    assert found.max() <= 1


def dicoms(folder):
    """DICOM: plain, several frames, signed with a rescale, colour, RLE, JPEG 2000, and implicit."""
    write_dicom(folder / "plain.dcm", noise(dtype=np.uint16), WindowCenter=30_000, WindowWidth=10_000)
    write_dicom(folder / "frames.dcm", noise((3, *SHAPE)))
    signed = noise(dtype=np.uint16).astype(np.int16)
    write_dicom(folder / "signed.dcm", signed, RescaleSlope=2, RescaleIntercept=-5, PixelPaddingValue=-2000)
    write_dicom(folder / "colour.dcm", noise((*SHAPE, 3)))
    write_dicom(folder / "rle.dcm", noise(), transfer_syntax=RLELossless)
    write_dicom(folder / "jpeg2000.dcm", noise((40, 64), np.uint16), transfer_syntax=JPEG2000Lossless)
    return sorted(folder.glob("*.dcm"))


def read_dicom(folder, path):
    """Read header and frames, which must agree."""
    header = read_dicom_header(path)
    frames = read_dicom_frames(path, range(min(header.frames, 4)))
    for frame in frames:
        assert frame.shape[:2] == (header.height, header.width)
        assert frame.dtype == {8: np.uint8, 16: np.uint16}[header.bits]
        assert (frame.ndim == 3) == header.colour
