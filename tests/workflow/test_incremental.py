"""Change one thing, rerun its things: counted, after a finished run."""

import shutil

import pytest
from conftest import TINY, Workplace, changed, copy_checkout

pytestmark = pytest.mark.workflow

# The report says the configuration, and shows all of it.
FIGURES = {"summary": 1, "tables": 4, "curves": 4, "efficiency": 4, "track": 1, "report": 1}


def test_second_run_has_nothing_to_do(finished):
    assert finished.run(config=TINY).idle


def test_adding_a_budget_runs_its_arms_alone(finished):
    jobs = finished.plan(config=changed(TINY, budgets=[4, 6, 5])).jobs()
    # two tasks, two arms; the pictures show the largest budget, which stays 6
    expected = {"select": 4, "train": 2, "train_segmentation": 2, "evaluate": 4}
    # k-means of the encoders is of as many clusters as the budgets
    assert jobs == {**expected, "compare_encoders": 2, **FIGURES}


def test_removing_a_budget_recomputes_the_comparison_alone(finished):
    jobs = finished.plan(config=changed(TINY, budgets=[4])).jobs()
    # one budget alone is no curve
    assert jobs == {**FIGURES, "efficiency": 2, "map": 2, "contact": 4, "compare_encoders": 2}


def test_adding_a_seed_runs_its_arms_alone(finished):
    jobs = finished.plan(config=changed(TINY, seeds=[1, 2], methods__random__seeds=[1, 2])).jobs()
    per_task = 2 * 2 + 1  # two arms and two budgets, and one round of the arm that is queried
    expected = {"select": 8, "train": per_task, "train_segmentation": per_task, "evaluate": 2 * per_task, "query": 2}
    assert jobs == {**expected, "annotation": 2, "paired": 2, "variance": 2, **FIGURES}


def test_a_new_seed_in_front_runs_its_arms_alone(finished):
    jobs = finished.plan(config=changed(TINY, seeds=[2, 1], methods__random__seeds=[2, 1])).jobs()
    # the pictures show the first seed, and nothing is embedded anew
    assert jobs["select"] == 8
    assert jobs["train"] == jobs["train_segmentation"] == 5
    assert not {"embed", "project", "images", "cohort"} & set(jobs)


def test_adding_a_model_runs_its_arms_alone(finished):
    models = {**TINY["models"], "coarse": {"encoder": "pixels", "size": 8}}
    jobs = finished.plan(config=changed(TINY, models=models)).jobs()
    expected = {"images": 1, "embed": 1, "project": 1, "map": 2, "contact": 2, "select": 4, "compare_encoders": 2}
    assert jobs == {**expected, "train": 2, "train_segmentation": 2, "evaluate": 4, **FIGURES}


def test_changing_one_model_leaves_random_alone(finished):
    jobs = finished.plan(config=changed(TINY, models__pixels__size=8)).jobs()
    # clustering on pixels: two budgets and one round per task
    expected = {"images": 1, "embed": 1, "project": 1, "map": 2, "contact": 2, "select": 4, "query": 2, "picks": 2}
    expected |= {"compare_encoders": 2, "annotation": 2}
    assert jobs == {**expected, "train": 3, "train_segmentation": 3, "evaluate": 6, **FIGURES}


def test_adding_a_round_runs_that_round_alone(finished):
    jobs = finished.plan(config=changed(TINY, query__rounds=2)).jobs()
    assert jobs == {
        "query": 2,
        "train": 1,
        "train_segmentation": 1,
        "evaluate": 2,
        "picks": 2,
        "annotation": 2,
        **FIGURES,
    }


def test_adding_a_repeat_trains_again_on_the_same_selections(finished):
    jobs = finished.plan(config=changed(TINY, repeats=2)).jobs()
    assert jobs == {
        "train": 5,
        "train_segmentation": 5,
        "evaluate": 10,
        "query": 2,
        "annotation": 2,
        "paired": 2,
        "variance": 2,
        **FIGURES,
    }


def test_changing_one_task_leaves_the_other_alone(finished):
    jobs = finished.plan(config=changed(TINY, learning__classification__epochs=3)).jobs()
    assert jobs == {"train": 5, "evaluate": 5, "query": 1, "picks": 1, "annotation": 1, **FIGURES}


def test_changing_the_training_of_one_method_leaves_the_others_alone(finished):
    learning = {"classification": {"batch_size": 3}}
    jobs = finished.plan(config=changed(TINY, methods__random__learning=learning)).jobs()
    assert jobs == {"train": 2, "evaluate": 2, **FIGURES}


def test_changing_the_training_of_one_model_leaves_the_others_alone(finished):
    learning = {"segmentation": {"patience": 3}}
    jobs = finished.plan(config=changed(TINY, models__pixels__learning=learning)).jobs()
    # clustering on pixels: two budgets and one round
    assert jobs == {"train_segmentation": 3, "evaluate": 3, "query": 1, "picks": 1, "annotation": 1, **FIGURES}


