"""The patch-wise probe: features of patches, shares of foreground, the cut, and what it hands on."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from coldstart.cohort.images import as_float
from coldstart.evaluation.evaluate import evaluate_segmentation
from coldstart.evaluation.segmentation import mean_dice
from coldstart.learning.visible_targets import VisibleTargets
from coldstart.probing.data import Data, Pool
from coldstart.probing.patch_features import describe, read_features, write_features
from coldstart.probing.patchwise import CUTS, moments, probe

SIZE, N = 32, 40
POOL, VAL, TEST = np.arange(0, 20), np.arange(20, 28), np.arange(28, N)
EVALUATION = {
    "bootstrap": 10,
    "standard_error": "percentile",
    "decimals": None,
    "empty": "diagonal",
    "volumes": {"both_empty": "one", "zero_division": "nan"},
}


@pytest.fixture(scope="module")
def pictures():
    """Bright squares on noise, and their masks; the fourth picture has none."""
    rng = np.random.default_rng(0)
    images, masks = rng.integers(0, 90, (N, SIZE, SIZE), dtype=np.uint8), np.zeros((N, SIZE, SIZE), np.uint8)
    for row in range(N):
        y, x = rng.integers(2, 18, 2)
        masks[row, y : y + 11, x : x + 11] = row != 3
    images[masks == 1] += 120
    return images, masks


@pytest.fixture(scope="module")
def data(pictures, tmp_path_factory):
    images, masks = pictures
    path = tmp_path_factory.mktemp("features") / "4.npy"
    write_features(path, images, 4)
    return Data(
        features=read_features(path),
        targets=VisibleTargets(masks, np.concatenate([POOL, VAL])),
        pool=Pool(np.array([f"s{row}" for row in POOL]), np.array([None] * len(POOL)), POOL),
        val=VAL,
        test=TEST,
        truth=masks[TEST],
        groups=None,
        spacing=np.full((len(TEST), 2), np.nan),
        stacks=None,
        evaluation=EVALUATION,
    )


def test_a_patch_is_described_by_itself_and_its_place(pictures):
    image = pictures[0][0]
    found = describe(image, 4)
    assert found.shape[0] == 64
    # The first feature is the image smoothed least: its means are those of the patches of what scikit-image smooths.
    brightness = as_float(image).reshape(8, 4, 8, 4).mean(axis=(1, 3)).ravel()
    assert np.corrcoef(found[:, 0], brightness)[0, 1] > 0.95
    np.testing.assert_allclose(found[[0, 63], -5:-3], [[-0.875, -0.875], [0.875, 0.875]])
    np.testing.assert_allclose(found[:, -1], found[:, -5] * found[:, -4], atol=1e-6)
    assert (describe(image, 4) == found).all()


def test_channels_and_depths_are_described_too(pictures):
    image = pictures[0][0]
    colour = np.repeat(image[..., None], 3, axis=2)
    per_channel = describe(image, 8).shape[1] - 5
    assert describe(colour, 8).shape == (16, 3 * per_channel + 5)
    np.testing.assert_allclose(describe(image.astype(np.uint16) * 257, 8), describe(image, 8), atol=1e-5)


def test_it_finds_what_can_be_found(data):
    prepared = probe(C=[1.0]).prepare(data)
    metrics = prepared.measure(prepared.fit(POOL[:6], 0)).set_index("metric")["value"]
    assert metrics["dice"] > 0.85


def test_it_is_a_regression_on_the_shares_of_foreground(data, pictures):
    prepared = probe(C=[0.1], class_weight="none").prepare(data)
    rows = POOL[:5]
    found = prepared.fit(rows, 0)
    share = pictures[1][rows].reshape(5, 8, 4, 8, 4).mean(axis=(2, 4)).ravel()
    mean, spread = data.features[POOL].mean(axis=(0, 1)), data.features[POOL].std(axis=(0, 1))
    X = ((data.features[rows] - mean) / spread).reshape(320, -1)
    model = LogisticRegression(C=0.1, tol=1e-10, max_iter=10_000)
    model.fit(np.vstack([X, X]), np.repeat([1, 0], 320), sample_weight=np.concatenate([share, 1 - share]))
    np.testing.assert_allclose(found.coefficients, model.coef_[0], atol=2e-3)
    # The intercept is moved to where the validation Dice is largest.
    logits = prepared.logits(VAL, model.coef_[0], model.intercept_[0])
    best = max(CUTS, key=lambda cut: (mean_dice(pictures[1][VAL], logits, cut), -abs(cut), -cut))
    assert found.intercept == pytest.approx(model.intercept_[0] - best, abs=0.01)
    assert found.best_value == pytest.approx(mean_dice(pictures[1][VAL], prepared.maps(found, VAL)), abs=0.01)


def test_moments_read_in_parts_are_those_of_all(data, monkeypatch):
    monkeypatch.setattr("coldstart.probing.patchwise.ROWS_AT_ONCE", 3)
    mean, spread = moments(data.features, POOL)
    np.testing.assert_allclose(mean, data.features[POOL].mean(axis=(0, 1)), atol=1e-5)
    np.testing.assert_allclose(spread, data.features[POOL].std(axis=(0, 1)), rtol=1e-3)


def test_it_is_measured_as_every_network_is(data):
    prepared = probe(C=[1.0]).prepare(data)
    found = prepared.fit(POOL[:4], 0)
    expected, _ = evaluate_segmentation(data.truth, prepared.maps(found, TEST), bootstrap=10)
    assert prepared.measure(found).equals(expected)


def test_a_query_gets_maps_as_it_asks_for_them(data):
    prepared = probe(C=[1.0]).prepare(data)
    found = prepared.fit(POOL[:4], 0)
    told, all_maps = prepared.told(found, POOL[4:])["maps"], prepared.maps(found, POOL[4:])
    assert (told.shape, told.dtype, len(told)) == (all_maps.shape, all_maps.dtype, 16)
    assert (told[3:9] == all_maps[3:9]).all()
    assert (told[np.array([5, 1])] == all_maps[[5, 1]]).all()


@pytest.mark.parametrize("rows", [np.empty(0, int), np.array([3])], ids=["nothing", "no foreground"])
def test_where_nothing_can_be_fitted_all_is_background_and_ranked_at_random(data, rows):
    prepared = probe().prepare(data)
    found = prepared.fit(rows, 0)
    maps = prepared.maps(found, POOL).astype(float)
    assert found.one_class
    assert maps.max() < 0.01
    assert len(np.unique(maps[:, 0, 0])) > len(POOL) / 2
    metrics = prepared.measure(found).set_index("metric")["value"]
    assert metrics["dice"] == 0
    assert np.isfinite(metrics.drop(["hd_mm", "hd95_mm"], errors="ignore")).all()


def test_patches_are_drawn_by_the_seed_where_there_are_too_many(data):
    few = probe(C=[1.0], most_patches=100).prepare(data)
    first, again, other = (few.fit(POOL[:6], seed).coefficients for seed in (1, 1, 2))
    assert (first == again).all()
    assert (first != other).any()
    enough = probe(C=[1.0], most_patches=6 * 64).prepare(data)
    assert (enough.fit(POOL[:6], 1).coefficients == enough.fit(POOL[:6], 2).coefficients).all()
