"""Who the patients are stays in the user's own table."""

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from coldstart.cohort import pool, table, volumes
from coldstart.cohort.assemble import assemble, label_free
from coldstart.cohort.identifiers import identifying, numbered, without_identifiers


@pytest.mark.parametrize(
    "name",
    [
        "PatientName",
        "patient_name",
        "Patient's Name",
        "Name",
        "First name",
        "surname",
        "Last_Name",
        "MRN",
        "Medical Record Number",
        "date of birth",
        "DOB",
        "PatientBirthDate",
        "Patient ID",
        "subject",
        "ssn",
        "E-Mail",
        "Phone",
        "Accession Number",
        "StudyInstanceUID",
        "referring_physician",
    ],
)
def test_columns_called_like_identifiers_are_known(name):
    assert identifying(name)


@pytest.mark.parametrize(
    "name",
    [
        "age",
        "sex",
        "site",
        "scanner",
        "view",
        "finding",
        "file_name",
        "image_name",
        "index",
        "studies",
        "number",
        "spot",
    ],
)
def test_others_are_not(name):
    assert not identifying(name)


def test_patients_are_numbered_in_the_order_of_their_names():
    given = pd.Series(["b", "a10", None, "a9", "b", *(f"c{number:02d}" for number in range(8))], dtype="str")
    found = numbered(given)
    assert found[2] is None or pd.isna(found[2])
    assert found[0] == found[4]
    # Whatever sorts patients sorts them as before.
    known = given.notna()
    assert np.array_equal(
        np.unique(given[known], return_inverse=True)[1], np.unique(found[known], return_inverse=True)[1]
    )
    assert found[known].str.fullmatch(r"patient\d\d").all()


def test_no_patients_are_no_patients():
    assert numbered(pd.Series([None, None], dtype="str")).isna().all()


def test_columns_whose_cells_hold_the_patient_are_left_out(caplog):
    frame = pd.DataFrame(
        {"remark": ["ward 3", "see mrn-0042!"], "age": [31, 42], "who else": ["x", "y"], "DOB": ["1", "2"]}
    )
    assert list(without_identifiers(frame, ["MRN-0041", "MRN-0042"])) == ["age", "who else"]
    assert "remark, DOB" in caplog.text
    assert "0042" not in caplog.text
    # A short identifier stands anywhere by chance.
    assert list(without_identifiers(frame, ["31", "42"])) == ["remark", "age", "who else"]
    assert list(without_identifiers(frame)) == ["remark", "age", "who else"]


@pytest.fixture
def planted(tmp_path):
    """A table data set whose table and pictures say who the patients are."""
    rows = []
    for number in range(12):
        told = PngInfo()
        told.add_text("Patient", f"Quillfeather {number}")
        pixels = np.random.default_rng(number).integers(0, 255, (8, 8), dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"i{number}.png", pnginfo=told)
        rows.append(
            (f"i{number}.png", number % 2, f"MRN-77{number // 2:03d}", "Quillfeather", f"of MRN-77{number // 2:03d}")
        )
    frame = pd.DataFrame(rows, columns=["image", "label", "patient_id", "Patient Name", "remark"])
    frame.to_csv(tmp_path / "t.csv", index=False)
    return {"name": "d", "kind": "table", "root": str(tmp_path), "table": "t.csv"}


def test_a_cohort_of_a_table_says_nothing_of_who_the_patients_are(planted, caplog):
    cohort = assemble({**planted, "split": {"train": 0.6, "val": 0.2, "test": 0.2, "stratify": False}})
    assert cohort["patient_id"].str.fullmatch(r"patient\d").all()
    assert cohort["patient_id"].value_counts().tolist() == [2] * 6
    for said in (cohort.to_csv(), label_free(cohort).to_csv(), caplog.text):
        assert "MRN" not in said
        assert "Quillfeather" not in said


def test_patients_in_two_splits_are_reported_by_number(planted, tmp_path, caplog):
    frame = pd.read_csv(tmp_path / "t.csv").assign(split=["train", "val", "test"] * 4)
    frame.to_csv(tmp_path / "t.csv", index=False)
    assemble(planted)
    assert "patients into more than one split: patient1" in caplog.text
    assert "MRN" not in caplog.text


def test_headers_of_volumes_are_not_told(tmp_path):
    image = nib.Nifti1Image(np.arange(60, dtype=np.int16).reshape(3, 4, 5), np.eye(4))
    for field in ("descrip", "aux_file", "intent_name", "db_name"):
        image.header[field] = "Quillfeather"
    nib.save(image, tmp_path / "v.nii.gz")
    given = {"root": str(tmp_path), "images": "*.nii.gz"}
    said = volumes.build(**given).to_csv() + pool.build(root=str(tmp_path)).to_csv()
    assert "quillfeather" not in said.casefold()
    assert "v/z004" in said


def test_images_called_after_their_patients_are_counted(planted, tmp_path, caplog):
    frame = pd.read_csv(tmp_path / "t.csv")
    (tmp_path / "MRN-77000").mkdir()
    (tmp_path / "i0.png").rename(tmp_path / "MRN-77000/1.png")
    frame.loc[0, "image"] = "MRN-77000/1.png"
    frame.to_csv(tmp_path / "t.csv", index=False)
    table.build(root=str(tmp_path), table="t.csv")
    assert "1 images are called after their patients" in caplog.text
