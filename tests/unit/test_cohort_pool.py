"""A folder of whatever images there are, and what becomes of it."""

import os
from pathlib import Path

import cv2
import nibabel as nib
import numpy as np
import pandas as pd
import pytest
from PIL import Image
from standins.dicom import PLANTED, write_dicom

from coldstart.cohort import pool, volumes
from coldstart.cohort.assemble import assemble
from coldstart.cohort.pool_files import listing_digest
from coldstart.cohort.pool_folder import listing, stem
from coldstart.cohort.pool_samples import foreground, three_slices
from coldstart.cohort.pseudonym import pseudonym, read_salt
from coldstart.errors import InputError

ROW_OF_FACTS = ["sex", "age", "view", "scanner", "spacing_y", "spacing_x"]


def picture(seed, shape=(24, 32), dtype=np.uint8):
    """A smooth picture unlike those of other seeds."""
    coarse = np.random.default_rng(seed).random((6, 6, *shape[2:]))
    smooth = cv2.resize(coarse, (shape[1], shape[0]), interpolation=cv2.INTER_LINEAR)
    return np.rint(smooth * np.iinfo(dtype).max).astype(dtype)


def save(path, pixels, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path, **options)


def save_volume(path, seed=0, shape=(10, 12, 8)):
    path.parent.mkdir(parents=True, exist_ok=True)
    array = np.random.default_rng(seed).integers(0, 900, shape).astype(np.int16)
    nib.save(nib.Nifti1Image(array, np.diag([-0.5, -0.75, 3.0, 1.0])), path)


@pytest.fixture
def root(tmp_path):
    folder = tmp_path / "pool"
    save(folder / "b" / "grey.png", picture(0))
    save(folder / "a" / "deep.png", picture(1, dtype=np.uint16))
    save(folder / "a" / "colour.jpg", picture(2, (24, 32, 3)), quality=95)
    save(folder / "ß c" / "scan.TIFF", picture(3))
    write_dicom(folder / "d" / "0001.dcm", picture(4))
    save_volume(folder / "v" / "flair.nii.gz")
    return folder


def digest_of(root, **more):
    return listing_digest(**{"root": root, "files": "**/*", "salt": ".coldstart-salt", **more})


def test_every_kind_of_file_becomes_samples(root):
    cohort = pool.build(root=str(root))
    assert cohort["sample_id"].tolist() == [
        "a/colour",
        "a/deep",
        "b/grey",
        "d/0001",
        *(f"v/flair/z{number:03d}" for number in range(8)),
        "ß c/scan",
    ]
    rows = cohort.set_index("sample_id")
    assert rows["bits"].tolist() == [8, 16, 8, 8, *[16] * 8, 8]
    assert rows.index[rows["colour"]].tolist() == ["a/colour"]
    assert rows.loc["d/0001", ROW_OF_FACTS].tolist() == ["F", 71, "PA", "Coldstart Phantom 3", 0.5, 0.25]
    assert rows["image"]["v/flair/z003"] == rows["volume"]["v/flair/z003"] == "v/flair.nii.gz"
    assert rows.loc["v/flair/z003", ["slice", "spacing_z", "spacing_y", "spacing_x"]].tolist() == [3, 3, 0.75, 0.5]
    assert rows["patient_id"].dropna().value_counts().tolist() == [8, 1]
    assert cohort["label"].isna().all()
    assert cohort["mask"].isna().all()
    assert (assemble({"kind": "pool", "root": str(root)})["split"] == "unlabelled").all()


def test_pixels_are_those_of_the_files(root):
    cohort = pool.build(root=str(root))
    found = dict(zip(cohort["sample_id"], pool.images(cohort, root=str(root)), strict=True))
    np.testing.assert_array_equal(found["b/grey"], picture(0))
    np.testing.assert_array_equal(found["a/deep"], picture(1, dtype=np.uint16))
    np.testing.assert_array_equal(found["ß c/scan"], picture(3))
    np.testing.assert_array_equal(found["d/0001"], picture(4))
    parameters = {"root": str(root), "images": "**/*.nii.gz"}
    slices = list(volumes.images(volumes.build(**parameters), **parameters))
    for number, expected in enumerate(slices):
        np.testing.assert_array_equal(found[f"v/flair/z{number:03d}"], expected)


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("a", ["a/colour.jpg", "a/deep.png"]),
        ("*/*.png", ["a/deep.png", "b/grey.png"]),
        ("**/*.png", ["a/deep.png", "b/grey.png"]),
        ("[bd]/**", ["b/grey.png", "d/0001.dcm"]),
        ("b/grey.png", ["b/grey.png"]),
        ("*.png", []),
    ],
)
def test_a_pattern_or_a_folder_chooses_files(root, pattern, names):
    assert [file.name for file in listing(root, pattern).files] == names


