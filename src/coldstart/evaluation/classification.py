"""Metrics of a binary classifier: from its ranking, and at a threshold.

Everything is computed from how often each sample counts, so that one pass over
the sorted scores serves the point estimate and all bootstrap resamples alike.
A ratio 0/0 is nan throughout, never 0 or 1.
"""

import numpy as np

from coldstart.errors import InputError


def checked(y, p):
    """Labels and scores as arrays, refused where they cannot be evaluated.

    Parameters
    ----------
    y : array_like of int, shape (n,)
        Labels, 0 or 1.
    p : array_like of float, shape (n,)
        Scores, higher for the positive class.

    Returns
    -------
    tuple of numpy.ndarray
        Labels as int64 and scores as float64.

    Raises
    ------
    InputError
        If there are no samples, the lengths differ, a label is neither 0 nor 1
        or a score is not finite.
    """
    y, p = np.asarray(y), np.asarray(p, dtype=np.float64)
    if y.ndim != 1 or y.shape != p.shape or not y.size:
        raise InputError(
            f"labels of shape {y.shape} and scores of shape {p.shape} cannot be evaluated: "
            "give one label and one score per sample, and at least one sample."
        )
    if not np.isin(y, (0, 1)).all():
        raise InputError("a label is neither 0 nor 1: evaluate labelled samples only, coded 0 and 1.")
    if not np.isfinite(p).all():
        raise InputError(
            f"{int((~np.isfinite(p)).sum())} of {p.size} predicted scores are not finite: "
            "the training has diverged, lower the learning rate."
        )
    return y.astype(np.int64), p


def ranking_metrics(y, p, counts):
    """Areas under the precision-recall and ROC curves, for weighted samples.

    Parameters
    ----------
    y, p : array_like, shape (n,)
        Labels and scores.
    counts : array_like, shape (m, n)
        How often each sample counts; one row per resample.

    Returns
    -------
    dict of str to numpy.ndarray
        ``auprc`` (trapezoidal), ``average_precision`` and ``auroc``, each of
        shape (m,); nan where the resample holds one class only.

    Notes
    -----
    Samples of equal score share one point of either curve. A sample that a
    resample has left out adds a point of zero width, which changes no area.
    """
    y, p = checked(y, p)
    counts = np.atleast_2d(np.asarray(counts, dtype=np.float64))
    order = np.argsort(-p, kind="stable")
    steps = np.append(np.flatnonzero(np.diff(p[order])), p.size - 1)
    tp = np.cumsum(counts[:, order] * y[order], axis=1)[:, steps]
    fp = np.cumsum(counts[:, order] * (1 - y[order]), axis=1)[:, steps]
    start = np.zeros((len(counts), 1))
    # Before the first sample precision is taken as 1, as in scikit-learn.
    precision = np.hstack([start + 1, np.where(tp + fp > 0, tp / np.maximum(tp + fp, 1), 1.0)])
    recall = np.hstack([start, tp / np.maximum(tp[:, -1:], 1)])
    fpr = np.hstack([start, fp / np.maximum(fp[:, -1:], 1)])
    areas = {
        "auprc": np.trapezoid(precision, recall, axis=1),
        "average_precision": np.sum(np.diff(recall, axis=1) * precision[:, 1:], axis=1),
        "auroc": np.trapezoid(recall, fpr, axis=1),
    }
    defined = (tp[:, -1] > 0) & (fp[:, -1] > 0)
    return {name: np.where(defined, area, np.nan) for name, area in areas.items()}


def threshold_metrics(y, p, threshold, counts):
    """Metrics of the decision ``p >= threshold``, for weighted samples.

    Parameters
    ----------
    y, p : array_like, shape (n,)
        Labels and scores.
    threshold : float
        Least score that is called positive; inf calls none positive.
    counts : array_like, shape (m, n)
        How often each sample counts; one row per resample.

    Returns
    -------
    dict of str to numpy.ndarray
        ``f1`` = 2TP/(2TP+FP+FN), ``sensitivity``, ``specificity``, ``ppv``,
        ``npv``, ``accuracy`` and ``balanced_accuracy``, each of shape (m,); nan
        where the denominator is zero.
    """
    y, p = checked(y, p)
    counts = np.atleast_2d(np.asarray(counts, dtype=np.float64))
    called = p >= threshold
    tp, fp = counts @ (called & (y == 1)), counts @ (called & (y == 0))
    fn, tn = counts @ (~called & (y == 1)), counts @ (~called & (y == 0))
    sensitivity, specificity = _ratio(tp, tp + fn), _ratio(tn, tn + fp)
    return {
        "f1": _ratio(2 * tp, 2 * tp + fp + fn),
        "sensitivity": sensitivity,
        "specificity": specificity,
        "ppv": _ratio(tp, tp + fp),
        "npv": _ratio(tn, tn + fn),
        "accuracy": _ratio(tp + tn, tp + tn + fp + fn),
        "balanced_accuracy": (sensitivity + specificity) / 2,
    }


def _ratio(part, whole):
    return np.divide(part, whole, out=np.full(part.shape, np.nan), where=whole > 0)


def auprc_trapezoid(y, p):
    """Trapezoidal area under the precision-recall curve; nan for one class.

    Yuan & Hong's AUPRC: ``auc(recall, precision)`` of scikit-learn's
    ``precision_recall_curve``. It is not the average precision, which
    interpolates in steps and is mostly a little lower.
    """
    return float(ranking_metrics(y, p, np.ones((1, len(y))))["auprc"][0])


def average_precision(y, p):
    """Sum of precision times the gain in recall; nan for one class."""
    return float(ranking_metrics(y, p, np.ones((1, len(y))))["average_precision"][0])


def auroc(y, p):
    """Area under the ROC curve; nan for one class."""
    return float(ranking_metrics(y, p, np.ones((1, len(y))))["auroc"][0])


def f1_at(y, p, threshold):
    """F1 of the decision ``p >= threshold``; nan where nothing is or is called positive."""
    return float(threshold_metrics(y, p, threshold, np.ones((1, len(y))))["f1"][0])


def youden_threshold(y, p, decimals=None):
    """Threshold with the largest Youden index, tpr - fpr (Youden 1950).

    Parameters
    ----------
    y, p : array_like, shape (n,)
        Labels and scores of the validation split.
    decimals : int, optional
        Round the threshold; 3 is what Yuan & Hong's code does. Rounding up can
        pass over the very sample that gave the threshold.

    Returns
    -------
    float
        The highest of the thresholds that share the largest index, to be used
        as ``p >= threshold``. It is inf, which calls no sample positive, where
        no threshold does better than chance.

    Raises
    ------
    InputError
        If only one class is present.
    """
    y, p = checked(y, p)
    if y.min() == y.max():
        raise InputError(
            f"all {y.size} validation samples are {'positive' if y[0] else 'negative'}, so no threshold can be chosen: "
            "use a larger or a stratified validation split."
        )
    from sklearn.metrics import roc_curve  # takes a second, and an evaluation does not choose

    fpr, tpr, thresholds = roc_curve(y, p)
    best = float(thresholds[np.argmax(tpr - fpr)])
    return best if decimals is None else round(best, decimals)
