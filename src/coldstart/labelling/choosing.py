"""New images for a list: by a selection strategy, or by a query strategy once a network can tell."""

import numpy as np
import pandas as pd

from coldstart.labelling.asking import query_in_turn, select_in_turn
from coldstart.labelling.worklist import first_reasons, later_reasons

BYTES_AT_ONCE = 2**26


def by_selection(strategy, vectors, n, *, patients, groups, asked, seed, number, name, parameters, one_per_patient):
    """Choose by a selection strategy.

    Parameters
    ----------
    strategy : callable
        A registered selection strategy.
    vectors : numpy.ndarray of float, shape (m, d)
        What it chooses in: the images that are waiting.
    n : int
        Images wanted.
    patients : numpy.ndarray of object, shape (m,)
        Patient of each.
    groups, asked, one_per_patient
        As for `coldstart.labelling.asking.select_in_turn`.
    seed, number : int
        Of the choices, and of the list: together they seed the strategy.
    name : str
        What the list calls the strategy.
    parameters : dict
        Of the strategy.

    Returns
    -------
    pandas.DataFrame
        `row`, and the columns of `coldstart.labelling.worklist.first_reasons`.
    """

    def select(rows, k):
        rng = np.random.default_rng([seed, number])
        # Mostly all of them, of which no copy is made.
        seen = vectors if len(rows) == len(vectors) else vectors[rows]
        chosen = strategy(seen, k, rng=rng, groups=patients[rows], seed=seed, **parameters)
        found = {"row": rows[chosen.indices], "score": chosen.scores, "reason": chosen.reasons}
        return pd.DataFrame({**found, "cluster": chosen.clusters})

    chosen = select_in_turn(select, n, groups, asked, one_per_patient=one_per_patient)
    return pd.concat([chosen[["row"]], first_reasons(chosen, name)], axis=1)


def by_query(strategy, inputs, n, *, groups, asked, seed, number, name, parameters, one_per_patient):
    """Choose by a query strategy.

    Parameters
    ----------
    strategy : callable
        A registered query strategy.
    inputs : QueryInputs
        Of the m images that are waiting.
    n, groups, asked, seed, number, name, parameters, one_per_patient
        As for `by_selection`.

    Returns
    -------
    chosen : pandas.DataFrame
        `row`, and the columns of `coldstart.labelling.worklist.later_reasons`.
    state : dict or None
        What the strategy hands on to its next list.
    """

    def query(k):
        return strategy(inputs, k, rng=np.random.default_rng([seed, number]), **parameters)

    picks = query_in_turn(query, n, groups, asked, one_per_patient=one_per_patient)
    distance, nearest = nearest_known(inputs, picks.indices)
    reasons = later_reasons(name, uncertainty(inputs, picks.indices), distance, nearest)
    return pd.concat([pd.DataFrame({"row": picks.indices}), reasons], axis=1), picks.state


def uncertainty(inputs, rows):
    """How uncertain the network is about some images: the entropy of its prediction.

    Parameters
    ----------
    inputs : QueryInputs
    rows : numpy.ndarray of int, shape (n,)

    Returns
    -------
    numpy.ndarray of float64, shape (n,)
        In bits, from 0 to 1; of a segmentation, the mean over its pixels.
    """
    if inputs.task == "classification":
        return entropy(inputs.positive()[rows])
    return np.array([entropy(np.asarray(inputs.maps[row], np.float64)).mean() for row in rows])


def entropy(p):
    """Binary entropy in bits (Shannon 1948); 0 at 0 and 1."""
    p = np.clip(p, 0, 1)
    inside = (p > 0) & (p < 1)
    safe = np.where(inside, p, 0.5)
    return np.where(inside, -safe * np.log2(safe) - (1 - safe) * np.log2(1 - safe), 0.0)


def nearest_known(inputs, rows):
    """Nearest image, in the embedding, of those that were answered or are being asked for.

    Parameters
    ----------
    inputs : QueryInputs
    rows : numpy.ndarray of int, shape (n,)

    Returns
    -------
    distance : numpy.ndarray of float64, shape (n,)
        Euclidean; nan without an embedding.
    nearest : list of str, length n
        Its identifier, of equals the first; empty without an embedding.
    """
    if inputs.embedding is None or not len(inputs.labelled_embedding):
        return np.full(len(rows), np.nan), [""] * len(rows)
    known = np.asarray(inputs.labelled_embedding, np.float64)
    step = max(1, BYTES_AT_ONCE // known.nbytes)
    distance, nearest = np.empty(len(rows)), []
    for start in range(0, len(rows), step):
        some = np.asarray(inputs.embedding[rows[start : start + step]], np.float64)
        away = np.linalg.norm(some[:, None] - known[None], axis=2)
        best = away.argmin(axis=1)
        distance[start : start + step] = away[np.arange(len(some)), best]
        nearest += inputs.labelled_ids[best].tolist()
    return distance, nearest
