"""DICOM files of every photometric interpretation and compression, held against pydicom's own processing."""

import io
import logging
import warnings
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields
from pathlib import Path

import imagecodecs
import numpy as np
import pydicom
import pytest
from PIL import Image
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate, generate_frames
from pydicom.pixels import apply_color_lut, apply_modality_lut, apply_voi_lut, get_decoder, pixel_array
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    HTJ2KLossless,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGExtended12Bit,
    JPEGLosslessSV1,
    JPEGLSLossless,
    RLELossless,
)
from standins.dicom import write_dicom

from coldstart.cohort.dicom import is_dicom, read_dicom_frames, read_dicom_header
from coldstart.errors import InputError

BUNDLED = Path(pydicom.__file__).parent / "data" / "test_files"
SHAPE = (40, 64)


def noise(dtype=np.uint8, shape=SHAPE, low=None, high=None):
    limits = np.iinfo(dtype)
    low, high = limits.min if low is None else low, limits.max if high is None else high
    return np.random.default_rng(0).integers(low, high, shape, dtype=dtype, endpoint=True)


def read_one(path, **parameters):
    (frame,) = read_dicom_frames(path, **parameters)
    return frame


def bundled_files():
    return sorted(path for path in BUNDLED.glob("*.dcm") if is_dicom(path))


def refusal(read, path):
    """Error of reading a file, or None."""
    try:
        read(path)
    except InputError as error:
        return error
    return None


def look_up_table(first, table, bits=16):
    item = Dataset()
    item.LUTDescriptor = [len(table), first, bits]
    item.LUTData = np.asarray(table, "<u2").tobytes()
    item["LUTData"].VR = "OW"
    return [item]


@pytest.mark.parametrize(
    "syntax", [ImplicitVRLittleEndian, DeflatedExplicitVRLittleEndian, RLELossless, JPEG2000Lossless]
)
@pytest.mark.parametrize("shape", [SHAPE, (*SHAPE, 3), (4, *SHAPE), (2, *SHAPE, 3)])
def test_eight_bits_come_back_exactly_however_they_are_compressed(tmp_path, syntax, shape):
    array = noise(shape=shape)
    write_dicom(tmp_path / "image.dcm", array, transfer_syntax=syntax)
    colour = shape[-1] == 3
    frames = read_dicom_frames(tmp_path / "image.dcm")
    np.testing.assert_array_equal(frames, array.reshape(-1, *shape[-3 if colour else -2 :]))
    header = read_dicom_header(tmp_path / "image.dcm")
    assert (header.height, header.width, header.bits, header.colour) == (*SHAPE, 8, colour)
    assert header.frames == len(frames)


@pytest.mark.parametrize("name", ["RLE", "jp2klossless", "jpeg_ls_lossless", "bigendian", "implicit"])
def test_sixteen_signed_bits_are_the_same_in_every_lossless_compression(name):
    np.testing.assert_array_equal(read_one(BUNDLED / f"MR_small_{name}.dcm"), read_one(BUNDLED / "MR_small.dcm"))


def test_lossless_jpeg_colours_are_those_of_the_uncompressed_file():
    np.testing.assert_array_equal(read_one(BUNDLED / "SC_rgb_jpeg_gdcm.dcm"), read_one(BUNDLED / "SC_rgb_rle.dcm"))


@pytest.mark.parametrize("name", ["SC_rgb_dcmtk_+eb+cy+s4", "SC_rgb_jpeg_dcmtk", "SC_jpeg_no_color_transform_2"])
def test_jpeg_colours_are_those_that_pillow_decodes(name):
    frame = next(generate_frames(pydicom.dcmread(BUNDLED / f"{name}.dcm").PixelData, number_of_frames=1))
    expected = np.asarray(Image.open(io.BytesIO(frame)).convert("RGB")).astype(int)
    # Colour conversion is rounded once more.
    assert np.abs(read_one(BUNDLED / f"{name}.dcm") - expected).max() <= 2


