"""The tiny chain from end to end: what it leaves, what it says, and that each run is in MLflow once."""

import json
import sqlite3

import pandas as pd
import pyarrow.parquet as pq
import pytest
from conftest import TINY, changed

pytestmark = pytest.mark.workflow

RUNS = 10  # two tasks; two arms with two budgets, and one round of one arm
# Libraries that take long to load, and the rules whose jobs may.
FIGURES = {"annotation", "compare_encoders", "contact", "curves", "map", "picks", "report"}
LARGE = {
    "torch": {"train", "train_segmentation"},
    "torchvision": set(),
    "mlflow": {"track"},
    "matplotlib": FIGURES,
    "sklearn": {"compare_encoders", "project", "select", "train"},
    "skimage": set(),
    "nibabel": set(),
}


@pytest.fixture(scope="module")
def results(finished):
    return finished.folder / "results/tiny"


def test_every_contract_file_is_there(results):
    cohort = pd.read_parquet(results / "cohort.parquet")
    assert cohort.sample_id.is_unique
    assert len(cohort) == 60
    labels_free = pd.read_parquet(results / "samples.parquet")
    assert not {"label", "mask", "segmentation", "classification"} & set(labels_free.columns)
    schema = pq.read_schema(results / "embeddings/pixels.parquet")
    assert str(schema.field("embedding").type).startswith("fixed_size_list<")
    assert schema.field("embedding").type.list_size == 256
    selection = pd.read_parquet(results / "selections/classification/pixels/clustering/b6/s1.parquet")
    assert list(selection.columns) == ["rank", "sample_id", "score", "reason", "cluster"]
    assert selection["rank"].tolist() == [1, 2, 3, 4, 5, 6]


def test_summary_has_one_row_per_run_and_metric(results):
    summary = pd.read_parquet(results / "summary.parquet")
    keys = ["task", "model", "method", "query", "budget", "seed", "repeat", "round"]
    assert len(summary[keys].drop_duplicates()) == RUNS
    assert not summary.duplicated([*keys, "metric"]).any()
    assert summary.groupby("run").ngroups == RUNS
    for run in summary.run.unique():
        assert (results.parent / run / "metrics.parquet").is_file()
    rounds = summary[summary["round"] == 1]
    assert set(rounds.n_labelled) == {6}
    assert set(rounds["query"]) == {"uncertainty"}


def test_labelled_sets_only_grow(results):
    for after in results.glob("runs/*/*/*/uncertainty/*/*/*/round1/labelled.parquet"):
        before = str(after).replace("/uncertainty/", "/none/").replace("/round1/", "/round0/")
        first, second = pd.read_parquet(before), pd.read_parquet(after)
        pd.testing.assert_frame_equal(second.iloc[: len(first)].reset_index(drop=True), first)
        assert len(second) == len(first) + 2
        assert second.sample_id.is_unique


def test_labelled_samples_are_in_the_pool(results):
    cohort = pd.read_parquet(results / "cohort.parquet").set_index("sample_id")
    for path in results.rglob("labelled.parquet"):
        labelled = pd.read_parquet(path)
        assert set(cohort.split.loc[labelled.sample_id]) == {"train"}


def test_tables_figures_and_notes(results):
    for task in TINY["tasks"]:
        for stage in ("initialisation", "subsequent"):
            for suffix in ("csv", "md", "tex", "html"):
                text = (results / f"tables/{task}_{stage}.{suffix}").read_text(encoding="utf-8")
                assert suffix == "csv" or "ynthetic" in text
            for suffix in ("png", "svg", "pdf"):
                assert (results / f"figures/curves/{task}_{stage}.{suffix}").stat().st_size > 1000
        assert (results / f"figures/map/{task}/pixels.png").is_file()
        assert (results / f"figures/picks/{task}/pixels/clustering/uncertainty.png").is_file()
        assert (results / f"figures/contact/{task}/none/random.png").is_file()
        assert (results / f"figures/encoders/{task}.png").is_file()
        encoders = pd.read_csv(results / f"tables/{task}_encoders.csv")
        measures = {"classification": {"same_label"}, "segmentation": {"mask_dice", "size_difference"}}[task]
        assert set(encoders.measure) == measures | {"silhouette", "iterations", "inertia", "work"}
        assert set(encoders[encoders.measure == "inertia"].k) == {4, 6}


