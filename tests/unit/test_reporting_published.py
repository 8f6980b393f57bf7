"""Published tables: their values, the comparison with ours, winners, claims and layout."""

import itertools
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from coldstart.errors import InputError
from coldstart.reporting import table_formats
from coldstart.reporting.claims import CLAIMS, METHODS, claims, compare_claims, grid
from coldstart.reporting.published import compare, match_arms, read_published, values_of, winner_counts, winners
from coldstart.reporting.published_tables import claims_markdown, published_table
from coldstart.reporting.summary import COLUMNS
from coldstart.reporting.tables import write_tables

ROOT = Path(__file__).resolve().parents[2]
PUBLISHED = read_published(ROOT / "resources/yuan_hong_tables.csv")
SPECIFIED = ROOT.parent / "shared/specs/tables/yuan_hong_tables_1_to_4.csv"
ARMS = {method: ("none", "random") if method == "random" else (method, "clustering") for method in METHODS}
NAMES = {"AUPRC": "auprc", "F1": "f1", "DSC": "dice", "HD": "row_hd"}


def bootstrap_of(value, se):
    """Two bootstrap values whose percentile standard error is `se`: 95 % of their distance over 3.92."""
    half = se * 3.92 / 0.95 / 2
    return [value - half, value + half]


def summary_of(values, arms=ARMS, **columns):
    """Summary whose every run has exactly these values and standard errors."""
    rows = []
    for row in values.itertuples():
        later = row.stage == "subsequent"
        model, method = arms[row.method]
        rows.append(
            {"dataset": "d", "task": row.task, "model": model, "method": method, "seed": 1, "repeat": 0, "run": "r"}
            | {"query": "u" if later else "none", "budget": 20 if later else row.budget}
            | {"round": row.budget // 20 if later else 0, "n_labelled": row.budget + (20 if later else 0)}
            | {"metric": row.metric, "value": row.value, "se": row.se, "bootstrap": bootstrap_of(row.value, row.se)}
            | {"reference": False, "validation": 0.5}
            | columns
        )
    return pd.DataFrame(rows)[COLUMNS]


def test_there_are_240_values():
    assert len(PUBLISHED) == 240
    assert PUBLISHED.groupby("table").size().tolist() == [60] * 4
    assert PUBLISHED["method"].unique().tolist() == METHODS
    assert sorted(PUBLISHED["budget"].unique()) == [20, 40, 60, 80, 100]
    assert PUBLISHED.groupby("table")[["task", "stage"]].first().to_numpy().tolist() == [
        [task, stage] for task in ("classification", "segmentation") for stage in ("initialisation", "subsequent")
    ]
    # Printed with three decimals, all of them.
    assert (PUBLISHED[["value", "se"]] == PUBLISHED[["value", "se"]].round(3)).all(axis=None)


@pytest.mark.skipif(not SPECIFIED.exists(), reason="the specification is not here")
def test_every_value_is_the_specified_one():
    specified = pd.read_csv(SPECIFIED, dtype=str)
    ours = pd.read_csv(ROOT / "resources/yuan_hong_tables.csv", dtype=str)
    specified["metric"] = specified["metric"].map(NAMES)
    pd.testing.assert_frame_equal(ours[specified.columns.tolist()], specified)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("1,classification,initialisation,20,random,f2,0.5,0.1", "f2"),
        ("1,segmentation,initialisation,20,random,f1,0.5,0.1", "metric of classification"),
        ("1,classification,initial,20,random,f1,0.5,0.1", "unknown stage 'initial'"),
        ("1,classification,initialisation,20,random,f1,,0.1", "line 3 lacks a value"),
        ("1,classification,initialisation,20,random,f1,x,0.1", "line 3 lacks a value"),
        ("1,classification,initialisation,20,random,f1,0.5,-0.1", "line 3 lacks a value"),
        ("1,classification,initialisation,20.5,random,f1,0.5,0.1", "line 3 lacks a value"),
        ("1,classification,initialisation,20,random,auprc,0.5,0.1", "line 3 gives a cell a second time"),
        ("1,classification,subsequent,20,random,f1,0.5,0.1", "table 1 mixes"),
    ],
)
def test_a_damaged_file_is_refused(tmp_path, line, message):
    head = "table,task,stage,budget,method,metric,value,se\n1,classification,initialisation,20,random,auprc,0.5,0.1\n"
    (tmp_path / "t.csv").write_text(head + line + "\n")
    with pytest.raises(InputError, match=message):
        read_published(tmp_path / "t.csv")


