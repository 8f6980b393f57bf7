"""The map of one arm's choices: clusters, seeds, fill, overflow and the picks of every round."""

import numpy as np
import pandas as pd
import pytest

from coldstart.errors import InputError
from coldstart.reporting.embedding_map import cluster_color, tint
from coldstart.reporting.figures import save_figure
from coldstart.reporting.picks_map import KINDS, kind_of, picks_table, plot_picks

N = 40
POOL = [f"s{i}" for i in range(N)]
XY = np.random.default_rng(0).normal(size=(N, 2))
CLUSTERS = np.arange(N) % 4
SELECTION = pd.DataFrame(
    {
        "sample_id": ["s4", "s9", "s8", "s3"],
        "reason": ["seed of cluster 0", "seed of cluster 1", "fill of cluster 0", "overflow"],
        "cluster": [0, 1, 0, 3],
    }
)
LABELLED = pd.DataFrame({"sample_id": ["s4", "s9", "s8", "s3", "s20", "s1"], "round": [0, 0, 0, 0, 1, 2]})


def drawn(**how):
    return plot_picks(XY, picks_table(POOL, SELECTION, LABELLED), clusters=CLUSTERS, **how)


def shown(figure):
    """Places and area of every group of marks, in the order in which they are drawn."""
    return [(marks.get_offsets().data.tolist(), float(marks.get_sizes()[0])) for marks in figure.axes[0].collections]


def test_a_table_of_picks_tells_rows_rounds_and_kinds():
    table = picks_table(POOL, SELECTION, LABELLED)
    assert table.row.tolist() == [4, 9, 8, 3, 20, 1]
    assert table["round"].tolist() == [0, 0, 0, 0, 1, 2]
    assert table.kind.tolist() == ["seed", "seed", "fill", "overflow", "queried", "queried"]
    assert table.cluster.tolist() == [0, 1, 0, 3, -1, -1]


@pytest.mark.parametrize(
    ("reason", "kind"),
    [("seed of cluster 3", "seed"), ("overflow", "overflow"), ("random", "selected"), ("medoid of 2", "selected")],
)
def test_kinds_go_by_the_first_word_of_a_reason(reason, kind):
    assert kind_of(reason) == kind


def test_everything_that_was_chosen_is_drawn_at_its_place():
    figure = drawn(title="t")
    (axes,) = figure.axes
    places = [place for place, _ in shown(figure)]
    assert places[0] == XY.tolist()
    for rows in ([4, 9], [8], [3], [20, 1]):
        assert XY[rows].tolist() in places
    texts = {(text.get_text(), tuple(text.xy)) for text in axes.texts}
    # Seeds carry the number of their cluster, queried samples that of their round.
    assert texts == {("0", tuple(XY[4])), ("1", tuple(XY[9])), ("1", tuple(XY[20])), ("2", tuple(XY[1]))}
    legend = [text.get_text() for text in figure.legends[0].get_texts()]
    assert legend == ["pool", "seed", "fill", "overflow", "queried, with its round"]


def test_the_pool_is_tinted_by_cluster_and_the_picks_have_its_full_colour():
    axes = drawn().axes[0]
    pale = axes.collections[0].get_facecolor()
    assert len(np.unique(pale, axis=0)) == 4
    np.testing.assert_allclose(pale[5][:3], tint(1))
    assert len({cluster_color(label) for label in range(6)}) == 6
    assert cluster_color(-1) == tint(-1)


def test_the_caption_counts_what_is_shown():
    label = drawn(title="t", note="Synthetic data").get_label()
    assert "Pool of 40, tinted by its 4 clusters" in label
    assert "4 initial picks; 2 queried in 2 rounds." in label
    assert label.endswith("Synthetic data.")


def test_a_strategy_without_kinds_or_clusters_is_drawn_too():
    selection = SELECTION.assign(reason="random", cluster=-1)
    figure = plot_picks(XY, picks_table(POOL, selection, LABELLED[:4]))
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["pool", "initial selection"]
    assert XY[[4, 9, 8, 3]].tolist() in [place for place, _ in shown(figure)]
    empty = plot_picks(XY, picks_table(POOL, selection[:0], LABELLED[4:]))
    assert [text.get_text() for text in empty.legends[0].get_texts()] == ["pool", "queried, with its round"]


def test_many_picks_are_drawn_smaller():
    labelled = pd.DataFrame({"sample_id": [f"s{i}" for i in range(90)], "round": 0})
    selection = labelled.assign(reason="fill of cluster 0", cluster=0)
    xy = np.random.default_rng(1).normal(size=(90, 2))
    many = plot_picks(xy, picks_table(labelled.sample_id, selection, labelled))
    assert many.axes[0].collections[3].get_sizes()[0] < KINDS["fill"][1]


def test_the_same_figure_gives_the_same_bytes(tmp_path):
    for name in ("a", "b"):
        save_figure(drawn(title="t"), png=tmp_path / f"{name}.png")
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_what_does_not_fit_the_pool_is_refused():
    with pytest.raises(InputError, match="2 labelled samples are not in the pool"):
        picks_table(POOL[:9], SELECTION, LABELLED)
    with pytest.raises(InputError, match="3 clusters do not fit a pool of 40"):
        plot_picks(XY, picks_table(POOL, SELECTION, LABELLED), clusters=[0, 1, 2])
