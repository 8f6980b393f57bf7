"""Confidence intervals that hold for a small hold-out too."""

import math

from scipy.optimize import brentq
from scipy.stats import norm, t

BESIDE = 1e-9


def auroc_interval(value, positives, negatives, level=0.95):
    """Confidence interval of an area under the ROC curve.

    Newcombe, "Confidence intervals for an effect size measure based on the
    Mann-Whitney statistic. Part 2", Statistics in Medicine 25:559-573 (2006),
    method 5: the values whose own standard error (Hanley and McNeil 1982, with
    the mean of both numbers in place of each) reaches as far as the estimate.
    Unlike the bootstrap's it has a width where all samples are ranked rightly.

    Parameters
    ----------
    value : float
        The area.
    positives, negatives : int
        Independent samples of either class.
    level : float, default=0.95

    Returns
    -------
    low, high : float
        nan where the area is undefined.
    """
    if not math.isfinite(value) or min(positives, negatives) < 1:
        return math.nan, math.nan
    z, more = norm.ppf((1 + level) / 2), (positives + negatives) / 2 - 1

    def beyond(area):
        variance = area * (1 - area) / (positives * negatives)
        variance *= 1 + more * (1 - area) / (2 - area) + more * area / (1 + area)
        return (area - value) ** 2 - z**2 * variance

    # At 0 and 1 the estimate itself solves the equation: the other solution is looked for beside it.
    low = brentq(beyond, 0, min(value, 1 - BESIDE)) if value > 0 else 0.0
    high = brentq(beyond, max(value, BESIDE), 1) if value < 1 else 1.0
    return float(low), float(high)


def expanded_tail(n, level):
    """Share of bootstrap values beyond either end of a percentile interval that is as wide as one of Student's.

    Percentile intervals of few samples are too short; Hesterberg, "What teachers
    should know about the bootstrap", The American Statistician 69:371-386 (2015),
    section 5.3: the expanded percentile interval.

    Parameters
    ----------
    n : int
        Independent samples.
    level : float
        Confidence, for example 0.95.

    Returns
    -------
    float
        Near (1 - level) / 2 for many samples, 0 for fewer than two.
    """
    if n < 2:
        return 0.0
    return float(norm.cdf(-math.sqrt(n / (n - 1)) * t.ppf((1 + level) / 2, n - 1)))
