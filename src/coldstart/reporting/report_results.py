"""What the report shows of the summary: curves to explore, the headline table with its marks, and every run."""

from dataclasses import dataclass

import numpy as np

from coldstart.errors import InputError
from coldstart.evaluation.metrics import METRICS
from coldstart.reporting import captions
from coldstart.reporting.arms import ARM, EVERYTHING, cells
from coldstart.reporting.efficiency import counterpart
from coldstart.reporting.report_pairs import key, point_outcomes
from coldstart.reporting.summary import SUBSEQUENT, stage_rows, stages
from coldstart.reporting.tables import comparison_table

BASELINE = "random"
BEHIND, AHEAD, BELOW = "*", "▲", "▼"
RUN = ["task", *ARM, "seed", "repeat", "round"]


def curves(summary, task, **how):
    """Learning curves of one task as plain values: by stage and metric, one line per arm.

    Parameters
    ----------
    summary : pandas.DataFrame
        The summary of one data set.
    task : str
    **how
        `decimals`, `pooling` and `standard_error` of `coldstart.evaluation.aggregate.aggregate`.

    Returns
    -------
    dict
        By stage: ``heading``, ``points`` (labelled samples), ``arms`` (model,
        method, query, label), ``runs`` and ``metrics``, which by name has
        ``title``, ``value`` and ``se`` (one list per arm, None where nothing
        was measured), ``n`` (runs behind each) and ``full``, the label and the
        value of each method that labels the whole pool.
    """
    measured = [name for name in METRICS if name in set(summary.loc[summary["task"] == task, "metric"])]
    found = {}
    for stage in stages(summary, task):
        shown = {}
        for metric in measured:
            try:
                of_metric = cells(summary, task, stage, metric, **how)
            except InputError:
                continue  # a metric that no run of this stage defines has no curve
            shown[metric] = of_metric
        if not shown:
            continue
        # Arms may lack a metric: lines are looked up by the arm.
        every = max(shown.values(), key=lambda one: (len(one.arms), len(one.points)))
        found[stage] = {
            "heading": every.heading,
            "runs": every.runs,
            "points": every.points,
            "arms": every.arms[["model", "method", "query", "label"]].to_dict("records"),
            "metrics": {name: lines(one, every) for name, one in shown.items()},
        }
    return found


def lines(one, every):
    """Values of one metric in the order of the arms and points of another, as lists for JSON."""
    rows = {label: row for row, label in enumerate(one.arms["label"])}
    columns = {point: column for column, point in enumerate(one.points)}

    def spread(array):
        return [
            [
                plain(array[rows[label], columns[point], 0]) if label in rows and point in columns else None
                for point in every.points
            ]
            for label in every.arms["label"]
        ]

    full = one.references
    levels = [] if full is None else zip(full.arms["label"], full.value[:, 0, 0], strict=True)
    return {
        "title": captions.metric_title(one.metrics[0]),
        "decimals": captions.decimals(one.metrics[0]),
        **{name: spread(getattr(one, array)) for name, array in (("value", "value"), ("se", "se"), ("n", "n_runs"))},
        "full": [[label, plain(value)] for label, value in levels if np.isfinite(value)],
    }


def plain(number):
    """A number as JSON has it, to six digits; None where there is none."""
    return float(f"{number:.6g}") if np.isfinite(number) else None


@dataclass(frozen=True)
class Headline:
    """The headline table of one task and stage.

    Attributes
    ----------
    table : coldstart.reporting.tables.ComparisonTable
    signs : numpy.ndarray of str
        (rows, points, metrics): marks of the paired tests, or empty.
    explained : list of str
        A sentence for each kind of mark that the table has, or why it has none.
    """

    table: object
    signs: np.ndarray
    explained: list

    @property
    def points(self):
        """Places and titles of the points at which arms are compared: all but that of full supervision."""
        return [(column, point) for column, point in enumerate(self.table.points) if point != EVERYTHING]

    def whole(self, row):
        """What a method that labels the whole pool has reached; empty for an arm."""
        if EVERYTHING not in self.table.points:
            return ""
        values = zip(self.table.titles, self.table.text[row, self.table.points.index(EVERYTHING)], strict=True)
        return ", ".join(f"{title} {text}" for title, text in values if text)


