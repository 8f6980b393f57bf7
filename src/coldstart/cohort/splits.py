"""Which samples train, which validate, which test: seeded, by patient."""

import logging
import math

import numpy as np
import pandas as pd

from coldstart.errors import InputError, shown

LOGGER = logging.getLogger("coldstart")
SPLITS = ("train", "val", "test")
UNLABELLED = "unlabelled"


def assign_splits(
    frame,
    *,
    train: float = 0.7,
    val: float = 0.1,
    test: float = 0.2,
    stratify: bool = False,
    seed: int = 2024,
):
    """Assign every sample to a split.

    Samples of one patient stay together; a sample without a patient is its own.
    Samples of patients of whom no sample has a label or a mask are
    ``unlabelled``. Among independent samples the sizes are those of the largest
    remainder (800 samples at 70:10:20 give 560/80/160); with patients they come
    as close as whole patients allow, and no split stays empty while another has two
    patients. A ``split`` column is taken as it is.

    Parameters
    ----------
    frame : pandas.DataFrame
        `label`, `mask` and `patient_id`, and `split` where the table gives it.
    train, val, test : float
        Shares of the annotated samples; they sum to 1.
    stratify : bool, default=False
        Whether each label (for a patient: the highest of its labels) is shared
        out on its own.
    seed : int, default=2024
        Same seed, same splits.

    Returns
    -------
    pandas.Series
        ``train``, ``val``, ``test`` or ``unlabelled`` per row, named ``split``.

    Raises
    ------
    InputError
        If the shares do not sum to 1, or a split is left empty.
    """
    annotated = (frame["label"].notna() | frame["mask"].notna()).to_numpy()
    if "split" in frame and frame["split"].notna().all():
        split = frame["split"].astype("str").to_numpy(object)
        warn_of_shared_patients(frame, split)
    else:
        shares = checked_shares(train, val, test)
        split = drawn_splits(frame, annotated, shares, stratify, np.random.default_rng(seed))
    if annotated.any():
        refuse_empty(split, annotated)
    return pd.Series(split, index=frame.index, dtype="str", name="split")


def checked_shares(train, val, test):
    """Shares as an array, refused unless they are positive and sum to 1."""
    shares = np.array([train, val, test], float)
    if not (shares > 0).all() or not math.isclose(shares.sum(), 1, abs_tol=1e-6):
        raise InputError(
            f"dataset.split: train, val and test are {train}, {val} and {test}: they must be above 0 and sum to 1."
        )
    return shares / shares.sum()


def drawn_splits(frame, annotated, shares, stratify, rng):
    """Draw splits by patient; (n,) array of names."""
    patient = patient_codes(frame["patient_id"])
    n_patients = patient.max() + 1
    # Only annotated samples count: the others take part in no task.
    size = np.bincount(patient[annotated], minlength=n_patients)
    stratum = np.zeros(n_patients, int)
    if stratify:
        stratum -= 1
        np.maximum.at(stratum, patient, frame["label"].fillna(-1).to_numpy(int))
    drawn = np.full(n_patients, len(SPLITS))
    # The rarest stratum goes first; the last one evens out what whole patients left over.
    strata = sorted(np.unique(stratum[size > 0]), key=lambda value: size[stratum == value].sum())
    targets = stratum_targets([int(size[stratum == value].sum()) for value in strata], shares)
    open_places = np.sum(targets, axis=0)
    for value, target in zip(strata, targets, strict=True):
        members = rng.permutation(np.flatnonzero((stratum == value) & (size > 0)))
        members = members[np.argsort(-size[members], kind="stable")]
        places = open_places if value == strata[-1] else target
        drawn[members] = fill(size[members], places)
        open_places = open_places - np.bincount(drawn[members], size[members], minlength=len(SPLITS)).astype(int)
    if size.max(initial=0) > 1:
        give_to_empty(drawn, size)
    return np.array([*SPLITS, UNLABELLED], object)[drawn[patient]]


