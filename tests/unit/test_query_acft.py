"""The ACFT query: Table 1 of the article, the majority, both forms, the draw, and all of its criteria."""

from itertools import pairwise, product
from math import floor, log
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from coldstart.errors import InputError
from coldstart.query import STRATEGIES, acft, patch_scores
from coldstart.query.base import QueryInputs

TABLE = pd.read_csv(Path(__file__).resolve().parents[2] / "resources/acft_table1_patterns.csv", index_col="pattern")
PATTERNS = TABLE[[f"p{i}" for i in range(1, 12)]].to_numpy()
COLUMNS = {
    "entropy": {"diversity": False, "share": None},
    "entropy_maj": {"diversity": False, "share": 0.25},
    "diversity": {"entropy": False, "share": None},
    "diversity_maj": {"entropy": False, "share": 0.25},
}
# Values of the published demo to seven digits.
DIGITS = {
    "entropy": [7.5239414, 4.5666514, 1.3003319, 1.3003319, 1.3003319, 3.2370840, 3.2370840],
    "entropy_maj": [2.0190350, 0.8254854, 0, 0, 0, 0.3250830, 0.3250830],
    "diversity": [4.3790232, 1237.2075146, 2816.6599627, 189.5400013, 189.5400013, 1076.8695709, 1076.8695709],
    "diversity_maj": [0, 20.7944154, 0, 0, 0, 13.5385715, 13.5385715],
}
BOTH = [11.9029646, 1241.7741660, 2817.9602946, 190.8403332, 190.8403332, 1080.1066549, 1080.1066549]
BOTH_MAJORITY = [2.0190350, 21.6199008, 0, 0, 0, 13.8636545, 13.8636545]


def rng(seed=0):
    return np.random.default_rng(seed)


def pool(patches):
    return QueryInputs("classification", patches=np.asarray(patches), size=len(patches))


def demo(p, lambda1=1, lambda2=1, share=None, eps=2.0**-52):
    """The published demo for one candidate, written anew as its matrix of pairs."""
    p = list(p)
    if share is not None:
        p = sorted(p, reverse=bool(sum(p) / len(p) > 0.5))[: floor(len(p) * share + 0.5)]
    total = 0.0
    for i, j in product(range(len(p)), repeat=2):
        if i == j:
            total -= lambda1 * (p[i] * log(p[i] + eps) + (1 - p[i]) * log(1 - p[i] + eps))
        else:
            first = (p[i] - p[j]) * log((p[i] + eps) / (p[j] + eps))
            total += lambda2 * (first + (p[j] - p[i]) * log((1 - p[i] + eps) / (1 - p[j] + eps)))
    return total


def printed(values):
    """As the article prints them; -0.00 is 0.00."""
    return [f"{abs(round(value, 2)):.2f}" for value in values]


def reproduced(score):
    """How many of the 28 printed values a way to score patterns gives."""
    return sum(
        ours == f"{theirs:.2f}"
        for column, how in COLUMNS.items()
        for ours, theirs in zip(printed(score(**how)), TABLE[column], strict=True)
    )


@pytest.mark.parametrize("column", COLUMNS)
def test_all_28_printed_values_of_table_1(column):
    scores = patch_scores.patch_scores(PATTERNS, **COLUMNS[column])
    assert printed(scores) == [f"{value:.2f}" for value in TABLE[column]]
    np.testing.assert_allclose(scores, DIGITS[column], atol=6e-8)


def test_both_terms_together_are_the_sums_of_the_demo():
    np.testing.assert_allclose(patch_scores.patch_scores(PATTERNS, share=None), BOTH, atol=1e-7)
    np.testing.assert_allclose(patch_scores.patch_scores(PATTERNS), BOTH_MAJORITY, atol=1e-7)


@pytest.mark.parametrize(
    ("column", "first", "second"),
    [
        ("entropy", ["A"], ["B"]),
        ("entropy_maj", ["A"], ["B"]),
        ("diversity", ["C"], ["B"]),
        ("diversity_maj", ["B"], ["F", "G"]),
    ],
)
def test_first_and_second_choice_of_every_column(column, first, second):
    scores = pd.Series(patch_scores.patch_scores(PATTERNS, **COLUMNS[column]), TABLE.index).round(9)
    assert scores[scores == scores.max()].index.tolist() == first
    rest = scores.drop(first)
    assert rest[rest == rest.max()].index.tolist() == second


@pytest.mark.parametrize(
    ("eps", "expected"), [(2.0**-52, 28), (1e-16, 19), (1e-15, 19), (1e-12, 19), (1e-8, 19), (2.0**-23, 19)]
)
def test_another_epsilon_gives_fewer_of_the_28(monkeypatch, eps, expected):
    monkeypatch.setattr(patch_scores, "EPS", eps)
    assert reproduced(lambda **how: patch_scores.patch_scores(PATTERNS, **how)) == expected


