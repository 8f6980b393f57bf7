"""Where the learning curve of a small hold-out is going: an inverse power law, and how sure it is.

Figueroa et al., "Predicting sample size required for classification
performance", BMC Medical Informatics and Decision Making 12:8 (2012): the curve
a - b n^-c by weighted least squares, in which point j of m weighs j / m.

What is not known has two sources. The hold-out is small: its patients are
resampled, the same ones at every point. And a network trained again on as many
labels is another one: that noise is drawn anew for every fit, as large as the
points' distance from the curve tells, which with few points is little; so long
it is taken as `NOISE`.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from coldstart.evaluation.intervals import expanded_tail

# Exponents that are tried, and the points of the drawn curve.
EXPONENTS = np.geomspace(0.05, 2, 40)
STEPS = 60
# Standard deviation between trainings, taken to be known as well as from so many points.
NOISE, NOISE_POINTS = 0.02, 4
PARAMETERS = 3


@dataclass(frozen=True, eq=False)
class Forecast:
    """What the next labels are expected to add.

    Attributes
    ----------
    kind : {"curve", "range", "none"}
        From three numbers of labels on there is a curve; from two there is a
        range without an expectation; else nothing.
    gain, low, high : float
        What they add to the metric, and its 90 % interval; nan where unknown.
    curve : pandas.DataFrame
        `n_labelled`, `value`, `low`, `high` (90 %) of the fitted curve, from the
        first point to the next one; without rows where there is no curve.
    exponent : float
        c of the curve; nan without one.
    """

    kind: str
    gain: float
    low: float
    high: float
    curve: pd.DataFrame
    exponent: float


NO_CURVE = pd.DataFrame({name: pd.Series(dtype="float64") for name in ("n_labelled", "value", "low", "high")})


def fit_power_law(n, values, weights):
    """Fit a - b n^-c to many curves at once: a at most 1, b at least 0, c in (0, 2].

    Parameters
    ----------
    n : array_like of float, shape (p,)
        Labels, at least 1.
    values : array_like of float, shape (m, p)
        The metric of every curve, between 0 and 1.
    weights : array_like of float, shape (p,)

    Returns
    -------
    a, b, c : numpy.ndarray, shape (m,)
        The least squares of each curve: for each of `EXPONENTS` the best a and
        b within their bounds, in closed form; of equal exponents the smallest.
    """
    y, w = np.asarray(values, dtype=np.float64), np.asarray(weights, dtype=np.float64)
    w = w / w.sum()
    x = np.asarray(n, dtype=np.float64)[None] ** -EXPONENTS[:, None]
    mean_x, mean_y = x @ w, (y @ w)[:, None]
    spread = (x - mean_x[:, None]) * w
    square = np.maximum((spread * x).sum(axis=1), np.finfo(float).tiny)
    b = np.maximum(-(y @ spread.T) / square, 0)
    a = mean_y + b * mean_x
    # Where the asymptote would be above 1 it is 1, and the curve turns about it.
    b = np.where(a > 1, np.maximum(((1 - y) * w) @ x.T, 0) / (x**2 @ w), b)
    a = np.minimum(a, 1)
    errors = (((y[:, None] - a[..., None] + b[..., None] * x) ** 2) * w).sum(axis=2)
    best = np.argmin(np.round(errors, 15), axis=1)
    rows = np.arange(len(y))
    return a[rows, best], b[rows, best], EXPONENTS[best]


def forecast(points, next_n, *, seed=0):
    """Predict what the next labels add, and how sure that is.

    Parameters
    ----------
    points : list of Point
        In the order of the lists; those whose metric is undefined are left out.
    next_n : int
        Labels to come.
    seed : int, default=0
        Of the noise between trainings.

    Returns
    -------
    Forecast
        The gain is that of the curve, the mean over trainings: at least 0.
    """
    points = [point for point in points if np.isfinite(point.value)]
    n = np.array([point.n_labelled for point in points], dtype=np.float64)
    if next_n < 1 or len(np.unique(n)) < 2:
        return Forecast("none", np.nan, np.nan, np.nan, NO_CURVE, np.nan)
    values = np.array([point.value for point in points])
    resampled = np.stack([point.resampled for point in points], axis=1)
    resampled = resampled[np.isfinite(resampled).all(axis=1)]
    rng = np.random.default_rng(seed)
    tail = expanded_tail(points[-1].n_patients, 0.9)
    # Point j of m, by the number of labels.
    weights = (1 + np.argsort(np.argsort(n, kind="stable"), kind="stable")) / len(n)
    weights = weights / weights.mean()
    if len(np.unique(n)) < PARAMETERS:
        drawn = resampled + training_noise(rng, resampled.shape, weights, 0.0, 0)
        first, last = ((n == end).astype(float) / (n == end).sum() for end in (n.min(), n.max()))
        high = np.quantile(drawn @ (last - first), 1 - tail) * next_n / np.ptp(n)
        return Forecast("range", np.nan, 0.0, float(np.clip(high, 0, 1 - points[-1].low)), NO_CURVE, np.nan)

    law = fit_power_law(n, values[None], weights)
    residuals = values - evaluate_power_law(law, n)[0]
    drawn = resampled + training_noise(
        rng, resampled.shape, weights, float(weights @ residuals**2), max(len(n) - PARAMETERS, 0)
    )
    laws = fit_power_law(n, np.clip(drawn, 0, 1), weights)
    ends = np.array([n[-1], n[-1] + next_n])
    gain = float(np.diff(evaluate_power_law(law, ends)[0])[0])
    low, high = np.quantile(np.diff(evaluate_power_law(laws, ends))[:, 0], (tail, 1 - tail))
    grid = np.linspace(n.min(), max(ends[-1], n.max()), STEPS)
    band = np.quantile(evaluate_power_law(laws, grid), (tail, 1 - tail), axis=0)
    value = evaluate_power_law(law, grid)[0]
    curve = pd.DataFrame(
        {"n_labelled": grid, "value": value, "low": np.minimum(band[0], value), "high": np.maximum(band[1], value)}
    )
    return Forecast("curve", gain, float(min(low, gain)), float(max(high, gain)), curve.clip(lower=0), float(law[2][0]))


def evaluate_power_law(law, n):
    """Values (m, p) of m curves at p numbers of labels."""
    a, b, c = (parameter[:, None] for parameter in law)
    return a - b * np.asarray(n, dtype=np.float64) ** -c


def training_noise(rng, shape, weights, squares, freedom):
    """Noise between trainings, (m, p): its variance drawn per curve from what the residuals and `NOISE` tell of it.

    The scaled inverse chi-square of a normal variance, with `NOISE` as if seen
    in `NOISE_POINTS` points before (Gelman et al., Bayesian Data Analysis, 3rd
    ed., section 2.6); a point's variance goes by its weight.
    """
    total = NOISE_POINTS * NOISE**2 + squares
    variance = total / rng.chisquare(NOISE_POINTS + freedom, (shape[0], 1))
    return rng.standard_normal(shape) * np.sqrt(variance / weights)
