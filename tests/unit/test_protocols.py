"""The numbered differences between the published code and its text: what each protocol does about every one."""

import inspect
import json
from copy import deepcopy
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from snakemake.utils import validate

from coldstart import configuration
from coldstart.cohort.images import resize_mask
from coldstart.errors import InputError
from coldstart.evaluation.aggregate import aggregate
from coldstart.evaluation.classification import youden_threshold
from coldstart.evaluation.evaluate import evaluate_classification
from coldstart.learning.losses import class_weights, usable_class_weights
from coldstart.learning.objective import objective
from coldstart.learning.pixels import normalised
from coldstart.learning.prediction import probabilities
from coldstart.learning.settings import Settings
from coldstart.learning.training import fit
from coldstart.protocols import DIFFERENCES, KEEP, apply_protocol, sections
from coldstart.reporting.claims import claims
from coldstart.reporting.headline import headline_metrics
from coldstart.reporting.published import read_published
from coldstart.selection import STRATEGIES
from coldstart.trainings import SHARED_LEARNING, fill_learning, learning_of

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = ROOT / "workflow/schemas/config.schema.yaml"
PROTOCOLS = ("paper_code", "paper_text", "clean")
BASE = {
    "dataset": {"name": "x", "kind": "phantom"},
    "tasks": ["classification", "segmentation"],
    "models": {
        "naive": {"encoder": "pixels"},
        "imagenet": {"encoder": "torchvision:densenet121"},
        "resnet": {"encoder": "torchvision:resnet50"},
        "txrv": {"encoder": "txrv:densenet121-res224-all"},
        "remedis": {"encoder": "savedmodel", "path": "somewhere"},
    },
    "methods": {"random": {"strategy": "random"}, "clustering": {"strategy": "kmeans_sweep"}},
    "budgets": [20],
}
SWITCHES = [switch for difference in DIFFERENCES for switch in difference.switches]


def complete(protocol, **changes):
    """A configuration as the rules see it; ``a__b`` stands for ``a.b``."""
    config = {**deepcopy(BASE), "protocol": protocol}
    for path, value in deepcopy(changes).items():
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


def under(read, **changes):
    """What `read` finds in the configuration under each protocol, in the order of `PROTOCOLS`."""
    return [read(complete(protocol, **changes)) for protocol in PROTOCOLS]


def training(key, task="classification", model="naive", method="clustering", **changes):
    """One setting of one arm's trainings under each protocol."""
    return under(lambda config: learning_of(config, task, model, method)[key], **changes)


def select(config, method, X, budget, seed=2024):
    """Select as the workflow does."""
    section = config["methods"][method]
    parameters = configuration.own(section, configuration.METHOD_KEYS)
    rng = np.random.default_rng(seed)
    return STRATEGIES.load(section["strategy"])(X, budget, rng=rng, seed=seed, **parameters)


def picks(method, X, budget, seed=2024, **changes):
    """Selected rows under each protocol."""
    return under(lambda config: select(config, method, X, budget, seed).indices.tolist(), **changes)


def noise(n, d=3):
    return np.random.default_rng(11).normal(size=(n, d))


def trained(seed=1):
    """A tiny training."""
    settings = Settings(network="small_cnn", epochs=1)
    images = np.random.default_rng(0).integers(0, 256, (8, 32, 32), dtype=np.uint8)
    labels = np.arange(8) % 2
    done = fit(
        settings.build(channels=1, seed=seed),
        images,
        labels,
        range(6),
        [6, 7],
        settings,
        validate=lambda targets, p: float(p[0]),
        seed=seed,
        device="cpu",
    )
    return done.history.drop(columns="seconds")


def item_1():
    # One feature: standardised or not, the sample nearest to the mean of the first cluster is 5, its medoid 3.
    X = np.array([[0.0], [3], [3], [5], [10], [100], [101], [103]])
    code, text, clean = (set(rows) for rows in picks("clustering", X, 2))
    assert code == clean
    assert 3 in code
    assert 1 in text


def item_2():
    # 200 samples are more than 50 clusterings find.
    X, few_starts = noise(200, 2), {"methods__clustering__n_init": 1}
    with pytest.raises(InputError, match="max_k=50"):
        select(complete("paper_code", **few_starts), "clustering", X, 200)
    for protocol in ("paper_text", "clean"):
        assert len(select(complete(protocol, **few_starts), "clustering", X, 200).indices) == 200


def item_3():
    for method in ("random", "clustering"):
        for more, fewer in zip(picks(method, noise(60), 20), picks(method, noise(60), 10), strict=True):
            assert more[:10] == fewer


