"""Learning curves, embedding maps and contact sheets."""

import matplotlib
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from coldstart.errors import InputError
from coldstart.reporting.contact_sheet import contact_sheet, pick_captions, shortened, shown_bytes
from coldstart.reporting.curves import MOST_BANDS, arrange, plot_curves
from coldstart.reporting.embedding_map import plot_map
from coldstart.reporting.figures import save_figure
from coldstart.reporting.summary import COLUMNS

NOTE = "Synthetic data"


def summary_of(models=("none", "a"), queries=(), budgets=(20, 40, 60), metrics=("auprc",)):
    """Summary of one run per cell: value budget / 100, bootstrap values half to one and a half of it."""
    rows = []
    for model in models:
        for query, n, r in [("none", b, 0) for b in budgets] + [(q, 20 + 5 * r, r) for q in queries for r in (1, 2)]:
            for metric in metrics:
                row = {"dataset": "d", "task": "classification", "model": model, "method": "k", "query": query}
                row |= {"budget": 20 if r else n, "seed": 1, "repeat": 0, "round": r, "n_labelled": n, "metric": metric}
                row |= {"value": n / 100, "se": 0.1, "bootstrap": [n / 200, n * 3 / 200], "run": "r"}
                row |= {"reference": False, "validation": 0.5}
                rows.append(row)
    return pd.DataFrame(rows)[COLUMNS]


def texts(figure):
    return " ".join(text.get_text() for text in figure.texts).replace("\n", " ")


def lines(axes):
    return [line for line in axes.lines if len(line.get_xdata()) > 1]


def test_curves_draw_the_means_and_bands_of_one_standard_error():
    figure = plot_curves(summary_of(), "classification", "auprc", "initialisation")
    (axes,) = figure.axes
    assert [line.get_xdata().tolist() for line in lines(axes)] == [[20, 40, 60]] * 2
    assert lines(axes)[0].get_ydata() == pytest.approx([0.2, 0.4, 0.6])
    band = axes.collections[0].get_paths()[0].vertices
    # Percentiles of two values 0.4 apart, at 40 labels, are 0.95 * 0.4 apart; one standard error is that over 3.92.
    at_40 = band[band[:, 0] == 40][:, 1]
    assert (at_40.min(), at_40.max()) == pytest.approx((0.4 - 0.38 / 3.92, 0.4 + 0.38 / 3.92))
    assert "± 1 bootstrap standard error" in texts(figure)
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["k", "a / k"]


def test_subsequent_curves_start_at_round_0():
    figure = plot_curves(summary_of(queries=("u",)), "classification", "auprc", "subsequent")
    assert lines(figure.axes[0])[0].get_xdata().tolist() == [20, 25, 30]


def test_one_panel_per_metric():
    summary = summary_of(metrics=("auprc", "f1"))
    figure = plot_curves(summary, "classification", ["auprc", "f1"], "initialisation")
    assert [axes.get_ylabel() for axes in figure.axes] == ["AUPRC ↑", "F1 ↑"]


def test_a_missing_point_leaves_no_gap_and_a_single_point_is_drawn():
    summary = summary_of()
    summary = summary[~((summary["model"] == "a") & (summary["budget"] == 40))]
    figure = plot_curves(summary, "classification", "auprc", "initialisation")
    assert lines(figure.axes[0])[1].get_xdata().tolist() == [20, 60]
    plot_curves(summary_of(budgets=(20,)), "classification", "auprc", "initialisation")


def test_many_arms_get_panels_and_bars():
    models = [f"m{i}" for i in range(MOST_BANDS + 1)]
    figure = plot_curves(summary_of(models, ("u", "v")), "classification", "auprc", "subsequent")
    assert [axes.get_title() for axes in figure.axes] == ["u", "v"]
    assert len(figure.legends[0].get_texts()) == len(models)
    assert "Bars: ± 1 bootstrap" in texts(figure)


def test_panels_may_hold_different_numbers_of_arms():
    summary = summary_of([f"m{i}" for i in range(MOST_BANDS + 1)], ("u", "v"))
    summary = summary[(summary["query"] != "v") | (summary["model"] == "m0")]
    figure = plot_curves(summary, "classification", "auprc", "subsequent")
    assert [len(lines(axes)) for axes in figure.axes] == [MOST_BANDS + 1, 1]