def test_every_job_has_a_log_and_a_benchmark(results):
    logs = {path.relative_to(results / "logs").with_suffix("") for path in (results / "logs").rglob("*.log")}
    benchmarks = {
        path.relative_to(results / "benchmarks").with_suffix("") for path in results.rglob("benchmarks/**/*.tsv")
    }
    assert logs == benchmarks
    assert len([path for path in logs if path.parts[0] == "train"]) == RUNS


def test_no_job_has_loaded_a_large_library_that_it_does_not_need(finished):
    loaded = {}
    for path in finished.heard.iterdir():
        loaded.setdefault(path.name.partition(".")[0], set()).update(json.loads(path.read_text(encoding="utf-8")))
    assert {"select", "train", "train_segmentation", "evaluate", "query", "summary", "tables", "track"} <= set(loaded)
    found = {name: {rule for rule, names in loaded.items() if name in names} for name in LARGE}
    assert {name: rules - LARGE[name] for name, rules in found.items()} == {name: set() for name in LARGE}


def test_what_is_written_to_files_is_plain(finished, results):
    logs = [*results.rglob("*.log"), *(finished.folder / ".snakemake/log").glob("*.log")]
    texts = [finished.output, *(path.read_text(encoding="utf-8") for path in logs)]
    assert "runs done" in finished.output
    assert [text for text in texts if "\x1b" in text or "\r" in text] == []


def test_the_end_names_tables_report_and_store(finished):
    for text in ("results/tiny/tables", "results/tiny/report.html", "mlflow.db"):
        assert text in finished.output


def mlflow_runs(database):
    """Active runs of an MLflow SQLite store by their run folder."""
    query = (
        "select t.value, r.run_uuid, r.status from runs r join tags t on t.run_uuid = r.run_uuid "
        "where t.key = 'coldstart.run' and r.lifecycle_stage = 'active'"
    )
    with sqlite3.connect(database) as connection:
        return pd.DataFrame(connection.execute(query).fetchall(), columns=["run", "run_id", "status"])


def test_every_run_is_in_mlflow_once_however_often_it_is_repeated(finished, results):
    summary = pd.read_parquet(results / "summary.parquet")
    for _ in range(2):
        held = mlflow_runs(finished.folder / "results/mlflow.db")
        assert held.run.is_unique
        assert set(held.run) == set(summary.run)
        assert set(held.status) == {"FINISHED"}
        assert finished.run("--forcerun", "track", config=TINY).code == 0
    with sqlite3.connect(finished.folder / "results/mlflow.db") as connection:
        experiments = {name for (name,) in connection.execute("select name from experiments")}
    assert {"tiny/classification", "tiny/segmentation"} <= experiments


def test_snakemakes_own_report_holds_tables_and_figures_and_leaves_ours(finished):
    report, ours = finished.folder / "results/tiny/provenance.html", finished.folder / "results/tiny/report.html"
    before = ours.read_bytes()
    result = finished.run("--report", str(report), config=TINY)
    assert result.code == 0, result.text
    assert ours.read_bytes() == before
    text = report.read_text(encoding="utf-8")
    for name in ("Tables", "Learning curves", "Maps of the pool", "Contact sheets", "clustering"):
        assert name in text


def test_fit_names_its_cell_and_device(results):
    fit = json.loads(next(results.rglob("round1/fit.json")).read_text(encoding="utf-8"))
    assert fit["cell"]["round"] == "1" or fit["cell"]["round"] == 1
    assert fit["n_labelled"] == 6
    assert fit["device"] == "cpu"


def test_selections_target_trains_nothing(finished):
    jobs = finished.plan("selections", "--forceall", config=changed(TINY, dataset__name="other")).jobs()
    jobs.pop("selections", None)
    assert jobs == {"cohort": 1, "pool": 2, "images": 1, "embed": 1, "select": 8}