def item_4():
    assert training("batch_size", model="none", method="random") == [16, 10, 10]
    assert training("patience", model="none", method="random") == [5, 10, 10]
    for task, method in (("segmentation", "random"), ("classification", "clustering")):
        assert training("batch_size", task=task, method=method) == [10, 10, 10]
        assert training("patience", task=task, method=method) == [10, 10, 10]
    # The published batch size, written out for the task, leaves the exception of the random baseline in place.
    written = {"learning__classification": {"batch_size": 10}}
    assert training("batch_size", model="none", method="random", **written) == [16, 10, 10]


def item_5():
    on = {model: training("dropout_in_validation", model=model) for model in BASE["models"]}
    expected = {"naive": False, "imagenet": True, "resnet": True, "txrv": False, "remedis": True}
    assert on == {model: [code, False, False] for model, code in expected.items()}
    assert training("dropout_in_validation", task="segmentation", model="imagenet") == [False] * 3
    assert training("dropout_in_validation", model="none", method="random") == [False] * 3


def item_6():
    def score(config):
        learning = configuration.own(learning_of(config, "classification", "naive", "clustering"), SHARED_LEARNING)
        return probabilities(torch.tensor([[3, 2.5]]), Settings.read(learning)).item()

    assert under(score) == pytest.approx([0.924142, 0.377541, 0.377541], abs=1e-6)


def item_7():
    assert class_weights([0] * 20).tolist() == [0, 1]
    assert class_weights([1] * 20).tolist() == [1, 0]
    assert usable_class_weights([0] * 20) is usable_class_weights([1] * 20) is None


def item_8():
    y, p = [0, 0, 1], [1e-5, 2e-5, 4e-4]
    found = under(lambda config: youden_threshold(y, p, decimals=config["evaluation"]["threshold_decimals"]))
    assert found == [0, 4e-4, 4e-4]


def item_9():
    # Vector V1.1
    y = [0, 0, 1, 0, 1, 0, 0, 1, 0, 1]
    p = [0.10, 0.35, 0.40, 0.42, 0.80, 0.05, 0.55, 0.62, 0.20, 0.91]
    found = evaluate_classification(y, p, 0.62).set_index("metric").value
    assert found["auprc"] == pytest.approx(0.9083333, abs=1e-7)
    assert found["average_precision"] == pytest.approx(0.9166667, abs=1e-7)
    summary = pd.DataFrame({"task": "classification", "metric": found.index})
    shown = under(lambda config: config["evaluation"]["metrics"]["classification"])
    assert [headline_metrics(summary, "classification", wanted) for wanted in shown] == [["auprc", "f1"]] * 3


def item_10():
    # Vector V1.2
    rng = np.random.RandomState(7)
    y = (np.arange(160) < 38).astype(int)
    p = 1 / (1 + np.exp(-(rng.randn(160) + 1.2 * y - 1)))

    def errors(config):
        how = config["evaluation"]["standard_error"]
        return evaluate_classification(y, p, 0.434, standard_error=how).set_index("metric").se[["auprc", "f1"]].tolist()

    code, text, clean = under(errors)
    assert code == clean == pytest.approx([0.0781071, 0.0673055], abs=5e-8)
    assert text == pytest.approx([0.0741992, 0.0636879], abs=5e-8)


def item_11():
    arm = {"dataset": "x", "task": "classification", "model": "none", "method": "random", "query": "none", "budget": 20}
    runs = [
        {**arm, "round": 0, "metric": "f1", "n_labelled": 20, "seed": seed, "repeat": 0, "value": value, "se": 0.01}
        for seed, value in enumerate((0.1236, 0.4004))
    ]
    summary = pd.DataFrame(runs).assign(bootstrap=[[0.12, 0.12], [0.4, 0.4]])

    def combined(config):
        keys = ("decimals", "pooling", "standard_error")
        (row,) = aggregate(summary, **{key: config["evaluation"][key] for key in keys}).to_dict("records")
        return row["value"], row["se"]

    code, text, clean = under(combined)
    between = 0.28 / 3.92
    assert code == pytest.approx(((0.124 + 0.4) / 2, between))
    assert text == pytest.approx((0.262, 0.01))
    assert clean == pytest.approx((0.262, between))


def item_12():
    assert under(lambda config: config["methods"]["random"]["seeds"]) == [list(range(10)), list(range(10)), None]
    assert under(lambda config: config["methods"]["clustering"]["seeds"]) == [None] * 3
    assert under(lambda config: config["seeds"]) == [[2024]] * 3


