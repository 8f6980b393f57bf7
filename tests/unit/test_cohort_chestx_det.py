"""ChestX-Det: the published annotation files, and what may be wrong with such files."""

import json
import os
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image
from standins import write_chestx_det

from coldstart.cohort import chestx_det, phantom
from coldstart.cohort.assemble import assemble
from coldstart.cohort.images import read_masks, resize_mask, write_masks
from coldstart.errors import InputError

PUBLISHED = Path(__file__).resolve().parents[3] / "shared/data/chestx_det"
NAMES = ["ChestX_Det_train.json", "ChestX_Det_test.json"]


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """The real annotation files, with one grey image under every name."""
    if not PUBLISHED.is_dir():
        pytest.skip("the ChestX-Det annotations are not beside the project (../shared/data/chestx_det)")
    root = tmp_path_factory.mktemp("chestx_det")
    Image.fromarray(np.full((1024, 1024), 90, np.uint8)).save(root / "one.png")
    for name, folder in zip(NAMES, ["train_data", "test_data"], strict=True):
        (root / name).write_bytes((PUBLISHED / name).read_bytes())
        (root / folder).mkdir()
        for record in json.loads((root / name).read_text()):
            os.link(root / "one.png", root / folder / record["file_name"])
    return root


@pytest.fixture(scope="module")
def cohort(published):
    split = {"train": 0.7, "val": 0.1, "test": 0.2, "stratify": True}
    dataset = {"kind": "chestx_det", "root": str(published), "split": split, "segmentation_samples": "positive"}
    return assemble(dataset)


@pytest.fixture(scope="module")
def masks(published, cohort):
    positives = cohort[cohort["label"] == 1]
    return np.stack(list(chestx_det.masks(positives, root=str(published))))


def test_published_counts(published, cohort):
    records = [json.loads((published / name).read_text()) for name in NAMES]
    assert [len(file) for file in records] == [3025, 553]
    assert cohort.groupby("source", sort=False)["label"].value_counts().to_dict() == {
        (NAMES[0], 0): 547,
        (NAMES[0], 1): 154,
        (NAMES[1], 0): 64,
        (NAMES[1], 1): 35,
    }
    assert (cohort["label"] == 0).sum() == 611
    assert (cohort["label"] == 1).sum() == 189
    assert 3025 + 553 - len(cohort) == 2778


def test_published_splits(cohort):
    split = cohort["split"]
    assert split.value_counts().to_dict() == {"train": 560, "val": 80, "test": 160}
    positives = split[cohort["segmentation"]].value_counts().to_dict()
    assert positives == {"train": 132, "val": 19, "test": 38}
    assert (cohort["segmentation"] == (cohort["label"] == 1)).all()


def test_rows_are_in_the_order_of_the_files(published, cohort):
    names = [
        record["file_name"]
        for name in NAMES
        for record in json.loads((published / name).read_text())
        if not record["syms"] or "Pneumothorax" in record["syms"]
    ]
    assert [Path(path).name for path in cohort["image"]] == names
    assert cohort["sample_id"].tolist() == [name.removesuffix(".png") for name in names]
    positive = [int("Pneumothorax" in findings.split("|")) for findings in cohort["findings"]]
    assert positive == cohort["label"].tolist()
    # Only seven positives show nothing else.
    assert (cohort["findings"] == "Pneumothorax").sum() == 7


def test_published_lesion_sizes(cohort, masks):
    fractions = cohort["lesion_fraction"][cohort["label"] == 1]
    np.testing.assert_allclose(fractions, masks.mean(axis=(1, 2)))
    assert fractions.mean() == pytest.approx(0.0093, abs=5e-5)
    assert fractions.median() == pytest.approx(0.0051, abs=5e-5)
    assert fractions.min() == pytest.approx(0.00034, abs=5e-6)
    assert fractions.max() == pytest.approx(0.1275, abs=5e-5)
    assert (cohort["lesion_fraction"][cohort["label"] == 0] == 0).all()


# The figures of bilinear are those established for Yuan & Hong: widest row 24.1 pixels.
@pytest.mark.parametrize(("interpolation", "percent", "widest"), [("bilinear", 0.9698, 24.10), ("area", 1.1089, 26.13)])
def test_no_lesion_vanishes_in_the_store(cohort, masks, tmp_path, interpolation, percent, widest):
    positives = cohort[cohort["label"] == 1]
    write_masks(tmp_path / "224.npy", lambda rows: masks, positives, 224, interpolation)
    stored = np.asarray(read_masks(tmp_path / "224.npy"))
    assert stored.any(axis=(1, 2)).all()
    assert 100 * stored.mean() == pytest.approx(percent, abs=1e-3)
    assert stored.sum(axis=2).max(axis=1).mean() == pytest.approx(widest, abs=0.01)


def test_bilinear_masks_are_those_of_the_published_loader(masks):
    for mask in masks:
        published = cv2.resize(255 * mask, (224, 224), interpolation=cv2.INTER_LINEAR) > 0
        np.testing.assert_array_equal(resize_mask(mask, 224, "bilinear"), published)


