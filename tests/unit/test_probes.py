"""What a configuration may ask of a probe, refused in one sentence otherwise."""

import pytest
from test_protocols import complete

from coldstart.errors import InputError
from coldstart.probes import is_probe, served
from coldstart.trainings import hands_on_weights, learning_of

PROBE = {"network": "probe", "network_parameters": {"embedding": "naive"}}
SETTINGS = {
    "tasks": ["classification"],
    "learning": {"classification": PROBE},
    "models": {"naive": {"encoder": "pixels"}},
}
CLUSTERING = {"clustering": {"strategy": "kmeans"}}


def parameters(**given):
    """A learning section with a probe of these parameters."""
    return {"learning": {"classification": {**PROBE, "network_parameters": {"embedding": "naive", **given}}}}


def rounds(strategy, **given):
    """A query of this strategy."""
    return {"query": {"rounds": 1, "strategies": {"ask": {"strategy": strategy, **given}}}}


def segmentation(**given):
    """A segmentation that is probed."""
    return {"tasks": ["segmentation"], "learning": {"segmentation": {"network": "probe", "network_parameters": given}}}


def test_a_probe_needs_nothing_but_its_embedding():
    config = complete("clean", **SETTINGS, **rounds("entropy"))
    for query in ("none", "ask"):
        assert is_probe(learning_of(config, "classification", "naive", "clustering", query))
    assert not hands_on_weights(config, "classification")


def test_one_method_may_be_probed_and_another_trained():
    changes = {"methods__clustering__learning": {"classification": PROBE}}
    config = complete("clean", tasks=["classification"], models=SETTINGS["models"], **changes)
    assert is_probe(learning_of(config, "classification", "naive", "clustering"))
    assert not is_probe(learning_of(config, "classification", "none", "random"))


WRONG = {
    "a key of networks": (
        {"learning": {"classification": {**PROBE, "epochs": 5}}},
        r"learning\.classification\.epochs: means nothing for a probe",
    ),
    "patches": (
        {"learning": {"classification": {**PROBE, "patches": {"recipe": "general"}}}},
        "patches: means nothing",
    ),
    "a key for one method": (
        {"methods__clustering__learning": {"classification": {"augment": "light"}}},
        r"methods\.clustering\.learning\.classification\.augment: means nothing",
    ),
    "no embedding": ({"learning": {"classification": {"network": "probe"}}}, "needs the key 'embedding'"),
    "an unknown embedding": (
        parameters(embedding="naiv"),
        r"network_parameters\.embedding: unknown model 'naiv'; did you mean 'naive'",
    ),
    "an embedding that random has not": (parameters(embedding="own"), "'random' has no model of its own"),
    "an unknown parameter": (parameters(strength=1), r"network_parameters\.strength: unknown key"),
    "no strength": (parameters(C=[]), r"\.C: \[\] should be numbers above 0"),
    "a strength of nothing": (parameters(C=[0.0, 1.0]), "above 0"),
    "passes of a solver without": (parameters(epochs=5), "epochs: means nothing for the solver 'lbfgs'"),
    "no passes": (parameters(epochs=0, solver="sgd"), "epochs: 0 should be above 0"),
    "a query of the network": (rounds("clue"), "'clue' asks for the trained network, and a probe gives predictions"),
    "a query with dropout": (rounds("bald"), "'bald' asks for the trained network"),
    "a query of images": (rounds("difference_weighted_entropy"), "asks for the images"),
    "rounds of another kind": (
        rounds("entropy", learning={"classification": {"network": "small_cnn"}}),
        r"query\.strategies\.ask\.learning\.classification: all rounds of an arm are fitted alike",
    ),
    "patches that do not fit": (segmentation(patch=5), r"patch: 5 should be a divisor of dataset\.size"),
    "an embedding of patches": (segmentation(embedding="naive"), r"embedding: unknown key for 'segmentation'"),
    "no patches": (segmentation(most_patches=0), "most_patches: 0 should be above 0"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_means_nothing_is_refused(case):
    changes, message = WRONG[case]
    with pytest.raises(InputError, match=message) as refusal:
        complete("clean", **{**SETTINGS, **changes})
    assert "\n" not in str(refusal.value)


def test_queries_that_serve_are_named():
    assert {"entropy", "random", "entropy_diversity"} <= set(served("classification"))
    assert not {"clue", "bald", "hybrid"} & set(served("classification"))
    # Its factor for segmentation is of the network's passes.
    assert "acft" in served("classification")
    assert "acft" not in served("segmentation")
