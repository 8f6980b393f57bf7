"""Tables of comparisons by pairs, and of what is known of every arm: spread, rank and whom it beats."""

import numpy as np
import pandas as pd

from coldstart.evaluation.ranks import leave_one_seed_out
from coldstart.evaluation.wins import ALPHA
from coldstart.reporting import captions
from coldstart.reporting.arms import ARM
from coldstart.reporting.paired import AREA
from coldstart.reporting.plain_tables import PlainTable

PAIR_NUMBERS = ["difference", "low", "high", "se", "se_runs", "se_patients", "p", "p_holm"]


def paired_table(studies, *, note=""):
    """Every pair of arms, overall; the CSV holds every point too.

    Parameters
    ----------
    studies : list of coldstart.reporting.paired.Study
        One for each metric.
    note : str, default=""
        What must be said of the data.

    Returns
    -------
    coldstart.reporting.plain_tables.PlainTable
    """
    rows = [row for found in studies for row in pair_rows(found)]
    heading = f"{studies[0].heading}, arms by pairs"
    caption = [
        f"{heading}. Difference of the means of two arms ({studies[0].runs}) by the {by(studies)}.",
        "95 % intervals and p-values are of two errors: of the runs, what other seeds would change, and of the "
        "patients, what another test split would. p: after Holm, over all pairs of a metric; "
        f"better: the arm that wins at {ALPHA:g}; a dash: none does, or nothing was tested.",
        "Arrows point to the better values.",
    ]
    return PlainTable(
        titles=["Pair", "Metric", "Difference", "95 % interval", "SE, runs", "SE, patients", "p", "Better", "How"],
        rows=rows,
        frame=pd.concat([pair_frame(found) for found in studies], ignore_index=True),
        heading=heading,
        caption=" ".join(caption),
        note=captions.sentence(note),
    )


def by(studies):
    """What arms are compared by, of one or several metrics."""
    return "; ".join(found.what for found in studies)


def pair_rows(found):
    """Cells of the pairs of one metric."""
    labels, rows = found.arms["label"].tolist(), []
    for pair in found.decisive.to_dict("records"):
        first, second = labels[pair["first"]], labels[pair["second"]]
        interval = (
            "" if np.isnan(pair["low"]) else " to ".join(signed(pair[end], found.metric) for end in ("low", "high"))
        )
        rows.append(
            [
                f"{first} – {second}",
                captions.metric_title(found.metric),
                signed(pair["difference"], found.metric),
                interval,
                *(plain(pair[name], found.metric) for name in ("se_runs", "se_patients")),
                p_text(pair["p_holm"]),
                {1.0: first, -1.0: second}.get(pair["outcome"], ""),
                pair["note"],
            ]
        )
    return rows


def pair_frame(found):
    """All pairs of one metric at full precision."""
    names = {
        f"{name}_{side}": found.arms[name].iloc[found.pairs[side]].tolist()
        for side in ("first", "second")
        for name in ARM
    }
    pairs, label = found.pairs, found.arms["label"]
    better = [
        {1.0: label[first], -1.0: label[second]}.get(outcome, "")
        for first, second, outcome in zip(pairs["first"], pairs["second"], pairs["outcome"], strict=True)
    ]
    at = ["" if quantity == AREA else point for quantity, point in zip(pairs["quantity"], pairs["point"], strict=True)]
    columns = ["value_first", "value_second", *PAIR_NUMBERS, "n_first", "n_second", "design"]
    return pd.DataFrame(
        {
            "metric": found.metric,
            "quantity": pairs["quantity"],
            "point": at,
            **names,
            **{name: pairs[name] for name in columns},
            "saturated": pairs["saturated"],
            "better": better,
            "how": pairs["note"],
        }
    )