def test_hidden_files_and_other_kinds_are_passed_over_and_counted(root):
    (root / "notes.txt").write_text("x")
    (root / "DICOMDIR").write_text("x")
    (root / ".hidden.png").write_bytes(b"x")
    (root / ".folder").mkdir()
    save(root / ".folder" / "inside.png", picture(9))
    found = listing(root, "**/*")
    assert len(found.files) == 6
    assert +found.ignored == {".txt": 1, "DICOMDIR": 1, "hidden": 2}


def test_links_that_leave_the_root_are_refused(root, tmp_path):
    save(tmp_path / "elsewhere" / "secret.png", picture(9))
    (root / "link.png").symlink_to(tmp_path / "elsewhere" / "secret.png")
    (root / "folder").symlink_to(tmp_path / "elsewhere")
    (root / "near.png").symlink_to(root / "b" / "grey.png")
    (root / "around").symlink_to(root)
    found = listing(root, "**/*")
    assert found.refused == [(name, "a link that leaves the data root") for name in ("folder", "link.png")]
    assert [file.name for file in found.files if "link" in file.name or "around" in file.name] == []
    assert "near.png" in [file.name for file in found.files]


def test_a_folder_of_results_is_none_of_the_pool(root):
    save(root / "results" / "mine" / "worklist" / "001.png", picture(8))
    (root / "results" / "mine" / "scan.parquet").write_bytes(b"")
    assert not [file for file in listing(root, "**/*").files if "results" in file.name]


def test_a_name_that_is_not_utf_8_is_refused_and_not_fatal(root):
    os.rename(root / "b" / "grey.png", os.fsencode(root / "b") + b"/gr\xe4u.png")
    assert listing(root, "**/*").refused == [("b/gr\\xe4u.png", "its name is not in UTF-8")]


def test_names_without_extension_or_with_numbers_keep_what_they_are():
    assert stem("a/1.2.840.10") == "a/1.2.840.10"
    assert stem("a/IM0001") == "a/IM0001"
    assert stem("a.b/c.d.nii.gz") == "a.b/c.d"
    assert stem("a.b/c.d.PNG") == "a.b/c.d"


def test_two_files_that_would_share_a_name_keep_their_extensions(tmp_path):
    save(tmp_path / "a.png", picture(0))
    save(tmp_path / "a.tiff", picture(1))
    save(tmp_path / "b.png", picture(2))
    assert pool.build(root=str(tmp_path))["sample_id"].tolist() == ["a.png", "a.tiff", "b"]


def test_the_digest_changes_with_every_file_and_with_nothing_else(root):
    before = digest_of(root)
    assert digest_of(root) == before == digest_of(str(root) + "/")
    (root / "notes.txt").write_text("x")
    assert digest_of(root) == before
    save(root / "new.png", picture(9))
    added = digest_of(root)
    assert added != before
    os.utime(root / "new.png", ns=(1, 1))
    assert digest_of(root) != added
    (root / "new.png").unlink()
    assert digest_of(root) == before
    assert digest_of(root / "nowhere") == "missing"


def test_a_missing_folder_and_an_empty_one_are_refused(tmp_path):
    with pytest.raises(InputError, match=r"dataset\.root: there is no folder .*nowhere"):
        pool.build(root=str(tmp_path / "nowhere"))
    with pytest.raises(InputError, match=r"no image file that matches '\*\*/\*'"):
        pool.build(root=str(tmp_path))
    with pytest.raises(InputError, match="must stay below the data root"):
        pool.build(root=str(tmp_path), files="../*.png")


@pytest.mark.parametrize(
    ("key", "value"),
    [("axis", 3), ("every", 0), ("frames", 0), ("near_duplicates", 1.5), ("window", "wide"), ("volumes", "both")],
)
def test_parameters_out_of_their_range_are_refused(root, key, value):
    with pytest.raises(InputError, match=rf"dataset\.{key} is"):
        pool.build(root=str(root), **{key: value})


def test_slices_are_chosen_by_axis_and_step(root):
    cohort = pool.build(root=str(root), files="v", axis=0, every=3)
    assert cohort["sample_id"].tolist() == [f"v/flair/x{number:03d}" for number in (0, 3, 6, 9)]
    assert (cohort[["height", "width"]] == [8, 12]).all(axis=None)
    assert (cohort["spacing_z"] == 0.5).all()


def test_a_whole_volume_is_three_slices_of_its_foreground(root):
    body = np.zeros((10, 12, 21), np.uint16)
    body[2:8, 2:9, 4:13] = 40_000 + 1000 * np.arange(9, dtype=np.uint16)
    body[5, 5, :] = 50_000
    assert foreground(body, 2) == (4, 12)
    shown = three_slices(body, np.diag([-1.0, -1.0, 1.0, 1.0]), 2)
    np.testing.assert_array_equal(shown, np.stack([body[:, :, n].T for n in (6, 8, 10)], axis=2))
    cohort = pool.build(root=str(root), files="v", volumes="volumes")
    assert cohort["sample_id"].tolist() == cohort["patient_id"].tolist() == ["v/flair"]
    assert cohort["colour"].all()
    (image,) = pool.images(cohort, root=str(root), files="v", volumes="volumes")
    assert image.shape == (12, 10, 3)
    assert image.dtype == np.uint16