def headline(summary, task, stage, metrics, pairs=None, *, against=None, note="", **how):
    """The comparison table of one stage, with marks of the paired tests at every point.

    Parameters
    ----------
    summary : pandas.DataFrame
        The summary of one data set.
    task, stage : str
    metrics : list of str
    pairs : pandas.DataFrame, optional
        The CSV of `coldstart.reporting.paired_tables.paired_table`.
    against : str, optional
        Method or query that arms are held against; by default ``random``.
    note : str, default=""
        What must be said of the data.
    **how
        As of `curves`.

    Returns
    -------
    Headline
        An arm is marked ``*`` where it is worse than the best arm of its
        column, and with a triangle where it is better or worse than the arm
        that differs from it by `against` alone: p < 0.05 after Holm's correction
        over all pairs and points of a metric.
    """
    table = comparison_table(summary, task, stage, metrics, note=note, **how)
    signs = np.full(table.text.shape, "", dtype=object)
    if pairs is None:
        return Headline(table, signs, ["No marks of significance: a test needs an arm with several runs."])
    arms = table.arms.assign(budget=table.arms.get("budget", 0))
    keys = [key(arm) for arm in arms.to_dict("records")]
    others = [counterpart(arms, row, against or BASELINE) for row in range(len(arms))]
    outcomes, rounds = point_outcomes(pairs), rounds_at(summary, task, stage)
    for row, column, layer in np.argwhere(table.text != "").tolist():
        best = next(iter(np.flatnonzero(table.marks[:, column, layer] == "best")), None)
        for other, signs_of in ((best, {-1: BEHIND}), (others[row], {1: AHEAD, -1: BELOW})):
            if other is not None and other != row:
                point = table.points[column] if rounds is None else rounds.get((keys[row], table.points[column]))
                result = outcomes.get((table.metrics[layer], point, keys[row], keys[other]), 0)
                signs[row, column, layer] += signs_of.get(result, "")
    seen = set("".join(signs.ravel()))
    explained = [
        *([f"{BEHIND}: worse than the best arm of its column"] if BEHIND in seen else []),
        *(
            [f"{AHEAD}, {BELOW}: better, worse than {against or BASELINE}, all else being the same"]
            if {AHEAD, BELOW} & seen
            else []
        ),
    ]
    tests = "paired tests of seeds and patients, p < 0.05 after Holm's correction over all pairs and points of a metric"
    if explained:
        text = f"{'; '.join(explained)} ({tests}). An arm without a mark is not told apart, or could not be tested."
    else:
        text = f"No arm is told apart from the best of its column or from {against or BASELINE} ({tests})."
    return Headline(table, signs, [text])


def rounds_at(summary, task, stage):
    """Round of every arm by its number of labelled samples, where points are rounds; None where they are budgets."""
    if stage != SUBSEQUENT:
        return None
    rows = stage_rows(summary, task, stage)[[*ARM, "n_labelled", "round"]].drop_duplicates()
    return {(tuple(row[:4]), row[4]): row[5] for row in rows.itertuples(index=False, name=None)}


def every_run(summary, task, metrics, seconds):
    """Every run of one task, for the list of runs.

    Parameters
    ----------
    summary : pandas.DataFrame
        The summary of one data set.
    task : str
    metrics : list of str
        Whose values are listed.
    seconds : dict of str to float
        Training time by run folder.

    Returns
    -------
    list of dict
        The columns `RUN`, ``n_labelled``, ``label`` of the arm, ``folder``
        below the results of the data set, ``seconds`` and ``values`` as printed.
    """
    rows = summary[summary["task"] == task]
    wide = rows[rows["metric"].isin(metrics)].pivot_table(index="run", columns="metric", values="value")
    wide = wide.reindex(columns=metrics)
    found = []
    for run in rows.drop_duplicates("run").sort_values(RUN, kind="stable").to_dict("records"):
        values = wide.loc[run["run"]].tolist() if run["run"] in wide.index else [np.nan] * len(metrics)
        found.append(
            {
                **{key: run[key] for key in [*RUN, "n_labelled"]},
                "label": captions.arm_label(run["model"], run["method"], run["query"]),
                "folder": run["run"].partition("/")[2],
                "seconds": seconds.get(run["run"]),
                "values": [
                    "" if np.isnan(value) else captions.number(value, metric)
                    for value, metric in zip(values, metrics, strict=True)
                ],
            }
        )
    return found
