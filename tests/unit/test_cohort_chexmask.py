"""CheXmask: tables of runs over images that lie elsewhere."""

import csv
import gzip
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from standins import write_chexmask
from standins.chexmask import mask_runs
from standins.xray import xrays

from coldstart.cohort import chexmask, chexmask_table
from coldstart.cohort.assemble import assemble
from coldstart.errors import InputError

TABLE = "OriginalResolution/ChestX-Ray8.csv"
COLUMNS = ["Image ID", "Dice RCA (Max)", "Dice RCA (Mean)", "Landmarks", "Left Lung", "Right Lung", "Heart"]
COLUMNS += ["Height", "Width"]


@pytest.fixture(scope="module")
def pool(tmp_path_factory):
    """Sixteen phantoms, of which numbers 7 and 15 have poor masks."""
    return write_chexmask(tmp_path_factory.mktemp("chexmask"), n=16, size=48)


def drawn():
    """The same sixteen with all their organs, as they were drawn."""
    return list(xrays(16, 48, 0, 0.24))


def row(name="a.png", mean="0.8", left="1 2", right="5 1", heart="", height="2", width="3", **more):
    return [name, "0.9", mean, "[[1 2]\n [3 4]]", left, right, heart, height, width, *more.values()]


def tiny(root, rows, columns=COLUMNS, images=(("a.png", (2, 3)), ("b.png", (2, 3)))):
    """A table as given, and small images."""
    (root / "images").mkdir(exist_ok=True)
    for name, shape in images:
        path = root / "images" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.full(shape, 7, np.uint8)).save(path)
    with open(root / "t.csv", "w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([columns, *rows])
    return {"root": str(root), "table": "t.csv"}


def test_rows_of_sufficient_quality_in_the_order_of_the_table(pool):
    cohort = chexmask.build(**pool)
    with open(Path(pool["root"], TABLE), newline="", encoding="utf-8") as stream:
        names = [name for name, *_ in csv.reader(stream)][1:]
    kept = [name for i, name in enumerate(names) if i not in (7, 15)]
    assert cohort["image"].tolist() == [f"images/{name}" for name in kept]
    assert cohort["sample_id"].tolist() == [name.removesuffix(".png") for name in kept]
    assert (cohort["dice_rca"] >= 0.7).all()
    assert cohort["patient_id"].tolist() == [name[:8] for name in kept]
    assert (cohort["label"] == 1).all()
    assert (cohort[["height", "width", "bits"]] == [48, 48, 8]).all(axis=None)
    assert len(chexmask.build(**pool, min_dice_rca=0.0)) == 16


def test_a_quality_of_just_the_threshold_is_kept_and_none_is_not(tmp_path):
    given = tiny(tmp_path, [row(mean="0.7"), row("b.png", mean="")])
    assert chexmask.build(**given)["sample_id"].tolist() == ["a"]
    assert chexmask.build(**given, min_dice_rca=0.0)["sample_id"].tolist() == ["a"]


@pytest.mark.parametrize(
    ("organs", "wanted"),
    [
        (None, ["Left Lung", "Right Lung"]),
        (["lungs", "heart"], ["Left Lung", "Right Lung", "Heart"]),
        (["heart"], ["Heart"]),
        (["left_lung"], ["Left Lung"]),
        (["right_lung", "lungs"], ["Left Lung", "Right Lung"]),
    ],
)
def test_masks_unite_the_organs_as_they_were_drawn(pool, organs, wanted):
    cohort = chexmask.build(**pool, organs=organs)
    masks = list(chexmask.masks(cohort, **pool, organs=organs))
    expected = [np.logical_or.reduce([found[name] for name in wanted]) for _, _, found in drawn()]
    del expected[15], expected[7]
    np.testing.assert_array_equal(masks, expected)


def test_images_are_the_files(pool):
    images = list(chexmask.images(chexmask.build(**pool, min_dice_rca=0.0), **pool))
    np.testing.assert_array_equal(images, [image for _, image, _ in drawn()])


def test_a_row_without_runs_has_an_empty_mask(tmp_path):
    given = tiny(tmp_path, [row(), row("b.png", left="", right="", heart="1 6")])
    cohort = chexmask.build(**given)
    assert cohort["label"].tolist() == [1, 0]
    assert cohort["mask"].isna().tolist() == [False, True]
    masks = list(chexmask.masks(cohort, **given))
    np.testing.assert_array_equal(masks, [[[1, 1, 0], [0, 1, 0]], np.zeros((2, 3))])


def test_masks_are_scaled_to_resized_images_by_nearest_neighbour(tmp_path):
    mask = np.array([[1, 1, 0, 0], [1, 1, 0, 0], [0, 0, 0, 0], [0, 0, 1, 1], [0, 0, 1, 1], [0, 0, 0, 0]])
    # A mask of 6 x 4 over images of 12 x 8 and of 3 x 2.
    rows = [row(name, left=mask_runs(mask), right="", height="6", width="4") for name in ("a.png", "b.png")]
    given = tiny(tmp_path, rows, images=[("a.png", (12, 8)), ("b.png", (3, 2))])
    cohort = chexmask.build(**given)
    assert cohort[["height", "width"]].to_numpy().tolist() == [[12, 8], [3, 2]]
    large, small = chexmask.masks(cohort, **given)
    np.testing.assert_array_equal(large, mask.repeat(2, axis=0).repeat(2, axis=1))
    np.testing.assert_array_equal(small, mask[::2, ::2])


def test_masks_of_another_aspect_ratio_are_refused(tmp_path):
    given = tiny(tmp_path, [row(left="", height="1024", width="1024")], images=[("a.png", (90, 110))])
    with pytest.raises(InputError, match=r"a\.png is 90 x 110 pixels, but its mask in .*t\.csv is 1024 x 1024.*padded"):
        chexmask.build(**given)
    tiny(tmp_path, [row(left="", height="1024", width="1251")], images=[("a.png", (90, 110))])
    assert len(chexmask.build(**given)) == 1


def test_masks_follow_the_rows_whatever_their_order_and_the_size_of_the_pieces(pool, monkeypatch):
    cohort = chexmask.build(**pool)
    whole = list(chexmask.masks(cohort, **pool))
    monkeypatch.setattr(chexmask_table, "ROWS_AT_ONCE", 3)
    pd.testing.assert_frame_equal(chexmask.build(**pool), cohort)
    np.testing.assert_array_equal(list(chexmask.masks(cohort, **pool)), whole)
    order = np.random.default_rng(0).permutation(len(cohort))
    shuffled = list(chexmask.masks(cohort.iloc[order], **pool))
    np.testing.assert_array_equal(shuffled, [whole[i] for i in order])
    np.testing.assert_array_equal(list(chexmask.masks(cohort.iloc[[5]], **pool)), [whole[5]])


def test_a_table_is_read_economically(pool, monkeypatch):
    read, columns, pieces = pd.read_csv, [], []

    def watched(path, usecols=None, chunksize=None, **options):
        if chunksize is None:
            assert options["nrows"] == 0
            return read(path, **options)
        columns.append(usecols)
        return read(path, usecols=usecols, chunksize=chunksize, **options)

    monkeypatch.setattr(chexmask_table.pd, "read_csv", watched)
    monkeypatch.setattr(chexmask_table, "ROWS_AT_ONCE", 4)
    cohort = chexmask.build(**pool)
    source = chexmask_table.read_pieces
    monkeypatch.setattr(
        chexmask_table, "read_pieces", lambda *given: (pieces.append(len(piece)) or piece for piece in source(*given))
    )
    next(chexmask.masks(cohort, **pool))
    assert pieces == [4]
    assert len(columns) == 2
    assert not any("Landmarks" in used or "Heart" in used for used in columns)


def test_a_compressed_table_gives_the_same(pool, tmp_path):
    given = tiny(tmp_path, [row()])
    expected = chexmask.build(**given)
    (tmp_path / "t.csv.gz").write_bytes(gzip.compress((tmp_path / "t.csv").read_bytes()))
    packed = {**given, "table": "t.csv.gz"}
    cohort = chexmask.build(**packed)
    pd.testing.assert_frame_equal(cohort.drop(columns="mask"), expected.drop(columns="mask"))
    np.testing.assert_array_equal(list(chexmask.masks(cohort, **packed)), list(chexmask.masks(expected, **given)))
    (tmp_path / "t.csv.gz").write_bytes((tmp_path / "t.csv.gz").read_bytes()[:-9])
    with pytest.raises(InputError, match=r"t\.csv\.gz cannot be read as a CSV"):
        chexmask.build(**packed)


@pytest.mark.parametrize("column", ["Image Index", "Path", "dicom_id", "ImageID", "image_id"])
def test_the_published_names_of_the_id_column_are_known(tmp_path, column):
    given = tiny(tmp_path, [row()], [column, *COLUMNS[1:]])
    assert chexmask.build(**given)["sample_id"].tolist() == ["a"]


def test_another_id_column_can_be_named(tmp_path):
    given = tiny(tmp_path, [row("x.png", film="a")], [*COLUMNS, "film"])
    assert chexmask.build(**given, id_column="film")["image"].tolist() == ["images/a.png"]
    with pytest.raises(InputError, match=r"dataset\.id_column: .* has no column 'flim': did you mean 'film'"):
        chexmask.build(**given, id_column="flim")


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("a", "a.png"),
        ("a.jpg", "a.png"),
        ("a", "p10/s5/a.jpg"),
        ("s5/a.jpg", "p10/s5/a.jpg"),
        ("images/p10/s5/a.jpg", "p10/s5/a.jpg"),
        ("1.2.840.7", "1.2.840.7.png"),
    ],
)
def test_images_are_found_with_or_without_extension_and_folders(tmp_path, name, place):
    cohort = chexmask.build(**tiny(tmp_path, [row(name)], images=[(place, (2, 3)), ("other/z.png", (2, 3))]))
    assert cohort["image"].tolist() == [f"images/{place}"]
    assert cohort["sample_id"].tolist() == [name.removesuffix(".jpg")]


