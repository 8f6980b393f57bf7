"""Many runs in one process, against a plain loop through the functions that single jobs call."""

import numpy as np
import pandas as pd
import pytest
from test_probing_linear import POOL, TEST, VAL, data_of

from coldstart.evaluation.classification import auprc_trapezoid
from coldstart.evaluation.evaluate import evaluate_classification
from coldstart.probing.chains import FIT, Query, run_chains, training_seed
from coldstart.probing.linear import probe
from coldstart.probing.starts import selected, started
from coldstart.probing.store import read_chains, read_labelled, read_runs
from coldstart.query import STRATEGIES as QUERIES
from coldstart.query.base import QueryInputs
from coldstart.selection import STRATEGIES
from coldstart.storage import write_table

SEEDS = [3, 4, 7]
GROUPS = np.repeat(np.arange(20), 3)
CELL = {"task": "classification", "model": "a", "method": "m", "query": "q", "budget": "6"}


def query_of(strategy, stop=None, rounds=2, **parameters):
    return Query("classification", strategy, parameters, 5, rounds, stop, data_of()[0].features[POOL])


@pytest.fixture(scope="module")
def prepared():
    return probe(embedding="a", C=[0.01, 1.0], solver="sgd").prepare(data_of()[0])


@pytest.fixture(scope="module")
def starts():
    return selected(SEEDS, np.zeros((len(POOL), 0)), 6, strategy="random", parameters={}, groups=GROUPS)


@pytest.mark.parametrize(
    ("strategy", "parameters"),
    [
        ("random", {}),
        ("random", {"published": True}),
        ("kmeans", {"scale": "l2", "n_init": 2}),
        ("typiclust", {}),
        ("farthest_point", {}),
        ("everything", {}),
    ],
)
def test_every_seed_selects_what_a_job_of_its_own_would(strategy, parameters):
    X = data_of()[0].features[POOL]
    budget = len(POOL) if strategy == "everything" else 7
    found = selected(SEEDS, X, budget, strategy=strategy, parameters=parameters, groups=GROUPS)
    for seed, (told, chosen, scores) in zip(SEEDS, found, strict=True):
        alone = STRATEGIES.load(strategy)(
            X, budget, rng=np.random.default_rng(seed), groups=GROUPS, seed=seed, **parameters
        )
        assert told == seed
        assert chosen.tolist() == alone.indices.tolist()
        assert scores.tolist() == alone.scores.tolist()


@pytest.mark.parametrize("strategy", ["entropy", "random", "entropy_diversity", "stochastic_batches"])
def test_rounds_are_those_of_a_plain_loop(prepared, starts, strategy):
    data, y = data_of()
    metrics, fits, picks = run_chains(prepared, data.pool, starts, 2, query_of(strategy))
    X = data.features[POOL]
    for seed, start, _ in starts:
        for repeat in (0, 1):
            labelled, state = list(start), None
            train_seed = int(np.random.SeedSequence([seed, repeat]).generate_state(1)[0])
            for number in (1, 2):
                before = prepared.fit(POOL[labelled], train_seed)
                waiting = [row for row in range(len(POOL)) if row not in labelled]
                p = before.predicted[POOL[waiting]]
                inputs = QueryInputs(
                    task="classification",
                    probabilities=np.column_stack([1 - p, p]),
                    threshold=before.threshold,
                    embedding=X[waiting],
                    labelled_embedding=X[labelled],
                    groups=data.pool.groups[waiting],
                    round=number,
                    state=state,
                )
                rng = np.random.default_rng([seed, repeat, number])
                chosen = QUERIES.load(strategy)(inputs, 5, rng=rng)
                state = chosen.state
                labelled += [waiting[index] for index in chosen.indices]
                fit = prepared.fit(POOL[labelled], train_seed)
                expected = evaluate_classification(
                    y[TEST], fit.predicted[TEST], fit.threshold, bootstrap=20, groups=data.groups
                )
                run = {"seed": seed, "repeat": repeat, "round": number}
                own = metrics[np.logical_and.reduce([metrics[key] == value for key, value in run.items()])]
                assert own["metric"].tolist() == expected["metric"].tolist()
                for column in ("value", "se", "bootstrap"):
                    np.testing.assert_array_equal(np.stack(own[column]), np.stack(expected[column]))
                said = fits[np.logical_and.reduce([fits[key] == value for key, value in run.items()])].iloc[0]
                assert said["n_labelled"] == len(labelled)
                assert said["best_value"] == auprc_trapezoid(y[VAL], fit.predicted[VAL])
                assert said["training_seed"] == train_seed == training_seed(seed, repeat)
            own = picks[(picks["seed"] == seed) & (picks["repeat"] == repeat)]
            assert own["sample_id"].tolist() == data.pool.sample_ids[labelled].tolist()
            assert own["round"].tolist() == [0] * 6 + [1] * 5 + [2] * 5


