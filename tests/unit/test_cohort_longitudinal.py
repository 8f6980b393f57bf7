"""Pairs of co-registered volumes as slices of three channels."""

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from coldstart import configuration
from coldstart.cohort import longitudinal
from coldstart.cohort.assemble import assemble
from coldstart.cohort.images import read_images, write_images
from coldstart.cohort.slicing import brain_box, parsed_box, restack
from coldstart.cohort.triples import standardised, triple, z_scores
from coldstart.errors import InputError

MS = Path(__file__).parents[3] / "shared" / "data" / "open_ms_longitudinal"
AFFINE = np.diag([-0.5, -0.75, 3.0, 1.0])
SHAPE = (9, 11, 6)
OURS = ("baseline_flair", "followup_flair", "change_mask", "brain_mask")
MSSEG = ("flair_time01_on_middle_space", "flair_time02_on_middle_space", "ground_truth")


def save(path, array, affine=AFFINE):
    path.parent.mkdir(parents=True, exist_ok=True)
    nib.save(nib.Nifti1Image(array, affine), path)


def write_patients(root, names=OURS, patients=("p1", "p2", "p3", "p4"), quiet="p3"):
    """Patients of one grid; nothing has changed in `quiet`."""
    rng = np.random.default_rng(0)
    for patient in patients:
        brain = np.zeros(SHAPE, np.uint8)
        brain[1:8, 2:9, 1:5] = 1
        change = np.zeros(SHAPE, np.uint8)
        if patient != quiet:
            change[3:5, 4:6, 2:4] = 1
        before = rng.integers(100, 900, SHAPE).astype(np.int16)
        arrays = before, np.where(change, before + np.int16(400), before), change, brain
        for name, array in zip(names, arrays, strict=False):
            save(root / patient / f"{name}.nii.gz", array)
    return root


@pytest.fixture
def root(tmp_path):
    return write_patients(tmp_path)


def read(root, patient, name):
    return np.asarray(nib.load(root / patient / f"{name}.nii.gz").dataobj)


def test_rows_of_pairs(root):
    cohort = longitudinal.build(root=str(root))
    assert cohort["sample_id"].tolist()[:2] == ["p1/z001", "p1/z002"]
    assert cohort["patient_id"].value_counts().to_dict() == {f"p{i}": 4 for i in (1, 2, 3, 4)}
    assert cohort["label"].tolist() == [0, 1, 1, 0] * 2 + [0] * 4 + [0, 1, 1, 0]
    assert cohort["lesion_pixels"].tolist()[:4] == [0, 4, 4, 0]
    assert (cohort[["height", "width", "bits", "colour"]] == [7, 7, 16, True]).all(axis=None)
    assert (cohort[["spacing_y", "spacing_x", "spacing_z"]] == [0.75, 0.5, 3.0]).all(axis=None)
    assert cohort["volume"].tolist() == cohort["patient_id"].tolist()
    assert cohort["slice"].tolist() == [1, 2, 3, 4] * 4
    assert cohort["mask"][5] == "p2/change_mask.nii.gz"


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("crop", ["inclusive", "half_open", "none"])
def test_slices_restack_to_the_files(root, axis, crop):
    chosen = {"root": str(root), "axis": axis, "crop": crop, "difference": "signed"}
    cohort = longitudinal.build(**chosen)
    images, masks = (list(part(cohort, **chosen)) for part in (longitudinal.images, longitudinal.masks))
    for patient, rows in cohort.groupby("patient_id"):
        brain = read(root, patient, "brain_mask") > 0
        box = brain_box(brain, crop)
        np.testing.assert_array_equal(
            restack([masks[i] for i in rows.index], rows), read(root, patient, "change_mask")[box]
        )
        scans = [standardised(read(root, patient, name).astype(float), brain) for name in OURS[:2]]
        found = restack([images[i] for i in rows.index], rows)
        np.testing.assert_array_equal(found, triple(*scans, "signed")[box])
        np.testing.assert_allclose(
            z_scores(found, "signed")[..., 2], (scans[1] - scans[0])[box], atol=10 / 65535, rtol=0
        )


def test_the_published_crop_loses_the_last_row_column_and_slice(root):
    inclusive = longitudinal.build(root=str(root))
    published = longitudinal.build(root=str(root), crop="half_open")
    assert (published["height"] == inclusive["height"][0] - 1).all()
    assert (published["width"] == inclusive["width"][0] - 1).all()
    assert len(published) == len(inclusive) - 4
    assert set(inclusive["sample_id"]) - set(published["sample_id"]) == {f"p{i}/z004" for i in (1, 2, 3, 4)}


def test_restrict_keeps_the_slices_that_have_changed(root):
    cohort = longitudinal.build(root=str(root), restrict=True)
    assert cohort["sample_id"].tolist() == [f"p{i}/z00{number}" for i in (1, 2, 4) for number in (2, 3)]
    rows = cohort[cohort["patient_id"] == "p1"]
    masks = list(longitudinal.masks(rows, root=str(root), restrict=True))
    np.testing.assert_array_equal(restack(masks, rows), read(root, "p1", "change_mask")[1:8, 2:9, 1:5])
    with pytest.raises(InputError, match=r"dataset\.restrict: no slice of any patient has changed"):
        longitudinal.build(root=str(root), patients="p3", restrict=True)


