"""Slices of volumes: upright, scaled over the volume, masks on the same grid."""

import gzip
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from coldstart.cohort import volumes
from coldstart.cohort.nifti import upright
from coldstart.errors import InputError

MS = Path(__file__).parents[3] / "shared" / "data" / "open_ms_longitudinal"
AFFINE = np.diag([-0.5, -0.75, 3.0, 1.0])


def save(path, array, affine=AFFINE):
    path.parent.mkdir(parents=True, exist_ok=True)
    nib.save(nib.Nifti1Image(array, affine), path)


@pytest.fixture
def root(tmp_path):
    rng = np.random.default_rng(0)
    for subject in ("s1", "s2"):
        save(tmp_path / subject / "flair.nii.gz", rng.integers(0, 900, (6, 8, 5)).astype(np.int16))
        mask = np.zeros((6, 8, 5), np.uint8)
        mask[1:3, 2:4, 1:4] = 1
        mask[0:4, :, 2] = 1
        save(tmp_path / subject / "mask.nii.gz", mask)
    return tmp_path


def parameters(root, **more):
    return {"root": str(root), "images": "*/flair.nii.gz", "masks": "mask.nii.gz", **more}


def test_rows_of_slices(root):
    cohort = volumes.build(**parameters(root))
    assert cohort["sample_id"].tolist()[:2] == ["s1/flair/z000", "s1/flair/z001"]
    assert cohort["patient_id"].value_counts().to_dict() == {"s1": 5, "s2": 5}
    assert cohort["label"].tolist() == [0, 1, 1, 1, 0] * 2
    assert (cohort[["height", "width", "bits"]] == [8, 6, 16]).all(axis=None)
    assert (cohort[["spacing_y", "spacing_x"]] == [0.75, 0.5]).all(axis=None)
    assert cohort["mask"][7] == "s2/mask.nii.gz"
    assert cohort["volume"].tolist() == ["s1/flair"] * 5 + ["s2/flair"] * 5
    assert cohort["slice"].tolist() == [0, 1, 2, 3, 4] * 2
    assert (cohort["spacing_z"] == 3).all()
    assert (volumes.build(**parameters(root, axis=0))["spacing_z"] == 0.5).all()


def test_every_and_foreground_choose_slices(root):
    assert volumes.build(**parameters(root, every=2))["slice"].tolist() == [0, 2, 4] * 2
    assert volumes.build(**parameters(root, min_foreground=0.01))["slice"].tolist() == [1, 2, 3] * 2
    assert volumes.build(**parameters(root, min_foreground=0.3))["slice"].tolist() == [2] * 2
    with pytest.raises(InputError, match="no slice has a foreground"):
        volumes.build(**parameters(root, min_foreground=0.9))


def test_without_masks_there_are_no_labels(root):
    cohort = volumes.build(root=str(root), images="*/flair.nii.gz")
    assert cohort["label"].isna().all()
    assert cohort["mask"].isna().all()
    assert not any(mask.any() for mask in volumes.masks(cohort, root=str(root), images="*/flair.nii.gz"))


def test_each_volume_is_decoded_once(root, monkeypatch):
    calls = []
    decode = volumes.voxels
    monkeypatch.setattr(volumes, "voxels", lambda path, image: calls.append(path) or decode(path, image))
    cohort = volumes.build(**parameters(root))
    calls.clear()
    assert len(list(volumes.images(cohort, **parameters(root)))) == 10
    assert [path.parent.name for path in calls] == ["s1", "s2"]


def test_intensities_are_stretched_over_the_whole_volume(root):
    array = np.zeros((4, 4, 4), np.float32)
    array[..., 1], array[..., 2], array[..., 3] = 50, 100, np.nan
    save(root / "f" / "ramp.nii", array)
    chosen = {"root": str(root), "images": "f/ramp.nii", "lower_percentile": 0.0, "upper_percentile": 100.0}
    cohort = volumes.build(**chosen)
    values = [int(plane[0, 0]) for plane in volumes.images(cohort, **chosen)]
    assert values == [0, 32768, 65535, 0]
    save(root / "f" / "ramp.nii", np.full((4, 4, 4), 7, np.int16))
    assert not np.any(list(volumes.images(cohort, **chosen)))


