"""What `METRICS` says, held against what the evaluation writes."""

import numpy as np
import pandas as pd
import pytest

from coldstart.evaluation.evaluate import evaluate_classification, evaluate_segmentation
from coldstart.evaluation.metrics import METRICS


def square(top, left, side=8):
    mask = np.zeros((1, 32, 32))
    mask[:, top : top + side, left : left + side] = 1
    return mask


Y = np.repeat([0, 1], 10)
# Perfect, imperfect, and reversed predictions.
SCORES = [0.02 + 0.9 * Y + 0.001 * np.arange(20), np.where(np.arange(20) % 5 == 2, 1 - Y, Y), 1.0 - Y]
MAPS = [square(4, 4), square(6, 8), square(10, 10, 22)]
STACKS = pd.DataFrame({"volume": ["v"], "slice": [3], "spacing_z": [4.0], "patient_id": ["p"]})


def results(task):
    if task == "classification":
        return [evaluate_classification(Y, scores, 0.5, bootstrap=20) for scores in SCORES]
    chosen = {"spacing": (2.0, 3.0), "stacks": STACKS, "bootstrap": 20}
    return [evaluate_segmentation(square(4, 4), maps, **chosen)[0] for maps in MAPS]


@pytest.mark.parametrize("task", ["classification", "segmentation"])
def test_every_metric_of_the_table_is_written_and_no_other(task):
    expected = [name for name, facts in METRICS.items() if facts["task"] == task]
    for result in results(task):
        assert sorted(result["metric"]) == sorted(expected)
        assert list(result.columns) == ["metric", "value", "se", "bootstrap"]
        assert result["bootstrap"].map(len).eq(20).all()


@pytest.mark.parametrize("name", list(METRICS))
def test_direction_is_as_declared(name):
    better, medium, worse = (result.set_index("metric").loc[name, "value"] for result in results(METRICS[name]["task"]))
    assert (better > medium > worse) if METRICS[name]["higher_is_better"] else (better < medium < worse)
    # The published macro Dice of volumes has 1e-10 in its denominator.
    assert better == pytest.approx(1 if METRICS[name]["higher_is_better"] else 0, abs=1e-9)


@pytest.mark.parametrize("name", list(METRICS))
def test_title_names_the_unit(name):
    facts = METRICS[name]
    assert set(facts) == {"task", "title", "unit", "higher_is_better"}
    assert facts["title"].endswith(f"[{facts['unit']}]") if facts["unit"] else "[" not in facts["title"]
    assert len({other["title"] for other in METRICS.values()}) == len(METRICS)
