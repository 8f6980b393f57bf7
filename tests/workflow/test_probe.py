"""Probes: all runs of an arm in one job, with the picks, rows and figures that runs of their own would have."""

import pandas as pd
import pytest
from conftest import ROOT, TINY, Workplace, changed

pytestmark = pytest.mark.workflow

SEEDS = [1, 2, 5]
CONFIG = changed(
    TINY,
    methods={
        "random": {"strategy": "random", "seeds": SEEDS},
        "clustering": {"strategy": "kmeans", "space": "map", "scale": "l2", "n_init": 2},
    },
    budgets=[4],
    seeds=SEEDS,
    repeats=2,
    query__rounds=2,
    learning={
        "classification": {
            "network": "probe",
            "network_parameters": {"embedding": "pixels", "solver": "sgd", "C": [0.1]},
        },
        "segmentation": {"network": "probe", "network_parameters": {"C": [0.1]}},
    },
)
RESULTS = "results/tiny"
TARGETS = [
    "selections",
    f"{RESULTS}/tracking.parquet",
    *(f"{RESULTS}/tables/{task}_variance.html" for task in CONFIG["tasks"]),
    f"{RESULTS}/figures/picks/classification/pixels/clustering/uncertainty.png",
    f"{RESULTS}/figures/annotation/segmentation.png",
]
ARMS = [("none", "random"), ("pixels", "clustering")]


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    place = Workplace(ROOT, tmp_path_factory.mktemp("probe") / "work")
    result = place.run(*TARGETS, config=CONFIG)
    assert result.code == 0, result.text
    return place


def table(place, path):
    return pd.read_parquet(place.folder / RESULTS / path)


@pytest.mark.parametrize("task", CONFIG["tasks"])
@pytest.mark.parametrize(("model", "method"), ARMS, ids=[method for _, method in ARMS])
def test_every_seed_labels_what_the_rule_select_selects(place, task, model, method):
    labelled = table(place, f"probes/{task}/{model}/{method}/none/b4/labelled.parquet")
    for seed in SEEDS:
        alone = table(place, f"selections/{task}/{model}/{method}/b4/s{seed}.parquet")
        for repeat in (0, 1):
            own = labelled[(labelled["seed"] == seed) & (labelled["repeat"] == repeat)]
            assert own["sample_id"].tolist() == alone["sample_id"].tolist()
            assert own["score"].tolist() == alone["score"].tolist()


def test_the_summary_has_a_row_for_every_run_and_metric(place):
    summary = table(place, "summary.parquet")
    found = summary.groupby(["task", "model", "method", "query", "round"])[["seed", "repeat", "metric"]].apply(len)
    metrics = {"classification": 10, "segmentation": summary[summary["task"] == "segmentation"]["metric"].nunique()}
    expected = {}
    for task in CONFIG["tasks"]:
        for arm in ARMS:
            expected[(task, *arm, "none", 0)] = len(SEEDS) * 2 * metrics[task]
        for number in (1, 2):
            expected[(task, "pixels", "clustering", "uncertainty", number)] = len(SEEDS) * 2 * metrics[task]
    assert found.to_dict() == expected
    assert set(summary["n_labelled"] - summary["budget"] - 2 * summary["round"]) == {0}


def test_selection_and_training_are_told_apart(place):
    found = pd.read_csv(place.folder / RESULTS / "tables/classification_variance.csv")
    assert found["sd_training"].notna().all()
    assert (found["sd_training"] > 0).any()
    # The probe of patches goes to its optimum.
    found = pd.read_csv(place.folder / RESULTS / "tables/segmentation_variance.csv")
    assert (found["sd_training"] == 0).all()


def test_mlflow_holds_each_job_once(place):
    found = table(place, "tracking.parquet")
    assert len(found) == 2 * (2 + 1)
    assert found["run"].is_unique
    assert set(found["action"]) == {"written"}


def test_a_second_call_does_nothing_and_a_new_seed_asks_for_the_probes_of_its_arms_alone(place):
    targets = [name for name in TARGETS if name != "selections"]
    assert place.plan(*targets, config=CONFIG).idle
    jobs = place.plan(*targets, config=changed(CONFIG, seeds=[*SEEDS, 6])).jobs()
    # Per task: clustering before and after its query; random has seeds of its own.
    assert jobs["probe"] == 4
    assert not {"embed", "select", "patch_features", "project", "images"} & set(jobs)
