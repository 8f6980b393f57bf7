"""Entropy, least confidence and margin of Ma et al. against the vectors of their code and plain loops."""

import math

import numpy as np
import pytest

from coldstart.errors import InputError
from coldstart.query import difference_weighted_entropy, entropy, least_confidence, margin
from coldstart.query.base import QueryInputs

# Vector V4.2: five slices of two pixels.
SLICES = np.array([[0.5, 0.5], [0.9, 0.1], [0.99, 0.99], [0.01, 0.01], [0.3, 0.37]])
V42 = QueryInputs("segmentation", maps=SLICES.reshape(5, 1, 2))


def ask(strategy, inputs, n, **parameters):
    return strategy.query(inputs, n, rng=np.random.default_rng(0), **parameters)


def random_maps(n=9, seed=0):
    return np.random.default_rng(seed).uniform(0.001, 0.999, (n, 4, 4))


def test_vector_v4_2_entropy_of_the_code():
    picks = ask(entropy, V42, 5, variant="paper_code")
    assert picks.indices.tolist() == [4, 0, 1, 3, 2]
    expected = np.array([-0.693147, -0.325083, -0.019900, -0.092103, -0.729065])
    np.testing.assert_allclose(-picks.scores, expected[[4, 0, 1, 3, 2]], atol=5e-7)


def test_vector_v4_2_full_entropy():
    picks = ask(entropy, V42, 5)
    assert picks.indices.tolist()[:3] == [0, 4, 1]
    expected = np.array([-1.386294, -0.650166, -0.112003, -0.112003, -1.269820])
    np.testing.assert_allclose(-picks.scores, expected[picks.indices], atol=5e-7)


def test_vector_v4_2_least_confidence_of_the_code():
    picks = ask(least_confidence, V42, 5, variant="paper_code")
    assert picks.indices.tolist() == [3, 4, 0, 1, 2]
    np.testing.assert_allclose(-picks.scores, [0.02, 0.67, 1, 1, 1.98], atol=1e-12)


def test_vector_v4_2_margin_of_the_code():
    assert ask(margin, V42, 5, variant="paper_code").indices.tolist() == [4, 3, 2, 1, 0]
    assert ask(margin, V42, 2, variant="paper_code").indices.tolist() == [4, 3]


def test_margin_of_the_code_knows_only_the_length_of_the_pool():
    one, other = (QueryInputs("segmentation", maps=random_maps(seed=seed)) for seed in (1, 2))
    found = [ask(margin, inputs, 4, variant="paper_code") for inputs in (one, other)]
    assert found[0].indices.tolist() == found[1].indices.tolist() == [8, 7, 6, 5]
    assert (np.diff(found[0].scores) <= 0).all()
    assert found[0].scores.tolist() != found[1].scores.tolist()


def test_where_the_code_finds_no_number_it_puts_the_sample_last_and_the_full_entropy_does_not():
    maps = np.array([[0.0, 0.5], [0.9, 0.9], [0.0, 0.0], [0.5, 0.5]]).reshape(4, 1, 2)
    inputs = QueryInputs("segmentation", maps=maps)
    picks = ask(entropy, inputs, 4, variant="paper_code")
    assert picks.indices.tolist() == [3, 1, 0, 2]
    assert np.isnan(picks.scores).tolist() == [False, False, True, True]
    full = ask(entropy, inputs, 4)
    assert full.indices.tolist() == [3, 0, 1, 2]
    assert full.scores[-1] == 0


def test_a_zero_that_half_precision_has_rounded_down_is_no_missing_number():
    maps = np.array([[1e-9, 0.5], [0.9, 0.9]]).reshape(2, 1, 2)
    whole, half = (QueryInputs("segmentation", maps=maps.astype(kind)) for kind in (np.float64, np.float16))
    assert half.maps[0, 0, 0] == 0
    found = [ask(entropy, inputs, 2, variant="paper_code") for inputs in (whole, half)]
    assert found[0].indices.tolist() == found[1].indices.tolist() == [0, 1]
    np.testing.assert_allclose(found[1].scores, found[0].scores, atol=1e-3)


def loops(maps, pixel):
    """One number per image: the sum of a function of every pixel, in plain Python."""
    return [math.fsum(pixel(float(p)) for p in image.ravel()) for image in maps]


@pytest.mark.parametrize(
    ("strategy", "variant", "pixel"),
    [
        (entropy, "fixed", lambda p: -p * math.log(p) - (1 - p) * math.log(1 - p)),
        (entropy, "paper_code", lambda p: -p * math.log(p)),
        (least_confidence, "fixed", lambda p: (1 - max(p, 1 - p)) / 16),
        (least_confidence, "paper_code", lambda p: -p),
        (margin, "fixed", lambda p: -abs(2 * p - 1) / 16),
    ],
)
def test_scores_are_those_of_a_plain_loop(strategy, variant, pixel):
    maps = random_maps()
    expected = np.array(loops(maps, pixel))
    picks = ask(strategy, QueryInputs("segmentation", maps=maps), 9, variant=variant)
    assert picks.indices.tolist() == np.argsort(-expected).tolist()
    np.testing.assert_allclose(picks.scores, expected[picks.indices], rtol=1e-12)