def encapsulated(path, array, stream, syntax, **headers):
    """Write a file with a stream that was encoded elsewhere."""
    write_dicom(path, array, **headers)
    dataset = pydicom.dcmread(path)
    dataset.PixelData = encapsulate([stream])
    dataset["PixelData"].VR = "OB"
    dataset["PixelData"].is_undefined_length = True
    dataset.file_meta.TransferSyntaxUID = syntax
    dataset.save_as(path)


@pytest.mark.parametrize("syntax", [JPEGLosslessSV1, JPEGLSLossless])
@pytest.mark.parametrize("bits", [12, 16])
@pytest.mark.parametrize("dtype", [np.uint16, np.int16])
def test_deep_grey_survives_lossless_jpeg_with_and_without_a_sign(tmp_path, syntax, bits, dtype):
    half = 2 ** (bits - 1)
    array = noise(dtype, low=-half if dtype == np.int16 else 0, high=half - 1)
    words = array.view(np.uint16)
    if syntax == JPEGLSLossless:
        stream = imagecodecs.jpegls_encode(words)
    else:
        # The stream holds the stored bits alone.
        bare = words & np.uint16(2**bits - 1)
        stream = imagecodecs.jpeg8_encode(bare, lossless=True, predictor=1, bitspersample=bits)
    headers = {"BitsStored": bits, "WindowCenter": 100, "WindowWidth": 900}
    encapsulated(tmp_path / "packed.dcm", array, stream, syntax, **headers)
    write_dicom(tmp_path / "plain.dcm", array, **headers)
    np.testing.assert_array_equal(read_one(tmp_path / "packed.dcm"), read_one(tmp_path / "plain.dcm"))


def test_lossy_jpeg_of_twelve_bits(tmp_path):
    ramp = np.add.outer(np.arange(SHAPE[0]), np.arange(SHAPE[1])).astype(np.uint16) * 39
    stream = imagecodecs.jpeg8_encode(ramp, level=98, bitspersample=12)
    encapsulated(
        tmp_path / "dx.dcm", ramp, stream, JPEGExtended12Bit, BitsStored=12, WindowCenter=2048, WindowWidth=4096
    )
    np.testing.assert_allclose(read_one(tmp_path / "dx.dcm"), ramp / 4095 * 65535, atol=16 * 40)


@pytest.mark.parametrize(
    "name",
    ["SC_rgb_jpeg_gdcm", "SC_rgb_jpeg_dcmtk", "MR_small_jpeg_ls_lossless", "MR_small_jp2klossless", "JPGExtended"],
)
def test_no_damage_to_compressed_pixels_brings_the_process_down(tmp_path, name):
    whole = (BUNDLED / f"{name}.dcm").read_bytes()
    rng = np.random.default_rng(0)
    refused = 0
    for _ in range(60):
        content = bytearray(whole)
        for place in rng.integers(132, len(whole), 5):
            content[place] = rng.integers(256)
        (tmp_path / "damaged.dcm").write_bytes(content)
        refused += refusal(read_dicom_frames, tmp_path / "damaged.dcm") is not None
    assert refused


def test_jpeg_2000_is_what_another_decoder_makes_of_it():
    path = BUNDLED / "examples_jpeg2k.dcm"
    np.testing.assert_array_equal(read_one(path), pixel_array(path, decoding_plugin="pillow"))


def test_a_decoder_is_there_for_high_throughput_jpeg_2000():
    assert get_decoder(HTJ2KLossless).is_available


def test_every_picture_of_pydicom_can_be_read_as_its_header_says():
    unread = set()
    for path in bundled_files():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if "Rows" not in pydicom.dcmread(path, stop_before_pixels=True):
                continue
        if refusal(read_dicom_frames, path):
            unread.add(path.stem)
            continue
        header, frames = read_dicom_header(path), read_dicom_frames(path)
        assert len(frames) == header.frames
        for frame in frames:
            assert frame.shape == (header.height, header.width, 3)[: 2 + header.colour]
            assert frame.dtype == f"uint{header.bits}"
    assert unread == {"MR_truncated", "JPEG2000-embedded-sequence-delimiter", "badVR"}


