"""Label efficiency: one curve per run, then mean and standard deviation over runs, in one table."""

import math

import numpy as np
import pandas as pd
import pytest

from coldstart.errors import InputError
from coldstart.reporting.efficiency import efficiency
from coldstart.reporting.efficiency_table import efficiency_table
from coldstart.reporting.plain_tables import write_plain_table
from coldstart.reporting.summary import COLUMNS

STOP = {"patience": 2, "min_gain": 0.0}


def curve(values, query="u", seed=1, start=10, batch=10, validation=None, **other):
    """Rows of one run: round 0 and the rounds that go on from it."""
    rows = []
    for round_, value in enumerate(values):
        row = {"dataset": "d", "task": "classification", "model": "none", "method": "k", "budget": start, "repeat": 0}
        row |= {"query": query if round_ else "none", "seed": seed, "round": round_, "metric": "auroc", "value": value}
        row |= {"n_labelled": start + batch * round_, "se": 0.1, "bootstrap": [value], "run": "r", "reference": False}
        rows.append(row | {"validation": (validation or values)[round_]} | other)
    return rows


def full(value, method="full", **other):
    """Row of a run on the whole pool."""
    row = {"dataset": "d", "task": "classification", "model": "none", "method": method, "query": "none", "budget": 0}
    row |= {"seed": 1, "repeat": 0, "round": 0, "n_labelled": 200, "reference": True, "validation": 0.9, "run": "r"}
    return [row | {"metric": "auroc", "value": value, "se": 0.1, "bootstrap": [value]} | other]


def summary_of(*runs):
    """Summary of some runs; the round 0 that several queries share is kept once."""
    frame = pd.DataFrame([row for run in runs for row in run])[COLUMNS]
    return frame.drop_duplicates(["method", "query", "budget", "seed", "repeat", "round"], ignore_index=True)


def measured(summary, **options):
    return efficiency(summary, "classification", "auroc", **{"pool": 200, "stop": STOP, **options})


# Random needs 30 labels for 0.8 with seed 1 and 35 with seed 2; the other query 20 and 15.
TWO_SEEDS = summary_of(
    curve([0.6, 0.7, 0.8, 0.9], "random", 1),
    curve([0.6, 0.6, 0.7, 0.9], "random", 2),
    curve([0.6, 0.8, 0.9, 0.9], "u", 1),
    curve([0.6, 1.0, 0.9, 0.9], "u", 2),
    full(0.9),
    full(1.0, seed=2),
)


def test_every_run_has_its_own_curve_and_the_table_their_mean_and_deviation():
    found = measured(TWO_SEEDS, target=0.8, of="value")
    assert found.arms["label"].tolist() == ["k / random", "k / u"]
    assert found.arms["n_runs"].tolist() == [2, 2]
    random, other = found.arms.to_dict("records")
    assert (random["labels"], other["labels"]) == (32.5, 17.5)
    assert random["labels_sd"] == pytest.approx(np.std([30, 35], ddof=1))
    # Trapezia of height (.6 + .7) / 2, ... : 0.75; and 0.6833 for seed 2.
    assert random["alc"] == pytest.approx((0.75 + 2.05 / 3) / 2)
    assert random["alc_sd"] == pytest.approx((0.75 - 2.05 / 3) / 2**0.5)
    assert other["share"] == pytest.approx(100 * 17.5 / 200)
    assert other["saved"] == pytest.approx(100 * (1 - 17.5 / 32.5))
    assert other["against"] == "k / random"
    assert math.isnan(random["saved"])
    # The mean curve of the other query reaches 0.8 at 10 + 10 * 2 / 3 labels, which is not the mean of 20 and 15.
    assert other["labels"] != pytest.approx(10 + 20 / 3)
    assert len(found.runs) == 4


