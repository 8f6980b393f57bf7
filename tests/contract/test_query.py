"""What every query strategy must keep to."""

import ast
import inspect
import json
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
from fakes import FakeNetwork

from coldstart.errors import InputError
from coldstart.learning.pool_network import PoolNetwork
from coldstart.query import STRATEGIES
from coldstart.query.base import QueryInputs

SIZE = 24
NAMES = list(STRATEGIES)
CASES = [(name, task) for name in NAMES for task in STRATEGIES.entry(name).facts["tasks"]]
RANKED = [case for case in CASES if not STRATEGIES.entry(case[0]).facts.get("greedy", False)]
RANKED_BY_MODEL = [
    case
    for case in RANKED
    if STRATEGIES.entry(case[0]).facts["uses_model"] and not STRATEGIES.entry(case[0]).facts.get("draws", False)
]
ARRAYS = ("probabilities", "maps", "embedding", "labelled_embedding", "images", "labelled_images")


def pool(task, size=SIZE, dtype=np.float64, constant=False):
    """A pool with everything that the chain may hand over for a task."""
    rng = np.random.default_rng(5)
    p = np.full(size, 0.25) if constant else rng.random(size)
    maps = np.full((size, 6, 5), 0.25) if constant else rng.random((size, 6, 5))
    images = rng.integers(0, 256, (size + 4, 6, 5, 3), dtype=np.uint8)
    images = np.full_like(images, 100) if constant else images
    return QueryInputs(
        task,
        probabilities=np.stack([1 - p, p], axis=1).astype(dtype) if task == "classification" else None,
        maps=maps.astype(dtype) if task == "segmentation" else None,
        threshold=0.4,
        embedding=rng.normal(size=(size, 3)),
        labelled_embedding=rng.normal(size=(4, 3)),
        network=FakeNetwork(task, size, constant=constant),
        images=images[:size],
        labelled_images=images[size:],
        groups=np.array([f"p{i // 2}" for i in range(size)]),
        sample_ids=np.array([f"s{i}" for i in range(size)]),
        labelled_ids=np.array([f"l{i}" for i in range(4)]),
        round=2,
    )


def ask(name, inputs, n, seed=0, **parameters):
    return STRATEGIES.load(name)(inputs, n, rng=np.random.default_rng(seed), **parameters)


@pytest.mark.parametrize(("name", "task"), CASES)
@pytest.mark.parametrize("n", [1, 7, SIZE])
def test_exactly_n_unique_members_of_the_pool(name, task, n):
    picks = ask(name, pool(task), n)
    assert picks.indices.dtype == np.int64
    assert picks.scores.dtype == np.float64
    assert picks.indices.shape == picks.scores.shape == (n,)
    assert len(set(picks.indices.tolist())) == n
    assert picks.indices.min() >= 0
    assert picks.indices.max() < SIZE
    assert np.isfinite(picks.scores).all()


@pytest.mark.parametrize(("name", "task"), RANKED)
def test_the_best_come_first(name, task):
    """All but those that pick one after the other, which say so: a later pick may score higher then."""
    assert (np.diff(ask(name, pool(task), SIZE).scores) <= 0).all()


@pytest.mark.parametrize(("name", "task"), CASES)
def test_what_is_handed_on_to_the_next_round_is_plain(name, task):
    state = ask(name, pool(task), 5).state
    assert json.loads(json.dumps(state)) == state


@pytest.mark.parametrize(("name", "task"), CASES)
def test_same_seed_same_answer_and_no_global_state(name, task):
    first = ask(name, pool(task), 9, seed=11)
    np.random.seed(1)  # noqa: NPY002
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    again = ask(name, pool(task), 9, seed=11)
    np.testing.assert_array_equal(before, np.random.get_state()[1])  # noqa: NPY002
    np.testing.assert_array_equal(first.indices, again.indices)
    np.testing.assert_array_equal(first.scores, again.scores)


@pytest.mark.parametrize(("name", "task"), CASES)
def test_a_strategy_that_uses_no_model_answers_by_the_seed_alone(name, task):
    alone = QueryInputs(task, size=SIZE)
    if STRATEGIES.entry(name).facts["uses_model"]:
        with pytest.raises(InputError, match=r"needs (predicted|the trained network|the images)"):
            ask(name, alone, 5)
    else:
        np.testing.assert_array_equal(ask(name, alone, 5).indices, ask(name, pool(task), 5).indices)
        assert ask(name, alone, 5, seed=1).indices.tolist() != ask(name, alone, 5, seed=2).indices.tolist()


@pytest.mark.parametrize(("name", "task"), RANKED_BY_MODEL)
def test_ties_go_to_the_lowest_index(name, task):
    assert ask(name, pool(task, constant=True), 5).indices.tolist() == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(("name", "task"), CASES)
