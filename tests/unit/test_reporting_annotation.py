"""Class balance, reuse of labels, and patterns of the predictions: counted by hand, and drawn."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import wasserstein_distance

from coldstart.errors import InputError
from coldstart.reporting.annotation_figure import plot_annotation
from coldstart.reporting.annotation_log import class_balance, label_reuse, positives
from coldstart.reporting.figures import save_figure
from coldstart.reporting.patterns import nearest_pattern, pattern_shares, plot_patterns, read_patterns

PATTERNS = read_patterns(Path(__file__).resolve().parents[2] / "resources/acft_table1_patterns.csv")
NOTE = "Synthetic data"


def cell(query="acft", seed=1, round_=2):
    found = {"model": "none", "method": "random", "query": query, "budget": "2", "seed": str(seed), "repeat": "0"}
    return {**found, "round": str(round_)}


def labelled(*names):
    """A labelled set from one string of letters per round."""
    rounds = [(letter, number) for number, letters in enumerate(names) for letter in letters]
    return pd.DataFrame(rounds, columns=["sample_id", "round"])


POSITIVE = pd.Series({letter: letter in "adg" for letter in "abcdefgh"})


def test_positives_are_told_by_the_label_and_without_one_by_the_mask():
    cohort = pd.DataFrame(
        {
            "sample_id": list("abcd"),
            "label": pd.array([1, 0, None, None], dtype="Int64"),
            "mask": [None, "m.png", "m.png", None],
        }
    )
    assert positives(cohort).to_dict() == {"a": True, "b": False, "c": True, "d": False}


def test_class_balance_of_two_runs_by_hand():
    chains = [(cell(seed=1), labelled("ab", "cd", "eg")), (cell(seed=2), labelled("ab", "gd", "ef"))]
    found = class_balance(chains, POSITIVE, list("abcdefgh"))
    assert found["round"].tolist() == [0, 1, 2]
    assert found["runs"].tolist() == [2, 2, 2]
    assert found["n_labelled"].tolist() == [2, 4, 6]
    assert found["labelled"].tolist() == [2, 2, 2]
    assert found["positive"].tolist() == [1, 1.5, 0.5]
    np.testing.assert_allclose(found["positive_sd"], [0, 0.5**0.5, 0.5**0.5])
    assert found["share"].tolist() == [0.5, 0.75, 0.25]
    assert found["pool_share"].tolist() == [3 / 8] * 3
    assert found[["model", "method", "query", "budget"]].drop_duplicates().to_numpy().tolist() == [
        ["none", "random", "acft", 2]
    ]


def test_class_balance_of_an_empty_start_begins_with_the_first_round():
    found = class_balance([(cell(), labelled("", "ab", "c"))], POSITIVE, list("abcdefgh"))
    assert found["round"].tolist() == [1, 2]
    assert found["n_labelled"].tolist() == [2, 3]
    assert found["positive_sd"].isna().all()


def test_label_reuse_of_three_learning_strategies_by_hand():
    after = labelled("ab", "cd", "e")
    every, only_new, hard = ["ab", "abcd", "abcde"], ["ab", "cd", "e"], ["ab", "bcd", "be"]
    chains = [
        (cell("q1"), after, "scratch", every),
        (cell("q2"), after, "acft_q", only_new),
        (cell("q3"), after, "acft_hq", hard),
    ]
    found = label_reuse(chains).set_index("query")
    assert found["strategy"].unique().tolist() == ["scratch", "acft_q", "acft_hq"]
    counts = {query: rows[["round", "uses", "labels"]].to_numpy().tolist() for query, rows in found.groupby("query")}
    assert counts["q1"] == [[0, 3, 2], [1, 2, 2], [2, 1, 1]]
    assert counts["q2"] == [[0, 1, 2], [1, 1, 2], [2, 1, 1]]
    assert counts["q3"] == [[0, 1, 1], [0, 3, 1], [1, 1, 2], [2, 1, 1]]
    np.testing.assert_allclose(found.groupby("query")["share"].sum(), 1)


def test_label_reuse_counts_labels_that_were_never_trained_on_and_averages_runs():
    chains = [(cell(seed=1), labelled("ab"), "scratch", ["a"]), (cell(seed=2), labelled("ab"), "scratch", ["ab"])]
    found = label_reuse(chains)
    assert found[["runs", "round", "uses", "labels"]].to_numpy().tolist() == [[2, 0, 0, 0.5], [2, 0, 1, 1.5]]


def test_every_pattern_is_nearest_to_itself_in_any_order():
    rows = np.stack(list(PATTERNS.values()))
    assert nearest_pattern(rows, PATTERNS).tolist() == list(range(7))
    shuffled = np.random.default_rng(0).permuted(rows, axis=1)
    assert nearest_pattern(shuffled, PATTERNS).tolist() == list(range(7))


@pytest.mark.parametrize(
    ("patches", "letter"),
    [
        (np.full(24, 0.5), "A"),
        (np.linspace(0, 1, 24), "B"),
        (np.repeat([0.02, 0.98], 12), "C"),
        (np.full(24, 0.97), "D"),
        (np.full(24, 0.03), "E"),
        (np.repeat([0.1, 0.95], [20, 4]), "F"),
        (np.repeat([0.1, 0.9], [4, 20]), "G"),
    ],
)
def test_plain_cases_have_the_pattern_that_its_words_describe(patches, letter):
    assert list(PATTERNS)[nearest_pattern(patches[None], PATTERNS)[0]] == letter


@pytest.mark.parametrize("m", [1, 7, 11, 24])
def test_the_distance_is_that_of_wasserstein(m):
    patches = np.random.default_rng(m).beta(0.6, 0.6, (60, m))
    distances = [[wasserstein_distance(row, pattern) for pattern in PATTERNS.values()] for row in patches]
    assert nearest_pattern(patches, PATTERNS).tolist() == np.argmin(distances, axis=1).tolist()


def shares(queries=("acft", "random"), rounds=(1, 2), seeds=(1, 2)):
    """Shares of random pools: the first query picks what is undecided, the others anything."""
    found = []
    for query in queries:
        for number in rounds:
            for seed in seeds:
                rng = np.random.default_rng([seed, number])
                pool = rng.beta(0.3, 0.9, (80, 1)) + rng.normal(0, 0.15, (80, 24))
                pool = np.clip(pool, 0, 1)
                order = np.argsort(np.abs(pool.mean(1) - 0.5)) if query == queries[0] else rng.permutation(80)
                found.append((cell(query, seed, number), pool, order[:10]))
    return pattern_shares(found, PATTERNS)


def test_pattern_shares_by_hand():
    pool = np.stack([PATTERNS[letter] for letter in "AABEEEEE"])
    found = pattern_shares([(cell(round_=1), pool, [0, 2]), (cell(seed=2, round_=1), pool, [0, 7])], PATTERNS)
    assert found["pattern"].tolist() == list("ABCDEFG")
    assert found["picks"].tolist() == [2, 1, 0, 0, 1, 0, 0]
    assert found["expected"].tolist() == [1, 0.5, 0, 0, 2.5, 0, 0]
    assert found["share"].tolist() == [0.5, 0.25, 0, 0, 0.25, 0, 0]
    assert found["runs"].tolist() == [2] * 7
    assert found["round"].tolist() == [1] * 7


def test_patterns_without_any_query_are_refused():
    with pytest.raises(InputError, match=r"configure learning\.classification\.patches"):
        pattern_shares([], PATTERNS)


def texts(figure):
    return " ".join(text.get_text() for text in figure.texts).replace("\n", " ")


def test_the_pattern_figure_has_a_row_per_arm_and_sums_rounds():
    table = shares()
    figure = plot_patterns(table, PATTERNS, title="t", note=NOTE)
    assert len(figure.axes) == 7 + 2
    picked = table[table["query"] == "acft"].groupby("pattern")["picks"].sum()
    heights = [bar.get_height() for bar in figure.axes[7].patches]
    np.testing.assert_allclose(heights, picked / picked.sum())
    assert sum(heights) == pytest.approx(1)
    assert "random / acft 40 picks" in texts(figure)
    assert "A: around 0.5" in texts(figure)


def log(queries=("acft", "random"), seeds=(1, 2), rounds=4, methods=("random",)):
    """Balance and reuse of made-up chains over 200 samples, every fourth of them positive."""
    names = [f"s{i}" for i in range(200)]
    positive = pd.Series(np.arange(200) % 4 == 0, index=names)
    chains, reuse = [], []
    for method in methods:
        for i, query in enumerate(queries):
            for seed in seeds:
                order = np.random.default_rng([seed, i]).permutation(200)[: 10 * (rounds + 1)]
                added = np.repeat(range(rounds + 1), 10)
                after = pd.DataFrame({"sample_id": [names[j] for j in order], "round": added})
                arm = {**cell(query, seed), "method": method}
                chains.append((arm, after))
                # The first query trains on everything again, the others on what is new.
                trained = [after.sample_id[(added == r) | ((i == 0) & (added < r))] for r in range(rounds + 1)]
                reuse.append((arm, after, "scratch" if i == 0 else "acft_q", trained))
    return class_balance(chains, positive, names), label_reuse(reuse)


def test_the_annotation_figure_draws_both_tables():
    balance, reuse = log()
    figure = plot_annotation(balance, reuse, title="t", note=NOTE)
    above, below = figure.axes
    lines = [line for line in above.lines if len(line.get_xdata()) > 2]
    assert [line.get_xdata().tolist() for line in lines] == [[10, 20, 30, 40, 50]] * 2
    np.testing.assert_allclose(lines[0].get_ydata(), balance["share"][:5])
    lines = [line for line in below.lines if len(line.get_xdata()) > 2]
    # The first arm trains on everything again, the second on nothing twice.
    assert [line.get_ydata().tolist() for line in lines] == [[10] * 5, [50, 0, 0, 0, 0]]
    assert "± 1 standard deviation between runs" in texts(figure)
    assert "standard deviation" not in texts(plot_annotation(*log(seeds=(1,))))


def test_many_arms_get_panels():
    figure = plot_annotation(*log(queries=("acft", "random", "uncertainty"), methods=("random", "kmeans", "density")))
    assert [axes.get_title() for axes in figure.axes] == ["acft", "random", "uncertainty", "", "", ""]


@pytest.fixture(params=["patterns", "annotation"])
def draw(request):
    if request.param == "patterns":
        return lambda: plot_patterns(shares(), PATTERNS, title="t", note=NOTE)
    return lambda: plot_annotation(*log(), title="t", note=NOTE)


def test_figures_carry_the_note_stay_on_the_page_and_are_the_same_bytes_twice(draw, tmp_path):
    figure = draw()
    assert figure.get_label().endswith("Synthetic data.")
    width, height = figure.get_size_inches() * figure.dpi
    figure.canvas.draw()
    renderer = figure.canvas.get_renderer()
    labels = [label for axes in figure.axes for label in (axes.xaxis.label, axes.yaxis.label)]
    for artist in [*figure.texts, *figure.legends, *labels]:
        box = artist.get_window_extent(renderer)
        assert box.x0 >= -1
        assert box.y0 >= -1
        assert box.x1 <= width + 1
        assert box.y1 <= height + 1
    for name in ("one.png", "two.png"):
        save_figure(draw(), png=tmp_path / name)
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()
