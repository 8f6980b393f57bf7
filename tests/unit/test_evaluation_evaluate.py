"""Evaluation of a whole test split, and the mean over runs."""

import numpy as np
import pandas as pd
import pytest

from coldstart.errors import InputError
from coldstart.evaluation.aggregate import ARM, aggregate
from coldstart.evaluation.bootstrap import percentile_se
from coldstart.evaluation.evaluate import evaluate_classification, evaluate_segmentation
from coldstart.evaluation.segmentation import dice, hausdorff, hd95, row_hd


@pytest.fixture
def split():
    """Twelve images of 10 x 12: discs and noisy maps, one predicted empty, one truly empty."""
    rng = np.random.default_rng(3)
    rows, columns = np.mgrid[:10, :12]
    centres = rng.integers(3, 7, (12, 2))
    truth = np.array([((rows - y) ** 2 + (columns - x) ** 2 <= 5) for y, x in centres]).astype(np.uint8)
    maps = np.clip(0.6 * truth + 0.5 * rng.random(truth.shape), 0, 1).astype(np.float16)
    maps[4] = 0.1
    truth[7] = 0
    return truth, maps


def of(summary, metric, column="value"):
    return summary.set_index("metric").loc[metric, column]


def test_segmentation_is_the_mean_over_images(split):
    truth, maps = split
    summary, images = evaluate_segmentation(truth, maps, spacing=(0.5, 0.5))
    predicted = maps >= 0.5
    for name, metric in {"dice": dice, "hd_px": hausdorff, "hd95_px": hd95, "row_hd": row_hd}.items():
        values = [metric(a, b) for a, b in zip(truth, predicted, strict=True)]
        np.testing.assert_array_equal(images[name], values)
        assert of(summary, name) == pytest.approx(np.mean(values))
        resamples = [
            values @ np.bincount(np.random.RandomState(i).choice(12, 12), minlength=12) / 12 for i in range(100)
        ]
        np.testing.assert_allclose(of(summary, name, "bootstrap"), resamples)
        assert of(summary, name, "se") == pytest.approx(percentile_se(resamples))
    assert of(summary, "hd_mm") == pytest.approx(of(summary, "hd_px") / 2)
    assert images["truth_pixels"].tolist() == truth.sum(axis=(1, 2)).tolist()
    assert images["predicted_pixels"][4] == 0


def test_anisotropic_and_partly_unknown_spacing(split):
    truth, maps = split
    spacing = np.tile([0.4, 0.9], (12, 1))
    spacing[5] = np.nan
    summary, images = evaluate_segmentation(truth, maps, spacing=spacing)
    for name, metric in {"hd_mm": hausdorff, "hd95_mm": hd95}.items():
        expected = [metric(a, b, (0.4, 0.9)) for a, b in zip(truth, maps >= 0.5, strict=True)]
        expected[5] = np.nan
        np.testing.assert_array_equal(images[name], expected)
    assert of(summary, "hd_mm") == pytest.approx(images["hd_mm"].mean())
    assert np.isfinite(of(summary, "hd_mm", "se"))


def test_no_millimetres_without_spacing(split):
    for spacing in (None, (np.nan, np.nan)):
        summary, images = evaluate_segmentation(*split, spacing=spacing)
        assert set(summary["metric"]) == {"dice", "hd_px", "hd95_px", "row_hd"}
        assert not any(name.endswith("_mm") for name in images)


def test_a_missed_lesion_costs_the_diagonal_or_is_left_out(split):
    _, images = evaluate_segmentation(*split)
    assert images["hd_px"][4] == images["hd95_px"][4] == np.hypot(10, 12)
    summary, images = evaluate_segmentation(*split, empty="nan")
    assert images["hd_px"].isna().tolist() == [i in (4, 7) for i in range(12)]
    assert of(summary, "hd_px") == pytest.approx(images["hd_px"].mean())


def test_values_of_an_image_are_rounded_before_averaging(split):
    summary, images = evaluate_segmentation(*split, decimals=1)
    _, exact = evaluate_segmentation(*split)
    assert images["dice"].tolist() == [float(f"{value:.1f}") for value in exact["dice"]]
    assert of(summary, "dice") == pytest.approx(images["dice"].mean())
    assert of(summary, "dice") != pytest.approx(exact["dice"].mean())


def test_maps_of_half_precision_are_compared_in_double():
    # 0.3 in half precision is a little above 0.3.
    truth, maps = np.ones((1, 2, 2)), np.full((1, 2, 2), 0.3, dtype=np.float16)
    assert evaluate_segmentation(truth, maps, threshold=0.3)[1]["dice"][0] == 1
    assert evaluate_segmentation(truth, maps, threshold=0.3001)[1]["dice"][0] == 0


def test_patients_are_resampled_whole(split):
    patients = [f"p{i // 3}" for i in range(12)]
    summary, images = evaluate_segmentation(*split, groups=patients)
    means = images["dice"].groupby(patients).mean().to_numpy()
    drawn = [means[np.random.RandomState(i).choice(4, 4)].mean() for i in range(100)]
    np.testing.assert_allclose(of(summary, "dice", "bootstrap"), drawn)
    y, p = np.tile([0, 1, 1], 4), np.linspace(0, 1, 12)
    by_patient = evaluate_classification(y, p, 0.5, groups=patients)
    assert of(by_patient, "auroc") == of(evaluate_classification(y, p, 0.5), "auroc")
    assert of(by_patient, "auroc", "se") != of(evaluate_classification(y, p, 0.5), "auroc", "se")