def test_a_speck_that_bilinear_would_lose_is_kept():
    mask = np.zeros((1024, 1024), np.uint8)
    mask[512, 512] = 1
    assert not (cv2.resize(mask.astype(np.float32), (224, 224)) > 0).any()
    assert resize_mask(mask, 224, "bilinear").sum() == 1
    assert not resize_mask(np.zeros_like(mask), 224, "bilinear").any()


def test_an_unknown_interpolation_of_masks(cohort, tmp_path):
    with pytest.raises(InputError, match=r"'cubic', it must be one of area, bilinear, nearest"):
        write_masks(tmp_path / "m.npy", lambda rows: [], cohort, 8, "cubic")


def test_another_version_is_refused_by_number(published, tmp_path):
    records = json.loads((published / NAMES[1]).read_text())
    (tmp_path / NAMES[0]).write_bytes((published / NAMES[0]).read_bytes())
    dropped = next(i for i, record in enumerate(records) if "Pneumothorax" in record["syms"])
    (tmp_path / NAMES[1]).write_text(json.dumps(records[:dropped] + records[dropped + 1 :]))
    with pytest.raises(InputError) as caught:
        chestx_det.build(root=str(tmp_path))
    text = str(caught.value)
    assert "552 records where 553 are published (-1)" in text
    assert "34 images with Pneumothorax where 35 are published (-1)" in text
    assert "without finding" not in text
    assert NAMES[0] not in text
    assert "dataset.counts to 'any'" in text
    # Accepted, it comes as far as the images.
    with pytest.raises(InputError, match=r"799 of the 799 images of the cohort are not below"):
        chestx_det.build(root=str(tmp_path), counts="any")


def test_missing_images_are_counted(published, tmp_path):
    for name in NAMES:
        (tmp_path / name).write_bytes((published / name).read_bytes())
    with pytest.raises(InputError, match=r"800 of the 800 .*train_data/36200.png.* and 797 more.*snakemake fetch_data"):
        chestx_det.build(root=str(tmp_path))


def test_another_finding(published):
    cohort = chestx_det.build(root=str(published), finding="Cardiomegaly")
    assert cohort["label"].value_counts().to_dict() == {0: 611, 1: 223 + 70}
    with pytest.raises(InputError, match=r"no image shows 'Pneumotorax': did you mean 'Pneumothorax'"):
        chestx_det.build(root=str(published), finding="Pneumotorax")


# Files made here


def record(name="1.png", syms=("Pneumothorax",), polygons=None, **changes):
    polygons = [[[1, 1], [5, 1], [5, 5]]] * len(syms) if polygons is None else polygons
    return {"file_name": name, "syms": list(syms), "boxes": [[0, 0, 9, 9]] * len(syms), "polygons": polygons, **changes}


@pytest.fixture
def write(tmp_path):
    """Write one annotation file and its images of 20 x 30 pixels; gives parameters of the kind."""

    def write(records, height=20, width=30):
        (tmp_path / "a.json").write_text(records if isinstance(records, str) else json.dumps(records))
        (tmp_path / "png").mkdir(exist_ok=True)
        for number in range(1, 4):
            Image.fromarray(np.zeros((height, width), np.uint8)).save(tmp_path / "png" / f"{number}.png")
        return {"root": str(tmp_path), "annotations": ["a.json"], "images": ["png"], "counts": "any"}

    return write


def test_the_mask_is_the_union_of_the_polygons_of_the_finding(write):
    squares = [[[2, 2], [10, 2], [10, 10], [2, 10]], [[6, 6], [14, 6], [14, 14], [6, 14]], [[20, 0], [29, 0], [29, 9]]]
    parameters = write([record(syms=["Pneumothorax", "Pneumothorax", "Mass"], polygons=squares)])
    cohort = chestx_det.build(**parameters)
    (mask,) = chestx_det.masks(cohort, **parameters)
    expected = np.zeros((20, 30), np.uint8)
    # The edges belong to the mask, and where the squares overlap they do not cancel out.
    expected[2:11, 2:11] = 1
    expected[6:15, 6:15] = 1
    np.testing.assert_array_equal(mask, expected)
    assert cohort["findings"].tolist() == ["Pneumothorax|Mass"]
    assert cohort["lesion_fraction"].tolist() == [expected.mean()]


def test_points_just_outside_are_cut_off(write):
    parameters = write([record(polygons=[[[-1, -1], [30, -1], [30, 20], [-1, 20]]])])
    (mask,) = chestx_det.masks(chestx_det.build(**parameters), **parameters)
    assert mask.shape == (20, 30)
    assert mask.all()


@pytest.mark.parametrize("point", [[31, 5], [5, 21], [-2, 5], [5, -2]])
def test_a_polygon_of_a_larger_image_is_refused(write, point):
    parameters = write([record(polygons=[[[1, 1], [5, 1], point]])])
    with pytest.raises(InputError, match=r"a.json#1.png: a polygon reaches to .* 30 x 20 pixels.*not resized"):
        chestx_det.build(**parameters)


