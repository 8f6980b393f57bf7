"""The published systems on stand-ins, one command each, and their parts on one another's data."""

import pandas as pd
import pytest
import yaml
from conftest import ROOT, changed
from standins import write_chestx_det, write_synthstrip

pytestmark = pytest.mark.workflow


def configuration(name):
    return yaml.safe_load((ROOT / f"config/{name}.yaml").read_text(encoding="utf-8"))


def some_queries(config, *names):
    """Keep some queries of a configuration, and what it compares of them, for the sake of CI's minutes."""
    strategies = {name: config["query"]["strategies"][name] for name in names}
    named = {
        method: arm
        for method, arm in config["comparison"]["arms"].items()
        if arm.split("/")[-1] not in set(config["query"]["strategies"]) - set(names)
    }
    return changed(config, query__strategies=strategies, comparison__arms=named)


def finished_summary(place, config):
    """Run a configuration to its end, see that nothing is left to do, and give the summary."""
    result = place.run("--resources", "gpu=0", config=config, timeout=1500)
    assert result.code == 0, result.text
    assert place.run("--resources", "gpu=0", config=config).idle
    return pd.read_parquet(place.folder / f"results/{config['dataset']['name']}/summary.parquet")


def labelled_sizes(summary, query):
    return summary[summary["query"] == query].groupby("round").n_labelled.unique().map(list).to_dict()


@pytest.mark.long
def test_levy_on_a_stand_in(place):
    config = some_queries(configuration("standin/levy"), "entropy", "alpha050")
    config = changed(config, methods__random__seeds=[0, 1], budgets=[6], learning__segmentation__epochs=2)
    summary = finished_summary(place, config)
    results = place.folder / "results/standin_levy"
    assert labelled_sizes(summary, "alpha050") == {1: [10], 2: [14]}
    assert summary[summary.method == "random"].seed.nunique() == 2
    for query in config["query"]["strategies"]:
        assert (results / f"figures/picks/segmentation/pixels/levy/{query}.png").stat().st_size > 5000
    reported = pd.read_csv(results / "published/reported.csv")
    assert len(reported) >= 20


@pytest.mark.long
def test_acft_on_a_stand_in(place):
    config = changed(
        some_queries(configuration("standin/acft"), "RFT", "AFT", "ACFT_HQ"), seeds=[0], methods__empty__seeds=[0]
    )
    summary = finished_summary(place, config)
    results = place.folder / "results/standin_acft"
    for query in config["query"]["strategies"]:
        assert labelled_sizes(summary, query) == {1: [10], 2: [20]}
    assert set(summary.loc[(summary["round"] == 0) & (summary.method == "empty"), "n_labelled"]) == {0}
    predictions = pd.read_parquet(next(results.glob("runs/**/ACFT_HQ/**/round1/predictions.parquet")))
    assert predictions.patches.map(len).eq(24).all()
    for name in ("figures/patterns/classification.png", "tables/classification_reuse.csv", "published/alc.csv"):
        assert (results / name).stat().st_size > 100


@pytest.mark.long
def test_lmi_al_on_a_stand_in(place):
    config = some_queries(configuration("standin/lmi_al"), "random", "bald", "cluster_margin", "hybrid")
    config = changed(config, learning__segmentation__epochs=2)
    summary = finished_summary(place, config)
    results = place.folder / "results/standin_lmi_al"
    assert set(summary["query"]) == {"none", *config["query"]["strategies"]}
    assert {"dice_volume", "dice_macro_volume", "precision_volume", "recall_volume"} <= set(summary.metric)
    assert set(summary.method) == {"random", "full", "full_target"}
    assert (results / "tables/segmentation_efficiency.csv").stat().st_size > 100
    assert not list(results.rglob("weights.safetensors"))


QUERIES = {
    "uncertainty": {"strategy": "uncertainty"},
    "levy": {"strategy": "entropy_diversity"},
    "acft": {
        "strategy": "acft",
        "learning": {task: {"strategy": "acft_hq"} for task in ("classification", "segmentation")},
    },
    "bald": {
        "strategy": "bald",
        "learning": {task: {"strategy": "acft_q"} for task in ("classification", "segmentation")},
    },
    "kcenter": {
        "strategy": "kcenter_greedy",
        "learning": {task: {"strategy": "continual"} for task in ("classification", "segmentation")},
    },
    "hybrid": {"strategy": "hybrid"},
}
SEGMENTING = {"network": "unet", "network_parameters": {"width": 8, "dropout": 0.2}, "optimiser": "adam", "epochs": 1}
CLASSIFYING = {"network": "small_cnn", "optimiser": "adam", "epochs": 1, "patches": {"recipe": "general", "count": 4}}


def mixed(dataset, task, method, queries):
    return {
        "dataset": {"size": 32, **dataset},
        "tasks": [task],
        "models": {"pixels": {"encoder": "pixels", "size": 16}},
        "methods": {"start": method},
        "budgets": [6],
        "query": {"strategies": {name: QUERIES[name] for name in queries}, "batch": 2, "rounds": 1},
        "learning": {"segmentation": SEGMENTING} if task == "segmentation" else {"classification": CLASSIFYING},
        "evaluation": {"bootstrap": 5},
        "tracking": {"enabled": False},
    }


SWEEP, LEVY = {"strategy": "kmeans_sweep", "n_init": 2}, {"strategy": "silhouette_farthest_point"}


@pytest.mark.parametrize(
    ("data", "task", "method", "queries"),
    [
        ("longitudinal", "segmentation", LEVY, ["levy", "acft"]),
        pytest.param("candidates", "classification", LEVY, ["bald", "kcenter"], marks=pytest.mark.long),
        pytest.param("synthstrip", "segmentation", SWEEP, ["acft", "hybrid"], marks=pytest.mark.long),
        pytest.param("chestx_det", "classification", SWEEP, ["levy", "kcenter"], marks=pytest.mark.long),
    ],
)
def test_parts_of_one_system_run_on_the_data_of_the_others(place, data, task, method, queries):
    place.folder.mkdir(parents=True)
    root = place.folder / "data"
    datasets = {
        "longitudinal": lambda: {"kind": "longitudinal_phantom", "channels": 3},
        "candidates": lambda: {
            "kind": "phantom",
            "n": 60,
            "resolution": 32,
            "prevalence": 0.4,
            "split": {"stratify": True},
        },
        "synthstrip": lambda: {"kind": "synthstrip", **write_synthstrip(root, subjects=10)},
        "chestx_det": lambda: {
            "kind": "chestx_det",
            "split": {"stratify": True},
            **write_chestx_det(root, n_train=60, n_test=20, size=64, prevalence=0.5),
        },
    }
    summary = finished_summary(place, mixed({"name": data, **datasets[data]()}, task, method, queries))
    assert set(summary["query"]) == {"none", *queries}
    assert set(summary.loc[summary["round"] == 1, "n_labelled"]) == {8}
    assert summary["value"].notna().any()
