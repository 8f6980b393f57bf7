"""A round after the end of its rounds: it trains nothing, and takes the files of the round before over."""

import shutil

import pandas as pd

from coldstart.storage import read_json, read_table, replacing, write_json, write_table


def no_picks():
    """What a query answers after the end: a frame of no rows, with the columns and types of its answers."""
    return pd.DataFrame({"sample_id": [], "rank": [], "score": []}).astype(
        {"sample_id": "str", "rank": "int64", "score": "float64"}
    )


def carry_over(before, outputs, cell):
    """Write the files of a round in which nothing is labelled and nothing trained.

    Parameters
    ----------
    before, outputs : dict of str to path
        The files of the round before, and those to write: ``labelled``,
        ``fit``, and others, which are copied.
    cell : dict of str to str
        The wildcards of this round.
    """
    for name in outputs:
        if name not in ("labelled", "fit"):
            with replacing(outputs[name]) as temporary:
                shutil.copyfile(before[name], temporary)
    # Nothing took part in a training here.
    write_table(outputs["labelled"], read_table(before["labelled"]).assign(trained=False))
    fit = read_json(before["fit"])
    write_json(outputs["fit"], {**fit, "cell": cell, "n_trained": 0, "replayed": [], "stopped": True})
