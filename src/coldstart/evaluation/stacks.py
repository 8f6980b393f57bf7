"""Metrics of whole volumes: slices put together again and compared in three dimensions.

Ma et al. (IJCNN 2025, LMI-AL, released code) stack the slices of each patient,
and average over patients.
"""

from typing import Literal

import numpy as np
import pandas as pd

from coldstart.errors import InputError, shown
from coldstart.evaluation.segmentation import hausdorff_pair
from coldstart.progress import track

EPSILON = 1e-10


def macro_dice(truth, predicted):
    """Mean of the Dice coefficients of background and foreground.

    Ma et al. (IJCNN 2025), released code: ``2 TP / (2 TP + FP + FN + 1e-10)`` of
    both classes; a class that is in neither mask is left out. Nearly all of a
    volume is background, whose coefficient is near 1: a network that finds
    nothing has about 0.5.

    Parameters
    ----------
    truth, predicted : array_like of bool
        Masks of one shape.

    Returns
    -------
    float
        In [0, 1]; 1 where both masks are empty, up to the 1e-10.
    """
    truth, predicted = np.asarray(truth, dtype=bool), np.asarray(predicted, dtype=bool)
    found = []
    for of_truth, of_prediction in ((~truth, ~predicted), (truth, predicted)):
        both = np.count_nonzero(of_truth & of_prediction)
        # 2 TP + FP + FN
        size = np.count_nonzero(of_truth) + np.count_nonzero(of_prediction)
        if size:
            found.append(2 * both / (size + EPSILON))
    return float(np.mean(found))


def ratio(part, whole, otherwise):
    """A share, or what stands for it where there is nothing to take it of."""
    return part / whole if whole else otherwise


def volume_metrics(
    truth,
    predicted,
    spacing,
    *,
    empty: Literal["diagonal", "nan"] = "diagonal",
    both_empty: Literal["one", "nan"] = "one",
    zero_division: Literal["nan", 0, 1] = "nan",
):
    """Metrics of one volume.

    Parameters
    ----------
    truth, predicted : array_like of bool, shape (D, H, W)
        True and predicted mask.
    spacing : array_like of float, shape (3,)
        mm from one slice, row and column to the next; nan where unknown.
    empty : {"diagonal", "nan"}, default="diagonal"
        Distances where one of the masks is empty, see
        `coldstart.evaluation.segmentation.hausdorff`.
    both_empty : {"one", "nan"}, default="one"
        `dice_volume` where both masks are empty.
    zero_division : {"nan", 0, 1}, default="nan"
        Precision where nothing is predicted, and recall where nothing is there,
        as in scikit-learn, whose default, and so the published value, is 0.

    Returns
    -------
    dict of str to float
        ``dice_volume``, ``dice_macro_volume``, ``precision_volume``,
        ``recall_volume``, ``hd_mm_volume`` and ``hd95_mm_volume`` (nan without
        spacing).
    """
    truth, predicted = np.asarray(truth, dtype=bool), np.asarray(predicted, dtype=bool)
    both, there, called = (np.count_nonzero(mask) for mask in (truth & predicted, truth, predicted))
    known = np.isfinite(spacing).all()
    distances = hausdorff_pair(truth, predicted, tuple(spacing), empty) if known else (np.nan, np.nan)
    undefined = float(zero_division)
    return {
        "dice_volume": ratio(2 * both, there + called, {"one": 1.0, "nan": np.nan}[both_empty]),
        "dice_macro_volume": macro_dice(truth, predicted),
        "precision_volume": ratio(both, called, undefined),
        "recall_volume": ratio(both, there, undefined),
        "hd_mm_volume": distances[0],
        "hd95_mm_volume": distances[1],
    }


def volume_table(truth, maps, stacks, spacing, threshold=0.5, **rules):
    """Metrics of every volume of a test split.

    Parameters
    ----------
    truth : sequence of array_like, shape (n, H, W)
        True masks of the slices, 0 or 1.
    maps : sequence of array_like, shape (n, H, W)
        Foreground probabilities, of any float type.
    stacks : pandas.DataFrame
        n rows: `volume`, `slice` (missing: a volume of one slice), `patient_id`,
        and `spacing_z` (mm from one number of a slice to the next) where it is
        known.
    spacing : array_like of float, shape (n, 2)
        Height and width in mm of a pixel of the maps; nan where unknown.
    threshold : float, default=0.5
        A pixel is foreground where its probability is at least this.
    **rules
        `empty`, `both_empty` and `zero_division` of `volume_metrics`.

    Returns
    -------
    pandas.DataFrame
        One row per volume, in the order of their first slices: ``volume``,
        ``patient_id`` (the volume where it is missing) and the metrics; no
        distances where the spacing of no volume is known.

    Raises
    ------
    InputError
        If a volume has two slices of one number.
    """
    # Metadata of a table may be text.
    numbers = pd.to_numeric(stacks["slice"], errors="coerce").fillna(0).to_numpy(dtype=np.int64)
    thickness = np.full(len(stacks), np.nan)
    if "spacing_z" in stacks:
        thickness = pd.to_numeric(stacks["spacing_z"], errors="coerce").to_numpy(dtype=np.float64)
    codes, names = pd.factorize(stacks["volume"])
    rows = []
    for code, name in enumerate(track(names, "evaluating volumes")):
        members = np.flatnonzero(codes == code)
        places, step = levels(numbers[members], name)
        grid = (int(places.max()) + 1, *np.shape(truth[members[0]]))
        true, predicted = np.zeros(grid, dtype=bool), np.zeros(grid, dtype=bool)
        for member, place in zip(members, places, strict=True):
            true[place] = np.asarray(truth[member], dtype=bool)
            predicted[place] = np.asarray(maps[member], dtype=np.float64) >= threshold
        first = members[0]
        distance = (thickness[first] * step, *spacing[first])
        patient = stacks["patient_id"].iloc[first]
        rows.append(
            {
                "volume": name,
                "patient_id": name if pd.isna(patient) else patient,
                **volume_metrics(true, predicted, distance, **rules),
            }
        )
    table = pd.DataFrame(rows)
    return table if table["hd_mm_volume"].notna().any() else table.drop(columns=["hd_mm_volume", "hd95_mm_volume"])


def levels(numbers, name):
    """Where slices lie in their stack.

    Parameters
    ----------
    numbers : numpy.ndarray of int, shape (k,)
        Numbers of the slices of one volume.
    name : str
        The volume, for the message.

    Returns
    -------
    places : numpy.ndarray of int, shape (k,)
        From 0. A number that is left out in an otherwise even row stays empty.
    step : int
        Numbers from one place to the next: the greatest common divisor of their
        differences; 1 for a single slice.

    Raises
    ------
    InputError
        If a number is given twice.
    """
    values, counts = np.unique(numbers, return_counts=True)
    if (counts > 1).any():
        raise InputError(
            f"the volume '{name}' of the test split has more than one slice {shown(values[counts > 1])}: "
            "give every volume of the data set a name of its own in the column `volume`."
        )
    step = int(np.gcd.reduce(np.diff(values))) if len(values) > 1 else 1
    return (numbers - values[0]) // step, step
