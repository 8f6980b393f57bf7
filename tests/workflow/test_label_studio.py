"""The formats of Label Studio against a real server: import our tasks, annotate by its API, read its exports."""

import json
import subprocess

import numpy as np
import pandas as pd
import pytest
from label_studio_server import python_or_skip
from PIL import Image

from coldstart.labelling.answers import read_answers
from coldstart.labelling.label_studio_rle import decode_rle
from coldstart.labelling.label_studio_tasks import labelling_config, tasks

pytestmark = [pytest.mark.label_studio, pytest.mark.slow]

CLASSES = ["no finding", "pneumothorax <1 cm & more"]
SIZES = {"a/Ä 1.png": (40, 61), "b": (33, 32), "scan/slice003": (64, 64), "d": (50, 20), "e": (16, 48), "f": (9, 9)}
IDS = list(SIZES)
POOL = pd.DataFrame(SIZES.values(), columns=["height", "width"]).assign(sample_id=IDS, image=IDS)
MASK2RLE = """
import json, sys
import numpy as np
from label_studio_sdk.converter.brush import mask2rle
with np.load(sys.argv[1]) as masks:
    print(json.dumps({name: mask2rle(255 * masks[name]) for name in masks}))
"""


@pytest.fixture
def server(annotator_server):
    """The server; without its environment the test is skipped."""
    python_or_skip()
    return annotator_server


@pytest.fixture
def worklist():
    return pd.DataFrame({"rank": range(1, 7), "sample_id": IDS, "reason": [f"reason {i}" for i in range(6)]})


@pytest.fixture
def images(tmp_path):
    rng = np.random.default_rng(0)
    found = {}
    for number, (sample_id, size) in enumerate(SIZES.items(), 1):
        found[sample_id] = tmp_path / "images" / f"{number:03d}_image.png"
        found[sample_id].parent.mkdir(exist_ok=True)
        Image.fromarray(rng.integers(0, 256, size, np.uint8)).save(found[sample_id])
    return found