def test_folders_of_an_id_may_lie_above_the_root(tmp_path):
    (tmp_path / "CheXpert").mkdir()
    rows = [row("CheXpert/train/patient00001/v.png"), row("CheXpert/train/patient00002/v.png")]
    images = [(f"train/patient0000{i}/v.png", (2, 3)) for i in (1, 2, 3)]
    given = tiny(tmp_path / "CheXpert", rows, images=images)
    (tmp_path / "CheXpert" / "images" / "train").rename(tmp_path / "CheXpert" / "train")
    cohort = chexmask.build(**given, image_folder="", patient_pattern=r"patient(\d+)")
    assert cohort["image"].tolist() == [f"train/patient0000{i}/v.png" for i in (1, 2)]
    assert cohort["patient_id"].tolist() == ["00001", "00002"]


def test_rows_whose_image_is_not_there_are_left_out(tmp_path):
    given = tiny(tmp_path, [row(), row("gone.png", height="x"), row("b.png")])
    assert chexmask.build(**given)["sample_id"].tolist() == ["a", "b"]
    with pytest.raises(InputError, match=r"none of the 1 images of .*t\.csv is below .*images \(the first is .*'gone"):
        chexmask.build(**tiny(tmp_path, [row("gone.png")]))


def test_an_id_of_two_images_is_refused(tmp_path):
    given = tiny(tmp_path, [row()], images=[("a.png", (2, 3)), ("x/a.jpg", (2, 3))])
    with pytest.raises(InputError, match=r"'a\.png' is found as images/a\.png and as images/x/a\.jpg"):
        chexmask.build(**given)


