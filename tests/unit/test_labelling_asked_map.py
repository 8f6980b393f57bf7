"""The map of what annotators are asked for, and the contact sheet as a picture."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex

from coldstart.errors import InputError
from coldstart.labelling.asked_map import STATES, plot_asked, states
from coldstart.labelling.hand_out import export_images
from coldstart.labelling.sheet_png import NOTHING, PAPER, sheet_png, squared
from coldstart.reporting.figures import save_figure

POOL = [f"s{i}" for i in range(400)]
XY = np.random.default_rng(0).normal(size=(400, 2))
ANSWERS = pd.DataFrame(
    {
        "sample_id": ["s300", "s301", "s302", "s303", "s304"],
        "part": ["train", "train", "holdout", "skipped", "contradicting"],
    }
)


def worklist(n, still_open=0):
    return pd.DataFrame(
        {"rank": range(1, n + 1), "sample_id": POOL[n:0:-1], "asked": [0] * still_open + [1] * (n - still_open)}
    )


def drawn(n, still_open=0, answers=ANSWERS, **how):
    return plot_asked(XY, states(POOL, worklist(n, still_open), answers, 1), **how)


def marks(figure):
    """Places of all marks but the pool's, per colour and number of the marker's corners."""
    found = {}
    for group in figure.axes[0].collections[1:]:
        key = to_hex(group.get_facecolor()[0]).upper(), len(group.get_paths()[0].vertices)
        found.setdefault(key, set()).update(map(tuple, group.get_offsets().tolist()))
    return found


def test_every_image_of_the_lists_has_its_state():
    table = states(POOL, worklist(3, still_open=1), ANSWERS, 1)
    assert table["row"].tolist() == [300, 301, 302, 303, 304, 3, 2, 1]
    assert table["rank"].tolist() == [0, 0, 0, 0, 0, 1, 2, 3]
    assert table["state"].tolist() == [
        "labelled",
        "labelled",
        "labelled, held out",
        "skipped",
        "contradicting labels",
        "asked before, still open",
        "new on this list",
        "new on this list",
    ]


@pytest.mark.parametrize(("n", "written"), [(10, 10), (200, 10)])
def test_each_state_is_drawn_at_its_places_and_the_first_ranks_are_written(n, written):
    figure = drawn(n, still_open=3)
    places = marks(figure)
    assert len(places) == len(STATES)
    by_color = {}
    for (color, _), found in places.items():
        by_color.setdefault(color, []).append(len(found))
    assert sorted(map(sorted, by_color.values())) == sorted([[1], [1], [1, 2], sorted([3, n - 3])])
    assert set.union(*places.values()) == {tuple(XY[row]) for row in [*range(1, n + 1), *range(300, 305)]}
    texts = {(text.get_text(), tuple(text.xy)) for text in figure.axes[0].texts}
    assert texts == {(str(rank), tuple(XY[n + 1 - rank])) for rank in range(1, written + 1)}


def test_the_legend_counts_and_names_only_what_is_there():
    legend = [text.get_text() for text in drawn(12, still_open=2).legends[0].get_texts()]
    assert legend == [
        "pool",
        "labelled (2)",
        "labelled, held out (1)",
        "contradicting labels (1)",
        "skipped (1)",
        "asked before, still open (2)",
        "new on this list (10)",
    ]
    first = drawn(12, answers=ANSWERS[:0])
    assert [text.get_text() for text in first.legends[0].get_texts()] == ["pool", "new on this list (12)"]
    assert "Pool of 400. Numbers: ranks." in first.get_label()
    assert "Numbers: the first 10 ranks." in drawn(200).get_label()
    assert "tinted by cluster" in drawn(5, clusters=[0, 1] * 200).get_label()


def test_a_list_without_images_still_has_its_map():
    figure = drawn(0)
    assert not figure.axes[0].texts
    assert "Numbers" not in figure.get_label()
    assert len(drawn(0, answers=ANSWERS[:0]).axes[0].collections) == 1


def test_what_is_not_in_the_pool_is_refused():
    with pytest.raises(InputError, match="2 images of the lists are not in the pool"):
        states(POOL[:303], worklist(2), ANSWERS, 1)
    with pytest.raises(InputError, match="2 clusters do not fit a pool of 400"):
        drawn(2, clusters=[0, 1])


def test_the_map_is_the_same_bytes_every_time(tmp_path):
    for name in ("a.png", "b.png"):
        save_figure(drawn(9, still_open=2, title="t", note="Note"), png=tmp_path / name, dpi=60)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_an_image_is_squared_in_its_middle():
    wide = np.array([[1, 2, 3, 4]], np.uint8)
    np.testing.assert_array_equal(squared(wide), [[PAPER] * 4, [1, 2, 3, 4], [PAPER] * 4, [PAPER] * 4])
    assert squared(np.zeros((3, 2, 3), np.uint8)).shape == (3, 3, 3)


def test_the_sheet_shows_grey_and_colour_images_by_rank(tmp_path):
    table = worklist(3).assign(cluster=-1, reason="random")
    arrays = [np.full((4, 9), 40, np.uint8), np.full((300, 5, 3), 90, np.uint8), np.full((4, 4), 200, np.uint8)]
    figure = sheet_png(table, export_images(table, arrays, tmp_path), title="t", note="Grey as it is")
    shown = [picture.get_array() for picture in figure.axes[0].images]
    assert [int(picture[picture < PAPER].mean()) for picture in shown] == [40, 90, 200]
    assert all(picture.shape[0] == picture.shape[1] for picture in shown)
    assert [text.get_text() for text in figure.axes[0].texts] == [f"{rank}. s{4 - rank}\nrandom" for rank in (1, 2, 3)]
    assert "Grey as it is." in figure.get_label()


def test_the_sheet_of_an_empty_list_says_so(tmp_path):
    figure = sheet_png(worklist(0).assign(cluster=-1, reason=""), {}, title="List 3")
    assert figure.get_label() == f"List 3. {NOTHING}"
    save_figure(figure, png=tmp_path / "s.png")
