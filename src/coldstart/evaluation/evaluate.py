"""All metrics of one trained network on the test split, with standard errors."""

from typing import Literal

import numpy as np
import pandas as pd

from coldstart.errors import InputError
from coldstart.evaluation.bootstrap import ESTIMATORS, resample_counts, resampled_means
from coldstart.evaluation.classification import checked, ranking_metrics, threshold_metrics
from coldstart.evaluation.segmentation import dice, hausdorff_pair, row_hd
from coldstart.evaluation.stacks import volume_table
from coldstart.progress import track


def evaluate_classification(y, p, threshold, *, bootstrap=100, groups=None, standard_error="percentile"):
    """Evaluate a classifier on the test split.

    Parameters
    ----------
    y : array_like of int, shape (n,)
        Labels, 0 or 1.
    p : array_like of float, shape (n,)
        Predicted probability of the positive class.
    threshold : float
        Chosen on the validation split; ``p >= threshold`` is called positive.
    bootstrap : int, default=100
        Number of bootstrap resamples; 0 gives no standard error.
    groups : sequence of str, optional
        Patient of each sample: resample patients instead of samples.
    standard_error : {"percentile", "deviation"}, default="percentile"
        How it follows from the bootstrap values, see `coldstart.evaluation.bootstrap`.

    Returns
    -------
    pandas.DataFrame
        Columns ``metric``, ``value``, ``se`` and ``bootstrap`` (the value of
        every resample; nan where it is undefined there).

    Raises
    ------
    InputError
        If the test split holds one class only.
    """
    y, p = checked(y, p)
    if y.min() == y.max():
        raise InputError(
            f"all {y.size} samples of the test split are {'positive' if y[0] else 'negative'}, so AUPRC and AUROC are "
            "undefined: use a larger or a stratified test split."
        )
    return classification_frame(y, p, threshold, sample_counts(y.size, bootstrap, groups), standard_error)


def classification_frame(y, p, threshold, counts, standard_error="percentile"):
    """Metrics of a classifier from resamples that are drawn already, for many classifiers on one test split.

    Parameters
    ----------
    y, p, threshold, standard_error
        As for `evaluate_classification`.
    counts : numpy.ndarray of float64, shape (m, n)
        From `sample_counts`.

    Returns
    -------
    pandas.DataFrame
        As `evaluate_classification`.
    """
    return _summary({**ranking_metrics(y, p, counts), **threshold_metrics(y, p, threshold, counts)}, standard_error)


def evaluate_segmentation(
    truth,
    maps,
    *,
    spacing=None,
    threshold=0.5,
    bootstrap=100,
    groups=None,
    standard_error="percentile",
    decimals=None,
    empty: Literal["diagonal", "nan"] = "diagonal",
    stacks=None,
    both_empty: Literal["one", "nan"] = "one",
    zero_division: Literal["nan", 0, 1] = "nan",
):
    """Evaluate a segmentation network on the test split.

    Every metric is computed per image and averaged over images; the bootstrap
    resamples the values of the images. Where the images are slices of volumes,
    further metrics are computed per volume and averaged over volumes; the
    bootstrap resamples the patients then.

    Parameters
    ----------
    truth : sequence of array_like, shape (n, H, W)
        True masks, 0 or 1.
    maps : sequence of array_like, shape (n, H, W)
        Foreground probabilities, of any float type. A memory map is read one
        image at a time.
    spacing : array_like of float, shape (2,) or (n, 2), optional
        Height and width in mm of a pixel *of the maps* (of the source image
        times source size over map size). Without it, or where it is nan for an
        image, there are no distances in mm.
    threshold : float, default=0.5
        A pixel is foreground where its probability is at least this.
    bootstrap : int, default=100
        Number of bootstrap resamples; 0 gives no standard error.
    groups : sequence of str, optional
        Patient of each image: resample patients instead of images.
    standard_error : {"percentile", "deviation"}, default="percentile"
        As for `evaluate_classification`.
    decimals : int, optional
        Round the values of an image before averaging; the published code of
        Yuan & Hong formats them with 3.
    empty : {"diagonal", "nan"}, default="diagonal"
        Boundary distances where exactly one of truth and prediction is empty,
        see `coldstart.evaluation.segmentation.hausdorff`. With "nan" such
        images are left out of the mean distance.
    stacks : pandas.DataFrame, optional
        Which slice of which volume each image is, see
        `coldstart.evaluation.stacks.volume_table`; by default they are none.
    both_empty : {"one", "nan"}, default="one"
    zero_division : {"nan", 0, 1}, default="nan"
        As for `coldstart.evaluation.stacks.volume_metrics`.

    Returns
    -------
    summary : pandas.DataFrame
        Columns ``metric``, ``value``, ``se`` and ``bootstrap``.
    images : pandas.DataFrame
        One row per image, in the given order: every metric, and the foreground
        pixels of truth and prediction as ``truth_pixels``, ``predicted_pixels``.

    Raises
    ------
    InputError
        If there are no images, or masks, maps and spacing do not match.
    """
    if len(truth) != len(maps) or not len(maps):
        raise InputError(
            f"{len(truth)} true masks and {len(maps)} predicted maps cannot be evaluated: "
            "give one mask per map, and at least one image in the test split."
        )
    millimetres = _spacing_per_image(spacing, len(maps))
    rows = [
        image_metrics(truth[i], np.asarray(maps[i], dtype=np.float64) >= threshold, millimetres[i], empty)
        for i in track(range(len(maps)), "evaluating masks")
    ]
    images = pd.DataFrame(rows)
    if np.isnan(millimetres).any(axis=1).all():
        images = images.drop(columns=["hd_mm", "hd95_mm"])
    metrics = [name for name in images if not name.endswith("_pixels")]
    round_to(images, metrics, decimals)
    counts = sample_counts(len(images), bootstrap, groups)
    estimates = {name: resampled_means(images[name], counts) for name in metrics}
    if stacks is not None:
        rules = {"empty": empty, "both_empty": both_empty, "zero_division": zero_division}
        volumes = volume_table(truth, maps, stacks, millimetres, threshold, **rules)
        metrics = [name for name in volumes if name.endswith("_volume")]
        round_to(volumes, metrics, decimals)
        counts = sample_counts(len(volumes), bootstrap, volumes["patient_id"])
        estimates.update({name: resampled_means(volumes[name], counts) for name in metrics})
    return _summary(estimates, standard_error), images


