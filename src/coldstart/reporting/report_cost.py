"""What results cost: labels, and seconds of training and of choosing."""

from pathlib import Path

import pandas as pd

from coldstart.reporting.arms import named_arms, rows_of

ARM = ["model", "method", "query", "budget"]


def job_seconds(folder):
    """Running times that Snakemake has noted, one per job.

    Parameters
    ----------
    folder : path
        The benchmarks of a data set; it may be missing.

    Returns
    -------
    pandas.DataFrame
        ``rule``, ``job`` (the rest of the file's path) and ``seconds``, by name.
    """
    rows = []
    for path in sorted(Path(folder).rglob("*.tsv")):
        name, _, job = path.relative_to(folder).with_suffix("").as_posix().partition("/")
        lines = path.read_text(encoding="utf-8").splitlines()
        if len(lines) > 1:
            rows.append({"rule": name, "job": job, "seconds": float(lines[-1].partition("\t")[0])})
    return pd.DataFrame(rows, columns=["rule", "job", "seconds"])


def by_rule(jobs):
    """Jobs and seconds of every rule, the most expensive first.

    Parameters
    ----------
    jobs : pandas.DataFrame
        From `job_seconds`.

    Returns
    -------
    list of dict
        ``rule``, ``jobs``, ``seconds`` and ``longest``.
    """
    found = jobs.groupby("rule")["seconds"].agg(["size", "sum", "max"]).sort_values("sum", ascending=False)
    return [
        {"rule": rule, "jobs": int(row["size"]), "seconds": row["sum"], "longest": row["max"]}
        for rule, row in found.iterrows()
    ]


def by_arm(summary, task, seconds, jobs):
    """Labels and seconds of every arm of one task, means over its runs.

    Parameters
    ----------
    summary : pandas.DataFrame
        The summary of one data set.
    task : str
    seconds : dict of str to float
        Training time by run folder.
    jobs : pandas.DataFrame, optional
        From `job_seconds`.

    Returns
    -------
    list of dict
        The arm (model, method, query, ``label``), ``least`` and ``most``
        labels, ``runs``, ``training`` (mean seconds of one training) and
        ``choosing`` (mean seconds of one selection or query job, its start
        included), both None where they are not known.
    """
    rows = summary[(summary["task"] == task) & ~summary["reference"]].drop_duplicates("run")
    key = ARM[:-1]
    found = []
    for arm in named_arms(rows.assign(budget=0)).to_dict("records"):
        own = rows_of(rows, arm, key)
        trained = [seconds[run] for run in own["run"] if run in seconds]
        rule, place = ("select", f"{task}/{arm['model']}/{arm['method']}/")
        if arm["query"] != "none":
            rule, place = "query", f"{place}{arm['query']}/"
        known = jobs is not None and len(jobs)
        chosen = jobs[(jobs["rule"] == rule) & jobs["job"].str.startswith(place)]["seconds"] if known else []
        found.append(
            {
                **{name: arm[name] for name in [*key, "label"]},
                "least": int(own["n_labelled"].min()),
                "most": int(own["n_labelled"].max()),
                "runs": len(own),
                "training": sum(trained) / len(trained) if trained else None,
                "choosing": float(chosen.mean()) if len(chosen) else None,
            }
        )
    return found


def training_seconds(run):
    """Seconds of all epochs of a run, from its ``history.csv``; 0 where nothing was trained."""
    return float(pd.read_csv(run, usecols=["seconds"])["seconds"].sum())