def test_share_of_labels_that_reach_full_supervision():
    """The specification's S4-09, on a curve that rises by 0.01 for each label up to the value of the whole pool."""
    values = [0.5 + 0.1 * i for i in range(5)]
    summary = summary_of(curve(values), full(0.8), full(0.6, "target_only"))
    found = measured(summary, target=1.0, of="full")
    assert found.goal.value == pytest.approx(0.8)
    assert found.arms["labels"][0] == pytest.approx(40)
    assert found.arms["share"][0] == pytest.approx(20)
    near = measured(summary, target=0.95, of="full")
    assert near.arms["labels"][0] == pytest.approx(36)
    assert near.arms["share"][0] == pytest.approx(18)
    assert measured(summary, target=0.95, of="full", reached="measured").arms["labels"][0] == 40
    assert measured(summary, target=1.0, of="target_only").arms["labels"][0] == pytest.approx(20)
    assert "full supervision (full)" in near.goal.text


def test_full_supervision_of_several_runs_is_their_mean():
    assert measured(TWO_SEEDS, target=1.0, of="full").goal.value == pytest.approx(0.95)


def test_without_full_supervision_the_best_arms_end_is_the_measure():
    summary = summary_of(curve([0.6, 0.7, 0.8], "u"), curve([0.6, 0.9, 0.7], "v"))
    found = measured(summary, target=0.5, of="best")
    assert found.goal.value == pytest.approx(0.4)
    assert found.goal.text == "50 % of the end of the best arm, k / u"


def test_a_distance_may_be_larger_than_full_supervisions_by_the_target():
    names = {"metric": "hd_mm", "task": "segmentation"}
    summary = summary_of(
        curve([30.0, 20.0, 10.0], **names), curve([30.0, 25.0, 12.0], "v", **names), full(9.5, **names)
    )
    found = efficiency(summary, "segmentation", "hd_mm", pool=100, stop=STOP, target=0.95, of="full")
    assert found.goal.value == pytest.approx(10)
    assert found.arms["labels"][0] == 30
    assert math.isnan(found.arms["labels"][1])
    assert found.goal.text == "full supervision (full), divided by 0.95"
    best = efficiency(summary, "segmentation", "hd_mm", pool=100, stop=STOP, target=1.0, of="best")
    assert best.goal.value == pytest.approx(10)


def test_savings_are_told_only_where_every_run_reaches_the_target():
    summary = summary_of(
        curve([0.6, 0.7, 0.8], "random", 1),
        curve([0.6, 0.7, 0.7], "random", 2),
        curve([0.6, 0.8, 0.8], "u", 1),
        curve([0.6, 0.8, 0.8], "u", 2),
    )
    found = measured(summary, target=0.8, of="value")
    assert found.arms["labels_runs"].tolist() == [1, 2]
    assert found.arms["saved"].isna().all()
    rows = efficiency_table(found, "d").rows
    assert rows[0][3:5] == ["30.0 (1 of 2)", "15.0 %"]
    assert rows[1][3] == "20.0 ± 0.0"


def test_methods_are_held_against_the_random_one_where_no_query_is_random():
    summary = summary_of(
        curve([0.6, 0.7, 0.8], method="random"),
        curve([0.7, 0.8, 0.8], method="clustering", model="a"),
        curve([0.7, 0.8, 0.8], "v", method="clustering", model="a"),
    )
    arms = measured(summary, target=0.8, of="value").arms
    assert arms["against"].tolist() == ["", "random / u", ""]
    assert arms["saved"][1] == pytest.approx(100 * (1 - 20 / 30))
    named = measured(summary, target=0.8, of="value", against="v").arms
    assert named["against"].tolist() == ["", "a / clustering / v", ""]
    assert measured(summary, against="w").arms["against"].tolist() == ["", "", ""]


def test_the_round_of_the_plateau_is_that_of_the_validation_metric():
    summary = summary_of(
        curve([0.6, 0.7, 0.8, 0.9], "u", validation=[0.5, 0.6, 0.6, 0.6]),
        curve([0.6, 0.7, 0.8, 0.9], "v", validation=[0.5, 0.6, 0.7, 0.8]),
    )
    # The round 0 that both share is the first one's.
    found = measured(summary)
    assert found.arms["plateau"].tolist()[0] == 3
    assert math.isnan(found.arms["plateau"][1])
    rows = efficiency_table(found, "d").rows
    assert [row[-1] for row in rows] == ["3", ""]
    assert math.isnan(measured(summary, stop={"patience": 3, "min_gain": 0.0}).arms["plateau"][0])


