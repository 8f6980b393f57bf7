"""What a configuration compares is checked before anything runs."""

import copy

import pytest

from coldstart.comparisons import DEFAULT_STOP, check_comparisons
from coldstart.configuration import read_schema
from coldstart.errors import InputError
from coldstart.reference import SCHEMA

VALID = {
    "tasks": ["classification", "segmentation"],
    "methods": {
        "random": {"strategy": "random"},
        "full": {"strategy": "everything"},
        "target_only": {"strategy": "everything"},
    },
    "query": {"strategies": {"u": {"strategy": "uncertainty"}}, "methods": None, "rounds": 2},
    "evaluation": {"metrics": {"classification": None, "segmentation": None}},
    "efficiency": {"metric": None, "alc": "linear", "of": None, "against": None},
    "comparison": None,
}


def changed(**changes):
    config = copy.deepcopy(VALID)
    for path, value in changes.items():
        *parents, last = path.split("__")
        section = config
        for parent in parents:
            section = section[parent]
        section[last] = value
    return config


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"efficiency__of": "target_only"},
        {"efficiency__of": "best"},
        {"efficiency__of": "value"},
        {"efficiency__against": "u"},
        {"efficiency__against": "random"},
        {"tasks": ["classification"], "efficiency__alc": "guyon", "efficiency__metric": "auroc"},
        {
            "tasks": ["classification"],
            "efficiency__alc": "guyon",
            "evaluation__metrics__classification": ["auroc", "f1"],
        },
        {"efficiency__alc": "guyon", "query__rounds": 0},
        {"comparison": {"published": "acft"}},
        {"comparison": {"published": "yuan_hong"}, "tasks": ["classification"]},
    ],
)
def test_what_fits_passes(changes):
    check_comparisons(changed(**changes))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"methods": {"full": {"strategy": "everything"}}}, "methods: full labels the whole pool; add a method"),
        ({"query__methods": ["random", "full"]}, "query.methods: 'full' labels the whole pool"),
        ({"efficiency__metric": "aurok"}, "efficiency.metric: unknown metric 'aurok'; did you mean 'auroc'"),
        ({"efficiency__of": "ful"}, "efficiency.of: 'ful' is neither .*; did you mean 'full'"),
        ({"efficiency__of": "random"}, "efficiency.of: 'random' is neither"),
        ({"efficiency__against": "full"}, "efficiency.against: unknown query strategy or method 'full'"),
        ({"efficiency__alc": "guyon"}, r"efficiency.alc: 'guyon' .* 'auprc' \(classification\)"),
        ({"efficiency__alc": "guyon", "efficiency__metric": "auroc"}, r"'dice' \(segmentation\)"),
        ({"comparison": {"published": "levy"}, "tasks": ["classification"]}, "'levy' reports segmentation"),
        ({"comparison": {"published": "acft"}, "tasks": ["segmentation"]}, "'acft' reports classification"),
    ],
)
def test_what_has_nothing_to_compare_is_refused(changes, message):
    with pytest.raises(InputError, match=message):
        check_comparisons(changed(**changes))


def test_the_plateau_of_the_table_is_that_of_the_schema():
    stop = read_schema(SCHEMA)["properties"]["query"]["properties"]["stop"]["properties"]
    told = {key: node["description"].rpartition("left out: ")[2].rstrip(".") for key, node in stop.items()}
    assert {key: float(text) for key, text in told.items()} == DEFAULT_STOP
