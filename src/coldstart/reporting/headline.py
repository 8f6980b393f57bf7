"""Which metrics the tables and curves show."""

from coldstart.errors import InputError, shown

# Yuan & Hong report AUPRC and F1, and DSC and HD; distances are in mm where the spacing is known.
HEADLINE = {"classification": [["auprc"], ["f1"]], "segmentation": [["dice"], ["hd_mm", "hd_px"]]}


def headline_metrics(summary, task, wanted=None):
    """Choose the metrics of one task to show.

    Parameters
    ----------
    summary : pandas.DataFrame
        The summary of one data set.
    task : str
        The task.
    wanted : list of str, optional
        Metrics that the configuration names; by default AUPRC and F1, or DSC
        and the Hausdorff distance (in mm where the summary has it).

    Returns
    -------
    list of str
        Names of metrics.

    Raises
    ------
    InputError
        If a wanted metric was not measured.
    """
    measured = set(summary.loc[summary["task"] == task, "metric"])
    if wanted:
        if missing := [metric for metric in wanted if metric not in measured]:
            known = shown(sorted(measured), 20)
            raise InputError(f"evaluation.metrics.{task}: {shown(missing)} was not measured; measured: {known}.")
        return list(wanted)
    return [next(metric for metric in choice if metric in measured) for choice in HEADLINE[task]]