def item_13():
    # Vector V1.5
    first = [93, 66, 26, 8, 30, 91, 109, 100, 44, 101], [130, 127, 108, 14, 24, 118, 85, 64, 38, 103]
    for repeat, expected in enumerate(first):
        code, text, clean = picks("random", np.empty((132, 0)), 10, seed=repeat)
        assert code == expected
        assert text == clean == np.random.default_rng(repeat).permutation(132)[:10].tolist()
    one, other = (picks("clustering", noise(60), 12, seed) for seed in (1, 2))
    assert one[:2] == other[:2]
    assert one[2] != other[2]


def item_14():
    alone = trained(1)
    trained(2)
    pd.testing.assert_frame_equal(alone, trained(1))


def item_15():
    assert under(lambda config: config["models"]["imagenet"]["pooling"]) == ["features", "penultimate", "penultimate"]
    assert under(lambda config: "pooling" in config["models"]["resnet"]) == [False] * 3
    assert under(lambda config: config["models"]["txrv"]["rgb"]) == ["zeros", "luma", "luma"]
    mask = np.zeros((40, 40), np.uint8)
    mask[2:21, 2:21] = 1
    widths = under(lambda config: int(resize_mask(mask, 10, config["dataset"]["interpolation"]).any(axis=0).sum()))
    assert widths == [5, 5, 6]


def item_16():
    # The wide feature decides where features are not standardised.
    X = noise(60, 2) * [1, 1000]
    code, text, _ = picks("clustering", X, 12, methods__clustering__nearest="centroid")
    assert code == picks("clustering", X / [1, 1000], 12)[0]
    assert text != code
    assert under(lambda config: config["methods"]["clustering"]["standardise"]) == [True, False, True]


def item_17():
    for task in BASE["tasks"]:
        assert training("normalise", task=task) == ["none"] * 3
        imagenet = {f"learning__{task}__weights": "imagenet"}
        assert training("normalise", task=task, **imagenet) == ["none", "none", "imagenet"]
        assert training("normalise", task=task, **imagenet, **{f"learning__{task}__normalise": "none"}) == ["none"] * 3
    # One model alone starts from ImageNet, or one method alone does not.
    own = {"models__imagenet__learning": {"classification": {"weights": "imagenet"}}}
    assert training("normalise", model="imagenet", **own) == ["none", "none", "imagenet"]
    assert training("normalise", **own) == ["none"] * 3
    random = {"learning__classification__weights": "imagenet"}
    random["methods__random__learning"] = {"classification": {"weights": None}}
    assert training("normalise", model="none", method="random", **random) == ["none"] * 3
    pixels = torch.full((1, 1, 2, 2), 0.485)
    assert normalised(pixels, "none") is pixels
    assert normalised(pixels, "imagenet")[0, 0].abs().max() < 1e-6


def item_18():
    for task in BASE["tasks"]:
        assert training("augment", task=task) == ["none"] * 3
        assert training("augment", task=task, **{f"learning__{task}__augment": "light"}) == ["light"] * 3


def item_19():
    settings = Settings(network="small_cnn")
    wanted, loss_of = objective(settings, np.array([0, 1, 1, 1]), np.arange(4), torch.device("cpu"))
    assert torch.isfinite(loss_of(torch.zeros(4, 2), wanted))


def item_20():
    # Twins are two samples, whatever is the same about them.
    for method in ("random", "clustering"):
        for protocol in PROTOCOLS:
            found = select(complete(protocol), method, np.repeat(noise(15), 2, axis=0), 30).indices
            assert found.dtype == np.int64
            assert sorted(found) == list(range(30))


def item_21():
    values = read_published(ROOT / "resources/yuan_hong_tables.csv")
    assert set(values[values["table"] == 4].metric) == {"dice", "row_hd"}
    assert set(values[values["table"] == 4].task) == {"segmentation"}


def item_22():
    found = claims(read_published(ROOT / "resources/yuan_hong_tables.csv"))
    of_the_text = found[found.source == "text"]
    assert not of_the_text[of_the_text["table"] == 4].holds.any()
    assert of_the_text[of_the_text["table"] == 1].holds.any()


@pytest.mark.parametrize("number", range(1, 23))
def test_every_difference_is_handled_as_listed(number):
    globals()[f"item_{number}"]()


