"""Every data set kind keeps the same contract."""

from functools import partial

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
from PIL import Image
from standins import write_chestx_det, write_chexmask, write_dicom, write_montgomery, write_synthstrip

from coldstart.cohort import KINDS
from coldstart.cohort.assemble import COLUMNS, assemble, check_task, label_free
from coldstart.cohort.images import as_float, effective_spacing, read_images, read_masks, write_images, write_masks
from coldstart.registry import keyword_parameters

DERIVED = {"split", "classification", "segmentation"}


def phantom(folder):
    return {"n": 60, "resolution": 48, "prevalence": 0.4}


def table(folder):
    rng = np.random.default_rng(0)
    rows = []
    for i in range(40):
        shape = (20 + i % 3, 24) if i % 2 else (16, 16, 3)
        name = f"{i:02d}.{('png', 'jpg', 'tiff')[i % 3]}"
        deep = i % 2 and i % 3 != 1
        pixels = rng.integers(0, 255, shape, dtype=np.uint8).astype(np.uint16 if deep else np.uint8)
        Image.fromarray(pixels).save(folder / name)
        mask = ""
        if i % 4 == 0:
            mask = f"mask{i:02d}.png"
            Image.fromarray((rng.random(shape[:2]) < 0.1).astype(np.uint8) * 255).save(folder / mask)
        rows.append((name, int(i % 4 == 0), mask, f"p{i // 2}", "0.5 0.25"))
    frame = pd.DataFrame(rows, columns=["image", "label", "mask", "patient_id", "spacing"])
    frame.to_csv(folder / "t.csv", index=False)
    return {"root": str(folder), "table": "t.csv"}


def volumes(folder):
    rng = np.random.default_rng(0)
    for subject in range(8):
        (folder / f"s{subject}").mkdir()
        mask = np.zeros((9, 7, 6), np.uint8)
        mask[2:5, 2:5, 2:5] = 1
        for name, array in (("image", rng.integers(0, 99, mask.shape, dtype=np.int16)), ("mask", mask)):
            nib.save(nib.Nifti1Image(array, np.diag([2.0, 1.0, 3.0, 1.0])), folder / f"s{subject}" / f"{name}.nii.gz")
    return {"root": str(folder), "images": "*/image.nii.gz", "masks": "mask.nii.gz"}


def chestx_det(folder):
    return write_chestx_det(folder, n_train=30, n_test=10, size=64)


def chexmask(folder):
    # Images of another size than their masks.
    return write_chexmask(folder, n=40, size=48, image_size=32)


def montgomery(folder):
    return write_montgomery(folder, n=30, size=48)


def longitudinal(folder):
    rng = np.random.default_rng(0)
    for patient in range(8):
        (folder / f"p{patient}").mkdir()
        brain, change = np.zeros((2, 9, 7, 6), np.uint8)
        brain[1:8, 1:6], change[3:5, 2:4, 2:4] = 1, 1
        before = rng.integers(0, 99, brain.shape, dtype=np.int16)
        scans = {"baseline_flair": before, "followup_flair": before + np.int16(90) * change}
        for name, array in {**scans, "brain_mask": brain, "change_mask": change}.items():
            nib.save(nib.Nifti1Image(array, np.diag([2.0, 1.0, 3.0, 1.0])), folder / f"p{patient}" / f"{name}.nii.gz")
    return {"root": str(folder)}


def longitudinal_phantom(folder):
    return {"n": 12, "resolution": 24, "slices": 6}


def pool(folder):
    table(folder)
    volumes(folder)
    write_dicom(folder / "scan.dcm", np.arange(64, dtype=np.uint8).reshape(8, 8))
    return {"root": str(folder), "every": 3}


def synthstrip(folder):
    return write_synthstrip(folder, subjects=8, dimensions=3, size=24)


# One small data set per kind; a new kind adds its own here.
EXAMPLES = {
    "chestx_det": chestx_det,
    "chexmask": chexmask,
    "longitudinal": longitudinal,
    "longitudinal_phantom": longitudinal_phantom,
    "montgomery": montgomery,
    "phantom": phantom,
    "pool": pool,
    "synthstrip": synthstrip,
    "table": table,
    "volumes": volumes,
}
# Every image of these shows what is segmented: there are no two classes to tell apart.
ONE_CLASS = ("chexmask",)


