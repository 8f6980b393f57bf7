"""Data sets of every kind, tiny, and how they are read."""

import shutil

import nibabel as nib
import numpy as np
import pandas as pd
import yaml
from PIL import Image
from snakemake.exceptions import WorkflowError
from snakemake.utils import validate
from standins.dicom import write_dicom

from coldstart.cohort import chestx_det as chestx_det_kind
from coldstart.cohort import chexmask as chexmask_kind
from coldstart.cohort import longitudinal, table
from coldstart.cohort import montgomery as montgomery_kind
from coldstart.cohort import pool as pool_kind
from coldstart.cohort import synthstrip as synthstrip_kind
from coldstart.cohort import volumes as volumes_kind
from coldstart.cohort.archive import unpack
from coldstart.comparisons import check_comparisons
from coldstart.configuration import check_consistency, check_names, check_schema, read_schema
from coldstart.errors import InputError
from coldstart.protocols import apply_protocol
from coldstart.registry import SOURCE_ROOT
from coldstart.trainings import fill_learning
from coldstart.worklists import check_worklist, fill_worklist
from fuzz.pictures import SHAPE, noise

SCHEMA = SOURCE_ROOT.parent / "workflow/schemas/config.schema.yaml"
CUBE = (6, 7, 5)


def check(frame, kind, **parameters):
    """Read the pixels of a cohort, and hold it to what a cohort is."""
    assert frame["sample_id"].is_unique
    assert frame["label"].dropna().isin([0, 1]).all()
    assert (frame[["height", "width"]] > 0).all(axis=None)
    few = frame.head(12)
    for array, row in zip(kind.images(few, **parameters), few.itertuples(), strict=True):
        assert array.shape[:2] == (row.height, row.width)
        assert array.dtype in (np.uint8, np.uint16)
    for array, row in zip(kind.masks(few, **parameters), few.itertuples(), strict=True):
        assert array.shape == (row.height, row.width)
        assert array.dtype == np.uint8
        assert array.max(initial=0) <= 1


def nifti(path, array, spacing=1.0):
    """Write a volume."""
    path.parent.mkdir(parents=True, exist_ok=True)
    nib.save(nib.Nifti1Image(array, np.diag([-spacing, -1.0, 1.0, 1.0])), path)


def mask_of(shape):
    """A mask with some foreground."""
    mask = np.zeros(shape, np.uint8)
    mask[tuple(slice(1, -1) for _ in shape)] = 1
    return mask


def volumes(folder):
    """Two volumes with masks, one of them compressed, and one in NIfTI-2."""
    for name, ending in (("a", ".nii.gz"), ("b", ".nii")):
        nifti(folder / f"{name}/t1{ending}", noise(CUBE, np.uint16).astype(np.int16))
    nib.save(nib.Nifti2Image(noise(CUBE).astype(np.float32), np.eye(4)), folder / "b/t1x.nii")
    return sorted(folder.rglob("*.nii*"))


def read_volumes(folder, path):
    """Cut the volumes into slices."""
    given = {"root": str(folder), "images": "*/t1*"}
    check(volumes_kind.build(**given), volumes_kind, **given)


def pairs(folder):
    """Two scans of a patient, with masks."""
    for name in ("baseline_flair", "followup_flair"):
        nifti(folder / f"p1/{name}.nii.gz", noise(CUBE).astype(np.float32))
    for name in ("change_mask", "brain_mask"):
        nifti(folder / f"p1/{name}.nii.gz", mask_of(CUBE))
    return sorted(folder.rglob("*.nii.gz"))


def read_pairs(folder, path):
    """Cut the pairs into slices."""
    given = {"root": str(folder)}
    check(longitudinal.build(**given), longitudinal, **given)


def synthstrip(folder):
    """A scan with its brain."""
    nifti(folder / "ixi_t1_001/image.nii.gz", noise(CUBE).astype(np.float32))
    nifti(folder / "ixi_t1_001/mask.nii.gz", mask_of(CUBE))
    return sorted(folder.rglob("*.nii.gz"))


def read_synthstrip(folder, path):
    """Cut the scans into slices."""
    given = {"root": str(folder)}
    check(synthstrip_kind.build(**given), synthstrip_kind, **given)