def brush_of_the_sdk(masks, folder):
    """Strokes as Label Studio's own converter stores them."""
    np.savez(folder / "masks.npz", **{str(i): mask for i, mask in enumerate(masks)})
    command = [python_or_skip(), "-c", MASK2RLE, folder / "masks.npz"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return list(json.loads(done.stdout).values())


def hand_out(server, folder, task, worklist, images, **predicted):
    """Write a list as our workflow does, and put it into a new project; gives its number and tasks."""
    path = folder / "label_studio.json"
    given = tasks(worklist, images, task=task, classes=CLASSES, version="list 1", **predicted)
    path.write_text(json.dumps(given), encoding="utf-8")
    project = server.new_project(f"a {task}", labelling_config(task, CLASSES))
    imported = server.upload(project, path)
    assert [one["data"] for one in imported] == [one["data"] for one in given]
    return project, imported


def chosen(name):
    value = {"choices": [name]}
    return {"id": "c1", "from_name": "label", "to_name": "image", "type": "choices", "origin": "manual", "value": value}


def drawn(control, value, size):
    height, width = size
    kind = f"{control}labels"
    of_image = {"original_width": width, "original_height": height, "image_rotation": 0, "origin": "manual"}
    value = {**value, kind: CLASSES[1:]}
    return {"id": "r1", "from_name": control, "to_name": "image", "type": kind, **of_image, "value": value}


def test_labels_come_back(server, tmp_path, worklist, images):
    predictions = {"b": 0.25, "d": 0.75}
    project, imported = hand_out(server, tmp_path, "classification", worklist, images, predictions=predictions)
    guesses = [[(one["score"], one["result"][0]["value"]) for one in task["predictions"]] for task in imported]
    assert guesses[1] == [(0.75, {"choices": CLASSES[:1]})]
    assert guesses[3] == [(0.75, {"choices": CLASSES[1:]})]
    assert [len(one) for one in guesses] == [0, 1, 0, 1, 0, 0]

    positive, negative = chosen(CLASSES[1]), chosen(CLASSES[0])
    first = server.annotate(imported[0], positive)
    # The annotator agrees with the model.
    server.annotate(imported[1], *imported[1]["predictions"][0]["result"])
    server.annotate(imported[2], skipped=True)
    server.annotate(imported[3], positive)
    server.annotate(imported[3], negative)
    gone = server.annotate(imported[4], positive)
    server.call("DELETE", f"/api/annotations/{gone}")
    server.call("POST", f"/api/tasks/{imported[5]['id']}/drafts", {"result": [positive], "lead_time": 1})

    labels = [("a/Ä 1.png", "label", 1), ("b", "label", 0), ("d", "label", 1), ("d", "label", 0)]
    for kind, expected in (("JSON", [*labels[:2], ("scan/slice003", "skip", None), *labels[2:]]), ("JSON_MIN", labels)):
        path = server.export(project, kind, tmp_path / "labels" / f"{kind}.json")
        found = read_answers([path], POOL, task="classification", classes=CLASSES)
        assert sorted((one.sample_id, one.kind, one.label) for one in found.answers) == sorted(expected, key=str)
        assert len({one.annotator for one in found.answers}) == 1
        assert found.unknown == []

    # The annotator mends the first answer, and the project is exported once more.
    server.call("PATCH", f"/api/annotations/{first}", {"result": [negative]})
    for kind in ("JSON", "JSON_MIN"):
        later = server.export(project, kind, tmp_path / "labels" / f"later {kind}.json")
        for before in ("JSON", "JSON_MIN"):
            files = [later, tmp_path / "labels" / f"{before}.json"]
            found = read_answers(files, POOL, task="classification", classes=CLASSES).answers
            given = [(one.sample_id, one.label) for one in found if one.kind == "label"]
            assert sorted(given) == [("a/Ä 1.png", 0), ("b", 0), ("d", 0), ("d", 1)]


def test_masks_come_back_to_the_pixel(server, tmp_path, worklist, images):
    rng = np.random.default_rng(1)
    maps = {sample_id: rng.random((8, 8)) for sample_id in IDS[:2]} | {"e": np.zeros((8, 8))}
    project, imported = hand_out(server, tmp_path, "segmentation", worklist, images, predictions=maps)
    (guess,) = imported[1]["predictions"][0]["result"]
    guessed = decode_rle(guess["value"]["rle"], *SIZES["b"], "guess")
    assert 0 < guessed.mean() < 1
    assert imported[4]["predictions"][0]["result"] == []

    noise = (rng.random(SIZES["a/Ä 1.png"]) < 0.3).astype(np.uint8)
    disc = np.add.outer((np.arange(50) - 20) ** 2, (np.arange(20) - 9) ** 2) < 64
    stroke, round_stroke = brush_of_the_sdk([noise, disc.astype(np.uint8)], tmp_path)
    server.annotate(imported[0], drawn("brush", {"format": "rle", "rle": stroke}, SIZES["a/Ä 1.png"]))
    server.annotate(imported[1], guess)
    server.annotate(imported[2], skipped=True)
    # Columns 5 to 14, rows 30 to 39 of 20 x 50 pixels, beside a stroke.
    corners = [[25, 60], [75, 60], [75, 80], [25, 80]]
    square = drawn("polygon", {"points": corners, "closed": True}, SIZES["d"])
    server.annotate(imported[3], drawn("brush", {"format": "rle", "rle": round_stroke}, SIZES["d"]), square)
    server.annotate(imported[4])

    both = disc.astype(np.uint8)
    both[30:40, 5:15] = 1
    masks = {"a/Ä 1.png": noise, "b": guessed, "d": both, "e": np.zeros(SIZES["e"])}
    for kind, skipped in (("JSON", ["scan/slice003"]), ("JSON_MIN", [])):
        path = server.export(project, kind, tmp_path / "labels" / f"{kind}.json")
        found = read_answers([path], POOL, task="segmentation", classes=CLASSES)
        assert [one.sample_id for one in found.answers if one.kind == "skip"] == skipped
        drawings = {one.sample_id: one.mask() for one in found.answers if one.kind == "mask"}
        assert drawings.keys() == masks.keys()
        for sample_id, mask in masks.items():
            np.testing.assert_array_equal(drawings[sample_id], mask, err_msg=sample_id)
        assert found.unknown == []
