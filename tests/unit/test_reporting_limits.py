"""What a design cannot tell, read off its configuration."""

import pytest

from coldstart.reporting.limits import limits

RANDOM = {"strategy": "random", "seeds": None, "models": None}
CLUSTERING = {"strategy": "kmeans_sweep", "seeds": None, "models": None}
FULL = {"strategy": "everything", "seeds": None, "models": None}
# As wide as one configuration can be.
WIDE = {
    "models": {"pixels": {}, "simclr": {}},
    "methods": {"random": RANDOM, "clustering": CLUSTERING, "full": FULL},
    "budgets": [20, 40],
    "seeds": [1, 2],
    "repeats": 1,
    "query": {"batch": 10, "rounds": 0},
}


def test_results_are_always_of_one_data_set():
    assert limits(WIDE) == ["one data set"]


@pytest.mark.parametrize(
    ("change", "phrase"),
    [
        ({"budgets": [20]}, "one starting budget"),
        ({"query": {"batch": 10, "rounds": 3}}, "one size of query (10 images)"),
        ({"models": {"pixels": {}}}, "one embedding"),
        ({"seeds": [1]}, "one run each of clustering, so that nothing is tested"),
        ({"seeds": [1], "repeats": 3}, "one selection each of clustering"),
        ({"methods": {"clustering": CLUSTERING, "full": FULL}}, "no random arm to be better than"),
        ({"methods": {"random": RANDOM, "clustering": CLUSTERING}}, "no full supervision to fall short of"),
    ],
)
def test_what_there_is_one_of_is_named(change, phrase):
    assert limits({**WIDE, **change}) == ["one data set", phrase]


def test_an_embedding_that_no_arm_uses_is_no_second_one():
    methods = {**WIDE["methods"], "clustering": {**CLUSTERING, "models": ["pixels"]}}
    assert "one embedding" in limits({**WIDE, "methods": methods})