def rows(folder):
    """Images with labels, masks, patients and spacing, as a table."""
    for name in ("a", "b", "ä 1"):
        Image.fromarray(noise()).save(folder / f"{name}.png")
    Image.fromarray(255 * mask_of(SHAPE)).save(folder / "m.png")
    return pd.DataFrame(
        {
            "image": ["a.png", "b.png", "ä 1.png"],
            "mask": ["m.png", "", ""],
            "label": [1, 0, 0],
            "patient_id": ["p1", "p1", "007"],
            "split": ["train", "val", "test"],
            "spacing": ["0.5", "0.5 0.25", ""],
            "age": [30, 41, 25],
        }
    )


def csv_table(folder):
    """The table as CSV."""
    rows(folder).to_csv(folder / "table.csv", index=False)
    return [folder / "table.csv"]


def parquet_table(folder):
    """The table as Parquet."""
    rows(folder).to_parquet(folder / "table.parquet", compression=None)
    return [folder / "table.parquet"]


def read_table(folder, path):
    """Read a data set of the kind `table`."""
    given = {"root": str(folder), "table": path.name}
    check(table.build(**given), table, **given)


def chestx_det(folder):
    """Two annotation files."""
    names = ["ChestX_Det_train.json", "ChestX_Det_test.json"]
    texts = [
        '[{"file_name": "1.png", "syms": ["Pneumothorax", "Mass"], "boxes": [[2, 2, 20, 20], [1, 1, 3, 3]],'
        ' "polygons": [[[2, 2], [20, 3], [18.5, 20], [3, 19]], [[1, 1], [3, 1], [3, 3]]]},'
        ' {"file_name": "2.png", "syms": [], "boxes": [], "polygons": []}]',
        '[{"file_name": "3.png", "syms": ["Pneumothorax"], "boxes": [[0, 0, 9, 9]],'
        ' "polygons": [[[0, 0], [9, 0], [9, 9]]]}]',
    ]
    for place in ("train_data/1.png", "train_data/2.png", "test_data/3.png"):
        (folder / place).parent.mkdir(exist_ok=True)
        Image.fromarray(noise()).save(folder / place)
    for name, text in zip(names, texts, strict=True):
        (folder / name).write_text(text, encoding="utf-8")
    return [folder / name for name in names]


def read_chestx_det(folder, path):
    """Read the annotations and draw the masks."""
    given = {"root": str(folder), "counts": "any"}
    check(chestx_det_kind.build(**given), chestx_det_kind, **given)


def chexmask(folder):
    """A table of runs, plain and compressed."""
    (folder / "images").mkdir()
    Image.fromarray(noise()).save(folder / "images/1.png")
    Image.fromarray(noise()).save(folder / "images/2.png")
    frame = pd.DataFrame(
        {
            "Image Index": ["1.png", "2.png"],
            "Dice RCA (Mean)": [0.9, 0.8],
            "Height": 24,
            "Width": 32,
            "Left Lung": ["10 5 100 20", "1 3"],
            "Right Lung": ["300 12 700 68", ""],
        }
    )
    frame.to_csv(folder / "masks.csv", index=False)
    frame.to_csv(folder / "masks.csv.gz", index=False)
    return [folder / "masks.csv", folder / "masks.csv.gz"]


def read_chexmask(folder, path):
    """Read the table and draw the masks."""
    given = {"root": str(folder), "table": path.name}
    check(chexmask_kind.build(**given), chexmask_kind, **given)


def montgomery(folder):
    """Two images, their lungs and readings."""
    for name in ("MCUCXR_0001_0", "MCUCXR_0002_1"):
        for place in ("CXR_png", "ManualMask/leftMask", "ManualMask/rightMask"):
            (folder / place).mkdir(parents=True, exist_ok=True)
            Image.fromarray(255 * mask_of(SHAPE)).save(folder / place / f"{name}.png")
        (folder / "ClinicalReadings").mkdir(exist_ok=True)
        reading = "Patient's Sex: F\nPatient's Age: 031Y\nsame pt as MCUCXR_0001_0\n"
        (folder / "ClinicalReadings" / f"{name}.txt").write_text(reading, encoding="utf-8")
    return sorted(path for path in folder.rglob("*") if path.is_file())


