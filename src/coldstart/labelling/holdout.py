"""Which of the first labels are kept apart, by patient: they choose the epoch and draw the learning curve."""

import numpy as np
import pandas as pd

from coldstart.cohort.splits import apportion, fill, stratum_targets
from coldstart.labelling.asking import turns
from coldstart.labelling.settling import LABELLED

TRAIN, HOLDOUT = "train", "holdout"
# Fewer images measure nothing.
FEWEST = 2


def choose(table, groups, share, *, seed, before=None, task="classification"):
    """Keep some of the labelled images apart, whole patients at a time.

    They are chosen once, as soon as the labels allow it, and stay: of later
    labels only those of the same patients join them. The labels allow it when
    there are enough for a hold-out of two images, and in a classification, when
    both parts can have images of either class: a hold-out of one class measures
    nothing.

    Parameters
    ----------
    table : pandas.DataFrame
        From `coldstart.labelling.settling.settle`: `sample_id`, `label`, `part`.
    groups : sequence of str or None, length n
        Patient of each row; one without a patient is a patient of its own.
    share : float
        Share of the labelled images that is wanted, 0 to 1; 0: none.
    seed : int
        Same seed and table, same choice.
    before : pandas.DataFrame, optional
        What was chosen for the list before: `sample_id`, `part`.
    task : {"classification", "segmentation"}

    Returns
    -------
    pandas.DataFrame
        The table; ``labelled`` has become ``train`` or ``holdout``.
    """
    patients, labelled = turns(groups), (table["part"] == LABELLED).to_numpy()
    apart = np.zeros(len(table), bool)
    if before is not None:
        members = table["sample_id"].isin(before.loc[before["part"] == HOLDOUT, "sample_id"]).to_numpy()
        apart = labelled & np.isin(patients, patients[members])
    if share and not apart.any():
        labels = table["label"].fillna(0).to_numpy(np.int64)[labelled]
        apart[labelled] = drawn(labels, patients[labelled], share, task, np.random.default_rng(seed))
    part = np.where(labelled, np.where(apart, HOLDOUT, TRAIN), table["part"])
    return table.assign(part=pd.Series(part, table.index, dtype="str"))


def drawn(labels, patients, share, task, rng):
    """Draw the hold-out.

    Parameters
    ----------
    labels : numpy.ndarray of int, shape (n,)
        0 or 1.
    patients : numpy.ndarray of int, shape (n,)
        Patient of each.
    share, task
        As for `choose`.
    rng : numpy.random.Generator
        Shuffles the patients.

    Returns
    -------
    numpy.ndarray of bool, shape (n,)
        Nothing where the labels do not allow it.
    """
    none = np.zeros(len(labels), bool)
    shares = np.array([1 - share, share])
    # Images of either class that each patient has.
    has = np.stack([np.bincount(patients[labels == label], minlength=patients.max(initial=-1) + 1) for label in (0, 1)])
    members = np.flatnonzero(has.sum(axis=0))
    if apportion(len(labels), shares)[1] < FEWEST or len(members) < 2:
        return none
    apart = stratified(has, members, shares, rng)
    needed = [label for label in (0, 1) if (has[label] > 0).sum() > 1] if task == "segmentation" else [0, 1]
    if not mend(has, members, apart, needed):
        return none
    return apart[patients]


def stratified(has, members, shares, rng):
    """Draw patients by the highest label of each.

    Parameters
    ----------
    has : numpy.ndarray of int, shape (2, p)
        Negative and positive images of each patient.
    members : numpy.ndarray of int
        The patients that have any.
    shares : numpy.ndarray, shape (2,)
        Of the images that are trained on and held out; they sum to 1.
    rng : numpy.random.Generator
        Breaks ties.

    Returns
    -------
    numpy.ndarray of bool, shape (p,)
    """
    size, stratum = has.sum(axis=0), has[1] > 0
    strata = [members[stratum[members] == value] for value in (True, False)]
    strata = sorted((found for found in strata if len(found)), key=lambda found: size[found].sum())
    targets = stratum_targets([int(size[found].sum()) for found in strata], shares)
    if len(strata) == 2:
        share_rarest(targets)
    apart = np.zeros(has.shape[1], bool)
    for found, places in zip(strata, targets, strict=True):
        found = rng.permutation(found)
        found = found[np.argsort(-size[found], kind="stable")]
        apart[found] = fill(size[found], places) == 1
    return apart


def share_rarest(targets):
    """Give either part a place for an image of every class, in place, where the other class can spare one.

    Parameters
    ----------
    targets : list of numpy.ndarray, shape (2,)
        Images of the two classes that are trained on and held out.
    """
    for own, other in (targets, targets[::-1]):
        for part in (0, 1):
            if own[part] == 0 and own[1 - part] > 1 and other[part] > 1:
                own[part], own[1 - part] = 1, own[1 - part] - 1
                other[part], other[1 - part] = other[part] - 1, other[1 - part] + 1


def mend(has, members, apart, needed):
    """Give either part an image of every class, in place, by moving as few images as it takes.

    Parameters
    ----------
    has, members
        As for `stratified`.
    apart : numpy.ndarray of bool, shape (p,)
        The patients that are held out.
    needed : list of int
        The classes.

    Returns
    -------
    bool
        Whether that was possible. It is not where one patient has all images of
        a class.
    """

    def lacking(held):
        parts = [members[held[members] == value] for value in (True, False)]
        empty = sum(not len(part) for part in parts)
        return empty + sum(not has[label][part].any() for part in parts for label in needed)

    while now := lacking(apart):
        best = None
        for patient in members[np.argsort(has[:, members].sum(axis=0), kind="stable")]:
            moved = apart.copy()
            moved[patient] = not moved[patient]
            if best is None and lacking(moved) < now:
                best = patient
        if best is None:
            return False
        apart[best] = not apart[best]
    return True
