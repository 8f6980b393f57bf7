"""Live labelling, before anything runs: defaults, checks, and which list comes next."""

from pathlib import Path

import pandas as pd
import pytest
from snakemake.utils import validate

from coldstart import configuration, worklists
from coldstart.errors import InputError
from coldstart.trainings import fill_learning
from coldstart.worklists import Current, arm, check_worklist, current_list, fill_worklist, planned, query, written_lists

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = configuration.read_schema(ROOT / "workflow/schemas/config.schema.yaml")


def complete(tasks=("classification",), worklist=None, **sections):
    config = {
        "dataset": {"name": "mine", "kind": "pool", "root": "x", "size": 32},
        "tasks": list(tasks),
        "worklist": {"budget": 8} | (worklist or {}),
        **sections,
    }
    fill_worklist(config)
    configuration.check_schema(config, SCHEMA)
    fill_learning(config)
    validate(config, str(ROOT / "workflow/schemas/config.schema.yaml"))
    configuration.check_names(config)
    configuration.check_consistency(config)
    check_worklist(config)
    return config


def test_ten_lines_are_a_configuration():
    config = complete(("classification", "segmentation"))
    assert arm(config) == ("pixels", "clustering")
    assert {task: query(config, task) for task in config["tasks"]} == dict.fromkeys(
        config["tasks"], "unsure_and_diverse"
    )
    assert worklists.is_default(config, later=False)
    assert worklists.is_default(config, later=True)
    assert config["learning"]["segmentation"]["network"] == "small_unet"


def test_the_shipped_configuration_is_complete():
    text = configuration.read_schema(ROOT / "config/my_pool.yaml")
    fill_worklist(text)
    configuration.check_schema(text, SCHEMA)
    lines = (ROOT / "config/my_pool.yaml").read_text().splitlines()
    assert len([line for line in lines if not line.startswith("#")]) <= 10


def test_what_is_given_wins_over_the_defaults():
    config = complete(
        models={"a": {"encoder": "pixels"}, "b": {"encoder": "pixels"}},
        methods={"first": {"strategy": "random"}, "second": {"strategy": "kmeans_sweep"}},
        worklist={"model": "b"},
        query={"strategies": {"m": {"strategy": "margin"}, "e": {"strategy": "entropy"}}},
    )
    assert arm(config) == ("b", "second")
    assert query(config, "classification") == "m"
    config["worklist"]["query"] = "e"
    assert query(config, "classification") == "e"
    assert not worklists.is_default(config, later=False)
    assert not worklists.is_default(config, later=True)


def test_a_query_that_needs_an_embedding_finds_one_after_a_random_first_list():
    config = complete(methods={"chance": {"strategy": "random"}})
    assert arm(config) == ("none", "chance")
    assert worklists.query_model(config, "classification") == "pixels"
    config = complete(methods={"chance": {"strategy": "random"}}, query={"strategies": {"m": {"strategy": "margin"}}})
    assert worklists.query_model(config, "classification") == "none"


@pytest.mark.parametrize(
    ("worklist", "said"),
    [
        ({"model": "pixel"}, r"worklist\.model: unknown name 'pixel'; did you mean 'pixels'\?"),
        ({"method": "clusterin"}, r"worklist\.method: unknown name 'clusterin'; did you mean 'clustering'\?"),
        ({"query": "entropie"}, r"worklist\.query: unknown name 'entropie'"),
        ({"classes": ["a", "a"]}, r"worklist\.classes: both are called 'a'"),
        ({"budgets": 3}, r"worklist\.budgets: unknown key; did you mean 'budget'\?"),
        ({"budget": 0}, r"worklist\.budget: 0 should be at least 1"),
        ({"labels": 3}, r"worklist\.labels: 3 should be text"),
        ({"holdout": 0.95}, r"worklist\.holdout: 0.95 should be at most 0.9"),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(worklist, said):
    with pytest.raises(InputError, match=said):
        complete(worklist=worklist)


def test_lists_are_for_a_pool_without_labels():
    config = complete()
    config["dataset"] = {"kind": "phantom"}
    with pytest.raises(InputError, match=r"dataset\.kind is 'phantom': set it to 'pool'"):
        check_worklist(config)


def test_whole_volumes_are_not_segmented():
    with pytest.raises(InputError, match=r"dataset\.volumes: whole volumes are for classification"):
        complete(
            ("segmentation",),
            dataset={"name": "m", "kind": "pool", "root": "x", "size": 32, "channels": 3, "volumes": "volumes"},
        )


def test_whole_volumes_want_three_channels():
    with pytest.raises(InputError, match=r"dataset\.channels: .* set it to 3"):
        complete(dataset={"name": "m", "kind": "pool", "root": "x", "size": 32, "volumes": "volumes"})


@pytest.mark.parametrize("labels", ["x", "x/labels", "./x/../x/deeper/labels"])
def test_answers_do_not_lie_among_the_images(labels):
    with pytest.raises(InputError, match=r"worklist\.labels: .* lies in dataset\.root"):
        complete(worklist={"labels": labels})


def test_a_query_for_another_task_is_refused():
    with pytest.raises(InputError, match=r"worklist\.query: no query strategy for segmentation"):
        complete(
            ("classification", "segmentation"),
            query={"strategies": {"d": {"strategy": "distance_to_threshold"}}},
        )


def test_lists_are_counted_until_one_is_missing(tmp_path):
    for number in (0, 1, 3):
        (tmp_path / f"list{number}").mkdir()
        pd.DataFrame({"rank": [1]}).to_csv(tmp_path / f"list{number}" / "worklist.csv")
    assert [path.name for path in written_lists(tmp_path)] == ["list0", "list1"]


@pytest.mark.parametrize(
    ("lists", "before", "now", "expected"),
    [
        (0, None, None, Current(0, True)),
        (1, [], [], Current(0, False)),
        (1, [], ["a"], Current(1, True)),
        (2, ["a"], ["a"], Current(1, False)),
        (2, ["a"], ["a", "b"], Current(2, True)),
        (2, ["a", "b"], ["a"], Current(1, False)),
    ],
)
def test_new_answers_and_nothing_else_bring_the_next_list(tmp_path, lists, before, now, expected):
    for number in range(lists):
        (tmp_path / f"list{number}").mkdir()
        (tmp_path / f"list{number}" / "worklist.csv").touch()
    assert current_list(tmp_path, lambda found: (before, now)) == expected


def test_jobs_are_told_what_the_planning_found():
    environment = {}
    first = {"classification": Current(2, True)}
    assert planned(lambda: first, plans=True, environment=environment) == first
    assert planned(lambda: {"classification": Current(2, False)}, plans=False, environment=environment) == first
    later = {"classification": Current(3, True)}
    assert planned(lambda: later, plans=True, environment=environment) == later, "a process that plans looks anew"
    assert planned(lambda: later, plans=False, environment={}) == later
