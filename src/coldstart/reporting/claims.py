"""What Yuan & Hong (arXiv 2402.02561) say of their Tables 1-4, decided on any values: theirs or ours.

Each claim is one small predicate and its arguments. ``text`` marks what the
paper's text says, right or wrong; ``values`` what its printed values show.
"""

from dataclasses import dataclass

import pandas as pd

from coldstart.reporting import captions
from coldstart.reporting.published import values_of, winners

METHODS = ["random", "naive", "imagenet", "txrv", "remedis", "cxrf"]
BUDGETS = [20, 40, 60, 80, 100]
ORDINALS = ["first", "second", "third", "fourth", "fifth", "sixth"]


def grid(values, metric, column="value"):
    """Printed numbers of one metric.

    Parameters
    ----------
    values : pandas.DataFrame
        Rows of one table: budget, method, metric, value, se.
    metric : str
        The metric.
    column : {"value", "se"}
        Which numbers.

    Returns
    -------
    pandas.DataFrame
        Methods by budgets; nan where there is none. Rounded as printed, for a
        claim is about what the reader of a table sees.
    """
    rows = values[values["metric"] == metric]
    wide = rows.pivot(index="method", columns="budget", values=column).reindex(index=METHODS, columns=BUDGETS)
    return wide.astype("float64").map(lambda value: float(captions.number(value, metric)))


def best(values, metric):
    """Winners at every budget, as lists in the order of `METHODS`."""
    found = winners(values[values["metric"] == metric])
    return [[name for name in METHODS if name in set(found.loc[found["budget"] == b, "method"])] for b in BUDGETS]


def listed(names):
    """Winners of the budgets in words; ``-`` where there is none."""
    return ", ".join("=".join(tied) or "-" for tied in names)


def best_are(values, metric, expected):
    """Whether exactly these methods win, budget by budget (ties: ``"txrv=cxrf"``)."""
    found = best(values, metric)
    return [set(tied) for tied in found] == [set(tied.split("=")) for tied in expected], f"best: {listed(found)}"


def best_in(values, metric, counts):
    """Whether each method wins in exactly so many budgets, ties included."""
    found = best(values, metric)
    wins = {method: sum(method in tied for tied in found) for method in counts}
    text = ", ".join(f"{method} in {number}" for method, number in wins.items())
    return wins == counts, f"best: {listed(found)}; {text}"


def rank_is(values, metric, method, expected):
    """Whether a method has these ranks by budget (1 is the best; ties share the better rank)."""
    ascending = not captions.metric_entry(metric)["higher_is_better"]
    ranks = grid(values, metric).rank(method="min", ascending=ascending).loc[method].dropna().astype(int)
    detail = ", ".join(f"{rank} at {budget}" for budget, rank in ranks.items()) or "none"
    return all(ranks.get(budget) == rank for budget, rank in expected.items()), f"rank of {method}: {detail}"


def largest_se(values, metrics, method):
    """Whether no method has a larger standard error in any column of these metrics."""
    failed = []
    for metric in metrics:
        se = grid(values, metric, "se")
        above = se.columns[se.max() > se.loc[method]]
        failed += [f"{captions.metric_entry(metric)['title']} at {budget}" for budget in above]
    return not failed, "not the largest: " + ", ".join(failed) if failed else "the largest in every column"


def smallest_se(values, metric, method, budgets):
    """Whether a method has the smallest standard error at exactly these budgets."""
    se = grid(values, metric, "se")
    found = [budget for budget in BUDGETS if se.loc[method, budget] <= se[budget].min()]
    return found == budgets, f"the smallest at: {', '.join(map(str, found)) or 'no budget'}"


@dataclass(frozen=True)
class Claim:
    """One claim.

    Attributes
    ----------
    claim : str
        In words.
    table : int
        The table that decides it.
    source : {"text", "values"}
        Whether the paper's text says so, or its printed values show it.
    predicate : callable
        One of the functions above.
    arguments : dict
        What it is given besides the values; ``metric`` or ``metrics`` always.
    """

    claim: str
    table: int
    source: str
    predicate: object
    arguments: dict


def best_claim(table, metric, expected, source):
    """Claim that these methods are best, budget by budget."""
    text = f"Best {captions.metric_entry(metric)['title']} at 20 to 100: {', '.join(expected)}"
    return Claim(text, table, source, best_are, {"metric": metric, "expected": expected})


def largest_se_claim(table, *metrics):
    """Claim that random sampling has the largest standard error in every column."""
    titles = " and ".join(captions.metric_entry(metric)["title"] for metric in metrics)
    text = f"Random sampling has the largest standard error of {titles} at every budget"
    return Claim(text, table, "values", largest_se, {"metrics": list(metrics), "method": "random"})


