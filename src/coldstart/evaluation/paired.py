"""The difference of two arms, with what the seeds and what the patients of the test split add to its error.

Training seeds stand to test patients as the readers of an imaging study to its
cases: every network is measured on every patient. The error of the difference
is therefore that of the multi-reader multi-case study of Obuchowski and Rockette,
"Hypothesis testing of diagnostic accuracy for multiple readers and multiple
tests", Communications in Statistics - Simulation and Computation 24:285-308
(1995), with the bootstrap's covariances in place of the jackknife's. It is a
sum of two variances, of which that between seeds often has few degrees of
freedom: Satterthwaite's approximation then cries wolf (at two seeds, up to twice
the nominal rate and more after Holm), so that the critical value is Cochran's
mean of the two Student's values, "Approximate significance levels of the
Behrens-Fisher test", Biometrics 20:191-195 (1964), which errs on the safe side.
"""

from dataclasses import dataclass, field, replace

import numpy as np
from scipy.optimize import brentq
from scipy.special import stdtrit

from coldstart.evaluation.runs import Runs, shared_runs, units_of

LEVEL = 0.95
SMALLEST = 1e-12
# A spread this small against the difference is what floating-point numbers leave of none.
ROUNDING = 1e-9
NOTES = {
    "paired": "paired on {n} shared {unit}",
    "welch": "not paired (Welch): {first} against {second}",
    "single": "one run against {n} {unit}: the spread of a single run is taken to be theirs (Crawford and Howell 1998)",
    "patients": "not tested, one run each: the interval is that of the test split alone, without that of seeds",
    "identical": "the same values in every run",
    "none": "not compared: {why}",
}


@dataclass(frozen=True)
class Comparison:
    """How one arm does against another.

    Attributes
    ----------
    design : str
        A key of `NOTES`: what could be compared.
    difference : float
        Mean of the first arm less that of the second.
    low, high : float
        Its confidence interval.
    p : float
        Two-sided, of the hypothesis that there is no difference; nan where no
        test was made.
    se, se_runs, se_patients : float
        Standard error of the difference, and its parts: what other seeds and
        what other test patients would change. Squares add up.
    n_first, n_second : int
        Units of each arm: seeds, or repeats where an arm has one seed alone.
    note : str
        The design in words.
    """

    design: str
    difference: float = np.nan
    low: float = np.nan
    high: float = np.nan
    p: float = np.nan
    se: float = np.nan
    se_runs: float = np.nan
    se_patients: float = np.nan
    n_first: int = 0
    n_second: int = 0
    note: str = field(default="", compare=False)


def compare(first, second, test_units=None, level=LEVEL):
    """Compare two arms by one number of every run.

    Which runs are compared with which is decided by their seeds alone:

    - ``paired``: at least two seeds, and half of either arm's seeds, are the
      other's too. The differences of runs of the same seed and repeat are
      averaged over repeats; their variance over the n seeds, over n, is what
      other seeds would change. With one seed, its repeats take the place of seeds.
    - ``welch``: otherwise, all runs of both; Welch, "The generalization of
      Student's problem", Biometrika 34:28-35 (1947).
    - ``single``: one arm has a single run. Crawford and Howell, "Comparing an
      individual's test score against norms derived from small samples", The
      Clinical Neuropsychologist 12:482-486 (1998).
    - ``patients``: both have. Nothing is known of other seeds, so that there is
      an interval for these two networks and no test of the arms.

    What other patients would change is, in each of them, the variance over the
    resamples of the difference of means, less what the units do not share (which
    is in the variance between them already), times m / (m - 1) for m patients,
    which the bootstrap's variance is too small by.

    Parameters
    ----------
    first, second : Runs
        Runs without a value are left out; so are resamples in which one of the
        rest has none.
    test_units : int, optional
        Patients (or samples) that the resamples draw; by default many.
    level : float, default=0.95
        Of the interval.

    Returns
    -------
    Comparison

    Raises
    ------
    ValueError
        If the two do not have the same number of resamples.
    """
    first, second = first.defined(), second.defined()
    if not (len(first.values) and len(second.values)):
        return impossible("an arm has no value")
    if first.bootstrap.shape[1] != second.bootstrap.shape[1]:
        raise ValueError("arms are compared on resamples that they share")
    known = ~(np.isnan(first.bootstrap).any(axis=0) | np.isnan(second.bootstrap).any(axis=0))
    first, second = (Runs(a.seeds, a.repeats, a.values, a.bootstrap[:, known]) for a in (first, second))

    pairs = shared_runs(first, second)
    if pairs is not None:
        one, other = pairs
        gaps = Runs(one.seeds, one.repeats, one.values - other.values, one.bootstrap - other.bootstrap)
        samples = [units_of(gaps)]
        sizes = [len(samples[0])] * 2
        difference, resampled = samples[0].values.mean(), samples[0].bootstrap.mean(axis=0)
        words = {"n": len(samples[0]), "unit": samples[0].words.partition(" ")[2]}
        design = "paired"
    else:
        samples = [units_of(first), units_of(second)]
        sizes = [len(units) for units in samples]
        difference = samples[0].values.mean() - samples[1].values.mean()
        resampled = samples[0].bootstrap.mean(axis=0) - samples[1].bootstrap.mean(axis=0)
        design = ("patients", "single", "welch")[sum(size > 1 for size in sizes)]
        more = max(samples, key=len)
        words = {"first": samples[0].words, "second": samples[1].words, "n": len(more)}
        words["unit"] = more.words.partition(" ")[2]
    if difference == 0 and not resampled.any() and all(not np.ptp(units.values) for units in samples):
        return Comparison("identical", 0.0, 0.0, 0.0, n_first=sizes[0], n_second=sizes[1], note=NOTES["identical"])

    parts, unshared = run_parts(design, samples)
    patients = patient_part(resampled, unshared, test_units)
    found = Comparison(
        design, float(difference), n_first=sizes[0], n_second=sizes[1], note=NOTES[design].format(**words)
    )
    return tested(found, parts, patients, level)


