"""Shares of groups in pool and selection: intervals, p-values, what is compared, and what is said of it."""

import itertools
import math
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest

from coldstart.evaluation.multiplicity import holm
from coldstart.labelling.groups import FOUR_FIFTHS, group_sentences, representation
from coldstart.labelling.groups_figure import plot_groups
from coldstart.reporting.figures import save_figure


def pool_of(patients=None, **columns):
    n = len(next(iter(columns.values())))
    return pd.DataFrame({"sample_id": [f"s{i}" for i in range(n)], "patient_id": patients, **columns})


def row(table, column, value):
    (found,) = table[(table["column"] == column) & (table["value"] == value)].to_dict("records")
    return found


def at_most(k, total, group, drawn):
    """P(X <= k) of a draw without replacement, counted out in fractions."""
    ways = sum(math.comb(group, i) * math.comb(total - group, drawn - i) for i in range(k + 1))
    return float(Fraction(ways, math.comb(total, drawn)))


@pytest.mark.parametrize(("total", "group", "drawn", "k"), [(200, 90, 30, 4), (200, 10, 20, 0), (50, 49, 50, 49)])
def test_p_is_the_exact_hypergeometric_tail_and_shares_are_counts(total, group, drawn, k):
    pool = pool_of(sex=["F"] * group + ["M"] * (total - group))
    asked = [*range(k), *range(group, group + drawn - k)]
    found = row(representation(pool, asked), "sex", "F")
    assert found["p"] == pytest.approx(at_most(k, total, group, drawn), rel=1e-9)
    assert (found["pool"], found["pool_total"], found["selected"], found["selected_total"]) == (group, total, k, drawn)
    assert found["pool_share"] == pytest.approx(group / total)
    assert found["selected_share"] == pytest.approx(k / drawn)


