"""Full supervision, an empty start, the end of the rounds at a plateau, and what all this is compared with."""

import json

import pandas as pd
import pytest
from conftest import ROOT, TINY, Workplace, changed

pytestmark = pytest.mark.workflow

CONFIG = changed(
    TINY,
    tasks=["classification"],
    models={},
    methods={"random": {"strategy": "random", "seeds": [1]}, "full": {"strategy": "everything"}},
    budgets=[0],
    query={
        "strategies": {"uncertainty": {"strategy": "uncertainty"}},
        "batch": 3,
        "rounds": 3,
        # No gain is large enough: the rounds end after the first that has trained and one more.
        "stop": {"patience": 1, "min_gain": 1.0},
    },
    efficiency={"metric": "auroc", "target": 0.5},
    comparison={"published": "acft", "arms": {"AFT(LQ)/ent": "uncertainty"}},
)
RUNS = "results/tiny/runs/classification/none"


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    place = Workplace(ROOT, tmp_path_factory.mktemp("full") / "work")
    result = place.run(config=CONFIG)
    assert result.code == 0, result.text
    return place


def fit(place, run):
    return json.loads((place.folder / RUNS / run / "fit.json").read_text(encoding="utf-8"))


def test_the_reference_runs_once_on_the_whole_pool(place):
    folder = place.folder / RUNS / "full"
    assert [str(path.relative_to(folder)) for path in folder.rglob("fit.json")] == ["none/b0/s1/t0/round0/fit.json"]
    pool = pd.read_parquet(place.folder / "results/tiny/pools/classification.parquet")
    assert fit(place, "full/none/b0/s1/t0/round0")["n_labelled"] == len(pool) == 36
    table = pd.read_csv(place.folder / "results/tiny/tables/classification_subsequent.csv")
    assert table["method"].tolist() == ["random", "full"]
    assert table["auprc_all"].notna().tolist() == [False, True]


def test_rounds_start_from_nothing_and_end_at_the_plateau(place):
    assert fit(place, "random/none/b0/s1/t0/round0")["n_labelled"] == 0
    chain = [fit(place, f"random/uncertainty/b0/s1/t0/round{number}") for number in (1, 2, 3)]
    assert [one["n_labelled"] for one in chain] == [3, 6, 6]
    assert [one.get("stopped", False) for one in chain] == [False, False, True]
    summary = pd.read_parquet(place.folder / "results/tiny/summary.parquet")
    assert sorted(summary.loc[summary["method"] == "random", "round"].unique()) == [0, 1, 2]
    # Three runs of the chain and the reference; the round after the end is no run.
    assert len(pd.read_parquet(place.folder / "results/tiny/tracking.parquet")) == 4


def test_nothing_is_drawn_of_a_selection_of_nothing_or_of_everything(place):
    assert not (place.folder / "results/tiny/figures/contact").exists()
    assert not list((place.folder / "results/tiny/figures").rglob("*full*"))


def test_label_efficiency_and_published_values_are_told(place):
    table = pd.read_csv(place.folder / "results/tiny/tables/classification_efficiency.csv")
    assert table[["model", "method", "query", "metric", "plateau"]].to_numpy().tolist() == [
        ["none", "random", "uncertainty", "auroc", 2]
    ]
    published = pd.read_csv(place.folder / "results/tiny/published/alc.csv")
    ours = published[published["ours"].notna()]
    assert set(ours["method"]) == {"AFT(LQ)/ent"}
    assert set(ours["difference"]) == {"not the same data"}
    assert ours["ours"].iloc[0] == pytest.approx(table["alc"][0])
    assert (place.folder / "results/tiny/published/savings.html").exists()


def test_nothing_is_left_to_do(place):
    assert place.plan(config=CONFIG).idle
