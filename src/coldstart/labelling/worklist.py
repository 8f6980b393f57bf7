"""The list of images to annotate, with the reason for each: worklist.csv."""

import numpy as np
import pandas as pd

from coldstart.errors import InputError
from coldstart.storage import replacing

COLUMNS = [
    "rank",
    "sample_id",
    "image",
    "patient_id",
    "reason",
    "cluster",
    "distance",
    "uncertainty",
    "asked",
    "label",
    "skip",
]
# What the study of docs/choosing.md says of the defaults.
DEFAULT_METHOD = (
    "in the project's own study clustering was neither better nor worse than random choice beyond the noise, and its "
    "results varied less on chest X-rays"
)
DEFAULT_QUERY = (
    "in the project's own study it was the only query that lay below random choice nowhere in the mean, though above "
    "it by no more than the noise"
)
TEXT = ["sample_id", "image", "patient_id", "reason", "label", "skip"]


def first_reasons(chosen, strategy):
    """What a selection strategy says of its choices, as columns of the list.

    Parameters
    ----------
    chosen : pandas.DataFrame
        `score`, `reason` and `cluster` of each choice.
    strategy : str
        Its name.

    Returns
    -------
    pandas.DataFrame
        `reason`, `cluster` (missing where there is none), `distance` (the score
        of strategies that choose by distances in the embedding) and
        `uncertainty` (missing: no network has seen the pool yet).
    """
    cluster = chosen["cluster"].astype("Int64")
    reasons = [reason or strategy for reason in chosen["reason"]]
    measured = np.isfinite(chosen["score"]) & (cluster >= 0).to_numpy()
    return pd.DataFrame(
        {
            "reason": reasons,
            "cluster": cluster.where(cluster >= 0).to_numpy(),
            "distance": chosen["score"].where(measured).to_numpy(),
            "uncertainty": np.nan,
        }
    )


def later_reasons(strategy, uncertainty, distance, nearest):
    """Why the images of a later list are asked for, as columns of the list.

    Parameters
    ----------
    strategy : str
        Short name of the query strategy.
    uncertainty : numpy.ndarray of float, shape (n,)
        Of the network about each, in bits; nan where unknown.
    distance : numpy.ndarray of float, shape (n,)
        In the embedding, to the nearest image that is answered; nan without one.
    nearest : sequence of str, length n
        That image.

    Returns
    -------
    pandas.DataFrame
        As `first_reasons`; the cluster is missing.
    """
    reasons = []
    for bits, away, other in zip(uncertainty, distance, nearest, strict=True):
        parts = [f"chosen by {strategy}"]
        if np.isfinite(bits):
            parts.append(f"the network is uncertain by {bits:.2f} of 1 bit")
        if np.isfinite(away):
            parts.append(f"most like {other} of those answered")
        reasons.append("; ".join(parts))
    cluster = pd.array([pd.NA] * len(reasons), dtype="Int64")
    return pd.DataFrame({"reason": reasons, "cluster": cluster, "distance": distance, "uncertainty": uncertainty})


def open_rows(before, answers, number):
    """Images of the last list that nobody has answered, as rows of the next.

    Parameters
    ----------
    before : pandas.DataFrame
        The last list.
    answers : pandas.DataFrame
        Every answered image: `sample_id`.
    number : int
        Number of the last list.

    Returns
    -------
    pandas.DataFrame
        Those rows in their order; the reason says since when they are open.
    """
    left = before[~before["sample_id"].isin(answers["sample_id"])].reset_index(drop=True)
    first = left["asked"] == number
    return left.assign(
        reason=[f"open since list {asked}: {reason}" if new else reason
                for asked, reason, new in zip(left["asked"], left["reason"], first, strict=True)]
    )  # fmt: skip


def number_rows(rows):
    """Put the rows of a list into its columns, ranked from 1, with room for the answers.

    Parameters
    ----------
    rows : pandas.DataFrame
        All of `COLUMNS` but `rank`, `label` and `skip`.

    Returns
    -------
    pandas.DataFrame
    """
    rows = rows.reset_index(drop=True).assign(rank=np.arange(1, len(rows) + 1), label="", skip="")
    return rows[COLUMNS].astype({"cluster": "Int64", "asked": "int64"})


def write_worklist(path, rows):
    """Write a list as CSV, in UTF-8."""
    with replacing(path) as temporary:
        rows.to_csv(temporary, index=False, float_format="%.6g")


def read_worklist(path):
    """Read a list that `write_worklist` wrote.

    Raises
    ------
    InputError
        If it cannot be read or lacks a column.
    """
    try:
        rows = pd.read_csv(
            path,
            dtype={"cluster": "Int64", **dict.fromkeys(TEXT, "str")},
            keep_default_na=False,
            na_values={"cluster": "", "distance": "", "uncertainty": ""},
        )
    except (OSError, OverflowError, TypeError, ValueError) as error:
        raise InputError(
            f"{path} cannot be read ({error}): delete its folder and run the same command again."
        ) from error
    missing = [name for name in COLUMNS if name not in rows]
    if missing:
        raise InputError(f"{path} has no column '{missing[0]}': delete its folder and run the same command again.")
    return rows[COLUMNS]


def chosen_sentence(*, name, model, later, by_default):
    """Say by what the new images of a list were chosen, and why so.

    Parameters
    ----------
    name : str
        Method of the first list, or query strategy of a later one.
    model : str
        The embedding that it was given; ``none`` for none.
    later : bool
        Whether the list is not the first.
    by_default : bool
        Whether the configuration left the choice open.

    Returns
    -------
    str
    """
    how = f"the {'query strategy' if later else 'method'} '{name}'" + ("" if model == "none" else f" on '{model}'")
    known = DEFAULT_QUERY if later else DEFAULT_METHOD
    why = (
        f"which is the default: {known} (docs/choosing.md)"
        if by_default
        else "docs/choosing.md says what is known of it"
    )
    return f"The new images of this list were chosen by {how}{', ' if by_default else '; '}{why}."
