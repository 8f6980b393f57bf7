"""Who beats whom: orientation, ties, what is not known, and points that do not count."""

import math

import numpy as np
import pytest

from coldstart.evaluation.multiplicity import holm
from coldstart.evaluation.wins import is_saturated, outcome_matrix, outcomes, share_won


def test_the_row_beats_the_column_whichever_way_is_better():
    # Arm 0 scores 0.9 and arm 1 scores 0.8: better where higher is, worse where the metric is a distance.
    for higher, sign in ((True, 1), (False, -1)):
        outcome = outcomes([0.9 - 0.8], [0.01], higher_is_better=higher)
        matrix = outcome_matrix(2, [0], [1], outcome)
        assert matrix[0, 1] == sign
        assert matrix[1, 0] == -sign
        assert np.isnan(np.diag(matrix)).all()
        # The orientation does not hang on the order in which a pair was compared.
        turned = outcome_matrix(2, [1], [0], outcomes([0.8 - 0.9], [0.01], higher_is_better=higher))
        np.testing.assert_array_equal(turned, matrix)


def test_what_is_not_significant_ties_what_is_the_same_ties_and_what_was_not_tested_is_unknown():
    found = outcomes([0.1, 0.1, -0.1, 0.0, 0.1, math.nan], [0.04, 0.06, 0.01, math.nan, math.nan, math.nan])
    np.testing.assert_array_equal(found, [1, 0, -1, 0, math.nan, math.nan])


def test_a_level_that_is_met_exactly_is_no_win():
    assert outcomes([0.1], [0.05]).tolist() == [0]


def test_shares_count_the_points_that_the_row_wins():
    def at_point(better, worse):
        return outcome_matrix(3, [better], [worse], [1.0])

    matrices = [at_point(0, 1), at_point(0, 1), at_point(1, 0), at_point(2, 1)]
    counted = np.ones((4, 3, 3), dtype=bool)
    won, points = share_won(matrices, counted)
    assert (won[0, 1], won[1, 0], won[2, 1], won[1, 2]) == (2, 1, 1, 0)
    assert (points[0, 1], points[1, 0], points[2, 1], points[0, 2]) == (3, 3, 1, 0)
    counted[0] = False
    won, points = share_won(matrices, counted)
    assert (won[0, 1], points[0, 1]) == (1, 2)


@pytest.mark.parametrize(
    ("values", "full", "higher", "expected"),
    [
        ((0.95, 0.96), 0.95, True, True),
        ((0.95, 0.90), 0.95, True, False),
        ((0.99, 0.99), 1.0, True, False),
        ((0.99, 0.99), math.nan, True, False),
        ((10.0, 9.0), 10.0, False, True),
        ((10.0, 10.2), 10.0, False, False),
    ],
)
def test_a_point_is_saturated_where_both_arms_are_as_good_as_full_supervision(values, full, higher, expected):
    assert is_saturated(*values, full, higher_is_better=higher) == expected


def test_holm_does_not_count_what_was_not_tested():
    np.testing.assert_allclose(holm([0.01, math.nan, 0.04]), [0.02, math.nan, 0.04])
    assert np.isnan(holm([math.nan])).all()
