"""Who is asked next: sizes of lists, patients in turn, open images, and why."""

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coldstart.errors import InputError
from coldstart.labelling.asking import in_turn, list_size, query_in_turn, select_in_turn, turns
from coldstart.labelling.choosing import by_query, by_selection, entropy, nearest_known, uncertainty
from coldstart.labelling.worklist import number_rows, open_rows, read_worklist, write_worklist
from coldstart.query import STRATEGIES as QUERIES
from coldstart.query.base import Picks, QueryInputs
from coldstart.selection import STRATEGIES as METHODS


def answers(**parts):
    return pd.DataFrame({"sample_id": list(parts), "part": list(parts.values())})


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ({}, 0),
        ({"a": "train"}, 1),
        ({"a": "train", "b": "holdout", "c": "contradicting"}, 3),
        ({"a": "train", "b": "train", "c": "train", "d": "train"}, 3),
        ({"a": "train", "b": "train", "c": "train", "d": "skipped"}, 4),
        ({"a": "skipped"}, 1),
        ({"a": "skipped", "b": "skipped", "c": "skipped", "d": "skipped"}, 4),
        ({"z": "train"}, 0),
    ],
)
def test_a_list_grows_by_what_was_labelled_and_replaces_what_was_skipped(parts, expected):
    assert list_size(["a", "b", "c", "d"], answers(**parts), batch=3) == expected


def test_an_image_without_a_patient_is_a_patient_of_its_own():
    codes = turns(["p1", None, "p2", "p1", None])
    assert codes[0] == codes[3]
    assert len(set(codes.tolist())) == 4


def brute_force(groups, asked, ranking, n):
    """Turns by the definition: the first image of a patient who was asked for least among those waiting."""
    counts, left, found = {g: list(asked).count(g) for g in groups}, list(ranking), []
    for _ in range(n):
        level = min(counts[groups[row]] for row in left)
        row = next(row for row in left if counts[groups[row]] == level)
        left.remove(row)
        counts[groups[row]] += 1
        found.append(row)
    return found


@settings(max_examples=200, deadline=None)
@given(
    groups=st.lists(st.integers(0, 4), min_size=1, max_size=14),
    asked=st.lists(st.integers(0, 6), max_size=8),
    data=st.data(),
)
def test_a_query_gives_patients_their_turns_as_the_definition_says(groups, asked, data):
    groups, m = np.array(groups), len(groups)
    order = np.array(data.draw(st.permutations(range(m))))
    n = data.draw(st.integers(1, m))
    calls = []

    def query(k):
        calls.append(k)
        return Picks(order[:k], -np.arange(k, dtype=float), {"seen": k})

    picks = query_in_turn(query, n, groups, np.array(asked, dtype=np.int64))
    assert picks.indices.tolist() == brute_force(groups, asked, order.tolist(), n)
    assert picks.scores.tolist() == [-float(np.flatnonzero(order == row)[0]) for row in picks.indices]
    assert picks.state == {"seen": calls[-1]}


@settings(max_examples=100, deadline=None)
@given(groups=st.lists(st.integers(0, 5), min_size=1, max_size=20), data=st.data())
def test_a_selection_never_takes_a_patient_twice_while_another_waits(groups, data):
    groups = np.array(groups)
    asked = np.array(data.draw(st.lists(st.integers(0, 5), max_size=10)), dtype=np.int64)
    n = data.draw(st.integers(1, len(groups)))
    chosen = select_in_turn(lambda rows, k: pd.DataFrame({"row": rows[:k]}), n, groups, asked)["row"].to_numpy()
    assert len(set(chosen.tolist())) == n
    counts, left = np.bincount(asked, minlength=6), np.bincount(groups, minlength=6)
    for patient in groups[chosen]:
        assert counts[patient] == counts[left > 0].min()
        counts[patient] += 1
        left[patient] -= 1


def test_without_turns_the_strategy_has_its_way():
    groups = np.zeros(6, np.int64)
    chosen = select_in_turn(
        lambda rows, k: pd.DataFrame({"row": rows[::-1][:k]}), 3, groups, np.array([], np.int64), one_per_patient=False
    )
    assert chosen["row"].tolist() == [5, 4, 3]
    picks = query_in_turn(
        lambda k: Picks(np.arange(k), np.zeros(k)), 3, groups, np.array([], np.int64), one_per_patient=False
    )
    assert picks.indices.tolist() == [0, 1, 2]


def test_a_ranking_that_is_too_short_is_not_guessed_from():
    assert in_turn(np.array([0, 1]), np.array([0, 0, 1]), np.array([], np.int64), 2) is None


def test_more_than_there_is_is_refused_in_one_sentence():
    with pytest.raises(InputError, match=r"5 images are asked for and 3 of the pool are waiting: lower worklist\."):
        select_in_turn(None, 5, np.arange(3), np.array([], np.int64))


# Lists are not chosen by what is measured of a whole pool at once.
@pytest.mark.parametrize("name", [name for name in METHODS if not METHODS.entry(name).facts.get("measures")])
def test_every_selection_strategy_asks_patients_in_turn(name):
    rng = np.random.default_rng(3)
    X, groups = (
        rng.normal(size=(60, 4 if METHODS.entry(name).facts.get("space") != "map" else 2)),
        np.repeat(np.arange(20), 3),
    )
    n = 60 if METHODS.entry(name).facts.get("whole_pool") else 12
    chosen = by_selection(
        METHODS.load(name), X.astype(np.float32), n, patients=groups.astype(str), groups=groups,
        asked=np.array([], np.int64), seed=1, number=0, name=name, parameters={}, one_per_patient=n < 60,
    )  # fmt: skip
    assert len(chosen) == n
    assert n == 60 or len(set(groups[chosen["row"]])) == n
    assert chosen["reason"].str.len().min() > 0


