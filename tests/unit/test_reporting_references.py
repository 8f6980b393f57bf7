"""Full supervision in tables and curves: a row and a line of its own, and no arm among the arms."""

import io

import numpy as np
import pandas as pd
import pytest

from coldstart.errors import InputError
from coldstart.reporting import table_formats
from coldstart.reporting.arms import cells
from coldstart.reporting.curves import plot_curves
from coldstart.reporting.published import compare, read_published
from coldstart.reporting.summary import COLUMNS, build_summary, reference_rows, stage_rows, stages
from coldstart.reporting.tables import comparison_table


def row(model, method, budget, value, *, query="none", round=0, n=None, metric="auprc", **other):
    names = {"dataset": "d", "task": "classification", "model": model, "method": method, "query": query, "seed": 1}
    counts = {"budget": budget, "repeat": 0, "round": round, "n_labelled": budget if n is None else n}
    told = {"metric": metric, "value": value, "se": 0.05, "bootstrap": [value - 0.05, value + 0.05], "run": "r"}
    return {**names, **counts, **told, "reference": False, "validation": 0.5, **other}


def whole(method, value, n=400, **other):
    return row("none", method, 0, value, n=n, reference=True, **other)


ARMS = [row("none", "random", b, v) for b, v in ((0, 0.2), (20, 0.4), (40, 0.5))]
ARMS += [row("a", "k", b, v) for b, v in ((0, 0.3), (20, 0.6), (40, 0.7))]
ROUNDS = [row("a", "k", 20, 0.65, query="u", round=1, n=30), row("none", "random", 20, 0.45, query="u", round=1, n=30)]
WHOLE = [whole("full", 0.9), whole("full", 0.8, seed=2), whole("target_only", 0.55, n=90)]
SUMMARY = pd.DataFrame([*ARMS, *ROUNDS, *WHOLE])[COLUMNS]


@pytest.mark.parametrize(("stage", "points"), [("initialisation", [0, 20, 40]), ("subsequent", [20, 30])])
def test_full_supervision_stands_in_the_last_rows_and_column_and_takes_no_mark(stage, points):
    table = comparison_table(SUMMARY, "classification", stage, "auprc")
    assert table.points == [*points, "all"]
    assert table.arms["label"].tolist()[2:] == ["full supervision (full)", "full supervision (target_only)"]
    assert table.value[2:, -1, 0] == pytest.approx([0.85, 0.55])
    assert np.isnan(table.value[:2, -1]).all()
    assert np.isnan(table.value[2:, :-1]).all()
    assert (table.marks[2:] == "").all()
    # It is better than every arm, and the best arm keeps its mark.
    assert table.marks[1, :-1, 0].tolist() == ["best"] * len(points)
    assert table.text[2, -1, 0].startswith("0.850 (")
    sizes, runs = "full trains on 400 samples, target_only on 90 samples", "2 seeds for full; 1 seed for the others"
    assert f"Full supervision: {sizes} of the whole pool ({runs})." in table.caption


def test_without_full_supervision_nothing_changes():
    alone = comparison_table(SUMMARY[~SUMMARY["reference"]], "classification", "initialisation", "auprc")
    assert alone.points == [0, 20, 40]
    assert "Full supervision" not in alone.caption
    both = comparison_table(SUMMARY, "classification", "initialisation", "auprc")
    np.testing.assert_array_equal(both.value[:2, :3], alone.value)
    np.testing.assert_array_equal(both.marks[:2, :3], alone.marks)


def test_it_is_no_arm_of_budget_0():
    found = cells(SUMMARY, "classification", "initialisation", "auprc")
    assert found.arms["method"].tolist() == ["random", "k"]
    assert found.value[:, 0, 0] == pytest.approx([0.2, 0.3])
    assert found.references.points == ["all"]
    assert not stage_rows(SUMMARY, "classification", "initialisation")["reference"].any()
    assert stages(SUMMARY[SUMMARY["reference"]], "classification") == []
    assert len(reference_rows(SUMMARY, "classification")) == 3
    with pytest.raises(InputError, match="no rows of the task"):
        stage_rows(SUMMARY[SUMMARY["reference"]], "classification", "initialisation")


@pytest.mark.parametrize(
    "render", [table_formats.to_csv, table_formats.to_markdown, table_formats.to_latex, table_formats.to_html]
)
def test_every_format_has_it(render):
    text = render(comparison_table(SUMMARY, "classification", "subsequent", "auprc"))
    assert "full" in text
    assert "0.85" in text