@pytest.mark.filterwarnings("ignore:overflow encountered in exp")
@pytest.mark.parametrize("function", ["LINEAR", "LINEAR_EXACT", "SIGMOID"])
@pytest.mark.parametrize(("center", "width"), [(40, 400), (-600.5, 1500.25), (100, 1)])
@pytest.mark.parametrize("slope", [1, 0.5])
def test_windows_are_those_of_pydicom(tmp_path, function, center, width, slope):
    array = noise(np.int16, low=-1500, high=1500)
    path = tmp_path / "ct.dcm"
    window = {"WindowCenter": [center, 0], "WindowWidth": [width, 1], "VOILUTFunction": function}
    write_dicom(path, array, RescaleSlope=slope, RescaleIntercept=-100, **window)
    dataset = pydicom.dcmread(path)
    expected = apply_voi_lut(apply_modality_lut(array, dataset), dataset)
    low, high = -(2**15) * slope - 100, (2**15 - 1) * slope - 100
    expected = np.clip((expected - low) / (high - low), 0, 1) * 65535
    np.testing.assert_allclose(read_one(path), expected, atol=1.01)


def test_tables_are_those_of_pydicom(tmp_path):
    array = noise(np.uint16, high=300)
    path = tmp_path / "dx.dcm"
    modality = look_up_table(10, np.arange(256) ** 2 // 100)
    interest = look_up_table(20, np.sqrt(np.arange(600)) * 160, bits=12)
    # The window is there, too: a table comes first.
    write_dicom(
        path, array, ModalityLUTSequence=modality, VOILUTSequence=interest, WindowCenter=5, WindowWidth=9, BitsStored=12
    )
    dataset = pydicom.dcmread(path)
    expected = apply_voi_lut(apply_modality_lut(array, dataset), dataset)
    assert len(np.unique(expected)) > 100
    np.testing.assert_array_equal(read_one(path), np.rint(expected / 4095 * 65535))


def test_a_table_of_eight_bits_may_have_more_than_256_entries(tmp_path):
    array = np.arange(2560, dtype=np.uint16).reshape(SHAPE)
    table = np.arange(2560) * 255 // 2559
    write_dicom(tmp_path / "dx.dcm", array, VOILUTSequence=look_up_table(0, table, bits=8), BitsStored=12)
    np.testing.assert_array_equal(read_one(tmp_path / "dx.dcm"), table.reshape(SHAPE) * 257)


def test_monochrome1_is_inverted(tmp_path):
    for dtype in (np.uint8, np.uint16):
        for name in ("MONOCHROME1", "MONOCHROME2"):
            array = noise(dtype, high=4000 if dtype == np.uint16 else None)
            window = {} if dtype == np.uint8 else {"WindowCenter": 2000, "WindowWidth": 3000}
            write_dicom(tmp_path / name, array, PhotometricInterpretation=name, **window)
        difference = read_one(tmp_path / "MONOCHROME1").astype(int) + read_one(tmp_path / "MONOCHROME2")
        assert abs(difference - np.iinfo(dtype).max).max() <= 1


def test_without_a_window_deep_grey_goes_by_percentiles_and_so_does_all_if_asked_for(tmp_path):
    deep, shallow = noise(np.uint16, low=1000, high=3000), noise(low=50, high=200)
    write_dicom(tmp_path / "deep.dcm", deep, BitsStored=12)
    write_dicom(tmp_path / "shallow.dcm", shallow, WindowCenter=120, WindowWidth=51)
    for path, array, deepest in ((tmp_path / "deep.dcm", deep, 65535), (tmp_path / "shallow.dcm", shallow, 255)):
        low, high = np.percentile(array, [0.5, 99.5])
        expected = np.clip((array - low) / (high - low), 0, 1) * deepest
        np.testing.assert_allclose(read_one(path, window="percentiles"), expected, atol=0.51)
    by_itself, asked_for = read_one(tmp_path / "deep.dcm"), read_one(tmp_path / "deep.dcm", window="percentiles")
    np.testing.assert_array_equal(by_itself, asked_for)
    windowed = np.clip((shallow - 119.5) / 50 + 0.5, 0, 1) * 255
    np.testing.assert_allclose(read_one(tmp_path / "shallow.dcm"), windowed, atol=0.51)
    with pytest.raises(InputError, match=r"dataset\.window is 'lung', it must be file or percentiles"):
        read_dicom_frames(tmp_path / "deep.dcm", window="lung")


@pytest.mark.parametrize(("vr", "value"), [("SS", -2000), ("US", 63536)])
def test_padding_is_black_and_does_not_count(tmp_path, vr, value):
    array = noise(np.int16, low=0, high=1000)
    array[:5] = -2000
    write_dicom(tmp_path / "ct.dcm", array, PhotometricInterpretation="MONOCHROME1")
    dataset = pydicom.dcmread(tmp_path / "ct.dcm")
    # Some scanners write it without its sign.
    dataset.add_new("PixelPaddingValue", vr, value)
    dataset.save_as(tmp_path / "ct.dcm")
    frame = read_one(tmp_path / "ct.dcm")
    assert (frame[:5] == 0).all()
    low, high = np.percentile(array[5:], [0.5, 99.5])
    expected = 1 - np.clip((array[5:] - low) / (high - low), 0, 1)
    np.testing.assert_allclose(frame[5:], expected * 65535, atol=0.51)


def test_bits_beyond_those_stored_are_no_part_of_the_picture(tmp_path):
    for array, headers in ((noise(np.uint16, high=4095), {}), (noise(np.int16, low=-2048, high=2047), {})):
        write_dicom(tmp_path / "plain.dcm", array, BitsStored=12, **headers)
        overlaid = (array.astype(np.uint16) & 0x0FFF | 0x5000).astype(array.dtype)
        write_dicom(tmp_path / "overlaid.dcm", overlaid, BitsStored=12, **headers)
        np.testing.assert_array_equal(read_one(tmp_path / "overlaid.dcm"), read_one(tmp_path / "plain.dcm"))


def test_a_constant_image_is_black(tmp_path):
    write_dicom(tmp_path / "image.dcm", np.full(SHAPE, 700, np.uint16))
    assert not read_one(tmp_path / "image.dcm").any()


def test_palettes_give_their_colours():
    path = BUNDLED / "examples_palette.dcm"
    dataset = pydicom.dcmread(path)
    expected = apply_color_lut(dataset.pixel_array, dataset)
    assert expected.dtype == np.uint16
    np.testing.assert_array_equal(read_one(path), expected >> 8)


@pytest.mark.parametrize("name", ["examples_ybr_color", "SC_ybr_full_422_uncompressed"])
def test_luma_and_chroma_become_red_green_and_blue(name):
    path = BUNDLED / f"{name}.dcm"
    raw = pixel_array(path, index=0, raw=True).astype(float)
    y, blue, red = raw[..., 0], raw[..., 1] - 128, raw[..., 2] - 128
    # ITU-T T.871, section 7.
    expected = np.stack([y + 1.402 * red, y - 0.344136 * blue - 0.714136 * red, y + 1.772 * blue], axis=2)
    np.testing.assert_allclose(read_dicom_frames(path, [0])[0], np.clip(expected, 0, 255), atol=1)


def test_frames_are_read_by_their_numbers(tmp_path):
    array = noise(shape=(6, *SHAPE))
    write_dicom(tmp_path / "loop.dcm", array, transfer_syntax=RLELossless)
    np.testing.assert_array_equal(read_dicom_frames(tmp_path / "loop.dcm", [4, 1]), array[[4, 1]])
    assert read_dicom_frames(tmp_path / "loop.dcm", []) == []
    for missing in ([6], [-1]):
        with pytest.raises(InputError, match="has 6 frames"):
            read_dicom_frames(tmp_path / "loop.dcm", missing)


def test_each_frame_of_an_enhanced_file_has_its_own_window(tmp_path):
    array = noise(np.uint16, (3, *SHAPE), high=2000)

    def group(keyword, **headers):
        item, outer = Dataset(), Dataset()
        item.update(headers)
        setattr(outer, keyword, [item])
        return outer

    windows = [(500, 400), (1000, 900), (1500, 300)]
    shared = group("PixelValueTransformationSequence", RescaleSlope=2, RescaleIntercept=-50)
    shared.update(group("PixelMeasuresSequence", PixelSpacing=[0.7, 0.9]))
    write_dicom(
        tmp_path / "mr.dcm",
        array,
        PixelSpacing=None,
        SharedFunctionalGroupsSequence=[shared],
        PerFrameFunctionalGroupsSequence=[
            group("FrameVOILUTSequence", WindowCenter=center, WindowWidth=width) for center, width in windows
        ],
    )
    for frame, stored, (center, width) in zip(read_dicom_frames(tmp_path / "mr.dcm"), array, windows, strict=True):
        expected = np.clip((stored * 2.0 - 50 - (center - 0.5)) / (width - 1) + 0.5, 0, 1)
        np.testing.assert_allclose(frame, expected * 65535, atol=0.51)
    header = read_dicom_header(tmp_path / "mr.dcm")
    assert (header.spacing_y, header.spacing_x) == (0.7, 0.9)


def test_a_header_says_what_helps_and_keeps_the_rest_to_itself(tmp_path):
    planted = write_dicom(tmp_path / "image.dcm", noise(np.uint16), BitsStored=12)
    header = read_dicom_header(tmp_path / "image.dcm")
    assert (header.height, header.width, header.bits, header.colour, header.frames) == (*SHAPE, 16, False, 1)
    assert (header.spacing_y, header.spacing_x) == (0.5, 0.25)
    assert (header.sex, header.age, header.view, header.scanner) == ("F", 71, "PA", "Coldstart Phantom 3")
    assert header.identity == "MRN-77319542"
    assert {"Quillfeather", "Wilhelmina", "19470813", "ACC-20190611-5531"} <= set(header.names)
    dataset = pydicom.dcmread(tmp_path / "image.dcm")
    assert {dataset.StudyInstanceUID, dataset.SeriesInstanceUID, dataset.SOPInstanceUID} <= set(header.names)
    assert header.series == dataset.SeriesInstanceUID
    told = repr(header) + "".join(
        repr(getattr(header, field.name))
        for field in fields(header)
        if field.name not in ("identity", "names", "series")
    )
    assert not [secret for secret in planted if secret in told]


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"PatientID": "  A 1 "}, "A 1"),
        ({"PatientID": None}, "name:Quillfeather Wilhelmina Zdenka:19470813"),
        ({"PatientID": "ANONYMOUS"}, "name:Quillfeather Wilhelmina Zdenka:19470813"),
        ({"PatientID": "0000", "PatientName": "Anonymized^^"}, "study:1.2.3"),
        ({"PatientID": "", "PatientName": None, "StudyInstanceUID": None}, None),
        ({"PatientID": "ANON0017"}, "ANON0017"),
        ({"PatientID": "10"}, "10"),
    ],
)
def test_a_removed_id_is_nobodys(tmp_path, headers, expected):
    write_dicom(tmp_path / "image.dcm", noise(), **{"StudyInstanceUID": "1.2.3", **headers})
    assert read_dicom_header(tmp_path / "image.dcm").identity == expected


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"PatientAge": "018M"}, 1),
        ({"PatientAge": "003D"}, 0),
        ({"PatientAge": "104W"}, 1),
        ({"PatientAge": "097Y"}, 90),
        ({"PatientAge": None}, 71),
        ({"PatientAge": "old", "StudyDate": "20190813"}, 72),
        ({"PatientAge": None, "StudyDate": "20190812"}, 71),
        ({"PatientAge": None, "StudyDate": None}, None),
        ({"PatientAge": None, "StudyDate": "19000101"}, None),
    ],
)
def test_ages_are_completed_years(tmp_path, headers, expected):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        write_dicom(tmp_path / "image.dcm", noise(), **headers)
    assert read_dicom_header(tmp_path / "image.dcm").age == expected