CLASSIFYING = [name for name in QUERIES if not QUERIES.entry(name).facts.get("needs")]


@pytest.mark.parametrize(
    "name", [name for name in CLASSIFYING if "classification" in QUERIES.entry(name).facts["tasks"]]
)
def test_every_query_strategy_asks_patients_in_turn(name):
    rng = np.random.default_rng(4)
    groups, asked = np.repeat(np.arange(15), 4), np.arange(5)
    inputs = QueryInputs(
        "classification", probabilities=rng.uniform(size=60), embedding=rng.normal(size=(60, 2)),
        labelled_embedding=rng.normal(size=(5, 2)), labelled_ids=np.array(list("vwxyz")),
        groups=groups.astype(str), sample_ids=np.arange(60).astype(str),
        patches=rng.uniform(size=(60, 3)), round=1,
    )  # fmt: skip
    chosen, _ = by_query(
        QUERIES.load(name), inputs, 10, groups=groups, asked=asked, seed=1, number=1, name=name,
        parameters={}, one_per_patient=True,
    )  # fmt: skip
    assert sorted(groups[chosen["row"]]) == list(range(5, 15))


def test_uncertainty_is_the_entropy_in_bits():
    p = np.array([0.0, 0.5, 1.0, 0.11])
    assert entropy(p)[:3].tolist() == [0.0, 1.0, 0.0]
    assert entropy(p)[3] == pytest.approx(0.499916, abs=1e-6)  # MacKay 2003, p. 2: H_2(0.11) = 0.5
    maps = np.zeros((2, 2, 2), np.float16)
    maps[1, 0] = 0.5
    inputs = QueryInputs("segmentation", maps=maps)
    assert uncertainty(inputs, np.array([1, 0])).tolist() == [0.5, 0.0]


def test_the_nearest_answered_image_is_named():
    rng = np.random.default_rng(0)
    pool, known = rng.normal(size=(9, 3)), rng.normal(size=(4, 3))
    inputs = QueryInputs(
        "classification",
        probabilities=np.full(9, 0.5),
        embedding=pool,
        labelled_embedding=known,
        labelled_ids=np.array(list("abcd")),
    )
    distance, nearest = nearest_known(inputs, np.array([2, 7]))
    for row, away, name in zip((2, 7), distance, nearest, strict=True):
        found = [np.sqrt(((pool[row] - one) ** 2).sum()) for one in known]
        assert away == pytest.approx(min(found))
        assert name == "abcd"[int(np.argmin(found))]


def rows(names, asked=0):
    return pd.DataFrame(
        {
            "sample_id": names, "image": [f"{name}.png" for name in names], "patient_id": [None] * len(names),
            "reason": "a, \"b\"; ü", "cluster": pd.array([pd.NA] + [1] * (len(names) - 1), dtype="Int64"),
            "distance": 0.25, "uncertainty": np.nan, "asked": asked,
        }
    )  # fmt: skip


def test_a_list_is_read_as_it_was_written(tmp_path):
    table = number_rows(rows(["007", "NA", "é b/c"]))
    write_worklist(tmp_path / "worklist.csv", table)
    found = read_worklist(tmp_path / "worklist.csv")
    assert found["sample_id"].tolist() == ["007", "NA", "é b/c"]
    assert found["rank"].tolist() == [1, 2, 3]
    assert found["cluster"].isna().tolist() == [True, False, False]
    assert found["reason"].tolist() == table["reason"].tolist()
    assert (found["label"] == "").all()


def test_open_images_stay_on_the_list_in_their_order_and_say_since_when():
    before = number_rows(pd.concat([rows(["x"], 0), rows(["a", "b", "c"], 1)]))
    once = open_rows(before, answers(a="train"), 1)
    assert once["sample_id"].tolist() == ["x", "b", "c"]
    assert [reason.startswith("open since list 1") for reason in once["reason"]] == [False, True, True]
    twice = open_rows(number_rows(once), answers(a="train", b="skipped"), 2)
    assert twice["reason"].tolist() == once["reason"].tolist()[::2], "it is said once"


def test_a_damaged_list_is_refused_with_its_name(tmp_path):
    path = tmp_path / "worklist.csv"
    for text in ("", "rank\n1\n"):
        path.write_text(text)
        with pytest.raises(InputError, match=r"worklist\.csv .*delete its folder"):
            read_worklist(path)


def test_a_table_of_all_sizes():
    """Whatever is answered, the open images and the new ones never exceed the list before by more than is due."""
    names = list("abc")
    for parts in itertools.product(("train", "skipped", None), repeat=3):
        given_ = {name: part for name, part in zip(names, parts, strict=True) if part}
        size, skipped = list_size(names, answers(**given_), 2), list(given_.values()).count("skipped")
        labelled = len(given_) - skipped
        assert size <= skipped + 2
        assert (size > skipped) == bool(labelled)
