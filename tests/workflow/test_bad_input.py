"""Bad data: one clear sentence on the terminal, the traceback in the log, and nothing lost."""

import cv2
import numpy as np
import pandas as pd
import pytest
from conftest import TINY
from table_data import table_config, write_table_data

pytestmark = pytest.mark.workflow


@pytest.fixture
def data(tmp_path):
    root = tmp_path / "data"
    return root, write_table_data(root)


def save(data, table):
    table.to_csv(data[0] / "labels.csv", index=False)


def truncate(data):
    path = data[0] / "images/i04.png"
    path.write_bytes(path.read_bytes()[:200])


def missing_mask(data):
    (data[0] / "masks/i05.png").unlink()


def duplicate_id(data):
    table = data[1].assign(sample_id=[f"s{min(i, 20)}" for i in range(len(data[1]))])
    save(data, table)


def outside_root(data):
    table = data[1].copy()
    table.loc[3, "file_name"] = "../secret.png"
    cv2.imwrite(str(data[0].parent / "secret.png"), np.zeros((32, 32), np.uint8))
    save(data, table)


def missing_image(data):
    (data[0] / "images/i07.png").unlink()


def empty_split(data):
    save(data, data[1].assign(split=data[1].split.replace("val", "train")))


def no_image_at_all(data):
    (data[0] / "images/i06.png").write_bytes(b"this is no image")


def label_not_binary(data):
    table = data[1].copy()
    table.loc[2, "finding"] = 7
    save(data, table)


def one_class_in_validation(data):
    save(data, data[1].assign(finding=data[1].finding.where(data[1].split != "val", 0)))


def no_masks(data):
    save(data, data[1].assign(lesion=None))


CASES = {
    "truncated image": (truncate, "images", ["i04.png"]),
    "unreadable image": (no_image_at_all, "cohort", ["i06.png"]),
    "missing image": (missing_image, "cohort", ["i07.png"]),
    "missing mask": (missing_mask, "cohort", ["i05"]),
    "duplicate id": (duplicate_id, "cohort", ["s20"]),
    "path outside the root": (outside_root, "cohort", ["secret.png"]),
    "empty split": (empty_split, "cohort", ["val"]),
    "label that is neither 0 nor 1": (label_not_binary, "cohort", ["7"]),
    "one class in the validation split": (one_class_in_validation, "pool", ["val split", "label 0", "stratify"]),
    "a task that the data cannot serve": (no_masks, "pool", ["segmentation", "masks"]),
}


def the_sentence(result, rule):
    """The one line for the user, and proof that no traceback is on the terminal."""
    assert result.code != 0
    lines = [line for line in result.text.splitlines() if line.startswith(f"Error in {rule}") and ": " in line]
    lines = [line for line in lines if not line.startswith("Error in rule")]
    assert len(lines) == 1, result.text
    assert "Traceback" not in result.text
    return lines[0]


@pytest.mark.parametrize("case", CASES)
def test_bad_data_is_refused_in_one_sentence(place, data, case):
    spoil, rule, expected = CASES[case]
    spoil(data)
    config = table_config(data[0])
    result = place.run("selections", config=config)
    line = the_sentence(result, rule)
    for text in expected:
        assert text in line
    # Above what Snakemake says of the job, and once more at the end of the run.
    said = result.text.splitlines()
    assert said.index(line) < said.index(f"Error in rule {rule}:") < said.index(f"- {line}")
    assert list((place.folder / "results/own/logs").rglob("*.log"))
    log = "".join(path.read_text() for path in (place.folder / "results/own/logs").rglob(f"{rule}*/*.log")) + "".join(
        path.read_text() for path in (place.folder / "results/own/logs").glob(f"{rule}*.log")
    )
    assert log.index(line) < log.index("Traceback")


def test_missing_table_is_named_before_anything_runs(place, tmp_path):
    result = place.run(config=table_config(tmp_path / "nowhere"))
    assert result.code != 0
    assert "labels.csv" in result.text
    assert "Traceback" not in result.text


def test_budget_larger_than_the_pool_keeps_what_was_selected_before(place, data):
    config = table_config(data[0], budgets=[4, 500])
    result = place.run("selections", config=config)
    assert result.code != 0
    assert "Traceback" not in result.text
    assert "500" in result.text
    assert "pool" in result.text
    kept = sorted(path.name for path in (place.folder / "results/own/selections").rglob("b4/s1.parquet"))
    assert len(kept) == 4
    assert place.run("selections", config=table_config(data[0], budgets=[4])).idle


