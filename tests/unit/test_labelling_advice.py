"""The advice after a list: verdicts, sentences, files, and the figure of the curve."""

import json
import re

import numpy as np
import pandas as pd
import pytest

from coldstart.evaluation.forecast import forecast
from coldstart.evaluation.learning_points import measure_lists
from coldstart.labelling.advice import FEWEST, recommend
from coldstart.labelling.advice_page import as_markdown, curve_table, record
from coldstart.labelling.curve_figure import plot_curve
from coldstart.reporting.figures import save_figure

RISING = [0.62, 0.70, 0.76, 0.80]
FLAT = [0.60, 0.84, 0.85, 0.853, 0.854, 0.854, 0.855, 0.855, 0.855]


def dice_lists(values, size=24, start=40, step=20):
    spread = np.linspace(-0.03, 0.03, size)
    return [
        (i, start + step * (i - 1), pd.DataFrame({"sample_id": range(size), "patient_id": None, "dice": v + spread}))
        for i, v in enumerate(values, 1)
    ]


def auroc_lists(right, truth):
    """Hold-outs of the given labels in which some share of the positives is scored above all negatives."""
    truth = np.asarray(truth)
    found = []
    for i, share in enumerate(right, 1):
        rank = np.cumsum(truth) / max(truth.sum(), 1)
        scores = np.where(truth == 1, np.where(rank <= share, 0.9, 0.1), 0.5)
        holdout = pd.DataFrame({"sample_id": range(len(truth)), "patient_id": None, "truth": truth})
        found.append((i, 20 + 20 * i, holdout.assign(probability=scores)))
    return found


def advised(lists, metric="dice", **how):
    points, shared = measure_lists(metric, lists, bootstrap=200)
    given = {"number": len(lists), "next_n": 20, "worthwhile": 0.01, "pool_left": 500, **how}
    return recommend(points, shared, metric=metric, **given)


def numbers(text):
    return [float(found) for found in re.findall(r"-?\d+\.\d+", text)]


def test_a_rising_curve_says_go_on_with_value_and_gain():
    advice = advised(dice_lists(RISING))
    assert advice.verdict == "go on"
    said, value, gain, left = advice.sentences
    assert said == "Go on: the next labels may add 0.01 or more, which you call worthwhile."
    assert re.fullmatch(
        r"List 4: mean Dice 0\.80 \(95 % 0\.7\d to 0\.8\d\) on 24 held-out images after training on 100 labels\.", value
    )
    assert re.fullmatch(r"The next 20 labels are expected to add 0\.\d{3} \(90 %: 0\.\d{3} to 0\.\d{3}\)\.", gain)
    expected, low, high = numbers(gain)
    assert low <= expected <= high
    assert [expected, low, high] == [
        round(number, 3) for number in (advice.forecast.gain, advice.forecast.low, advice.forecast.high)
    ]
    assert left == "500 images of the pool are without an answer, the 20 of this list included."


def test_stop_is_said_only_when_two_lists_in_a_row_promise_too_little():
    verdicts, first = [], 0
    for k in range(1, len(FLAT) + 1):
        advice = advised(dice_lists(FLAT[:k]))
        points = measure_lists("dice", dice_lists(FLAT[:k]), bootstrap=200)[0]
        verdicts.append(advice.verdict)
        highs = [forecast(known, 20).high for known in (points, points[:-1])]
        if k > 3:
            assert (advice.verdict == "stop") == all(high < 0.01 for high in highs)
        if k > 3 and highs[0] < 0.01 <= highs[1]:
            assert advice.sentences[0].startswith("Go on for now")
            assert "for the first time" in advice.sentences[0]
            first += 1
    assert first == 1
    assert verdicts[:2] == ["too early to say"] * 2
    assert verdicts[2] == "go on"
    assert verdicts[-1] == "stop"
    assert "Stop: at two lists in a row" in advice.sentences[0]
    assert "below 0.01, the smallest gain that you call worthwhile" in advice.sentences[0]
    # Who asks for less goes on.
    assert advised(dice_lists(FLAT), worthwhile=0.0001).verdict == "go on"


def test_two_lists_give_a_range_and_no_expectation():
    advice = advised(dice_lists(RISING[:2]))
    assert advice.verdict == "too early to say"
    assert "three lists" in advice.sentences[0]
    assert advice.sentences[2].startswith("The next 20 labels should add between 0 and 0.1")
    assert "expected" not in " ".join(advice.sentences)


@pytest.mark.parametrize(
    ("lists", "metric", "how", "reason"),
    [
        ([], "auroc", {"number": 0}, "no network has been trained yet"),
        ([], "auroc", {"number": 2}, "there is no hold-out yet"),
        (auroc_lists([1, 1], [0] * 6), "auroc", {}, "all 6 held-out images are clear, and AUROC needs both classes"),
        (
            auroc_lists([0.5, 0.75, 1], [1] * (FEWEST - 1) + [0] * 9),
            "auroc",
            {},
            "the hold-out has 4 and 9 patients (tumour and clear), and below 5 of either class it cannot show a gain",
        ),
        (dice_lists(RISING, size=4), "dice", {}, "the hold-out has 4 patients, and below 5 it cannot show a gain"),
        (auroc_lists([0.5, 0.75, 1], [1] * 8 + [0] * 9), "auroc", {}, "all held-out images are judged rightly"),
    ],
)
def test_it_says_why_nothing_can_be_said_yet(lists, metric, how, reason):
    advice = advised(lists, metric, classes=("clear", "tumour"), **how)
    assert advice.verdict == "too early to say"
    assert reason in advice.sentences[0]
    assert advice.sentences[0].endswith("Label this list and run the same command again.")


