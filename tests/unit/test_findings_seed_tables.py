"""What a seed is worth, in print: cells and sentences of made-up numbers, and which pairs are counted."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from coldstart.evaluation.runs import Runs
from coldstart.findings.differences import AREA
from coldstart.findings.figures import plot_cold_starts, plot_seeds
from coldstart.findings.measure import MAIN, MRI, NETWORK, turned
from coldstart.findings.seed_tables import rank_sentences, seeds_table, spread_table, turned_table
from coldstart.findings.tables import BLANK, Numbers

FACTS = {
    (MAIN, "sd of differences 20"): 0.05,
    (MAIN, "seeds needed 20"): 50,
    (MAIN, "smallest found 20"): 0.0281,
    (MAIN, "false alarms 20"): 0.234,
    (MAIN, "full"): 0.9,
    (MAIN, "ranks by_one"): 0.311,
    (MAIN, "ranks without_one"): 0.956,
    (MAIN, "ranks best_by_one"): 0.14,
    ("findings_mri_1", "sd of differences 20"): 0.01,
    ("findings_mri_1", "seeds needed 20"): 2,
    ("findings_mri_1", "smallest found 20"): np.nan,
    ("findings_mri_1", "full"): 0.95,
}


@pytest.fixture
def numbers():
    arms = ["none random", "pca kmeans"]
    of = {"value": 0.61, "rival": 0.6, "low": -0.01, "high": 0.03, "p_holm": 0.5, "kind": "arm"}
    differences = [
        {"study": study, "arm": arm, "point": point, "difference": np.nan if arm == arms[0] else 0.01, **of}
        for study in (MAIN, *MRI)
        for arm in arms
        for point in (AREA, 20)
    ]
    spreads = [
        [MAIN, "none random", 20, 0.03, np.nan, np.nan, 0.02],
        [MAIN, "none random", AREA, 0.5, np.nan, np.nan, 0.5],
        [MAIN, "pca kmeans", 20, 0.5, np.nan, np.nan, 0.5],
        [NETWORK, "none random", 40, 0.04, 0.03, 0.02, 0.02],
        [NETWORK, "pca typiclust", 40, 0.05, 0.01, 0.04, 0.02],
    ]
    sizes = [
        [20, 0.0, 0.01, 3, 0.414],
        [20, 0.01, 1.0, 0, np.nan],
        [AREA, 0.0, 0.01, 1, 0.3],
        [AREA, 0.01, 1.0, 2, 0.0],
    ]
    lists = [[study, 20, seed, 0.6 + seed / 100] for study in (MAIN, next(iter(MRI))) for seed in (1, 2, 3)]
    return Numbers(
        {
            "differences": pd.DataFrame(differences),
            "spreads": pd.DataFrame(
                spreads, columns=["study", "arm", "point", "seeds", "repeats", "selection", "patients"]
            ),
            "turned": pd.DataFrame(sizes, columns=["point", "least", "most", "pairs", "share"]),
            "lists": pd.DataFrame(lists, columns=["study", "point", "seed", "value"]),
            "facts": pd.DataFrame([(*key, value) for key, value in FACTS.items()], columns=["study", "fact", "value"]),
        }
    )


def cells(text):
    """Rows of a Markdown table below its titles."""
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines()[2:]]


def test_spreads_of_random_lists_and_of_every_arm_with_repeats(numbers):
    assert cells(spread_table(numbers)) == [
        ["pool 1, probe on pixels", "`random`", "20", "0.030", BLANK, BLANK, "0.020"],
        ["pool 1, small network", "`random`", "40", "0.040", "0.020", "0.030", "0.020"],
        ["pool 1, small network", "`typiclust`, pca", "40", "0.050", "0.040", "0.010", "0.020"],
    ]


def test_seeds_needed_and_false_alarms(numbers):
    found = cells(seeds_table(numbers))
    assert found[0] == ["pool 1, probe on pixels", "20", "0.050", "50", "0.028", "23 %"]
    assert found[1] == ["patient 1", "20", "0.010", "2", BLANK, BLANK]


def test_orders_turned_over(numbers):
    assert cells(turned_table(numbers)) == [["0 to 0.01", "41 % (3)", "30 % (1)"], ["above 0.01", BLANK, "0 % (2)"]]


def test_the_stability_of_ranks_in_a_sentence(numbers):
    assert rank_sentences(numbers) == (
        "- pool 1, probe on pixels: the order of one seed has Kendall's tau 0.31 with that of all on average; the best "
        "arm of all is the best of 14 % of single seeds; whichever seed is left out, the order of the others has at "
        "least tau 0.96 with that of all."
    )


def test_two_arms_that_no_seed_changes_are_not_counted():
    def constant(value):
        return {20: Runs(np.arange(4), np.zeros(4, int), np.full(4, value), np.zeros((4, 2)))}

    moving = Runs(np.arange(4), np.zeros(4, int), np.array([0.5, 0.5, 0.5, 0.75]), np.zeros((4, 2)))
    arms = {("none", "random"): {20: moving}, ("pca", "kcenter"): constant(0.545), ("hog", "kcenter"): constant(0.6)}
    found = turned(SimpleNamespace(initial=arms)).set_index("least")
    # 0.5625 in the mean against 0.545: three of four seeds say the opposite. Against 0.6: one of four.
    assert found["pairs"].to_dict() == {0.0: 0, 0.01: 1, 0.02: 1, 0.04: 0}
    assert found["share"].dropna().tolist() == [0.75, 0.25]


def test_figures_show_every_arm_and_every_list(numbers):
    starts, seeds = plot_cold_starts(numbers), plot_seeds(numbers)
    assert [axes.get_title() for axes in starts.axes if axes.get_title()] == [
        "X-rays, AUROC",
        *(f"MRI, {what}, Dice" for what in MRI.values()),
    ]
    first = next(axes for axes in seeds.axes if axes.get_title() == "X-rays")
    dots, dashes, means, full = (line.get_ydata() for line in first.lines)
    assert list(dots) == pytest.approx([0.61, 0.62, 0.63])
    assert list(dashes) == pytest.approx([0.61])
    assert list(means) == pytest.approx([0.62])
    assert list(full) == [0.9, 0.9]