def test_the_layout_of_msseg_2_works_by_keys(tmp_path):
    write_patients(tmp_path / "training", MSSEG, patients=("013", "015"))
    chosen = {"root": str(tmp_path), "patients": "training/*", "brain_mask": None, "crop": "none"}
    chosen |= dict(zip(("baseline", "followup", "mask"), (f"{name}.nii.gz" for name in MSSEG), strict=True))
    cohort = longitudinal.build(**chosen)
    assert cohort["patient_id"].unique().tolist() == ["training/013", "training/015"]
    assert (cohort[["height", "width"]] == [11, 9]).all(axis=None)
    (image, *_) = longitudinal.images(cohort, **chosen)
    # Without a brain mask the z-scores are those of the whole volume.
    scan = standardised(read(tmp_path / "training", "013", MSSEG[0]).astype(float))
    np.testing.assert_allclose(z_scores(image, "absolute")[..., 0], scan[:, :, 0].T, atol=10 / 65535)


def test_without_a_change_mask_nothing_is_labelled(root):
    cohort = longitudinal.build(root=str(root), mask=None)
    assert cohort[["label", "mask", "lesion_pixels"]].isna().all(axis=None)
    masks = list(longitudinal.masks(cohort, root=str(root), mask=None))
    assert {mask.shape for mask in masks} == {(7, 7)}
    assert not np.any(masks)
    split = {"train": 0.5, "val": 0.25, "test": 0.25}
    assert (
        assemble({"kind": "longitudinal", "root": str(root), "mask": None, "split": split})["split"] == "unlabelled"
    ).all()


def test_no_patient_is_in_two_parts(root):
    split = {"train": 0.5, "val": 0.25, "test": 0.25}
    cohort = assemble({"kind": "longitudinal", "root": str(root), "split": split})
    assert cohort.groupby("patient_id")["split"].nunique().eq(1).all()
    assert cohort.drop_duplicates("patient_id")["split"].value_counts().to_dict() == {"train": 2, "val": 1, "test": 1}


def test_the_store_keeps_the_three_channels_apart(root, tmp_path):
    chosen = {"root": str(root)}
    cohort = longitudinal.build(**chosen)
    images = list(longitudinal.images(cohort, **chosen))
    for size, interpolation in ((4, "area"), (4, "bilinear"), (16, "area"), (7, "nearest")):
        path = tmp_path / "store" / f"{size}{interpolation}.npy"
        write_images(path, lambda rows: images, cohort, size, channels=3, interpolation=interpolation)
        stored = read_images(path)
        assert stored.dtype == np.uint16
        assert stored.shape == (len(cohort), size, size, 3)
        for channel in range(3):
            # Each as if it were a grey image of its own.
            alone = tmp_path / "store" / "alone.npy"
            planes = [np.ascontiguousarray(image[..., channel]) for image in images]
            write_images(alone, lambda rows, planes=planes: planes, cohort, size, interpolation=interpolation)
            np.testing.assert_array_equal(stored[..., channel], read_images(alone))
    # At the size of the source nothing is changed at all.
    np.testing.assert_array_equal(stored, images)


@pytest.mark.parametrize("kind", ["longitudinal", "longitudinal_phantom"])
def test_a_grey_store_is_refused(kind):
    split = {"train": 0.7, "val": 0.1, "test": 0.2}
    with pytest.raises(InputError, match=rf"dataset\.channels is 1, and images of the kind '{kind}'.*set it to 3"):
        configuration.check_consistency({"dataset": {"kind": kind, "channels": 1, "split": split}})


def test_each_volume_is_decoded_once(root, monkeypatch):
    calls = []
    decode = longitudinal.voxels
    cohort = longitudinal.build(root=str(root))
    monkeypatch.setattr(longitudinal, "voxels", lambda path, image: calls.append(path) or decode(path, image))
    assert len(list(longitudinal.images(cohort, root=str(root)))) == 16
    assert len(calls) == 4 * 3


def test_missing_files_are_named(root):
    for name, key in (("followup_flair", "followup"), ("change_mask", "mask"), ("brain_mask", "brain_mask")):
        kept = (root / "p2" / f"{name}.nii.gz").read_bytes()
        (root / "p2" / f"{name}.nii.gz").unlink()
        with pytest.raises(InputError, match=rf"dataset\.{key}: the file 'p2/{name}\.nii\.gz' does not exist"):
            longitudinal.build(root=str(root))
        (root / "p2" / f"{name}.nii.gz").write_bytes(kept)
    with pytest.raises(InputError, match=r"dataset\.baseline: the path '.*outside\.nii' leaves the data root"):
        longitudinal.build(root=str(root), baseline="../../outside.nii")


