"""Whom to ask for next: patients in turn, open images first."""

import numpy as np
import pandas as pd

from coldstart.errors import InputError
from coldstart.query.base import Picks


def list_size(before, answers, batch):
    """How many new images the next list asks for.

    Parameters
    ----------
    before : sequence of str
        Images of the list before.
    answers : pandas.DataFrame
        Every answered image: `sample_id` and `part`; a part of ``skipped``
        means that the annotator gave no label.
    batch : int
        Images of a finished list.

    Returns
    -------
    int
        `batch` where all of the list is answered, else as many as were
        labelled, at most `batch`: images that are still open stay on the list.
        One more for every skipped image, which is replaced.
    """
    found = answers.set_index("sample_id")["part"].reindex(list(before))
    skipped = int((found == "skipped").sum())
    labelled = int(found.notna().sum()) - skipped
    if not labelled:
        return skipped
    return skipped + (batch if found.notna().all() else min(batch, labelled))


def turns(groups):
    """Patient of each image as a number; an image without one is a patient of its own.

    Parameters
    ----------
    groups : sequence of str or None, length n

    Returns
    -------
    numpy.ndarray of int64, shape (n,)
    """
    codes = pd.factorize(pd.Series(groups, dtype="object"))[0].astype(np.int64)
    alone = codes < 0
    codes[alone] = codes.max(initial=-1) + 1 + np.arange(alone.sum())
    return codes


def select_in_turn(select, n, groups, asked, *, one_per_patient=True):
    """Let a selection strategy choose, no patient twice while another waits.

    It chooses among the images of the patients who were asked for least so far;
    of a patient whom it chose twice the first image counts, and it chooses
    again among the patients who are left.

    Parameters
    ----------
    select : callable
        ``select(rows, k) -> pandas.DataFrame``: of these rows, k different ones
        in a column `row`, best first, with whatever else it says of them.
    n : int
        Images wanted.
    groups : numpy.ndarray of int, shape (m,)
        Patient of every image that may be chosen, as `turns` gives them.
    asked : numpy.ndarray of int
        Patients of the images asked for so far, one entry per image.
    one_per_patient : bool, default=True
        Without it the strategy is asked once and chooses as it likes.

    Returns
    -------
    pandas.DataFrame
        What `select` said of the n images, in the order of choice.

    Raises
    ------
    InputError
        If there are fewer images than wanted.
    """
    check_enough(n, len(groups))
    if not one_per_patient:
        return select(np.arange(len(groups)), n)
    counts = counted(groups, asked)
    waiting, found, missing = np.ones(len(groups), bool), [], n
    while missing:
        level = counts[groups[waiting]].min()
        rows = np.flatnonzero(waiting & (counts[groups] == level))
        chosen = select(rows, min(missing, len(np.unique(groups[rows]))))
        chosen = chosen[~pd.Series(groups[chosen["row"]], chosen.index).duplicated()]
        waiting[chosen["row"]] = False
        counts[groups[chosen["row"]]] += 1
        found.append(chosen)
        missing -= len(chosen)
    return pd.concat(found, ignore_index=True)


def query_in_turn(query, n, groups, asked, *, one_per_patient=True):
    """Take the best that a query strategy names, no patient twice while another waits.

    Parameters
    ----------
    query : callable
        ``query(k) -> Picks``: the best k of m images, best first.
    n : int
        Images wanted.
    groups, asked, one_per_patient
        As for `select_in_turn`; `groups` of all m images.

    Returns
    -------
    Picks
        The n images in the order in which their patients have their turn, with
        their scores and the state of the strategy.

    Raises
    ------
    InputError
        If there are fewer images than wanted.
    """
    check_enough(n, len(groups))
    length = n
    while True:
        picks = query(length)
        if not one_per_patient:
            return picks
        places = in_turn(picks.indices, groups, asked, n)
        if places is not None:
            return Picks(picks.indices[places], picks.scores[places], picks.state)
        # The patients whose turn it is stand further down.
        length = min(2 * length, len(groups))


def in_turn(ranked, groups, asked, n):
    """Give the patients of some images their turns.

    Parameters
    ----------
    ranked : numpy.ndarray of int
        The best of m images, best first.
    groups : numpy.ndarray of int, shape (m,)
        Patient of each image.
    asked : numpy.ndarray of int
        Patients of the images asked for so far, one entry per image.
    n : int
        Images wanted.

    Returns
    -------
    list of int, or None
        Places in the ranking; None where it is too short to tell.
    """
    counts = counted(groups, asked)
    left = np.bincount(groups, minlength=len(counts))
    patients, free, places = groups[ranked], np.ones(len(ranked), bool), []
    while len(places) < n:
        level = counts[left > 0].min()
        ready = np.flatnonzero(free & (counts[patients] == level))
        if not len(ready):
            return None
        places.append(int(ready[0]))
        free[ready[0]] = False
        counts[patients[ready[0]]] += 1
        left[patients[ready[0]]] -= 1
    return places


def counted(groups, asked):
    """How often each patient was asked for."""
    return np.bincount(asked, minlength=max(groups.max(initial=0), asked.max(initial=0)) + 1)


def check_enough(n, available):
    """Refuse to ask for more images than wait."""
    if n > available:
        raise InputError(
            f"{n} images are asked for and {available} of the pool are waiting: lower worklist.budget or "
            "worklist.batch."
        )