def rank_claim(table, metric, ranks, source):
    """Claim that random sampling has these ranks."""
    budgets = {rank: [str(budget) for budget in ranks if ranks[budget] == rank] for rank in ranks.values()}
    places = " and ".join(f"{ORDINALS[rank - 1]} at {', '.join(at)}" for rank, at in budgets.items())
    text = f"Random sampling is {places} by {captions.metric_entry(metric)['title']}"
    return Claim(text, table, source, rank_is, {"metric": metric, "method": "random", "expected": ranks})


def dice_wins_claim(table):
    """Claim that the text makes of Table 3, and repeats of Table 4."""
    counts = {"txrv": 3, "remedis": 2}
    text = "TXRV has the best DSC at three budgets and REMEDIS at two"
    return Claim(text, table, "text", best_in, {"metric": "dice", "counts": counts})


CLAIMS = [
    best_claim(1, "auprc", ["txrv", "cxrf", "imagenet", "cxrf", "cxrf"], "text"),
    best_claim(1, "f1", ["cxrf", "txrv", "imagenet", "cxrf", "imagenet"], "text"),
    rank_claim(1, "auprc", {60: 2, 80: 2, 100: 2}, "text"),
    rank_claim(1, "auprc", {20: 5, 40: 3, 60: 3, 80: 3, 100: 3}, "values"),
    largest_se_claim(1, "auprc", "f1"),
    best_claim(2, "auprc", ["cxrf", "cxrf", "txrv", "imagenet", "txrv=cxrf"], "values"),
    best_claim(2, "f1", ["cxrf", "imagenet", "imagenet", "imagenet", "txrv"], "values"),
    largest_se_claim(2, "auprc", "f1"),
    dice_wins_claim(3),
    best_claim(3, "dice", ["txrv", "txrv=cxrf", "txrv", "remedis", "remedis"], "values"),
    best_claim(3, "row_hd", ["imagenet", "remedis", "cxrf", "remedis", "txrv"], "values"),
    largest_se_claim(3, "dice"),
    Claim(
        "Random sampling has the smallest standard error of HD at every budget but 20",
        3,
        "values",
        smallest_se,
        {"metric": "row_hd", "method": "random", "budgets": [40, 60, 80, 100]},
    ),
    dice_wins_claim(4),
    best_claim(4, "dice", ["txrv", "naive", "naive", "remedis", "naive"], "values"),
    best_claim(4, "row_hd", ["cxrf", "txrv", "naive", "remedis", "txrv"], "values"),
    largest_se_claim(4, "dice", "row_hd"),
]


def claims(values):
    """Decide every claim on some values.

    Parameters
    ----------
    values : pandas.DataFrame
        table, budget, method, metric, value, se: the published values, or ours
        under the published names.

    Returns
    -------
    pandas.DataFrame
        claim, table, source (``text`` or ``values``), ``holds`` (missing where
        one of the six methods lacks a number that the claim compares: the best
        of a few is not the best of all), ``detail`` (what the values show).
    """
    rows = []
    for item in CLAIMS:
        of_table = values[values["table"] == item.table]
        metrics = item.arguments.get("metrics") or [item.arguments["metric"]]
        column = "se" if item.predicate in (largest_se, smallest_se) else "value"
        cells = pd.concat([grid(of_table, metric, column) for metric in metrics], axis=1)
        absent = [method for method in METHODS if cells.loc[method].isna().any()]
        if len(absent) == len(METHODS):
            holds, detail = pd.NA, f"{', '.join(absent)} did not run at every budget"
        else:
            holds, detail = item.predicate(of_table, **item.arguments)
        if 0 < len(absent) < len(METHODS):
            holds, detail = pd.NA, f"{detail}; {', '.join(absent)} did not run at every budget"
        rows.append((item.claim, item.table, item.source, holds, detail))
    frame = pd.DataFrame(rows, columns=["claim", "table", "source", "holds", "detail"])
    return frame.astype({"holds": "boolean"})


def compare_claims(comparison):
    """Decide every claim on the published values and on ours.

    Parameters
    ----------
    comparison : pandas.DataFrame
        From `coldstart.reporting.published.compare`.

    Returns
    -------
    pandas.DataFrame
        claim, table, source, ``published_holds``, ``published_detail``,
        ``ours_holds``, ``ours_detail``.
    """
    sides = [
        claims(values_of(comparison, side)).rename(columns={"holds": f"{side}_holds", "detail": f"{side}_detail"})
        for side in ("published", "ours")
    ]
    return sides[0].join(sides[1][["ours_holds", "ours_detail"]])