def test_a_limit_draws_with_its_seed_and_keeps_the_order(pool):
    everything = chexmask.build(**pool)["sample_id"].tolist()
    draws = [chexmask.build(**pool, limit=5, seed=seed)["sample_id"].tolist() for seed in (0, 0, 1)]
    assert draws[0] == draws[1] != draws[2]
    for draw in draws:
        assert len(set(draw)) == 5
        assert draw == [name for name in everything if name in draw]
    assert chexmask.build(**pool, limit=14)["sample_id"].tolist() == everything
    with pytest.raises(InputError, match=r"dataset\.limit is 15, but only 14 images are left"):
        chexmask.build(**pool, limit=15)


def test_patients_come_from_a_column_a_pattern_or_nowhere(tmp_path):
    given = tiny(tmp_path, [row(who="p1"), row("b.png", who="")], [*COLUMNS, "who"])
    assert chexmask.build(**given, patient_column="who")["patient_id"].tolist()[0] == "p1"
    assert chexmask.build(**given, patient_column="who")["patient_id"].isna().tolist() == [False, True]
    assert chexmask.build(**given, patient_pattern=r"[ab](?=\.png)")["patient_id"].tolist() == ["a", "b"]
    assert chexmask.build(**given)["patient_id"].isna().all()
    with pytest.raises(InputError, match=r"'c\\d' finds no patient in the path 'images/a\.png'"):
        chexmask.build(**given, patient_pattern=r"c\d")
    with pytest.raises(InputError, match="both given"):
        chexmask.build(**given, patient_pattern="a", patient_column="who")
    with pytest.raises(InputError, match="no regular expression"):
        chexmask.build(**given, patient_pattern="(")
    with pytest.raises(InputError, match="has no column whom"):
        chexmask.build(**given, patient_column="whom")


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([], "has no rows"),
        ([row(), row()], r"more than one row of a\.png"),
        ([row(mean="0.1"), row()], r"more than one row of a\.png"),
        ([row(), row("", mean="0.2")], "row 2: its Image ID is empty"),
        ([row(mean="good")], r"a\.png: its Dice RCA \(Mean\) is 'good', it must be a number from 0 to 1"),
        ([row(mean="81")], r"'81', it must be a number from 0 to 1"),
        ([row(mean="0.6"), row("b.png", mean="0.65")], r"none of the 2 rows .* 0\.7 or more \(the best has 0\.65\)"),
        ([row(height="2.5")], r"t\.csv, a\.png: its Height is '2\.5'"),
        ([row(width="")], "its Width is ''"),
        ([row(width="0")], "its Width is '0'"),
        ([row(height="1e9", width="1.5e9")], "its Height is '1e9', it must be a whole number of pixels, 1 to 32768"),
    ],
)
def test_wrong_cells_are_refused_with_their_place(tmp_path, rows, message):
    with pytest.raises(InputError, match=message):
        chexmask.build(**tiny(tmp_path, rows))


