"""Answers from Label Studio's exports: as its server writes them, and as they should never be."""

import json

import numpy as np
import pandas as pd
import pytest
from matplotlib.path import Path as Outline

from coldstart.errors import InputError
from coldstart.labelling.answers import read_answers
from coldstart.labelling.label_studio_export import latest, read_export
from coldstart.labelling.label_studio_regions import fill_polygon
from coldstart.labelling.label_studio_rle import encode_rle
from coldstart.labelling.names import Names

CLASSES = ["negative", "positive"]
HEIGHT, WIDTH = 4, 8


IDS = ["a/Ä 1.png", "b", "7"]
NAMES = Names(
    pd.DataFrame({"sample_id": IDS, "image": ["a/Ä 1.png", "b.dcm", "7.png"], "height": HEIGHT, "width": WIDTH}),
    {"001_b": "b"},
)


def choice(name, control="label"):
    value = {"choices": name if isinstance(name, list) else [name]}
    return {"id": "x", "from_name": control, "to_name": "image", "type": "choices", "value": value}


def drawn(kind, value, label="positive", **more):
    of_image = {"original_width": WIDTH, "original_height": HEIGHT, "image_rotation": 0, **more}
    value = {**value, **({f"{kind}labels": [label]} if label else {})}
    return {"id": "r", "from_name": kind, "to_name": "image", "type": f"{kind}labels", **of_image, "value": value}


def stroke(mask, **more):
    return drawn("brush", {"format": "rle", "rle": encode_rle(mask)}, **more)


def polygon(*points, **more):
    return drawn("polygon", {"points": [list(point) for point in points], "closed": True}, **more)


def box(rows, columns):
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    mask[rows, columns] = 1
    return mask


def annotated(*results, by=1, skipped=False, **more):
    return {
        "id": 11,
        "completed_by": by,
        "result": list(results),
        "was_cancelled": skipped,
        "ground_truth": False,
    } | more


def exported(*annotations, sample_id="b", number=3, **more):
    data = {"image": "data:image/png;base64,AAAA", "sample_id": sample_id, "rank": 1, "reason": "centre"}
    return {"id": number, "annotations": list(annotations), "drafts": [], "predictions": [9], "data": data} | more


@pytest.fixture
def read(tmp_path):
    """Write tasks as an export and read it."""

    def call(*items, task="classification", classes=CLASSES):
        path = tmp_path / "export.json"
        text = items[0] if len(items) == 1 and isinstance(items[0], str) else json.dumps(list(items))
        path.write_text(text, encoding="utf-8")
        return read_export(path, NAMES, task=task, classes=classes)

    return call


def plain(answers):
    return [(one.sample_id, one.kind, one.label, one.annotator) for one in answers]


# Classification.


def test_choices_and_skips_of_several_annotators(read, tmp_path):
    answers, unknown = read(
        exported(annotated(choice("positive")), annotated(choice("negative"), by=2), sample_id="a/Ä 1.png"),
        exported(annotated(choice("positive"), skipped=True)),
        exported(annotated(choice("negative"), by={"id": 5, "email": "jane@example.org"}), sample_id=7),
    )
    assert plain(answers) == [
        ("a/Ä 1.png", "label", 1, "1"),
        ("a/Ä 1.png", "label", 0, "2"),
        ("b", "skip", None, "1"),
        ("7", "label", 0, "5"),
    ]
    assert {one.source for one in answers} == {str(tmp_path / "export.json")}
    assert unknown == []


def test_neither_drafts_nor_predictions_nor_empty_annotations_are_answers(read):
    guess = {"result": [choice("positive")], "model_version": "list 1"}
    answers, unknown = read(
        exported(predictions=[guess], drafts=[{"result": [choice("positive")]}]),
        exported(annotated(prediction=guess)),
        {"id": 4, "data": {"sample_id": "b"}, "predictions": [guess]},
        exported(annotated(), annotations=None),
    )
    assert (answers, unknown) == ([], [])


def test_what_else_a_project_asks_is_no_answer(read):
    others = [choice("good", "quality"), {"type": "textarea", "from_name": "note", "value": {"text": ["positive?"]}}]
    others.append({"type": "relation", "from_id": "x", "to_id": "y", "direction": "right"})
    others.append(drawn("rectangle", {"x": 1, "y": 2, "width": 3, "height": 4}, label="tube"))
    answers, _ = read(exported(annotated(*others, choice("positive"))))
    assert plain(answers) == [("b", "label", 1, "1")]


def test_a_choice_under_another_name(read):
    assert plain(read(exported(annotated(choice("positive", "finding"))))[0]) == [("b", "label", 1, "1")]


