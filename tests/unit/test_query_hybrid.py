"""The hybrid query against scikit-learn and the published formula."""

import numpy as np
import pytest
from fakes import FakeNetwork
from sklearn.metrics import mutual_info_score
from sklearn.metrics.pairwise import cosine_similarity

from coldstart.errors import InputError
from coldstart.query import bald, hybrid, images, similarity
from coldstart.query.base import QueryInputs


def pictures(n, seed, shape=(8, 8, 3), dtype=np.uint8):
    return np.random.default_rng(seed).integers(0, np.iinfo(dtype).max + 1, (n, *shape), dtype=dtype)


def make(n=20, m=5, **given):
    return QueryInputs(
        "segmentation",
        network=given.pop("network", FakeNetwork("segmentation", n)),
        images=given.pop("images", pictures(n, 1)),
        labelled_images=given.pop("labelled_images", pictures(m, 2)),
        **given,
    )


def ask(inputs, n, **parameters):
    return hybrid.query(inputs, n, rng=np.random.default_rng(0), **parameters)


def shared(one, other, bins=20):
    """Mutual information of two images by the histogram of NumPy and the formula of scikit-learn."""
    joint = np.histogram2d(one.ravel(), other.ravel(), bins)[0]
    return mutual_info_score(None, None, contingency=joint)


def terms(inputs, rows, channel=0):
    """Cosine similarity and mutual information of some samples, each a mean over the labelled ones."""
    pool, labelled = (a[..., channel].astype(float) for a in (inputs.images, inputs.labelled_images))
    cosine = cosine_similarity(pool[rows].reshape(len(rows), -1), labelled.reshape(len(labelled), -1)).mean(axis=1)
    return cosine, np.array([np.mean([shared(pool[row], other) for other in labelled]) for row in rows])


def unit_range(values):
    return (values - values.min()) / (values.max() - values.min())


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_cosine_and_mutual_information_are_those_of_scikit_learn(dtype):
    inputs = make(images=pictures(20, 1, dtype=dtype), labelled_images=pictures(5, 2, dtype=dtype))
    rows = np.array([3, 0, 17])
    cosine, information = terms(inputs, rows, channel=1)
    found = similarity.mean_cosine(inputs.images, rows, inputs.labelled_images, 1)
    np.testing.assert_allclose(found, cosine, rtol=1e-12)
    found = similarity.mean_mutual_information(inputs.images, rows, inputs.labelled_images, 1, 20)
    np.testing.assert_allclose(found, information, rtol=1e-10)


def test_black_and_uniform_images_have_a_similarity():
    flat = np.stack([np.zeros((4, 4)), np.full((4, 4), 9), np.arange(16).reshape(4, 4)]).astype(np.uint8)
    rows = np.arange(3)
    expected = cosine_similarity(flat.reshape(3, -1)).mean(axis=1)
    np.testing.assert_allclose(similarity.mean_cosine(flat, rows, flat, 0), expected, rtol=1e-12)
    expected = [np.mean([shared(one, other, 5) for other in flat]) for one in flat]
    found = similarity.mean_mutual_information(flat, rows, flat, 0, 5)
    np.testing.assert_allclose(found, expected, atol=1e-12)
    assert found[0] == 0


def test_pixels_fall_into_the_bins_of_numpy():
    pixels = np.array([0, 1, 12, 13, 25, 26, 38, 200, 254, 255], dtype=np.uint8)
    edges = np.histogram_bin_edges(pixels, 20)
    counts = np.histogram(pixels, edges)[0]
    assert np.bincount(similarity.binned(pixels, 20), minlength=20).tolist() == counts.tolist()


@pytest.mark.parametrize(
    ("parameters", "sign"),
    [
        ({"variant": "paper_code"}, 1),
        ({"variant": "paper_code", "similarity": "penalised"}, 1),
        ({"similarity": "rewarded"}, 1),
        ({}, -1),
    ],
)
def test_the_second_step_is_the_published_formula(parameters, sign):
    inputs = make()
    first = {key: parameters[key] for key in ("variant",) if key in parameters}
    candidates = bald.query(inputs, 8, rng=np.random.default_rng(0), **first).indices
    cosine, information = terms(inputs, candidates)
    combined = sign * unit_range(cosine) - 0.5 * unit_range(information)
    picks = ask(inputs, 5, candidates=8, **parameters)
    assert picks.indices.tolist() == candidates[np.argsort(-combined)[:5]].tolist()
    np.testing.assert_allclose(picks.scores, np.sort(combined)[::-1][:5], atol=1e-9)


def test_the_weight_and_the_channel_are_those_asked_for():
    inputs = make()
    rows = bald.query(inputs, 20, rng=np.random.default_rng(0)).indices
    cosine, information = terms(inputs, rows, channel=2)
    combined = -unit_range(cosine) - 2 * unit_range(information)
    picks = ask(inputs, 20, channel=2, information_weight=2.0)
    assert picks.indices.tolist() == rows[np.argsort(-combined)].tolist()
    with pytest.raises(InputError, match="channel 3"):
        ask(inputs, 2, channel=3)


def test_a_grey_image_has_one_channel_only():
    colour = make()
    grey = make(images=colour.images[..., 0], labelled_images=colour.labelled_images[..., 0])
    assert ask(grey, 9, channel=2).indices.tolist() == ask(colour, 9).indices.tolist()


def test_at_least_n_candidates_are_kept():
    picks = ask(make(), 15, candidates=3)
    assert len(set(picks.indices.tolist())) == 15


def test_where_all_candidates_score_alike_the_first_step_decides():
    same = np.repeat(pictures(1, 3), 20, axis=0)
    inputs = make(images=same)
    for variant in ("fixed", "paper_code"):
        order = bald.query(inputs, 20, rng=np.random.default_rng(0), variant=variant).indices
        picks = ask(inputs, 20, variant=variant)
        assert picks.indices.tolist() == order.tolist()
        assert np.isnan(picks.scores).all() == (variant == "paper_code")
    assert (ask(inputs, 20).scores == 0).all()


def test_with_nothing_labelled_the_first_step_decides():
    inputs = make(labelled_images=pictures(0, 2))
    order = bald.query(inputs, 6, rng=np.random.default_rng(0)).indices
    assert ask(inputs, 6).indices.tolist() == order.tolist()


def test_reading_in_parts_changes_no_pick(monkeypatch):
    whole = ask(make(), 10)
    monkeypatch.setattr(images, "VALUES_AT_ONCE", 1)
    parts = ask(make(), 10)
    assert parts.indices.tolist() == whole.indices.tolist()
    np.testing.assert_allclose(parts.scores, whole.scores, atol=1e-12)


def test_numbers_below_one_are_refused():
    with pytest.raises(InputError, match="0 candidates and 20 bins"):
        ask(make(), 2, candidates=0)
