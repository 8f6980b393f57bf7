"""The list in the format of COCO, and the outlines of predicted masks."""

import json

import numpy as np
import pandas as pd
import pytest
from matplotlib.path import Path as Polygon
from PIL import Image
from scipy import ndimage

from coldstart.labelling.coco import coco, outline

ALL_NEIGHBOURS = np.ones((3, 3))


def filled(ring, height, width):
    """Pixels whose centres lie in a polygon."""
    y, x = np.mgrid[:height, :width]
    inside = Polygon(ring, closed=False).contains_points(np.column_stack([x.ravel() + 0.5, y.ravel() + 0.5]))
    return inside.reshape(height, width)


def area(ring):
    """Area of a polygon by the shoelace formula."""
    x, y = np.asarray(ring, float).T
    return abs(np.dot(x, np.roll(y, 1)) - np.dot(y, np.roll(x, 1))) / 2


def random_regions(count):
    """Connected regions of all sorts of shapes, some of them joined at corners only."""
    rng = np.random.default_rng(0)
    for _ in range(count):
        labels, n = ndimage.label(rng.random((9, 12)) < rng.uniform(0.2, 0.7), ALL_NEIGHBOURS)
        for label in range(1, n + 1):
            yield (labels == label).astype(np.uint8)


def test_an_exact_outline_encloses_the_pixels_of_its_region_and_its_holes():
    for mask in random_regions(60):
        ring = outline(mask, tolerance=0)
        expected = ndimage.binary_fill_holes(mask)
        np.testing.assert_array_equal(filled(ring, *mask.shape), expected)
        assert area(ring) == expected.sum()


def test_a_rectangle_has_four_corners_at_the_edges_of_its_pixels():
    mask = np.zeros((8, 9), np.uint8)
    mask[2:5, 3:7] = 1
    assert sorted(map(tuple, outline(mask).tolist())) == [(3, 2), (3, 5), (7, 2), (7, 5)]


def test_a_smoothed_outline_is_short_and_close():
    y, x = np.mgrid[:200, :200]
    mask = ((y - 90) ** 2 + (x - 100) ** 2 < 60**2).astype(np.uint8)
    ring = outline(mask)
    assert len(ring) < len(outline(mask, tolerance=0)) / 4
    found = filled(ring, 200, 200)
    assert 2 * (found & (mask > 0)).sum() / (found.sum() + mask.sum()) > 0.98


def test_no_region_is_too_thin_to_outline():
    for mask in random_regions(20):
        ring = outline(mask)
        assert len(ring) >= 3
        assert area(ring) > 0


@pytest.fixture
def handed(tmp_path):
    """Two images of a list."""
    paths = {"p/a": tmp_path / "images/001_a.png", "b": tmp_path / "images/002_b.png"}
    (tmp_path / "images").mkdir()
    for path, size in zip(paths.values(), [(40, 30), (20, 20)], strict=True):
        Image.new("L", size).save(path)
    return pd.DataFrame({"sample_id": list(paths)}), paths


def written(handed, folder, **how):
    how = {"task": "segmentation", "classes": ["background", "lesion"], "folder": folder, "description": "d"} | how
    return json.loads(json.dumps(coco(*handed, **how), allow_nan=False))


def test_without_a_model_there_are_images_and_one_category(handed, tmp_path):
    found = written(handed, tmp_path)
    assert found["images"] == [
        {"id": 1, "file_name": "images/001_a.png", "width": 40, "height": 30, "sample_id": "p/a"},
        {"id": 2, "file_name": "images/002_b.png", "width": 20, "height": 20, "sample_id": "b"},
    ]
    assert found["annotations"] == []
    assert found["categories"] == [{"id": 1, "name": "lesion", "supercategory": "segmentation"}]
    assert found["info"]["description"] == "d"


def test_both_classes_of_a_classification_are_categories(handed, tmp_path):
    found = written(handed, tmp_path, task="classification", classes=["no", "yes"])
    assert [(entry["id"], entry["name"]) for entry in found["categories"]] == [(1, "no"), (2, "yes")]


def test_each_region_that_a_model_predicts_is_an_annotation_at_the_size_of_the_source(handed, tmp_path):
    probability = np.zeros((15, 20), np.float16)
    probability[2:6, 3:8] = 0.75
    probability[9:14, 12:19] = 1
    found = written(handed, tmp_path, maps={"p/a": probability, "b": np.full((10, 10), 0.4)})
    one, two = found["annotations"]
    assert [(entry["id"], entry["image_id"], entry["category_id"]) for entry in (one, two)] == [(1, 1, 1), (2, 1, 1)]
    # Enlarged twice; where two thirds of 0.75 are reached, a quarter of a small pixel from the edge, it is rounded off.
    assert two["bbox"] == [24, 18, 14, 10]
    assert one["bbox"] == [6, 4, 10, 8]
    for entry in (one, two):
        (flat,) = entry["segmentation"]
        ring = np.reshape(flat, (-1, 2))
        left, top, across, down = entry["bbox"]
        assert (ring.min(0).tolist(), np.ptp(ring, axis=0).tolist()) == ([left, top], [across, down])
        assert entry["area"] == area(ring)
        assert entry["iscrowd"] == 0
    assert 0.5 <= one["score"] <= 0.75 < two["score"] <= 1
    assert "predictions, not labels" in found["info"]["description"]


def test_pixels_that_touch_at_a_corner_are_one_region(handed, tmp_path):
    probability = np.zeros((20, 20))
    probability[4:6, 4:6] = probability[6:9, 6:9] = probability[15, 15] = 1
    one, two = written(handed, tmp_path, maps={"b": probability})["annotations"]
    assert (one["bbox"], one["area"], one["score"]) == ([4, 4, 5, 5], 13, 1)
    assert (two["bbox"], two["area"], two["score"]) == ([15, 15, 1, 1], 1, 1)


def test_the_threshold_is_the_callers(handed, tmp_path):
    maps = {"b": np.full((10, 10), 0.4)}
    assert written(handed, tmp_path, maps=maps)["annotations"] == []
    (entry,) = written(handed, tmp_path, maps=maps, threshold=0.3)["annotations"]
    assert (entry["image_id"], entry["bbox"], entry["area"], entry["score"]) == (2, [0, 0, 20, 20], 400, 0.4)
