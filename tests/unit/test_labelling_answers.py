"""Annotators' files of every form, and what of them counts as an answer."""

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from coldstart.errors import InputError
from coldstart.labelling.answers import Asked, answered_now, find_files, read_answers
from coldstart.labelling.worklist import number_rows, write_worklist
from coldstart.storage import write_table

CLASSES = ["negative", "positive"]
POOL = pd.DataFrame(
    {
        "sample_id": ["a/1", "a/2", "b/1", "007", "ö 3"],
        "image": ["a/1.png", "a/2.png", "b/1.png", "007.png", "ö 3.png"],
        "height": [4, 4, 5, 4, 4],
        "width": 6,
    }
)


@pytest.fixture
def labels(tmp_path):
    folder = tmp_path / "labels"
    folder.mkdir()
    return folder


def read(folder, task="classification", classes=CLASSES, **options):
    return read_answers(find_files(folder), POOL, task=task, classes=classes, **options)


def plain(found):
    return [(one.sample_id, one.kind, one.label) for one in found.answers]


def write(path, text, encoding="utf-8"):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode(encoding))


def save(path, array):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.asarray(array, np.uint8)).save(path)


def a_list(folder, *names, asked=0):
    """Write a list as the rule `ask` does, with what it stood on."""
    rows = POOL.set_index("sample_id", drop=False).loc[list(names), ["sample_id", "image"]]
    columns = {"patient_id": None, "reason": 'far, "odd"; ü', "cluster": 1, "distance": 0.5, "uncertainty": np.nan}
    table = number_rows(rows.assign(**columns, asked=asked))
    write_worklist(folder / "worklist.csv", table)
    write_table(folder / "answers.parquet", pd.DataFrame({"sample_id": []}), {})
    return table


# Files.


def test_files_are_found_at_any_depth_and_hidden_ones_are_not(labels):
    for name in ("z.csv", "m/a.png", "m/.hidden/b.png", ".c.csv", "m/n/d.json"):
        write(labels / name, "x")
    assert [path.relative_to(labels).as_posix() for path in find_files(labels)] == ["m/a.png", "m/n/d.json", "z.csv"]
    assert find_files(labels / "none") == []


def test_a_file_of_another_kind_is_reported_and_does_no_harm(labels):
    write(labels / "labels.xlsx", "PK")
    found = read(labels)
    assert found.answers == []
    assert found.unknown == [(str(labels / "labels.xlsx"), "a file of a kind that is not read")]


# CSV.


def test_a_list_that_was_filled_in(labels, tmp_path):
    table = a_list(tmp_path / "list0", "007", "a/2", "b/1", "a/1").astype({"label": "str", "skip": "str"})
    table["label"], table["skip"] = ["1", "negative", "", ""], ["", "", "x", ""]
    table.to_csv(labels / "worklist.csv", index=False)
    found = read(labels)
    assert plain(found) == [("007", "label", 1), ("a/2", "label", 0), ("b/1", "skip", None)]
    assert found.unknown == []
    assert {one.source for one in found.answers} == {str(labels / "worklist.csv")}


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_csv_as_different_programs_write_it(labels, delimiter, encoding, ending):
    lines = [["Image", "Label", "Skip", "note"], ["ö 3.png", "POSITIVE", "False", ""], ["a/1.png", "0.0", "no", "y"]]
    write(labels / "own.csv", ending.join(delimiter.join(line) for line in lines) + ending, encoding)
    assert plain(read(labels)) == [("ö 3", "label", 1), ("a/1", "label", 0)]


def test_an_identifier_that_lost_its_zeros_is_found_by_its_image(labels):
    write(labels / "own.csv", "sample_id,image,label\n7,007.png,1\n8,8.png,1\n")
    found = read(labels)
    assert plain(found) == [("007", "label", 1)]
    assert found.unknown == [(str(labels / "own.csv"), "8")]


