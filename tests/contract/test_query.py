"""What every query strategy must keep to."""

import ast
import inspect

import numpy as np
import pytest

from coldstart.errors import InputError
from coldstart.query import STRATEGIES
from coldstart.query.base import QueryInputs

SIZE = 24
NAMES = list(STRATEGIES)
CASES = [(name, task) for name in NAMES for task in STRATEGIES.entry(name).facts["tasks"]]
RANKED_BY_MODEL = [case for case in CASES if STRATEGIES.entry(case[0]).facts["uses_model"]]


def pool(task, size=SIZE, dtype=np.float64, constant=False):
    """A pool with everything that the chain may hand over for a task."""
    rng = np.random.default_rng(5)
    p = np.full(size, 0.25) if constant else rng.random(size)
    maps = np.full((size, 6, 5), 0.25) if constant else rng.random((size, 6, 5))
    return QueryInputs(
        task,
        probabilities=np.stack([1 - p, p], axis=1).astype(dtype) if task == "classification" else None,
        maps=maps.astype(dtype) if task == "segmentation" else None,
        threshold=0.4,
        embedding=rng.normal(size=(size, 3)),
        labelled_embedding=rng.normal(size=(4, 3)),
        groups=np.array([f"p{i // 2}" for i in range(size)]),
    )


def ask(name, inputs, n, seed=0, **parameters):
    return STRATEGIES.load(name)(inputs, n, rng=np.random.default_rng(seed), **parameters)


@pytest.mark.parametrize(("name", "task"), CASES)
@pytest.mark.parametrize("n", [1, 7, SIZE])
def test_exactly_n_unique_members_of_the_pool_best_first(name, task, n):
    picks = ask(name, pool(task), n)
    assert picks.indices.dtype == np.int64
    assert picks.scores.dtype == np.float64
    assert picks.indices.shape == picks.scores.shape == (n,)
    assert len(set(picks.indices.tolist())) == n
    assert picks.indices.min() >= 0
    assert picks.indices.max() < SIZE
    assert np.isfinite(picks.scores).all()
    assert (np.diff(picks.scores) <= 0).all()


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
        with pytest.raises(InputError, match="needs predicted"):
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
    double = QueryInputs(
        task,
        probabilities=None if half.probabilities is None else half.probabilities.astype(np.float64),
        maps=None if half.maps is None else half.maps.astype(np.float64),
        threshold=half.threshold,
    )
    found, expected = ask(name, half, 9), ask(name, double, 9)
    np.testing.assert_array_equal(found.indices, expected.indices)
    np.testing.assert_array_equal(found.scores, expected.scores)


@pytest.mark.parametrize(("name", "task"), CASES)
def test_inputs_are_left_as_they_were(name, task):
    inputs, untouched = pool(task), pool(task)
    for array in ("probabilities", "maps"):
        if getattr(inputs, array) is not None:
            getattr(inputs, array).setflags(write=False)
    ask(name, inputs, 9)
    for array in ("probabilities", "maps", "embedding", "labelled_embedding"):
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
