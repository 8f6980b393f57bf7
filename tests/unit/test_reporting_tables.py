"""Comparison tables: values, marks, and the four formats."""

import io
import itertools
import time
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest

from coldstart.errors import InputError
from coldstart.reporting import captions, table_formats
from coldstart.reporting.summary import COLUMNS
from coldstart.reporting.tables import comparison_table, marks_of, write_tables

NOTE = "Synthetic data"


def summary_of(*cells):
    """Summary with one row per (model, budget, metric, value, other columns)."""
    rows = []
    for model, budget, metric, value, *other in cells:
        row = {"dataset": "d", "task": "segmentation", "model": model, "method": "k_means", "query": "none", "seed": 1}
        row |= {"budget": budget, "repeat": 0, "round": 0, "n_labelled": budget, "metric": metric, "value": value}
        row |= {"se": 0.1, "bootstrap": [value - 0.1, value + 0.1], "run": "r", "reference": False, "validation": 0.5}
        rows.append(row | (other[0] if other else {}))
    return pd.DataFrame(rows)[COLUMNS]


TINY = summary_of(
    ("none", 20, "dice", 0.30, {"method": "random", "seed": 1}),
    ("none", 20, "dice", 0.40, {"method": "random", "seed": 2}),
    ("a", 20, "dice", 0.5004),
    ("b", 20, "dice", 0.4996),
    ("none", 20, "hd_px", 10.0, {"method": "random", "seed": 1}),
    ("none", 20, "hd_px", 12.0, {"method": "random", "seed": 2}),
    ("a", 20, "hd_px", 9.96),
    ("b", 20, "hd_px", 10.04),
    ("a", 40, "dice", 0.7),
)


def test_values_are_means_with_pooled_standard_errors():
    table = comparison_table(TINY, "segmentation", "initialisation", ["dice", "hd_px"])
    assert table.arms["label"].tolist() == ["random", "a / k_means", "b / k_means"]
    assert table.points == [20, 40]
    assert table.value[:, 0, 0] == pytest.approx([0.35, 0.5004, 0.4996])
    # One run: the 2.5th and 97.5th percentile of two values 0.2 apart are 0.95 * 0.2 apart, over 3.92.
    assert table.se[1, 0, 0] == pytest.approx(0.95 * 0.2 / 3.92)
    # Two runs pool 0.2, 0.3, 0.4, 0.5: the percentiles lie at 0.075 and 2.925 of the way.
    low, high = 0.2 + 0.075 * 0.1, 0.4 + 0.925 * 0.1
    assert table.se[0, 0, 0] == pytest.approx((high - low) / 3.92)
    assert table.text[0, 0, 0] == f"0.350 ({(high - low) / 3.92:.3f})"
    # Distances are printed with one decimal.
    assert table.text[0, 0, 1].startswith("11.0 (")
    assert np.isnan(table.value[0, 1]).all()
    assert table.text[0, 1, 0] == ""


def test_marks_follow_the_orientation_and_ties_share_them():
    table = comparison_table(TINY, "segmentation", "initialisation", ["dice", "hd_px"])
    # 0.5004 and 0.4996 print as 0.500 both; so do 9.96 and 10.04 as 10.0. Low is good for distances.
    assert table.marks[:, 0, 0].tolist() == ["second", "best", "best"]
    assert table.marks[:, 0, 1].tolist() == ["second", "best", "best"]
    # One arm alone is not the best of anything.
    assert table.marks[:, 1, 0].tolist() == ["", "", ""]


@pytest.mark.parametrize(
    ("metric", "values", "expected"),
    [
        ("auprc", [0.1, 0.3, 0.2], ["", "best", "second"]),
        ("row_hd", [0.1, 0.3, 0.2], ["best", "", "second"]),
        ("auprc", [0.3, 0.2, 0.2, 0.1], ["best", "second", "second", ""]),
        ("auprc", [0.3, 0.3], ["best", "best"]),
        ("auprc", [np.nan, 0.3, 0.2], ["", "best", "second"]),
        ("auprc", [np.nan, 0.3], ["", ""]),
        ("auprc", [], []),
    ],
)
def test_marks_of(metric, values, expected):
    assert marks_of(np.array(values, dtype=float), metric) == expected


def test_subsequent_stage_has_one_row_per_query_and_labelled_samples_as_columns():
    rounds = [
        (model, 20, "dice", value, {"query": query, "round": r, "n_labelled": 20 + 10 * r})
        for model in ("a", "b")
        for query, r, value in [("none", 0, 0.2), ("u", 1, 0.3), ("u", 2, 0.4), ("v", 1, 0.5)]
    ]
    table = comparison_table(summary_of(*rounds), "segmentation", "subsequent", "dice")
    assert table.points == [20, 30, 40]
    assert table.arms["label"].tolist() == ["a / k_means / u", "a / k_means / v", "b / k_means / u", "b / k_means / v"]
    assert table.value[1, :, 0] == pytest.approx([0.2, 0.5, np.nan], nan_ok=True)


