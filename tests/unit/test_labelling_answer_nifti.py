"""Masks of volumes: which slices they answer for, and that every slice is upright like its image."""

from dataclasses import replace

import nibabel as nib
import numpy as np
import pandas as pd
import pytest

from coldstart.cohort import volumes
from coldstart.errors import InputError
from coldstart.labelling.answers import Asked, find_files, read_answers

AFFINE = np.diag([-0.5, -0.75, 3.0, 1.0])
SHAPE = (6, 8, 5)


def save(path, array, affine=AFFINE):
    path.parent.mkdir(parents=True, exist_ok=True)
    nib.save(nib.Nifti1Image(array, affine), path)


@pytest.fixture
def place(tmp_path):
    rng = np.random.default_rng(0)
    for subject in ("s1", "s2"):
        save(tmp_path / "pool" / subject / "flair.nii.gz", rng.integers(0, 900, SHAPE).astype(np.int16))
    return tmp_path


def pool(place, axis=2):
    """A pool of slices: as the kind of data set that cuts volumes has them, but for the name of the volume."""
    cohort = volumes.build(root=str(place / "pool"), images="*/flair.nii.gz", axis=axis)
    return cohort.assign(volume=cohort["image"])


def read(place, samples=None, task="segmentation", **options):
    samples = pool(place) if samples is None else samples
    return read_answers(
        find_files(place / "labels"), samples, task=task, classes=["no", "yes"], root=place / "pool", **options
    )


def ids(found):
    return [one.sample_id for one in found.answers]


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("codes", ["LPS", "RAS", "ASL"])
def test_slices_of_a_mask_lie_as_those_of_the_data_set_kind(tmp_path, axis, codes):
    rng = np.random.default_rng(1)
    mask = nib.Nifti1Image((rng.random(SHAPE) < 0.3).astype(np.uint8), AFFINE)
    turn = nib.orientations.ornt_transform(
        nib.orientations.io_orientation(AFFINE), nib.orientations.axcodes2ornt(tuple(codes))
    )
    mask = mask.as_reoriented(turn)
    for name in ("pool/s1/flair.nii.gz", "pool/s1/truth.nii.gz", "labels/s1/flair.nii.gz"):
        save(tmp_path / name, np.asarray(mask.dataobj) * (3 if name.startswith("labels") else 1), mask.affine)
    given = {"root": str(tmp_path / "pool"), "images": "*/flair.nii.gz", "masks": "truth.nii.gz", "axis": axis}
    truth = dict(zip(pool(tmp_path, axis)["sample_id"], volumes.masks(volumes.build(**given), **given), strict=True))
    found = read(tmp_path, pool(tmp_path, axis))
    assert ids(found) == [name for name, mask in truth.items() if mask.any()]
    for one in found.answers:
        np.testing.assert_array_equal(one.mask(), truth[one.sample_id])
        assert one.mask().dtype == np.uint8


def drawn(*slices, value=1):
    mask = np.zeros(SHAPE, np.uint8)
    mask[2, 3, list(slices)] = value
    return mask


def test_a_slice_without_foreground_counts_if_it_was_asked_for(place):
    save(place / "labels/s1/flair.nii.gz", drawn(1))
    assert ids(read(place)) == ["s1/flair/z001"]
    asked = Asked({"s1/flair/z003": 0, "s1/flair/z001": 0, "s2/flair/z000": 0})
    found = read(place, asked=asked)
    assert ids(found) == ["s1/flair/z001", "s1/flair/z003"]
    assert [int(one.mask().sum()) for one in found.answers] == [1, 0]


