"""Near duplicates: copies are found, different patients are not, and the order decides."""

import csv
import io
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from coldstart.cohort import near_duplicates as module
from coldstart.cohort import phantom
from coldstart.cohort.files import read_pixels
from coldstart.cohort.near_duplicates import LENGTH, fingerprint, near_duplicates
from coldstart.errors import InputError

NIH = Path(__file__).parents[3] / "shared" / "data" / "nih_chestxray"
THRESHOLD = 0.95


def jpeg(image, quality):
    stream = io.BytesIO()
    Image.fromarray(image).save(stream, "JPEG", quality=quality)
    return np.asarray(Image.open(stream))


def changed(image, gain=1.0, offset=0.0, gamma=1.0):
    return np.clip(255 * (image / 255) ** gamma * gain + offset, 0, 255).astype(np.uint8)


COPIES = {
    "JPEG": lambda image: jpeg(image, 50),
    "poor JPEG": lambda image: jpeg(image, 10),
    "smaller": lambda image: cv2.resize(image, (100, 100), interpolation=cv2.INTER_AREA),
    "larger": lambda image: cv2.resize(image, (700, 700), interpolation=cv2.INTER_CUBIC),
    "squeezed": lambda image: cv2.resize(image, (200, 300), interpolation=cv2.INTER_AREA),
    "16 bits": lambda image: image.astype(np.uint16) * 257,
    "colour": lambda image: np.repeat(image[..., None], 3, axis=2),
    "lighter": lambda image: changed(image, offset=30),
    "darker": lambda image: changed(image, gain=0.6),
    "flatter": lambda image: changed(image, gamma=0.7),
    "all at once": lambda image: changed(jpeg(cv2.resize(image, (224, 224)), 40), gain=0.9, offset=20),
}


@pytest.fixture(scope="module")
def phantoms():
    chosen = {"n": 30, "seed": 3, "resolution": 256, "prevalence": 0.4}
    return list(phantom.images(phantom.build(**chosen), **chosen))


def brute_force(fingerprints, files, threshold):
    """What the definition says, pair by pair in double precision."""
    vectors = fingerprints.astype(float)
    lengths = np.linalg.norm(vectors, axis=1)
    found = []
    for i in range(len(vectors)):
        similar = -1
        for j in range(i):
            product = lengths[i] * lengths[j]
            alike = product > 0 and vectors[i] @ vectors[j] / product >= threshold - 1e-9
            if found[j] < 0 and files[i] != files[j] and alike:
                similar = j
                break
        found.append(similar)
    return found


def test_a_fingerprint_is_the_weighted_cosine_transform():
    image = np.random.default_rng(0).integers(0, 256, (32, 32), dtype=np.uint8)
    # DCT-II by its definition; a common factor does not matter.
    place = np.arange(32)
    basis = np.cos(np.pi * (place + 0.5) * place[:16, None] / 32)
    basis[0] /= np.sqrt(2)
    spectrum = basis @ image @ basis.T
    weighted = [spectrum[v, h] * np.sqrt(v * v + h * h) for v in range(16) for h in range(16)][1:]
    expected = np.array(weighted) / np.abs(weighted).max() * 127
    found = fingerprint(image)
    assert found.dtype == np.int8
    assert found.shape == (LENGTH,)
    np.testing.assert_allclose(found, expected, atol=0.51)


@pytest.mark.parametrize("shape", [(1, 1), (7, 500), (64, 64, 3)])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_an_image_of_one_brightness_is_nobodys_duplicate(shape, dtype):
    flat = fingerprint(np.full(shape, 77, dtype))
    assert not flat.any()
    assert near_duplicates(np.stack([flat, flat]), ["a", "b"], THRESHOLD).tolist() == [-1, -1]


@pytest.mark.parametrize("name", COPIES)
def test_copies_are_found_and_other_phantoms_are_not(phantoms, name):
    copies = [COPIES[name](image) for image in phantoms]
    prints = np.stack([fingerprint(image) for image in [*phantoms, *copies]])
    n = len(phantoms)
    found = near_duplicates(prints, [f"{i}.png" for i in range(2 * n)], THRESHOLD)
    assert found.tolist() == [-1] * n + list(range(n))