def read_montgomery(folder, path):
    """Read images, masks and readings."""
    given = {"root": str(folder), "counts": "any"}
    check(montgomery_kind.build(**given), montgomery_kind, **given)


def pool(folder):
    """A picture, a volume and DICOM files of a pool."""
    home = folder / "data"
    home.mkdir()
    Image.fromarray(noise()).save(home / "a.png")
    Image.fromarray(noise((*SHAPE, 3), seed=1)).save(home / "b.tif")
    nifti(home / "v.nii.gz", noise(CUBE).astype(np.float32))
    write_dicom(home / "d.dcm", noise(dtype=np.uint16, seed=2))
    write_dicom(home / "MRN-77319542.dcm", noise(dtype=np.uint16, seed=3))
    return [path for path in sorted(home.iterdir()) if path.is_file()]


def read_pool(folder, path):
    """Scan the pool and read it; what cannot be read is left out, and is no error."""
    given = {"root": str(folder / "data")}
    check(pool_kind.build(**given), pool_kind, **given)


def pool_table(folder):
    """A table that names the files of a pool."""
    pool(folder)
    names = ["a.png", "b.tif", "d.dcm", "MRN-77319542.dcm"]
    frame = pd.DataFrame({"image": names, "sample_id": list("wxyz"), "patient_id": "p", "sex": "F", "ward": "x"})
    frame.to_csv(folder / "data/table.csv", index=False)
    return [folder / "data/table.csv"]


def read_pool_table(folder, path):
    """Scan what a table names."""
    given = {"root": str(folder / "data"), "table": "table.csv"}
    check(pool_kind.build(**given), pool_kind, **given)


def archive(folder):
    """A zip of images."""
    shutil.make_archive(str(folder / "data"), "zip", images_to_pack(folder))
    return [folder / "data.zip"]


def images_to_pack(folder):
    """A folder with two images in it."""
    for name in ("x/1.png", "y/2.png"):
        (folder / "pack" / name).parent.mkdir(parents=True)
        Image.fromarray(noise()).save(folder / "pack" / name)
    return folder / "pack"


def unpack_archive(folder, path):
    """Unpack it, and leave no trace but in its folder."""
    unpack(path, folder / "data/out", limit_bytes=10**7, limit_files=100)
    assert not [
        one for one in (folder / "data/out").rglob("*") if one.is_symlink() or not (one.is_file() or one.is_dir())
    ]
    shutil.rmtree(folder / "data/out")


def configuration(folder):
    """The configuration of the example."""
    (folder / "config.json").write_text(
        '{"dataset": {"name": "d", "kind": "phantom", "n": 60, "size": 32, "split": {"train": 0.6, "val": 0.2, "test":'
        ' 0.2}}, "tasks": ["classification"], "models": {"pixels": {"encoder": "pixels", "size": 16}}, "methods":'
        ' {"random": {"strategy": "random", "seeds": [1]}, "k": {"strategy": "kmeans_sweep"}}, "budgets": [4, 6],'
        ' "seeds": [1], "query": {"strategies": {"u": {"strategy": "uncertainty"}}, "from_budget": 4, "batch": 2,'
        ' "rounds": 1, "models": ["pixels"]}, "learning": {"classification": {"network": "small_cnn", "epochs": 2}}}',
        encoding="utf-8",
    )
    return [folder / "config.json"]


def read_configuration(folder, path):
    """Check a configuration; one that is no YAML is Snakemake's to refuse."""
    try:
        config = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError, ValueError):
        return
    if isinstance(config, dict):
        # In the order of workflow/rules/common.smk.
        fill_worklist(config)
        check_schema(config, read_schema(SCHEMA))
        apply_protocol(config)
        fill_learning(config)
        try:
            validate(config, str(SCHEMA))
        except WorkflowError as error:
            raise InputError(f"{' '.join(str(error).split())}.") from error
        check_names(config)
        check_consistency(config)
        check_comparisons(config)
        check_worklist(config)