def test_a_file_without_a_column_or_no_file_is_refused(tmp_path):
    (tmp_path / "t.csv").write_text("table,task\n1,classification\n")
    with pytest.raises(InputError, match="stage, budget"):
        read_published(tmp_path / "t.csv")
    with pytest.raises(InputError, match=r"none\.csv"):
        read_published(tmp_path / "none.csv")


def test_arms_are_matched_by_their_short_names():
    arms = [("none", "random"), ("pixels", "clustering"), ("txrv", "clustering"), ("txrv", "other")]
    named = {"random": "random", "naive": "pixels", "txrv": "txrv/other"}
    assert match_arms(named, arms) == {
        "random": ("none", "random"),
        "naive": ("pixels", "clustering"),
        "txrv": ("txrv", "other"),
    }
    with pytest.raises(InputError, match=r"comparison\.arms\.txrv: 'txrv' stands for several arms"):
        match_arms({"txrv": "txrv"}, arms)
    with pytest.raises(InputError, match="did you mean 'pixels'"):
        match_arms({"naive": "pixel"}, arms)


def test_the_published_values_agree_with_themselves():
    comparison = compare(summary_of(PUBLISHED), PUBLISHED, ARMS, decimals=3)
    assert len(comparison) == 240
    assert (comparison["difference"] == 0).all()
    assert comparison["within_se"].all()
    assert comparison["within_95"].all()
    np.testing.assert_allclose(comparison["ours_se"], PUBLISHED["se"])
    np.testing.assert_allclose(comparison["combined_se"], PUBLISHED["se"] * 2**0.5)
    pd.testing.assert_frame_equal(values_of(comparison, "published"), PUBLISHED)
    pd.testing.assert_frame_equal(winners(values_of(comparison, "ours")), winners(PUBLISHED))
    verdicts = compare_claims(comparison)
    assert verdicts["ours_holds"].tolist() == verdicts["published_holds"].tolist()


def cell(comparison, table, budget, method, metric):
    """One row of a comparison."""
    keys = {"table": table, "budget": budget, "method": method, "metric": metric}
    return comparison.set_index(list(keys)).loc[tuple(keys.values())]


def test_known_differences_and_blanks():
    # Published: AUPRC of random at 20 in Table 1 0.389 (0.094), HD of naive at +20 in Table 4 4.364 (0.172).
    given = PUBLISHED[PUBLISHED["method"].isin(["random", "naive"])]
    keys = given.set_index(["table", "budget", "method", "metric"]).index
    given = given[keys.isin([(1, 20, "random", "auprc"), (1, 20, "naive", "auprc"), (4, 20, "naive", "row_hd")])]
    arms = {"random": ("none", "random"), "naive": ("pixels", "clustering")}
    twice = [given.assign(value=given["value"] + shift, se=0.0) for shift in (0.05, 0.15)]
    summary = pd.concat([summary_of(values, arms, seed=seed) for seed, values in enumerate(twice)])
    comparison = compare(summary, PUBLISHED, arms)

    random = cell(comparison, 1, 20, "random", "auprc")
    assert (random["n_runs"], random["n_seeds"], random["arm"]) == (2, 2, "random")
    assert random["difference"] == pytest.approx(0.1)
    # Four pooled values, two at each mean, 0.1 apart: the percentiles are the two means.
    assert random["ours_se"] == pytest.approx(0.1 / 3.92)
    assert random["combined_se"] == pytest.approx((0.094**2 + (0.1 / 3.92) ** 2) ** 0.5)
    assert not random["within_se"]
    assert random["within_95"]
    naive = cell(comparison, 4, 20, "naive", "row_hd")
    assert naive["arm"] == "pixels / clustering / u"
    assert naive["ours"] == pytest.approx(4.464)
    assert naive["within_se"]

    assert comparison["ours"].notna().sum() == 3
    blank = comparison[comparison["ours"].isna()]
    columns = ["arm", "ours", "ours_se", "n_runs", "n_seeds", "difference", "combined_se", "within_se", "within_95"]
    assert blank[columns].isna().all(axis=None)