def test_an_old_file_does_not_answer_for_a_slice_that_was_asked_for_later(place):
    save(place / "labels/s1/flair.nii.gz", drawn(1))
    asked = Asked({"s1/flair/z003": 0})
    first = read(place, asked=asked)
    assert ids(first) == ["s1/flair/z001", "s1/flair/z003"]
    asked = replace(asked, numbers={"s1/flair/z003": 0, "s1/flair/z004": 1}, seen=first.seen(asked, 1))
    again = read(place, asked=asked)
    assert ids(again) == ids(first), "the empty slice 4 was not looked at"
    assert again.seen(asked, 2) == asked.seen
    # Drawn anew and saved, it answers for all that has been asked for.
    save(place / "labels/s1/flair.nii.gz", drawn(1, 2))
    found = read(place, asked=asked)
    assert ids(found) == [f"s1/flair/z00{number}" for number in (1, 2, 3, 4)]
    assert set(found.seen(asked, 2).values()) == {1, 2}


def test_a_file_is_read_anew_when_it_has_changed(place):
    path = place / "labels/s1/flair.nii.gz"
    for number in (1, 4):
        save(path, drawn(number))
        assert ids(read(place)) == [f"s1/flair/z00{number}"]


def test_a_mask_of_a_whole_volume_is_its_label(place):
    names = ["s1/flair.nii.gz", "s2/flair.nii.gz"]
    samples = pd.DataFrame(
        {"sample_id": ["s1/flair", "s2/flair"], "image": names, "volume": names, "height": 8, "width": 6}
    )
    save(place / "labels/s1/flair.nii.gz", drawn(4, value=7))
    save(place / "labels/s2/flair.nii.gz", drawn())
    found = read(place, samples, task="classification")
    assert [(one.sample_id, one.kind, one.label) for one in found.answers] == [
        ("s1/flair", "label", 1),
        ("s2/flair", "label", 0),
    ]


def test_masks_of_no_volume_are_reported(place):
    save(place / "labels/flair.nii.gz", drawn(1))
    save(place / "labels/s3.nii.gz", drawn(1))
    found = read(place)
    assert found.answers == []
    assert [name for _, name in found.unknown] == [
        "flair.nii.gz (several volumes could be meant)",
        "s3.nii.gz (no volume of the pool is called so)",
    ]


def test_masks_that_cannot_be_are_refused_with_their_name(place):
    path = place / "labels/s1/flair.nii.gz"
    save(path, np.zeros((6, 8, 4), np.uint8))
    with pytest.raises(InputError, match=r"labels/s1/flair\.nii\.gz has shape \(6, 8, 4\)"):
        read(place)
    save(path, drawn(1), np.diag([-0.5, -0.75, -3.0, 1.0]))
    with pytest.raises(InputError, match="different affines"):
        read(place)
    save(path, drawn(1) + drawn(2, value=2))
    with pytest.raises(InputError, match=r"flair\.nii\.gz has the values 0, 1, 2, but a mask has 0"):
        read(place)
    save(path, np.full(SHAPE, np.nan, np.float32))
    with pytest.raises(InputError, match="has the values 0, nan, but a mask"):
        read(place)
    path.write_bytes(b"nothing")
    with pytest.raises(InputError, match=r"labels/s1/flair\.nii\.gz cannot be read as a volume"):
        read(place)


def test_without_the_pool_the_size_alone_is_looked_at(place):
    """The planning does not know where the pool lies."""
    path = place / "labels/s1/flair.nii.gz"
    save(path, np.zeros((6, 8, 4), np.uint8))
    files = find_files(place / "labels")
    with pytest.raises(InputError, match="has 4 slices of 8 x 6 pixels, but its volume has 5 or more of 8 x 6"):
        read_answers(files, pool(place), task="segmentation", classes=["no", "yes"])


def test_a_mask_of_a_picture_is_no_volume(place):
    samples = pd.DataFrame({"sample_id": ["x"], "image": ["x.png"], "height": 8, "width": 6})
    save(place / "labels/x.nii.gz", drawn(1))
    with pytest.raises(InputError, match=r"x\.nii\.gz is a mask of a volume, but x is an image: give its mask as PNG"):
        read(place, samples)