def impossible(why):
    """A comparison that nothing can be said of."""
    return Comparison("none", note=NOTES["none"].format(why=why))


def run_parts(design, samples):
    """Variances of the difference that come of the runs, and what of the resamples' variance they hold already.

    Parameters
    ----------
    design : str
        A key of `NOTES`.
    samples : list of Units
        The differences, or the units of both arms.

    Returns
    -------
    parts : list of (float, float)
        Variance and degrees of freedom.
    unshared : float
        Variance over patients that the units do not share; 0 where it is not known.
    """
    if design == "patients":
        return [], 0.0
    several = [units for units in samples if len(units) > 1]
    enough = samples[0].bootstrap.shape[1] > 1
    if design == "single":
        (others,) = several
        n = len(others)
        return [(others.variance * (1 + 1 / n), n - 1)], others.excess * (1 + 1 / n) if enough else 0.0
    parts = [(units.variance / len(units), len(units) - 1) for units in several]
    return parts, sum(units.excess / len(units) for units in several) if enough else 0.0


def patient_part(resampled, unshared, test_units):
    """Variance of the difference that comes of the test patients, and its degrees of freedom.

    Parameters
    ----------
    resampled : numpy.ndarray, shape (m,)
        Difference of the means in every resample.
    unshared : float
        From `run_parts`.
    test_units : int or None
        Patients that are drawn.

    Returns
    -------
    tuple of float
        The errors of a variance by few patients and by few resamples add up, so
        that the reciprocals of their degrees of freedom do. nan where there
        are fewer than two of either.
    """
    if len(resampled) < 2 or (test_units is not None and test_units < 2):
        return np.nan, np.nan
    variance = max(resampled.var(ddof=1) - unshared, 0.0)
    few = 0.0 if test_units is None else 1 / (test_units - 1)
    return variance * (1 + few), 1 / (1 / (len(resampled) - 1) + few)


def tested(found, parts, patients, level):
    """Add standard error, interval and p-value to a comparison.

    Parameters
    ----------
    found : Comparison
        Its difference.
    parts : list of (float, float)
        From `run_parts`.
    patients : (float, float)
        From `patient_part`; nan where nothing is known of them: the test is then
        of these very patients, and says so.
    level : float

    Returns
    -------
    Comparison
    """
    if np.isnan(patients[0]):
        if not parts:
            return impossible("one run each, and a test split that cannot be resampled")
        found = replace(found, note=f"{found.note}; of this test split alone, which cannot be resampled")
    runs = sum(variance for variance, _ in parts)
    variances = [*parts, *([] if np.isnan(patients[0]) else [patients])]
    total = sum(variance for variance, _ in variances)
    errors = {"se_runs": float(np.sqrt(runs)) if parts else np.nan, "se_patients": float(np.sqrt(patients[0]))}
    if total <= (ROUNDING * found.difference) ** 2:
        return replace(impossible("the difference does not vary at all"), difference=found.difference)
    se = np.sqrt(total)
    reach = cochran(variances, 1 - level) * se
    p = np.nan if found.design == "patients" else p_value(abs(found.difference) / se, variances)
    return replace(
        found,
        low=float(found.difference - reach),
        high=float(found.difference + reach),
        p=p,
        se=float(se),
        **errors,
    )


def cochran(variances, alpha):
    """Critical value of a mean over its standard error, whose square is a sum of estimated variances.

    Parameters
    ----------
    variances : list of (float, float)
        Variance and degrees of freedom.
    alpha : float
        Two-sided.

    Returns
    -------
    float
        Mean of the Student's values, weighted by the variances (Cochran 1964).
    """
    total = sum(variance for variance, _ in variances)
    return float(sum(variance * -stdtrit(freedom, alpha / 2) for variance, freedom in variances) / total)


def p_value(t, variances):
    """Level at which a ratio is critical, see `cochran`; not below 1e-12."""
    if t <= 0:
        return 1.0
    if cochran(variances, SMALLEST) <= t:
        return SMALLEST
    return float(brentq(lambda alpha: cochran(variances, alpha) - t, SMALLEST, 1, xtol=SMALLEST / 10, rtol=1e-10))
