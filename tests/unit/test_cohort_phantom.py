"""The phantom: seeded image by image, with hidden groups and exact masks."""

import numpy as np
import pandas as pd
import pytest

from coldstart.cohort import phantom
from coldstart.cohort.images import resize_mask
from coldstart.cohort.phantom_anatomy import air_mask, geometry
from coldstart.cohort.phantom_case import MOST_VISITS, patient_numbers
from coldstart.errors import InputError


def positives(n=60, **parameters):
    cohort = phantom.build(n=n, **parameters)
    return cohort[cohort["label"] == 1].reset_index(drop=True)


def test_an_image_does_not_depend_on_how_many_there_are():
    few, many = phantom.build(n=7), phantom.build(n=40)
    pd.testing.assert_frame_equal(few, many.head(7))
    for a, b in zip(phantom.images(few, n=7), phantom.images(many.head(7), n=40), strict=True):
        np.testing.assert_array_equal(a, b)


def test_rows_are_rendered_in_the_order_asked_for():
    cohort = phantom.build(n=6, resolution=64)
    backwards = list(phantom.images(cohort[::-1], n=6, resolution=64))
    for a, b in zip(phantom.images(cohort, n=6, resolution=64), backwards[::-1], strict=True):
        np.testing.assert_array_equal(a, b)


def test_the_seed_changes_images():
    first = [next(phantom.images(phantom.build(n=1, seed=seed), n=1, seed=seed)) for seed in (1, 2)]
    assert (first[0] != first[1]).mean() > 0.5


def test_shares_of_the_pool():
    cohort = phantom.build(n=2000)
    assert 0.21 < cohort["label"].mean() < 0.27
    for column, rare in {"projection": "AP", "habitus": "slender", "exposure": "over", "rotation": "right"}.items():
        shares = cohort[column].value_counts(normalize=True)
        assert shares.index[-1] == rare
        assert 0.05 < shares[rare] < 0.4
    assert set(cohort["device"]) == {"none", "leads", "tube", "pacemaker"}
    drained = cohort.groupby("label")["device"].apply(lambda device: (device == "tube").mean())
    assert drained[1] > drained[0]


@pytest.mark.parametrize("prevalence", [0.0, 1.0])
def test_prevalence_at_its_ends(prevalence):
    assert (phantom.build(n=30, prevalence=prevalence)["label"] == int(prevalence)).all()


def test_patients_have_one_to_three_images_of_one_habitus():
    cohort = phantom.build(n=600)
    visits = cohort["patient_id"].value_counts()
    assert set(visits) == {1, 2, 3}
    assert (visits == 1).sum() > (visits == 2).sum() > (visits == 3).sum()
    assert (cohort.groupby("patient_id")["habitus"].nunique() == 1).all()
    assert np.bincount(patient_numbers(3000, 5)).max() == MOST_VISITS


def test_masks_are_large_enough_to_learn_and_survive_64_pixels():
    cohort = positives(200)
    shares = [mask.mean() for mask in phantom.masks(cohort, n=200)]
    assert 0.03 < np.mean(shares) < 0.08
    assert min(shares) > 0.01
    assert all(resize_mask(mask, 64).any() for mask in phantom.masks(cohort, n=200))


def test_the_mask_is_the_cavity_without_the_lung():
    cohort = positives(30)
    for case in phantom.cases(cohort, 2024, 0.24):
        fields = geometry(case, 128)
        mask = air_mask(case, fields)
        assert (fields.side[mask == 1] == case.pneumothorax.side).all()
        assert not (mask & (fields.lung > 0)).any()


def test_the_rim_is_darker_than_the_same_place_of_the_other_lung():
    cohort = positives(80)
    darker = []
    for image, mask in zip(phantom.images(cohort, n=80), phantom.masks(cohort, n=80), strict=True):
        rim = mask.astype(bool)
        darker.append(image[rim].mean() < image[rim[:, ::-1]].mean())
    assert np.mean(darker) > 0.9


def test_finer_images_show_the_same_anatomy():
    for resolution in (64, 256):
        cohort = positives(20, resolution=resolution)
        shares = [mask.mean() for mask in phantom.masks(cohort, n=20, resolution=resolution)]
        coarse = [mask.mean() for mask in phantom.masks(positives(20), n=20)]
        np.testing.assert_allclose(shares, coarse, atol=0.006)
        assert (cohort["spacing_x"] == 350 / resolution).all()


@pytest.mark.parametrize(
    ("parameters", "named"),
    [({"n": 0}, "n is 0"), ({"resolution": 8}, "resolution is 8"), ({"prevalence": 1.5}, "1.5"), ({"seed": -1}, "-1")],
)
def test_parameters_out_of_range_are_refused(parameters, named):
    with pytest.raises(InputError, match=named):
        phantom.build(**parameters)
