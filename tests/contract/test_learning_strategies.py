"""Every registered learning strategy."""

import inspect

import numpy as np
import pytest

from coldstart.errors import InputError
from coldstart.learning import STRATEGIES
from coldstart.learning.strategy import TrainingSet

NAMES = list(STRATEGIES)
NAN = float("nan")
# Ten labelled in round 0, four in round 1, three now; the network before is wrong about samples 2, 7 and 11.
ROUNDS = np.repeat([0, 1, 2], [10, 4, 3])
WRONG = [2, 7, 11]
AGREEMENT = np.where(np.isin(np.arange(17), WRONG), 0.0, np.where(ROUNDS < 2, 1.0, NAN))
Q, L = [14, 15, 16], list(range(14))
# Zhou et al. (2021), Table 2: weights, training samples, and a tenth of the rate; Ma et al. (2025): the full rate.
PUBLISHED = {
    "scratch": ("scratch", L + Q, 1.0),
    "continual": ("previous", L + Q, 1.0),
    "acft_q": ("previous", Q, 0.1),
    "acft_lq": ("previous", L + Q, 0.1),
    "acft_hq": ("previous", WRONG + Q, 0.1),
}


def ask(name, rounds=ROUNDS, agreement=AGREEMENT, current=2, **parameters):
    agreement = agreement if STRATEGIES.entry(name).facts["replays"] else None
    return STRATEGIES.load(name)(rounds, agreement, current, **parameters)


@pytest.mark.parametrize("name", PUBLISHED)
def test_start_samples_and_rate_are_the_published_ones(name):
    """S3-07."""
    start, rows, factor = PUBLISHED[name]
    found = ask(name)
    assert STRATEGIES.entry(name).facts["start"] == start
    assert found.rows.tolist() == rows
    assert found.rate_factor == factor


@pytest.mark.parametrize("name", NAMES)
def test_rows_are_some_of_the_labelled_set_ascending(name):
    found = ask(name)
    assert isinstance(found, TrainingSet)
    assert found.rows.dtype == np.int64
    assert (np.diff(found.rows) > 0).all()
    assert set(found.rows.tolist()) <= set(range(len(ROUNDS)))
    assert found.rate_factor > 0


@pytest.mark.parametrize("name", NAMES)
def test_what_this_round_adds_is_always_trained_on(name):
    assert set(Q) <= set(ask(name).rows.tolist())


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("rounds", "current"), [([0] * 6, 0), ([1] * 6, 1), ([3] * 6, 3)])
def test_the_first_training_takes_everything_at_the_full_rate(name, rounds, current):
    """Round 0, or the first round after an empty start."""
    found = ask(name, np.array(rounds), np.full(6, NAN), current)
    assert found.rows.tolist() == list(range(6))
    assert found.rate_factor == 1


@pytest.mark.parametrize("name", NAMES)
def test_an_empty_start_trains_on_nothing(name):
    assert ask(name, np.array([], dtype=int), np.array([]), 0).rows.tolist() == []


@pytest.mark.parametrize("name", NAMES)
def test_the_order_of_the_labelled_set_does_not_matter(name):
    order = np.random.default_rng(3).permutation(len(ROUNDS))
    found = ask(name, ROUNDS[order], AGREEMENT[order])
    assert sorted(order[found.rows].tolist()) == ask(name).rows.tolist()


@pytest.mark.parametrize("name", [name for name in NAMES if STRATEGIES.entry(name).facts["replays"]])
def test_a_replaying_strategy_follows_the_network_before(name):
    right = np.where(ROUNDS < 2, 1.0, NAN)
    wrong = np.where(ROUNDS < 2, 0.0, NAN)
    assert ask(name, agreement=right).rows.tolist() == Q
    assert ask(name, agreement=wrong).rows.tolist() == L + Q
    assert STRATEGIES.entry(name).facts["start"] == "previous"


@pytest.mark.parametrize("name", NAMES)
def test_inputs_are_left_as_they_were(name):
    rounds, agreement = ROUNDS.copy(), AGREEMENT.copy()
    rounds.setflags(write=False)
    agreement.setflags(write=False)
    ask(name, rounds, agreement)
    np.testing.assert_array_equal(agreement, AGREEMENT)


@pytest.mark.parametrize("name", NAMES)
def test_the_planner_sees_the_parameters_of_the_function(name):
    signature = inspect.signature(STRATEGIES.load(name))
    keywords = {p.name: p.default for p in signature.parameters.values() if p.kind is p.KEYWORD_ONLY}
    assert {key: spec.default for key, spec in STRATEGIES.parameters(name).items()} == keywords
    assert list(signature.parameters)[:3] == ["rounds", "agreement", "current"]


@pytest.mark.parametrize("name", NAMES)
def test_facts(name):
    facts = STRATEGIES.entry(name).facts
    assert facts["start"] in ("scratch", "previous")
    assert isinstance(facts["replays"], bool)


@pytest.mark.parametrize("name", ["acft_q", "acft_lq", "acft_hq"])
def test_the_rate_of_the_fine_tuning_can_be_set(name):
    assert ask(name, rate_factor=0.25).rate_factor == 0.25


def test_how_wrong_a_segmentation_must_be_can_be_set():
    agreement = np.where(ROUNDS < 2, np.arange(17) / 17, NAN)
    for below, expected in ((0.5, range(9)), (0.2, range(4)), (1.0, range(14))):
        found = ask("acft_hq", agreement=agreement, hard_dice=below)
        assert found.rows.tolist() == [*expected, *Q]
    with pytest.raises(InputError, match="hard_dice is 0 and should be above 0"):
        ask("acft_hq", hard_dice=0)
