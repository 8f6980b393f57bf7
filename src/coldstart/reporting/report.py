"""The report of a data set, put together from its summary and whatever else there is."""

from coldstart.errors import InputError
from coldstart.reporting.headline import headline_metrics
from coldstart.reporting.paired import study
from coldstart.reporting.paired_tables import paired_table
from coldstart.reporting.report_cost import by_arm
from coldstart.reporting.report_design import design_of_summary
from coldstart.reporting.report_page import Report
from coldstart.reporting.report_pairs import as_read, matrices, read_pairs
from coldstart.reporting.report_results import curves, every_run, headline
from coldstart.reporting.summary import STAGES, stages


def results(summary, *, pairs, metrics, seconds, jobs, against=None, note="", **how):
    """What a report says of the results: one part for each task, and the curves of all.

    Parameters
    ----------
    summary : pandas.DataFrame
        The summary of one data set.
    pairs : dict of (str, str) to pandas.DataFrame
        By task and stage, from `coldstart.reporting.report_pairs.read_pairs`;
        those that could not be compared are missing.
    metrics : dict of str to list of str or None
        By task, what tables show; see `coldstart.reporting.headline.headline_metrics`.
    seconds : dict of str to float
        Training time by run folder.
    jobs : pandas.DataFrame
        From `coldstart.reporting.report_cost.job_seconds`.
    against, note : str
        See `coldstart.reporting.report_results.headline`.
    **how
        `decimals`, `pooling` and `standard_error` of `coldstart.evaluation.aggregate.aggregate`.

    Returns
    -------
    tasks : list of dict
        See `coldstart.reporting.report_page.Report`; ``figures`` is empty.
    drawn : dict
        By task, from `coldstart.reporting.report_results.curves`.
    """
    tasks = []
    for task in dict.fromkeys(summary["task"]):
        shown = headline_metrics(summary, task, metrics.get(task))
        found = stages(summary, task)
        tasks.append(
            {
                "name": task,
                "metrics": shown,
                "headlines": [
                    (stage, headline(summary, task, stage, shown, pairs.get((task, stage)), against=against, **how))
                    for stage in found
                ],
                "pairs": [(stage, matrices(pairs[task, stage])) for stage in found if (task, stage) in pairs],
                "runs": every_run(summary, task, shown, seconds),
                "cost": by_arm(summary, task, seconds, jobs),
                "figures": [],
            }
        )
    return tasks, {task["name"]: curves(summary, task["name"], **how) for task in tasks}


def pairs_of(folder, tables, tasks):
    """Comparisons by pairs that lie beside the report.

    Parameters
    ----------
    folder : pathlib.Path
        Where the report will lie.
    tables : iterable of str
        Tables that there are, as seen from it.
    tasks : list of str

    Returns
    -------
    dict of (str, str) to pandas.DataFrame
        By task and stage, from `coldstart.reporting.report_pairs.read_pairs`.
    """
    names = {(task, stage): f"tables/{task}_{stage}_paired" for task in tasks for stage in STAGES}
    return {key: read_pairs(folder / f"{name}.csv") for key, name in names.items() if f"{name}.html" in tables}


def report_of_summary(summary, *, note="", against=None, **how):
    """The report that a summary alone allows: no pictures, no maps, no provenance.

    Parameters
    ----------
    summary : pandas.DataFrame
        The summary of one data set.
    note : str, default=""
        What must be said of the data.
    against : str, optional
        See `coldstart.reporting.report_results.headline`.
    **how
        As of `results`.

    Returns
    -------
    coldstart.reporting.report_page.Report
        Arms are compared by pairs wherever one has several runs.
    """
    pairs, empty = {}, {}
    for task in dict.fromkeys(summary["task"]):
        for stage in stages(summary, task):
            try:
                studies = [study(summary, task, stage, name, **how) for name in headline_metrics(summary, task)]
            except InputError:
                continue  # a stage of one arm has no pairs
            pairs[task, stage] = as_read(paired_table(studies).frame)
    tasks, drawn = results(
        summary, pairs=pairs, metrics=empty, seconds={}, jobs=None, against=against, note=note, **how
    )
    return Report(summary["dataset"].iloc[0], note, design_of_summary(summary), tasks=tasks, curves=drawn)