def test_arms_that_differ_by_the_initial_budget_say_so():
    rounds = [
        ("a", budget, "dice", 0.5, {"query": query, "round": r, "n_labelled": budget + 10 * r})
        for budget in (20, 40)
        for query, r in [("none", 0), ("u", 1)]
    ]
    table = comparison_table(summary_of(*rounds), "segmentation", "subsequent", "dice")
    assert table.arms["label"].tolist() == ["a / k_means / u (from 20)", "a / k_means / u (from 40)"]
    assert pd.read_csv(io.StringIO(table_formats.to_csv(table)))["budget"].tolist() == [20, 40]


def test_undefined_values_and_standard_errors():
    cells = [("a", 20, "dice", np.nan), ("a", 40, "dice", 0.5, {"bootstrap": []}), ("b", 20, "dice", 0.25)]
    table = comparison_table(summary_of(*cells), "segmentation", "initialisation", "dice")
    assert table.text[0].ravel().tolist() == ["", "0.500"]
    assert "| a / k\\_means | – | 0.500 |" in table_formats.to_markdown(table)


def test_the_caption_counts_seeds_and_runs():
    def text(found):
        return captions.runs_text(pd.DataFrame(found, columns=["label", "n_seeds", "n_runs"]))

    assert text([("a", 3, 3), ("b", 3, 3)]) == "3 seeds"
    assert text([("a", 1, 1)]) == "1 seed"
    assert text([("a", 3, 6)]) == "3 seeds, 6 runs"
    assert text([("a", 2, 2), ("a", 3, 3)]) == "2 to 3 seeds"
    assert text([("random", 10, 10), ("a", 1, 1), ("b", 1, 1)]) == "10 seeds for random; 1 seed for the others"
    caption = comparison_table(TINY, "segmentation", "initialisation", ["dice"]).caption
    assert "(2 seeds for random; 1 seed for the others)" in caption


def test_values_may_be_rounded_before_they_are_averaged():
    cells = [("a", 20, "dice", 0.1004, {"seed": seed}) for seed in (1, 2)]
    table = comparison_table(summary_of(*cells), "segmentation", "initialisation", "dice", decimals=3)
    assert table.value[0, 0, 0] == pytest.approx(0.1)


def test_standard_errors_of_runs_may_be_averaged_instead_of_pooled():
    cells = [("a", 20, "dice", value, {"seed": seed}) for seed, value in ((1, 0.2), (2, 0.6))]
    summary = summary_of(*cells).assign(se=[0.01, 0.03])
    how = {"mean": {"pooling": "mean"}, "pooled": {}, "deviation": {"standard_error": "deviation"}}
    found = {
        name: comparison_table(summary, "segmentation", "initialisation", "dice", **keys).se[0, 0, 0]
        for name, keys in how.items()
    }
    assert found["mean"] == pytest.approx(0.02)
    assert len({round(value, 6) for value in found.values()}) == 3


@pytest.mark.parametrize("metric", ["auroc", "dise"])
def test_a_metric_that_is_not_there_is_named(metric):
    with pytest.raises(InputError, match=metric):
        comparison_table(TINY, "segmentation", "initialisation", metric)


def test_a_metric_that_is_undefined_everywhere_is_named():
    with pytest.raises(InputError, match="hd_px of the task 'segmentation' is undefined in every run"):
        comparison_table(summary_of(("a", 20, "hd_px", np.nan)), "segmentation", "initialisation", "hd_px")


def test_markdown():
    text = table_formats.to_markdown(comparison_table(TINY, "segmentation", "initialisation", ["dice", "hd_px"]))
    lines = text.splitlines()
    assert lines[2] == ("| Arm | Budget 20: DSC ↑ | Budget 20: HD [px] ↓ | Budget 40: DSC ↑ | Budget 40: HD [px] ↓ |")
    assert {line.count("|") for line in lines[2:]} == {6}
    assert "| a / k\\_means | **0.500** (0.048) | **10.0** (0.0) | 0.700 (0.048) | – |" in lines
    assert "| random | <u>0.350</u> (0.073) |" in text


def balanced(text):
    """Whether the braces of LaTeX text match, escaped ones left out."""
    depth = 0
    for before, character in itertools.pairwise("x" + text):
        depth += (character == "{") - (character == "}") if before != "\\" else 0
        assert depth >= 0
    return depth == 0


@pytest.mark.parametrize("metrics", [["dice"], ["dice", "hd_px"], ["dice", "hd_px", "row_hd"]])
def test_latex_structure(metrics):
    cells = [(model, b, metric, 0.5) for model in "ab" for b in (20, 40) for metric in metrics]
    text = table_formats.to_latex(comparison_table(summary_of(*cells), "segmentation", "initialisation", metrics))
    assert balanced("\n".join(text.splitlines()[1:]))
    for name in ("table", "tabular"):
        assert text.count(rf"\begin{{{name}}}") == text.count(rf"\end{{{name}}}") == 1
    rows = text.partition(r"\midrule")[2].partition(r"\bottomrule")[0].strip().splitlines()
    assert {row.count(" & ") for row in rows} == {2 * len(metrics)}
    assert all(row.endswith(r" \\") for row in rows)