def test_single_precision_is_detectably_wrong():
    """With the spacing of single precision as epsilon pattern B would have 573.87."""
    eps = np.finfo(np.float32).eps
    assert demo(PATTERNS[1], 0, 1, eps=float(eps)) == pytest.approx(573.87, abs=0.005)
    assert patch_scores.patch_scores(PATTERNS[1:2].astype(np.float32), entropy=False, share=None) == pytest.approx(
        1237.2075, abs=0.01
    )


@pytest.mark.parametrize(("rounding", "expected"), [("floor", 21), ("half up", 28), ("ceil", 28)])
def test_other_roundings_of_the_majority(monkeypatch, rounding, expected):
    counts = {"floor": int(11 * 0.25), "half up": floor(11 * 0.25 + 0.5), "ceil": -int(-11 * 0.25 // 1)}
    monkeypatch.setattr(patch_scores, "majority_count", lambda m, share: counts[rounding])
    assert reproduced(lambda **how: patch_scores.patch_scores(PATTERNS, **how)) == expected


def test_a_tie_that_goes_to_the_positive_class_gives_26():
    mirrored = 1 - PATTERNS
    assert reproduced(lambda **how: patch_scores.patch_scores(mirrored, **how)) == 26


def test_eq1_as_printed_gives_7_of_the_28():
    assert reproduced(lambda **how: patch_scores.patch_scores(PATTERNS, form="eq1", **how)) == 7


@pytest.mark.parametrize(("share", "kept"), [(None, 11), (0.25, 3)])
def test_the_forms_differ_by_the_number_of_patches_and_by_two(share, kept):
    how = {"share": share}
    for switches, factor in (({"diversity": False}, kept), ({"entropy": False}, 2)):
        ours = patch_scores.patch_scores(PATTERNS, form="demo", **how, **switches)
        np.testing.assert_allclose(
            ours, factor * patch_scores.patch_scores(PATTERNS, form="eq1", **how, **switches), rtol=1e-12
        )


def extreme(n=60, m=24, seed=3):
    """Predictions from all but certain to undecided, some of them 0 or 1, some nearly alike."""
    p = 1 / (1 + np.exp(-rng(seed).normal(0, np.geomspace(0.001, 30, n)[:, None], (n, m))))
    p[5:20, :4] = [0, 1, 0, 1]
    return p


@pytest.mark.parametrize("share", [None, 0.25, 0.6])
@pytest.mark.parametrize("switches", [(1, 1), (1, 0), (0, 1)])
def test_scores_are_those_of_the_matrix_of_pairs(share, switches):
    p = extreme()
    expected = [demo(row, *switches, share) for row in p]
    found = patch_scores.patch_scores(p, entropy=bool(switches[0]), diversity=bool(switches[1]), share=share)
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-13)


def test_patches_that_are_all_alike_have_no_diversity_at_all():
    p = np.repeat(rng().random((50, 1)), 24, axis=1)
    assert not patch_scores.patch_scores(p, entropy=False, share=None).any()


@pytest.mark.parametrize(
    ("pattern", "kept"),
    [
        ("A", [0.4, 0.4, 0.4]),
        ("B", [0, 0.1, 0.2]),
        ("C", [1, 1, 1]),
        ("D", [1, 1, 1]),
        ("E", [0, 0, 0]),
        ("F", [0, 0, 0.1]),
        ("G", [1, 1, 0.9]),
    ],
)
def test_majority_subsets_of_the_patterns_in_any_order(pattern, kept):
    p = PATTERNS[TABLE.index.get_loc(pattern)]
    for order in (np.arange(11), np.arange(11)[::-1], rng(1).permutation(11)):
        found = patch_scores.majority(patch_scores.as_classes(p[None, order]), 0.25)
        assert found[0, :, 1].tolist() == kept


@pytest.mark.parametrize(("m", "kept"), [(1, 1), (2, 1), (3, 1), (10, 3), (11, 3), (18, 5), (21, 5), (24, 6), (50, 13)])
def test_rounding_of_a_quarter_is_that_of_matlab(m, kept):
    assert patch_scores.majority_count(m, 0.25) == kept


def test_a_tie_between_classes_goes_to_the_first_and_between_patches_to_the_earlier():
    thirds = np.full((1, 4, 3), 1 / 3)
    thirds[0, 0], thirds[0, 1] = [0.5, 0.3, 0.2], [0.1, 0.3, 0.6]
    thirds[0, 2], thirds[0, 3] = [0.2, 0.6, 0.2], [0.4, 0, 0.6]
    # Sums 1.2, 1.2 and 1.6: the last class; of its equal patches the earlier.
    kept = patch_scores.majority(thirds, 0.25)
    assert kept[0].tolist() == [[0.1, 0.3, 0.6]]
    # Sums 1.4, 1.4 and 1.2: the first class.
    thirds[0, 1], thirds[0, 3] = [0.3, 0.3, 0.4], [0.4, 0.2, 0.4]
    assert patch_scores.majority(thirds, 0.25)[0].tolist() == [[0.5, 0.3, 0.2]]


def test_two_softmax_columns_are_the_binary_case():
    p = extreme()
    columns = np.stack([1 - p, p], axis=2)
    for form, share in product(("demo", "eq1"), (None, 0.25)):
        one = patch_scores.patch_scores(p, form=form, share=share)
        two = patch_scores.patch_scores(columns, form=form, share=share)
        np.testing.assert_array_equal(one, two)
    assert (
        acft.query(pool(p), 5, rng=rng()).indices.tolist() == acft.query(pool(columns), 5, rng=rng()).indices.tolist()
    )


def test_three_classes_are_summed_over_all_of_them():
    p = rng(4).dirichlet([0.5, 0.5, 0.5], (9, 6))
    logs = np.log(p + 2.0**-52)
    entropies = -(p * logs).sum((1, 2))
    pairs = ((p[:, :, None] - p[:, None]) * (logs[:, :, None] - logs[:, None])).sum((1, 2, 3))
    np.testing.assert_allclose(patch_scores.patch_scores(p, share=None), entropies + pairs, rtol=1e-10)
    # All but the last class swapped: the scores stay.
    np.testing.assert_allclose(patch_scores.patch_scores(p[:, :, [1, 0, 2]]), patch_scores.patch_scores(p), rtol=1e-12)


def test_vector_v3_1_probabilities_of_the_draw():
    scores = np.array([9, 7, 6, 4, 3, 1, 0.5])
    expected = [1 / 3, 0.25, 0.2083333, 0.125, 0.0833333, 0]
    np.testing.assert_allclose(acft.sampling_probabilities(scores[:6]), expected, atol=5e-8)
    drawn = {int(row) for seed in range(300) for row in acft.draw(scores, 2, 3, rng(seed)).indices}
    assert drawn == {0, 1, 2, 3, 4}


def test_frequencies_of_the_draw_are_those_of_one_after_the_other_without_replacement():
    scores, times = np.array([9, 7, 6, 4, 3, 1, 0.5]), 20000
    p = acft.sampling_probabilities(scores[:6])
    # In the sample: drawn first, or second after another.
    expected = [p[i] + sum(p[j] * p[i] / (1 - p[j]) for j in range(6) if j != i) for i in range(6)]
    source, counts = rng(7), np.zeros(7)
    for _ in range(times):
        counts[acft.draw(scores, 2, 3, source).indices] += 1
    np.testing.assert_allclose(counts[:6] / times, expected, atol=4 * 0.5 / times**0.5)
    assert counts[5:].tolist() == [0, 0]


def test_equal_scores_are_drawn_uniformly():
    assert acft.sampling_probabilities(np.ones(4)).tolist() == [0.25] * 4
    source, counts = rng(1), np.zeros(12)
    for _ in range(4000):
        counts[acft.draw(np.ones(12), 2, 3, source).indices] += 1
    # The best six are the first six, each in a third of the draws.
    np.testing.assert_allclose(counts / 4000, [1 / 3] * 6 + [0] * 6, atol=0.035)


def test_where_the_pool_is_small_all_of_it_is_drawn_from():
    drawn = {int(row) for seed in range(200) for row in acft.draw(np.array([1.0, 5, 4, 3]), 2, 5, rng(seed)).indices}
    # The last has probability zero.
    assert drawn == {1, 2, 3}
    assert acft.draw(np.array([1.0, 5, 4, 3]), 4, 5, rng()).indices.tolist() == [1, 2, 3, 0]


def test_fewer_candidates_of_some_probability_than_wanted_are_all_taken_and_the_rest_by_rank():
    scores = np.array([1.0, 7, 1, 9, 1, 1, 1, 1])
    for seed in range(20):
        assert acft.draw(scores, 4, 2, rng(seed)).indices.tolist() == [3, 1, 0, 2]


@pytest.mark.parametrize("omega", [None, 1])
def test_without_randomisation_the_best_are_taken(omega):
    p = extreme()
    scores = patch_scores.patch_scores(p)
    picks = acft.query(pool(p), 7, rng=rng(), omega=omega)
    np.testing.assert_array_equal(picks.indices, np.argsort(-scores, kind="stable")[:7])
    np.testing.assert_array_equal(picks.scores, scores[picks.indices])


def test_a_draw_is_ranked_by_score_and_follows_its_seed_alone():
    p = extreme()
    first, again, other = (acft.query(pool(p), 6, rng=rng(seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.indices, again.indices)
    assert set(first.indices.tolist()) != set(other.indices.tolist())
    assert all(a >= b for a, b in pairwise(first.scores))
    np.testing.assert_array_equal(first.scores, patch_scores.patch_scores(p)[first.indices])
    assert set(first.indices.tolist()) <= set(np.argsort(-patch_scores.patch_scores(p), kind="stable")[:30].tolist())


TERMS = {"entropy": (True, False), "diversity": (False, True)}
CRITERIA = [
    {"entropy": e, "diversity": d, "majority": majority, "omega": omega}
    for (e, d), majority, omega in product(TERMS.values(), (0.25, None), (5, None))
]


def test_eight_criteria_and_random_are_told_apart_by_configuration():
    """Zhou et al. (2021), Sec. 4: {entropy, diversity} x majority on or off x randomness on or off, and random."""
    assert set(STRATEGIES.parameters("acft")) >= set(CRITERIA[0])
    p = rng(9).beta(0.7, 0.7, (200, 24)) * rng(8).random((200, 1))
    answers = [tuple(acft.query(pool(p), 12, rng=rng(2), **keys).indices.tolist()) for keys in CRITERIA]
    answers.append(tuple(STRATEGIES.load("random")(pool(p), 12, rng=rng(2)).indices.tolist()))
    assert len(answers) == len(set(answers)) == 9


def test_a_classifier_without_patches_gives_entropy_and_no_diversity():
    p = np.array([0.9, 0.5, 0.1, 0.6])
    inputs = QueryInputs("classification", probabilities=np.stack([1 - p, p], axis=1))
    picks = acft.query(inputs, 4, rng=rng(), omega=None)
    assert picks.indices.tolist() == [1, 3, 0, 2]
    np.testing.assert_allclose(picks.scores[0], np.log(2))
    assert not acft.query(inputs, 4, rng=rng(), entropy=False).scores.any()


def test_the_first_step_works_without_any_labelled_sample():
    p = extreme()
    inputs = QueryInputs("classification", patches=p, embedding=p, labelled_embedding=np.empty((0, 24)))
    assert len(acft.query(inputs, 10, rng=rng()).indices) == 10


class Views:
    """A network whose views are given; it answers some images at a time."""

    def __init__(self, maps, step=2):
        self.maps, self.step = maps, step

    def views(self, names):
        assert len(set(names)) == 8
        for start in range(0, len(self.maps), self.step):
            part = slice(start, min(start + self.step, len(self.maps)))
            yield part, np.moveaxis(self.maps[part], 1, 0).astype(np.float32)


def test_segmentation_scores_are_means_over_pixels_of_the_scores_of_views():
    maps = rng(5).random((5, 8, 3, 4)).astype(np.float32).astype(np.float64)
    maps[1] = 0.5
    inputs = QueryInputs("segmentation", network=Views(maps), size=5)
    picks = acft.query(inputs, 5, rng=rng(), omega=None)
    expected = [np.mean([demo(image[:, y, x], share=0.25) for y in range(3) for x in range(4)]) for image in maps]
    np.testing.assert_allclose(picks.scores, np.sort(expected)[::-1], rtol=1e-9)
    assert picks.indices.tolist() == np.argsort(-np.array(expected)).tolist()
    one_by_one = acft.query(QueryInputs("segmentation", network=Views(maps, 1), size=5), 5, rng=rng(), omega=None)
    np.testing.assert_array_equal(one_by_one.scores, picks.scores)


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"entropy": False, "diversity": False}, "both off"),
        ({"majority": 0.0}, "majority of an acft query is 0"),
        ({"majority": 1.5}, "majority of an acft query is 1.5"),
        ({"omega": 0}, "omega of an acft query is 0"),
    ],
)
def test_parameters_out_of_range_are_refused(keys, message):
    with pytest.raises(InputError, match=message):
        acft.query(pool(extreme()), 3, rng=rng(), **keys)


@pytest.mark.parametrize("wrong", [np.nan, -0.1, 1.1])
def test_patches_that_are_no_probabilities_are_refused(wrong):
    patches = extreme()
    patches[3, 5] = wrong
    with pytest.raises(InputError, match="not a number between 0 and 1"):
        acft.query(pool(patches), 3, rng=rng())


def test_segmentation_without_a_network_is_refused():
    with pytest.raises(InputError, match="needs the trained network"):
        acft.query(QueryInputs("segmentation", maps=np.zeros((4, 2, 2))), 2, rng=rng())