def test_the_csv_has_the_deviation_between_runs_and_their_number():
    frame = pd.read_csv(
        io.StringIO(table_formats.to_csv(comparison_table(SUMMARY, "classification", "subsequent", "auprc")))
    )
    assert frame["auprc_all_sd"][2] == pytest.approx(0.1 / 2**0.5)
    assert frame["auprc_all_runs"].tolist() == [0, 0, 2, 1]
    assert frame["auprc_30_runs"].tolist() == [1, 1, 0, 0]


def test_ten_random_seeds_give_ten_runs_with_mean_and_deviation():
    """The specification's S2-11: a random baseline with repeats."""
    values = np.random.default_rng(3).normal(0.5, 0.1, 10)
    runs = [row("none", "random", 20, value, seed=seed) for seed, value in enumerate(values)]
    table = comparison_table(pd.DataFrame(runs)[COLUMNS], "classification", "initialisation", "auprc")
    assert table.n_runs[0, 0, 0] == 10
    assert table.value[0, 0, 0] == pytest.approx(values.mean())
    assert table.sd[0, 0, 0] == pytest.approx(values.std(ddof=1))
    assert "10 seeds" in table.caption


def levels(axes):
    """Heights of the horizontal lines over the whole width."""
    return [line.get_ydata()[0] for line in axes.lines if list(line.get_xdata()) == [0, 1]]


@pytest.mark.parametrize("stage", ["initialisation", "subsequent"])
def test_every_curve_has_its_horizontal_line_and_label(stage):
    summary = pd.concat([SUMMARY, SUMMARY.assign(metric="f1", value=SUMMARY["value"] / 2)])
    figure = plot_curves(summary, "classification", ["auprc", "f1"], stage)
    assert [levels(axes) for axes in figure.axes] == [pytest.approx([0.85, 0.55]), pytest.approx([0.425, 0.275])]
    names = [text.get_text() for text in figure.legends[0].get_texts()]
    assert names[-2:] == ["full supervision (full)", "full supervision (target_only)"]
    assert "full trains on 400 samples" in " ".join(text.get_text() for text in figure.texts).replace("\n", " ")
    # The lines lie within the limits.
    assert figure.axes[0].get_ylim()[1] > 0.85


def test_curves_of_many_arms_have_the_line_in_every_panel():
    models = [f"m{i}" for i in range(7)]
    rows = [row(m, "k", 20, 0.4) for m in models]
    rows += [row(m, "k", 20, 0.5, query=q, round=1, n=30) for m in models for q in "uv"]
    figure = plot_curves(pd.DataFrame([*rows, whole("full", 0.9)])[COLUMNS], "classification", "auprc", "subsequent")
    assert [levels(axes) for axes in figure.axes] == [[0.9], [0.9]]


def test_a_metric_that_the_reference_lacks_has_no_line():
    summary = pd.concat([SUMMARY[~SUMMARY["reference"]].assign(metric="f1"), SUMMARY])
    figure = plot_curves(summary, "classification", ["f1", "auprc"], "initialisation")
    assert [len(levels(axes)) for axes in figure.axes] == [0, 2]


def test_published_tables_do_not_see_it(tmp_path):
    head = "table,task,stage,budget,method,metric,value,se\n"
    (tmp_path / "t.csv").write_text(head + "1,classification,initialisation,20,random,auprc,0.5,0.1\n")
    published = read_published(tmp_path / "t.csv")
    arms = {"random": ("none", "random")}
    with_it, without = (compare(s, published, arms) for s in (SUMMARY, SUMMARY[~SUMMARY["reference"]]))
    pd.testing.assert_frame_equal(with_it, without)
    assert with_it["ours"].tolist() == [0.4]


def test_the_summary_marks_runs_on_the_whole_pool_and_tells_the_validation_value():
    def run(method, fit):
        cell = {"dataset": "d", "task": "classification", "model": "none", "method": method, "query": "none"}
        cell |= {"budget": "0", "seed": "1", "repeat": "0", "round": "0"}
        metrics = pd.DataFrame({"metric": ["f1"], "value": [0.5], "se": [0.1], "bootstrap": [[0.5]]})
        return cell, metrics, {"n_labelled": 3, "n_trained": 2, **fit}, f"d/{method}"

    loss = {"best_value": 0.7, "settings": {"monitor": "loss"}}
    runs = [run("full", {"best_value": 0.8}), run("start", {"best_value": None}), run("target", loss)]
    runs.append(run("ended", {"best_value": 0.8, "stopped": True}))
    found = build_summary(runs, ["full"])
    assert found["reference"].tolist() == [True, False, False]
    assert found["n_labelled"].tolist() == [2, 3, 3]
    # Without training there is none; of two losses the lower is the better.
    assert found["validation"].tolist() == pytest.approx([0.8, np.nan, -0.7], nan_ok=True)
