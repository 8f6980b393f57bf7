"""What annotators may call an image, and what must not be guessed."""

import unicodedata

import pandas as pd
import pytest

from coldstart.cohort.pool_folder import stem
from coldstart.labelling.names import Names, ends, without_extension


def pool(*images, ids=None, **columns):
    frame = pd.DataFrame({"image": images, "height": 4, "width": 6})
    frame["sample_id"] = ids or [image.rpartition(".")[0] or image for image in images]
    return frame.assign(**columns)


NAMES = Names(
    pool(
        "a/x.png",
        "b/x.png",
        "b/y.dcm",
        "é/Z 1.tif",
        "c.png",
        "c.jpg",
        ids=["a/x", "b/x", "77", "é/Z 1", "c.png", "c.jpg"],
    ),
    {"001_a__x": "a/x", "012_77": "77", "013_gone": "gone"},
)


@pytest.mark.parametrize(
    ("name", "sample_id"),
    [
        ("a/x", "a/x"),
        ("a/x.png", "a/x"),
        ("a\\x.png", "a/x"),
        (" b/x ", "b/x"),
        ("77", "77"),
        ("b/y", "77"),
        ("b/y.dcm", "77"),
        ("y", "77"),
        ("y.dcm", "77"),
        ("001_a__x", "a/x"),
        ("001_a__x.png", "a/x"),
        ("012_77", "77"),
        (unicodedata.normalize("NFD", "é/Z 1.tif"), "é/Z 1"),
        ("Z 1", "é/Z 1"),
        ("c.png", "c.png"),
        ("c.jpg", "c.jpg"),
        ("x", None),
        ("x.png", None),
        ("c", None),
        ("z 1", None),
        ("d/y", None),
        ("013_gone", None),
        ("", None),
    ],
)
def test_a_name_stands_for_one_image_or_for_none(name, sample_id):
    assert NAMES.resolve(name) == sample_id


@pytest.mark.parametrize(
    ("path", "sample_id"),
    [
        ("/somewhere/labels/masks/a/x.png", "a/x"),
        ("labels/b/x.tif", "b/x"),
        ("labels/reader 2/001_a__x.png", "a/x"),
        ("labels/y.png", "77"),
        ("labels/y.dcm.png", "77"),
        ("labels/x.png", None),
        ("labels/c.png", None),
        ("labels/c.jpg.png", "c.jpg"),
        ("labels/q.png", None),
    ],
)
def test_folders_may_stand_before_the_name_of_a_file(path, sample_id):
    assert NAMES.resolve_file(path) == sample_id


def test_a_file_that_two_rules_give_to_two_images_is_given_to_none():
    names = Names(pool("b.png", "001_b.png"), {"001_b": "b"})
    assert names.resolve("001_b") == "001_b", "as a sample_id it is sure"
    assert names.resolve_file("labels/001_b.png") is None
    assert names.meant_by_file("labels/001_b.png") == {"b", "001_b"}


def test_slices_of_one_file_are_not_called_by_its_path():
    ids = ["s/flair/z000", "s/flair/z001"]
    names = Names(pool("s/flair.nii.gz", "s/flair.nii.gz", ids=ids, volume="s/flair.nii.gz", slice=[0, 1]))
    assert names.resolve("s/flair.nii.gz") is None
    assert names.resolve("z001") == "s/flair/z001"
    for path in ("labels/s/flair.nii.gz", "labels/flair.nii", "x/s/flair.nii"):
        assert names.resolve_volume(path) == "s/flair.nii.gz"
    assert names.resolve_volume("labels/other.nii.gz") is None
    assert names.of_volume("s/flair.nii.gz")["sample_id"].tolist() == ids


def test_volumes_of_one_name_need_their_folders():
    images = ["s1/flair.nii", "s2/flair.nii"]
    names = Names(pool(*images, volume=images))
    assert names.resolve_volume("labels/flair.nii") is None
    assert names.resolve_volume("labels/s2/flair.nii.gz") == "s2/flair.nii"
    assert names.of_volume("s2/flair.nii")["slice"].isna().all()


def test_without_volumes_no_file_is_one():
    assert NAMES.resolve_volume("labels/y.nii.gz") is None


def test_the_ends_of_a_path_come_longest_first():
    assert list(ends("a/b/c.nii.gz")) == ["a/b/c", "a/b/c.nii.gz", "b/c", "b/c.nii.gz", "c", "c.nii.gz"]


def test_sizes_are_those_of_the_image():
    assert NAMES.size("77") == (4, 6)


@pytest.mark.parametrize(
    "name",
    [
        "a/b.png",
        "a.b/c",
        "a.b/c.dcm",
        "x.NII.GZ",
        "x.nii",
        "a/1.2.840.5",
        "IM001",
        "a/.x",
        ".x",
        "v2.final.tif",
        "é.b/Z 1",
    ],
)
def test_extensions_are_those_of_the_pool(name):
    assert without_extension(name) == stem(name)
