"""The arms of one stage against each other: every pair at every point and over the whole budget curve."""

from dataclasses import asdict, dataclass
from itertools import combinations

import numpy as np
import pandas as pd

from coldstart.errors import InputError
from coldstart.evaluation.aggregate import aggregate
from coldstart.evaluation.bootstrap import ESTIMATORS
from coldstart.evaluation.label_efficiency import height_weights
from coldstart.evaluation.multiplicity import holm
from coldstart.evaluation.paired import compare
from coldstart.evaluation.runs import Runs
from coldstart.evaluation.variance import components
from coldstart.evaluation.wins import is_saturated, outcome_matrix, outcomes, share_won
from coldstart.registry import choices
from coldstart.reporting import captions
from coldstart.reporting.arms import ARM, named_arms, rows_of
from coldstart.reporting.summary import INITIALISATION, reference_rows, stage_rows

RUN = [*ARM, "seed", "repeat"]
AREA, POINT = "area", "point"


@dataclass(frozen=True, eq=False)
class Study:
    """One metric of one stage, compared.

    Attributes
    ----------
    metric : str
    arms : pandas.DataFrame
        The columns of `coldstart.reporting.arms.ARM` and ``label``; the order
        of rows and columns everywhere.
    points : list of int
        Budgets, or rounds.
    labels : list of int
        Labelled samples at every point (mean over runs, rounded).
    within : tuple of float, or None
        Labels between which the area under every curve is taken; None where the
        curves share no range, or have one point.
    overall : list of coldstart.evaluation.runs.Runs
        Per arm, its runs by the area or, where there is none, by the last point.
    spread : pandas.DataFrame
        Of these, per arm, from `coldstart.evaluation.aggregate.aggregate`:
        ``value``, ``se``, ``sd_seeds``, ``sd_repeats``, ``n_seeds``, ``n_runs``;
        and ``sd_selection``, see `coldstart.evaluation.variance.components`.
    pairs : pandas.DataFrame
        One row per pair and quantity: ``quantity`` (``area`` or ``point``),
        ``point``, ``first`` and ``second`` (rows of `arms`), their means
        ``value_first`` and ``value_second``, the fields of
        `coldstart.evaluation.paired.Comparison`, ``p_holm`` (over all pairs of the
        area; over all pairs and points of the points), ``outcome`` (see
        `coldstart.evaluation.wins.outcomes`) and ``saturated``.
    full : float
        Full supervision: the mean over its runs; nan where there is none.
    full_text : str
        What it is; may be empty.
    heading, runs : str
        Title, and seeds and runs behind the numbers.
    """

    metric: str
    arms: pd.DataFrame
    points: list
    labels: list
    within: tuple | None
    overall: list
    spread: pd.DataFrame
    pairs: pd.DataFrame
    full: float
    full_text: str
    heading: str
    runs: str

    @property
    def higher_is_better(self):
        """Direction of the metric."""
        return captions.metric_entry(self.metric)["higher_is_better"]

    @property
    def decisive(self):
        """The pairs by what the arms are compared by overall: the area, or the last point."""
        if self.within is not None:
            return self.pairs[self.pairs["quantity"] == AREA]
        return self.pairs[(self.pairs["quantity"] == POINT) & (self.pairs["point"] == self.points[-1])]

    @property
    def what(self):
        """What the arms are compared by overall, in words."""
        title = captions.metric_title(self.metric)
        if self.within is None:
            return f"{title} at {self.labels[-1]} labels"
        low, high = self.within
        return f"area under the budget curve of {title} from {low:g} to {high:g} labels (its mean height)"

    def matrix(self):
        """Outcome of every row's arm against every column's, overall: 1 better, -1 worse, 0 neither, nan unknown."""
        found = self.decisive
        return outcome_matrix(len(self.arms), found["first"], found["second"], found["outcome"])

    def points_won(self):
        """Points at which the row's arm beats the column's, and points that count; see `share_won`."""
        n, matrices, counted = len(self.arms), [], []
        for _, found in self.pairs[self.pairs["quantity"] == POINT].groupby("point"):
            matrices.append(outcome_matrix(n, found["first"], found["second"], found["outcome"]))
            counted.append(abs(outcome_matrix(n, found["first"], found["second"], ~found["saturated"])) == 1)
        return share_won(matrices, counted)


