"""Comparisons by pairs as the report shows them: the matrix of all arms, and one outcome by itself."""

import numpy as np
import pandas as pd

from coldstart.evaluation.wins import ALPHA, outcomes
from coldstart.reporting import captions
from coldstart.reporting.arms import ARM
from coldstart.reporting.paired import AREA, POINT
from coldstart.reporting.paired_tables import p_text, signed

SIGNS = {1.0: "+", -1.0: "−", 0.0: "="}
WORDS = {1.0: "better", -1.0: "worse", 0.0: "not told apart"}


def read_pairs(path):
    """Read the CSV of `coldstart.reporting.paired_tables.paired_table`; a name such as ``null`` stays a name."""
    return as_read(pd.read_csv(path, dtype=str, keep_default_na=False))


def as_read(frame):
    """The same of a frame that was not written: names as text, numbers as numbers, nan where there is none."""
    numbers = ["point", "budget_first", "budget_second", "difference", "low", "high", "p_holm"]
    return frame.assign(**{name: pd.to_numeric(frame[name], errors="coerce") for name in numbers})


def key(arm):
    """An arm as a tuple."""
    return tuple(arm[name] if name != "budget" else int(arm[name]) for name in ARM)


def point_outcomes(pairs):
    """Outcomes at single points, either way round.

    Parameters
    ----------
    pairs : pandas.DataFrame
        From `read_pairs`.

    Returns
    -------
    dict of (str, int, tuple, tuple) to float
        By metric, point (budget or round) and two arms as `key` has them: what
        `coldstart.evaluation.wins.outcomes` says of the first.
    """
    found = {}
    for metric, rows in pairs[pairs["quantity"] == POINT].groupby("metric", sort=False):
        sides = [rows[[f"{name}_{side}" for name in ARM]].set_axis(ARM, axis=1) for side in ("first", "second")]
        arms = [[key(arm) for arm in side.to_dict("records")] for side in sides]
        for first, second, point, result in zip(*arms, rows["point"], outcome(rows, metric), strict=True):
            found[metric, int(point), first, second] = result
            found[metric, int(point), second, first] = -result
    return found


def outcome(pairs, metric):
    """Outcome of every pair by its corrected p-value."""
    higher = captions.metric_entry(metric)["higher_is_better"]
    return outcomes(pairs["difference"], pairs["p_holm"], higher_is_better=higher)


def matrices(pairs):
    """The matrix of each metric: rows against columns, by the area or, where there is none, by the last point.

    Parameters
    ----------
    pairs : pandas.DataFrame
        From `read_pairs`.

    Returns
    -------
    list of dict
        ``metric``, ``title``, ``by`` (what decides), ``arms`` (model, method,
        query, label), and ``cells``, per arm a list of dict: ``sign``, ``kind``
        (a word for the style) and ``text``, what is known of the pair in words;
        None on the diagonal.
    """
    found = []
    for metric, of_metric in pairs.groupby("metric", sort=False):
        areas = of_metric[of_metric["quantity"] == AREA]
        last = of_metric["point"].max()
        decisive = areas if len(areas) else of_metric[of_metric["point"] == last]
        arms = arms_of(decisive)
        place = {key(arm): row for row, arm in enumerate(arms)}
        cells = [[None] * len(arms) for _ in arms]
        for pair, result in zip(decisive.to_dict("records"), outcome(decisive, metric), strict=True):
            sides = [key({name: pair[f"{name}_{side}"] for name in ARM}) for side in ("first", "second")]
            first, second = (place[side] for side in sides)
            cells[first][second] = cell(pair, result, arms[first], arms[second], metric, 1)
            cells[second][first] = cell(pair, result, arms[second], arms[first], metric, -1)
        by = "the area under the budget curve" if len(areas) else "the last point"
        found.append({"metric": metric, "title": captions.metric_title(metric), "by": by, "arms": arms, "cells": cells})
    return found


def arms_of(pairs):
    """Arms in the order of the pairs, with labels as everywhere."""
    sides = [pairs[[f"{name}_{side}" for name in ARM]].set_axis(ARM, axis=1) for side in ("first", "second")]
    arms = pd.concat([sides[0], sides[1].tail(1)] if len(pairs) else sides).drop_duplicates(ignore_index=True)
    many = arms["budget"].nunique() > 1
    return [
        {**arm, "label": captions.arm_label(arm["model"], arm["method"], arm["query"], arm["budget"] if many else None)}
        for arm in arms.to_dict("records")
    ]


def cell(pair, result, row, column, metric, sign):
    """One cell of the matrix; a sign of -1 turns the pair round."""
    result = sign * result + 0.0
    difference, low, high = (sign * pair[name] for name in ("difference", "low", "high"))
    low, high = sorted((low, high))
    parts = [f"{row['label']} – {column['label']}: {signed(difference, metric)}"]
    if np.isfinite(low):
        parts.append(f"95 % interval {signed(low, metric)} to {signed(high, metric)}")
    if np.isfinite(pair["p_holm"]):
        parts.append(f"p {p_text(pair['p_holm'])} after Holm")
    parts.append(WORDS.get(result, "not tested") + (f" at {ALPHA:g}" if result in WORDS else ""))
    kind = {1.0: "wins", -1.0: "loses", 0.0: "even"}.get(result, "unknown")
    return {"sign": SIGNS.get(result, "?"), "kind": kind, "text": "; ".join(parts)}
