"""From any directory, with the configuration that the design gives as its example."""

import numpy as np
import pandas as pd
import pytest
import torch
import torchvision
import yaml
from table_data import write_table_data

pytestmark = pytest.mark.workflow

EXAMPLE = """
dataset:
  name: nih                      # results/nih/...
  kind: table
  root: /data/nih                # images, masks and the table lie below it
  table: labels.csv
  columns: {image: file_name, label: pneumonia, patient_id: patient_id}
  size: 224
  split: {train: 0.7, val: 0.1, test: 0.2, stratify: true, seed: 2024}
tasks: [classification]
models:
  pixels:   {encoder: pixels}
  imagenet: {encoder: "torchvision:densenet121"}
  mine:     {encoder: file, path: embeddings.parquet}
methods:
  random:     {strategy: random}
  clustering: {strategy: kmeans_sweep}
budgets: [20, 60]
seeds: [2024]
repeats: 1
query:
  strategies: {uncertainty: {strategy: uncertainty}}
  from_budget: 20
  batch: 20
  rounds: 2
learning:
  classification: {network: vgg11, weights: null, epochs: 100, batch_size: 10, learning_rate: 0.001, precision: float32}
evaluation: {bootstrap: 100}
tracking: {uri: null}
protocol: clean
"""


@pytest.fixture
def nih(tmp_path):
    """A data set of the example's form, weights in the cache and an embedding of one's own."""
    root = tmp_path / "data"
    table = write_table_data(root, n=200)
    table = table.rename(columns={"finding": "pneumonia"}).drop(columns=["lesion", "split"])
    table.to_csv(root / "labels.csv", index=False)
    work = tmp_path / "work"
    work.mkdir()
    vectors = np.random.default_rng(1).normal(size=(len(table), 8)).astype(np.float32)
    own = pd.DataFrame({"sample_id": table.file_name.str.removesuffix(".png"), "embedding": list(vectors)})
    own.to_parquet(work / "embeddings.parquet")
    cache = tmp_path / "torch/hub/checkpoints"
    cache.mkdir(parents=True)
    network = torchvision.models.densenet121(weights=None)
    torch.save(network.state_dict(), cache / "densenet121-a639ec97.pth")
    return root, {"TORCH_HOME": str(tmp_path / "torch")}


def test_the_example_is_planned_as_its_grid_says(place, nih):
    config = yaml.safe_load(EXAMPLE.replace("/data/nih", str(nih[0])))
    jobs = place.plan(config=config).jobs()
    # fifteen seeds of random and three arms more x two budgets, and two rounds of each
    assert jobs["select"] == 18 * 2
    assert jobs["train"] == jobs["evaluate"] == 18 * 2 + 18 * 2
    assert jobs["query"] == 18 * 2
    assert jobs["embed"] == 3


def test_the_example_selects_from_another_directory(place, nih):
    config = yaml.safe_load(EXAMPLE.replace("/data/nih", str(nih[0])).replace("size: 224", "size: 64"))
    config["methods"]["random"]["seeds"] = config["seeds"]
    result = place.run("selections", config=config, environment=nih[1])
    assert result.code == 0, result.text
    selections = sorted((place.folder / "results/nih/selections").rglob("*.parquet"))
    assert len(selections) == 8
    cohort = pd.read_parquet(place.folder / "results/nih/cohort.parquet")
    assert cohort.groupby("patient_id").split.nunique().max() == 1
    for path in selections:
        chosen = cohort.set_index("sample_id").loc[pd.read_parquet(path).sample_id]
        assert set(chosen.split) == {"train"}
