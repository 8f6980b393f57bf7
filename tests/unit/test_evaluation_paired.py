"""Comparisons of two arms: oracles, designs told by the seeds, and a planted truth."""

import math

import numpy as np
import pytest
from scipy import stats

from coldstart.evaluation.bootstrap import resample_counts
from coldstart.evaluation.multiplicity import holm
from coldstart.evaluation.paired import SMALLEST, cochran, compare, p_value
from coldstart.evaluation.runs import Runs, shared_runs, units_of


def runs(values, seeds=None, repeats=None, bootstrap=None, m=50):
    """Runs of an arm; by default one repeat of each seed, and a test split that does not matter."""
    values = np.asarray(values, dtype=float)
    seeds = np.arange(len(values)) if seeds is None else np.asarray(seeds)
    repeats = np.zeros(len(values), dtype=int) if repeats is None else np.asarray(repeats)
    return Runs(seeds, repeats, values, np.repeat(values[:, None], m, axis=1) if bootstrap is None else bootstrap)


def tabled(scores, seeds=None, repeats=None, m=400):
    """Runs whose values are means of scores (runs, patients), with the resamples that all share."""
    counts = resample_counts(scores.shape[1], m) / scores.shape[1]
    return runs(scores.mean(axis=1), seeds, repeats, scores @ counts.T)


FIRST, SECOND = [0.81, 0.78, 0.85, 0.80, 0.79], [0.77, 0.79, 0.80, 0.76, 0.75]


def test_without_patients_it_is_the_paired_t_test_over_seeds():
    found = compare(runs(FIRST), runs(SECOND))
    oracle = stats.ttest_rel(FIRST, SECOND)
    assert found.design == "paired"
    assert found.p == pytest.approx(oracle.pvalue)
    assert (found.low, found.high) == pytest.approx(tuple(oracle.confidence_interval(0.95)))
    assert found.se_patients == 0
    assert found.note == "paired on 5 shared seeds"


def test_the_paired_test_agrees_with_every_flip_of_signs():
    rng = np.random.default_rng(5)
    first, second = rng.normal(0.02, 0.02, 12), rng.normal(0, 0.02, 12)
    flips = stats.permutation_test((first - second,), np.mean, permutation_type="samples", n_resamples=np.inf)
    assert compare(runs(first), runs(second)).p == pytest.approx(flips.pvalue, abs=0.01)


def test_without_patients_and_shared_seeds_it_is_near_welchs_test_and_on_its_safe_side():
    first, second = [*FIRST, 0.7, 0.9, 0.83, 0.81], SECOND
    found = compare(runs(first), runs(second, seeds=range(100, 105)))
    oracle = stats.ttest_ind(first, second, equal_var=False)
    assert found.design == "welch"
    assert found.note == "not paired (Welch): 9 seeds against 5 seeds"
    assert found.difference == pytest.approx(np.mean(first) - np.mean(second))
    assert oracle.pvalue <= found.p < oracle.pvalue * 1.2
    variances = [np.var(arm, ddof=1) / len(arm) for arm in (first, second)]
    assert found.se == pytest.approx(math.sqrt(sum(variances)))


def test_a_single_run_is_held_against_the_spread_of_the_others():
    found = compare(runs([0.9], seeds=[7]), runs(FIRST))
    t = (0.9 - np.mean(FIRST)) / (np.std(FIRST, ddof=1) * math.sqrt(1 + 1 / 5))
    assert found.design == "single"
    assert found.p == pytest.approx(2 * stats.t.sf(t, 4))
    mirrored = compare(runs(FIRST), runs([0.9], seeds=[7]))
    assert (mirrored.p, mirrored.difference, mirrored.low) == (found.p, -found.difference, -found.high)


def test_one_run_each_has_the_error_of_the_patients_and_no_test():
    rng = np.random.default_rng(0)
    scores = rng.normal(0.8, 0.1, (2, 200))
    found = compare(tabled(scores[:1], m=1000), tabled(scores[1:], m=1000), test_units=200)
    oracle = stats.ttest_rel(*scores)
    assert found.design == "patients"
    assert (
        found.se == found.se_patients == pytest.approx(np.std(scores[0] - scores[1], ddof=1) / math.sqrt(200), rel=0.08)
    )
    assert (found.low, found.high) == pytest.approx(tuple(oracle.confidence_interval(0.95)), abs=0.004)
    assert math.isnan(found.p)
    assert math.isnan(found.se_runs)
    assert "one run each" in found.note


def test_networks_that_do_not_vary_have_the_paired_test_over_patients():
    rng = np.random.default_rng(1)
    first, second = rng.normal(0.82, 0.1, 150), rng.normal(0.8, 0.1, 150)
    found = compare(tabled(np.tile(first, (6, 1)), m=1000), tabled(np.tile(second, (6, 1)), m=1000), test_units=150)
    assert found.se_runs == pytest.approx(0, abs=1e-12)
    oracle = stats.ttest_rel(first, second)
    assert found.difference / found.se == pytest.approx(oracle.statistic, rel=0.07)
    assert found.p == pytest.approx(oracle.pvalue, rel=0.4)


