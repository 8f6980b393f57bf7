"""The Montgomery set: two masks united, labels from names, readings where they can be read."""

import numpy as np
import pytest
from PIL import Image
from standins import write_montgomery
from standins.xray import xrays

from coldstart.cohort import montgomery
from coldstart.cohort.assemble import assemble
from coldstart.errors import InputError

FOLDERS = ("CXR_png", "ManualMask/leftMask", "ManualMask/rightMask")
ANY = {"counts": "any"}


def add(root, name, image=((9, 8), (7, 6)), left=((1, 0), (0, 0)), right=((0, 0), (1, 1)), reading=None):
    """One image of some pixels with its masks, and a reading if there is one."""
    planes = (np.array(image, np.uint8), np.array(left, bool), np.array(right, np.uint8) * 255)
    for folder, plane in zip(FOLDERS, planes, strict=True):
        (root / folder).mkdir(parents=True, exist_ok=True)
        Image.fromarray(plane).save(root / folder / f"{name}.png")
    if reading is not None:
        (root / "ClinicalReadings").mkdir(exist_ok=True)
        (root / "ClinicalReadings" / f"{name}.txt").write_bytes(reading.encode("latin-1"))


@pytest.mark.parametrize(
    ("lungs", "expected"),
    [("both", [[1, 0], [1, 1]]), ("left", [[1, 0], [0, 0]]), ("right", [[0, 0], [1, 1]])],
)
def test_the_mask_is_the_union_of_the_two_or_one_of_them(tmp_path, lungs, expected):
    add(tmp_path, "MCUCXR_0001_0")
    given = {"root": str(tmp_path), "lungs": lungs, **ANY}
    (mask,) = montgomery.masks(montgomery.build(**given), **given)
    assert mask.dtype == np.uint8
    np.testing.assert_array_equal(mask, expected)


def test_masks_that_overlap_stay_one(tmp_path):
    add(tmp_path, "MCUCXR_0001_0", left=((1, 1), (0, 0)), right=((0, 1), (0, 1)))
    (mask,) = montgomery.masks(montgomery.build(root=str(tmp_path), **ANY), root=str(tmp_path))
    np.testing.assert_array_equal(mask, [[1, 1], [0, 1]])


def test_only_the_masks_that_are_asked_for_must_be_there(tmp_path):
    add(tmp_path, "MCUCXR_0001_0")
    add(tmp_path, "MCUCXR_0002_0")
    (tmp_path / "ManualMask/rightMask/MCUCXR_0002_0.png").unlink()
    assert len(montgomery.build(root=str(tmp_path), lungs="left", **ANY)) == 2
    with pytest.raises(
        InputError, match=r"1 of the 4 masks are not below .* \(ManualMask/rightMask/MCUCXR_0002_0\.png\)"
    ):
        montgomery.build(root=str(tmp_path), **ANY)


def test_rows_labels_spacing_and_readings(tmp_path):
    add(tmp_path, "MCUCXR_0104_1", reading="Patient's Sex: M \nPatient's Age: 084Y\nscarring \xb0\n")
    add(tmp_path, "MCUCXR_0001_0", reading="Patient's Sex: F\r\nPatient's Age: 027Y\r\nnormal")
    add(tmp_path, "MCUCXR_0080_0", reading="Patient's Sex: O\nPatient's Age: 005Y\nnormal")
    add(tmp_path, "MCUCXR_0081_0", reading="no demographics")
    add(tmp_path, "MCUCXR_0082_0")
    cohort = montgomery.build(root=str(tmp_path), **ANY)
    assert cohort["sample_id"].tolist() == [
        f"MCUCXR_{end}" for end in ("0001_0", "0080_0", "0081_0", "0082_0", "0104_1")
    ]
    assert cohort["image"][0] == "CXR_png/MCUCXR_0001_0.png"
    assert cohort["label"].tolist() == [0, 0, 0, 0, 1]
    assert cohort["sex"].fillna("-").tolist() == ["F", "O", "-", "-", "M"]
    np.testing.assert_array_equal(cohort["age"], [27, 5, np.nan, np.nan, 84])
    assert (cohort[["spacing_y", "spacing_x"]] == 0.0875).all(axis=None)
    assert (montgomery.build(root=str(tmp_path), spacing=0.5, **ANY)["spacing_x"] == 0.5).all()
    np.testing.assert_array_equal(next(montgomery.images(cohort, root=str(tmp_path))), [[9, 8], [7, 6]])


def test_images_of_one_patient_by_their_readings_have_one_patient(tmp_path):
    readings = {
        "0113_1": "stable",
        "0117_1": "stable CXR since 6M (same pt as MCUCXR_0113_1)",
        "0162_1": "Patient's Age: 049Y",
        "0166_1": "NO REPORT (same pt as MCUCXR_0162_1)",
        "0170_1": "Same pt as\nMCUCXR_0166_1",
        # Each names the other, and one names an image that is not here.
        "0200_0": "same pt as MCUCXR_0201_0",
        "0201_0": "same pt as MCUCXR_0200_0",
        "0300_0": "same pt as MCUCXR_0009_1",
        "0301_0": "same pt as MCUCXR_0009_1",
        "0302_0": "normal",
    }
    for name, reading in readings.items():
        add(tmp_path, f"MCUCXR_{name}", reading=reading)
    cohort = montgomery.build(root=str(tmp_path), **ANY)
    expected = ["0113", "0113", "0162", "0162", "0162", "0200", "0200", "0009", "0009", "0302"]
    assert cohort["patient_id"].tolist() == [f"MCUCXR_{number}" for number in expected]