def round_to(table, metrics, decimals):
    """Round the values of images or volumes, in place."""
    if decimals is not None:
        # Python rounds as formatting does; numpy's multiplication may not.
        table[metrics] = table[metrics].map(lambda value: round(value, decimals))


def image_metrics(truth, predicted, spacing, empty="diagonal"):
    """Metrics of one image.

    Parameters
    ----------
    truth, predicted : array_like of bool, shape (H, W)
        True and predicted mask.
    spacing : array_like of float, shape (2,)
        Height and width of a pixel in mm, nan where unknown.
    empty : {"diagonal", "nan"}
        As for `evaluate_segmentation`.

    Returns
    -------
    dict of str to float
        ``dice``, ``hd_px``, ``hd95_px``, ``hd_mm``, ``hd95_mm`` (nan without
        spacing), ``row_hd``, ``truth_pixels`` and ``predicted_pixels``.
    """
    pixels = hausdorff_pair(truth, predicted, empty=empty)
    if np.isnan(spacing).any():
        millimetres = (float("nan"), float("nan"))
    elif spacing[0] == spacing[1]:
        millimetres = tuple(distance * float(spacing[0]) for distance in pixels)
    else:
        millimetres = hausdorff_pair(truth, predicted, spacing, empty)
    return {
        "dice": dice(truth, predicted),
        "hd_px": pixels[0],
        "hd95_px": pixels[1],
        "hd_mm": millimetres[0],
        "hd95_mm": millimetres[1],
        "row_hd": row_hd(truth, predicted),
        "truth_pixels": int(np.count_nonzero(truth)),
        "predicted_pixels": int(np.count_nonzero(predicted)),
    }


def _spacing_per_image(spacing, n):
    """Pixel sizes of shape (n, 2), nan where unknown."""
    spacing = np.asarray((np.nan, np.nan) if spacing is None else spacing, dtype=np.float64)
    if spacing.shape not in ((2,), (n, 2)):
        raise InputError(f"pixel spacing of shape {spacing.shape} does not fit {n} images: give (2,) or ({n}, 2).")
    if (spacing <= 0).any():
        raise InputError(
            "a pixel spacing is zero or negative: give millimetres, or leave it empty where it is unknown."
        )
    return np.broadcast_to(spacing, (n, 2))


def sample_counts(n, bootstrap, groups):
    """How often each of n samples counts: all once in the first row, then a row per resample.

    Parameters
    ----------
    n : int
    bootstrap : int
        Number of resamples.
    groups : sequence of str, optional
        Patient of each sample: patients are drawn.

    Returns
    -------
    numpy.ndarray of float64, shape (bootstrap + 1, n)
    """
    resamples = resample_counts(n, bootstrap, groups)
    # One unit is drawn again and again: that it never varies says nothing of its error.
    if (resamples == 1).all():
        resamples[:] = 0
    return np.vstack([np.ones((1, n)), resamples])


def _summary(estimates, standard_error):
    return pd.DataFrame(
        [
            {
                "metric": name,
                "value": float(values[0]),
                "se": ESTIMATORS[standard_error](values[1:]),
                "bootstrap": values[1:].tolist(),
            }
            for name, values in estimates.items()
        ]
    )