def test_the_list_is_whole_and_each_item_has_a_switch_or_says_what_is_done_instead():
    assert [difference.number for difference in DIFFERENCES] == list(range(1, 23))
    assert all(bool(difference.switches) != bool(difference.instead) for difference in DIFFERENCES)
    # The shorter a test, the likelier it is empty.
    assert all(len(inspect.getsource(globals()[f"item_{number}"]).splitlines()) > 2 for number in range(1, 23))


def given(config, switch, value):
    """Set the key of a switch by hand in every section that it is for."""
    *parents, last = switch.key.split(".")
    for section in sections(config, switch.section):
        for parent in parents:
            section = section.setdefault(parent, {})
        section[last] = value


def found(config, switch):
    """Values of the key of a switch in every section that it is for."""
    values = []
    for section in sections(config, switch.section):
        for part in switch.key.split("."):
            section = section.get(part, {})
        values.append(section)
    return values


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("switch", SWITCHES, ids=lambda switch: f"{switch.section}.{switch.key}")
def test_a_key_that_is_given_wins(switch, protocol):
    config = {**deepcopy(BASE), "protocol": protocol}
    given(config, switch, "the user's")
    values = found(apply_protocol(config), switch)
    assert values
    assert set(values) == {"the user's"}


@pytest.mark.parametrize("switch", SWITCHES, ids=lambda switch: f"{switch.section}.{switch.key}")
def test_every_switch_can_be_set_alone(switch):
    """The published value passes all checks under `clean` too, and changes nothing else."""
    published = switch.paper_code
    plain, config = complete("clean"), deepcopy(BASE)
    given(config, switch, published)
    switched = complete("clean", **config)
    assert all(value == published for value in found(switched, switch))
    # Through JSON, as Snakemake lets sections share an empty default.
    plain, switched = (json.loads(json.dumps(config)) for config in (plain, switched))
    for config in (plain, switched):
        given(config, switch, None)
    assert switched == plain


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_applied_twice_is_applied_once(protocol):
    config = complete(protocol)
    assert apply_protocol(deepcopy(config)) == config


def test_sections_share_no_values():
    methods = {name: {"strategy": "random"} for name in ("one", "other")}
    config = apply_protocol({**deepcopy(BASE), "methods": methods, "protocol": "paper_code"})
    config["methods"]["one"]["seeds"].append(99)
    assert config["methods"]["other"]["seeds"] == list(range(10))
    assert all(99 not in switch.paper_code for switch in SWITCHES if isinstance(switch.paper_code, list))


def test_a_missing_protocol_is_clean():
    config = apply_protocol(deepcopy(BASE))
    assert config["methods"]["clustering"]["random_state"] is None
    assert all(switch.clean is not KEEP or not any(found(config, switch)) for switch in SWITCHES)


def test_overrides_of_a_method_win_over_those_of_a_model():
    changes = {
        "learning__classification__epochs": 3,
        "models__naive__learning": {"classification": {"epochs": 5, "momentum": 0.5}},
        "methods__clustering__learning": {"classification": {"epochs": 7}},
    }
    config = complete("clean", **changes)
    arm = learning_of(config, "classification", "naive", "clustering")
    assert (arm["epochs"], arm["momentum"], arm["patience"]) == (7, 0.5, 10)
    assert learning_of(config, "classification", "none", "random")["epochs"] == 3
    assert learning_of(config, "segmentation", "naive", "clustering")["epochs"] == 100
    # What is not overridden stays out of the override, so that the task's own value is not hidden by a default.
    assert config["methods"]["clustering"]["learning"] == {"classification": {"epochs": 7}}


@pytest.mark.parametrize(
    ("learning", "message"),
    [
        ({"clasification": {}}, "methods.random.learning.clasification: unknown key; did you mean 'classification'"),
        ({"classification": {"epoch": 3}}, "methods.random.learning.classification.epoch: .*did you mean 'epochs'"),
        ({"classification": {"epochs": "many"}}, "methods.random.learning.classification.epochs: 'many' should be"),
        ({"classification": None}, "methods.random.learning.classification: None should be a map"),
        ({"classification": {"start": "previous"}}, "methods.random.learning.classification.start: unknown key"),
        ({"classification": {"keep_weights": True}}, "holds for all arms; set learning.classification.keep_weights"),
        ({"classification": {"network": "small_unet"}}, "methods.random.learning.classification.network: .*not for"),
        (
            {"classification": {"network_parameters": {"depth": 3}}},
            r"methods.random.learning.classification.network_parameters.depth: unknown key",
        ),
    ],
)
def test_wrong_overrides_are_refused(learning, message):
    with pytest.raises(InputError, match=message):
        complete("clean", methods__random__learning=learning)
