"""Rounds that begin anew beside rounds that go on from the network before: sizes, weights, and nothing done twice."""

import pandas as pd
import pytest
from conftest import TINY, Workplace, changed, copy_checkout

from coldstart.storage import read_json

pytestmark = pytest.mark.workflow

BATCH, ROUNDS = 3, 2
STRATEGIES = {"RFT": "scratch", "Q": "acft_q", "HQ": "acft_hq"}
CONFIG = changed(
    TINY,
    tasks=["classification"],
    budgets=[0],
    models={},
    methods={"random": {"strategy": "random", "seeds": [1]}},
    query={
        "strategies": {
            name: {"strategy": "uncertainty", "learning": {"classification": {"strategy": strategy}}}
            for name, strategy in STRATEGIES.items()
        },
        "batch": BATCH,
        "rounds": ROUNDS,
    },
    learning__classification__patches={"recipe": "general", "count": 2},
    tracking={"enabled": False},
)
JOBS = 1 + len(STRATEGIES) * ROUNDS


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """Workplace in which all strategies have run from an empty start."""
    base = tmp_path_factory.mktemp("strategies")
    place = Workplace(copy_checkout(base / "checkout"), base / "work")
    result = place.run("summary", config=CONFIG)
    assert result.code == 0, result.text
    assert result.jobs()["train"] == JOBS
    return place


def folder(place, query, number):
    query = query if number else "none"
    return place.folder / f"results/tiny/runs/classification/none/random/{query}/b0/s1/t0/round{number}"


def test_the_labelled_set_grows_by_the_batch_from_nothing(done):
    """S3-08, S4-05: 0 + r * 3."""
    for query in STRATEGIES:
        for number in range(ROUNDS + 1):
            labelled = pd.read_parquet(folder(done, query, number) / "labelled.parquet")
            assert labelled["round"].value_counts().to_dict() == dict.fromkeys(range(1, number + 1), BATCH)


def test_each_round_trains_on_what_its_strategy_says(done):
    """S3-07: L + Q, Q, and H + Q; the first training of all takes everything."""
    for query, strategy in STRATEGIES.items():
        first, last = (read_json(folder(done, query, number) / "fit.json") for number in (1, 2))
        assert first["strategy"] == last["strategy"] == strategy
        assert first["n_trained"] == BATCH
        expected = {"scratch": 2 * BATCH, "acft_q": BATCH, "acft_hq": BATCH + len(last["replayed"])}
        assert last["n_trained"] == expected[strategy]
        rates = [pd.read_csv(folder(done, query, number) / "history.csv").learning_rate.iloc[0] for number in (1, 2)]
        assert rates[1] == pytest.approx(rates[0] * (1 if strategy == "scratch" else 0.1))
        labelled = pd.read_parquet(folder(done, query, 2) / "labelled.parquet")
        assert set(last["replayed"]) <= set(labelled.sample_id[labelled["round"] < 2])


def test_the_first_query_asks_a_network_that_has_learned_nothing(done):
    found = read_json(folder(done, "RFT", 0) / "fit.json")
    assert (found["n_labelled"], found["n_trained"], found["best_epoch"], found["best_value"]) == (0, 0, 0, None)
    assert pd.read_csv(folder(done, "RFT", 0) / "history.csv").empty


def test_predictions_are_the_mean_of_those_of_the_patches(done):
    predictions = pd.read_parquet(folder(done, "HQ", 2) / "predictions.parquet")
    assert predictions.patches.map(len).eq(2).all()
    assert predictions.probability.tolist() == pytest.approx(predictions.patches.map(lambda p: p.mean()).tolist())


def test_no_weights_are_left_and_nothing_is_done_twice(done):
    assert not list((done.folder / "results").rglob("weights.safetensors"))
    again = done.run("summary", config=CONFIG)
    assert again.idle


def test_another_training_of_one_query_reruns_its_rounds_alone(done):
    learning = {"classification": {"strategy": "scratch", "epochs": 3}}
    jobs = done.plan("summary", config=changed(CONFIG, query__strategies__RFT__learning=learning)).jobs()
    assert jobs == {"train": 2, "evaluate": 2, "query": 1, "summary": 1}


def test_a_round_added_later_trains_the_rounds_before_again(done):
    """Their weights are gone, as the page of the configuration says of `strategy`."""
    jobs = done.plan("summary", config=changed(CONFIG, query__rounds=ROUNDS + 1)).jobs()
    assert jobs["train"] == JOBS + len(STRATEGIES)
