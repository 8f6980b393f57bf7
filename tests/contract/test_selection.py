"""Every selection strategy keeps the same contract."""

import inspect

import numpy as np
import pytest

from coldstart.errors import InputError
from coldstart.selection import STRATEGIES
from coldstart.selection.base import check_selection

N = 36


def pool(kind, n=N):
    rng = np.random.default_rng(5)
    X = {
        "noise": rng.normal(size=(n, 6)),
        "duplicates": np.repeat(rng.normal(size=(n // 4, 6)), 4, axis=0),
        "constant feature": np.column_stack([rng.normal(size=n), np.full(n, 0.1)]),
        "all alike": np.ones((n, 3)),
        "one feature": rng.normal(size=(n, 1)),
        "wide": rng.normal(size=(n, 200)),
    }[kind]
    return X.astype(np.float32)


KINDS = ["noise", "duplicates", "constant feature", "all alike", "one feature", "wide"]


WHOLE = [name for name in STRATEGIES if STRATEGIES.entry(name).facts.get("whole_pool")]
SELECTING = [name for name in STRATEGIES if name not in WHOLE]


def choose(name, X, budget, seed=0, measures=None):
    """Call a strategy as the chain does; what is measured of every sample is made up from its row, unless given."""
    facts = STRATEGIES.entry(name).facts
    if not facts["uses_embedding"]:
        X = X[:, :0]
    wanted = facts.get("measures", ())
    told = {"measures": measures or {key: np.random.default_rng(7).random(len(X)) for key in wanted}} if wanted else {}
    return STRATEGIES.load(name)(X, budget, rng=np.random.default_rng(seed), **told)


@pytest.mark.parametrize("name", list(STRATEGIES))
def test_facts_and_signature(name):
    facts = STRATEGIES.entry(name).facts
    assert {"uses_embedding", "nested", "uses_labels"} <= set(facts)
    signature = inspect.signature(STRATEGIES.load(name)).parameters
    assert list(signature)[:2] == ["X", "budget"]
    assert {"rng", "groups", "seed"} <= set(signature)
    assert facts["uses_labels"] is False
    assert not any("label" in key for key in signature)
    assert ("measures" in signature) == bool(facts.get("measures"))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", SELECTING)
@pytest.mark.filterwarnings("error")
def test_exactly_budget_unique_members(name, kind):
    X = pool(kind)
    for budget in (1, 2, N // 3, N):
        selection = check_selection(choose(name, X, budget), budget, N)
        assert selection.indices.dtype == np.int64
        assert np.isfinite(selection.scores).all()
        assert selection.clusters.min() >= -1
        assert all(selection.reasons)


@pytest.mark.parametrize("n", [1, 2, 3])
@pytest.mark.parametrize("name", SELECTING)
def test_tiny_pools(name, n):
    check_selection(choose(name, pool("noise", n), n), n, n)


@pytest.mark.parametrize("name", list(STRATEGIES))
def test_same_seed_same_answer_and_input_untouched(name):
    X = pool("noise")
    before = X.copy()
    first = choose(name, X, 12, seed=3)
    np.random.seed(1)  # noqa: NPY002 - the global state must be neither used nor moved
    state = np.random.get_state()[1].copy()  # noqa: NPY002
    second = choose(name, X, 12, seed=3)
    assert np.array_equal(np.random.get_state()[1], state)  # noqa: NPY002
    for part in ("indices", "scores", "clusters"):
        assert np.array_equal(getattr(first, part), getattr(second, part))
    assert first.reasons == second.reasons
    assert np.array_equal(X, before)


@pytest.mark.parametrize("name", SELECTING)
def test_another_seed_another_answer_unless_nothing_is_drawn(name):
    X = pool("noise")
    answers = {tuple(choose(name, X, 12, seed=seed).indices) for seed in range(6)}
    assert (len(answers) == 1) == STRATEGIES.entry(name).facts.get("deterministic", False)


@pytest.mark.parametrize("kind", ["noise", "duplicates"])
@pytest.mark.parametrize("name", [name for name in SELECTING if STRATEGIES.entry(name).facts["nested"]])
def test_nested_across_budgets(name, kind):
    X = pool(kind)
    whole = choose(name, X, N)
    for budget in (1, 2, 5, 12, N - 1):
        part = choose(name, X, budget)
        assert np.array_equal(part.indices, whole.indices[:budget])
        assert part.reasons == whole.reasons[:budget]


@pytest.mark.parametrize("name", SELECTING)
def test_works_on_a_read_only_input(name):
    X = pool("noise")
    X.flags.writeable = False
    check_selection(choose(name, X, 5), 5, N)


@pytest.mark.parametrize("budget", [0, 1, N])
@pytest.mark.parametrize("name", WHOLE)
def test_the_whole_pool_is_taken_in_its_order_whatever_the_budget(name, budget):
    selection = check_selection(choose(name, pool("noise"), budget), N, N)
    assert selection.indices.tolist() == list(range(N))
    assert not STRATEGIES.entry(name).facts["uses_embedding"]
    assert all(selection.reasons)


def test_full_supervision_is_there():
    assert WHOLE == ["everything"]


@pytest.mark.parametrize("name", SELECTING)
def test_budget_errors_say_what_to_do(name):
    with pytest.raises(InputError, match=r"budget 60 is larger than the pool of 36 images: lower `budgets` or add"):
        choose(name, pool("noise"), 60)
    for budget in (0, -3):
        with pytest.raises(InputError, match="a budget that is at least 1"):
            choose(name, pool("noise"), budget)


@pytest.mark.parametrize("name", [name for name in STRATEGIES if STRATEGIES.entry(name).facts["uses_embedding"]])
def test_nan_is_refused(name):
    X = pool("noise")
    X[4, 1] = np.nan
    with pytest.raises(InputError, match="first in row 4"):
        choose(name, X, 5)