def test_the_error_is_that_of_the_crossed_analysis_of_variance():
    """Of a complete table of differences the variance of the mean is (MS_S + MS_P - MS_SP) / (n m)."""
    rng = np.random.default_rng(2)
    n, m = 8, 60
    gaps = rng.normal(0, 0.05, (n, 1)) + rng.normal(0, 0.3, (1, m)) + rng.normal(0, 0.2, (n, m))
    found = compare(tabled(gaps, m=2000), tabled(np.zeros((n, m)), m=2000), test_units=m)
    seeds, patients = gaps.mean(axis=1), gaps.mean(axis=0)
    rest = gaps - seeds[:, None] - patients[None, :] + gaps.mean()
    ms_seeds, ms_patients = m * seeds.var(ddof=1), n * patients.var(ddof=1)
    ms_rest = (rest**2).sum() / ((n - 1) * (m - 1))
    assert found.se**2 == pytest.approx((ms_seeds + ms_patients - ms_rest) / (n * m), rel=0.08)
    assert found.se**2 == pytest.approx(found.se_runs**2 + found.se_patients**2)


def test_repeats_are_averaged_and_no_seeds_of_their_own():
    first = runs([0.8, 0.9, 0.7, 0.7], seeds=[1, 1, 2, 2], repeats=[0, 1, 0, 1])
    second = runs([0.6, 0.8, 0.7, 0.5], seeds=[1, 1, 2, 2], repeats=[0, 1, 0, 1])
    found = compare(first, second)
    assert (found.design, found.n_first) == ("paired", 2)
    assert found.p == pytest.approx(stats.ttest_rel([0.85, 0.7], [0.7, 0.6]).pvalue)


def test_with_one_seed_the_repeats_are_compared_and_it_is_said():
    one = {"seeds": [3, 3, 3], "repeats": [0, 1, 2]}
    paired = compare(runs([0.8, 0.82, 0.85], **one), runs([0.7, 0.75, 0.74], **one))
    assert (paired.design, paired.note) == ("paired", "paired on 3 shared repeats of one seed")
    other = compare(runs([0.8, 0.82, 0.85], **one), runs(FIRST, seeds=range(10, 15)))
    assert (other.design, other.note) == ("welch", "not paired (Welch): 3 repeats of one seed against 5 seeds")


@pytest.mark.parametrize(
    ("first", "second", "design"),
    [
        (range(15), range(15), "paired"),
        (range(15), range(8), "paired"),
        (range(15), range(7), "welch"),
        (range(5), range(3, 8), "welch"),
        (range(4), range(2, 6), "paired"),
        ([2024], range(2024, 2039), "single"),
        ([1], [1], "patients"),
    ],
)
def test_the_design_follows_from_the_seeds_alone(first, second, design):
    rng = np.random.default_rng(0)
    arms = [tabled(rng.normal(size=(len(seeds), 30)), seeds=list(seeds), m=40) for seeds in (first, second)]
    assert compare(*arms).design == design
    assert compare(*arms[::-1]).design == design


def test_runs_are_paired_by_seed_and_repeat_whatever_their_order():
    first = runs([1, 2, 3], seeds=[5, 4, 4], repeats=[0, 1, 0])
    second = runs([30, 10, 20], seeds=[4, 5, 4], repeats=[0, 0, 1])
    one, other = shared_runs(first, second)
    assert (one.values * 10).tolist() == other.values.tolist() == [30, 20, 10]


def test_the_same_runs_are_a_tie_and_not_a_test():
    found = compare(runs(FIRST), runs(FIRST))
    assert (found.design, found.difference) == ("identical", 0)
    assert math.isnan(found.p)
    assert found.note == "the same values in every run"


def test_nothing_is_said_where_nothing_can_be():
    nothing = compare(runs([math.nan, math.nan]), runs(FIRST))
    assert (nothing.design, nothing.note) == ("none", "not compared: an arm has no value")
    assert math.isnan(nothing.p)
    constant = compare(runs([0.5, 0.5]), runs([0.4, 0.4]))
    assert constant.note == "not compared: the difference does not vary at all"
    assert (constant.difference, math.isnan(constant.p)) == (pytest.approx(0.1), True)
    unsure, other = (runs([value], bootstrap=np.full((1, 20), math.nan)) for value in (0.5, 0.4))
    assert "cannot be resampled" in compare(unsure, other).note
    with pytest.raises(ValueError, match="resamples that they share"):
        compare(runs(FIRST, m=3), runs(SECOND, m=4))


def test_a_test_split_of_one_patient_is_said_to_say_nothing_of_others():
    blank = np.full((5, 20), math.nan)
    found = compare(runs(FIRST, bootstrap=blank), runs(SECOND, bootstrap=blank))
    assert found.note == "paired on 5 shared seeds; of this test split alone, which cannot be resampled"
    assert found.p == pytest.approx(stats.ttest_rel(FIRST, SECOND).pvalue)
    assert math.isnan(found.se_patients)