def test_rounds_count_from_their_initial_budget_and_one_query():
    table = PUBLISHED[PUBLISHED["table"] == 2]
    summary = summary_of(table)
    other = summary_of(table.assign(value=0.0), query="v")
    elsewhere = summary_of(table.assign(value=1.0), budget=40)
    with pytest.raises(InputError, match=r"comparison\.query: .*u, v"):
        compare(pd.concat([summary, other]), PUBLISHED, ARMS)
    comparison = compare(pd.concat([other, elsewhere, summary]), PUBLISHED, ARMS, query="u")
    assert (comparison.loc[comparison["table"] == 2, "difference"] == 0).all()
    assert comparison.loc[comparison["table"] != 2, "ours"].isna().all()
    # Rounds of 10 meet the published ones where they have added as many samples.
    halved = summary.assign(round=summary["round"] * 2)
    assert compare(halved, PUBLISHED, ARMS)["difference"].notna().sum() == 60


def test_an_unknown_published_method_is_named():
    with pytest.raises(InputError, match="did you mean 'naive'"):
        compare(summary_of(PUBLISHED), PUBLISHED, {"naiv": ("pixels", "clustering")})


WINNERS = {
    (1, "auprc"): "txrv cxrf imagenet cxrf cxrf",
    (1, "f1"): "cxrf txrv imagenet cxrf imagenet",
    (2, "auprc"): "cxrf cxrf txrv imagenet txrv=cxrf",
    (2, "f1"): "cxrf imagenet imagenet imagenet txrv",
    (3, "dice"): "txrv txrv=cxrf txrv remedis remedis",
    (3, "row_hd"): "imagenet remedis cxrf remedis txrv",
    (4, "dice"): "txrv naive naive remedis naive",
    (4, "row_hd"): "cxrf txrv naive remedis txrv",
}


@pytest.mark.parametrize(("table", "metric"), WINNERS)
def test_winners_of_the_published_columns(table, metric):
    found = winners(PUBLISHED)
    found = found[(found["table"] == table) & (found["metric"] == metric)]
    tied = found.groupby("budget")["method"].agg("=".join)
    assert " ".join(tied) == WINNERS[table, metric]


def test_winners_are_counted_with_ties():
    counts = winner_counts(PUBLISHED).set_index(["table", "metric", "method"]).sort_index()
    assert len(counts) == 8 * 6
    assert counts.loc[(1, "auprc")]["wins"].reindex(METHODS).tolist() == [0, 0, 1, 1, 0, 3]
    assert counts.loc[(2, "auprc")]["wins"].reindex(METHODS).tolist() == [0, 0, 1, 2, 0, 3]
    assert set(counts["columns"]) == {5}
    alone = PUBLISHED.assign(value=PUBLISHED["value"].where(PUBLISHED["method"] == "naive"))
    assert winners(alone).empty
    assert winner_counts(alone)["wins"].tolist() == [0] * 8


def test_a_lower_distance_wins_and_alike_prints_tie():
    rows = [(3, 20, name, "row_hd", value) for name, value in [("a", 4.0004), ("b", 3.9996), ("c", 5.0)]]
    values = pd.DataFrame(rows, columns=["table", "budget", "method", "metric", "value"])
    assert winners(values)["method"].tolist() == ["a", "b"]
    assert winners(values.assign(metric="dice"))["method"].tolist() == ["c"]


