"""Segmentation metrics against vectors, brute force, and real lesions."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.ndimage import binary_dilation
from scipy.spatial.distance import cdist, directed_hausdorff
from sklearn.metrics import f1_score

from coldstart.errors import InputError
from coldstart.evaluation.segmentation import boundary_distances, dice, hausdorff, hd95, row_hd

CHESTX_DET = Path(__file__).resolve().parents[3] / "shared/data/chestx_det"

masks = st.tuples(st.integers(2, 9), st.integers(2, 9)).flatmap(
    lambda shape: st.tuples(*[arrays(np.bool_, shape)] * 2),
)
filled = masks.filter(lambda pair: pair[0].any() and pair[1].any())
spacings = st.tuples(*[st.sampled_from([0.25, 0.7, 1.0, 3.0])] * 2)


def boundary_points(mask, spacing):
    """Pixel by pixel, from the definition."""
    found = []
    for y, x in np.argwhere(mask):
        around = [(y - 1, x), (y + 1, x), (y, x - 1), (y, x + 1)]
        inside = [0 <= i < mask.shape[0] and 0 <= j < mask.shape[1] and mask[i, j] for i, j in around]
        if not all(inside):
            found.append((y * spacing[0], x * spacing[1]))
    return np.array(found)


def vector_masks():
    a, b = np.zeros((6, 6), dtype=np.uint8), np.zeros((6, 6), dtype=np.uint8)
    a[1:3, 1:4] = 1
    b[2:5, 2:6] = 1
    return a, b


def test_vector_v1_8():
    a, b = vector_masks()
    assert row_hd(a, b) == pytest.approx(1.7320508, abs=5e-8)
    assert hausdorff(a, b) == pytest.approx(2.8284271, abs=5e-8)
    assert dice(a, b) == pytest.approx(0.2222222, abs=5e-8)


@settings(deadline=None, max_examples=150)
@given(filled, spacings)
def test_hausdorff_distances_are_those_of_brute_force(pair, spacing):
    a, b = (boundary_points(mask, spacing) for mask in pair)
    expected = max(directed_hausdorff(a, b)[0], directed_hausdorff(b, a)[0])
    assert hausdorff(*pair, spacing) == pytest.approx(expected)
    between = cdist(a, b)
    expected = max(np.percentile(between.min(axis=1), 95), np.percentile(between.min(axis=0), 95))
    assert hd95(*pair, spacing) == pytest.approx(expected)
    assert hd95(*pair, spacing) <= hausdorff(*pair, spacing)


@settings(deadline=None, max_examples=60)
@given(filled, spacings)
def test_hausdorff_is_symmetric_and_zero_for_equal_masks(pair, spacing):
    a, b = pair
    assert hausdorff(a, b, spacing) == hausdorff(b, a, spacing)
    assert hd95(a, b, spacing) == hd95(b, a, spacing)
    assert hausdorff(a, a, spacing) == hd95(a, a, spacing) == 0
    assert hausdorff(a, b, spacing) < np.hypot(a.shape[0] * spacing[0], a.shape[1] * spacing[1])


@settings(deadline=None, max_examples=60)
@given(filled, st.integers(0, 5), st.integers(0, 5))
def test_moving_both_masks_changes_no_distance(pair, down, right):
    moved = [np.pad(mask, ((down, 5 - down), (right, 5 - right))) for mask in pair]
    assert hausdorff(*moved) == pytest.approx(hausdorff(*pair))
    assert dice(*moved) == dice(*pair)


def test_a_translated_square_is_as_far_as_it_was_moved_in_millimetres():
    a = np.zeros((40, 40), dtype=bool)
    a[5:15, 5:15] = True
    b = np.roll(a, (6, 8), axis=(0, 1))
    assert hausdorff(a, b) == 10
    assert hausdorff(a, b, (0.5, 2.0)) == pytest.approx(np.hypot(3, 16))
    # A single stray pixel moves the distance, hardly its 95th percentile.
    stray = a.copy()
    stray[39, 39] = True
    assert hausdorff(a, stray) == pytest.approx(25 * np.sqrt(2))
    assert hd95(a, stray) == 0


def test_boundaries_are_compared_not_filled_masks():
    ring = np.ones((11, 11), dtype=bool)
    ring[5, 5] = False
    full = np.ones((11, 11), dtype=bool)
    # As sets of pixels they are 1 apart; the inner boundary is 4 from the outer one.
    assert hausdorff(ring, full) == 4
    assert len(boundary_distances(ring, full)[0]) == 40 + 4


@settings(deadline=None, max_examples=100)
@given(masks)
def test_dice_is_the_f1_score_of_the_pixels(pair):
    a, b = pair
    expected = f1_score(a.ravel(), b.ravel()) if a.any() or b.any() else 1.0
    assert dice(a, b) == pytest.approx(expected)
    assert dice(a, b) == dice(b, a)
    assert 0 <= dice(a, b) <= 1


@settings(deadline=None, max_examples=100)
@given(masks, st.randoms(use_true_random=False))
def test_row_hd_is_the_hausdorff_distance_of_rows(pair, random):
    a, b = (mask.astype(float) for mask in pair)
    expected = max(directed_hausdorff(a, b)[0], directed_hausdorff(b, a)[0])
    assert row_hd(*pair) == pytest.approx(expected, abs=1e-12)
    assert row_hd(*pair) == row_hd(*pair[::-1])
    assert row_hd(*pair) <= np.sqrt(pair[0].shape[1])
    shuffled = random.sample(range(len(a)), len(a))
    assert row_hd(pair[0][shuffled], pair[1]) == row_hd(*pair)


@pytest.mark.parametrize("distance", [hausdorff, hd95])
def test_empty_masks(distance):
    empty, a = np.zeros((3, 4), dtype=bool), np.zeros((3, 4), dtype=bool)
    a[1, 1:3] = True
    assert distance(empty, empty) == distance(empty, empty, empty="nan") == 0
    assert distance(a, empty) == distance(empty, a) == 5
    assert distance(a, empty, (2.0, 2.0)) == 10
    assert np.isnan(distance(a, empty, empty="nan"))
    assert dice(empty, empty) == 1
    assert dice(a, empty) == dice(empty, a) == 0
    assert row_hd(a, empty) == pytest.approx(np.sqrt(2))
    assert row_hd(empty, empty) == 0


@pytest.mark.parametrize("metric", [dice, hausdorff, hd95, row_hd])
def test_masks_of_different_shape_are_refused(metric):
    with pytest.raises(InputError, match=r"\(2, 3\) and \(2, 4\)"):
        metric(np.ones((2, 3)), np.ones((2, 4)))


@pytest.fixture(scope="module")
def lesions():
    """The 189 pneumothorax masks at 224 x 224."""
    if not CHESTX_DET.is_dir():
        pytest.skip("the ChestX-Det annotations are not beside the project")
    found = []
    for part in ("train", "test"):
        for record in json.loads((CHESTX_DET / f"ChestX_Det_{part}.json").read_text()):
            drawn = np.zeros((1024, 1024), dtype=np.uint8)
            for name, polygon in zip(record["syms"], record["polygons"], strict=True):
                if name == "Pneumothorax":
                    cv2.fillPoly(drawn, [np.array(polygon, dtype=np.int32).reshape(-1, 2)], 1)
            if drawn.any():
                found.append(cv2.resize(drawn.astype(np.float32), (224, 224)) > 0)
    return found


def moved(mask):
    return np.pad(mask, ((8, 0), (8, 0)))[:-8, :-8]


def grown(mask):
    return binary_dilation(mask, iterations=6)


def band(mask):
    filled = np.zeros_like(mask)
    filled[20:200, 14:210] = True
    return filled


# Mean over the 189 lesions of DSC, row distance and boundary distance, as established for Yuan & Hong's tables.
@pytest.mark.parametrize(
    ("predict", "overlap", "rows", "boundary"),
    [
        (np.zeros_like, 0.000, 4.653, None),
        (np.ones_like, 0.019, 14.967, 214.9),
        (band, 0.026, 13.098, None),
        (moved, 0.191, 3.759, 11.3),
        (grown, 0.443, 4.144, 6.2),
    ],
)
def test_distances_of_real_lesions(lesions, predict, overlap, rows, boundary):
    assert len(lesions) == 189
    predicted = [predict(mask) for mask in lesions]
    pairs = list(zip(lesions, predicted, strict=True))
    assert np.mean([dice(*pair) for pair in pairs]) == pytest.approx(overlap, abs=1e-3)
    assert np.mean([row_hd(*pair) for pair in pairs]) == pytest.approx(rows, abs=2e-3)
    if boundary is not None:
        assert np.mean([hausdorff(*pair) for pair in pairs]) == pytest.approx(boundary, abs=0.06)