# Newcombe, Statistics in Medicine 17:857-872 (1998), Table I, method 3 (Wilson without correction).
@pytest.mark.parametrize(
    ("k", "n", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_the_interval_is_wilsons_as_newcombe_prints_it(k, n, low, high):
    pool = pool_of(sex=["F"] * 300 + ["M"] * 300)
    found = row(representation(pool, [*range(k), *range(300, 300 + n - k)]), "sex", "F")
    assert (found["low"], found["high"]) == pytest.approx((low, high), abs=5e-5)


def test_holm_is_the_closure_of_bonferroni():
    p = np.array([0.04, 0.001, 0.03, 0.03, 0.6, 0.012])
    sets = [s for size in range(1, 7) for s in itertools.combinations(range(6), size)]
    closed = [max(min(1, len(s) * p[list(s)].min()) for s in sets if i in s) for i in range(6)]
    np.testing.assert_allclose(holm(p), closed)
    # p.adjust of R.
    np.testing.assert_allclose(holm([0.01, 0.02, 0.03, 0.04, 0.05]), [0.05, 0.08, 0.09, 0.09, 0.09])
    assert holm([]).tolist() == []


def test_all_groups_of_all_columns_are_corrected_together():
    pool = pool_of(sex=["F", "M"] * 50, view=["PA"] * 30 + ["AP"] * 30 + ["LL"] * 40)
    table = representation(pool, range(1, 60, 2))
    assert len(table) == 5
    np.testing.assert_allclose(table["p_holm"], holm(table["p"]))


def test_where_a_patient_has_one_value_patients_are_counted_and_else_images():
    pool = pool_of(
        ["a", "a", "a", "b", "c", None, None],
        sex=["F", None, "F", "M", "M", "F", None],
        view=["PA", "AP", "PA", "PA", "AP", "AP", "AP"],
    )
    table = representation(pool, [0, 1, 2, 4, 4])
    female = row(table, "sex", "F")
    assert (female["unit"], female["pool"], female["pool_total"]) == ("patients", 2, 5)
    assert (female["selected"], female["selected_total"]) == (1, 2)
    assert row(table, "sex", "unknown")["pool"] == 1
    frontal = row(table, "view", "PA")
    assert (frontal["unit"], frontal["pool"], frontal["pool_total"]) == ("images", 3, 7)
    assert (frontal["selected"], frontal["selected_total"]) == (2, 4)
    assert set(representation(pool.assign(patient_id=None), [0])["unit"]) == {"images"}


def test_ages_are_binned_and_what_is_no_age_is_unknown():
    ages = ["0", "17", "18", "39.5", "40", "64", "65", "79", "80", "104", "045Y", None, "-1", "999"]
    table = representation(pool_of(age=ages), [0])
    assert dict(zip(table["value"], table["pool"], strict=True)) == {
        "0-17": 2,
        "18-39": 2,
        "40-64": 2,
        "65-79": 2,
        "80+": 2,
        "unknown": 4,
    }


def test_missing_values_are_a_group_and_numbers_of_sites_are_names():
    pool = pool_of(site=[3.0, 3.0, 3.0, 1.0, np.nan], view=["PA", " ", "", "PA", "AP "], sex=["F"] * 5)
    table = representation(pool, [0])
    # Only one sex: nobody could be missed.
    assert table[["column", "value", "pool"]].to_numpy().tolist() == [
        ["view", "PA", 2],
        ["view", "AP", 1],
        ["view", "unknown", 2],
        ["site", "3", 3],
        ["site", "1", 1],
        ["site", "unknown", 1],
    ]


def test_text_columns_of_few_values_are_compared_unless_they_could_name_patients():
    n = 120
    pool = pool_of(
        ward=[f"w{i % 12}" for i in range(n)],
        too_many=[f"w{i % 13}" for i in range(n)],
        dose=[float(i % 2) for i in range(n)],
        implant=[bool(i % 2) for i in range(n)],
        volume=[f"v{i % 2}" for i in range(n)],
        image=[f"i{i % 2}" for i in range(n)],
    )
    assert list(dict.fromkeys(representation(pool, [0])["column"])) == ["ward", "implant"]
    # Ten patients under their names, six images each.
    named = pool_of([f"p{i % 10}" for i in range(60)], who=[f"name {i % 10}" for i in range(60)])
    assert representation(named, [0]).empty


def test_many_sites_are_the_most_frequent_and_others():
    sites = [f"s{i:02}" for i in range(15) for _ in range(20 - i)] + [None]
    table = representation(pool_of(site=sites), [0])
    assert table["value"].tolist() == [f"s{i:02}" for i in range(11)] + ["other", "unknown"]
    assert row(table, "site", "other")["pool"] == 9 + 8 + 7 + 6
    assert table["pool"].sum() == len(sites)


def test_a_group_that_is_clearly_missed_is_named_and_one_that_is_nearly_even_is_not():
    pool = pool_of(sex=["F"] * 1000 + ["M"] * 1000)
    table = representation(pool, [*range(5), *range(1000, 1070)])
    assert row(table, "sex", "F")["under"]
    assert not row(table, "sex", "M")["under"]
    warning, advice = group_sentences(table)
    assert warning == (
        "Warning: sex F is under-selected, 5 of 75 images asked for (7 %, 95 % 3 to 15 %), but 50 % of the pool "
        "(p < 0.001, 2 groups compared)."
    )
    assert "Labels of images that were not asked for are used too" in advice
    # Significant, for the lists are long, but not by a fifth.
    table = representation(pool, [*range(400), *range(1000, 1500)])
    found = row(table, "sex", "F")
    assert found["p_holm"] < 0.05
    assert found["selected_share"] > FOUR_FIFTHS * found["pool_share"]
    assert not table["under"].any()
    assert group_sentences(table)[0].startswith("None of the 2 groups compared (sex) is clearly under-selected")


def test_uniform_draws_are_warned_of_at_most_once_in_twenty():
    rng = np.random.default_rng(0)
    pool = pool_of(sex=rng.choice(["F", "M"], 300), view=rng.choice(["PA", "AP", "LL"], 300, p=[0.6, 0.3, 0.1]))
    warned = [representation(pool, rng.choice(300, 60, replace=False))["under"].any() for _ in range(120)]
    # Three standard errors above 5 %.
    assert np.mean(warned) <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / 120)


def test_a_pool_without_groups_says_so():
    table = representation(pool_of(dose=[1.0, 2.0]), [0])
    assert table.empty
    assert table["under"].dtype == bool
    assert group_sentences(table)[0].startswith("Whom the lists miss cannot be told")
    assert "no groups to compare" in plot_groups(table).axes[0].texts[0].get_text()


def test_the_figure_shows_every_group_at_its_shares_and_marks_the_missed(tmp_path):
    pool = pool_of(sex=["F"] * 100 + ["M"] * 100, site=["x" * 40, "$a_b$"] * 100)
    table = representation(pool, [*range(3), *range(100, 140)])
    figure = plot_groups(table, title="t", note="Synthetic data")
    (axes,) = figure.axes
    marks = {line.get_marker(): [] for line in axes.lines}
    for line in axes.lines:
        marks[line.get_marker()].append(line.get_xdata().tolist())
    np.testing.assert_allclose(marks["|"], 100 * table[["pool_share"]])
    np.testing.assert_allclose(marks["None"], 100 * table[["low", "high"]])
    np.testing.assert_allclose(
        np.sort(marks["o"] + marks["s"], axis=0), np.sort(100 * table[["selected_share"]], axis=0)
    )
    assert marks["s"] == [[pytest.approx(100 * 3 / 43)]]
    texts = [text.get_text() for text in axes.texts]
    assert {"sex (images)", "$a_b$", "x" * 23 + "…", "3 of 100"} <= set(texts)
    assert "clearly under-selected" in [text.get_text() for text in figure.legends[0].get_texts()]
    assert figure.get_label().endswith("Synthetic data.")
    for name in ("a", "b"):
        save_figure(plot_groups(table, title="t"), png=tmp_path / f"{name}.png")
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