def study(summary, task, stage, metric, *, full=None, test_units=None, **how):
    """Compare the arms of one stage by one metric.

    Parameters
    ----------
    summary : pandas.DataFrame
        The summary of one data set.
    task : str
    stage : {"initialisation", "subsequent"}
        See `coldstart.reporting.summary.stage_rows`.
    metric : str
    full : str, optional
        Method that labels the whole pool, beyond 99 % of which no point is counted.
    test_units : int, optional
        Patients or samples that the bootstrap of the test split draws.
    **how
        `decimals`, `pooling` and `standard_error` of `coldstart.evaluation.aggregate.aggregate`,
        for `spread`; tests are of values that were not rounded.

    Returns
    -------
    Study

    Raises
    ------
    InputError
        If the stage has no rows or one arm, or the metric was not measured.
    """
    rows = stage_rows(summary, task, stage)
    if metric not in set(rows["metric"]):
        raise InputError(f"the summary has no '{metric}' of the task '{task}': {choices(metric, rows['metric'])}.")
    rows = rows[rows["metric"] == metric]
    initial = stage == INITIALISATION
    rows = rows.assign(point=rows["budget" if initial else "round"], x=rows["budget" if initial else "n_labelled"])
    rows = rows.assign(budget=0) if initial else rows
    arms = named_arms(rows)
    if len(arms) < 2:
        raise InputError(
            f"{arms['label'][0]} is the only arm of the task '{task}' at the stage '{stage}': add another."
        )
    points = sorted(rows["point"].unique().tolist())
    within, areas = area_rows(rows, ESTIMATORS[how.get("standard_error", "percentile")])

    resamples = len(rows["bootstrap"].iloc[0])
    frames = [(POINT, point, rows[rows["point"] == point]) for point in points]
    frames += [(AREA, -1, areas)] if within else []
    runs = {
        (kind, point): [runs_of(rows_of(frame, arm), resamples) for arm in arms.to_dict("records")]
        for kind, point, frame in frames
    }
    pairs = pd.DataFrame([row for key, of in runs.items() for row in compared(*key, of, test_units)])
    higher = captions.metric_entry(metric)["higher_is_better"]
    pairs["p_holm"] = pairs.groupby("quantity")["p"].transform(holm)
    pairs["outcome"] = outcomes(pairs["difference"], pairs["p_holm"], higher_is_better=higher)
    found = reference_rows(summary, task)
    found = found[(found["method"] == full) & (found["metric"] == metric)]
    level = found["value"].mean()
    saturated = is_saturated(pairs["value_first"], pairs["value_second"], level, higher_is_better=higher)
    pairs["saturated"] = saturated & (pairs["quantity"] == POINT)
    key, last = ((AREA, -1), areas) if within else ((POINT, points[-1]), frames[-1][2])
    spread = spread_of(last, arms, how)
    return Study(
        metric=metric,
        arms=arms,
        points=points,
        labels=[round(rows.loc[rows["point"] == point, "x"].mean()) for point in points],
        within=within,
        overall=runs[key],
        spread=spread,
        pairs=pairs,
        full=level,
        full_text=f"{captions.reference_label(full)}: {captions.number(level, metric)}" if len(found) else "",
        heading=captions.heading(rows["dataset"].iloc[0], task, stage),
        runs=captions.runs_text(spread[spread["n_runs"] > 0]),
    )


def area_rows(rows, standard_error):
    """Put the area under the curve of every run in the place of its points.

    Parameters
    ----------
    rows : pandas.DataFrame
        Rows of one metric, with ``point`` and ``x``, the labels there.
    standard_error : callable
        Out of `coldstart.evaluation.bootstrap.ESTIMATORS`.

    Returns
    -------
    within : tuple of float, or None
        The range of labels that all curves share; None where there is none.
    areas : pandas.DataFrame
        One row per run that has a curve: the mean height within that range as
        ``value``, that of every resample as ``bootstrap``, and ``se``.
    """
    curves = [run.sort_values("x", kind="stable") for _, run in rows[rows["value"].notna()].groupby(RUN, sort=False)]
    curves = [run for run in curves if run["x"].nunique() > 1]
    if not curves:
        return None, rows.iloc[:0]
    low, high = max(run["x"].iloc[0] for run in curves), min(run["x"].iloc[-1] for run in curves)
    if low >= high:
        return None, rows.iloc[:0]
    found = []
    for run in curves:
        weights = height_weights(run["x"], low, high)
        bootstrap = weights @ np.array(run["bootstrap"].tolist(), dtype=np.float64)
        own = {"round": 0, "point": -1, "n_labelled": run["n_labelled"].iloc[-1], "se": standard_error(bootstrap)}
        found.append({**run.iloc[0], **own, "value": weights @ run["value"], "bootstrap": bootstrap})
    return (float(low), float(high)), pd.DataFrame(found)


def runs_of(rows, resamples):
    """Rows of one arm at one point as `coldstart.evaluation.runs.Runs`, of that many resamples."""
    bootstrap = np.array(rows["bootstrap"].tolist(), dtype=np.float64).reshape(-1, resamples)
    return Runs(rows["seed"].to_numpy(), rows["repeat"].to_numpy(), rows["value"].to_numpy(), bootstrap)


def compared(quantity, point, arms, test_units):
    """Every pair of arms by one quantity, as rows of `Study.pairs`."""
    means = [arm.defined().values.mean() if len(arm.defined().values) else np.nan for arm in arms]
    return [
        {
            **{"quantity": quantity, "point": point, "first": i, "second": j},
            **{"value_first": means[i], "value_second": means[j]},
            **asdict(compare(arms[i], arms[j], test_units)),
        }
        for i, j in combinations(range(len(arms)), 2)
    ]


def spread_of(rows, arms, how):
    """Mean, standard error and standard deviations of every arm, in the order of the arms; see `Study.spread`."""
    found = aggregate(rows, **how).merge(arms, on=ARM, how="right")
    found[["n_runs", "n_seeds"]] = found[["n_runs", "n_seeds"]].fillna(0).astype("int64")
    own = [rows_of(rows, arm) for arm in arms.to_dict("records")]
    selection = [components(runs["value"], runs["seed"]).selection for runs in own]
    return found.assign(sd_selection=np.sqrt(selection))


def count_units(cohort, task, metric, unit):
    """How many patients or samples the bootstrap of the test split draws.

    Parameters
    ----------
    cohort : pandas.DataFrame
        ``split``, ``patient_id`` and a column for the task.
    task, metric : str
        Metrics of volumes are always resampled by patient.
    unit : {"sample", "patient"}
        ``evaluation.bootstrap_unit``.

    Returns
    -------
    int
        A sample without a patient is its own.
    """
    patients = cohort.loc[(cohort["split"] == "test") & cohort[task], "patient_id"]
    if unit == "sample" and not metric.endswith("_volume"):
        return len(patients)
    return int(patients.nunique() + patients.isna().sum())
