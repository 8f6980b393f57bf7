"""The list as MONAI reads it."""

import json
from pathlib import Path

import numpy as np
import pandas as pd

from coldstart.labelling.datalist import datalist

WORKLIST = pd.DataFrame({"sample_id": ["b", "a/ü"]})
CLASSES = ["background", "lesion"]


def loaded(found, folder, key):
    """What MONAI's `load_decathlon_datalist` does: text is a path below the folder of the file."""
    items = json.loads(json.dumps(found))[key]
    return [
        {name: Path(folder, value) if isinstance(value, str) else value for name, value in item.items()}
        for item in items
    ]


def answered(**parts):
    return pd.DataFrame({"sample_id": list(parts), "part": list(parts.values())})


def test_what_is_asked_for_stands_under_testing_in_the_order_of_the_list(tmp_path):
    images = {"a/ü": tmp_path / "list0/images/002_a.png", "b": tmp_path / "list0/images/001_b.png"}
    found = datalist(WORKLIST, images, task="segmentation", classes=CLASSES, folder=tmp_path / "list0", name="mine")
    assert [item["image"] for item in found["testing"]] == ["images/001_b.png", "images/002_a.png"]
    assert loaded(found, tmp_path / "list0", "testing") == [{"image": images["b"]}, {"image": images["a/ü"]}]
    assert (found["training"], found["validation"]) == ([], [])
    assert (found["numTraining"], found["numValidation"], found["numTest"]) == (0, 0, 2)
    assert found["labels"] == {"0": "background", "1": "lesion"}
    assert found["name"] == "mine"


def test_answered_images_are_there_to_train_and_to_validate_with_their_masks(tmp_path):
    pictures = {name: tmp_path / f"list0/images/{name}.png" for name in "cdefg"}
    masks = {name: tmp_path / f"list1/labelled/{name}.png" for name in "cdef"}
    answers = answered(c="train", d="holdout", e="skipped", f="contradicting", g="train", h="train")
    found = datalist(
        WORKLIST[:0],
        {},
        task="segmentation",
        classes=CLASSES,
        folder=tmp_path / "list1",
        name="mine",
        answers=answers,
        answered_images=pictures,
        labels=masks | {"h": tmp_path / "h.png"},
    )
    # There is no label of g and no picture of h.
    assert found["training"] == [{"image": "../list0/images/c.png", "label": "labelled/c.png"}]
    assert [item["label"] for item in found["validation"]] == ["labelled/d.png"]
    assert (found["numTraining"], found["numValidation"], found["numTest"]) == (1, 1, 0)


def test_labels_of_a_classification_are_numbers(tmp_path):
    answers = answered(c="train", d="holdout")
    found = datalist(
        WORKLIST[:0],
        {},
        task="classification",
        classes=["no", "yes"],
        folder=tmp_path,
        name="mine",
        answers=answers,
        answered_images={"c": tmp_path / "c.png", "d": tmp_path / "d.png"},
        labels=dict(zip("cd", np.array([1, 0]), strict=True)),
    )
    assert loaded(found, tmp_path, "training") == [{"image": tmp_path / "c.png", "label": 1}]
    assert loaded(found, tmp_path, "validation") == [{"image": tmp_path / "d.png", "label": 0}]
