"""What annotators give back."""

import json

import numpy as np
import pandas as pd
from PIL import Image

from coldstart.labelling.answers import read_answers
from coldstart.labelling.label_studio_rle import encode_rle
from coldstart.labelling.worklist import number_rows, read_worklist, write_worklist
from fuzz.cohorts import CUBE, mask_of, nifti
from fuzz.pictures import SHAPE

CLASSES = ("negative", "positive")
IDS = ["a", "b/1", "ö 2", "7"]


def samples():
    """A pool of four images and the slices of a volume."""
    images = pd.DataFrame({"sample_id": IDS, "image": [f"{name}.png" for name in IDS]})
    images[["height", "width", "volume", "slice"]] = [*SHAPE, None, None]
    slices = pd.DataFrame({"sample_id": [f"v/z{number:03d}" for number in range(CUBE[2])], "image": "v.nii.gz"})
    slices[["height", "width", "volume"]] = [CUBE[1], CUBE[0], "v.nii.gz"]
    return pd.concat([images, slices.assign(slice=range(CUBE[2]))], ignore_index=True)


def labels(folder):
    """Labels in a CSV."""
    frame = pd.DataFrame(
        {"sample_id": IDS, "image": "", "label": ["0", "positive", "1", ""], "skip": ["", "", "", "x"]}
    )
    frame.to_csv(folder / "labels.csv", index=False)
    return [folder / "labels.csv"]


def exports(folder):
    """Exports of Label Studio: choices, strokes and polygons, JSON and JSON-MIN."""
    size = {"original_height": SHAPE[0], "original_width": SHAPE[1], "image_rotation": 0}
    choice = {"id": "x", "from_name": "label", "type": "choices", "value": {"choices": ["positive"]}}
    stroke = {"format": "rle", "rle": encode_rle(mask_of(SHAPE)), "brushlabels": ["positive"]}
    polygon = {"points": [[10, 10], [60.5, 12], [50, 70]], "polygonlabels": ["positive"]}
    drawn = [
        {"id": "s", "from_name": "brush", "type": "brushlabels", "value": stroke, **size},
        {"id": "p", "from_name": "polygon", "type": "polygonlabels", "value": polygon, **size},
    ]
    about = {"created_at": "2024-01-01T00:00:00Z", "updated_at": "2024-01-02T00:00:00Z", "completed_by": {"id": 3}}
    tasks = [
        {"id": 1, "data": {"sample_id": "a"}, "annotations": [{"id": 5, "result": [choice], **about}]},
        {
            "id": 2,
            "data": {"image": "/data/upload/1/0a1b2c3d-7.png"},
            "annotations": [{"id": 6, "result": drawn, **about}],
        },
        {"id": 3, "data": {"sample_id": "b/1"}, "annotations": [{"id": 7, "was_cancelled": True, "result": []}]},
    ]
    least = [{"id": 4, "sample_id": "a", "label": "positive", "annotation_id": 8, "annotator": 1, "brush": [stroke]}]
    for name, value in (("export", tasks), ("least", least)):
        (folder / f"{name}.json").write_text(json.dumps(value), encoding="utf-8")
    return sorted(folder.glob("*.json"))


def masks(folder):
    """Masks as PNG and TIFF."""
    Image.fromarray(mask_of(SHAPE)).save(folder / "a.png")
    Image.fromarray(255 * mask_of(SHAPE)).save(folder / "7.tif")
    return sorted(folder.iterdir())


def volumes(folder):
    """The mask of a volume."""
    nifti(folder / "v.nii.gz", mask_of(CUBE))
    return [folder / "v.nii.gz"]


def read(folder, path):
    """Read the answers for both tasks, and decode the masks."""
    pool = samples()
    sizes = dict(zip(pool["sample_id"], zip(pool["height"], pool["width"], strict=True), strict=True))
    for task in ("classification", "segmentation"):
        found = read_answers([path], pool, task=task, classes=CLASSES)
        for answer in found.answers:
            assert answer.sample_id in sizes
            assert answer.kind in ("label", "mask", "skip")
            assert answer.kind != "label" or answer.label in (0, 1)
            if answer.kind == "mask":
                mask = answer.mask()
                assert mask.shape == sizes[answer.sample_id]
                assert mask.dtype == np.uint8
                assert mask.max(initial=0) <= 1


def worklist(folder):
    """A list as annotators are handed it."""
    rows = pd.DataFrame({"sample_id": IDS, "image": IDS, "patient_id": None, "reason": 'far, "odd"', "cluster": 1})
    write_worklist(folder / "worklist.csv", number_rows(rows.assign(distance=0.5, uncertainty=np.nan, asked=0)))
    return [folder / "worklist.csv"]


def read_list(folder, path):
    """Read the list again: annotators fill it in, and may save it as they like."""
    read_worklist(path)
