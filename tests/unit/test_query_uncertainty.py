"""Scores of the query strategies against published vectors and plain formulas."""

import numpy as np
import pytest
from scipy.stats import entropy

from coldstart.errors import InputError
from coldstart.query import distance_to_threshold, pixel_entropy, pixels, uncertainty
from coldstart.query.base import QueryInputs, highest

P = np.array([0.1, 0.45, 0.52, 0.9, 0.61])
MAPS = np.array([[0.5, 0.5, 0.9, 0.1], [0.01, 0.02, 0.99, 0.97], [0.4, 0.6, 0.45, 0.7]]).reshape(3, 2, 2)


def rng():
    return np.random.default_rng(0)


@pytest.mark.parametrize("strategy", [distance_to_threshold, uncertainty])
@pytest.mark.parametrize("probabilities", [P, P[:, None], np.stack([1 - P, P], axis=1)])
def test_vector_v1_9_classification(strategy, probabilities):
    picks = strategy.query(QueryInputs("classification", probabilities, threshold=0.62), 5, rng=rng())
    assert picks.indices.tolist() == [4, 2, 1, 3, 0]
    np.testing.assert_allclose(picks.scores, [-0.01, -0.10, -0.17, -0.28, -0.52], atol=1e-12)


@pytest.mark.parametrize("strategy", [pixel_entropy, uncertainty])
@pytest.mark.parametrize(
    ("measure", "expected"), [("entropy", [0.509115, 0.086196, 0.661257]), ("absolute", [0.6, 0.035, 0.775])]
)
def test_vector_v1_9_segmentation(strategy, measure, expected):
    picks = strategy.query(QueryInputs("segmentation", maps=MAPS), 3, rng=rng(), measure=measure)
    assert picks.indices.tolist() == [2, 0, 1]
    np.testing.assert_allclose(picks.scores, np.array(expected)[[2, 0, 1]], atol=5e-7)


def test_entropy_is_that_of_scipy_also_at_zero_and_one():
    maps = np.random.default_rng(1).random((6, 5, 4))
    maps[0] = np.arange(20).reshape(5, 4) % 2
    expected = entropy(np.stack([maps, 1 - maps]), axis=0).mean(axis=(1, 2))
    np.testing.assert_allclose(pixel_entropy.mean_uncertainty(maps), expected, rtol=1e-12)
    assert pixel_entropy.mean_uncertainty(maps)[0] == 0


def test_maps_of_half_precision_are_summed_in_double():
    maps = np.full((2, 300, 300), 0.1, dtype=np.float16)
    # In half precision a sum of 90,000 terms would stop growing.
    expected = entropy([float(np.float16(0.1)), 1 - float(np.float16(0.1))])
    np.testing.assert_allclose(pixel_entropy.mean_uncertainty(maps), expected, rtol=1e-12)


@pytest.mark.parametrize("at_once", [1, 70, 1000])
def test_reading_in_parts_changes_no_bit(monkeypatch, at_once):
    maps = np.random.default_rng(2).random((11, 7, 5)).astype(np.float16)
    whole = pixel_entropy.mean_uncertainty(maps)
    monkeypatch.setattr(pixels, "PIXELS_AT_ONCE", at_once)
    np.testing.assert_array_equal(pixel_entropy.mean_uncertainty(maps), whole)


def test_the_pool_is_read_a_part_at_a_time(monkeypatch):
    class Pool:
        shape = (9, 4, 4)
        largest = 0

        def __len__(self):
            return 9

        def __array__(self, *arguments, **keywords):
            raise AssertionError("the whole pool was read")

        def __getitem__(self, rows):
            part = np.full(self.shape, 0.5, dtype=np.float16)[rows]
            Pool.largest = max(Pool.largest, len(part))
            return part

    monkeypatch.setattr(pixels, "PIXELS_AT_ONCE", 40)
    np.testing.assert_allclose(pixel_entropy.mean_uncertainty(Pool()), np.log(2))
    assert Pool.largest == 2


def test_an_infinite_threshold_asks_for_the_highest_probabilities():
    picks = distance_to_threshold.query(QueryInputs("classification", P, threshold=np.inf), 3, rng=rng())
    assert picks.indices.tolist() == [3, 4, 2]
    assert np.isfinite(picks.scores).all()


def test_ties_go_to_the_lowest_index():
    assert highest(np.array([0.0, 1.0, 0.0, 1.0, 0.0]), 4).indices.tolist() == [1, 3, 0, 2]


@pytest.mark.parametrize("bad", [np.nan, -0.01, 1.01])
def test_what_is_no_probability_is_refused(bad):
    with pytest.raises(InputError, match="not a number between 0 and 1"):
        distance_to_threshold.query(QueryInputs("classification", np.array([0.5, bad])), 1, rng=rng())
    maps = MAPS.copy()
    maps[1, 0, 0] = bad
    with pytest.raises(InputError, match="not a number between 0 and 1"):
        pixel_entropy.query(QueryInputs("segmentation", maps=maps), 1, rng=rng())


def test_predictions_of_the_other_task_are_refused():
    with pytest.raises(InputError, match="needs predicted masks"):
        pixel_entropy.query(QueryInputs("classification", P), 1, rng=rng())
    with pytest.raises(InputError, match="needs predicted probabilities"):
        distance_to_threshold.query(QueryInputs("segmentation", maps=MAPS), 1, rng=rng())
    with pytest.raises(InputError, match="3 are predicted"):
        distance_to_threshold.query(QueryInputs("classification", np.full((4, 3), 1 / 3)), 1, rng=rng())


def test_rows_must_agree():
    with pytest.raises(InputError, match="probabilities 5, embedding 4"):
        QueryInputs("classification", P, embedding=np.zeros((4, 2)))
    with pytest.raises(InputError, match="no array at all"):
        QueryInputs("classification")
    assert QueryInputs("classification", size=7).size == 7
    assert QueryInputs("segmentation", maps=MAPS, labelled_embedding=np.zeros((9, 2))).size == 3