def test_missing_weights_say_which_key_takes_a_path(place, data, tmp_path):
    models = {"pixels": TINY["models"]["pixels"], "imagenet": {"encoder": "torchvision:resnet18"}}
    offline = {
        "TORCH_HOME": str(tmp_path / "cache"),
        "https_proxy": "http://127.0.0.1:9",
        "http_proxy": "http://127.0.0.1:9",
    }
    result = place.run("selections", config=table_config(data[0], models=models), environment=offline)
    line = the_sentence(result, "embed")
    assert "weights" in line
    assert "resnet18" in line
    # the other model's arms were selected all the same
    assert len(list((place.folder / "results/own/selections").rglob("pixels/clustering/*/s1.parquet"))) == 4


def test_one_class_only_is_trained_and_said(place, data):
    # Every image of the pool is negative: whatever is selected holds one class.
    table = data[1].assign(finding=data[1].finding.where(data[1].split != "train", 0))
    save(data, table)
    config = table_config(
        data[0],
        tasks=["classification"],
        budgets=[4],
        query__rounds=0,
        query__models=None,
        models={},
        methods={"random": {"strategy": "random", "seeds": [1]}},
    )
    result = place.run("summary", config=config)
    assert result.code == 0, result.text
    log = next((place.folder / "results/own/logs/train").rglob("*.log")).read_text()
    assert "tell the classes apart" in log


def test_selections_do_not_change_when_labels_are_permuted(place, data, tmp_path):
    """End to end: permuting labels and masks within each split leaves every selection byte for byte."""
    config = table_config(data[0])
    assert place.run("selections", config=config).code == 0
    folder = place.folder / "results/own/selections"
    before = {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*.parquet")}
    assert len(before) == 8
    table = data[1].copy()
    rng = np.random.default_rng(5)
    for rows in table.groupby("split").groups.values():
        table.loc[rows, ["finding", "lesion"]] = table.loc[rng.permutation(rows), ["finding", "lesion"]].to_numpy()
    assert (table.finding != data[1].finding).any()
    save(data, table)
    result = place.run("selections", config=config)
    assert result.code == 0, result.text
    assert result.jobs()["cohort"] == 1  # the changed table was read again
    assert {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*.parquet")} == before


def test_the_selecting_side_sees_no_label_in_disguise(place, data):
    """Where segmentation takes positives alone, its membership is the label: classification must not see it."""
    config = table_config(data[0], dataset__segmentation_samples="positive")
    assert place.run("selections", config=config).code == 0
    results = place.folder / "results/own"
    cohort = pd.read_parquet(results / "cohort.parquet").set_index("sample_id")
    for path in (results / "samples.parquet", results / "pools/classification.parquet"):
        seen = pd.read_parquet(path)
        labels = cohort.label.loc[seen.sample_id].to_numpy(int)
        for name in seen.columns.difference(["sample_id", "image"]):
            codes = pd.factorize(seen[name])[0]
            assert len(set(codes)) != 2 or abs(np.corrcoef(codes, labels)[0, 1]) < 0.9, f"{path.name}: {name}"


def test_metadata_columns_of_any_name_change_nothing(place, data, tmp_path):
    """A table's own columns `index` and `level_0` do not come between a sample and its prediction."""
    settings = {
        "tasks": ["classification"],
        "budgets": [4],
        "query__rounds": 0,
        "methods": {"random": {"strategy": "random", "seeds": [1]}},
    }
    settings |= {"models": {}, "query__models": None}
    plain = type(place)(place.checkout, tmp_path / "plain")
    assert plain.run("summary", config=table_config(data[0], **settings)).code == 0
    n = len(data[1])
    save(data, data[1].assign(index=[*range(1, n), 0], level_0=0, rank=range(n), split_=1))
    assert place.run("summary", config=table_config(data[0], **settings)).code == 0
    first, second = (pd.read_parquet(where.folder / "results/own/summary.parquet") for where in (plain, place))
    pd.testing.assert_frame_equal(first, second)


def test_a_correct_number_that_yaml_reads_as_text_is_explained(place, data):
    config = table_config(data[0])
    config["learning"]["classification"]["learning_rate"] = "1e-3"
    assert "write 0.001" in place.plan(config=config).text


def test_a_task_without_rounds_has_its_first_table_alone(place, data):
    only = {"uncertainty": {"strategy": "distance_to_threshold"}}
    result = place.plan(config=table_config(data[0], query__strategies=only))
    assert result.jobs()["tables"] == 3


def test_images_without_any_label_are_selected_from(place, data):
    save(data, data[1][["file_name", "patient_id"]])
    config = table_config(data[0], tasks=["classification"], query__rounds=0)
    config["dataset"]["columns"] = {"image": "file_name"}
    result = place.run("selections", config=config)
    assert result.code == 0, result.text
    assert len(list((place.folder / "results/own/selections").rglob("*.parquet"))) == 4
