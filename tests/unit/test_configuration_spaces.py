"""The keys of maps and spaces: filled in, kept from strategies, and refused where they contradict each other."""

from copy import deepcopy
from pathlib import Path

import pytest
from snakemake.utils import validate

from coldstart import configuration
from coldstart.errors import InputError
from coldstart.names import own
from coldstart.protocols import apply_protocol
from coldstart.trainings import fill_learning

SCHEMA = Path(__file__).resolve().parents[2] / "workflow/schemas/config.schema.yaml"
BASE = {
    "dataset": {"name": "x", "kind": "phantom"},
    "tasks": ["segmentation"],
    "models": {"pixels": {"encoder": "pixels"}},
    "methods": {"random": {"strategy": "random"}, "seeds": {"strategy": "silhouette_farthest_point"}},
    "budgets": [20],
    "query": {"strategies": {"mix": {"strategy": "entropy_diversity"}}, "rounds": 1, "methods": ["seeds"]},
}


def complete(**changes):
    """A configuration as the rules see it; ``a__b`` stands for ``a.b``."""
    config = deepcopy(BASE)
    for path, value in changes.items():
        *parents, last = path.split("__")
        section = config
        for parent in parents:
            section = section.setdefault(parent, {})
        section[last] = value
    configuration.check_schema(config, configuration.read_schema(SCHEMA))
    fill_learning(apply_protocol(config))
    validate(config, str(SCHEMA))
    configuration.check_names(config)
    configuration.check_consistency(config)
    return config


def test_defaults_stand_in_the_configuration():
    config = complete()
    assert config["models"]["pixels"]["map"] == {"projection": "auto", "perplexity": None, "init": "pca", "l2": False}
    assert config["methods"]["seeds"]["space"] is None
    assert config["query"]["strategies"]["mix"]["space"] is None


def test_no_encoder_or_strategy_is_given_these_keys():
    config = complete(models__pixels__map={"l2": True}, methods__seeds__space="embedding")
    assert own(config["models"]["pixels"], configuration.MODEL_KEYS) == {}
    assert own(config["methods"]["seeds"], configuration.METHOD_KEYS) == {}
    assert own(config["query"]["strategies"]["mix"], configuration.QUERY_KEYS) == {}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"methods__seeds__space": "maps"}, r"methods\.seeds\.space: unknown value 'maps'; did you mean 'map'.*null"),
        ({"query__strategies__mix__space": "plane"}, r"query\.strategies\.mix\.space: unknown value 'plane'"),
        ({"models__pixels__map": {"projection": "umap"}}, r"models\.pixels\.map\.projection: unknown value 'umap'"),
        ({"models__pixels__map": {"perplexty": 3}}, r"models\.pixels\.map\.perplexty.*did you mean 'perplexity'"),
        ({"models__pixels__map": {"perplexity": 0}}, r"models\.pixels\.map\.perplexity: 0 should be more than 0"),
        ({"methods__seeds__alpha": 1}, r"methods\.seeds\.alpha: unknown key for 'silhouette_farthest_point'"),
        ({"query__strategies__mix__model": "pixel"}, r"query\.strategies\.mix\.model: unknown name 'pixel'"),
        (
            {"query__methods": None},
            r"query\.strategies\.mix: 'entropy_diversity' needs an embedding, and random has none: set "
            r"query\.strategies\.mix\.model, or leave 'none' out of query\.models\.",
        ),
    ],
)
def test_what_contradicts_itself_is_refused_in_one_sentence(changes, message):
    with pytest.raises(InputError, match=message):
        complete(**changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"query__models": ["pixels"]},
        {"query__strategies__mix__model": "pixels"},
        {"query__rounds": 0},
        {"query__strategies__mix": {"strategy": "pixel_entropy"}},
    ],
)
def test_a_random_start_is_allowed_where_no_embedding_is_missed(changes):
    complete(query__methods=None, **changes)