def test_an_image_may_be_named_with_folders_before_it(labels):
    write(labels / "own.csv", "image,label\ndata/pool/b/1.png,1\nC:\\pool\\a\\2.png,0\n")
    assert plain(read(labels)) == [("b/1", "label", 1), ("a/2", "label", 0)]


def test_a_row_that_is_skipped_and_labelled_says_both(labels):
    write(labels / "own.csv", "sample_id,label,skip\na/1,1,yes\n")
    assert plain(read(labels)) == [("a/1", "label", 1), ("a/1", "skip", None)]


def test_names_of_classes_win_over_numbers(labels):
    write(labels / "own.csv", "sample_id,label\na/1,2\na/2,1\n")
    assert plain(read(labels, classes=["1", "2"])) == [("a/1", "label", 1), ("a/2", "label", 0)]
    write(labels / "own.csv", "sample_id,label\na/1,0\n")
    with pytest.raises(InputError, match=r"own\.csv, row 1: the label is '0', it must be"):
        read(labels, classes=["1", "2"])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "sample_id,label\na/1,maybe\n",
            r"own\.csv, row 1: the label is 'maybe', it must be 0, 1, negative or positive",
        ),
        ("sample_id,label\na/1,2\n", r"row 1: the label is '2'"),
        ("sample_id,label\na/1,nan\n", r"row 1: the label is 'nan'"),
        ("sample_id,skip\n\na/1,perhaps\n", r"row 1: skip is 'perhaps', it must be true, false or empty"),
        ("sample_id,image,label\na/1,b/1.png,1\n", r"'a/1' and the image 'b/1\.png' are different images"),
        ("name,label\na/1,1\n", r"own\.csv has the columns name, label: name the images in a column 'sample_id'"),
        ("sample_id,finding\na/1,1\n", "give 'label' or 'skip'"),
        ("sample_id,label,Label\na/1,1,0\n", "more than one column 'label'"),
        ("sample_id,label\na/1,1,0\n", r"own\.csv, line 2: 3 cells"),
        ("", r"own\.csv is empty"),
    ],
)
def test_a_table_that_is_not_right_is_refused_in_one_sentence(labels, text, message):
    write(labels / "own.csv", text)
    with pytest.raises(InputError, match=message):
        read(labels)


def test_a_table_in_another_encoding_is_refused(labels):
    write(labels / "own.csv", "sample_id,label\nö 3,1\n", "cp1252")
    with pytest.raises(InputError, match="not text in UTF-8"):
        read(labels)


def test_a_table_without_rows_answers_nothing(labels):
    write(labels / "own.csv", "sample_id,label,skip\n")
    assert plain(read(labels)) == []


# Masks.


def test_masks_are_decoded_when_they_are_asked_for(labels):
    mask = np.zeros((4, 6), np.uint8)
    mask[1:3, 2] = 1
    save(labels / "a/1.png", 255 * mask)
    save(labels / "masks/001_b__1.png", np.full((5, 6), 3))
    save(labels / "other.png", mask)
    found = read(labels, task="segmentation", asked=Asked({}, {"001_b__1": "b/1"}))
    assert plain(found) == [("a/1", "mask", None), ("b/1", "mask", None)]
    np.testing.assert_array_equal(found.answers[0].mask(), mask)
    assert found.answers[1].mask().all()
    assert found.unknown == [(str(labels / "other.png"), "other.png (no image of the pool is called so)")]
    save(labels / "1.png", mask)
    assert read(labels).unknown[0] == (str(labels / "1.png"), "1.png (several images could be meant)")
    # Planning opens none of them.
    (labels / "a/1.png").write_bytes(b"nothing")
    assert plain(read(labels, task="segmentation"))[0] == ("a/1", "mask", None)


