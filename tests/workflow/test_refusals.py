"""A wrong configuration is refused before anything runs, in one sentence."""

import pytest
import yaml
from conftest import TINY, changed

pytestmark = pytest.mark.workflow

WRONG = {
    "unknown key": ({"budget": [4]}, ["budget: unknown key", "did you mean 'budgets'"]),
    "unknown nested key": ({"learning__classification__epoch": 3}, ["learning.classification.epoch", "'epochs'"]),
    "wrong type": ({"query__rounds": "two"}, ["query.rounds", "'two'", "whole number"]),
    "unknown encoder": (
        {"models__pixels__encoder": "pixel"},
        ["models.pixels.encoder", "did you mean 'pixels'", "simclr"],
    ),
    "unknown parameter": ({"models__pixels__sise": 8}, ["models.pixels.sise", "did you mean 'size'"]),
    "unknown strategy": ({"methods__random__strategy": "rnadom"}, ["methods.random.strategy", "'random'"]),
    "unknown query": (
        {"query__strategies__uncertainty__strategy": "entropi"},
        ["query.strategies.uncertainty.strategy"],
    ),
    "unknown network": ({"learning__classification__network": "vgg12"}, ["learning.classification.network", "'vgg11'"]),
    "network of another task": ({"learning__classification__network": "small_unet"}, ["not for classification"]),
    "unknown kind": ({"dataset__kind": "phantoms"}, ["dataset.kind", "'phantom'"]),
    "unknown data set key": ({"dataset__prevalance": 0.3}, ["dataset.prevalance", "did you mean 'prevalence'"]),
    "wrong parameter type": ({"dataset__n": "many"}, ["dataset.n", "'many'", "whole number"]),
    "bad enum": ({"protocol": "paper"}, ["protocol", "paper_text", "paper_code"]),
    "start budget": ({"query__from_budget": 5}, ["query.from_budget", "budgets"]),
    "no such full supervision": ({"efficiency": {"of": "ful"}}, ["efficiency.of", "'ful'", "best, value"]),
    "split sum": ({"dataset__split__train": 0.9}, ["dataset.split", "sum to 1"]),
    "no budgets": ({"budgets": []}, ["budgets"]),
    "budget twice": ({"budgets": [4, 4]}, ["budgets", "more than once"]),
    "reserved model name": ({"models": {"none": {"encoder": "pixels"}}}, ["models.none"]),
    "name with a slash": ({"models": {"a/b": {"encoder": "pixels"}}}, ["models", "a/b"]),
    "missing model": (
        {"methods__clustering__models": ["pixel"]},
        ["methods.clustering.models", "did you mean 'pixels'"],
    ),
    "rounds without strategy": ({"query__strategies": {}}, ["query.rounds", "query.strategies"]),
    "unknown key for one method": (
        {"methods__random__learning": {"classification": {"epoch": 3}}},
        ["methods.random.learning.classification.epoch", "did you mean 'epochs'"],
    ),
    "unknown task for one model": (
        {"models__pixels__learning": {"clasification": {}}},
        ["models.pixels.learning.clasification", "did you mean 'classification'"],
    ),
    "encoder without name": (
        {"models__pixels": {"encoder": "torchvision"}},
        ["models.pixels.encoder", "torchvision:<"],
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_configurations_are_refused_in_one_sentence(place, case):
    changes, expected = WRONG[case]
    result = place.plan(config=changed(TINY, **changes))
    assert result.code != 0
    lines = [line for line in result.text.splitlines() if "The configuration cannot be used." in line]
    assert len(lines) == 1, result.text
    for text in expected:
        assert text in lines[0]
    assert "Traceback" not in result.text


def test_missing_key(place):
    config = yaml.safe_load(yaml.safe_dump(TINY))
    del config["dataset"]
    result = place.plan(config=config)
    assert "the key 'dataset' is missing" in result.text


def test_the_embedded_default_is_planned_without_a_configuration(place):
    jobs = place.plan().jobs()
    assert jobs["cohort"] == 1
    # two tasks x (random, clustering on pixels and on simclr) x two budgets, and two rounds of the simclr arm
    assert jobs["train"] == jobs["train_segmentation"] == 3 * 2 + 2
    assert jobs["query"] == 4