@pytest.mark.parametrize("strategy", [entropy, least_confidence, margin])
@pytest.mark.parametrize("variant", ["fixed", "paper_code"])
def test_a_classifier_is_a_map_of_one_pixel(strategy, variant):
    p = np.random.default_rng(3).random(8)
    classifier = QueryInputs("classification", np.stack([1 - p, p], axis=1))
    segmenter = QueryInputs("segmentation", maps=p.reshape(8, 1, 1))
    one, other = (ask(strategy, inputs, 8, variant=variant) for inputs in (classifier, segmenter))
    np.testing.assert_array_equal(one.indices, other.indices)
    np.testing.assert_array_equal(one.scores, other.scores)


def test_for_two_classes_the_three_fixed_measures_rank_alike():
    p = np.random.default_rng(4).random(20)
    inputs = QueryInputs("classification", p)
    found = [ask(strategy, inputs, 20).indices.tolist() for strategy in (entropy, least_confidence, margin)]
    assert found[0] == found[1] == found[2] == np.argsort(np.abs(p - 0.5)).tolist()


def pictures(n=9, dtype=np.uint8):
    return np.random.default_rng(5).integers(0, np.iinfo(dtype).max + 1, (n, 4, 4, 3), dtype=dtype)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("threshold", [0, 20, 50, 80])
@pytest.mark.parametrize("variant", ["fixed", "paper_code"])
def test_difference_weights_are_grey_levels_over_255_above_the_threshold(dtype, threshold, variant):
    maps, images = random_maps(), pictures(dtype=dtype)
    expected = []
    for image, map_ in zip(images, maps, strict=True):
        total = 0.0
        for row in range(4):
            for column in range(4):
                level = int(image[row, column, 2]) * 255 / np.iinfo(dtype).max
                p = float(map_[row, column])
                term = -p * math.log(p) - (0 if variant == "paper_code" else (1 - p) * math.log(1 - p))
                total += 0 if level < threshold else level / 255 * term
        expected.append(total)
    inputs = QueryInputs("segmentation", maps=maps, images=images)
    picks = ask(difference_weighted_entropy, inputs, 9, threshold=threshold, variant=variant)
    assert picks.indices.tolist() == np.argsort(-np.array(expected)).tolist()
    np.testing.assert_allclose(picks.scores, np.array(expected)[picks.indices], rtol=1e-12)


def test_a_signed_difference_weighs_by_its_distance_from_middle_grey():
    maps, images = np.full((3, 1, 2), 0.5), np.zeros((3, 1, 2, 3), np.uint8)
    images[..., 2] = [[[0, 255]], [[127, 128]], [[51, 102]]]
    inputs = QueryInputs("segmentation", maps=maps, images=images)
    picks = ask(difference_weighted_entropy, inputs, 3, signed=True)
    assert picks.indices.tolist() == [0, 2, 1]
    np.testing.assert_allclose(picks.scores / np.log(2), [2, 0.8, 2 / 255], rtol=1e-12)
    cut = ask(difference_weighted_entropy, inputs, 3, signed=True, threshold=80)
    np.testing.assert_allclose(cut.scores / np.log(2), [2, 0.6, 0], rtol=1e-12)


def test_the_published_weighting_counts_what_is_no_number_as_zero():
    maps = random_maps(4)
    maps[1, 0, 0] = 0
    inputs = QueryInputs("segmentation", maps=maps, images=pictures(4))
    picks = ask(difference_weighted_entropy, inputs, 4, variant="paper_code")
    assert picks.indices[-1] == 1
    assert picks.scores[-1] == 0
    assert ask(difference_weighted_entropy, inputs, 4).scores.min() > 0


def test_a_grey_image_is_its_own_weight_and_a_classifier_counts_for_every_pixel():
    images, p = pictures()[..., 0], np.linspace(0.1, 0.9, 9)
    picks = ask(difference_weighted_entropy, QueryInputs("classification", p, images=images), 9)
    expected = (-p * np.log(p) - (1 - p) * np.log(1 - p)) * (images / 255).sum(axis=(1, 2))
    assert picks.indices.tolist() == np.argsort(-expected).tolist()
    np.testing.assert_allclose(picks.scores, expected[picks.indices], rtol=1e-12)


def test_channels_and_thresholds_that_do_not_exist_are_refused():
    inputs = QueryInputs("segmentation", maps=random_maps(), images=pictures())
    with pytest.raises(InputError, match="channel 3 of a query strategy is none of the 3 of the images"):
        ask(difference_weighted_entropy, inputs, 2, channel=3)
    with pytest.raises(InputError, match="threshold of a difference_weighted_entropy query is 256"):
        ask(difference_weighted_entropy, inputs, 2, threshold=256)
    with pytest.raises(InputError, match="needs the images of the pool"):
        ask(difference_weighted_entropy, QueryInputs("segmentation", maps=random_maps()), 2)
