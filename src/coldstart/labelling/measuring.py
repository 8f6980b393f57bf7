"""What a network is worth on the hold-out, which may be small or of one class."""

import math

import numpy as np
import pandas as pd

from coldstart.evaluation.classification import auprc_trapezoid, youden_threshold
from coldstart.evaluation.evaluate import evaluate_classification, evaluate_segmentation
from coldstart.evaluation.segmentation import dice, mean_dice


def validation(task):
    """Metric by which the epoch is chosen: AUPRC or mean Dice.

    Parameters
    ----------
    task : {"classification", "segmentation"}

    Returns
    -------
    callable
        ``validate(targets, probabilities) -> float``; nan for labels of one
        class, by which no epoch can be told from another.
    """
    if task == "segmentation":
        return mean_dice
    return lambda y, p: auprc_trapezoid(y, p) if both_classes(y) else math.nan


def decision_threshold(y, p):
    """Probability from which the hold-out speaks for calling an image positive.

    Parameters
    ----------
    y, p : numpy.ndarray, shape (n,)
        Labels and predicted probabilities of the hold-out.

    Returns
    -------
    float
        The Youden threshold; 0.5 where the hold-out holds one class or nothing
        beats chance.
    """
    threshold = youden_threshold(y, p) if both_classes(y) else math.inf
    return threshold if math.isfinite(threshold) else 0.5


def holdout_table(task, samples, targets, predicted):
    """What there is to measure, image by image.

    Parameters
    ----------
    task : {"classification", "segmentation"}
    samples : pandas.DataFrame
        `sample_id` and `patient_id` of the n images of the hold-out.
    targets : numpy.ndarray
        Their labels (n,) or masks (n, size, size).
    predicted : numpy.ndarray
        Their probabilities, of the same shape.

    Returns
    -------
    pandas.DataFrame
        `sample_id`, `patient_id`, and `truth` and `probability`, or `dice`.
    """
    table = samples[["sample_id", "patient_id"]].reset_index(drop=True)
    if task == "classification":
        return table.assign(truth=targets.astype(np.int64), probability=predicted.astype(np.float64))
    values = [dice(mask, scores >= 0.5) for mask, scores in zip(targets, predicted, strict=True)]
    return table.assign(dice=pd.Series(values, dtype="float64"))


def holdout_metrics(task, samples, targets, predicted, threshold):
    """All metrics of a network on the hold-out, with standard errors over its patients.

    Parameters
    ----------
    task, samples, targets, predicted
        As for `holdout_table`.
    threshold : float
        From which a sample is called positive (classification).

    Returns
    -------
    pandas.DataFrame
        As `coldstart.evaluation.evaluate.evaluate_classification` gives them;
        without rows where the hold-out is empty or of one class.
    """
    if not len(samples) or (task == "classification" and not both_classes(targets)):
        return pd.DataFrame({"metric": [], "value": [], "se": [], "bootstrap": []})
    groups = samples["patient_id"]
    if task == "classification":
        return evaluate_classification(targets, predicted, threshold, groups=groups)
    return evaluate_segmentation(targets, predicted, groups=groups)[0]


def both_classes(y):
    """Whether labels hold 0 and 1."""
    return len(np.unique(y)) == 2
