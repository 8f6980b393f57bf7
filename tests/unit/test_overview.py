"""How far a run is: counted by hand."""

import pytest

from coldstart.overview import Overview, duration

CELL = {"task": "classification", "model": "pixels", "method": "clustering", "query": "none", "budget": "4"}
CELL |= {"seed": "1", "repeat": "0", "round": "0"}


def test_the_runs_that_were_there_before_count():
    overview = Overview("own", 10, 3, {"evaluate": 7}, start=0)
    overview.begin(1, "evaluate", 0)
    overview.end(1, 2, runs=1)
    assert overview.lines(2)[0].startswith("own: 4 of 10 runs done; about ")


def test_the_time_left_goes_by_the_rules_and_by_how_many_run_at_once():
    overview = Overview("own", 4, 0, {"train": 4, "evaluate": 4}, start=0)
    for job, rule, began, ended in [(1, "train", 0, 60), (2, "train", 0, 60), (3, "evaluate", 60, 70)]:
        overview.begin(job, rule, began)
        overview.end(job, ended)
    # Left: 2 x 60 s and 3 x 10 s of work; so far 130 s of work were done in 70 s.
    assert overview.seconds_left(70) == pytest.approx(150 / (130 / 70))


def test_what_a_running_job_has_done_is_not_to_be_done():
    overview = Overview("own", 2, 0, {"train": 2}, start=0)
    overview.begin(1, "train", 0)
    overview.end(1, 60)
    overview.begin(2, "train", 60)
    assert overview.seconds_left(80) == pytest.approx(40)
    assert overview.seconds_left(1000) == 0


def test_a_failed_job_is_not_waited_for_and_its_rule_is_no_quicker_for_it():
    overview = Overview("own", 3, 0, {"train": 3}, start=0)
    overview.begin(1, "train", 0)
    overview.end(1, 60)
    overview.begin(2, "train", 60)
    overview.fail(2)
    assert overview.seconds_left(60) == pytest.approx(60)


def test_a_failed_job_that_begins_anew_is_waited_for_again():
    overview = Overview("own", 3, 0, {"train": 3}, start=0)
    overview.begin(1, "train", 0)
    overview.end(1, 60)
    overview.begin(2, "train", 60)
    overview.fail(2)
    overview.begin(2, "train", 60)
    assert overview.seconds_left(60) == pytest.approx(120)
    overview.end(2, 120)
    assert overview.seconds_left(120) == pytest.approx(60)


def test_at_the_end_no_time_is_left_whatever_target_was_asked_for():
    overview = Overview("own", 0, 0, {"ask": 1}, start=0)
    for job, rule in [(1, "ask"), (0, "worklist")]:
        overview.begin(job, rule, 0)
        overview.end(job, 10)
    assert overview.lines(10) == []


def test_nothing_is_said_of_the_time_before_a_job_has_ended():
    overview = Overview("own", 2, 0, {"train": 2}, start=0)
    overview.begin(1, "train", 0)
    assert overview.lines(5) == ["own: 0 of 2 runs done"]


def test_the_best_arm_is_that_of_the_highest_mean_not_of_the_luckiest_run():
    overview = Overview("own", 9, 0, {}, start=0)
    for seed, value in enumerate([0.7, 0.8]):
        overview.fit({**CELL, "seed": str(seed)}, value, 4)
    for seed, value in enumerate([0.9, 0.4]):
        overview.fit({**CELL, "method": "random", "model": "none", "seed": str(seed)}, value, 4)
    assert overview.best("classification") == (
        "clustering on pixels with 4 labels, AUPRC 0.750 on validation (mean of 2 runs)"
    )
    assert overview.best("segmentation") == ""


def test_a_run_that_is_done_again_counts_once_and_a_run_without_a_value_not_at_all():
    overview = Overview("own", 9, 0, {}, start=0)
    overview.fit(CELL, None, 4)
    overview.fit(CELL, float("nan"), 4)
    assert overview.best("classification") == ""
    overview.fit(CELL, 0.2, 4)
    overview.fit({**CELL, "query": "entropy", "round": "1"}, 0.5, 6)
    overview.fit({**CELL, "query": "entropy", "round": "1"}, 0.6, 6)
    assert overview.best("classification") == (
        "clustering on pixels then entropy with 6 labels, AUPRC 0.600 on validation (one run)"
    )


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "10 s"), (14, "10 s"), (54, "50 s"), (57, "1 min"), (61, "1 min"), (600, "10 min"), (3 * 3600, "3.0 h")],
)
def test_a_time_is_as_exact_as_an_estimate(seconds, text):
    assert duration(seconds) == text
