"""Single values that a publication reports, beside ours where an arm stands for what it reports of.

Yuan & Hong print whole tables, which `coldstart.reporting.published` compares.
Of Levy et al., of ACFT and of LMI-AL fewer values are public, on other data;
what is not public stays blank.
"""

import numpy as np
import pandas as pd

from coldstart.errors import InputError, shown
from coldstart.registry import choices
from coldstart.reporting.arms import ARM, named_arms, rows_of
from coldstart.reporting.summary import INITIALISATION, SUBSEQUENT, stage_rows, stages

COLUMNS = ["dataset", "stage", "method", "quantity", "printed", "value", "sd", "best", "unit", "source"]
ROW = ["stage", "method", "quantity"]
OURS = [*ROW, "arm", "ours", "ours_sd", "n_runs"]
OTHER_DATA = "not the same data"
ALC, SHARE = "ALC", "labelled fraction to match full supervision"
LEVY_STAGES = {"cold_start": INITIALISATION, "active_learning": SUBSEQUENT}
# The paper's HD is in mm; whether it is the maximum or the 95th percentile is not public.
LEVY_METRICS = {"Dice": "dice", "HD": "hd_mm"}


def read_columns(path, names):
    """Read a CSV of `resources/` as text, so that digits stay as printed; refuse one that lacks a column."""
    try:
        frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read as a table of published values ({error}).") from error
    if missing := [name for name in names if name not in frame]:
        raise InputError(f"{path}: the column {shown(missing)} is missing: a table of published values needs it.")
    return frame[names]


def read_levy(path):
    """Read the values that Levy et al. report.

    Parameters
    ----------
    path : path
        ``resources/levy_reported.csv``.

    Returns
    -------
    pandas.DataFrame
        Columns `COLUMNS`: ``printed`` as the source has it, ``value`` the same
        as a number, ``sd`` nan where none is given, ``best`` whether the
        publication marks it.
    """
    frame = read_columns(path, ["dataset", "stage", "method", "metric", "value", "unit", "source"])
    frame = frame.rename(columns={"metric": "quantity", "value": "printed"}).replace({"stage": LEVY_STAGES})
    return numbered(frame.assign(sd=np.nan, best=False))


def read_acft(path):
    """Read Table 4 of ACFT, as `read_levy`: methods are ``strategy/criterion``, the quantity is the ALC."""
    frame = read_columns(path, ["application", "strategy", "criterion", "alc", "star", "sd", "source"])
    named = {"dataset": frame["application"], "method": frame["strategy"] + "/" + frame["criterion"]}
    more = {"sd": pd.to_numeric(frame["sd"], errors="coerce"), "best": frame["star"] == "1"}
    return numbered(frame.assign(**named, **more, stage=SUBSEQUENT, quantity=ALC, printed=frame["alc"], unit=""))


def read_lmi_al(path):
    """Read the claims of LMI-AL, as `read_levy`: of one method, and with ``value`` nan, for a bound is no value."""
    frame = read_columns(path, ["dataset", "quantity", "value", "source"]).rename(columns={"value": "printed"})
    return numbered(frame.assign(stage=SUBSEQUENT, method="LMI-AL", unit="%", sd=np.nan, best=False))


def numbered(frame):
    """Add the printed text as a number, and put the columns in order."""
    return frame.assign(value=pd.to_numeric(frame["printed"], errors="coerce"))[COLUMNS]


def match_reported(named, reported, summary, task):
    """Find our arm for each published method.

    Parameters
    ----------
    named : dict of str to str
        Published method to our arm. Of a cold start: a method that uses no
        embedding, a model, or ``model/method``. Of rounds: a query, or one of
        these, a slash and the query.
    reported : pandas.DataFrame
        From one of the readers; it says which stage a method belongs to.
    summary : pandas.DataFrame
        The summary of one data set.
    task : str
        The task that the publication reports.

    Returns
    -------
    dict of (str, str) to pandas.Series
        Stage and published method to a row of `coldstart.reporting.arms.named_arms`.

    Raises
    ------
    InputError
        If the method is not published, or its arm's name fits none of ours, or
        several.
    """
    known = set(reported["method"])
    if unknown := [name for name in named if name not in known]:
        raise InputError(f"comparison.arms: '{unknown[0]}' is no published method: {choices(unknown[0], known)}.")
    found = {}
    for stage in stages(summary, task):
        rows = stage_rows(summary, task, stage)
        arms = named_arms(rows.assign(budget=0) if stage == INITIALISATION else rows)
        names = {}
        for row in arms.index:
            for name in names_of(*arms.loc[row, ["model", "method", "query"]]):
                names.setdefault(name, []).append(row)
        for method in reported.loc[reported["stage"] == stage, "method"].unique():
            if method not in named:
                continue
            name, where = named[method], f"comparison.arms.{method}"
            if name not in names:
                raise InputError(f"{where}: no arm is called '{name}': {choices(name, names)}.")
            if len(names[name]) > 1:
                raise InputError(f"{where}: '{name}' stands for several arms: {shown(arms.loc[names[name], 'label'])}.")
            found[stage, method] = arms.loc[names[name][0]]
    return found