def test_a_classification_may_be_answered_by_drawing(read):
    (answer,), _ = read(exported(annotated(stroke(box(1, slice(2, 5))))))
    assert (answer.kind, answer.label) == ("mask", None)
    np.testing.assert_array_equal(answer.mask(), box(1, slice(2, 5)))


def test_older_exports(read):
    old = {"id": 1, "data": {"sample_id": "b"}, "completions": [{"result": [choice("positive")], "skipped": False}]}
    assert plain(read(old)[0]) == [("b", "label", 1, None)]
    old["completions"][0]["skipped"] = True
    assert plain(read(old)[0]) == [("b", "skip", None, None)]


# Segmentation.


def test_strokes_and_polygons_of_an_annotation_are_one_mask(read):
    left, right = box(slice(0, 2), slice(0, 3)), box(slice(1, 4), slice(2, 4))
    # Pixels 6 and 7 of the rows 2 and 3.
    corner = polygon((75, 50), (100, 50), (100, 100), (75, 100))
    (answer,), _ = read(exported(annotated(stroke(left), stroke(right), corner)), task="segmentation")
    assert (answer.sample_id, answer.kind, answer.label) == ("b", "mask", None)
    np.testing.assert_array_equal(answer.mask(), left | right | box(slice(2, 4), slice(6, 8)))
    assert answer.mask().dtype == np.uint8


def test_an_annotation_in_which_nothing_is_drawn_is_an_empty_mask(read):
    results = [[], [choice("sharp", "quality")], [stroke(box(0, 0), label="negative")]]
    answers, _ = read(*(exported(annotated(*one)) for one in results), task="segmentation")
    assert [one.kind for one in answers] == ["mask"] * 3
    for one in answers:
        np.testing.assert_array_equal(one.mask(), np.zeros((HEIGHT, WIDTH)))


def test_a_class_that_is_chosen_and_not_drawn_is_a_label(read):
    """What it says of the mask is settled with the other answers."""
    drawing = stroke(box(0, 0))
    answers, _ = read(
        *(
            exported(annotated(*one))
            for one in ([choice("negative")], [choice("positive")], [choice("positive"), drawing])
        ),
        task="segmentation",
    )
    assert [(one.kind, one.label) for one in answers] == [("label", 0), ("label", 1), ("mask", None)]


def test_a_shape_and_its_label_may_be_two_results(read):
    """As <Labels> and <Brush> give them; a shape whose label is the background is none of the foreground."""
    mask = box(2, slice(1, 7))
    named = drawn("brush", {"rle": encode_rle(mask), "labels": ["positive"]}, label=None) | {"type": "labels"}
    other = drawn("brush", {"rle": encode_rle(box(0, 0)), "labels": ["negative"]}, label=None, id="s")
    bare = [stroke(mask, label=None), stroke(box(0, 0), label=None, id="s")]
    (answer,), _ = read(exported(annotated(*bare, named, other)), task="segmentation")
    np.testing.assert_array_equal(answer.mask(), mask)
    (answer,), _ = read(exported(annotated(stroke(mask, label=None))), task="segmentation")
    np.testing.assert_array_equal(answer.mask(), mask)


def test_masks_are_decoded_only_when_they_are_asked_for(read):
    (answer,), _ = read(exported(annotated(stroke(box(0, 0), original_width=9))), task="segmentation")
    with pytest.raises(InputError, match="drawn on an image of 4 x 9 pixels"):
        answer.mask()


# JSON-MIN.


def minimal(annotation_id=5, **controls):
    data = {"image": "data:,", "sample_id": "b", "rank": 1, "reason": "positive", "view": "negative"}
    return {**data, "id": 3, **controls, "annotator": 1, "annotation_id": annotation_id, "lead_time": 2.5}


def test_minimal_exports(read):
    answers, _ = read(
        minimal(label="positive"), minimal(label={"choices": ["negative"]}), minimal(), minimal(None), minimal(label=[])
    )
    assert plain(answers) == [("b", "label", 1, "1"), ("b", "label", 0, "1")]


def test_minimal_exports_of_drawings(read):
    size = {"original_width": WIDTH, "original_height": HEIGHT}
    mask = box(slice(1, 3), slice(4, 8))
    brush = [{"format": "rle", "rle": encode_rle(mask), "brushlabels": ["positive"], **size}]
    triangle = [{"points": [[0, 0], [25, 0], [25, 50], [0, 50]], "polygonlabels": ["positive"], **size}]
    answers, _ = read(minimal(brush=brush, polygon=triangle), minimal(), minimal(None), task="segmentation")
    assert [one.kind for one in answers] == ["mask", "mask"]
    np.testing.assert_array_equal(answers[0].mask(), mask | box(slice(0, 2), slice(0, 2)))
    assert not answers[1].mask().any()