@pytest.fixture(params=list(KINDS))
def example(request, tmp_path):
    """A kind's module and parameters that work."""
    assert request.param in EXAMPLES, f"give an example of the data set kind '{request.param}'"
    return request.param, EXAMPLES[request.param](tmp_path)


@pytest.mark.parametrize("name", list(KINDS))
def test_the_three_functions_share_their_parameters(name):
    module = KINDS.entry(name).module
    built = {key: value for key, value in keyword_parameters(module, "build").items() if key not in KINDS.supplied}
    assert keyword_parameters(module, "images") == built
    assert keyword_parameters(module, "masks") == built


def test_building_twice_gives_the_same_table(example):
    name, parameters = example
    build = KINDS.load(name)
    pd.testing.assert_frame_equal(build(**parameters), build(**parameters))


def test_the_table_has_its_columns_and_unique_ids(example):
    name, parameters = example
    frame = KINDS.load(name)(**parameters)
    assert set(COLUMNS) - DERIVED <= set(frame.columns)
    assert frame["sample_id"].is_unique
    assert not frame["sample_id"].str.startswith("/").any()
    assert frame["label"].dropna().isin([0, 1]).all()
    assert frame["bits"].isin([8, 16]).all()
    assert frame["colour"].dtype == bool


def test_pixels_agree_with_the_table(example):
    name, parameters = example
    kind = KINDS.module(name)
    frame = kind.build(**parameters)
    images = list(kind.images(frame, **parameters))
    masks = list(kind.masks(frame, **parameters))
    assert len(images) == len(masks) == len(frame)
    for row, image, mask in zip(frame.itertuples(), images, masks, strict=True):
        assert image.shape[:2] == mask.shape == (row.height, row.width)
        assert image.ndim == 2 or (image.shape[2] == 3 and row.colour)
        assert image.dtype == {8: np.uint8, 16: np.uint16}[row.bits]
        assert mask.dtype == np.uint8
        assert set(np.unique(mask)) <= {0, 1}
        if pd.isna(row.mask):
            assert not mask.any()


def test_pixels_follow_the_order_of_the_rows(example):
    name, parameters = example
    kind = KINDS.module(name)
    frame = kind.build(**parameters)
    order = np.random.default_rng(1).permutation(len(frame))
    for read in (kind.images, kind.masks):
        straight = list(read(frame, **parameters))
        shuffled = list(read(frame.iloc[order], **parameters))
        for position, i in enumerate(order):
            np.testing.assert_array_equal(shuffled[position], straight[i])


def test_from_the_data_set_to_the_store(example, tmp_path):
    name, parameters = example
    kind = KINDS.module(name)
    cohort = assemble(
        {
            "name": "example",
            "kind": name,
            "segmentation_samples": "annotated",
            "split": {"stratify": True},
            **parameters,
        }
    )
    for task in ("segmentation",) if name in ONE_CLASS else ("classification", "segmentation"):
        check_task(cohort, task)
    assert (cohort.groupby("patient_id")["split"].nunique() == 1).all()
    assert not {"label", "mask"} & set(label_free(cohort).columns)
    channels = KINDS.entry(name).facts.get("channels", 1)
    write_images(tmp_path / "store" / "16.npy", partial(kind.images, **parameters), cohort, 16, channels)
    write_masks(tmp_path / "store" / "mask16.npy", partial(kind.masks, **parameters), cohort, 16)
    images, masks = read_images(tmp_path / "store" / "16.npy"), read_masks(tmp_path / "store" / "mask16.npy")
    assert images.shape[:3] == masks.shape == (len(cohort), 16, 16)
    assert images.shape[3:] == (() if channels == 1 else (channels,))
    assert images.dtype == (np.uint8 if (cohort["bits"] == 8).all() else np.uint16)
    assert 0 <= as_float(images).min() < as_float(images).max() <= 1
    with_mask = cohort["mask"].notna() & (cohort["label"] == 1)
    assert masks[with_mask].any(axis=(1, 2)).all()
    spacing = effective_spacing(cohort, 16)
    assert (np.isnan(spacing) | (spacing > 0)).all()