def names_of(model, method, query):
    """Names by which a configuration may call an arm."""
    starts = [f"{model}/{method}", method if model == "none" else model]
    return starts if query == "none" else [query, *(f"{start}/{query}" for start in starts)]


def ours_measured(summary, task, matched, metrics):
    """Our metrics at the largest initial budget, and after the last round.

    Parameters
    ----------
    summary : pandas.DataFrame
        The summary of one data set.
    task : str
        The task.
    matched : dict
        From `match_reported`.
    metrics : dict of str to str
        Published quantity to our metric.

    Returns
    -------
    pandas.DataFrame
        Columns `OURS`: mean over runs, standard deviation between them.
    """
    found = []
    for (stage, method), arm in matched.items():
        rows = stage_rows(summary, task, stage)
        key = ARM if stage == SUBSEQUENT else ARM[:-1]
        # Runs may end at different rounds.
        own = rows_of(rows, arm, key).sort_values(["budget", "round"], kind="stable")
        ends = own.groupby(["metric", "seed", "repeat"])[["n_labelled", "value"]].last().dropna()
        for quantity, metric in metrics.items():
            if metric in ends.index:
                value, labelled = ends.loc[metric, "value"], ends.loc[metric, "n_labelled"]
                label = f"{arm['label']}, {labelled.mean():.0f} labelled"
                found.append((stage, method, quantity, label, value.mean(), value.std(), len(value)))
    return pd.DataFrame(found, columns=OURS)


def ours_efficient(efficiency, matched, quantity, column):
    """Our label efficiency.

    Parameters
    ----------
    efficiency : coldstart.reporting.efficiency.Efficiency
        That of the task.
    matched : dict
        From `match_reported`.
    quantity : str
        Published quantity that it stands for.
    column : {"alc", "share"}
        Which of our measures.

    Returns
    -------
    pandas.DataFrame
        Columns `OURS`. A share is given only where every run reaches the target.
    """
    found = []
    for (stage, method), arm in matched.items():
        own = rows_of(efficiency.arms, arm).iloc[0]
        scale, measure = (100 / efficiency.pool, "labels") if column == "share" else (1, column)
        if own[f"{measure}_runs"] == own["n_runs"]:
            numbers = (scale * own[measure], scale * own[f"{measure}_sd"], own["n_runs"])
            found.append((stage, method, quantity, arm["label"], *numbers))
    return pd.DataFrame(found, columns=OURS)


def beside(reported, ours, dataset=None):
    """Put our values beside the reported ones.

    Parameters
    ----------
    reported : pandas.DataFrame
        Columns `COLUMNS`.
    ours : pandas.DataFrame
        Columns `OURS`.
    dataset : str, optional
        The published data set that ours is.

    Returns
    -------
    pandas.DataFrame
        The reported rows with ours, and ``difference``: ours less reported;
        of a bound such as ``<8%`` whether ours ``holds``; `OTHER_DATA` where
        there is one of ours on other data; empty where there is none.

    Raises
    ------
    InputError
        If `dataset` is not published.
    """
    if dataset is not None and dataset not in set(reported["dataset"]):
        known = set(reported["dataset"])
        raise InputError(f"comparison.dataset: '{dataset}' is not among the published ones: {choices(dataset, known)}.")
    frame = reported.merge(ours, on=ROW, how="left", validate="many_to_one")
    frame["difference"] = [
        ""
        if np.isnan(row["ours"])
        else OTHER_DATA
        if row["dataset"] != dataset
        else difference(row["ours"], row["printed"], row["value"])
        for row in frame.to_dict("records")
    ]
    return frame


def difference(ours, printed, value):
    """Ours less a value, with its sign and digits; or whether ours holds a bound."""
    if np.isnan(value):
        return "holds" if ours < float(printed.strip("<%")) else "does not hold"
    return f"{ours - value:+.{len(printed.partition('.')[2])}f}".replace("-", "−")
