"""Selections on disk."""

import pandas as pd

from coldstart.errors import InputError
from coldstart.storage import read_table, write_table

COLUMNS = ["rank", "sample_id", "score", "reason", "cluster"]


def write_selection(path, sample_ids, selection, metadata=None):
    """Write a selection.

    Parameters
    ----------
    path : str or pathlib.Path
        A Parquet file: one row per chosen sample, ``rank`` counted from 1.
    sample_ids : sequence of str
        Identifiers of the whole pool; the selection's indices point into it.
    selection : Selection
        What was chosen.
    metadata : dict, optional
        Plain values kept beside it, read back by `coldstart.storage.read_metadata`;
        the clusters of the pool join them as ``pool_clusters``.
    """
    if selection.pool_clusters is not None:
        metadata = {**(metadata or {}), "pool_clusters": selection.pool_clusters.tolist()}
    frame = pd.DataFrame(
        {
            "rank": range(1, len(selection.indices) + 1),
            "sample_id": [str(sample_ids[index]) for index in selection.indices],
            "score": selection.scores,
            "reason": list(selection.reasons),
            "cluster": selection.clusters,
        }
    )
    # An empty selection keeps the types of its columns.
    write_table(path, frame.astype({"sample_id": "str", "reason": "str"}), metadata)


def read_selection(path):
    """Read a selection.

    Returns
    -------
    pandas.DataFrame
        Columns ``rank, sample_id, score, reason, cluster``, by rank.

    Raises
    ------
    InputError
        If the file is missing, damaged, or no selection.
    """
    frame = read_table(path)
    missing = [column for column in COLUMNS if column not in frame]
    if missing:
        raise InputError(f"{path} is not a selection (no column {missing[0]}): make it again.")
    return frame[COLUMNS].sort_values("rank", ignore_index=True)
