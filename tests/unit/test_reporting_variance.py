"""The table of selection and training apart."""

import numpy as np
import pandas as pd

from coldstart.reporting.plain_tables import to_markdown
from coldstart.reporting.summary import COLUMNS
from coldstart.reporting.variance import variance_frame, variance_table

ARM = {"dataset": "d", "task": "classification", "query": "none", "round": 0, "validation": 0.5, "run": "x"}


def rows(method, values, *, budget=20, model="a", reference=False, metric="auprc"):
    """Summary rows of one arm and point; `values` of each seed."""
    return [
        {**ARM, "model": model, "method": method, "budget": budget, "seed": seed, "repeat": repeat, "metric": metric}
        | {"n_labelled": budget, "reference": reference, "value": value, "se": 0.04, "bootstrap": [value]}
        for seed, of_seed in enumerate(values)
        for repeat, value in enumerate(of_seed)
    ]


SUMMARY = pd.DataFrame(
    rows("k", [[0.5, 0.6], [0.8, 0.9]])
    + rows("k", [[0.7, 0.7], [0.7, 0.7]], budget=40)
    + rows("once", [[0.5], [0.7]])
    + rows("exact", [[0.5], [0.7]], model="none")
    + rows("full", [[0.9], [0.9]], reference=True)
)[COLUMNS]


def test_every_arm_and_point_has_its_components():
    frame = variance_frame(SUMMARY, "classification", ["auprc"], [["none", "exact"]])
    found = frame.set_index(["method", "budget"])
    assert sorted(found.index) == [("exact", 20), ("k", 20), ("k", 40), ("once", 20)]
    k = found.loc[("k", 20)]
    np.testing.assert_allclose(k[["sd_training", "sd_selection"]].astype(float) ** 2, [0.005, 0.045 - 0.0025])
    np.testing.assert_allclose(k["selection_share"], 0.0425 / 0.0475)
    assert (k["n_seeds"], k["n_runs"], k["se_test"]) == (2, 4, 0.04)
    assert np.isnan(found.loc[("once", 20), "sd_selection"])
    assert found.loc[("exact", 20), "sd_training"] == 0
    # Runs that are all alike vary by nothing, of which there are no shares.
    assert found.loc[("k", 40), "sd_total"] == 0
    assert np.isnan(found.loc[("k", 40), "selection_share"])


def test_the_table_says_what_cannot_be_told():
    text = to_markdown(variance_table(SUMMARY, "classification", ["auprc"], note="Made up"))
    assert "one repeat: selection and training cannot be told apart" in text
    assert "Made up." in text
    assert "89%" in text
