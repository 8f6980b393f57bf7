"""The map of lesion sizes."""

import numpy as np
import pytest
from matplotlib.colors import to_hex
from sklearn.manifold import TSNE

from coldstart.errors import InputError
from coldstart.reporting.figures import save_figure
from coldstart.reporting.lesion_size_map import NAMES, QUERIED, SHADES, baseline_map, plot_lesion_sizes, size_bins


def pool(n=12):
    """Images whose baselines fall into two groups; the other channels are noise."""
    rng = np.random.default_rng(0)
    images = rng.integers(0, 65536, (n, 6, 6, 3)).astype(np.uint16)
    images[..., 0] = rng.integers(0, 2000, (n, 6, 6)) + 50000 * (np.arange(n) % 2)[:, None, None]
    return images


def texts(figure):
    return " ".join(text.get_text() for text in figure.texts).replace("\n", " ")


def test_bins_are_the_published_ones():
    assert size_bins([0, 1, 50, 51, 100, 101, 200, 201, 9999]).tolist() == [0, 1, 1, 2, 2, 3, 3, 4, 4]
    assert len(NAMES) == len(SHADES) == 5


def test_the_map_is_the_published_t_sne_of_the_baseline():
    images = pool(160)
    found = baseline_map(images)
    pixels = (images[..., 0].reshape(160, -1) / 65535).astype(np.float32)
    expected = TSNE(2, init="pca", perplexity=50, learning_rate=10, random_state=42).fit_transform(pixels)
    np.testing.assert_allclose(found, expected, atol=1e-2 * np.ptp(expected))
    assert baseline_map(images).tobytes() == found.tobytes()


def test_the_other_channels_do_not_count():
    images = pool()
    changed = images.copy()
    changed[..., 1:] = 0
    np.testing.assert_array_equal(baseline_map(images), baseline_map(changed))


def test_alike_baselines_lie_together():
    xy = baseline_map(pool(60))
    within = np.linalg.norm(xy[::2] - xy[::2].mean(0), axis=1).mean()
    assert np.linalg.norm(xy[::2].mean(0) - xy[1::2].mean(0)) > 2 * within


@pytest.mark.parametrize("n", [1, 2, 4, 5, 9])
def test_few_images_and_equal_ones_have_a_map_too(n):
    for images in (pool(n), np.zeros((n, 4, 4, 3), np.uint8)):
        xy = baseline_map(images)
        assert xy.shape == (n, 2)
        assert np.isfinite(xy).all()


def test_each_slice_has_the_colour_of_its_size_and_what_was_chosen_is_marked():
    xy = np.random.default_rng(0).normal(size=(6, 2))
    pixels = [0, 0, 10, 60, 150, 900]
    rounds = {"random": ([5, 0], [0, 0]), "random / entropy": ([5, 0, 3], [0, 0, 2])}
    figure = plot_lesion_sizes(xy, pixels, rounds, title="t", note="Synthetic")
    assert [axes.get_title() for axes in figure.axes] == ["random (2)", "random / entropy (3)"]
    *sizes, initial, later = figure.axes[1].collections
    assert [len(part.get_offsets()) for part in sizes] == [2, 1, 1, 1, 1]
    assert [to_hex(part.get_facecolor()[0]).upper() for part in sizes] == list(SHADES)
    np.testing.assert_array_equal(initial.get_offsets(), xy[[5, 0]])
    np.testing.assert_array_equal(later.get_offsets(), xy[[3]])
    assert to_hex(later.get_edgecolor()[0]).upper() == QUERIED
    labels = [text.get_text() for text in figure.legends[0].get_texts()]
    assert labels == [*NAMES, "initial selection", "query rounds"]
    assert "no change: 2, up to 50 px: 1" in texts(figure)
    assert "Synthetic." in texts(figure)
    alone = plot_lesion_sizes(xy, pixels, {"random": ([5], [0])})
    assert [text.get_text() for text in alone.legends[0].get_texts()][-1] == "initial selection"


def test_rows_outside_the_pool_are_refused():
    xy = np.zeros((3, 2))
    with pytest.raises(InputError, match="outside the pool of 3"):
        plot_lesion_sizes(xy, [0, 0, 0], {"a": ([3], [0])})
    with pytest.raises(InputError, match="2 lesion sizes were given for a pool of 3"):
        plot_lesion_sizes(xy, [0, 0], {"a": ([1], [0])})
    with pytest.raises(InputError, match="at least one"):
        plot_lesion_sizes(xy, [0, 0, 0], {})


def test_the_file_is_the_same_every_time(tmp_path):
    xy = np.random.default_rng(0).normal(size=(9, 2))
    for name in ("a.png", "b.png"):
        save_figure(plot_lesion_sizes(xy, range(9), {"a": ([1, 2], [0, 1])}), png=tmp_path / name)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