def test_a_round_0_without_labels_takes_part():
    found = measured(summary_of(curve([0.5, 0.7, 0.9], start=0)), target=0.8, of="value")
    assert found.arms["labels"][0] == pytest.approx(15)
    assert found.arms["alc"][0] == pytest.approx(0.7)
    assert measured(summary_of(curve([0.5, 0.7, 0.9], start=0)), alc="log2").arms["alc"][0] == pytest.approx(0.8)


def test_guyons_score_needs_a_metric_with_a_value_of_chance():
    log2 = measured(TWO_SEEDS, alc="log2").arms["alc"][0]
    guyon = measured(TWO_SEEDS, alc="guyon", pool=40).arms["alc"][0]
    assert guyon == pytest.approx((log2 - 0.5) / 0.5)
    other = TWO_SEEDS.assign(metric="auprc")
    with pytest.raises(InputError, match="'guyon' is measured from chance, known of auroc, balanced_accuracy"):
        efficiency(other, "classification", "auprc", pool=200, stop=STOP, alc="guyon")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"of": "everything"}, "efficiency.of: 'everything' did not label the whole pool"),
        ({"metric": "aurok"}, "did you mean 'auroc'"),
        ({"task": "segmentation"}, "no rows of the task 'segmentation'"),
    ],
)
def test_what_is_missing_is_named(options, message):
    given = {"task": "classification", "metric": "auroc", "pool": 200, "stop": STOP, **options}
    with pytest.raises(InputError, match=message):
        efficiency(TWO_SEEDS, **given)


def test_an_undefined_reference_is_no_target():
    with pytest.raises(InputError, match=r"'auroc' of full supervision \(full\) is undefined"):
        measured(summary_of(curve([0.6, 0.7]), full(np.nan)), of="full")


def test_the_table_says_what_was_measured():
    table = efficiency_table(measured(TWO_SEEDS, target=0.8, of="value"), "d", note="Synthetic data")
    assert table.titles == [
        "Arm",
        "ALC of AUROC ↑",
        "AUROC ↑ at the end",
        "Labels to 0.800",
        "Share of the pool",
        "Saved",
        "Plateau at round",
    ]
    assert table.rows == [
        ["k / random", "0.717 ± 0.047", "0.900 ± 0.000", "32.5 ± 3.5", "16.2 %", "", ""],
        ["k / u", "0.850 ± 0.047", "0.900 ± 0.000", "17.5 ± 3.5", "8.8 %", "46.2 %", "3.0 (1 of 2)"],
    ]
    for text in (
        "2 seeds",
        "Share: of the pool of 200.",
        "Saved: labels less than those of k / random",
        "for 2 rounds",
    ):
        assert text in table.caption
    assert table.note == "Synthetic data."


def test_targets_out_of_reach_and_reached_at_once_are_told_apart():
    summary = summary_of(curve([0.6, 0.7, 0.7]), curve([0.9, 0.9, 0.9], method="good"))
    rows = {row[0]: row[3:5] for row in efficiency_table(measured(summary, target=0.8, of="value"), "d").rows}
    assert rows == {"k / u": ["> 30", ""], "good / u": ["≤ 10.0", "5.0 %"]}


def test_four_formats(tmp_path):
    names = {"csv": "t.csv", "markdown": "t.md", "latex": "t.tex", "html": "t.html"}
    table = efficiency_table(measured(TWO_SEEDS, target=0.8, of="value"), "a_b", note="Synthetic data")
    write_plain_table(table, **{kind: tmp_path / name for kind, name in names.items()})
    for name in names.values():
        assert "Synthetic data." in (tmp_path / name).read_text()
    frame = pd.read_csv(tmp_path / "t.csv")
    assert frame["labels"].tolist() == [32.5, 17.5]
    assert frame[["model", "method", "query", "budget"]].to_numpy().tolist() == [
        ["none", "k", q, 10] for q in ("random", "u")
    ]
    lines = [line for line in (tmp_path / "t.md").read_text().splitlines() if line.startswith("|")]
    assert {line.count("|") for line in lines} == {8}
    assert "| k / random | 0.717 ± 0.047 | 0.900 ± 0.000 | 32.5 ± 3.5 | 16.2 % | – | – |" in lines
    latex = (tmp_path / "t.tex").read_text()
    assert latex.isascii()
    assert r"a\_b" in latex
    assert r"\resizebox" in latex
    rows = latex.partition(r"\midrule")[2].partition(r"\bottomrule")[0].strip().splitlines()
    assert {row.count(" & ") for row in rows} == {6}
    html = (tmp_path / "t.html").read_text()
    assert html.count("<tr>") == html.count("</tr>") == 3
    assert html.count('scope="col"') == 7