def test_claims_on_the_published_values():
    """The claim check: the text is wrong on random's rank in Table 1 and on the winners of Table 4."""
    found = claims(PUBLISHED)
    wrong = found[~found["holds"]]
    assert wrong[["table", "source"]].to_numpy().tolist() == [[1, "text"], [4, "text"]]
    assert wrong["detail"].tolist() == [
        "rank of random: 5 at 20, 3 at 40, 3 at 60, 3 at 80, 3 at 100",
        "best: txrv, naive, naive, remedis, naive; txrv in 1, remedis in 1",
    ]
    assert (found["source"] == "text").sum() == 5
    assert not found.duplicated(["claim", "table"]).any()


def test_random_has_the_largest_error_but_not_of_the_distance_in_table_3():
    for (table, metric), _ in WINNERS.items():
        se = grid(PUBLISHED[PUBLISHED["table"] == table], metric, "se")
        if (table, metric) == (3, "row_hd"):
            assert se.idxmin().tolist() == ["naive", *["random"] * 4]
            assert se.loc[["random", "naive"], 20].tolist() == [0.124, 0.111]
        else:
            assert set(se.idxmax()) == {"random"}, (table, metric)


@pytest.mark.parametrize("place", range(len(CLAIMS)), ids=lambda place: f"{place}-{CLAIMS[place].table}")
def test_every_claim_can_fail_and_can_be_undecided(place):
    claim = CLAIMS[place]
    # Methods renamed in a circle: what was said of one is now said of another.
    turned = PUBLISHED.assign(
        method=PUBLISHED["method"].map(dict(zip(METHODS, METHODS[1:] + METHODS[:1], strict=True)))
    )
    assert claims(turned)["holds"][place] == False  # noqa: E712
    lacking = PUBLISHED[PUBLISHED["method"] != "remedis"]
    verdict = claims(lacking).iloc[place]
    assert verdict["holds"] is pd.NA
    assert "remedis did not run" in verdict["detail"]
    nothing = claims(PUBLISHED[PUBLISHED["table"] != claim.table]).iloc[place]
    assert nothing["holds"] is pd.NA


def test_claims_are_written_beside_each_other():
    lines = claims_markdown(compare_claims(COMPARISON), note="Synthetic data").splitlines()
    assert lines[0].endswith("**Synthetic data.**")
    table = [line for line in lines if line.startswith("|")]
    assert len(table) == len(CLAIMS) + 2
    assert table[4].startswith("| 1 | text | Random sampling is second at 60, 80, 100 by AUPRC | no (rank of random: 5")
    assert all("| not decided (" in line and "cxrf" in line for line in table[2:])


COMPARISON = compare(
    summary_of(PUBLISHED.assign(value=PUBLISHED["value"] + PUBLISHED["se"] * 2).query("method != 'cxrf'")),
    PUBLISHED,
    {method: arm for method, arm in ARMS.items() if method != "cxrf"},
)


def test_layout_is_the_papers():
    table = published_table(COMPARISON, 1, protocol="60 epochs")
    assert table.arms["label"].tolist() == [
        f"{m}: {row}" for m in METHODS for row in ("published", "ours", "difference")
    ]
    assert table.points == [20, 40, 60, 80, 100]
    assert table.metrics == ["auprc", "f1"]
    assert table.text[:3, 0, 0].tolist() == ["0.389 (0.094)", "0.577 (0.094)", "+0.188 †"]
    # cxrf has not run: blank, not invented; its published best keeps its mark.
    assert table.text[15:, 1, 0].tolist() == ["0.640 (0.071)", "", ""]
    assert table.marks[15, 1, 0] == "best"
    assert table.marks[10, 1, 0] == "best"
    assert (table.marks[2::3] == "").all()
    # Two standard errors of one side are 1.41 combined ones.
    assert "0 of 50 differences lie within it and 50 within 1.96 of it" in table.caption
    assert "60 epochs." in table.caption
    assert "1 seed" in table.caption
    assert table.caption.endswith("A dash: not run.")