def test_ticks_lie_apart():
    figure = plot_curves(summary_of(budgets=(20, 21, 100)), "classification", "auprc", "initialisation")
    assert np.diff(figure.axes[0].get_xticks()).min() > 5
    figure = plot_curves(summary_of(), "classification", "auprc", "initialisation")
    assert figure.axes[0].get_xticks().tolist() == [20, 40, 60]


@pytest.mark.parametrize(("selections", "queries"), [(1, 1), (6, 1), (1, 9), (3, 2), (9, 4), (2, 9), (30, 1)])
def test_no_two_lines_of_a_panel_look_alike(selections, queries):
    arms = pd.DataFrame(
        [(f"m{i}", "k", f"q{j}", 0, f"{i} {j}") for i in range(selections) for j in range(queries)],
        columns=["model", "method", "query", "budget", "label"],
    )
    look = arrange(arms)
    seen = {(*map(str, style.values()), panel) for style, panel in zip(look.styles, look.panels, strict=True)}
    assert len(seen) == len(arms)


def test_names_are_printed_as_they_are(tmp_path):
    figure = plot_curves(summary_of(("_a$b_{$", "c_{d")), "classification", "auprc", "initialisation")
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["_a$b_{$ / k", "c_{d / k"]
    save_figure(figure, svg=tmp_path / "f.svg")


@pytest.fixture(params=["curves", "map", "sheet"])
def draw(request):
    """Draw one kind of figure with a note."""
    rng = np.random.default_rng(0)
    xy, images = rng.normal(size=(40, 2)), rng.integers(0, 256, (3, 16, 16), dtype=np.uint8)
    return {
        "curves": lambda: plot_curves(summary_of(), "classification", "auprc", "initialisation", note=NOTE),
        "map": lambda: plot_map(xy, {"random": range(12)}, title="t", note=NOTE),
        "sheet": lambda: contact_sheet(images, ["1", "2", "3"], title="t", note=NOTE),
    }[request.param]


def test_figures_carry_the_note_and_are_the_same_bytes_twice(draw, tmp_path):
    figure = draw()
    assert NOTE in texts(figure)
    assert figure.get_label().endswith("Synthetic data.")
    before = dict(matplotlib.rcParams)
    for folder in ("one", "two"):
        save_figure(draw(), **{kind: tmp_path / folder / f"f.{kind}" for kind in ("svg", "png", "pdf")})
    assert dict(matplotlib.rcParams) == before
    for kind in ("svg", "png", "pdf"):
        content = (tmp_path / "one" / f"f.{kind}").read_bytes()
        assert content == (tmp_path / "two" / f"f.{kind}").read_bytes()
        if kind != "pdf":
            assert b"Synthetic data." in content
    assert b"<dc:date>" not in (tmp_path / "one" / "f.svg").read_bytes()
    assert b"/Type3" not in (tmp_path / "one" / "f.pdf").read_bytes()


def test_text_stays_on_the_page(draw):
    figure = draw()
    width, height = figure.get_size_inches() * figure.dpi
    figure.canvas.draw()
    renderer = figure.canvas.get_renderer()
    for artist in [*figure.texts, *figure.legends, *(axes.yaxis.label for axes in figure.axes)]:
        box = artist.get_window_extent(renderer)
        assert box.x0 >= -1
        assert box.y0 >= -1
        assert box.x1 <= width + 1
        assert box.y1 <= height + 1


def test_a_map_of_no_picks_is_the_pool():
    figure = plot_map(np.random.default_rng(0).normal(size=(20, 2)), {"random": []})
    assert "Numbers" not in texts(figure)
    assert figure.axes[0].get_title() == "random (0)"