@pytest.mark.parametrize("mode", ["1", "P", "RGB", "RGBA", "I;16", "LA"])
def test_masks_of_every_depth(labels, mode):
    mask = np.zeros((4, 6), np.uint8)
    mask[0, 1] = mask[3, 5] = 1
    path = labels / "007.png"
    if mode == "I;16":
        Image.fromarray(mask.astype(np.uint16) * 40000).save(path)
    elif mode == "RGBA":
        Image.fromarray(np.dstack([0 * mask, 128 * mask, 0 * mask, 0 * mask + 255])).save(path)
    else:
        Image.fromarray(255 * mask).convert(mode).save(path)
    (one,) = read(labels, task="segmentation").answers
    np.testing.assert_array_equal(one.mask(), mask)
    assert one.mask().dtype == np.uint8


def test_masks_that_cannot_be_are_refused_with_their_name(labels):
    path = labels / "007.png"
    save(path, np.zeros((6, 4)))
    (one,) = read(labels, task="segmentation").answers
    with pytest.raises(InputError, match=r"007\.png is 6 x 4 pixels, but the image '007' is 4 x 6: give a mask"):
        one.mask()
    save(path, np.arange(24).reshape(4, 6) % 3)
    with pytest.raises(InputError, match=r"007\.png has the values 0, 1, 2, but a mask has 0"):
        one.mask()
    save(path, np.arange(72).reshape(4, 6, 3))
    with pytest.raises(InputError, match=r"007\.png has 24 colours, but a mask has 0"):
        one.mask()
    path.write_bytes(b"nothing")
    with pytest.raises(InputError, match=r"007\.png cannot be read as an image"):
        one.mask()
    path.unlink()
    save(labels / "007.jpg", np.zeros((4, 6)))
    with pytest.raises(InputError, match=r"007\.jpg is a mask in JPEG"):
        read(labels, task="segmentation")


# Labels of a segmentation.


def test_an_image_without_foreground_has_an_empty_mask(labels):
    write(labels / "own.csv", "sample_id,label,skip\nb/1,0,\na/1,1,\na/2,positive,\n007,,true\n")
    save(labels / "a/1.png", np.eye(4, 6))
    found = read(labels, task="segmentation")
    assert plain(found) == [("a/1", "mask", None), ("b/1", "mask", None), ("007", "skip", None)]
    assert found.answers[1].mask().shape == (5, 6)
    assert not found.answers[1].mask().any()
    assert found.unknown == [(str(labels / "own.csv"), "'a/2' is labelled 'positive', and its mask is missing")]


# What the planning asks for.


def test_the_planning_is_told_every_answered_image_once(labels, tmp_path):
    a_list(tmp_path / "list0", "b/1", "007")
    a_list(tmp_path / "list1", "007", "a/1", asked=1)
    write(labels / "own.csv", "sample_id,label,skip\na/2,,1\na/2,1,\nnobody,1,\n")
    save(labels / "001_b__1.png", np.zeros((5, 6)))
    save(labels / "002_a__1.png", np.zeros((4, 6)))
    lists = [tmp_path / "list0", tmp_path / "list1"]
    for task in ("classification", "segmentation"):
        now, unknown = answered_now(find_files(labels), POOL, lists, task=task, classes=CLASSES)
        assert sorted(now) == sorted(["a/1", "b/1", "a/2"])
        assert (str(labels / "own.csv"), "nobody") in unknown
    assert answered_now([], POOL, lists, task="segmentation", classes=CLASSES) == ([], [])


def test_what_was_asked_is_read_from_the_lists(tmp_path):
    a_list(tmp_path / "list0", "b/1", "007")
    table = a_list(tmp_path / "list1", "007", "a/1")
    table["asked"] = [0, 1]
    write_worklist(tmp_path / "list1/worklist.csv", table)
    write_table(tmp_path / "list1/answers.parquet", pd.DataFrame({"sample_id": []}), {"seen": {"d": 1}})
    asked = Asked.read([tmp_path / "list0", tmp_path / "list1"])
    assert asked.numbers == {"b/1": 0, "007": 0, "a/1": 1}
    assert asked.handed == {"001_b__1": "b/1", "002_007": "007", "001_007": "007", "002_a__1": "a/1"}
    assert asked.before("d") == {"b/1", "007"}
    assert asked.before("new") == {"b/1", "007", "a/1"}
    assert Asked.read([]) == Asked()
