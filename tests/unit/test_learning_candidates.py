"""Images that are seen as patches: in training, in validation and in prediction."""

import sys

import numpy as np
import pytest
import torch
from torch import nn

from coldstart.errors import InputError
from coldstart.evaluation.classification import auroc
from coldstart.learning import PATCHES, candidates
from coldstart.learning.candidates import Examples, held, patch_count, read_anew
from coldstart.learning.pixels import load_rows, scaled
from coldstart.learning.prediction import predict, predict_patches
from coldstart.learning.settings import Settings
from coldstart.learning.training import fit
from coldstart.registry import Entry

SIZE = 32
IMAGES = np.random.default_rng(2).integers(0, 256, (9, SIZE, SIZE), dtype=np.uint8)
LABELS = np.array([0, 1, 0, 1, 0, 1, 0, 1, 1])


def cut(images, seeds, *, brighter: float = 0.0):
    """A recipe for these tests: the left and the right half, and the whole image marked by its seed.

    Parameters
    ----------
    brighter : float, default=0.0
        Added to every pixel.
    """
    half = images.shape[-1] // 2
    left = images[..., :half].repeat_interleave(2, -1)
    right = images[..., half:].repeat_interleave(2, -1)
    marked = images.clone()
    marked[:, :, 0, 0] = torch.as_tensor(np.asarray(seeds) / 100, dtype=torch.float32, device=images.device)[:, None]
    return torch.stack([left, right, marked], 1) + brighter


def count(**_):
    return 3


@pytest.fixture(autouse=True)
def halves(monkeypatch):
    monkeypatch.setitem(PATCHES.entries, "halves", Entry(__name__))


def settings(**changes):
    return Settings(
        **{"network": "small_cnn", "patches": {"recipe": "halves"}, "epochs": 2, "batch_size": 4, **changes}
    )


class Mean(nn.Module):
    """Calls an image positive with its mean pixel as the probability."""

    def __init__(self):
        super().__init__()
        self.unused, self.seen = nn.Parameter(torch.zeros(1)), []

    def forward(self, x):
        self.seen.append(x.detach().clone())
        score = x.double().mean((1, 2, 3)).clamp(1e-9, 1 - 1e-9).logit()
        return torch.stack([torch.zeros_like(score), score], 1)


def halved(pairs):
    """Images of 16 bits whose two halves have the given brightness."""
    images = np.repeat(np.repeat(np.array(pairs)[:, None, :], 8, 1), 4, 2)
    return np.round(images * 65535).astype(np.uint16)


def test_a_candidate_is_judged_by_the_mean_of_its_patches(monkeypatch):
    """S3-10, by hand: 3 of the 4 pairs of a positive and a negative candidate are in order."""
    monkeypatch.setitem(PATCHES.entries, "halves", Entry("two_halves"))
    monkeypatch.setitem(sys.modules, "two_halves", Two)
    images, labels = halved([(0.9, 0.5), (0.8, 0.4), (0.3, 0.5), (0.1, 0.3)]), np.array([1, 0, 1, 0])
    patches = predict_patches(Mean(), images, range(4), settings(), "cpu")
    np.testing.assert_allclose(patches, [[0.9, 0.5], [0.8, 0.4], [0.3, 0.5], [0.1, 0.3]], atol=1e-5)
    found = predict(Mean(), images, range(4), settings(), "cpu")
    np.testing.assert_allclose(found, [0.7, 0.6, 0.4, 0.2], atol=1e-5)
    assert auroc(labels, found) == 0.75
    # Patch by patch it would be another number: 11.5 of 16 pairs.
    assert auroc(np.repeat(labels, 2), np.round(patches.ravel(), 3)) == pytest.approx(11.5 / 16)


class Two:
    """The recipe above without its third patch."""

    cut = staticmethod(lambda images, seeds: cut(images, seeds)[:, :2])
    count = staticmethod(lambda: 2)


def test_the_mean_is_that_of_the_patches_to_the_bit():
    network = settings().build(channels=1, seed=0)
    patches = predict_patches(network, IMAGES, [4, 1, 8], settings(), "cpu")
    assert patches.shape == (3, 3)
    assert patches.dtype == np.float64
    assert np.array_equal(predict(network, IMAGES, [4, 1, 8], settings(), "cpu"), patches.mean(axis=1))


def test_patches_are_seeded_by_the_row_of_the_cohort_whatever_the_batch(monkeypatch):
    network = Mean()
    predict_patches(network, IMAGES, [7, 2, 5], settings(), "cpu")
    marks = torch.cat(network.seen)[2::3, 0, 0, 0]
    np.testing.assert_allclose(marks.numpy(), [0.07, 0.02, 0.05])
    monkeypatch.setattr("coldstart.learning.prediction.MOST_AT_ONCE", 3)
    one_by_one = Mean()
    predict_patches(one_by_one, IMAGES, [7, 2, 5], settings(), "cpu")
    assert [len(batch) for batch in one_by_one.seen] == [3, 3, 3]
    assert torch.equal(torch.cat(one_by_one.seen), torch.cat(network.seen))


def test_prediction_cuts_before_it_normalises():
    network = Mean()
    predict_patches(network, IMAGES, [3], settings(normalise="imagenet"), "cpu")
    assert network.seen[0].shape == (3, 3, SIZE, SIZE)
    assert network.seen[0].min() < -1