def test_frames_of_a_file_are_samples_of_their_own(tmp_path):
    frames = np.stack([picture(seed) for seed in range(10)])
    write_dicom(tmp_path / "cine.dcm", frames)
    cohort = pool.build(root=str(tmp_path))
    assert cohort["sample_id"].tolist() == [f"cine/f{number:03d}" for number in range(10)]
    assert cohort["patient_id"].nunique() == 1
    for image, expected in zip(pool.images(cohort, root=str(tmp_path)), frames, strict=True):
        np.testing.assert_array_equal(image, expected)
    assert pool.build(root=str(tmp_path), frames=3)["frame"].tolist() == [1, 5, 8]
    assert pool.build(root=str(tmp_path), frames=99)["frame"].tolist() == list(range(10))


def test_images_follow_shuffled_rows_of_a_mixed_pool(root):
    cohort = pool.build(root=str(root))
    straight = list(pool.images(cohort, root=str(root)))
    order = np.random.default_rng(0).permutation(len(cohort))
    shuffled = pool.images(cohort.iloc[order], root=str(root))
    for place, image in zip(order, shuffled, strict=True):
        np.testing.assert_array_equal(image, straight[place])


def test_a_table_names_files_patients_and_metadata(root):
    rows = [("grey.png", "p1", "north", "M", "1", 0.2), ("nowhere.png", "p2", "south", "F", "0", 0.3)]
    rows.append(("grey.png", "p3", "south", "F", "0", 0.4))
    frame = pd.DataFrame(rows, columns=["file_name", "who", "site", "Patient Gender", "label", "slice"])
    frame.to_csv(root / "t.csv", index=False)
    columns = {"image": "file_name", "patient_id": "who", "sex": "Patient Gender"}
    parameters = {"root": str(root), "table": "t.csv", "columns": columns, "image_folder": "b"}
    cohort = pool.build(**parameters)
    assert cohort["sample_id"].tolist() == ["b/grey"]
    assert cohort.loc[0, ["site", "sex", "meta_slice"]].tolist() == ["north", "M", 0.2]
    assert cohort["label"].isna().all()
    before = digest_of(**parameters, files="**/*")
    save(root / "b" / "nowhere.png", picture(8))
    assert digest_of(**parameters, files="**/*") != before
    salt = read_salt(root / ".coldstart-salt")
    assert pool.build(**parameters)["patient_id"].tolist() == [pseudonym("p1", salt), pseudonym("p2", salt)]


def test_what_the_table_says_wins_over_the_header(root):
    frame = pd.DataFrame({"image": ["d/0001.dcm"], "patient_id": ["p7"], "age": [33], "spacing": [2.0]})
    frame.to_csv(root / "t.csv", index=False)
    row = pool.build(root=str(root), table="t.csv").iloc[0]
    assert row[["age", "sex", "spacing_y", "spacing_x"]].tolist() == [33, "F", 2, 2]
    assert row["patient_id"] == pseudonym("p7", read_salt(root / ".coldstart-salt"))


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"image": "nothing"}, r"dataset\.columns\.image: .* has no column 'nothing'"),
        ({"sex": "nothing"}, r"dataset\.columns\.sex: .* has no column 'nothing'"),
        ({"colour": "image"}, r"dataset\.columns: unknown name 'colour'"),
    ],
)
def test_columns_that_are_not_there_are_refused(root, columns, message):
    pd.DataFrame({"image": ["b/grey.png"]}).to_csv(root / "t.csv", index=False)
    with pytest.raises(InputError, match=message):
        pool.build(root=str(root), table="t.csv", columns=columns)


def test_files_that_are_damaged_after_the_scan_are_named_without_their_path(tmp_path):
    name = f"{PLANTED['PatientID']}/0001.dcm"
    write_dicom(tmp_path / name, picture(4))
    cohort = pool.build(root=str(tmp_path))
    assert Path(cohort["image"][0]).suffix == ".dcm"
    np.testing.assert_array_equal(next(pool.images(cohort, root=str(tmp_path))), picture(4))
    (tmp_path / name).write_bytes(b"gone")
    with pytest.raises(InputError, match=r"file-.*can no longer be read") as refusal:
        list(pool.images(cohort, root=str(tmp_path)))
    assert PLANTED["PatientID"] not in str(refusal.value)
    assert refusal.value.__suppress_context__
