"""Cohorts: columns, tasks, derived labels, and the view without labels."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from coldstart.cohort.assemble import COLUMNS, assemble, check_task, kind_parameters, label_free, pool_of
from coldstart.errors import InputError
from coldstart.storage import read_table, write_table

SIZE = 6


def kind_of(labels, masks, ids=None):
    """A kind with 6 x 6 images; `masks` holds None or the number of foreground pixels."""
    n = len(labels)
    frame = pd.DataFrame(
        {
            "site": [f"s{i % 2}" for i in range(n)],
            "sample_id": ids or [f"i{i:02d}" for i in range(n)],
            "image": [f"i{i:02d}.png" for i in range(n)],
            "mask": [None if mask is None else str(mask) for mask in masks],
            "label": labels,
            "patient_id": None,
            "height": SIZE,
            "width": SIZE,
            "bits": 8,
            "colour": False,
            "spacing_y": np.nan,
            "spacing_x": np.nan,
        }
    )

    def read(cohort, marker):
        for mask in cohort["mask"]:
            plane = np.zeros(SIZE * SIZE, np.uint8)
            plane[: 0 if pd.isna(mask) else int(mask)] = 1
            yield plane.reshape(SIZE, SIZE)

    return SimpleNamespace(build=lambda marker: frame.copy(), masks=read)


def assembled(labels, masks, ids=None, **common):
    return assemble({"name": "toy", "kind": "toy", "marker": 1, **common}, kind_of(labels, masks, ids))


def test_only_the_kinds_own_parameters_are_passed_on():
    dataset = {"name": "x", "kind": "phantom", "n": 5, "size": 64, "channels": 1, "interpolation": "area"}
    assert kind_parameters({**dataset, "split": {}, "segmentation_samples": "positive"}) == {"n": 5}


def test_columns_order_types_and_the_way_through_parquet(tmp_path):
    cohort = assembled([1, 0] * 10, [3, None] * 10)
    assert list(cohort.columns) == [*COLUMNS, "site"]
    assert {name: str(cohort[name].dtype) for name in COLUMNS} == COLUMNS
    write_table(tmp_path / "cohort.parquet", cohort)
    pd.testing.assert_frame_equal(read_table(tmp_path / "cohort.parquet"), cohort)


def test_positive_samples_with_a_mask_are_segmented():
    cohort = assembled([1, 0, None, 1] * 10, [3, None, None, 2] * 10, segmentation_samples="positive")
    assert cohort["segmentation"].tolist() == [True, False, False, True] * 10
    assert cohort["classification"].tolist() == [True, True, False, True] * 10


def test_annotated_samples_are_all_with_a_known_mask():
    cohort = assembled([1, 0, None, 0] * 10, [3, None, None, 2] * 10, segmentation_samples="annotated")
    assert cohort["segmentation"].tolist() == [True, True, False, True] * 10
    assert not assembled([1, 0] * 10, [None] * 20, segmentation_samples="annotated")["segmentation"].any()


def test_labels_are_derived_from_masks_where_they_are_missing():
    cohort = assembled([None, None, 0, None] * 10, [3, 0, 5, None] * 10)
    assert cohort["label"].fillna(-1).tolist() == [1, 0, 0, -1] * 10
    assert cohort["classification"].tolist() == [True, True, True, False] * 10


def test_split_settings_are_passed_on():
    cohort = assembled([1, 0] * 20, [None] * 40, split={"train": 0.5, "val": 0.25, "test": 0.25, "seed": 3})
    assert cohort["split"].value_counts().to_dict() == {"train": 20, "val": 10, "test": 10}


def test_a_pool_without_any_annotation_is_unlabelled():
    cohort = assembled([None] * 5, [None] * 5)
    assert (cohort["split"] == "unlabelled").all()
    assert not cohort[["classification", "segmentation"]].any(axis=None)


def test_the_selecting_side_sees_no_label_no_mask_and_no_metadata():
    cohort = assembled([1, 0] * 10, [3, None] * 10)
    view = label_free(cohort)
    assert list(view.columns) == [
        "sample_id",
        "image",
        "patient_id",
        "split",
        "height",
        "width",
        "bits",
        "colour",
        "spacing_y",
        "spacing_x",
    ]
    view["split"] = "changed"
    assert "changed" not in set(cohort["split"])


def test_a_task_needs_samples_in_every_split():
    cohort = assembled([1, 0] * 20, [3] + [None] * 39, split={"stratify": True}, segmentation_samples="positive")
    check_task(cohort, "classification")
    with pytest.raises(InputError, match="task 'segmentation' needs samples with masks in every split"):
        check_task(cohort, "segmentation")


@pytest.mark.parametrize("part", ["val", "test"])
def test_classification_needs_both_classes_to_validate_and_test(part):
    cohort = assembled([1, 0] * 20, [3, None] * 20, split={"stratify": True})
    cohort.loc[cohort["split"] == part, "label"] = 0
    with pytest.raises(InputError, match=f"samples of the {part} split have the label 0"):
        check_task(cohort, "classification")


def test_the_pool_of_a_task():
    cohort = assembled([1, 0] * 20, [3, None] * 20, split={"stratify": True}, segmentation_samples="positive")
    train = cohort["split"] == "train"
    assert pool_of(cohort, "classification")["sample_id"].tolist() == cohort["sample_id"][train].tolist()
    assert (
        pool_of(cohort, "segmentation")["sample_id"].tolist()
        == cohort["sample_id"][train & (cohort["label"] == 1)].tolist()
    )
    unlabelled = assembled([None] * 20, [None] * 20)
    check_task(unlabelled, "classification")
    assert len(pool_of(unlabelled, "classification")) == 20
    with pytest.raises(InputError, match="the pool for segmentation is empty"):
        pool_of(cohort.assign(segmentation=False), "segmentation")


def test_what_is_wrong_with_a_data_set_is_said():
    with pytest.raises(InputError, match="'toy' has no samples"):
        assembled([], [])
    with pytest.raises(InputError, match="sample_id is not unique: a"):
        assembled([0, 1, 0], [None] * 3, ids=["a", "b", "a"])
    with pytest.raises(InputError, match="'positives', it must be 'positive' or 'annotated'"):
        assembled([1, 0] * 10, [None] * 20, segmentation_samples="positives")