@pytest.mark.parametrize(
    ("name", "word"), [("followup_flair", "scan"), ("change_mask", "mask"), ("brain_mask", "mask")]
)
def test_other_grids_are_refused(root, name, word):
    save(root / "p1" / f"{name}.nii.gz", np.ones((9, 11, 5), np.uint8))
    with pytest.raises(InputError, match=rf"{name}.* has shape \(9, 11, 5\).*resample the {word}"):
        longitudinal.build(root=str(root))
    save(root / "p1" / f"{name}.nii.gz", np.ones(SHAPE, np.uint8), np.diag([-0.6, -0.75, 3.0, 1.0]))
    with pytest.raises(InputError, match=rf"{name}.*different affines: resample the {word}"):
        longitudinal.build(root=str(root))


def test_an_empty_brain_mask_and_no_patient_are_said_so(root):
    save(root / "p4" / "brain_mask.nii.gz", np.zeros(SHAPE, np.uint8))
    with pytest.raises(InputError, match=r"p4/brain_mask\.nii\.gz is empty: replace it"):
        longitudinal.build(root=str(root))
    with pytest.raises(InputError, match=r"dataset\.patients: no folder matches 'q\*'"):
        longitudinal.build(root=str(root), patients="q*")
    # Files beside the patients' folders, and hidden folders, are no patients.
    (root / "README.txt").write_text("hello")
    (root / ".cache").mkdir()
    assert longitudinal.find_patients(str(root), "*") == ["p1", "p2", "p3", "p4"]


def test_a_scan_of_one_value_is_named_when_it_is_read(root):
    save(root / "p1" / "followup_flair.nii.gz", np.full(SHAPE, 5, np.int16))
    cohort = longitudinal.build(root=str(root))
    with pytest.raises(InputError, match=r"p1/followup_flair\.nii\.gz has one value only inside the brain mask"):
        next(iter(longitudinal.images(cohort, root=str(root))))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"axis": 3}, r"dataset\.axis is 3"),
        ({"crop": "half"}, r"dataset\.crop: unknown crop 'half'; did you mean 'half_open'"),
        ({"brain_mask": None}, r"dataset\.crop is inclusive and dataset\.brain_mask is null"),
        ({"mask": None, "restrict": True}, r"dataset\.restrict is true and dataset\.mask is null"),
        ({"difference": "ratio"}, r"dataset\.difference"),
        ({"limit": -1.0}, r"dataset\.limit"),
        ({"patients": "../*"}, r"dataset\.patients"),
    ],
)
def test_wrong_parameters_are_refused(root, wrong, message):
    with pytest.raises(InputError, match=message):
        longitudinal.build(root=str(root), **wrong)


@pytest.mark.skipif(not MS.exists(), reason="the MS volumes are not here (../shared/data/open_ms_longitudinal)")
def test_real_pairs_of_three_patients():
    chosen = {"root": str(MS)}
    cohort = longitudinal.build(**chosen)
    counts = cohort.groupby("patient_id").agg(slices=("slice", "size"), changed=("label", "sum"))
    assert counts["slices"].to_dict() == {"sub-01": 41, "sub-03": 41, "sub-12": 49}
    assert counts["changed"].to_dict() == {"sub-01": 13, "sub-03": 25, "sub-12": 20}
    np.testing.assert_allclose(cohort[["spacing_y", "spacing_x"]], 0.71875)
    np.testing.assert_allclose(cohort["spacing_z"], 3, atol=1e-4)
    rows = cohort[cohort["patient_id"] == "sub-01"]
    assert set(zip(rows["height"], rows["width"], strict=True)) == {(231, 175)}
    box = parsed_box(rows["box"].iloc[0])
    np.testing.assert_array_equal(
        restack(list(longitudinal.masks(rows, **chosen)), rows), read(MS, "sub-01", "change_mask")[box] > 0
    )
    whole = restack(list(longitudinal.images(rows, **chosen)), rows)
    brain = read(MS, "sub-01", "brain_mask") > 0
    found = z_scores(whole, "absolute")
    for channel, name in enumerate(OURS[:2]):
        scan = read(MS, "sub-01", name).astype(float)
        expected = (scan - scan[brain].mean()) / scan[brain].std()
        # Nothing of these scans lies beyond the limit.
        np.testing.assert_allclose(found[..., channel], expected[box], atol=10 / 65535, rtol=0)
    changed = read(MS, "sub-01", "change_mask")[box] > 0
    assert found[..., 2][changed].mean() > 3 * found[..., 2][~changed & brain[box]].mean()


@pytest.mark.skipif(not MS.exists(), reason="the MS volumes are not here (../shared/data/open_ms_longitudinal)")
def test_the_published_crop_of_real_pairs():
    assert len(longitudinal.build(root=str(MS), crop="half_open")) == 41 + 41 + 49 - 3
    restricted = longitudinal.build(root=str(MS), restrict=True)
    assert len(restricted) == 58
    assert restricted["lesion_pixels"].min() > 0