@pytest.mark.skipif(not NIH.exists(), reason="the NIH chest X-rays are not here (../shared/data/nih_chestxray)")
def test_copies_of_chest_x_rays_are_found_and_other_patients_are_not():
    with open(NIH / "labels.csv", newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    images = [read_pixels(NIH / "images" / row["file_name"]) for row in rows]
    prints = np.stack([fingerprint(image) for image in images])
    names = [row["file_name"] for row in rows]
    found = near_duplicates(prints, names, THRESHOLD)
    # The published data hold one image twice, under two numbers of the same patient.
    assert [(names[i], names[j]) for i, j in enumerate(found) if j >= 0] == [("00002658_002.png", "00002658_001.png")]
    expected = np.where(found >= 0, found, np.arange(len(names)))[::4]
    for name in ("poor JPEG", "smaller", "darker", "flatter", "all at once"):
        copied = np.stack([fingerprint(COPIES[name](image)) for image in images[::4]])
        files = [*names, *(f"{name} of {file}" for file in names[::4])]
        similar = near_duplicates(np.concatenate([prints, copied]), files, THRESHOLD)
        np.testing.assert_array_equal(similar[len(names) :], expected, err_msg=name)


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 40), st.integers(1, 6), st.sampled_from([0.3, 0.7, 0.95, 1.0]), st.integers(0, 10**6))
def test_blocks_give_what_pair_by_pair_comparison_gives(n, files, threshold, seed):
    rng = np.random.default_rng(seed)
    # A few motifs with some noise: chains of similar images, equal ones and empty ones.
    motifs = rng.integers(-100, 100, (4, LENGTH)) * np.array([1, 1, 1, 0])[:, None]
    prints = (motifs[rng.integers(0, 4, n)] + rng.integers(-27, 28, (n, LENGTH)) * rng.integers(0, 2, (n, 1))).astype(
        np.int8
    )
    names = [f"file {k}" for k in rng.integers(0, files, n)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "BLOCK", 7)
        patch.setattr(module, "COMPARED", 5)
        found = near_duplicates(prints, names, threshold)
    assert found.tolist() == brute_force(prints, names, threshold)


def test_of_a_chain_what_is_left_out_repeats_something_that_stays():
    angles = np.deg2rad([0, 15, 30])
    prints = np.zeros((3, LENGTH), np.int8)
    prints[:, 0], prints[:, 1] = np.rint(127 * np.cos(angles)), np.rint(127 * np.sin(angles))
    assert near_duplicates(prints, list("abc"), np.cos(np.deg2rad(20))).tolist() == [-1, 0, -1]


def test_frames_of_one_file_are_not_compared_but_those_of_two_are():
    prints = np.tile(np.arange(LENGTH) % 50, (4, 1)).astype(np.int8)
    assert near_duplicates(prints, ["a", "a", "b", "a"], 1.0).tolist() == [-1, -1, 0, -1]


def test_twenty_thousand_rows_take_seconds():
    rng = np.random.default_rng(0)
    prints = rng.integers(-127, 128, (20_000, LENGTH), dtype=np.int8)
    prints[15_000:] = prints[:5_000]
    expected = np.full(20_000, -1)
    expected[15_000:] = np.arange(5_000)
    np.testing.assert_array_equal(near_duplicates(prints, np.arange(20_000), THRESHOLD), expected)


@pytest.mark.parametrize("threshold", [0, -0.5, 1.01, float("nan")])
def test_a_threshold_out_of_range_is_refused(threshold):
    with pytest.raises(InputError, match=r"dataset\.near_duplicates is"):
        near_duplicates(np.zeros((1, LENGTH), np.int8), ["a"], threshold)


def test_no_images_have_no_duplicates():
    assert near_duplicates(np.zeros((0, LENGTH), np.int8), [], THRESHOLD).shape == (0,)
