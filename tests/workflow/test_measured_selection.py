"""Methods that are told more than vectors, and a query by gradients: one small run of the real workflow."""

import numpy as np
import pandas as pd
import pytest
from conftest import ROOT, TINY, Workplace, changed

pytestmark = pytest.mark.workflow

CONFIG = changed(
    TINY,
    tasks=["classification"],
    models={
        "dynamic": {
            "encoder": "simclr_dynamics",
            **{"size": 16, "dimension": 8, "epochs": 2, "batch_size": 12},
            "uncertainty": {"network": "small_cnn", "epochs": 1, "passes": 3},
        }
    },
    methods={
        "hard": {"strategy": "csval", "clusters": 3},
        "hybrid": {"strategy": "kmeans_uncertainty", "space": "map"},
    },
    budgets=[4],
    query={"strategies": {"gradients": {"strategy": "badge"}}, "batch": 3, "rounds": 1, "methods": ["hard"]},
)
TABLES = ["results/tiny/tables/classification_subsequent.csv"]


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    place = Workplace(ROOT, tmp_path_factory.mktemp("measures") / "work")
    result = place.run(*TABLES, config=CONFIG)
    assert result.code == 0, result.text
    return place.folder / "results/tiny"


def selection(results, method):
    return pd.read_parquet(results / f"selections/classification/dynamic/{method}/b4/s1.parquet")


def test_what_an_encoder_measures_reaches_the_method(results):
    embedding = pd.read_parquet(results / "embeddings/dynamic.parquet").set_index("sample_id")
    pool = pd.read_parquet(results / "pools/classification.parquet").sample_id
    assert embedding.loc[pool, ["confidence", "variability"]].notna().all(axis=None)
    picks = selection(results, "hard")
    np.testing.assert_allclose(picks.score, embedding.confidence.loc[picks.sample_id])
    assert picks.cluster.nunique() == 3


def test_the_uncertainty_of_an_embedding_reaches_the_method_also_in_the_map(results):
    told = pd.read_parquet(results / "uncertainties/dynamic.parquet").set_index("sample_id").uncertainty
    picks = selection(results, "hybrid")
    np.testing.assert_array_equal(picks.score, told.loc[picks.sample_id])
    assert (told > 0).all()


def test_a_query_by_gradients_asks_the_trained_network(results):
    run = results / "runs/classification/dynamic/hard/gradients/b4/s1/t0/round1"
    asked = pd.read_parquet(run / "queried.parquet")
    assert len(asked) == 3
    assert (asked.score > 0).all()
    assert not set(asked.sample_id) & set(selection(results, "hard").sample_id)
