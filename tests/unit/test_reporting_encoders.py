"""What the embeddings of one task see: values, differences, tables and figure."""

import io

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from coldstart.errors import InputError
from coldstart.evaluation.kmeans_convergence import kmeans_convergence
from coldstart.evaluation.neighbourhood import compare_neighbours, other_patients, same_label
from coldstart.reporting import encoders
from coldstart.reporting.encoder_figure import plot_encoders
from coldstart.reporting.encoder_tables import encoder_table, pair_table
from coldstart.reporting.encoders import MEASURES, NEIGHBOURS, STARTS, draw_samples, study, targets
from coldstart.reporting.figures import save_figure
from coldstart.reporting.plain_tables import write_plain_table

ABOUT = {"dataset": "d", "task": "classification", "note": "Synthetic data"}
N = 90
PATIENTS = [f"p{i // 2}" for i in range(N)]
LABELS = pd.Series(np.arange(N) // 2 % 2, dtype="Int64")


def vectors():
    """One model that sees the label, one that sees nothing, and one that sees it through a scale of its own."""
    rng = np.random.default_rng(0)
    sees = rng.normal(size=(N, 4)) + 8 * LABELS.to_numpy(int)[:, None] * np.eye(4)[0]
    return {"sees": sees, "blind": rng.normal(size=(N, 3)), "large": 100 * sees}


def of(models=None, clusters=(6, 3, 1), **how):
    models = vectors() if models is None else models
    return study(models, *targets("classification", labels=LABELS), PATIENTS, clusters, pool=N, **how)


FOUND = of()


def value(model, measure, k, column="value", found=FOUND):
    rows = found.values
    return rows[(rows["model"] == model) & (rows["measure"] == measure) & (rows["k"] == k)][column].item()


def pair(first, second, measure, k, found=FOUND):
    rows = found.pairs
    chosen = (rows["first"] == first) & (rows["second"] == second) & (rows["measure"] == measure) & (rows["k"] == k)
    return rows[chosen].iloc[0]


def test_the_model_that_sees_the_label_is_told_from_the_one_that_does_not():
    for k in NEIGHBOURS:
        assert value("sees", "same_label", k) > 0.95
        chance = value("blind", "same_label", k, "chance")
        assert value("blind", "same_label", k, "low") < chance < value("blind", "same_label", k, "high")
        assert pair("sees", "blind", "same_label", k)["low"] > 0.3
    assert value("sees", "silhouette", 0) > 0.4 > abs(value("blind", "silhouette", 0))
    assert pair("sees", "blind", "silhouette", 0)["low"] > 0.3


def test_a_model_does_not_differ_from_itself_at_another_scale():
    alike = FOUND.pairs[(FOUND.pairs["first"] == "sees") & (FOUND.pairs["second"] == "large")]
    np.testing.assert_allclose(alike[["difference", "low", "high"]], 0, atol=1e-9)


def test_the_interval_is_that_of_a_bootstrap_over_patients():
    codes = np.arange(N) // 2
    (near,), _ = compare_neighbours(
        same_label(LABELS.to_numpy()), [other_patients(vectors()["blind"], 20, codes)], codes
    )
    purity = near[:, 4]
    drawn = []
    for i in range(100):
        chosen = np.random.RandomState(i).choice(N // 2, N // 2)
        drawn.append(np.mean([purity[codes == patient].mean() for patient in chosen]))
    # Student's interval of 45 patients is a little wider than the normal one.
    low, high = np.quantile(drawn, stats.norm.cdf(np.array([-1, 1]) * np.sqrt(45 / 44) * stats.t.ppf(0.975, 44)))
    assert value("blind", "same_label", 5) == pytest.approx(purity.mean())
    assert value("blind", "same_label", 5, "low") == pytest.approx(low)
    assert value("blind", "same_label", 5, "high") == pytest.approx(high)
    assert value("blind", "same_label", 5, "low", of(unit="sample")) != pytest.approx(low)


def test_k_means_is_told_by_its_starts():
    assert FOUND.clusters == [3, 6]
    ours = {name: kmeans_convergence(of_model, 6, STARTS) for name, of_model in vectors().items()}
    assert value("blind", "iterations", 6) == ours["blind"].iterations.mean()
    assert value("blind", "inertia", 6, "sd") == pytest.approx(np.std(ours["blind"].inertia, ddof=1))
    test = stats.ttest_rel(ours["sees"].iterations, ours["blind"].iterations).confidence_interval()
    gap = pair("sees", "blind", "iterations", 6)
    assert (gap["low"], gap["high"]) == pytest.approx((test.low, test.high))


def test_segmentation_compares_masks_and_their_sizes():
    rng = np.random.default_rng(1)
    masks = np.zeros((40, 8, 8), np.uint8)
    masks[:20, :4, :4], masks[20:, 2:, 2:] = 1, 1
    similarities, classes = targets("segmentation", masks=masks)
    sees = np.repeat([0.0, 9.0], 20)[:, None] + rng.normal(size=(40, 2))
    found = study({"sees": sees}, similarities, classes, [None] * 40, [4], pool=40)
    assert found.neighbour_measures == ["mask_dice", "size_difference"]
    assert value("sees", "mask_dice", 10, found=found) == 1
    assert value("sees", "size_difference", 10, found=found) == 0
    # Of 39 others 20 have the other mask: Dice 2 · 4 / (16 + 36), and 20 of 64 pixels more.
    assert value("sees", "mask_dice", 10, "chance", found) == pytest.approx((19 + 20 * 8 / 52) / 39)
    assert value("sees", "size_difference", 10, "chance", found) == pytest.approx(100 * 20 / 64 * 20 / 39)
    # All have foreground: one class has no silhouette.
    assert np.isnan(value("sees", "silhouette", 0, found=found))
    assert (targets("segmentation", masks=np.concatenate([masks, 0 * masks]))[1][40:] == 0).all()


def test_a_large_pool_is_drawn_from_always_alike(monkeypatch):
    pool = pd.DataFrame({"sample_id": np.arange(50).astype(str)})
    assert draw_samples(pool) is pool
    monkeypatch.setattr(encoders, "MOST_SAMPLES", 20)
    drawn = draw_samples(pool)
    assert drawn.index.is_monotonic_increasing
    assert len(drawn) == drawn.sample_id.nunique() == 20
    pd.testing.assert_frame_equal(drawn, draw_samples(pool))


def test_a_pool_without_labels_is_refused():
    with pytest.raises(InputError, match="2 of 90 samples of the pool have no label"):
        targets("classification", labels=LABELS.where(LABELS.index > 1))


@pytest.mark.parametrize("patients", [["a"] * 6, ["a", "a", "a", "b", "b", "b"], list("abcdef")])
def test_small_pools_have_dashes_and_no_error(patients, tmp_path):
    labels = pd.Series([0, 1, 0, 1, 1, 1], dtype="Int64")
    similarities, classes = targets("classification", labels=labels)
    models = {"one": np.eye(6), "two": np.zeros((6, 1))}
    found = study(models, similarities, classes, patients, [20], pool=6)
    assert np.isnan(value("one", "same_label", 20, found=found))
    assert np.isnan(value("one", "iterations", 20, found=found))
    write_plain_table(encoder_table(found, **ABOUT), markdown=tmp_path / "t.md")
    assert "| – |" in (tmp_path / "t.md").read_text()
    save_figure(plot_encoders(found, **ABOUT), png=tmp_path / "f.png")


def test_tables_print_what_was_found(tmp_path):
    table = encoder_table(FOUND, **ABOUT)
    row = dict(zip(table.titles, table.rows[1], strict=True))
    assert row["Model"] == "blind"
    assert row["Dimension"] == "3"
    ends = [f"{value('blind', 'same_label', 5, end):.3f}" for end in ("low", "high")]
    assert row["Same label, k = 5 ↑"] == f"{value('blind', 'same_label', 5):.3f} [{', '.join(ends)}]"
    iterations = f"{value('blind', 'iterations', 6):.1f} ± {value('blind', 'iterations', 6, 'sd'):.1f}"
    assert row["Iterations, 6 clusters ↓"] == iterations
    # 44 patients of 45 are others, of whom 22 have the label 0 for 23 patients, and 21 the label 1 for 22.
    chance = (23 * 22 + 22 * 21) / 45 / 44
    assert table.rows[-1][:3] == ["chance", "", f"{chance:.3f}"]
    assert "90 samples of the pool (45 patients)" in table.caption
    write_plain_table(table, csv=tmp_path / "t.csv", latex=tmp_path / "t.tex", html=tmp_path / "t.html")
    frame = pd.read_csv(tmp_path / "t.csv")
    assert set(frame["measure"]) <= set(MEASURES)
    assert len(frame) == 3 * (len(NEIGHBOURS) + 1 + 2 * 3)
    assert set(frame["note"]) == {"Synthetic data."}

    pairs = pair_table(FOUND, **ABOUT)
    assert [line[0] for line in pairs.rows[::5]] == ["sees – blind", "sees – large", "blind – large"]
    first = pair("sees", "blind", "same_label", 10)
    assert pairs.rows[0][2:] == [f"{first['difference']:+.3f}", f"{first['low']:+.3f} to {first['high']:+.3f}"]


def test_one_model_alone_has_no_pairs(tmp_path):
    found = of({"sees": vectors()["sees"]}, clusters=[0])
    table = pair_table(found, **ABOUT)
    assert table.rows == []
    assert "one model alone" in table.caption
    write_plain_table(table, csv=tmp_path / "p.csv", markdown=tmp_path / "p.md", html=tmp_path / "p.html")
    assert pd.read_csv(tmp_path / "p.csv").empty
    assert "k-means" not in encoder_table(found, **ABOUT).caption


def test_the_figure_draws_each_measure_with_its_bars():
    figure = plot_encoders(FOUND, **ABOUT)
    assert [axes.get_title() for axes in figure.axes] == ["Same label ↑", "Silhouette ↑", "Iterations ↓", "Inertia ↓"]
    labels = [text.get_text() for text in figure.legends[0].get_texts()]
    assert labels == ["sees (4)", "blind (3)", "large (4)", "chance"]
    purity, _, iterations, _ = figure.axes
    blind = purity.containers[1]
    np.testing.assert_allclose(blind.lines[0].get_ydata(), [value("blind", "same_label", k) for k in NEIGHBOURS])
    ends = [segment[:, 1] for segment in blind.lines[2][0].get_segments()]
    expected = [[value("blind", "same_label", k, end) for end in ("low", "high")] for k in NEIGHBOURS]
    np.testing.assert_allclose(ends, expected)
    ends = iterations.containers[1].lines[2][0].get_segments()[1][:, 1]
    assert np.ptp(ends) == pytest.approx(2 * value("blind", "iterations", 6, "sd"))
    assert "Synthetic data." in figure.get_label()


def test_files_are_the_same_every_time(tmp_path):
    texts = []
    for name in ("a.png", "b.png"):
        found = of()
        save_figure(plot_encoders(found, **ABOUT), png=tmp_path / name)
        buffer = io.StringIO()
        found.values.to_csv(buffer)
        texts.append(buffer.getvalue())
    assert texts[0] == texts[1]
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
