"""One round as a whole: what it may see."""

import numpy as np
import pytest
import torch

from coldstart.evaluation.classification import auprc_trapezoid
from coldstart.evaluation.segmentation import mean_dice
from coldstart.learning.one_round import run_round
from coldstart.learning.settings import Settings


@pytest.mark.parametrize("task", ["classification", "segmentation"])
def test_the_truth_of_the_test_split_and_of_the_pool_changes_nothing(task, tmp_path):
    """Whatever chooses an epoch, a rate or a weight by the test split would be seen here."""
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (24, 16, 16), dtype=np.uint8)
    parts = {"val": np.arange(8, 14), "test": np.arange(14, 20), "train": np.arange(20, 24)}
    network, validate = {"classification": ("small_cnn", auprc_trapezoid), "segmentation": ("small_unet", mean_dice)}[
        task
    ]
    settings = Settings(network=network, optimiser="adam", learning_rate=0.01, epochs=3, batch_size=4)
    shape = (24,) if task == "classification" else images.shape
    truth = rng.integers(0, 2, shape).astype(np.int64 if task == "classification" else np.uint8)
    other = truth.copy()
    other[14:] = 1 - other[14:]

    def trained(targets, name):
        run = run_round(
            images,
            targets,
            np.arange(8),
            np.zeros(8, dtype=int),
            0,
            parts,
            settings,
            weights=None,
            validate=validate,
            val_rows=parts["val"],
            seed=1,
            device=torch.device("cpu"),
            checkpoint=tmp_path / name,
            fingerprint=name,
        )
        return run.fit.history.drop(columns="seconds"), run.predicted

    (history, predicted), (again, others) = trained(truth, "one"), trained(other, "other")
    assert history.equals(again)
    for part in parts:
        np.testing.assert_array_equal(predicted[part], others[part])