def test_latex_marks_and_escapes():
    cells = [("50%_a&b", 20, "dice", 0.5), ("[c]", 20, "dice", 0.4), (r"x\y{z}$#~^", 20, "dice", 0.3)]
    text = table_formats.to_latex(
        comparison_table(summary_of(*cells), "segmentation", "initialisation", "dice", note="5% <b>")
    )
    assert r"50\%\_a\&b / k\_means & \textbf{0.500} (0.048) \\" in text
    # A row must not begin with a bare bracket: LaTeX would read it as an argument of the line break.
    assert r"{[}c{]} / k\_means & \underline{0.400} (0.048) \\" in text
    assert r"x\textbackslash{}y\{z\}\$\#\textasciitilde{}\textasciicircum{} / k\_means" in text
    assert r"DSC $\uparrow$" in text
    assert r"\textbf{5\% \textless{}b\textgreater{}.}" in text
    assert balanced("\n".join(text.splitlines()[1:]))


class Table(HTMLParser):
    """Rows of an HTML table as (tag, attributes, text); checks that tags match."""

    VOID = frozenset({"meta", "col"})

    def __init__(self, text):
        super().__init__()
        self.open, self.rows, self.caption = [], [], ""
        self.feed(text)
        assert not self.open

    def handle_starttag(self, tag, attributes):
        if tag not in self.VOID:
            self.open.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append([tag, dict(attributes), ""])

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "td" in self.open or "th" in self.open:
            self.rows[-1][-1][2] += data
        elif "caption" in self.open:
            self.caption += data


def test_html_is_an_accessible_page_of_its_own():
    summary = pd.concat([TINY, summary_of(("<i>", 20, "dice", 0.1))])
    text = table_formats.to_html(
        comparison_table(summary, "segmentation", "initialisation", ["dice", "hd_px"], note=NOTE)
    )
    page = Table(text)
    assert page.caption.endswith("Synthetic data.")
    assert [cell[2] for cell in page.rows[0]] == ["Budget", "20", "40"]
    assert all("scope" in cell[1] for row in page.rows[:2] for cell in row)
    assert all(row[0][0] == "th" and row[0][1]["scope"] == "row" for row in page.rows[2:])
    assert {len(row) for row in page.rows[1:]} == {5}
    assert [row[0][2] for row in page.rows[2:]] == ["random", "<i> / k_means", "a / k_means", "b / k_means"]
    assert "<strong>0.500</strong> <small>(0.048)</small>" in text
    assert "<u>0.350</u>" in text
    assert "http" not in text
    assert "<script" not in text


def test_csv_round_trip(tmp_path):
    table = comparison_table(TINY, "segmentation", "initialisation", ["dice", "hd_px"], note="with, comma")
    write_tables(table, csv=tmp_path / "t.csv")
    frame = pd.read_csv(tmp_path / "t.csv")
    assert frame.columns.tolist()[:5] == ["model", "method", "query", "dice_20", "dice_20_se"]
    assert frame["model"].tolist() == ["none", "a", "b"]
    for column, point in enumerate(table.points):
        for layer, metric in enumerate(table.metrics):
            np.testing.assert_array_equal(frame[f"{metric}_{point}"], table.value[:, column, layer])
            np.testing.assert_array_equal(frame[f"{metric}_{point}_se"], table.se[:, column, layer])
    assert set(frame["note"]) == {"with, comma."}


def test_every_format_carries_the_note_and_repeats_itself(tmp_path):
    names = {"csv": "t.csv", "markdown": "t.md", "latex": "t.tex", "html": "t.html"}
    for folder in ("one", "two"):
        table = comparison_table(TINY, "segmentation", "initialisation", ["dice"], note=NOTE)
        write_tables(table, **{kind: tmp_path / folder / name for kind, name in names.items()})
    for name in names.values():
        text = (tmp_path / "one" / name).read_bytes()
        assert NOTE.encode() in text
        assert text == (tmp_path / "two" / name).read_bytes()
    plain = comparison_table(TINY, "segmentation", "initialisation", ["dice"])
    assert "note" not in table_formats.to_csv(plain)


def test_500_runs_take_seconds():
    rng = np.random.default_rng(0)
    cells = [
        (f"m{m}", budget, metric, 0.5, {"seed": seed, "bootstrap": rng.normal(0.5, 0.1, 100)})
        for m in range(10)
        for budget in (20, 40, 60, 80, 100)
        for seed in range(10)
        for metric in ("dice", "hd_px")
    ]
    summary = summary_of(*cells)
    start = time.process_time()
    table = comparison_table(summary, "segmentation", "initialisation", ["dice", "hd_px"])
    for render in (table_formats.to_csv, table_formats.to_markdown, table_formats.to_latex, table_formats.to_html):
        render(table)
    assert table.value.shape == (10, 5, 2)
    assert time.process_time() - start < 3
