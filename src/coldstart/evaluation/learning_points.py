"""What the networks of successive lists are worth on the same small hold-out, and how sure that is."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from coldstart.evaluation.bootstrap import resample_counts, resampled_means
from coldstart.evaluation.classification import ranking_metrics
from coldstart.evaluation.intervals import auroc_interval, expanded_tail


@dataclass(frozen=True, eq=False)
class Point:
    """One list's network on the hold-out.

    Attributes
    ----------
    number : int
        The list.
    n_labelled : int
        Labels that it was trained on.
    value, low, high : float
        The metric and its 95 % interval; nan where it is undefined.
    resampled : numpy.ndarray, shape (m,)
        The metric in every resample of the hold-out's patients.
    n_patients : int
        Patients of the hold-out.
    """

    number: int
    n_labelled: int
    value: float
    low: float
    high: float
    resampled: np.ndarray
    n_patients: int


def measure(metric, truth, predictions, counts):
    """Measure predictions in every resample of a hold-out.

    Parameters
    ----------
    metric : {"auroc", "dice"}
    truth : array_like of int, shape (n,), or None
        Labels, for `auroc`.
    predictions : array_like of float, shape (n,)
        Probabilities, or the Dice coefficient of each image.
    counts : array_like, shape (m, n)
        How often each image counts.

    Returns
    -------
    numpy.ndarray, shape (m,)
        nan where a resample holds one class only.
    """
    counts = np.atleast_2d(np.asarray(counts, dtype=np.float64))
    return (
        ranking_metrics(truth, predictions, counts)["auroc"]
        if metric == "auroc"
        else resampled_means(predictions, counts)
    )


def measure_lists(metric, lists, *, bootstrap=1000):
    """Measure the networks of all lists on the images that their hold-outs share.

    Parameters
    ----------
    metric : {"auroc", "dice"}
    lists : list of tuple (int, int, pandas.DataFrame)
        Number of the list, labels trained on, and its hold-out: `sample_id`,
        `patient_id`, and `truth` and `probability`, or `dice`. In order; one
        without a hold-out or without labels is left out.
    bootstrap : int, default=1000
        Resamples of the patients.

    Returns
    -------
    points : list of Point
    shared : pandas.DataFrame
        Rows of the last hold-out that all lists have. Its labels count, should
        an image have been labelled otherwise before.
    """
    lists = [(number, n, holdout) for number, n, holdout in lists if n and len(holdout)]
    if not lists:
        return [], pd.DataFrame(columns=["sample_id", "patient_id", "truth"])
    shared = lists[-1][2]
    for _, _, holdout in lists[:-1]:
        shared = shared[shared["sample_id"].isin(holdout["sample_id"])]
    if shared.empty:
        return [], shared
    patients = shared["patient_id"].astype("object")
    counts = np.vstack([np.ones(len(shared)), resample_counts(len(shared), bootstrap, patients)])
    n_patients = patients.nunique() + int(patients.isna().sum())
    points = []
    for number, n, holdout in lists:
        column = "probability" if metric == "auroc" else "dice"
        predictions = holdout.set_index("sample_id")[column].loc[shared["sample_id"]].to_numpy()
        truth = shared["truth"].to_numpy() if metric == "auroc" else None
        value, *resampled = measure(metric, truth, predictions, counts)
        resampled = np.array(resampled)
        if metric == "auroc":
            low, high = auroc_interval(value, *class_patients(shared))
        else:
            low, high = interval(resampled, n_patients, 0.95, value)
        points.append(Point(number, int(n), float(value), low, high, resampled, n_patients))
    return points, shared


def class_patients(holdout):
    """Patients with a positive image and patients with a negative one.

    Parameters
    ----------
    holdout : pandas.DataFrame
        `patient_id` (null: a patient of its own) and `truth`.

    Returns
    -------
    tuple of int
    """
    patients = holdout["patient_id"].astype("object")
    found = [patients[holdout["truth"] == label] for label in (1, 0)]
    return tuple(int(own.nunique() + own.isna().sum()) for own in found)


def interval(resampled, n, level, value):
    """Percentile interval of resamples, widened for few patients, that holds the value itself."""
    resampled = resampled[np.isfinite(resampled)]
    if not resampled.size:
        return float("nan"), float("nan")
    tail = 100 * expanded_tail(n, level)
    low, high = np.percentile(resampled, (tail, 100 - tail))
    return float(min(low, value)), float(max(high, value))
