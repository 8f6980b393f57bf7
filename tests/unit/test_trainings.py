"""Settings of the trainings of an arm: who overrides whom, which weights are handed on, and what is refused."""

import pytest
from test_protocols import complete

from coldstart.errors import InputError
from coldstart.grid import arms, queried, strategies, trainings, whole_pool
from coldstart.query import STRATEGIES as QUERIES
from coldstart.registry import Entry
from coldstart.selection import STRATEGIES as METHODS
from coldstart.trainings import hands_on_weights, learning_of

ROUNDS = {
    "query__rounds": 2,
    "query__strategies": {
        "uncertainty": {"strategy": "uncertainty"},
        "hunt": {"strategy": "distance_to_threshold"},
    },
}


def given(**learning):
    """A configuration with rounds, in which the query `uncertainty` has settings of its own."""
    queries = {**ROUNDS["query__strategies"], "uncertainty": {"strategy": "uncertainty", "learning": learning}}
    return complete("clean", **{**ROUNDS, "query__strategies": queries})


def test_the_defaults_are_those_of_a_training_from_scratch():
    learning = learning_of(complete("clean"), "classification", "none", "random")
    expected = {"strategy": "scratch", "strategy_parameters": {}, "samples": "all", "patches": {}, "loss": None}
    assert expected.items() <= learning.items()
    expected = {"monitor": "metric", "stop_after": None, "keep": "best", "rate_decay": 1, "head_rate": 1}
    assert expected.items() <= learning.items()
    assert (learning["focal_alpha"], learning["focal_gamma"]) == (1, 2)


def test_overrides_of_a_query_win_over_those_of_a_method_and_hold_for_its_rounds():
    changes = {
        "learning__classification__epochs": 3,
        "models__naive__learning": {"classification": {"epochs": 5, "momentum": 0.5}},
        "methods__clustering__learning": {"classification": {"epochs": 7, "patience": 2}},
    }
    queries = {"uncertainty": {"strategy": "uncertainty", "learning": {"classification": {"epochs": 9}}}}
    queries["hunt"] = {"strategy": "distance_to_threshold"}
    config = complete("clean", **changes, query__rounds=1, query__strategies=queries)
    of = {
        query: learning_of(config, "classification", "naive", "clustering", query)
        for query in ("none", "uncertainty", "hunt")
    }
    assert {query: found["epochs"] for query, found in of.items()} == {"none": 7, "uncertainty": 9, "hunt": 7}
    assert {(found["momentum"], found["patience"]) for found in of.values()} == {(0.5, 2)}
    assert learning_of(config, "segmentation", "naive", "clustering", "uncertainty")["epochs"] == 100


def test_a_learning_strategy_may_differ_between_queries():
    """RFT(LQ) and ACFT(HQ) side by side."""
    config = given(classification={"strategy": "acft_hq", "strategy_parameters": {"rate_factor": 0.2}})
    found = [
        learning_of(config, "classification", "none", "random", query)["strategy"]
        for query in ("none", "uncertainty", "hunt")
    ]
    assert found == ["scratch", "acft_hq", "scratch"]


@pytest.mark.parametrize(
    ("learning", "message"),
    [
        ({"clasification": {}}, "query.strategies.uncertainty.learning.clasification: unknown key"),
        ({"classification": {"epoch": 3}}, "uncertainty.learning.classification.epoch: .*did you mean 'epochs'"),
        ({"classification": {"keep_weights": True}}, "holds for all arms; set learning.classification.keep_weights"),
        ({"classification": {"strategy": "acft"}}, "uncertainty.learning.classification.strategy: unknown learning s"),
        (
            {"classification": {"strategy_parameters": {"rate_factor": 0.2}}},
            "uncertainty.learning.classification.strategy_parameters.rate_factor: unknown key for 'scratch'",
        ),
        (
            {"segmentation": {"strategy": "acft_hq", "strategy_parameters": {"hard_dice": "half"}}},
            "learning.segmentation.strategy_parameters.hard_dice: 'half' should be a number",
        ),
        ({"classification": {"patches": {"recipe": "polyps"}}}, "patches.recipe: unknown patch recipe 'polyps'; did"),
        (
            {"classification": {"patches": {"count": 3}}},
            "patches: the key 'recipe' is missing; allowed: gen",
        ),
        ({"classification": {"patches": {"recipe": 3}}}, "patches.recipe: 3 should be text"),
        (
            {"classification": {"patches": {"recipe": "general", "counts": 3}}},
            "uncertainty.learning.classification.patches.counts: unknown key for 'general'; did you mean 'count'",
        ),
        ({"segmentation": {"patches": {"recipe": "polyp"}}}, "segmentation.patches: patches are for classification"),
        ({"classification": {"loss": "focale"}}, "classification.loss: unknown value 'focale'; did you mean 'focal'"),
        ({"classification": {"stop_after": 0}}, "classification.stop_after: 0 should be at least 1"),
        (
            {"classification": {"strategy": "continual", "network": "small_cnn"}},
            "uncertainty.learning.classification.network: 'continual' goes on from the network of round 0",
        ),
    ],
)
def test_wrong_overrides_of_a_query_are_refused(learning, message):
    with pytest.raises(InputError, match=message):
        given(**learning)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"learning__classification__strategy": "acft"},
            "^learning.classification.strategy: unknown learning",
        ),
        ({"learning__segmentation__patches": {"recipe": "polyp"}}, "^learning.segmentation.patches: patches are for"),
        ({"learning__classification__start": "previous"}, "^learning.classification.start: unknown key"),
    ],
)
def test_wrong_settings_of_a_task_are_refused(changes, message):
    with pytest.raises(InputError, match=message):
        complete("clean", **changes)