# Which image.


@pytest.mark.parametrize(
    ("data", "name"),
    [
        ({"image": "http://127.0.0.1:8081/list0/001_b.png"}, "b"),
        ({"image": "http://127.0.0.1:8081/b.dcm"}, "b"),
        ({"image": "/data/upload/12/1b2c3d4e-001_b.png"}, "b"),
        ({"image": "/data/local-files/?d=list0%2F001_b.png"}, "b"),
        ({"image": "s3://bucket/001_b.png"}, "b"),
        ({"image": "http://host/a%2F%C3%84%201.png"}, "a/Ä 1.png"),
        ({"sample_id": "b", "image": "http://host/other.png"}, "b"),
    ],
)
def test_images_are_known_by_their_address_too(read, data, name):
    answers, unknown = read(exported(annotated(choice("positive")), data=data))
    assert ([one.sample_id for one in answers], unknown) == ([name], [])


def test_images_that_are_none_of_the_pool_are_told(read, tmp_path):
    path = str(tmp_path / "export.json")
    answers, unknown = read(
        exported(annotated(choice("positive")), sample_id="gone"),
        exported(annotated(choice("positive")), data={"image": "http://host/x/y.png"}),
        exported(annotated(choice("positive")), data={"image": "data:image/png;base64,AAAA"}, number=8),
        exported(sample_id="gone too"),
    )
    assert answers == []
    assert unknown == [
        (path, f"{name} (no image of the pool is called so)") for name in ("gone", "x/y.png", f"{path}, task 8")
    ]


def test_names_that_two_images_share_are_told(tmp_path):
    samples = pd.DataFrame({"sample_id": ["a/1", "b/1"], "image": ["a/1.png", "b/1.png"], "height": 4, "width": 8})
    path = tmp_path / "export.json"
    path.write_text(
        json.dumps([exported(annotated(choice("positive")), data={"image": "/data/upload/3/01234567-1.png"})])
    )
    answers, unknown = read_export(path, Names(samples), task="classification", classes=CLASSES)
    assert (answers, unknown) == ([], [(str(path), "data/upload/3/01234567-1.png (several images could be meant)")])


# Exports of one project, again and again.


def dated(name, changed, begun="2026-11-21T14:00:00.000001Z", **more):
    return annotated(choice(name), created_at=begun, updated_at=f"2026-11-21T{changed}:00.5Z", **more)


def test_a_later_export_of_a_project_mends_an_earlier_one(tmp_path):
    """The first export holds b as negative; then the annotator mends it, and another one agrees with the mistake."""
    other = dated("negative", "14:30", begun="2026-11-21T14:29:00Z", by=2, id=12)
    first = [exported(dated("negative", "14:01")), exported(annotated(choice("positive")), sample_id="7")]
    second = [exported(dated("positive", "15:00"), other)]
    third = [
        minimal(11, label="positive", created_at="2026-11-21T14:00:00.000001Z", updated_at="2026-11-21T15:00:00.5Z")
    ]
    paths = []
    for number, items in enumerate((second, first, third)):
        paths.append(tmp_path / f"{number}.json")
        paths[-1].write_text(json.dumps(items))
    found = [read_export(path, NAMES, task="classification", classes=CLASSES)[0] for path in paths]
    answers = [answer for part in found for answer in part]
    assert len(answers) == 5
    assert plain(latest(answers)) == [("b", "label", 1, "1"), ("b", "label", 0, "2"), ("7", "label", 1, "1")]
    assert sorted(plain(latest(answers[::-1]))) == sorted(plain(latest(answers)))
    samples = pd.DataFrame({"sample_id": IDS, "image": IDS, "height": HEIGHT, "width": WIDTH})
    found = read_answers(paths, samples, task="classification", classes=CLASSES)
    assert plain(found.answers) == plain(latest(answers))


# Polygons.


@pytest.mark.parametrize("seed", range(30))
def test_polygons_hold_the_pixels_whose_centres_they_hold(seed):
    """A star-shaped outline does not cross itself, so that every rule of filling agrees."""
    rng = np.random.default_rng(seed)
    height, width = 23, 31
    angles = np.sort(rng.uniform(0, 2 * np.pi, 12))
    radius = rng.uniform(3, 20, 12)
    points = np.stack([14.3 + radius * np.cos(angles), 11.1 + radius * np.sin(angles)], axis=1)
    y, x = np.mgrid[:height, :width] + 0.5
    inside = Outline(points).contains_points(np.stack([x.ravel(), y.ravel()], axis=1)).reshape(height, width)
    assert inside.any()
    for outline in (points, points[::-1]):
        np.testing.assert_array_equal(fill_polygon(outline, height, width), inside)


