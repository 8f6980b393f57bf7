"""Nothing that chooses by distances holds those of all pairs of a large pool."""

import tracemalloc

import numpy as np
import pytest

from coldstart.cohort.near_duplicates import near_duplicates
from coldstart.embedding.projection import project
from coldstart.labelling.choosing import nearest_known
from coldstart.query import STRATEGIES as QUERIES
from coldstart.query.base import QueryInputs
from coldstart.selection import STRATEGIES
from coldstart.selection.neighbours import nearest

N, D, BUDGET = 12_000, 64, 4
# Of 549 MiB that the distances of all pairs take in single precision.
MOST_MIB = 300
EMBEDDED = [name for name in STRATEGIES if STRATEGIES.entry(name).facts["uses_embedding"]]
# A single start: more take their turns in the same memory.
ONE_START = {name: {"n_init": 1} for name in EMBEDDED if "n_init" in STRATEGIES.parameters(name)}


@pytest.fixture(scope="module")
def pool():
    rng = np.random.default_rng(0)
    centres = 3 * rng.normal(size=(30, D))
    points = centres[rng.integers(30, size=N)] + rng.normal(size=(N, D))
    return points.astype(np.float32)


class Features:
    """A network whose features are given."""

    def __init__(self, unlabelled, labelled):
        self.given = {"unlabelled": unlabelled, "labelled": labelled}

    def features(self, part="unlabelled", pooled=True):
        return self.given[part]

    last_layer_inputs = features


def mib_of(call):
    """Largest memory that NumPy and Python held at once during a call."""
    tracemalloc.start()
    try:
        call()
        return tracemalloc.get_traced_memory()[1] / 2**20
    finally:
        tracemalloc.stop()


def test_the_measure_sees_all_pairs():
    points = np.zeros((3000, 2), np.float32)
    assert mib_of(lambda: np.abs(points[:, :1] - points[:, 0])) > 3000**2 * 4 / 2**20


@pytest.mark.slow
@pytest.mark.parametrize("name", EMBEDDED)
def test_a_selection_strategy_needs_little_memory(pool, name):
    X = pool[:, :2] if STRATEGIES.entry(name).facts.get("space") == "map" else pool

    wanted = STRATEGIES.entry(name).facts.get("measures")
    told = {"measures": dict.fromkeys(wanted, X[:, 0])} if wanted else {}

    def choose():
        found = STRATEGIES.load(name)(X, BUDGET, rng=np.random.default_rng(0), **told, **ONE_START.get(name, {}))
        assert len(found.indices) == BUDGET

    assert mib_of(choose) < MOST_MIB


@pytest.mark.slow
@pytest.mark.parametrize("name", ["kcenter_greedy", "entropy_diversity", "cluster_margin", "clue", "badge"])
def test_a_query_strategy_needs_little_memory(pool, name):
    inputs = QueryInputs(
        "classification",
        probabilities=np.linspace(0, 1, N),
        embedding=pool,
        labelled_embedding=pool[:50],
        network=Features(pool, pool[:50]),
    )
    assert mib_of(lambda: QUERIES.load(name)(inputs, BUDGET, rng=np.random.default_rng(0))) < MOST_MIB


@pytest.mark.slow
def test_what_else_measures_distances_needs_little_memory(pool):
    inputs = QueryInputs(
        "classification", embedding=pool, labelled_embedding=pool[:5000], labelled_ids=np.arange(5000).astype(str)
    )
    assert mib_of(lambda: nearest_known(inputs, np.arange(200))) < MOST_MIB
    assert mib_of(lambda: nearest(pool, 20)) < MOST_MIB
    assert mib_of(lambda: project(pool, seed=0)) < MOST_MIB
    prints = np.random.default_rng(0).integers(-127, 128, size=(N, 255)).astype(np.int8)
    assert mib_of(lambda: near_duplicates(prints, np.arange(N), 0.9)) < MOST_MIB