@pytest.mark.parametrize(
    "polygon",
    [
        [],
        7,
        None,
        [[1, 1], [2, 2]],
        [[1, 1], [2, 2], 3],
        [[1, 1], [2, 2], [3]],
        [[1, 1], [2, 2], [3, "4"]],
        [[1, 1], [2, 2], [3, True]],
        [[1, 1], [2, 2], [3, float("nan")]],
        [[1, 1], [2, 2], [3, float("inf")]],
        [[1, 1], [2, 2], [3, 10**400]],
    ],
)
def test_a_polygon_that_is_none(write, polygon):
    parameters = write([record(polygons=[polygon])])
    with pytest.raises(InputError, match=r"a.json#1.png: polygon 1 of Pneumothorax is not a list of three or more"):
        chestx_det.build(**parameters)


@pytest.mark.parametrize(
    ("records", "message"),
    [
        ("[{", "a.json is not valid JSON"),
        ("[" * 100000, "a.json is not valid JSON"),
        ("{}", "must hold a list of records"),
        ("[]", "must hold a list of records"),
        ([record(), 7], "record 2: it must be an object with file_name, syms, boxes, polygons"),
        ([{"file_name": "1.png", "syms": []}], "record 1: .* but lacks boxes, polygons"),
        ([record(boxes=[])], r"record 1 \(1.png\): syms, boxes and polygons have 1, 0 and 1 items"),
        ([record(polygons=[])], r"record 1 \(1.png\): syms, boxes and polygons have 1, 1 and 0 items"),
        ([record(boxes=None)], "must be lists"),
        ([record(syms=[3])], "names of findings"),
        ([record(name="../1.png")], "file_name is '../1.png', it must be the name"),
        ([record(name="/etc/1.png")], "it must be the name of an image file without a folder"),
        ([record(name="..")], "it must be the name"),
        ([record(name=5)], "file_name is 5"),
        ([record(), record()], "would both be called '1'"),
        ([record(name="4.png"), record(name="5.png")], r"2 of the 2 images .*\(png/4.png, png/5.png\)"),
    ],
)
def test_wrong_files_are_refused_in_one_sentence(write, records, message):
    with pytest.raises(InputError, match=message) as caught:
        chestx_det.build(**write(records))
    assert "\n" not in str(caught.value)


def test_files_and_folders_come_in_pairs(write):
    parameters = write([record()])
    with pytest.raises(InputError, match=r"names 1 files and dataset.images 2 folders"):
        chestx_det.build(**{**parameters, "images": ["png", "jpg"]})
    with pytest.raises(InputError, match=r"names 1 file\(s\), published are two"):
        chestx_det.build(**{**parameters, "counts": "published"})
    with pytest.raises(InputError, match=r"b.json does not exist: run `snakemake fetch_data`"):
        chestx_det.build(**{**parameters, "annotations": ["b.json"]})
    with pytest.raises(InputError, match=r"leaves the data root"):
        chestx_det.build(**{**parameters, "annotations": ["../" + Path(parameters["root"]).name + "/a.json"]})


def test_images_one_folder_deeper_are_found(write, tmp_path):
    parameters = write([record(), record("2.png", ())])
    (tmp_path / "deep").mkdir()
    (tmp_path / "png").rename(tmp_path / "deep" / "deep")
    cohort = chestx_det.build(**{**parameters, "images": ["deep"]})
    assert cohort["image"].tolist() == ["deep/deep/1.png", "deep/deep/2.png"]
    assert cohort["findings"].tolist() == ["Pneumothorax", "No Finding"]
    assert len(list(chestx_det.images(cohort, **{**parameters, "images": ["deep"]}))) == 2


def test_masks_of_a_changed_file(write):
    cohort = chestx_det.build(**write([record()]))
    changed = write([record("2.png")])
    with pytest.raises(InputError, match=r"a.json#1.png is no longer in the annotation file"):
        list(chestx_det.masks(cohort, **changed))


def test_the_stand_in_is_read_as_it_was_drawn(tmp_path):
    parameters = write_chestx_det(tmp_path, n_train=12, n_test=6, size=64, seed=3)
    cohort = chestx_det.build(**parameters)
    pool = phantom.build(n=18, seed=3, resolution=64, prevalence=0.4)
    drawn = dict(zip(range(18), phantom.masks(pool, n=18, seed=3, resolution=64, prevalence=0.4), strict=True))
    assert set(cohort["label"]) == {0, 1}
    assert len(cohort) < 18
    for row, mask in zip(cohort.itertuples(), chestx_det.masks(cohort, **parameters), strict=True):
        expected = drawn[int(row.sample_id) - 36199]
        assert row.label == int(expected.any())
        assert (mask != expected).sum() <= 0.05 * expected.sum()