def test_polygons_along_the_edges_of_pixels_are_exact_and_are_cut_at_the_border():
    np.testing.assert_array_equal(
        fill_polygon(np.array([[-1.0, 1], [3, 1], [3, 9], [-1, 9]]), 4, 5), np.pad(np.ones((3, 3)), ((1, 0), (0, 2)))
    )
    # Both parts of a crossed outline are filled, and what is gone round twice is too.
    bow = fill_polygon(np.array([[0.0, 0], [4, 4], [4, 0], [0, 4]]), 4, 4)
    np.testing.assert_array_equal(bow, bow[::-1])
    assert bow.sum() == 8
    twice = np.array([[0.0, 0], [4, 0], [4, 4], [0, 4]] * 2)
    assert fill_polygon(twice, 4, 4).all()


# What cannot be read.

WHERE = r"export\.json, task 3: "


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "cannot be read as JSON"),
        ("[" * 100_000, "cannot be read as JSON"),
        ('{"images": []}', "is no export of Label Studio"),
        ("[1]", "is no export of Label Studio"),
        ('[{"file_name": "a"}]', "is no export of Label Studio"),
        ('[{"id": 3, "annotations": [4, 5]}]', WHERE + "its annotations are not in the file"),
        ('[{"id": 3, "annotations": {"a": 1}}]', WHERE + "its annotations are not in the file"),
        ('[{"id": 3, "annotations": [{"result": "x"}]}]', WHERE + "an annotation has no list of results"),
    ],
)
def test_files_that_are_no_exports(read, text, message):
    with pytest.raises(InputError, match=message + r".*\.$"):
        read(text)


@pytest.mark.parametrize(
    ("results", "task", "message"),
    [
        ([choice("maybe")], "classification", "answered by 'maybe', and worklist.classes are negative, positive"),
        ([choice(["positive", "negative"])], "classification", "answered by 'negative, positive'"),
        ([choice(3)], "classification", "answered by '3'"),
        ([choice(["positive", "negative"])], "segmentation", "answered by 'negative, positive'"),
        ([stroke(box(0, 0), label="tumour")], "segmentation", "region of 'tumour', and worklist.classes are"),
        ([drawn("rectangle", {"x": 1, "y": 2, "width": 3, "height": 4}, label="positive")], "segmentation",
         "region of type 'rectanglelabels': draw with the brush or as a polygon"),
        ([drawn("bitmask", {"imageDataURL": "data:,"})], "segmentation", "region of type 'bitmasklabels'"),
    ],
)  # fmt: skip
def test_answers_that_say_something_else(read, results, task, message):
    with pytest.raises(InputError, match=WHERE + "it (is|has a) " + message):
        read(exported(annotated(*results)), task=task)


INF = float("inf")


@pytest.mark.parametrize(
    ("result", "message"),
    [
        (stroke(box(0, 0), original_width=9), "drawn on an image of 4 x 9 pixels, and its image has 4 x 8"),
        (stroke(box(0, 0), original_height=1e300), r"drawn on an image of 1e\+300 x 8"),
        (stroke(np.zeros((5, 8))), "stands for 160 words of 8 bits, but its image of 4 x 8 pixels has 128"),
        (stroke(box(0, 0), image_rotation=90), "its image was turned"),
        (drawn("brush", {"rle": "123"}), "is not a list of whole numbers"),
        (drawn("brush", {"rle": None, "points": None}), "its polygon is not a list of three or more"),
        (polygon((0, 0), (50, 50)), "its polygon is not a list of three or more"),
        (polygon((0, 0), (50, 50), (float("nan"), 3)), "its polygon is not"),
        (polygon((0, 0), (50, 50), (INF, 3)), "its polygon is not"),
        (polygon((0, 0), (50, 50), (3, -INF)), "its polygon is not"),
        (polygon((0, 0), (50, 50), (10**400, 3)), "its polygon is not"),
        (polygon((0, 0), (400, 0), (400, 300)), "from 0 to 100 per cent of the image"),
        (polygon((0, 0), (50, 50), (1, 2, 3)), "its polygon is not"),
        (polygon((0, 0), (50, 50), ("x", 3)), "its polygon is not"),
        (drawn("polygon", {"points": {"x": 1}}), "its polygon is not"),
    ],
)
def test_drawings_that_cannot_be_on_this_image(read, result, message):
    (answer,), _ = read(exported(annotated(result)), task="segmentation")
    with pytest.raises(InputError, match=WHERE + ".*" + message):
        answer.mask()