def test_a_wrong_key_is_named_where_it_stands_not_where_it_is_overridden():
    """The method's override is innocent of the model's network."""
    with pytest.raises(InputError, match=r"models\.naive\.learning\.classification\.network: unknown network 'vgg12'"):
        complete(
            "clean",
            models__naive__learning={"classification": {"network": "vgg12"}},
            methods__clustering__learning={"classification": {"epochs": 3}},
        )


def test_settings_that_fit_only_together_are_accepted():
    config = complete(
        "clean",
        models__naive__learning={"classification": {"network": "small_cnn"}},
        methods__clustering__learning={"classification": {"network_parameters": {}}},
    )
    assert learning_of(config, "classification", "naive", "clustering")["network"] == "small_cnn"


def test_another_network_from_scratch_is_no_contradiction():
    given(classification={"network": "small_cnn"})


def test_weights_are_handed_on_where_a_round_goes_on_from_them():
    assert not hands_on_weights(complete("clean", **ROUNDS), "classification")
    config = complete("clean", **ROUNDS, learning__classification__strategy="continual")
    assert hands_on_weights(config, "classification")
    assert not hands_on_weights(config, "segmentation")
    assert hands_on_weights(given(segmentation={"strategy": "acft_q"}), "segmentation")
    one_method = {"methods__clustering__learning": {"classification": {"strategy": "acft_lq"}}}
    assert hands_on_weights(complete("clean", **ROUNDS, **one_method), "classification")
    # That method has no rounds, or there are none at all.
    assert not hands_on_weights(complete("clean", **ROUNDS, **one_method, query__methods=["random"]), "classification")
    without = complete("clean", learning__classification__strategy="continual")
    assert not hands_on_weights(without, "classification")


def test_weights_are_handed_on_where_a_query_needs_the_network(monkeypatch):
    module = "coldstart.query.distance_to_threshold"
    facts = {"tasks": ("classification",), "uses_model": True, "uses_labels": False, "needs": ("network", "images")}
    monkeypatch.setitem(QUERIES.entries, "distance_to_threshold", Entry(module, facts))
    config = complete("clean", **ROUNDS)
    assert hands_on_weights(config, "classification")
    assert not hands_on_weights(config, "segmentation")
    assert not hands_on_weights({**config, "query": {**config["query"], "rounds": 0}}, "classification")


def test_arms_and_trainings(monkeypatch):
    facts = {"uses_embedding": False, "nested": True, "uses_labels": False, "whole_pool": True}
    monkeypatch.setitem(METHODS.entries, "all_of_it", Entry("coldstart.selection.random", facts))
    methods = {
        "random": {"strategy": "random"},
        "clustering": {"strategy": "kmeans_sweep", "models": ["txrv", "naive"]},
        "full": {"strategy": "all_of_it"},
    }
    config = complete("clean", **ROUNDS, methods=methods, query__models=["naive", "none"])
    assert arms(config) == [("none", "full"), ("none", "random"), ("naive", "clustering"), ("txrv", "clustering")]
    assert [arm for arm in arms(config) if queried(config, *arm)] == [("none", "random"), ("naive", "clustering")]
    assert [method for method in methods if whole_pool(config, method)] == ["full"]
    assert strategies(config, "classification") == ["uncertainty", "hunt"]
    assert strategies(config, "segmentation") == ["uncertainty"]
    found = trainings(config, "segmentation")
    assert found[:4] == [(*arm, "none") for arm in arms(config)]
    assert found[4:] == [("none", "random", "uncertainty"), ("naive", "clustering", "uncertainty")]
    assert trainings({**config, "query": {**config["query"], "rounds": 0}}, "segmentation") == found[:4]


@pytest.mark.parametrize(
    ("network", "parameters", "query", "refused"),
    [
        ("small_unet", {}, {"strategy": "bald"}, True),
        ("small_unet", {}, {"strategy": "bald", "source": "views"}, False),
        ("small_unet", {}, {"strategy": "entropy_dropout", "variant": "paper_code"}, False),
        ("small_unet", {}, {"strategy": "hybrid"}, True),
        ("small_unet", {}, {"strategy": "perturbation_consistency"}, False),
        ("unet", {}, {"strategy": "entropy_dropout"}, True),
        ("unet", {"dropout": 0.1}, {"strategy": "entropy_dropout"}, False),
        ("small_cnn", {}, {"strategy": "bald"}, False),
        ("small_cnn", {"dropout": 0}, {"strategy": "bald"}, True),
        ("vgg11", {}, {"strategy": "bald"}, False),
    ],
)
def test_passes_with_dropout_need_a_network_that_has_it(network, parameters, query, refused):
    task = "segmentation" if "unet" in network else "classification"
    changes = {
        "tasks": [task],
        "query__strategies": {"asking": query},
        "query__rounds": 1,
        f"learning__{task}": {"network": network, "network_parameters": parameters},
    }
    if refused:
        with pytest.raises(
            InputError, match=rf"query\.strategies\.asking: .* '{network}' has none: set learning\.{task}\."
        ):
            complete("clean", **changes)
    else:
        complete("clean", **changes)