def test_an_override_that_says_what_holds_anyway_reruns_nothing_but_the_report_of_it(finished):
    learning = {task: dict(TINY["learning"][task]) for task in TINY["tasks"]}
    assert finished.plan(config=changed(TINY, methods__random__learning=learning)).jobs() == {"report": 1}


def test_changing_how_runs_are_pooled_redraws_the_comparison_alone(finished):
    jobs = finished.plan(config=changed(TINY, evaluation__pooling="mean")).jobs()
    assert jobs == {"tables": 4, "curves": 4, "report": 1}


def test_changing_the_standard_error_retrains_nothing(finished):
    jobs = finished.plan(config=changed(TINY, evaluation__standard_error="deviation")).jobs()
    assert jobs == {"evaluate": 10, **FIGURES}


def test_changing_the_bootstrap_retrains_nothing(finished):
    jobs = finished.plan(config=changed(TINY, evaluation__bootstrap=20)).jobs()
    assert jobs == {"evaluate": 10, "compare_encoders": 2, **FIGURES}


def test_changing_the_tracking_store_reruns_the_mirror_alone(finished):
    jobs = finished.plan(config=changed(TINY, tracking__uri="sqlite:///other.db")).jobs()
    # The report says where the runs are.
    assert jobs == {"track": 1, "report": 1}


def test_the_order_of_keys_does_not_matter(finished):
    learning = {task: dict(reversed(keys.items())) for task, keys in TINY["learning"].items()}
    config = changed(TINY, learning=learning, dataset=dict(reversed(TINY["dataset"].items())))
    assert finished.plan(config=config).idle


@pytest.fixture
def fresh(finished, tmp_path):
    """Another clone of the same commit, made later, at another path, beside the finished results."""
    return Workplace(copy_checkout(tmp_path / "elsewhere" / "clone", finished.checkout), finished.folder)


def test_a_fresh_clone_beside_finished_results_reruns_nothing(fresh):
    assert fresh.plan(config=TINY).idle


def test_touched_files_rerun_nothing(fresh):
    shutil.copyfile(fresh.checkout / "config/README.md", fresh.checkout / "README.md")
    for path in fresh.checkout.rglob("*"):
        path.touch()
    for path in (fresh.folder / "results/tiny").rglob("*.parquet"):
        path.touch()
    assert fresh.plan(config=TINY).idle


@pytest.mark.parametrize(
    ("module", "expected"),
    [
        # figures of what was asked for are drawn with the panels of the curves
        ("reporting/curves.py", {"curves": 4, "annotation": 2, "report": 1}),
        ("reporting/contact_sheet.py", {"contact": 4, "report": 1}),
        ("tracking/mlflow_mirror.py", {"track": 1}),
        (
            "selection/random.py",
            {"select": 4, "train": 2, "train_segmentation": 2, "evaluate": 4, "map": 2, "contact": 2, **FIGURES},
        ),
        (
            "query/pixel_entropy.py",
            # `uncertainty` serves both tasks from one module that imports both measures
            {"query": 2, "train": 1, "train_segmentation": 1, "evaluate": 2, "picks": 2, "annotation": 2, **FIGURES},
        ),
        (
            "learning/small_unet.py",
            {"train_segmentation": 5, "evaluate": 5, "query": 1, "picks": 1, "annotation": 1, **FIGURES},
        ),
        ("evaluation/bootstrap.py", {"evaluate": 10, "annotation": 2, "compare_encoders": 2, **FIGURES}),
        ("evaluation/neighbourhood.py", {"compare_encoders": 2, "report": 1}),
    ],
)
def test_editing_a_module_reruns_what_stands_on_it(fresh, module, expected):
    path = fresh.checkout / "src/coldstart" / module
    path.write_text(path.read_text(encoding="utf-8") + "\n# edited\n", encoding="utf-8")
    assert fresh.plan(config=TINY).jobs() == expected


def test_editing_a_script_reruns_its_rule(fresh):
    path = fresh.checkout / "workflow/scripts/contact.py"
    path.write_text(path.read_text(encoding="utf-8") + "\n# edited\n", encoding="utf-8")
    assert fresh.plan(config=TINY).jobs() == {"contact": 4}


def test_a_round_that_is_added_runs_and_keeps_what_was_there(finished, tmp_path):
    """The count is not only planned: the added round runs and leaves every earlier file as it was."""
    folder = tmp_path / "work"
    shutil.copytree(finished.folder, folder)
    place = Workplace(finished.checkout, folder)
    runs = sorted((folder / "results/tiny/runs").rglob("*.parquet"))
    before = {path: path.read_bytes() for path in runs}
    result = place.run(config=changed(TINY, query__rounds=2))
    assert result.code == 0, result.text
    assert {path: path.read_bytes() for path in runs} == before
    added = set((folder / "results/tiny/runs").rglob("metrics.parquet")) - set(runs)
    assert {path.parent.name for path in added} == {"round2"}
    assert place.run(config=changed(TINY, query__rounds=2)).idle