def test_distances_are_marked_where_they_are_low():
    table = published_table(COMPARISON, 3)
    # HD at 20: ImageNet 4.267 is the lowest; naive 13.134 the highest.
    assert table.marks[:, 0, 1].tolist().index("best") == METHODS.index("imagenet") * 3
    assert table.points_title == "Budget"
    assert published_table(COMPARISON, 4).points_title == "Samples added"


def test_marks_only_where_the_difference_exceeds_the_combined_error():
    near = PUBLISHED.assign(value=PUBLISHED["value"] - PUBLISHED["se"])
    table = published_table(compare(summary_of(near), PUBLISHED, ARMS), 1)
    assert table.text[2, 0, 0] == "−0.094"
    assert "60 of 60 differences lie within it" in table.caption
    same = published_table(compare(summary_of(PUBLISHED), PUBLISHED, ARMS), 1)
    assert set(same.text[2::3].ravel()) == {"0.000"}


def test_nothing_has_run():
    table = published_table(compare(summary_of(PUBLISHED)[:0], PUBLISHED, ARMS), 2)
    assert "Nothing of it has run here." in table.caption
    assert set(table.text[1::3].ravel()) == {""}
    with pytest.raises(InputError, match="no published table 5"):
        published_table(COMPARISON, 5)


def balanced(text):
    """Whether the braces of LaTeX text match, escaped ones left out."""
    depth = 0
    for before, character in itertools.pairwise("x" + text):
        depth += (character == "{") - (character == "}") if before != "\\" else 0
        assert depth >= 0
    return depth == 0


class Balanced(HTMLParser):
    """Checks that tags match, and counts the cells of every row."""

    def __init__(self, text):
        super().__init__()
        self.open, self.cells = [], []
        self.feed(text)
        assert not self.open

    def handle_starttag(self, tag, attributes):
        if tag not in ("meta", "col"):
            self.open.append(tag)
        if tag == "tr":
            self.cells.append(0)
        if tag in ("td", "th"):
            self.cells[-1] += 1

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_four_formats(tmp_path, number):
    names = {"csv": "t.csv", "markdown": "t.md", "latex": "t.tex", "html": "t.html"}
    table = published_table(COMPARISON, number, note="Synthetic data")
    write_tables(table, **{kind: tmp_path / name for kind, name in names.items()})
    for name in names.values():
        assert "Synthetic data." in (tmp_path / name).read_text()
    latex = (tmp_path / "t.tex").read_text()
    assert balanced("\n".join(latex.splitlines()[1:]))
    assert latex.isascii()
    assert latex.count(r"\addlinespace") == 5
    rows = latex.partition(r"\midrule")[2].partition(r"\bottomrule")[0].strip().splitlines()
    assert len(rows) == 18
    assert {row.count(" & ") for row in rows} == {10}
    lines = [line for line in (tmp_path / "t.md").read_text().splitlines() if line.startswith("|")]
    assert len(lines) == 20
    assert {line.count("|") for line in lines} == {12}
    assert Balanced((tmp_path / "t.html").read_text()).cells[1:] == [11] * 19
    frame = pd.read_csv(tmp_path / "t.csv").set_index(["method", "row"])
    for row in COMPARISON[COMPARISON["table"] == number].itertuples():
        column = f"{row.metric}_{row.budget}"
        np.testing.assert_array_equal(frame.loc[(row.method, "published"), column], row.published)
        np.testing.assert_array_equal(frame.loc[(row.method, "difference"), column], row.difference)
        np.testing.assert_array_equal(frame.loc[(row.method, "difference"), f"{column}_se"], row.combined_se)


def test_latex_text_is_escaped_in_the_paper_tables():
    text = table_formats.to_latex(published_table(COMPARISON, 1))
    assert r"Yuan \& Hong" in text
    assert r"+0.188 $\dagger$" in text
