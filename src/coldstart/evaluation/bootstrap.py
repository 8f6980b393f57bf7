"""Bootstrap of a test set: which samples each resample holds, and the standard error.

Yuan & Hong (2024): resample i of 100 is drawn with replacement by NumPy's
legacy generator seeded with i; in their code the standard error is the width of
the 95 % percentile interval over 2 x 1.96, not the standard deviation.
"""

import numpy as np
import pandas as pd

Z_95 = 1.96


def resample_counts(n, resamples=100, groups=None):
    """How often each sample occurs in each bootstrap resample.

    Parameters
    ----------
    n : int
        Number of samples.
    resamples : int, default=100
        Number of resamples.
    groups : sequence of str, optional
        Patient of each sample. Given, patients are drawn and bring all their
        samples; a sample without a patient (null) counts as its own.

    Returns
    -------
    numpy.ndarray of float64, shape (resamples, n)
        Resample i equals ``np.random.seed(i); np.random.choice(range(n), n)``
        of the published code, with no global state.
    """
    member = np.arange(n) if groups is None else group_codes(groups)
    units = int(member.max(initial=-1)) + 1
    counts = np.empty((resamples, n))
    for i in range(resamples):
        drawn = np.random.RandomState(i).choice(units, units)
        counts[i] = np.bincount(drawn, minlength=units)[member]
    return counts


def group_codes(groups):
    """Number the groups in order of appearance, null ones apart."""
    groups = pd.Series(list(groups), dtype=object)
    own = pd.Series([("sample", i) for i in range(len(groups))], dtype=object)
    return pd.factorize(groups.where(groups.notna(), own))[0]


def resampled_means(values, counts):
    """Mean of per-sample values in each resample, nan values left out.

    Parameters
    ----------
    values : array_like of float, shape (n,)
        One value per sample.
    counts : numpy.ndarray, shape (m, n)
        How often each sample counts.

    Returns
    -------
    numpy.ndarray, shape (m,)
        nan where a resample holds no defined value.
    """
    values = np.asarray(values, dtype=np.float64)
    defined = ~np.isnan(values)
    total = counts[:, defined].sum(axis=1)
    sums = counts[:, defined] @ values[defined]
    return np.divide(sums, total, out=np.full(len(counts), np.nan), where=total > 0)


def percentile_se(values):
    """Standard error from bootstrap values: (P97.5 - P2.5) / (2 x 1.96).

    Parameters
    ----------
    values : array_like of float
        Bootstrap values. nan, a metric undefined in a resample of one class,
        is left out; the published code fails there.

    Returns
    -------
    float
        nan if no value is defined.
    """
    values = np.asarray(values, dtype=np.float64)
    values = values[~np.isnan(values)]
    if not values.size:
        return float("nan")
    low, high = np.percentile(values, (2.5, 97.5))
    return float((high - low) / (2 * Z_95))


def deviation_se(values):
    """Standard error from bootstrap values: their standard deviation, as the textbooks have it.

    Efron, "Bootstrap methods: another look at the jackknife", 1979; with the
    number of values as divisor.

    Parameters
    ----------
    values : array_like of float
        Bootstrap values; nan is left out.

    Returns
    -------
    float
        nan if no value is defined.
    """
    values = np.asarray(values, dtype=np.float64)
    values = values[~np.isnan(values)]
    return float(values.std()) if values.size else float("nan")


ESTIMATORS = {"percentile": percentile_se, "deviation": deviation_se}


def pooled_se(values, standard_error="percentile"):
    """Standard error over the pooled bootstrap values of several runs.

    Parameters
    ----------
    values : iterable of array_like
        The bootstrap values of each run. Pooling lets the variance between
        runs in, as Yuan & Hong do for random sampling (10 runs x 100).
    standard_error : {"percentile", "deviation"}, default="percentile"
        `percentile_se` or `deviation_se`.

    Returns
    -------
    float
        nan if no value is defined.
    """
    values = [np.asarray(run, dtype=np.float64) for run in values]
    return ESTIMATORS[standard_error](np.concatenate(values) if values else [])