def test_a_perfect_hold_out_is_not_taken_for_certain():
    advice = advised(auroc_lists([1] * 5, [1] * 8 + [0] * 9), "auroc")
    assert advice.verdict == "too early to say"
    value, low, high = numbers(advice.sentences[1].replace("95 %", ""))
    assert (value, high) == (1, 1)
    assert low < 0.9


def test_an_exhausted_pool_is_told_whatever_the_curve_says():
    advice = advised(dice_lists(FLAT), next_n=0, pool_left=0)
    assert advice.verdict == "pool exhausted"
    assert advice.sentences[0] == "Nothing is left to ask for: every image of the pool has been answered."
    assert len(advice.sentences) == 2
    assert "List 9: mean Dice" in advice.sentences[1]


def test_the_caveats_are_honest_about_the_hold_out():
    advice = advised(dice_lists(RISING), newest=30)
    text = " ".join(advice.caveats)
    assert "selected and not drawn at random: its value is not that of the whole pool" in text
    assert "chose the best moment of each training, so its value is a little too high" in text
    assert "24 images of 24 patients are few" in text
    assert "compared on the 24 images that all of their hold-outs have; the newest has 30" in text
    assert "inverse power law" in text
    assert "few" not in " ".join(advised(dice_lists(RISING, size=60)).caveats)
    assert advised([], number=0).caveats == []


@pytest.mark.parametrize("lists", [[], dice_lists(RISING[:1]), dice_lists(RISING[:2]), dice_lists(RISING)])
def test_the_record_is_strict_json_and_holds_what_the_sentences_say(lists):
    advice = advised(lists, groups=["g"])
    found = json.loads(json.dumps(record(advice), allow_nan=False))
    assert found["verdict"] == advice.verdict
    assert found["sentences"] == advice.sentences
    assert (found["list"], found["next"], found["pool_left"]) == (len(lists), 20, 500)
    assert found["n_labelled"] == (lists[-1][1] if lists else None)
    assert (found["value"] is None) == (not lists)
    assert (found["gain"] is None) == (len(lists) < 3)
    assert (found["gain_high"] is None) == (len(lists) < 2)


def test_the_page_begins_with_the_recommendation_and_leaves_empty_parts_out():
    page = as_markdown(advised(dice_lists(RISING), groups=["All are there."]), title="Advice", chosen=["By chance."])
    lines = page.splitlines()
    assert lines[0] == "# Advice"
    assert lines[2].startswith("**Go on:")
    headings = [line for line in lines if line.startswith("## ")]
    assert headings == ["## Whom do the lists miss?", "## How the images were chosen", "## How to read this"]
    assert "- All are there." in lines
    assert "- By chance." in lines
    assert "##" not in as_markdown(advised([], number=0), title="Advice")[2:]


def test_the_table_holds_what_was_measured_and_the_fitted_curve():
    points, _ = measure_lists("dice", dice_lists(RISING), bootstrap=100)
    table = curve_table(points, forecast(points, 20))
    measured = table[table["kind"] == "measured"]
    assert measured["list"].tolist() == [1, 2, 3, 4]
    assert measured["value"].to_numpy() == pytest.approx(RISING)
    fitted = table[table["kind"] == "fitted"]
    assert fitted["list"].isna().all()
    assert fitted["n_labelled"].iloc[-1] == 120
    empty = curve_table([], forecast([], 20))
    assert empty.empty
    assert list(empty.columns) == ["kind", "list", "n_labelled", "value", "low", "high"]


def test_the_figure_draws_points_fit_and_forecast(tmp_path):
    points, shared = measure_lists("dice", dice_lists(RISING), bootstrap=100)
    ahead = forecast(points, 20)

    def draw():
        return plot_curve(points, ahead, metric="dice", n_holdout=len(shared), title="t", note="Synthetic data")

    figure = draw()
    (axes,) = figure.axes
    lines = {line.get_marker(): line for line in axes.lines}
    assert lines["o"].get_xdata().tolist() == [40, 60, 80, 100]
    assert lines["o"].get_ydata() == pytest.approx(RISING)
    assert lines["D"].get_xdata().tolist() == [120]
    assert lines["D"].get_ydata()[0] == pytest.approx(ahead.curve["value"].iloc[-1])
    (dashed,) = (line for line in axes.lines if line.get_linestyle() == "--" and len(line.get_xdata()) > 1)
    assert dashed.get_xdata()[0] == 100
    assert {"1", "2", "3", "4", "list"} == {text.get_text() for text in axes.texts}
    assert axes.get_ylabel() == "Mean Dice, hold-out"
    assert "The same 24 held-out images of 24 patients" in figure.get_label()
    assert figure.get_label().endswith("Synthetic data.")
    for name in ("a", "b"):
        save_figure(draw(), png=tmp_path / f"{name}.png")
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


@pytest.mark.parametrize("k", [0, 1, 2])
def test_a_curve_of_few_points_is_drawn_without_a_fit(k):
    points, shared = measure_lists("auroc", auroc_lists([0.5, 0.75][:k], [1] * 8 + [0] * 9), bootstrap=50)
    figure = plot_curve(points, forecast(points, 20), metric="auroc", n_holdout=len(shared))
    (axes,) = figure.axes
    assert not any(line.get_marker() == "D" for line in axes.lines)
    assert ("Nothing has been measured yet" in [text.get_text() for text in axes.texts]) == (k == 0)
    assert ("needs three lists" in figure.get_label()) == (k > 0)