@pytest.mark.parametrize("codes", ["LPS", "RAS", "ASL", "SRP", "PIR"])
@pytest.mark.parametrize("direction", ["L", "P", "I"])
def test_slices_are_upright_however_they_are_stored(codes, direction):
    # A volume whose value grows to the left, to the back and to the feet by one step each.
    reference = np.arange(3 * 4 * 5).reshape(3, 4, 5)
    canonical = nib.Nifti1Image(reference.astype(np.int16), np.diag([-1.0, -1.0, -1.0, 1.0]))
    turn = nib.orientations.ornt_transform(
        nib.orientations.axcodes2ornt("LPI"), nib.orientations.axcodes2ornt(tuple(codes))
    )
    stored = canonical.as_reoriented(turn)
    assert "".join(nib.aff2axcodes(stored.affine)) == codes
    pair = {"L": "LR", "P": "PA", "I": "IS"}[direction]
    axis = next(i for i in range(3) if codes[i] in pair)
    middle = stored.shape[axis] // 2
    middle = middle if codes[axis] == direction else stored.shape[axis] - 1 - middle
    plane = upright(np.take(np.asarray(stored.dataobj), middle, axis=axis), stored.affine, axis)
    expected = np.take(reference, reference.shape["LPI".index(direction)] // 2, axis="LPI".index(direction)).T
    np.testing.assert_array_equal(plane, expected)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_every_axis_can_be_cut(root, axis):
    cohort = volumes.build(**parameters(root, axis=axis))
    shape = (6, 8, 5)
    assert len(cohort) == 2 * shape[axis]
    assert cohort["sample_id"][0].endswith("xyz"[axis] + "000")
    images = list(volumes.images(cohort, **parameters(root, axis=axis)))
    masks = list(volumes.masks(cohort, **parameters(root, axis=axis)))
    for row, image, mask in zip(cohort.itertuples(), images, masks, strict=True):
        assert image.shape == mask.shape == (row.height, row.width)
        assert int(mask.any()) == row.label


def test_a_volume_in_the_root_itself_is_its_own_patient(tmp_path):
    for name in ("one", "two"):
        save(tmp_path / f"{name}.nii.gz", np.ones((3, 3, 3), np.int16))
    cohort = volumes.build(root=str(tmp_path), images="*.nii.gz")
    assert set(cohort["patient_id"]) == {"one", "two"}


def test_units_of_the_header_count(tmp_path):
    image = nib.Nifti1Image(np.ones((3, 3, 3), np.int16), np.diag([500.0, 500.0, 500.0, 1.0]))
    image.header.set_xyzt_units("micron")
    nib.save(image, tmp_path / "fine.nii")
    assert volumes.build(root=str(tmp_path), images="fine.nii")["spacing_y"][0] == pytest.approx(0.5)


def test_masks_on_another_grid_are_refused(root):
    save(root / "s1" / "mask.nii.gz", np.zeros((6, 8, 4), np.uint8))
    with pytest.raises(InputError, match="has shape \\(6, 8, 4\\)"):
        volumes.build(**parameters(root))
    save(root / "s1" / "mask.nii.gz", np.zeros((6, 8, 5), np.uint8), np.diag([-0.6, -0.75, 3.0, 1.0]))
    with pytest.raises(InputError, match="different affines"):
        volumes.build(**parameters(root))
    (root / "s1" / "mask.nii.gz").unlink()
    with pytest.raises(InputError, match=r"mask of s1/flair\.nii\.gz: the file 's1/mask\.nii\.gz' does not exist"):
        volumes.build(**parameters(root))


def test_headers_that_promise_too_much_are_refused(root):
    for name, pack in (("big.nii", bytes), ("big.nii.gz", gzip.compress)):
        header = nib.Nifti1Header()
        header.set_data_dtype(np.float32)
        header.set_data_shape((20000, 20000, 200))
        header["vox_offset"], header["magic"] = 352, b"n+1"
        (root / name).write_bytes(pack(header.binaryblock + b"\0" * 1000))
        with pytest.raises(InputError, match=f"{name} promises 320000000000 bytes"):
            volumes.build(root=str(root), images=name)


def test_damaged_files_are_named(root):
    path = root / "s1" / "flair.nii.gz"
    noise = np.random.default_rng(0).integers(0, 30000, (40, 40, 40), dtype=np.int16)
    for name in ("flair", "mask"):
        save(root / "s1" / f"{name}.nii.gz", noise)
    cohort = volumes.build(**parameters(root))
    path.write_bytes(path.read_bytes()[:-4000])
    with pytest.raises(InputError, match=r"flair\.nii\.gz cannot be decoded"):
        list(volumes.images(cohort, **parameters(root)))
    path.write_bytes(b"nothing")
    with pytest.raises(InputError, match=r"flair\.nii\.gz cannot be read as a volume"):
        volumes.build(**parameters(root))
    save(path, np.zeros((4, 4, 4, 2), np.int16))
    with pytest.raises(InputError, match="must be three-dimensional"):
        volumes.build(**parameters(root))


@pytest.mark.parametrize(
    "wrong",
    [
        {"axis": 3},
        {"every": 0},
        {"min_foreground": 2.0},
        {"lower_percentile": 60.0, "upper_percentile": 50.0},
        {"images": "../*.nii"},
        {"images": "*/none.nii"},
    ],
)
def test_wrong_parameters_are_refused(root, wrong):
    with pytest.raises(InputError, match=rf"dataset\.{next(iter(wrong))}"):
        volumes.build(**parameters(root, **wrong))


@pytest.mark.skipif(not MS.exists(), reason="the MS volumes are not here (../shared/data/open_ms_longitudinal)")
def test_brain_extraction_on_real_volumes():
    chosen = {
        "root": str(MS),
        "images": "*/baseline_flair.nii.gz",
        "masks": "brain_mask.nii.gz",
        "every": 10,
        "min_foreground": 0.01,
    }
    cohort = volumes.build(**chosen)
    assert set(cohort["patient_id"]) == {"sub-01", "sub-03", "sub-12"}
    assert (cohort["label"] == 1).all()
    np.testing.assert_allclose(cohort["spacing_y"], 0.72, atol=0.01)
    for image, mask in zip(volumes.images(cohort, **chosen), volumes.masks(cohort, **chosen), strict=True):
        inside = mask.astype(bool)
        assert image[inside].mean() > image[~inside].mean()
        # Radiological and upright: the brain lies well inside its slice.
        assert not inside[0].any()