def test_round_0_is_reported_by_the_arm_without_a_query_alone(prepared, starts):
    pool = data_of()[0].pool
    assert set(run_chains(prepared, pool, starts, 1)[1]["round"]) == {0}
    assert set(run_chains(prepared, pool, starts, 1, query_of("entropy"))[1]["round"]) == {1, 2}


def test_rounds_end_at_the_plateau(prepared, starts):
    stop = {"patience": 1, "min_gain": 1.0}
    _, fits, picks = run_chains(prepared, data_of()[0].pool, starts, 1, query_of("entropy", stop, rounds=4))
    # No gain is large enough: round 1 is the first without one.
    assert set(fits["round"]) == {1}
    assert set(picks["round"]) == {0, 1}


def test_runs_and_labelled_sets_are_found_again(prepared, starts, tmp_path):
    data = data_of()[0]
    metrics, fits, picks = run_chains(prepared, data.pool, starts, 2, query_of("entropy"))
    metadata = {"cell": CELL, "settings": {"network": "probe"}}
    files = {name: tmp_path / "b6" / f"{name}.parquet" for name in ("metrics", "fits", "labelled")}
    write_table(files["metrics"], metrics)
    write_table(files["fits"], fits, metadata)
    write_table(files["labelled"], picks, metadata)
    found = list(read_runs(files["metrics"], files["fits"]))
    assert len(found) == len(fits) == len(SEEDS) * 2 * 2
    cell, measured, fit, folder = found[5]
    assert {**CELL, "seed": 4, "repeat": 0, "round": 2} == cell == fit["cell"]
    assert folder == tmp_path / "b6/s4/t0/round2"
    assert len(measured) == 10
    assert set(FIT) <= set(fit)
    again = started(picks, SEEDS, data.pool.sample_ids)
    assert [(seed, rows.tolist()) for seed, rows, _ in again] == [(seed, rows.tolist()) for seed, rows, _ in starts]
    assert read_labelled(files["labelled"], 4, 1)["sample_id"].tolist() == (
        picks[(picks.seed == 4) & (picks.repeat == 1)]["sample_id"].tolist()
    )
    chains = list(read_chains(files["labelled"]))
    assert [len(ids) for ids in chains[3][2]] == [6, 11, 16]


def test_an_empty_start_goes_on_from_nothing(prepared):
    pool = data_of()[0].pool
    empty = selected([1], np.zeros((len(POOL), 0)), 0, strategy="random", parameters={}, groups=GROUPS)
    picks = run_chains(prepared, pool, empty, 1)[2]
    again = started(picks, [1], pool.sample_ids)
    assert [len(rows) for _, rows, _ in again] == [0]
    _, fits, _ = run_chains(prepared, pool, again, 1, query_of("entropy"))
    assert fits["n_labelled"].tolist() == [5, 10]


def test_a_plain_labelled_set_is_read_as_it_is(tmp_path):
    frame = pd.DataFrame({"sample_id": ["a"], "round": [0], "rank": [1], "score": [0.0], "trained": [True]})
    write_table(tmp_path / "labelled.parquet", frame)
    assert read_labelled(tmp_path / "labelled.parquet", 1, 0).equals(frame)