def test_what_a_header_lacks_or_gets_wrong_is_missing(tmp_path):
    missing = dict.fromkeys(("PatientSex", "PatientAge", "PatientBirthDate", "ViewPosition", "Manufacturer"))
    write_dicom(tmp_path / "image.dcm", noise(), **missing, ManufacturerModelName=None, PixelSpacing=[0, 1])
    header = read_dicom_header(tmp_path / "image.dcm")
    assert (header.sex, header.age, header.view, header.scanner) == (None, None, None, None)
    assert np.isnan([header.spacing_y, header.spacing_x]).all()
    write_dicom(tmp_path / "image.dcm", noise(), PixelSpacing=None, ImagerPixelSpacing=[0.1, 0.2])
    header = read_dicom_header(tmp_path / "image.dcm")
    assert (header.spacing_y, header.spacing_x) == (0.1, 0.2)


def spoiled(path, **headers):
    """Write a file in which what is said of the patient is not as it should be either."""
    planted = write_dicom(path, noise(), **headers)
    content = path.read_bytes()
    for old, new in (
        (b"19470813", b"Quillfea"),
        (b"071Y", b"Quil"),
        (b"0.5\\0.25", b"Quillfea"),
        (b"ISO_IR 192", b"Featherst "),
    ):
        assert old in content
        content = content.replace(old, new)
    path.write_bytes(content)
    return (*planted, "Quillfea", "Quil", "Featherst")