def initial(method, values, seed=1, start=10, batch=10):
    """Rows of one seed of a method: a run of round 0 for every budget."""
    rows = curve(values, "none", seed, start, batch, method=method)
    return [{**row, "budget": row["n_labelled"], "round": 0} for row in rows]


def test_budgets_are_a_curve_too_and_methods_are_held_against_random():
    summary = pd.DataFrame([*initial("random", [0.6, 0.7, 0.8]), *initial("clustering", [0.7, 0.8, 0.9])])[COLUMNS]
    found = measured(summary, stage="initialisation", target=0.8, of="value")
    clustering, random = found.arms.to_dict("records")
    assert (clustering["label"], clustering["labels"], random["labels"]) == ("clustering", 20, 30)
    assert clustering["saved"] == pytest.approx(100 / 3)
    assert clustering["alc"] == pytest.approx(0.8)
    table = efficiency_table(found, "d")
    assert table.titles[-1] == "Saved"
    assert "over the budgets of the initial set" in table.caption
    assert "Plateau" not in table.caption


def with_resamples(rows, shifts):
    """Rows whose resamples are their values and these shifts."""
    return [{**row, "bootstrap": [row["value"] + shift for shift in shifts]} for row in rows]


def test_intervals_are_those_of_seeds_and_patients_and_the_target_is_measured_with_them():
    shifts = np.linspace(-0.05, 0.05, 41)
    runs = [("random", 1, 0.1), ("random", 2, 0.08), ("u", 1, 0.2), ("u", 2, 0.16)]
    rows = [row for query, seed, step in runs for row in curve([0.5 + step * i for i in range(5)], query, seed)]
    summary = summary_of(with_resamples(rows, shifts), with_resamples(full(0.7), shifts))
    alike = measured(summary, target=1.0, of="full").arms.set_index("query")
    # The test split moves curves and full supervision alike: what is left is the seeds.
    assert (alike.loc["u", "labels_low"], alike.loc["u", "labels_high"]) == pytest.approx((20, 22.5))
    assert alike.loc["u", "saved_low"] == pytest.approx(100 * (1 - 20 / 30))
    assert alike.loc["u", "saved_high"] == pytest.approx(100 * (1 - 20 / 30), abs=10)
    assert alike.loc["u", "saved_known"] == 1
    fixed = measured(summary, target=0.7, of="value").arms.set_index("query")
    assert fixed.loc["u", "labels_low"] < 18 < 22.5 < fixed.loc["u", "labels_high"]
    rows = {row[0]: row for row in efficiency_table(measured(summary, target=0.7, of="value"), "d").rows}
    assert " to " in rows["k / u"][5]


def test_a_reference_that_misses_the_target_leaves_the_upper_end_open():
    shifts = np.linspace(-0.01, 0.01, 21)
    rows = [*curve([0.5, 0.55, 0.6], "random"), *curve([0.5, 0.7, 0.9], "u")]
    found = measured(summary_of(with_resamples(rows, shifts)), target=0.7, of="value")
    arm = found.arms.set_index("query").loc["u"]
    assert math.isnan(arm["saved"])
    assert arm["saved_low"] == pytest.approx(100 * (1 - 20 / 30), abs=3)
    assert (arm["saved_high"], arm["saved_known"]) == (math.inf, 0)
    assert {row[0]: row[5] for row in efficiency_table(found, "d").rows}["k / u"].endswith("to ...]")
