"""The embedded default, whole: what `make demo` runs learns something on the phantom."""

import pandas as pd
import pytest

pytestmark = [pytest.mark.workflow, pytest.mark.timeout(1500)]


def test_the_embedded_default_learns(place):
    result = place.run(timeout=1400)
    assert result.code == 0, result.text
    assert place.run().idle
    results = place.folder / "results/phantom"
    summary = pd.read_parquet(results / "summary.parquet")
    cohort = pd.read_parquet(results / "cohort.parquet")
    tested = cohort[cohort.split == "test"]
    first = summary[summary["round"] == 0]

    prevalence = tested.label.mean()
    auprc = first[first.metric == "auprc"].groupby("budget").value.mean()
    assert auprc.loc[60] > 2 * prevalence
    assert auprc.loc[40] > 1.5 * prevalence

    dice = first[first.metric == "dice"].groupby("budget").value.mean()
    # The all-ones mask has Dice 2a/(1+a) for a lesion of the share a, at most 12 % of the image.
    assert dice.min() > 2 * (2 * 0.12 / 1.12)

    arms = summary[["task", "model", "method"]].drop_duplicates()
    assert set(map(tuple, arms.to_numpy())) == {
        (task, model, method)
        for task in ("classification", "segmentation")
        for model, method in (("none", "random"), ("pixels", "clustering"), ("simclr", "clustering"))
    }
    assert set(summary.loc[summary["query"] == "uncertainty", "round"]) == {1, 2}
