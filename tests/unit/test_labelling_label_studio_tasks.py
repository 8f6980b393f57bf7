"""Tasks for Label Studio: read back as its documentation says, guesses checked pixel by pixel."""

import base64
import io
import json
import logging
import xml.etree.ElementTree as ET

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from coldstart.labelling import label_studio_tasks
from coldstart.labelling.label_studio_rle import decode_rle
from coldstart.labelling.label_studio_tasks import labelling_config, tasks

IDS = ["a/Ä 1.png", "b", "c"]
CLASSES = ["no finding", "a < b & c"]
WORKLIST = pd.DataFrame({"rank": [1, 2, 3], "sample_id": IDS, "reason": ["centre", "edge", "open"]})


@pytest.fixture
def images(tmp_path):
    """PNG files of different sizes, as `hand_out.export_images` names them."""
    found = {}
    for number, sample_id in enumerate(IDS, 1):
        path = tmp_path / "classification" / "list1" / "images" / f"00{number}_x #{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.full((4 * number, 6), 40 * number, np.uint8)).save(path)
        found[sample_id] = path
    return found


def test_images_are_put_into_the_tasks(images):
    found = tasks(WORKLIST, images, task="classification", classes=CLASSES)
    assert [set(one) for one in found] == [{"data"}] * 3
    for number, one in enumerate(found, 1):
        head, content = one["data"].pop("image").split(",")
        assert head == "data:image/png;base64"
        pixels = np.asarray(Image.open(io.BytesIO(base64.b64decode(content))))
        np.testing.assert_array_equal(pixels, np.full((4 * number, 6), 40 * number))
    assert [one["data"] for one in found] == [
        {"sample_id": "a/Ä 1.png", "rank": 1, "reason": "centre"},
        {"sample_id": "b", "rank": 2, "reason": "edge"},
        {"sample_id": "c", "rank": 3, "reason": "open"},
    ]
    assert json.loads(json.dumps(found)) == found


def test_images_at_an_address(images, tmp_path):
    given = {"task": "classification", "classes": CLASSES, "image_url": "https://pacs.local/pool/"}
    found = [one["data"]["image"] for one in tasks(WORKLIST, images, folder=tmp_path, **given)]
    assert found[0] == "https://pacs.local/pool/classification/list1/images/001_x%20%231.png"
    found = [one["data"]["image"] for one in tasks(WORKLIST, images, **given)]
    assert found[2] == "https://pacs.local/pool/003_x%20%233.png"


def test_the_model_guesses_a_class_with_its_probability(images):
    found = tasks(
        WORKLIST,
        images,
        task="classification",
        classes=CLASSES,
        predictions={"a/Ä 1.png": np.float32(0.25), "c": 0.4},
        threshold=0.4,
        version="list 1",
    )
    assert "predictions" not in found[1]
    guesses = [found[row]["predictions"] for row in (0, 2)]
    assert [(len(guess), guess[0]["model_version"], guess[0]["score"]) for guess in guesses] == [
        (1, "list 1", 0.75),
        (1, "list 1", 0.4),
    ]
    names = [guess[0]["result"][0]["value"] for guess in guesses]
    assert names == [{"choices": ["no finding"]}, {"choices": ["a < b & c"]}]


def test_the_model_draws_its_map_at_the_size_of_the_source(images):
    left = np.zeros((2, 2), np.float16)
    left[:, 0] = 1
    given = {"a/Ä 1.png": left, "b": np.full((3, 3), 0.25, np.float16), "c": np.full((2, 2), 0.5, np.float16)}
    found = tasks(WORKLIST, images, task="segmentation", classes=CLASSES, predictions=given)
    (first,), (empty,), (full,) = (one["predictions"] for one in found)
    assert (empty["score"], empty["result"]) == (0.75, [])
    assert full["score"] == 0.5
    (stroke,) = first["result"]
    assert (stroke["original_height"], stroke["original_width"], stroke["image_rotation"]) == (4, 6, 0)
    assert stroke["value"]["brushlabels"] == ["a < b & c"]
    # The columns of the map have their centres at 1.5 and 4.5: between them, at 3, the probability is one half.
    expected = np.zeros((4, 6))
    expected[:, :3] = 1
    np.testing.assert_array_equal(decode_rle(stroke["value"]["rle"], 4, 6, "m"), expected)
    assert decode_rle(full["result"][0]["value"]["rle"], 12, 6, "m").all()


@pytest.mark.parametrize("task", ["classification", "segmentation"])
def test_guesses_name_the_controls_of_the_interface(images, task):
    """Label Studio drops results whose control, image or label its interface does not have."""
    view = ET.fromstring(labelling_config(task, CLASSES))
    controls = {one.get("name"): one for one in view if one.get("toName")}
    image = view.find("Image")
    probability = {"b": 0.9 if task == "classification" else np.ones((2, 2))}
    given = tasks(WORKLIST, images, task=task, classes=CLASSES, predictions=probability)
    (result,) = given[1]["predictions"][0]["result"]
    control = controls[result["from_name"]]
    assert control.tag.lower() == result["type"]
    assert control.get("toName") == result["to_name"] == image.get("name")
    assert set(result["value"][result["type"]]) <= {one.get("value") for one in control}
    assert image.get("value").lstrip("$") in given[0]["data"]


def test_what_annotators_can_give_back():
    view = ET.fromstring(labelling_config("classification", CLASSES))
    assert [(one.tag, [choice.get("value") for choice in one]) for one in view] == [("Image", []), ("Choices", CLASSES)]
    assert view.find("Choices").get("choice") == "single"
    view = ET.fromstring(labelling_config("segmentation", CLASSES))
    drawn = [(one.tag, [label.get("value") for label in one]) for one in view if one.tag != "Header"]
    assert drawn == [("Image", []), ("BrushLabels", CLASSES[1:]), ("PolygonLabels", CLASSES[1:])]


def test_more_than_label_studio_imports_is_said(images, monkeypatch, caplog):
    size = sum(len(one["data"]["image"]) for one in tasks(WORKLIST, images, task="classification", classes=CLASSES))
    for limit, said in ((size, 0), (size - 1, 1)):
        monkeypatch.setattr(label_studio_tasks, "LARGEST_IMPORT", limit)
        with caplog.at_level(logging.WARNING, "coldstart"):
            caplog.clear()
            tasks(WORKLIST, images, task="classification", classes=CLASSES)
        assert ["worklist.image_url" in record.message for record in caplog.records] == [True] * said