def test_map_shows_picks_ranks_and_later_picks():
    xy = np.random.default_rng(0).normal(size=(50, 2))
    figure = plot_map(
        xy,
        {"random": [3, 1, 4], "kmeans": np.arange(20)},
        clusters={"kmeans": np.arange(50) % 5 - 1},
        later={"random": [9, 8]},
    )
    assert [axes.get_title() for axes in figure.axes] == ["random (3)", "kmeans (20)"]
    ranks = {text.get_text(): text.xy for text in figure.axes[0].texts}
    np.testing.assert_array_equal(ranks["1"], xy[3])
    np.testing.assert_array_equal(ranks["3"], xy[4])
    assert len(figure.axes[1].texts) == 10
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["pool", "initial selection", "query rounds"]
    later = figure.axes[0].collections[1].get_offsets()
    np.testing.assert_array_equal(later, xy[[9, 8]])


@pytest.mark.parametrize(
    ("picks", "clusters", "message"),
    [
        ({}, None, "at least one method"),
        ({"a": [5]}, None, "outside the pool of 5"),
        ({"a": [0]}, [1, 2], "one per row"),
    ],
)
def test_map_refuses_what_does_not_fit(picks, clusters, message):
    with pytest.raises(InputError, match=message):
        plot_map(np.zeros((5, 2)), picks, clusters=clusters)


@pytest.mark.parametrize("n", [1, 200])
@pytest.mark.parametrize("shape", [(8, 8), (8, 8, 3)])
def test_contact_sheet_of_one_and_of_many(n, shape, tmp_path):
    images = np.zeros((n, *shape), dtype=np.uint8)
    figure = contact_sheet(images, [f"{i}. id" for i in range(n)], title="t")
    save_figure(figure, png=tmp_path / "s.png", dpi=60)
    (axes,) = figure.axes
    assert len(axes.images) == len(axes.texts) == n
    boxes = {tuple(np.round(image.get_extent(), 6)) for image in axes.images}
    assert len(boxes) == n
    assert all(left >= 0 and right <= axes.get_xlim()[1] and bottom >= 0 for left, right, bottom, _ in boxes)


def test_contact_sheet_runs_from_left_to_right_and_shows_each_image_whole(tmp_path):
    images = np.stack([np.full((4, 4), value, dtype=np.uint8) for value in (0, 100, 200)])
    figure = contact_sheet(images, ["a", "b", "c"], columns=2)
    save_figure(figure, png=tmp_path / "s.png", dpi=100)
    pixels = np.asarray(Image.open(tmp_path / "s.png").convert("L"))
    middles = []
    for image in figure.axes[0].images:
        left, right, bottom, top = image.get_extent()
        x, y = figure.axes[0].transData.transform(((left + right) / 2, (bottom + top) / 2)) * 100 / figure.dpi
        middles.append(int(pixels[round(pixels.shape[0] - y), round(x)]))
    assert middles == [0, 100, 200]


def test_contact_sheet_refuses_a_wrong_number_of_captions():
    with pytest.raises(InputError, match="not 1 for 2"):
        contact_sheet(np.zeros((2, 4, 4), dtype=np.uint8), ["a"])
    with pytest.raises(InputError, match="at least one image"):
        contact_sheet(np.zeros((0, 4, 4), dtype=np.uint8), [])


def test_deep_images_are_windowed_and_shallow_ones_left_alone():
    ramp = np.arange(10000, dtype=np.uint16).reshape(100, 100) // 10
    found = shown_bytes(ramp)
    assert (found.min(), found.max(), found.dtype) == (0, 255, np.uint8)
    assert int(found[50, 0]) == pytest.approx(127, abs=2)
    assert not shown_bytes(np.full((4, 4), 7, dtype=np.uint16)).any()
    dark = np.full((4, 4), 7, dtype=np.uint8)
    assert shown_bytes(dark) is dark


def test_pick_captions():
    selection = pd.DataFrame(
        {
            "rank": [1, 12],
            "sample_id": ["a", "images/patient00017/study_2_frontal"],
            "cluster": [3, -1],
            "reason": ["", "nearest to the centre of cluster 4 of 7 and then some more words"],
        }
    )
    one, two = pick_captions(selection)
    assert one == "1. a\ncluster 3"
    name, *reason = two.splitlines()
    assert name.startswith("12. images/p")
    assert name.endswith("frontal")
    assert len(reason) == 2
    assert reason[1].endswith("…")
    assert max(map(len, two.splitlines())) <= 22
    assert pick_captions(selection[["rank", "sample_id"]])[0] == "1. a"
    assert shortened("abcdefghij", 5) == "ab…ij"