def test_another_number_of_images_is_refused_by_what_differs(tmp_path):
    for i in range(137):
        add(tmp_path, f"MCUCXR_{i:04d}_{int(i >= 80)}")
    with pytest.raises(InputError) as caught:
        montgomery.build(root=str(tmp_path))
    text = str(caught.value)
    assert "137 images where 138 are published (-1)" in text
    assert "57 images with tuberculosis where 58 are published (-1)" in text
    assert "normal images" not in text
    assert "MCUCXR_0000_0.png has 2 x 2 pixels where 4020 x 4892 or 4892 x 4020 are published" in text
    assert text.count("has 2 x 2 pixels") == 1
    assert "dataset.counts to 'any'" in text
    assert len(montgomery.build(root=str(tmp_path), **ANY)) == 137


def test_the_published_numbers_and_sizes_pass(tmp_path, monkeypatch):
    # The size of the files is what the headers say: small ones stand for it.
    monkeypatch.setattr(montgomery, "PUBLISHED_SIZES", ((2, 2),))
    for i in range(138):
        add(tmp_path, f"MCUCXR_{i:04d}_{int(i >= 80)}")
    assert montgomery.build(root=str(tmp_path))["label"].value_counts().to_dict() == {0: 80, 1: 58}
    (tmp_path / "CXR_png/MCUCXR_0000_0.png").rename(tmp_path / "CXR_png/MCUCXR_0000_1.png")
    for folder in FOLDERS[1:]:
        (tmp_path / folder / "MCUCXR_0000_0.png").rename(tmp_path / folder / "MCUCXR_0000_1.png")
    with pytest.raises(InputError, match=r"79 normal images where 80 .*\(-1\); 59 images with tub.* 58 .*\(\+1\)"):
        montgomery.build(root=str(tmp_path))


def test_files_of_other_names_are_refused_and_hidden_ones_passed_over(tmp_path):
    add(tmp_path, "MCUCXR_0001_0")
    (tmp_path / "CXR_png/._MCUCXR_0001_0.png").write_bytes(b"left by a file system")
    assert len(montgomery.build(root=str(tmp_path), **ANY)) == 1
    (tmp_path / "CXR_png/CHNCXR_0001_0.png").write_bytes(b"")
    with pytest.raises(InputError, match=r"CXR_png holds CHNCXR_0001_0\.png, but images are called MCUCXR_"):
        montgomery.build(root=str(tmp_path), **ANY)


def test_what_is_missing_or_wrong_is_named(tmp_path):
    with pytest.raises(InputError, match=r"there are no images in .*CXR_png: give the folder that holds CXR_png"):
        montgomery.build(root=str(tmp_path))
    add(tmp_path, "MCUCXR_0001_0", left=((1, 0, 0), (0, 0, 0), (0, 0, 0), (0, 0, 0), (0, 0, 0)))
    with pytest.raises(InputError, match=r"leftMask/MCUCXR_0001_0\.png is 5 x 3 pixels, but its image is 2 x 2"):
        montgomery.build(root=str(tmp_path), **ANY)
    add(tmp_path, "MCUCXR_0001_0")
    with pytest.raises(InputError, match=r"dataset\.spacing is 0"):
        montgomery.build(root=str(tmp_path), spacing=0.0, **ANY)
    (tmp_path / "ManualMask/rightMask/MCUCXR_0001_0.png").write_bytes(b"no image")
    with pytest.raises(InputError, match=r"rightMask/MCUCXR_0001_0\.png cannot be read as an image"):
        montgomery.build(root=str(tmp_path), **ANY)
    (tmp_path / "CXR_png/MCUCXR_0001_0.png").unlink()
    Image.new("L", (2, 2)).save(tmp_path / "elsewhere.png")
    (tmp_path / "in").mkdir()
    add(tmp_path / "in", "MCUCXR_0001_0")
    (tmp_path / "in/CXR_png/MCUCXR_0001_0.png").unlink()
    (tmp_path / "in/CXR_png/MCUCXR_0001_0.png").symlink_to(tmp_path / "elsewhere.png")
    with pytest.raises(InputError, match="leaves the data root"):
        montgomery.build(root=str(tmp_path / "in"), **ANY)


def test_the_stand_in_is_read_as_it_was_drawn(tmp_path):
    given = write_montgomery(tmp_path, n=9, size=40)
    cohort = montgomery.build(**given)
    assert set(zip(cohort["height"], cohort["width"], strict=True)) == {(49, 40), (40, 49)}
    drawn = list(xrays(9, 40, 0, 0.42))
    assert cohort["label"].tolist() == [row.label for row, *_ in drawn]
    # Images of one phantom patient, and only those, are of one patient.
    patients = [row.patient_id for row, *_ in drawn]
    assert cohort["patient_id"].duplicated().tolist() == [name in patients[:i] for i, name in enumerate(patients)]
    for image, mask, (_, pixels, organs) in zip(
        montgomery.images(cohort, **given), montgomery.masks(cohort, **given), drawn, strict=True
    ):
        top, left = (4, 0) if image.shape == (49, 40) else (0, 4)
        window = (slice(top, top + 40), slice(left, left + 40))
        np.testing.assert_array_equal(image[window], pixels)
        np.testing.assert_array_equal(mask[window], organs["Left Lung"] | organs["Right Lung"])
        assert mask.sum() == mask[window].sum()
    # The lung on the left of the image is in the left folder.
    one = {**given, "lungs": "left"}
    for mask in montgomery.masks(cohort, **one):
        columns = np.flatnonzero(mask.any(axis=0))
        assert columns.mean() < mask.shape[1] / 2
    assembled = assemble({"kind": "montgomery", **given})
    assert assembled["segmentation"].all()
    assert (assembled.groupby("patient_id")["split"].nunique() == 1).all()
