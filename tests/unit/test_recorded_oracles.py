"""What other libraries answered, written down: they are not part of the environment.

apricot-select 0.6.1: ``FacilityLocationSelection(30, metric="precomputed", optimizer="naive").fit(S).ranking``;
small-text 1.4.1: ``greedy_coreset(Y, rows, labelled, 25, distance_metric="euclidean")``, the labelled rows last;
baal 2.1.0: ``BALD(shuffle_prop=0.0, reduction="none").compute_score(probabilities)``.
"""

import numpy as np
from skactiveml.pool import batch_bald
from test_query_committee import ask as ask_committee
from test_query_kcenter_greedy import ask as ask_centres

from coldstart.query import bald
from coldstart.selection import facility_location

APRICOT = [
    22,
    28,
    6,
    20,
    19,
    12,
    58,
    27,
    0,
    38,
    54,
    44,
    52,
    33,
    55,
    14,
    17,
    26,
    25,
    34,
    9,
    40,
    36,
    8,
    57,
    7,
    13,
    37,
    3,
    4,
]
SMALL_TEXT = [21, 24, 33, 22, 38, 30, 15, 10, 41, 18, 9, 11, 19, 16, 27, 4, 0, 23, 36, 37, 7, 2, 3, 29, 5]
BAAL = [
    0.128698,
    0.147927,
    0.291884,
    0.286192,
    0.183525,
    0.239155,
    0.070701,
    0.153128,
    0.165561,
    0.125395,
    0.128494,
    0.267762,
]


def test_facility_location_is_that_of_apricot():
    """In cosines, those below 0 counted as 0."""
    X = np.random.default_rng(11).normal(size=(60, 5))
    assert facility_location.select(X, 30, rng=np.random.default_rng(0)).indices.tolist() == APRICOT


def test_greedy_k_centre_is_that_of_small_text():
    Y = np.random.default_rng(12).normal(size=(50, 6))
    assert ask_centres(Y[:42], Y[42:], 25).indices.tolist() == SMALL_TEXT


def test_mutual_information_is_that_of_baal_and_the_first_of_batch_bald():
    p = np.random.default_rng(13).uniform(0.01, 0.99, (8, 12)).astype(np.float32)
    picks, _ = ask_committee(bald, p)
    scores = np.empty(12)
    scores[picks.indices] = picks.scores
    np.testing.assert_allclose(scores, BAAL, atol=2e-6)
    theirs = batch_bald(np.stack([1 - p, p], axis=-1).astype(np.float64), 1, random_state=0)
    np.testing.assert_allclose(scores, theirs[0], atol=1e-5)
