"""The embedded default: what `make demo` plans, and that its settings learn something on the phantom."""

import pandas as pd
import pytest
import yaml
from conftest import ROOT, changed

pytestmark = [pytest.mark.workflow, pytest.mark.timeout(1500)]

DEFAULT = yaml.safe_load((ROOT / "config/config.yaml").read_text(encoding="utf-8"))


def test_the_demo_has_the_arms_and_rounds_that_it_shows(place):
    jobs = place.plan().jobs()
    tasks, arms, budgets, rounds = 2, 3, 2, 2
    assert jobs["select"] == tasks * arms * budgets
    assert jobs["query"] == tasks * rounds
    assert jobs["train"] == jobs["train_segmentation"] == arms * budgets + rounds


def test_the_embedded_default_learns(place):
    # One budget of one arm: `make demo` runs the whole.
    config = changed(DEFAULT, budgets=[60], models={"pixels": {"encoder": "pixels", "size": 32}}, query={})
    config["methods"] = {"clustering": DEFAULT["methods"]["clustering"]}
    result = place.run("summary", "--resources", "gpu=0", config=config, timeout=1400)
    assert result.code == 0, result.text
    summary = pd.read_parquet(place.folder / "results/phantom/summary.parquet")
    cohort = pd.read_parquet(place.folder / "results/phantom/cohort.parquet")
    value = summary.groupby("metric").value.mean()
    assert value.auprc > 2 * cohort[cohort.split == "test"].label.mean()
    # The all-ones mask has Dice 2a/(1+a) for a lesion of the share a, at most 12 % of the image.
    assert value.dice > 2 * (2 * 0.12 / 1.12)