@pytest.mark.parametrize("recipe", [{"recipe": "halves", "brighter": 0.25}, {"recipe": "polyp"}, {"recipe": "general"}])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_examples_held_and_cut_afresh_are_the_same(recipe, dtype, monkeypatch):
    images, rows = IMAGES.astype(dtype) * (257 if dtype == np.uint16 else 1), np.array([6, 0, 3])
    config = settings(patches=recipe)
    held = Examples(images, rows, config, torch.device("cpu"))
    monkeypatch.setattr(candidates, "HELD", 0)
    monkeypatch.setattr(candidates, "PIXELS_AT_ONCE", 2 * held.pixels_each)
    fresh = Examples(images, rows, config, torch.device("cpu"))
    assert held.held is not None
    assert fresh.held is None
    m = patch_count(config)
    assert len(held) == len(fresh) == 3 * m
    chosen = torch.tensor([3 * m - 1, 0, m, 1, 0, 2 * m - 1])
    assert held.images_of(chosen).tolist() == [2, 0, 1, 0, 0, 1]
    assert torch.equal(held.pixels(chosen), fresh.pixels(chosen))
    expected = PATCHES.load(recipe["recipe"])(
        scaled(load_rows(images, rows, "cpu")), rows, **{k: v for k, v in recipe.items() if k != "recipe"}
    )
    assert torch.equal(held.pixels(torch.arange(3 * m)), expected.flatten(0, 1))
    assert held.pixels(chosen).dtype == torch.float32


@pytest.mark.parametrize("recipe", [{}, {"recipe": "halves"}])
@pytest.mark.parametrize("colour", [False, True])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_held_images_are_those_that_are_read_anew_and_are_read_once(recipe, dtype, colour, monkeypatch):
    images, config, reads = IMAGES.astype(dtype), settings(patches=recipe), []
    images = np.repeat(images[..., None], 3, axis=-1) if colour else images
    rows = np.array([5, 2, 7, 7])
    monkeypatch.setattr(candidates, "load_rows", lambda *given: reads.append(1) or load_rows(*given))
    once, anew = (how(images, rows, config, torch.device("cpu")) for how in (held, read_anew))
    for part in (slice(0, 4), slice(1, 3), slice(3, 10)):
        reads.clear()
        shown = once(part)
        assert reads == []
        assert torch.equal(shown, anew(part))
        assert reads == [1]


def test_images_that_fill_too_much_memory_are_not_held(monkeypatch):
    rows, config, bytes_ = np.arange(4), settings(patches={}), 4 * SIZE * SIZE
    for dtype, bound, kept in [(np.uint8, bytes_, True), (np.uint8, bytes_ - 1, False), (np.uint16, bytes_, False)]:
        reads = []
        monkeypatch.setattr(candidates, "HELD", bound)
        monkeypatch.setattr(candidates, "load_rows", lambda *given, reads=reads: reads.append(1) or load_rows(*given))
        load = held(IMAGES.astype(dtype), rows, config, torch.device("cpu"))
        load(slice(0, 2)), load(slice(2, 4))
        assert len(reads) == (1 if kept else 2)


def test_without_patches_examples_are_the_images():
    examples = Examples(IMAGES, np.array([2, 5]), settings(patches={}), torch.device("cpu"))
    assert len(examples) == 2
    assert examples.images_of(torch.tensor([1, 0])).tolist() == [1, 0]
    assert torch.equal(examples.pixels(torch.tensor([1])), torch.tensor(IMAGES[[5], None] / np.float32(255)))


@pytest.mark.parametrize("held", [candidates.HELD, 0])
def test_training_sees_every_patch_once_an_epoch_with_its_label(held, monkeypatch):
    monkeypatch.setattr(candidates, "HELD", held)
    config, network = settings(epochs=1, network_parameters={"dropout": 0.0}), Mean()
    seen = []

    def watched(logits, labels, weights=None):
        seen.extend(labels.tolist())
        return (logits.sum() + network.unused).sum()

    monkeypatch.setattr("coldstart.learning.objective.weighted_cross_entropy", watched)
    rows = [8, 2, 3, 1]
    fit(network, IMAGES, LABELS, rows, [], config, validate=max, seed=0, device="cpu")
    shown = torch.cat(network.seen)
    assert len(shown) == len(seen) == 12
    assert sum(seen) == 3 * 3
    expected = cut(scaled(load_rows(IMAGES, rows, "cpu")), np.array(rows)).flatten(0, 1)
    labels = np.repeat(LABELS[rows], 3)
    places = [next(i for i in range(12) if torch.equal(patch, expected[i])) for patch in shown]
    assert sorted(places) == list(range(12))
    assert labels[places].tolist() == seen


def test_validation_judges_candidates_not_patches():
    seen = []
    done = fit(
        settings().build(channels=1, seed=0),
        IMAGES,
        LABELS,
        range(5),
        [7, 6],
        settings(monitor="loss"),
        validate=lambda t, p: seen.append((t.tolist(), p)) or 0.5,
        seed=0,
        device="cpu",
    )
    assert [truth for truth, _ in seen] == [[1, 0]] * 2
    np.testing.assert_allclose(
        predict(done.network, IMAGES, [7, 6], settings(), "cpu"), seen[done.best_epoch - 1][1], rtol=1e-12
    )
    assert np.isfinite(done.history.val_loss).all()


def test_patches_are_for_classification():
    with pytest.raises(InputError, match=r"learning\.segmentation\.patches: patches are for classification"):
        settings(network="small_unet")
