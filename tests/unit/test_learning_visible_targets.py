"""Trainings see the targets that they are handed, and no others."""

import numpy as np
import pytest

from coldstart.learning.settings import Settings
from coldstart.learning.training import fit
from coldstart.learning.visible_targets import VisibleTargets

LABELS = np.array([0, 1, 1, 0, 1, 0, 0, 1])


def test_targets_are_looked_up_by_the_rows_of_the_cohort():
    targets = VisibleTargets(LABELS, [6, 1, 4])
    assert targets[[1, 6, 4, 1]].tolist() == [1, 0, 1, 1]
    assert targets[4] == 1
    assert targets[[]].tolist() == []
    assert targets[np.array([[1], [6]])].tolist() == [[1], [0]]


def test_values_may_stand_in_an_order_of_their_own():
    answers = np.array([1, -1, 0])
    targets = VisibleTargets(answers, [7, 3], [0, 2])
    assert targets[[3, 7]].tolist() == [0, 1]
    with pytest.raises(LookupError):
        targets[0]


@pytest.mark.parametrize("rows", [[0], [1, 2], [-1], [7], [8], [100], [-7]])
def test_other_rows_are_refused(rows):
    with pytest.raises(LookupError, match="hidden"):
        VisibleTargets(LABELS, [6, 1, 4])[rows]


@pytest.mark.parametrize("how", [slice(None), np.ones(8, bool), [True], 1.0, [0.0]])
def test_nothing_but_rows_is_looked_up(how):
    with pytest.raises(TypeError):
        VisibleTargets(LABELS, [0, 1])[how]


@pytest.mark.parametrize("whole", [np.asarray, list, lambda targets: targets == LABELS])
def test_it_does_not_become_an_array_of_everything(whole):
    with pytest.raises(LookupError):
        whole(VisibleTargets(LABELS, [0, 1]))


def test_where_nothing_may_be_seen_nothing_is():
    targets = VisibleTargets(LABELS, [])
    assert targets[[]].tolist() == []
    with pytest.raises(LookupError):
        targets[0]


def test_labels_that_are_hidden_are_not_even_kept():
    targets = VisibleTargets(np.array([5, 6, 7, 8]), [2])
    assert [7] in [value.tolist() for value in vars(targets).values() if isinstance(value, np.ndarray)]
    assert all(8 not in value for value in vars(targets).values() if isinstance(value, np.ndarray))


def test_masks_stay_in_their_file_until_they_are_looked_up(tmp_path):
    masks = np.lib.format.open_memmap(tmp_path / "masks.npy", mode="w+", dtype=np.uint8, shape=(5, 3, 3))
    masks[:] = np.arange(5)[:, None, None]
    targets = VisibleTargets(np.load(tmp_path / "masks.npy", mmap_mode="r"), [3, 1])
    assert targets.ndim == 3
    masks[3] = 9
    masks.flush()
    assert targets[[1, 3]][:, 0, 0].tolist() == [1, 9]


@pytest.mark.parametrize("task", ["classification", "segmentation"])
@pytest.mark.parametrize("monitor", ["metric", "loss"])
def test_a_training_looks_at_what_it_trains_on_and_chooses_its_epoch_by_alone(task, monitor):
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (8, 16, 16), dtype=np.uint8)
    truth = LABELS if task == "classification" else (images > 128).astype(np.uint8)
    network = "small_cnn" if task == "classification" else "small_unet"
    settings = Settings(network=network, optimiser="adam", epochs=2, monitor=monitor)
    found = []
    for targets in (truth, VisibleTargets(truth, [0, 1, 4, 5])):
        done = fit(
            settings.build(channels=1, seed=3),
            images,
            targets,
            [0, 1],
            [4, 5],
            settings,
            validate=lambda y, p: float(np.mean(y)),
            seed=3,
            device="cpu",
        )
        found.append(done.history.drop(columns="seconds").to_numpy())
    np.testing.assert_array_equal(*found)
    with pytest.raises(LookupError):
        fit(
            settings.build(channels=1, seed=3),
            images,
            VisibleTargets(truth, [0, 1]),
            [0, 1],
            [4, 5],
            settings,
            validate=lambda y, p: 0.0,
            seed=3,
            device="cpu",
        )
