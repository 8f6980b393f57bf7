"""Tables of image files: columns, cells and files, right and wrong."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from coldstart.cohort import table
from coldstart.errors import InputError

NIH = Path(__file__).parents[3] / "shared" / "data" / "nih_chestxray"


@pytest.fixture
def root(tmp_path):
    rng = np.random.default_rng(0)
    for name in ("a", "b", "c"):
        pixels = rng.integers(0, 255, (10, 12), dtype=np.uint8)
        (tmp_path / "images").mkdir(exist_ok=True)
        Image.fromarray(pixels).save(tmp_path / "images" / f"{name}.png")
    (tmp_path / "masks").mkdir()
    mask = np.zeros((10, 12), np.uint8)
    mask[4, 5] = 255
    Image.fromarray(mask).save(tmp_path / "masks" / "a.png")
    return tmp_path


def build(root, text, encoding="utf-8", **parameters):
    (root / "t.csv").write_text(text, encoding=encoding)
    return table.build(root=str(root), table="t.csv", **parameters)


def test_a_full_table(root):
    cohort = build(
        root,
        "file,ill,who,mm,hand,age\na.png,1.0,007,0.5 0.25,a.png,63\nb.png,0,008,0.4,,71\nc.png,,,,,\n",
        columns={"image": "file", "label": "ill", "patient_id": "who", "spacing": "mm", "mask": "hand"},
        image_folder="images",
        mask_folder="masks",
    )
    assert list(cohort["image"]) == ["images/a.png", "images/b.png", "images/c.png"]
    assert list(cohort["sample_id"]) == ["images/a", "images/b", "images/c"]
    assert cohort["label"].tolist()[:2] == [1, 0]
    assert cohort["label"].isna().tolist() == [False, False, True]
    assert cohort["patient_id"].tolist()[:2] == ["007", "008"]
    assert pd.isna(cohort["patient_id"][2])
    assert cohort.loc[0, ["spacing_y", "spacing_x"]].tolist() == [0.5, 0.25]
    assert cohort.loc[1, ["spacing_y", "spacing_x"]].tolist() == [0.4, 0.4]
    assert cohort.loc[2, ["spacing_y", "spacing_x"]].isna().all()
    assert cohort["mask"][0] == "masks/a.png"
    assert cohort["mask"].isna().tolist() == [False, True, True]
    assert cohort["age"].tolist()[:2] == [63, 71]
    assert (cohort[["height", "width", "bits"]] == [10, 12, 8]).all(axis=None)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_delimiters_and_byte_order_marks(root, delimiter, encoding):
    text = 'image,label,note\nimages/a.png,1,"x, y; z"\nimages/b.png,0,ü\n\n'
    if delimiter != ",":
        text = text.replace('"x, y; z"', "x").replace(",", delimiter)
    cohort = build(root, text, encoding)
    assert list(cohort["sample_id"]) == ["images/a", "images/b"]
    assert cohort["note"].tolist() == ["x, y; z" if delimiter == "," else "x", "ü"]


def test_parquet_gives_the_same_cohort(root):
    text = "image,label,patient_id,age\nimages/a.png,1,3,63\nimages/b.png,0,4,71\n"
    from_csv = build(root, text)
    typed = pd.DataFrame(
        {"image": ["images/a.png", "images/b.png"], "label": [1.0, 0.0], "patient_id": [3, 4], "age": [63, 71]}
    )
    typed.to_parquet(root / "t.parquet")
    from_parquet = table.build(root=str(root), table="t.parquet")
    pd.testing.assert_frame_equal(from_csv, from_parquet)


def test_metadata_that_clash_are_renamed_and_codes_keep_their_zeros(root):
    cohort = build(
        root,
        "image,label,pneumonia,height,code\nimages/a.png,well,0,170,01\nimages/b.png,ill,1,180,02\n",
        columns={"label": "pneumonia"},
    )
    assert cohort["label"].tolist() == [0, 1]
    assert cohort["meta_label"].tolist() == ["well", "ill"]
    assert cohort["meta_height"].tolist() == [170, 180]
    assert cohort["height"].tolist() == [10, 10]
    assert cohort["code"].tolist() == ["01", "02"]
    with pytest.raises(InputError, match="both 'height' and 'meta_height'"):
        build(root, "image,height,meta_height\nimages/a.png,1,2\n")


def test_a_given_split_and_a_given_id(root):
    cohort = build(root, "image,split,sample_id\nimages/a.png,test,x\nimages/b.png,unlabelled,y\n")
    assert cohort["split"].tolist() == ["test", "unlabelled"]
    assert cohort["sample_id"].tolist() == ["x", "y"]


def test_masks_without_a_file_are_empty(root):
    text = "image,label,mask\nimages/a.png,1,masks/a.png\nimages/b.png,0,\n"
    cohort = build(root, text)
    first, second = table.masks(cohort, root=str(root), table="t.csv")
    assert first.sum() == first[4, 5] == 1
    assert second.shape == (10, 12)
    assert not second.any()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("image\nimages/absent.png\n", r"t\.csv, row 1: the file 'images/absent\.png' does not exist"),
        ("image\n../a.png\n", "row 1: the path .* leaves the data root"),
        ("image\n/etc/hostname\n", "row 1: the path '/etc/hostname' leaves the data root"),
        ("image,label\nimages/a.png,0\nimages/b.png,2\n", "row 2: the label is '2', it must be 0, 1 or empty"),
        ("image,label\nimages/a.png,yes\n", "row 1: the label is 'yes'"),
        ("image,label\nimages/a.png,nan\n", "row 1: the label is 'nan'"),
        ("image,split\nimages/a.png,dev\n", "row 1: the split is 'dev', it must be one of train, val, test"),
        ("image,spacing\nimages/a.png,-1\n", "row 1: the spacing is '-1 -1'"),
        ("image,spacing\nimages/a.png,1 2 3\n", "row 1: the spacing is '1 2 3'"),
        ("image,mask\nimages/a.png,masks/b.png\n", r"row 1 \(mask\): the file 'masks/b\.png' does not exist"),
        ("image,mask,label\nimages/a.png,masks/a.png,1\nimages/b.png,,1\n", "row 2: the label is 1 but no mask"),
        ("image,sample_id\nimages/a.png,x\nimages/b.png,x\n", "row 2: the sample_id 'x' is given twice"),
        ("image,sample_id\nimages/a.png,\n", "row 1: the sample_id is empty"),
        ("image\nimages/a.png\nimages/a.png\n", r"both images would be called 'images/a': give t\.csv a sample_id"),
        ("image,label\n,1\n", "row 1: the cell of the image is empty"),
        ("image,note\nimages/a.png,one,two\n", "line 2: 3 cells, but the header has 2"),
        ("image,image\na,b\n", "more than one column named image"),
        ("image,label\n", "has no rows"),
        ("", "is empty"),
        ("picture\nimages/a.png\n", "has no column 'image'"),
    ],
)
def test_wrong_tables_are_refused_by_row(root, text, message):
    with pytest.raises(InputError, match=message):
        build(root, text)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"lable": "x"}, "unknown name 'lable': did you mean 'label'"),
        ({"label": "il"}, "no column 'il': did you mean 'ill'"),
    ],
)
def test_unknown_columns_are_refused_with_the_nearest(root, columns, message):
    with pytest.raises(InputError, match=message):
        build(root, "image,ill\nimages/a.png,1\n", columns=columns)


def test_a_table_that_is_not_text_or_not_there_is_refused(root):
    with pytest.raises(InputError, match="not text in UTF-8"):
        build(root, "image,note\nimages/a.png,ü\n", encoding="latin-1")
    with pytest.raises(InputError, match=r"dataset\.table: the file 'no\.csv' does not exist"):
        table.build(root=str(root), table="no.csv")
    (root / "t.parquet").write_bytes(b"PAR1")
    with pytest.raises(InputError, match=r"t\.parquet cannot be read as Parquet"):
        table.build(root=str(root), table="t.parquet")


def test_a_damaged_image_is_named_when_it_is_read(root):
    cohort = build(root, "image\nimages/a.png\nimages/b.png\n")
    path = root / "images" / "b.png"
    path.write_bytes(path.read_bytes()[:80])
    with pytest.raises(InputError, match=r"b\.png cannot be read"):
        list(table.images(cohort, root=str(root), table="t.csv"))


@pytest.mark.skipif(not NIH.exists(), reason="the NIH chest X-rays are not here (../shared/data/nih_chestxray)")
def test_the_nih_chest_x_rays():
    parameters = {
        "root": str(NIH),
        "table": "labels.csv",
        "columns": {"image": "file_name", "label": "pneumonia"},
        "image_folder": "images",
    }
    cohort = table.build(**parameters)
    assert len(cohort) == 585
    assert cohort["label"].value_counts().to_dict() == {0: 298, 1: 287}
    assert cohort["sample_id"][0] == "images/00000150_002"
    assert cohort["patient_id"][0] == "150"
    assert {"findings", "age", "sex", "view"} <= set(cohort.columns)
    first = next(iter(table.images(cohort.head(3), **parameters)))
    assert first.shape == (320, 320)
    assert first.std() > 10