def test_a_cell_of_a_row_that_plays_no_part_is_not_judged(tmp_path):
    given = tiny(tmp_path, [row(), row("b.png", mean="0.5", height="?"), row("c.png", left="x")])
    assert len(chexmask.build(**given)) == 1


@pytest.mark.parametrize(
    ("left", "message"),
    [("1 2 3", "3 numbers"), ("one two", "not whole numbers"), ("6 2", r"start 6, length 2\) does not lie within")],
)
def test_wrong_runs_are_refused_with_image_and_organ(tmp_path, left, message):
    given = tiny(tmp_path, [row(left=left)])
    cohort = chexmask.build(**given)
    with pytest.raises(InputError, match=rf"^t\.csv#a\.png, Left Lung: .*{message}"):
        list(chexmask.masks(cohort, **given))


def test_a_table_that_has_changed_since_is_refused(tmp_path):
    given = tiny(tmp_path, [row(), row("b.png")])
    cohort = chexmask.build(**given)
    tiny(tmp_path, [row()])
    with pytest.raises(InputError, match=r"no longer holds a row of b\.png: build the cohort again"):
        list(chexmask.masks(cohort, **given))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"table": "none.csv"}, r"dataset\.table: the file 'none\.csv' does not exist"),
        ({"table": "../t.csv"}, r"dataset\.table: the path '\.\./t\.csv' leaves"),
        ({"image_folder": "../images"}, r"dataset\.image_folder: the folder '\.\./images' must stay below"),
        ({"image_folder": "none"}, r"dataset\.image_folder: the folder .*none does not exist"),
        ({"min_dice_rca": 70.0}, r"dataset\.min_dice_rca is 70"),
        ({"limit": 0}, r"dataset\.limit is 0"),
        ({"organs": []}, r"dataset\.organs is empty"),
    ],
)
def test_wrong_parameters_are_refused(tmp_path, wrong, message):
    with pytest.raises(InputError, match=message):
        chexmask.build(**{**tiny(tmp_path, [row()]), **wrong})


def test_tables_of_something_else_are_refused(tmp_path):
    given = tiny(tmp_path, [["a", 1]], ["film", "label"])
    with pytest.raises(
        InputError, match=r"no column of Image IDs .* name it in dataset\.id_column \(columns: film, lab"
    ):
        chexmask.build(**given)
    with pytest.raises(InputError, match=r"no column Dice RCA \(Mean\), Height, Width, Left Lung, Right Lung"):
        chexmask.build(**given, id_column="film")
    for content in (b"", b"\xff\xfe\x00", b'Image ID,Height\n"a'):
        (tmp_path / "t.csv").write_bytes(content)
        with pytest.raises(InputError, match=r"t\.csv"):
            chexmask.build(**given)


def test_links_out_of_the_root_and_damaged_images_are_refused(tmp_path):
    (tmp_path / "in").mkdir()
    Image.fromarray(np.zeros((2, 3), np.uint8)).save(tmp_path / "a.png")
    given = tiny(tmp_path / "in", [row()], images=[])
    (tmp_path / "in" / "images" / "a.png").symlink_to(tmp_path / "a.png")
    with pytest.raises(InputError, match="leaves the data root"):
        chexmask.build(**given)
    (tmp_path / "in" / "images" / "a.png").unlink()
    (tmp_path / "in" / "images" / "a.png").write_bytes(b"no image")
    with pytest.raises(InputError, match=r"a\.png cannot be read as an image"):
        chexmask.build(**given)


def test_patients_stay_together_in_a_cohort(pool):
    cohort = assemble({"kind": "chexmask", **pool})
    assert cohort["segmentation"].all()
    assert (cohort.groupby("patient_id")["split"].nunique() == 1).all()
    assert cohort["patient_id"].duplicated().any()