def test_no_bootstrap_no_standard_error(split):
    for summary in (
        evaluate_segmentation(*split, bootstrap=0)[0],
        evaluate_classification([0, 1], [0.2, 0.3], 0.3, bootstrap=0),
    ):
        assert summary["se"].isna().all()
        assert summary["bootstrap"].map(len).eq(0).all()
        assert summary["value"].notna().all()


def test_a_resample_of_one_class_is_left_out_of_the_standard_error():
    summary = evaluate_classification([0, 0, 0, 1], [0.1, 0.2, 0.3, 0.9], 0.5)
    values = np.array(of(summary, "auprc", "bootstrap"))
    assert 0 < np.isnan(values).sum() < 100
    assert np.isfinite(of(summary, "auprc", "se"))


@pytest.mark.parametrize(("label", "word"), [(0, "negative"), (1, "positive")])
def test_a_test_split_of_one_class_is_refused(label, word):
    with pytest.raises(InputError, match=f"all 3 samples of the test split are {word}"):
        evaluate_classification([label] * 3, [0.1, 0.2, 0.3], 0.5)


@pytest.mark.parametrize(
    ("spacing", "message"),
    [((1.0, 0.0), "zero or negative"), (np.ones((3, 2)), r"does not fit 12 images")],
)
def test_wrong_spacing_is_refused(split, spacing, message):
    with pytest.raises(InputError, match=message):
        evaluate_segmentation(*split, spacing=spacing)


def test_masks_and_maps_must_match(split):
    truth, maps = split
    with pytest.raises(InputError, match="11 true masks and 12 predicted maps"):
        evaluate_segmentation(truth[1:], maps)
    with pytest.raises(InputError, match="at least one image"):
        evaluate_segmentation(truth[:0], maps[:0])


def summary_of(values, **columns):
    """A summary with one row per (seed, repeat, value)."""
    rows = [
        {
            **dict.fromkeys(ARM, "x"),
            "budget": 20,
            "round": 0,
            "metric": "auprc",
            "n_labelled": 20,
            "seed": seed,
            "repeat": repeat,
            "value": value,
            "bootstrap": [value - 0.1, value, value + 0.1],
            **columns,
        }
        for seed, repeat, value in values
    ]
    return pd.DataFrame(rows)


def test_aggregate_pools_the_bootstrap_and_separates_the_variances():
    summary = summary_of([(1, 0, 0.2), (1, 1, 0.4), (2, 0, 0.6), (2, 1, 0.7)])
    (row,) = aggregate(summary).to_dict("records")
    assert row["value"] == pytest.approx(0.475)
    assert (row["n_runs"], row["n_seeds"], row["n_labelled"]) == (4, 2, 20)
    assert row["se"] == pytest.approx(percentile_se(np.concatenate(summary["bootstrap"].to_list())))
    assert row["sd"] == pytest.approx(np.std([0.2, 0.4, 0.6, 0.7], ddof=1))
    assert row["sd_seeds"] == pytest.approx(np.std([0.3, 0.65], ddof=1))
    assert row["sd_repeats"] == pytest.approx(np.sqrt((0.02 + 0.005) / 2))


def test_aggregate_takes_the_mean_of_the_runs_errors_where_it_is_asked_to():
    summary = summary_of([(1, 0, 0.2), (2, 0, 0.6), (3, 0, np.nan)]).assign(se=[0.01, 0.03, np.nan])
    (row,) = aggregate(summary, pooling="mean").to_dict("records")
    assert row["se"] == pytest.approx(0.02)
    (row,) = aggregate(summary, standard_error="deviation").to_dict("records")
    assert row["se"] == pytest.approx(np.std([0.1, 0.2, 0.3, 0.5, 0.6, 0.7]))


def test_aggregate_keeps_arms_apart_and_in_order():
    summary = pd.concat([summary_of([(1, 0, 0.5)], method=m, budget=b) for m, b in [("z", 40), ("a", 20), ("z", 20)]])
    result = aggregate(summary)
    assert list(zip(result["method"], result["budget"], strict=True)) == [("z", 40), ("a", 20), ("z", 20)]
    assert result["sd"].isna().all()
    assert result["sd_repeats"].isna().all()


def test_aggregate_rounds_runs_first_and_counts_only_defined_ones():
    summary = summary_of([(1, 0, 0.1236), (2, 0, 0.4), (3, 0, np.nan)])
    (row,) = aggregate(summary, decimals=3).to_dict("records")
    assert row["value"] == pytest.approx((0.124 + 0.4) / 2)
    assert row["n_runs"] == 2
    assert np.isfinite(row["se"])
    assert aggregate(summary.iloc[:0]).columns.tolist() == aggregate(summary).columns.tolist()


def test_aggregate_reads_what_parquet_gives_back(tmp_path):
    summary = summary_of([(1, 0, 0.2), (2, 0, 0.6)])
    summary.to_parquet(tmp_path / "summary.parquet")
    pd.testing.assert_frame_equal(aggregate(pd.read_parquet(tmp_path / "summary.parquet")), aggregate(summary))


def test_a_single_patient_has_no_standard_error(split):
    summary, _ = evaluate_segmentation(*split, groups=["p"] * 12)
    assert summary["value"].notna().any()
    assert summary["se"].isna().all()
    table = aggregate(summary_of([(1, 0, 0.5)], bootstrap=[np.nan] * 100))
    assert table["se"].isna().all()
    y, p = np.array([0, 1] * 6), np.linspace(0, 1, 12)
    assert evaluate_classification(y, p, 0.5, groups=["p"] * 12)["se"].isna().all()