def test_half_precision_gives_the_picks_of_the_same_numbers_in_double(name, task):
    half = pool(task, dtype=np.float16)
    double = replace(
        half,
        probabilities=None if half.probabilities is None else half.probabilities.astype(np.float64),
        maps=None if half.maps is None else half.maps.astype(np.float64),
    )
    found, expected = ask(name, half, 9), ask(name, double, 9)
    np.testing.assert_array_equal(found.indices, expected.indices)
    np.testing.assert_array_equal(found.scores, expected.scores)


@pytest.mark.parametrize(("name", "task"), CASES)
def test_inputs_are_left_as_they_were(name, task):
    inputs, untouched = pool(task), pool(task)
    for array in ARRAYS:
        if getattr(inputs, array) is not None:
            getattr(inputs, array).setflags(write=False)
    ask(name, inputs, 9)
    for array in ARRAYS:
        np.testing.assert_array_equal(getattr(inputs, array), getattr(untouched, array))


@pytest.mark.parametrize(("name", "task"), CASES)
@pytest.mark.parametrize("n", [0, SIZE + 1])
def test_more_than_the_pool_or_nothing_is_refused(name, task, n):
    with pytest.raises(InputError, match=f"{n} samples were asked for but the unlabelled pool holds {SIZE}"):
        ask(name, pool(task), n)


@pytest.mark.parametrize("name", NAMES)
def test_the_planner_sees_the_parameters_of_the_function(name):
    signature = inspect.signature(STRATEGIES.load(name))
    keywords = {p.name: p for p in signature.parameters.values() if p.kind is p.KEYWORD_ONLY}
    assert "rng" in keywords
    known = STRATEGIES.parameters(name)
    assert set(known) == set(keywords) - {"rng"}
    for key, parameter in known.items():
        assert not parameter.required
        assert parameter.default == keywords[key].default
        ast.parse(parameter.annotation)
    assert list(signature.parameters)[:2] == ["inputs", "n"]


@pytest.mark.parametrize("name", NAMES)
def test_facts(name):
    facts = STRATEGIES.entry(name).facts
    assert set(facts["tasks"]) <= {"classification", "segmentation"}
    assert isinstance(facts["uses_model"], bool)
    assert facts["uses_labels"] is False
    needs = facts.get("needs", ())
    for some in needs.values() if isinstance(needs, dict) else [needs]:
        assert isinstance(some, tuple)
        assert set(some) <= {"network", "images"}


@pytest.mark.parametrize(("name", "task"), CASES)
def test_what_a_strategy_does_not_say_it_needs_it_does_without(name, task):
    needs = STRATEGIES.entry(name).facts.get("needs", ())
    needs = needs.get(task, ()) if isinstance(needs, dict) else needs
    given = {"network": ("network",), "images": ("images", "labelled_images")}
    whole = pool(task)
    less = replace(whole, **{field: None for need in set(given) - set(needs) for field in given[need]})
    np.testing.assert_array_equal(ask(name, less, 7).indices, ask(name, whole, 7).indices)


def test_no_strategy_is_told_a_label():
    """Whatever the labels of the pool are, a query answers the same: nothing that it is given holds one."""
    told = {field.name for field in fields(QueryInputs)}
    assert told == {
        *("task", "probabilities", "maps", "threshold", "patches", "embedding", "labelled_embedding", "network"),
        *("images", "labelled_images", "groups", "sample_ids", "labelled_ids", "round", "state", "size"),
    }
    assert set(inspect.signature(PoolNetwork).parameters) == {
        *("network", "settings", "device", "images", "unlabelled", "labelled"),
    }


def test_no_file_of_a_query_holds_a_label():
    tree = ast.parse((Path(__file__).resolve().parents[2] / "workflow/rules/inputs.smk").read_text(encoding="utf-8"))
    inputs = next(node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "query_inputs")
    texts = [node.value for node in ast.walk(inputs) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    names = {text.rpartition("/")[2] for text in texts if text.endswith((".parquet", ".json", ".npz", ".safetensors"))}
    assert names == {
        *("{task}.parquet", "labelled.parquet", "fit.json", "predictions.parquet", "maps.npz"),
        *("queried.parquet", "samples.parquet", "weights.safetensors"),
    }
    assert not any("masks" in text or "cohort" in text for text in texts)


@pytest.mark.parametrize("method", ["passes", "views", "features", "last_layer_inputs"])
def test_the_fake_network_is_called_like_the_real_one(method):
    fake, real = (inspect.signature(getattr(kind, method)) for kind in (FakeNetwork, PoolNetwork))
    assert fake == real
