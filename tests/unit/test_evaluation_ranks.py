"""Ranks over blocks, groups that do not differ, and seeds that decide."""

import itertools
import math

import numpy as np
import pytest
from scipy import stats

from coldstart.evaluation.ranks import cliques, leave_one_seed_out, rank_over_blocks, ranks
from coldstart.evaluation.runs import Runs


def arm(values, seeds=None, repeats=None):
    values = np.asarray(values, dtype=float)
    seeds = np.arange(len(values)) if seeds is None else np.asarray(seeds)
    return Runs(seeds, np.arange(len(values)) if repeats is None else repeats, values, np.zeros((len(values), 1)))


def test_the_best_has_rank_one_whichever_way_is_better():
    assert ranks([0.7, 0.9, 0.8]).tolist() == [3, 1, 2]
    assert ranks([0.7, 0.9, 0.8], higher_is_better=False).tolist() == [1, 3, 2]
    assert ranks([0.7, 0.9, 0.9]).tolist() == [3, 1.5, 1.5]


def test_friedman_and_kendall_over_blocks():
    values = np.random.default_rng(0).normal([0, 0.5, 1, 0], size=(9, 4))
    found = rank_over_blocks(values)
    oracle = stats.friedmanchisquare(*values.T)
    assert found.p == pytest.approx(oracle.pvalue)
    assert found.mean == pytest.approx(np.mean([stats.rankdata(-row) for row in values], axis=0))
    # Kendall's W and the mean of Spearman's rho over all pairs of blocks: W = ((n - 1) rho + 1) / n.
    rho = np.mean([stats.spearmanr(a, b).statistic for a, b in itertools.combinations(values, 2)])
    assert found.w == pytest.approx((8 * rho + 1) / 9)
    assert rank_over_blocks(np.tile([1.0, 2.0, 3.0], (5, 1))).w == pytest.approx(1)


def test_no_test_is_made_of_few_arms_of_equal_arms_or_of_blocks_that_are_not_independent():
    values = np.random.default_rng(1).normal(size=(6, 3))
    for found in (
        rank_over_blocks(values[:, :2]),
        rank_over_blocks(values[:1]),
        rank_over_blocks(np.ones((6, 3))),
        rank_over_blocks(values, independent=False),
    ):
        assert math.isnan(found.p)
        assert np.isfinite(found.mean).all()
    assert np.isnan(rank_over_blocks(np.full((3, 2), math.nan)).mean).all()
    holed = np.vstack([values, [math.nan, 0, 1]])
    assert rank_over_blocks(holed).mean == pytest.approx(rank_over_blocks(values).mean)


def test_bars_join_neighbours_of_which_no_two_differ():
    differs = np.zeros((4, 4), dtype=bool)
    for a, b in ((0, 2), (0, 3), (1, 3)):
        differs[a, b] = differs[b, a] = True
    assert cliques([1, 2, 3, 4], differs) == [[0, 1], [1, 2], [2, 3]]
    # The order of the arms is that of their ranks.
    assert cliques([4, 3, 2, 1], differs) == [[3, 2], [2, 1], [1, 0]]
    assert cliques([1, 2, 3, 4], np.zeros((4, 4), dtype=bool)) == [[0, 1, 2, 3]]
    assert cliques([1, 2, 3, 4], ~np.eye(4, dtype=bool)) == []


def test_every_bar_is_the_longest_that_it_can_be():
    rng = np.random.default_rng(2)
    for _ in range(50):
        differs = rng.random((6, 6)) < 0.3
        differs |= differs.T
        np.fill_diagonal(differs, False)
        free = [list(range(i, j)) for i in range(6) for j in range(i + 2, 7) if not differs[i:j, i:j].any()]
        longest = [group for group in free if not any(set(group) < set(other) for other in free)]
        assert cliques(np.arange(6), differs) == longest


def test_leaving_a_seed_out_shows_which_one_decides():
    # Seed 2 alone makes the first arm the best.
    first, second, third = arm([0.5, 0.5, 0.9]), arm([0.6, 0.6, 0.6]), arm([0.1, 0.1, 0.1])
    found = leave_one_seed_out([first, second, third])
    assert found.rank.tolist() == [1, 2, 3]
    assert (found.best.tolist(), found.worst.tolist()) == ([1, 1, 3], [2, 2, 3])
    assert found.decisive == 2
    assert found.tau == pytest.approx(stats.kendalltau([1, 2, 3], [2, 1, 3]).statistic)


def test_an_arm_of_one_seed_stays():
    found = leave_one_seed_out([arm([0.5, 0.9]), arm([0.6], seeds=[0])])
    assert found.rank.tolist() == [1, 2]
    assert found.worst.tolist() == [2, 2]
    alone = leave_one_seed_out([arm([0.5]), arm([0.4])])
    assert alone.decisive is None
    assert math.isnan(alone.tau)


def test_a_seed_takes_all_its_repeats_with_it():
    found = leave_one_seed_out([arm([0.9, 0.9, 0.1], seeds=[1, 1, 2]), arm([0.5, 0.5], seeds=[1, 2])])
    assert found.worst.tolist() == [2, 2]
    assert found.decisive == 1