def give_to_empty(drawn, size):
    """Give a split without a patient the smallest one of the split with most samples, in place.

    Few large patients would otherwise leave the smallest split empty.

    Parameters
    ----------
    drawn : numpy.ndarray
        (p,) int, the split of each patient.
    size : numpy.ndarray
        (p,) annotated samples of each patient; 0 for those that are not split.
    """
    for empty in range(len(SPLITS)):
        held = [np.flatnonzero((drawn == j) & (size > 0)) for j in range(len(SPLITS))]
        donors = [members for members in held if len(members) > 1]
        if len(held[empty]) == 0 and donors:
            donor = max(donors, key=lambda members: size[members].sum())
            drawn[donor[np.argmin(size[donor])]] = empty


def patient_codes(patient_id):
    """Number the patients in order of appearance; rows without one count singly."""
    codes, names = pd.factorize(patient_id)
    alone = codes < 0
    codes[alone] = len(names) + np.arange(alone.sum())
    return codes


def apportion(total, shares):
    """Whole numbers that sum to `total`, by largest remainder (ties: the earlier share).

    Parameters
    ----------
    total : int
        What is shared out.
    shares : numpy.ndarray
        (k,) summing to 1.

    Returns
    -------
    numpy.ndarray
        (k,) int.
    """
    quota = np.round(total * shares, 9)
    whole = np.floor(quota).astype(int)
    rest = total - whole.sum()
    whole[np.argsort(whole - quota, kind="stable")[:rest]] += 1
    return whole


def stratum_targets(sizes, shares):
    """Sizes per stratum and split whose columns sum to the sizes of the whole.

    Parameters
    ----------
    sizes : list of int
        Samples per stratum.
    shares : numpy.ndarray
        (k,) summing to 1.

    Returns
    -------
    list of numpy.ndarray
        Per stratum (k,) int, summing to its size.
    """
    quotas = [np.round(size * shares, 9) for size in sizes]
    targets = [np.floor(quota).astype(int) for quota in quotas]
    places = apportion(sum(sizes), shares) - sum(targets, np.zeros(len(shares), int))
    for size, quota, target in zip(sizes, quotas, targets, strict=True):
        while target.sum() < size:
            # The largest remainder among the splits that still have a place.
            j = int(np.argmax(np.where(places > 0, quota - target, -np.inf)))
            target[j] += 1
            places[j] -= 1
    return targets


def fill(sizes, places):
    """Put groups into splits.

    Parameters
    ----------
    sizes : numpy.ndarray
        (g,) int, largest first.
    places : numpy.ndarray
        (k,) int, places per split; they sum to the sum of `sizes`.

    Returns
    -------
    numpy.ndarray
        (g,) int, the split of each group: the relatively emptiest of those that
        the group fits into, else the one with most places left.
    """
    places = np.asarray(places, float)
    left, chosen = places.copy(), np.zeros(len(sizes), int)
    for i, size in enumerate(sizes):
        fits = left >= size
        chosen[i] = np.argmax(np.where(fits, left / np.maximum(places, 1), -1) if fits.any() else left)
        left[chosen[i]] -= size
    return chosen


def refuse_empty(split, annotated):
    """Refuse a split without a single annotated sample."""
    counts = {name: int(((split == name) & annotated).sum()) for name in SPLITS}
    empty = [name for name, count in counts.items() if count == 0]
    if empty:
        found = ", ".join(f"{name} {count}" for name, count in counts.items())
        raise InputError(
            f"no sample with a label or a mask is left for {' and '.join(empty)} ({found}):"
            " add samples or patients, or change dataset.split or the table's split column."
        )


def warn_of_shared_patients(frame, split):
    """Tell the user about patients that a given split column spreads out."""
    spread = pd.Series(split, index=frame.index).groupby(frame["patient_id"]).nunique()
    spread = spread[spread > 1].index
    if len(spread):
        LOGGER.warning(
            "the table's split column puts %d patients into more than one split: %s", len(spread), shown(spread)
        )