def test_nothing_of_a_malformed_header_is_ever_said(tmp_path, caplog, capfd):
    path = tmp_path / "image.dcm"
    secrets = spoiled(path)
    with warnings.catch_warnings(record=True) as warned, caplog.at_level(logging.DEBUG):
        warnings.simplefilter("always")
        before = list(warnings.filters)
        header = read_dicom_header(path)
        with ThreadPoolExecutor(4) as pool:
            frames = list(pool.map(read_dicom_frames, [path] * 20))
        assert warnings.filters == before
    np.testing.assert_array_equal(frames[0][0], noise())
    assert header.age is None
    said = caplog.text + "".join(str(warning.message) for warning in warned) + "".join(capfd.readouterr())
    assert not [secret for secret in secrets if secret in said]


def test_nothing_of_a_header_is_in_an_error(tmp_path):
    path = tmp_path / "image.dcm"
    secrets = spoiled(path)
    whole = path.read_bytes()
    refused = 0
    for kept in np.linspace(0, len(whole) - 1, 60).astype(int):
        path.write_bytes(whole[:kept])
        for read in (read_dicom_header, read_dicom_frames):
            error = refusal(read, path)
            if error:
                refused += 1
                assert str(path) in str(error)
                assert not [secret for secret in secrets if secret in str(error)]
                assert error.__context__ is None
                assert error.__cause__ is None
    assert refused > 80


def test_what_holds_no_picture_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"test-SR\.dcm is a DICOM file without pixels"):
        read_dicom_header(BUNDLED / "test-SR.dcm")
    with pytest.raises(InputError, match=r"MR_truncated\.dcm cannot be decoded \(Explicit VR Little Endian\)"):
        read_dicom_frames(BUNDLED / "MR_truncated.dcm")
    write_dicom(tmp_path / "huge.dcm", noise(), Rows=40000, Columns=40000)
    with pytest.raises(InputError, match=r"huge\.dcm promises 40000 x 40000 pixels"):
        read_dicom_frames(tmp_path / "huge.dcm")
    write_dicom(tmp_path / "odd.dcm", noise(), SamplesPerPixel=4)
    with pytest.raises(InputError, match=r"odd\.dcm has 4 channels"):
        read_dicom_header(tmp_path / "odd.dcm")


def test_dicom_is_known_by_its_magic(tmp_path):
    write_dicom(tmp_path / "no extension", noise())
    assert is_dicom(tmp_path / "no extension")
    (tmp_path / "text.dcm").write_text("DICM")
    assert not is_dicom(tmp_path / "text.dcm")
