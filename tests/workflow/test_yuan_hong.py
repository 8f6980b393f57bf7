"""config/yuan_hong.yaml: its grid by arithmetic, and a scaled-down run of all six methods to Tables 1-4."""

import foreign_networks
import numpy as np
import pandas as pd
import pytest
import standins
import torch
import torchvision
import torchxrayvision
import yaml
from conftest import ROOT, changed

pytestmark = pytest.mark.workflow

PUBLISHED = yaml.safe_load((ROOT / "config/yuan_hong.yaml").read_text(encoding="utf-8"))
METHODS = ["random", "naive", "imagenet", "txrv", "cxrf", "remedis"]


def stand_in(folder, weights, **size):
    """Write data of ChestX-Det's layout, and embeddings of one's own, into a working directory."""
    standins.write_chestx_det(folder / "data/chestx_det", **size)
    annotations = (folder / "data/chestx_det").glob("*.json")
    names = [record["file_name"] for path in annotations for record in yaml.safe_load(path.read_text())]
    vectors = np.random.default_rng(3).normal(size=(len(names), 16)).astype(np.float32)
    (folder / "data/weights").mkdir(parents=True)
    np.savez(folder / "data/weights/cxr_foundation.npz", **dict(zip(names, vectors, strict=True)))
    if not weights:
        (folder / "data/weights/cxr-50x1-remedis-m").mkdir()


def test_the_full_grid_counts_its_jobs_as_the_arithmetic_says(place):
    place.folder.mkdir(parents=True)
    stand_in(place.folder, weights=False, n_train=12, n_test=4, size=64)
    jobs = place.plan(config=PUBLISHED).jobs()
    seeds, models, budgets, rounds, tasks = 10, 5, 5, 5, 2
    first = tasks * (seeds + models) * budgets
    later = tasks * (seeds + models) * rounds
    assert jobs["select"] == first
    assert jobs["train"] == jobs["train_segmentation"] == (first + later) // 2
    assert jobs["evaluate"] == first + later
    assert jobs["query"] == later
    assert jobs["embed"] == models
    assert jobs["published"] == 1


@pytest.mark.long
def test_all_six_methods_reach_tables_1_to_4(place, tmp_path):
    tensorflow = foreign_networks.tensorflow_or_skip()
    place.folder.mkdir(parents=True)
    stand_in(place.folder, weights=True, n_train=70, n_test=20, size=64, prevalence=0.5)
    foreign_networks.write_saved_model(place.folder / "data/weights/cxr-50x1-remedis-m", "one")
    cache = tmp_path / "torch/hub/checkpoints"
    cache.mkdir(parents=True)
    torch.save(torchvision.models.densenet121(weights=None).state_dict(), cache / "densenet121-a639ec97.pth")
    network = torchxrayvision.models.DenseNet(num_classes=18)
    torch.save(network, place.folder / "data/weights/txrv.pt", _use_new_zipfile_serialization=False)
    config = changed(
        PUBLISHED,
        dataset__counts="any",
        dataset__size=32,
        models__naive__size=16,
        models__imagenet__size=32,
        models__txrv__weights="data/weights/txrv.pt",
        models__txrv__size=64,
        models__remedis__size=32,
        methods__random__seeds=[0, 1],
        budgets=[3],
        query__from_budget=3,
        query__batch=3,
        query__rounds=1,
        learning__classification={"network": "small_cnn", "epochs": 1},
        learning__segmentation={"network": "small_unet", "epochs": 1},
        evaluation__bootstrap=5,
    )
    environment = {"TORCH_HOME": str(tmp_path / "torch"), "COLDSTART_TF_PYTHON": str(tensorflow)}
    result = place.run(config=config, environment=environment, timeout=1500)
    assert result.code == 0, result.text
    results = place.folder / "results/chestx_det_ptx"
    cells = pd.read_csv(results / "published/cells.csv")
    assert len(cells) == 240
    assert set(cells.method) == set(METHODS)
    summary = pd.read_parquet(results / "summary.parquet")
    assert summary[["model", "method"]].drop_duplicates().shape[0] == len(METHODS)
    assert summary[summary.model == "none"].seed.nunique() == 2
    for number in (1, 2, 3, 4):
        for suffix in ("csv", "md", "tex", "html"):
            assert (results / f"published/table{number}.{suffix}").stat().st_size > 500
    assert place.run(config=config, environment=environment).idle