def test_undefined_runs_and_resamples_are_left_out():
    rng = np.random.default_rng(3)
    scores = rng.normal(size=(2, 6, 40))
    whole = [tabled(arm[:5]) for arm in scores]
    holed = [tabled(arm) for arm in scores]
    holed[0].values[5] = math.nan
    assert compare(*holed) == compare(*whole)
    holed[0].bootstrap[2, 7] = math.nan
    fewer = [Runs(arm.seeds, arm.repeats, arm.values, np.delete(arm.bootstrap, 7, axis=1)) for arm in whole]
    assert compare(*holed).se == pytest.approx(compare(*fewer).se)


def test_few_patients_widen_the_interval():
    rng = np.random.default_rng(4)
    scores = rng.normal(size=(2, 1, 6)) + rng.normal(0, 0.1, (2, 5, 6))
    many, few = (compare(*map(tabled, scores), test_units=units) for units in (None, 6))
    assert few.se_patients == pytest.approx(many.se_patients * math.sqrt(6 / 5))
    assert few.high - few.low > many.high - many.low


def test_cochrans_value_lies_between_those_of_its_parts_and_p_turns_it_round():
    assert cochran([(2.0, 7)], 0.05) == pytest.approx(stats.t.ppf(0.975, 7))
    assert cochran([(1.0, 3), (1.0, 50)], 0.05) == pytest.approx(np.mean(stats.t.ppf(0.975, [3, 50])))
    for alpha in (0.9, 0.05, 1e-6):
        assert p_value(cochran([(1.0, 3), (2.0, 50)], alpha), [(1.0, 3), (2.0, 50)]) == pytest.approx(alpha)
    assert p_value(0, [(1.0, 3)]) == 1
    assert p_value(1e9, [(1.0, 100)]) == SMALLEST


def test_units_say_what_they_are():
    assert [units_of(runs(values)).words for values in ([1], [1, 2])] == ["1 run", "2 seeds"]
    assert units_of(runs([1, 2], seeds=[4, 4], repeats=[0, 1])).words == "2 repeats of one seed"


# The planted truth: values = seed + patient + both + noise, each of an arm and of all arms.
ARMS, PATIENTS, RESAMPLES = 4, 60, 100
SD = {"seed": 0.02, "patient": 0.1, "noise": 0.15}


def planted(rng, n_seeds, delta, counts):
    """One study of `ARMS` arms, of which the first is better by delta."""
    of_seed, of_patient = rng.normal(0, 0.02, n_seeds), rng.normal(0, 0.2, PATIENTS)
    arms = []
    for arm in range(ARMS):
        own = rng.normal(0, SD["seed"], (n_seeds, 1)) + rng.normal(0, SD["patient"], PATIENTS)
        scores = of_seed[:, None] + of_patient + own + rng.normal(0, SD["noise"], (n_seeds, PATIENTS))
        arms.append(runs(scores.mean(axis=1) + (delta if arm == 0 else 0), bootstrap=scores @ counts))
    return arms


def study_p(n_seeds, delta, studies, seed):
    """p-values (studies, pairs) after Holm, those of pairs with the better arm first, and whether intervals hold."""
    counts, rng = resample_counts(PATIENTS, RESAMPLES).T / PATIENTS, np.random.default_rng(seed)
    found, covered = [], []
    for _ in range(studies):
        arms = planted(rng, n_seeds, delta, counts)
        pairs = [compare(arms[i], arms[j], PATIENTS) for i in range(ARMS) for j in range(i + 1, ARMS)]
        found.append(holm([pair.p for pair in pairs]))
        covered.append(pairs[0].low <= delta <= pairs[0].high)
    return np.array(found), np.mean(covered)


def at_most(rate, n):
    """Three Monte-Carlo standard errors above a rate."""
    return rate + 3 * math.sqrt(rate * (1 - rate) / n)


@pytest.mark.parametrize("n_seeds", [2, 3, 10])
def test_identical_arms_are_told_apart_no_more_often_than_the_level_says(n_seeds):
    studies = 300
    found, covered = study_p(n_seeds, 0.0, studies, seed=n_seeds)
    assert ((found < 0.05).any(axis=1)).mean() <= at_most(0.05, studies)
    assert covered >= 1 - at_most(0.05, studies)


def test_a_planted_difference_is_found_as_often_as_its_error_lets_expect():
    studies, n_seeds = 300, 10
    # Of the difference of two arms: each term twice, over seeds, over patients, over both.
    variance = 2 * (SD["seed"] ** 2 / n_seeds + SD["patient"] ** 2 / PATIENTS + SD["noise"] ** 2 / n_seeds / PATIENTS)
    delta = 4 * math.sqrt(variance)
    found, covered = study_p(n_seeds, delta, studies, seed=1)
    assert covered >= 1 - at_most(0.05, studies)
    # A known error and Bonferroni's level are what Holm's first step has: power about Phi(4 - 2.64) = 0.91.
    expected = stats.norm.cdf(4 - stats.norm.isf(0.05 / 6 / 2))
    power = (found[:, : ARMS - 1] < 0.05).mean()
    assert expected - 0.12 < power < expected + 0.08
    # Pairs of equal arms are still told apart no more often than the level says.
    assert ((found[:, ARMS - 1 :] < 0.05).any(axis=1)).mean() <= at_most(0.05, studies)
