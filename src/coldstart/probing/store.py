"""The runs of a job of probes, read back one by one."""

from pathlib import Path

from coldstart.probing.chains import RUN
from coldstart.storage import read_metadata, read_table


def read_runs(metrics, fits):
    """Yield the runs of an arm as if each had a folder of its own.

    Parameters
    ----------
    metrics, fits : str or pathlib.Path
        The files of `coldstart.probing.chains.run_chains`; the metadata of
        `fits` has ``cell``, the wildcards of the job, and ``settings``.

    Yields
    ------
    cell : dict
        The wildcards that a run of its own would have.
    metrics : pandas.DataFrame
        Of this run.
    fit : dict
        As in a ``fit.json``.
    folder : str
        Where a run of its own would lie below that of the job.
    """
    measured = dict(tuple(read_table(metrics).groupby(RUN, sort=False)))
    said = read_metadata(fits)
    for fit in read_table(fits).to_dict("records"):
        run = tuple(fit[name] for name in RUN)
        cell = {**said["cell"], **dict(zip(RUN, run, strict=True))}
        folder = Path(fits).parent / "s{}/t{}/round{}".format(*run)
        yield cell, measured[run], {**fit, "cell": cell, "settings": said["settings"]}, folder


def read_chains(path):
    """Yield the labelled sets of a job of probes.

    Parameters
    ----------
    path : str or pathlib.Path
        Its ``labelled.parquet``.

    Yields
    ------
    cell : dict
        The wildcards of the job.
    labelled : pandas.DataFrame
        Of one seed and repeat, after the last round.
    trained : list of list of str
        Sample ids that each of its rounds was fitted to.
    """
    cell = read_metadata(path)["cell"]
    for _, labelled in read_table(path).groupby(RUN[:2], sort=False):
        rounds = range(labelled["round"].max() + 1)
        yield cell, labelled, [labelled.loc[labelled["round"] <= number, "sample_id"].tolist() for number in rounds]


def read_labelled(path, seed, repeat):
    """The labelled set of one run after its last round.

    Parameters
    ----------
    path : str or pathlib.Path
        A ``labelled.parquet``, of a run or of a job of probes.
    seed, repeat : int
        Which run of the job.

    Returns
    -------
    pandas.DataFrame
        `sample_id`, `round`, `rank`, `score`.
    """
    labelled = read_table(path)
    if "seed" not in labelled:
        return labelled
    own = (labelled["seed"] == seed) & (labelled["repeat"] == repeat)
    return labelled[own].drop(columns=["seed", "repeat"]).reset_index(drop=True)