def ranks_table(studies, *, note=""):
    """What is known of every arm: its value and spread, its rank with and without each seed, whom it beats.

    Parameters
    ----------
    studies : list of coldstart.reporting.paired.Study
        One for each metric.
    note : str, default=""
        What must be said of the data.

    Returns
    -------
    coldstart.reporting.plain_tables.PlainTable
    """
    frames, sentences = zip(*(rank_frame(found) for found in studies), strict=True)
    frame = pd.concat(frames, ignore_index=True)
    heading = f"{studies[0].heading}, ranks of the arms"
    caption = [
        f"{heading}, by the {by(studies)} ({studies[0].runs}); bootstrap standard error in parentheses.",
        "SD: standard deviation of the means of seeds; of the repeats within a seed, which is that of training; and "
        "of the selection alone, the one less the other. In brackets the ranks when one seed is left out.",
        *sentences,
        "Beats, beaten by: other arms, after Holm; points won: of all comparisons with another arm at a single point, "
        "but for those at which both are beyond 99 % of full supervision.",
        *(
            f"{found.full_text[:1].upper()}{found.full_text[1:]} ({captions.metric_title(found.metric)})."
            for found in studies
            if found.full_text
        ),
        "Arrows point to the better values.",
    ]
    rows = [
        [
            row["label"],
            captions.metric_title(row["metric"]),
            "" if np.isnan(row["value"]) else captions.with_error(row["value"], row["se"], row["metric"]),
            *(plain(row[name], row["metric"]) for name in ("sd_seeds", "sd_repeats", "sd_selection")),
            rank_text(row),
            str(row["beats"]),
            str(row["beaten_by"]),
            f"{row['points_won']} of {row['points']}",
        ]
        for row in frame.to_dict("records")
    ]
    titles = [
        "Arm",
        "Metric",
        "Mean",
        "SD, seeds",
        "SD, repeats",
        "SD, selection",
        "Rank",
        "Beats",
        "Beaten by",
        "Points won",
    ]
    return PlainTable(
        titles=titles,
        rows=rows,
        frame=frame.drop(columns="label"),
        heading=heading,
        caption=" ".join(caption),
        note=captions.sentence(note),
    )


def rank_frame(found):
    """The arms of one metric, and a sentence on how much their ranks hang on one seed."""
    present = [row for row, arm in enumerate(found.overall) if len(arm.defined().values)]
    stability = leave_one_seed_out(
        [found.overall[row].defined() for row in present], higher_is_better=found.higher_is_better
    )
    matrix, (won, points) = found.matrix(), found.points_won()
    frame = found.arms[[*ARM, "label"]].assign(metric=found.metric)
    for name in ("n_seeds", "n_runs", "value", "se", "sd_seeds", "sd_repeats", "sd_selection"):
        frame[name] = found.spread[name]
    for name in ("rank", "best", "worst"):
        column = np.full(len(frame), np.nan)
        column[present] = getattr(stability, name)
        frame[name if name == "rank" else f"rank_{name}"] = column
    counts = {"beats": (matrix == 1).sum(axis=1), "beaten_by": (matrix == -1).sum(axis=1)}
    counts |= {"points_won": won.sum(axis=1), "points": points.sum(axis=1)}
    title = captions.metric_title(found.metric)
    if stability.decisive is None:
        said = f"{title}: no arm has a seed that could be left out."
    else:
        said = (
            f"{title}: without seed {stability.decisive} the ranks move most, Kendall's tau {stability.tau:.2f}."
            if stability.tau < 1
            else f"{title}: no seed changes the order when left out."
        )
    return frame.assign(**counts), said


def rank_text(row):
    """Rank and, where it moves when a seed is left out, its range."""
    if np.isnan(row["rank"]):
        return ""
    if row["rank_best"] == row["rank_worst"] == row["rank"]:
        return f"{row['rank']:g}"
    return f"{row['rank']:g} [{row['rank_best']:g} to {row['rank_worst']:g}]"


def signed(value, metric):
    """A difference as it is printed, with its sign."""
    return "" if np.isnan(value) else f"{value:+.{captions.decimals(metric)}f}".replace("-", "−")


def plain(value, metric):
    """A number as it is printed; empty where there is none."""
    return "" if np.isnan(value) else captions.number(value, metric)


def p_text(p):
    """A p-value as it is printed."""
    if np.isnan(p):
        return ""
    return "< 0.001" if p < 0.001 else f"{p:.3f}"
