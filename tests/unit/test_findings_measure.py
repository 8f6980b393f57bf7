"""The findings of made-up studies: what was planted comes out, and a missing result is said in one sentence."""

import shutil

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from coldstart.errors import InputError
from coldstart.findings.differences import AREA
from coldstart.findings.measure import MAIN, MRI, NETWORK, XRAY, Study, carried_over, encoders, measure, turned
from coldstart.findings.reliability import seeds_needed
from coldstart.findings.tables import (
    BLANK,
    Numbers,
    arms_table,
    carried_table,
    data_table,
    encoder_pairs_table,
    encoder_table,
    encoders_of,
    interval,
    markdown,
    named,
    number,
    query_table,
    random_table,
    summary_of_arms,
)
from coldstart.reporting.summary import COLUMNS
from coldstart.storage import write_table

RESAMPLES = 30
# Gain of every arm over random.
GAINS = {("pca", "kmeans"): 0.05, ("pca", "typiclust"): 0.02, ("hog", "kmeans"): -0.05, ("hog", "typiclust"): -0.02}
# In the last pool the order is reversed.
REVERSED = "findings_xray_pool_2"
PATIENTS = 12


def rows_of(study, rng):
    """Rows of the summary of a study."""
    xray = study not in MRI
    task, metric = ("classification", "auroc") if xray else ("segmentation", "dice_volume")
    budgets, repeats = ((40,), 2) if study == NETWORK else ((10, 20), 1)
    sign = -1 if study == REVERSED else 1
    # One test patient cannot be resampled.
    patients = rng.normal(0, 0.01, RESAMPLES) if xray else np.full(RESAMPLES, np.nan)
    cells = [
        ("none" if arm is None else arm[0], "random" if arm is None else arm[1], "none", budget, 0, seed, repeat, gain)
        for arm, gain in {None: 0.0, **GAINS}.items()
        for budget in budgets
        for seed in range(8)
        for repeat in range(repeats)
    ]
    if study == MAIN:
        cells += [
            ("none", "random", query, 20, round_, seed, 0, gain)
            for query, gain in (("random", 0.1), ("entropy", 0.2))
            for round_ in (1, 2)
            for seed in range(8)
        ]
    rows = []
    for model, method, query, budget, round_, seed, repeat, gain in cells:
        value = 0.6 + 0.001 * budget + sign * gain + rng.normal(0, 0.005)
        rows.append([model, method, query, budget, seed, repeat, round_, budget + 20 * round_, False, value])
    rows.append(["none", "everything", "none", 0, 0, 0, 0, 100, True, 0.9])
    names = ["model", "method", "query", "budget", "seed", "repeat", "round", "n_labelled", "reference", "value"]
    frame = pd.DataFrame(rows, columns=names)
    bootstrap = [(value + patients + rng.normal(0, 0.001, RESAMPLES)).tolist() for value in frame["value"]]
    frame = frame.assign(dataset=study, task=task, metric=metric, validation=0.5, se=0.01, run="r", bootstrap=bootstrap)
    return frame[COLUMNS]


def encoder_rows():
    """What the encoders see, in a table like that of the workflow."""
    rows = []
    for model, dimension, near in (("pca", 16, 0.7), ("hog", 81, 0.6)):
        rows += [[model, dimension, "same_label", k, near + k / 100, near, near + 0.2, None, 0.5] for k in (1, 10)]
        rows.append([model, dimension, "silhouette", 0, near / 10, 0.0, 0.1, None, None])
        for k in (10, 20):
            rows += [[model, dimension, name, k, k / 2, None, None, 1.0, None] for name in ("iterations", "inertia")]
            rows.append([model, dimension, "work", k, 1.0, None, None, 0.1, None])
    return pd.DataFrame(rows, columns=["model", "dimension", "measure", "k", "value", "low", "high", "sd", "chance"])


def cohort(task, test_patients):
    """Twenty samples for training and two of every test patient; one that takes no part."""
    rows = [["train", f"t{i // 2}", True] for i in range(20)] + [["val", "v", True]] * 3
    rows += [["test", f"p{i // 2}", True] for i in range(2 * test_patients)] + [["test", "q", False]]
    return pd.DataFrame(rows, columns=["split", "patient_id", task])


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    folder = tmp_path_factory.mktemp("findings")
    rng = np.random.default_rng(11)
    for study in (*XRAY, NETWORK, *MRI):
        task, patients = ("segmentation", 1) if study in MRI else ("classification", PATIENTS)
        write_table(folder / study / "summary.parquet", rows_of(study, rng))
        write_table(folder / study / "cohort.parquet", cohort(task, patients))
    (folder / MAIN / "tables").mkdir()
    encoder_rows().to_csv(folder / MAIN / "tables/classification_encoders.csv", index=False)
    return folder


@pytest.fixture(scope="module")
def tables(results):
    return measure(results)


def fact(tables, study, name):
    found = tables["facts"].query("study == @study and fact == @name")["value"]
    assert len(found) == 1
    return found.iloc[0]


def test_planted_gains_are_found_in_every_study(tables):
    found = tables["differences"].query("kind == 'arm'").dropna(subset="difference")
    for study in (*XRAY, *MRI):
        own = found[(found["study"] == study) & (found["point"] == AREA)].set_index("arm")
        sign = -1 if study == REVERSED else 1
        for (model, method), gain in GAINS.items():
            assert own.loc[f"{model} {method}", "difference"] == pytest.approx(sign * gain, abs=0.01)
            assert own.loc[f"{model} {method}", "p_holm"] < 0.05
    assert set(found.loc[found["study"] == NETWORK, "point"]) == {40}


def test_mean_arms_and_queries_have_their_planted_gains(tables):
    found = tables["differences"].query("study == @MAIN and point == @AREA").dropna(subset="difference")
    means = found[found["kind"] != "arm"].set_index(["kind", "arm"])["difference"]
    assert means["encoder", "mean of pca"] == pytest.approx(0.035, abs=0.01)
    assert means["encoder", "mean of hog"] == pytest.approx(-0.035, abs=0.01)
    assert means["method", "mean of kmeans"] == pytest.approx(0, abs=0.01)
    # From 20 labels, where all are the same, over 40 to 60: (0 / 2 + 0.1 + 0.1 / 2) / 2.
    assert means["query", "none random entropy"] == pytest.approx(0.075, abs=0.01)
    kinds = tables["differences"].groupby("study")["kind"].agg(set)
    assert kinds[NETWORK] == {"arm"}
    assert kinds["findings_mri_1"] == {"arm", "encoder", "method"}


def test_a_query_does_not_differ_from_the_random_one_before_it_began(tables):
    start = tables["differences"].query("kind == 'query' and arm == 'none random entropy' and point == 20")
    assert start["design"].tolist() == ["identical"]
    assert start["p_holm"].isna().all()


def test_facts_of_the_data(tables):
    for study, patients in ((MAIN, PATIENTS), ("findings_mri_2", 1)):
        assert fact(tables, study, "images train") == 20
        assert fact(tables, study, "images val") == 3
        assert fact(tables, study, "images test") == 2 * patients
        assert fact(tables, study, "patients") == 10 + 1 + patients
        assert fact(tables, study, "test patients") == patients
        assert fact(tables, study, "full") == 0.9


def test_facts_of_seeds(tables, results):
    study = Study(results / MAIN, MAIN)
    rival = study.initial["none", "random"][10].values
    gaps = [study.initial[arm][10].values - rival for arm in GAINS]
    sd = np.median([gap.std(ddof=1) for gap in gaps])
    assert fact(tables, MAIN, "sd of differences 10") == pytest.approx(sd)
    assert fact(tables, MAIN, "seeds needed 10") == seeds_needed(sd)
    z = stats.norm.ppf(0.975) + stats.norm.ppf(0.8)
    se = tables["differences"].query("study == @MAIN and kind == 'arm' and point == 10")["se_patients"].median()
    assert fact(tables, MAIN, "smallest found 10") == pytest.approx(z * se)
    assert fact(tables, MAIN, "ranks without_one") == pytest.approx(1)
    assert fact(tables, MAIN, "ranks best_by_one") == 1


def test_one_test_patient_tells_nothing_of_patients(tables):
    names = set(tables["facts"].query("study == 'findings_mri_1'")["fact"])
    assert not [name for name in names if name.startswith("false alarms")]
    assert np.isnan(fact(tables, "findings_mri_1", "smallest found 10"))
    assert tables["spreads"].query("study == 'findings_mri_1'")["patients"].isna().all()
    assert 0 <= fact(tables, MAIN, "false alarms 10") <= 1


def test_spreads_are_split_where_there_are_repeats(tables):
    split = tables["spreads"].dropna(subset="repeats")
    assert set(split["study"]) == {NETWORK}
    assert split["repeats"].mean() == pytest.approx(0.005, rel=0.5)


def test_gains_that_carry_over_are_told_from_those_that_do_not(tables):
    assert fact(tables, MAIN, "carried over to findings_xray_hog") == pytest.approx(1)
    assert fact(tables, MAIN, f"carried over to {REVERSED}") == pytest.approx(-1)
    assert fact(tables, "findings_mri_2", "carried over to findings_mri_3") == pytest.approx(1)


def test_carried_over_is_spearmans_correlation_of_the_arms_that_both_have():
    first, second = "findings_mri_1", "findings_mri_2"
    values = {first: [0.1, 0.3, 0.2, 0.5, 9.0], second: [1.0, 0.0, 4.0, 5.0]}
    rows = [
        {"study": study, "kind": "arm", "arm": f"a{i}", "point": AREA, "difference": value}
        for study, own in values.items()
        for i, value in enumerate(own)
    ]
    rows.append({"study": first, "kind": "arm", "arm": "a0", "point": 10, "difference": 7.0})
    (found,) = carried_over(pd.DataFrame(rows))
    # Ranks 1 3 2 4 and 2 1 3 4: 1 - 6 · (1 + 4 + 1) / (4 · 15)
    assert found == {"study": first, "fact": f"carried over to {second}", "value": pytest.approx(0.4)}


def test_encoders_are_compared_by_pairs(tables):
    assert fact(tables, MAIN, "hog - pca: difference") == pytest.approx(-0.07, abs=0.01)
    assert fact(tables, MAIN, "hog - pca: low") < -0.07 < fact(tables, MAIN, "hog - pca: high")
    assert fact(tables, MAIN, "hog - pca: p") < 0.001


def test_orders_turned_over_are_sorted_by_the_size_of_the_difference(results):
    found = turned(Study(results / MAIN, MAIN)).set_index(["point", "least"])
    assert set(found.index.get_level_values("point")) == {AREA, 10, 20}
    # Of 10 pairs of five arms 0.02 to 0.1 apart, none is nearer than 0.01 but by chance.
    at = found.loc[10]
    assert at["pairs"].sum() == 10
    assert at.loc[0.04, "pairs"] >= 5
    assert at.loc[0.04, "share"] == 0


def test_encoders_have_ten_neighbours_and_no_work(results, tables):
    found = tables["encoders"]
    assert set(found["measure"]) == {"same_label", "silhouette", "iterations", "inertia"}
    assert found.query("measure == 'same_label'")["k"].tolist() == [10, 10]
    assert found.query("model == 'pca' and measure == 'same_label'")["value"].tolist() == pytest.approx([0.8])
    pd.testing.assert_frame_equal(found, encoders(Study(results / MAIN, MAIN)))


def test_missing_results_are_said_in_one_sentence(results, tmp_path):
    shutil.copytree(results, tmp_path / "some")
    (tmp_path / "some" / MAIN / "tables/classification_encoders.csv").unlink()
    with pytest.raises(InputError, match=f"the study '{MAIN}' has no classification_encoders.csv"):
        measure(tmp_path / "some")
    (tmp_path / "some/findings_mri_3/summary.parquet").unlink()
    with pytest.raises(InputError, match=r"the study 'findings_mri_3' has no results .* `make findings`"):
        measure(tmp_path / "some")


def test_numbers_in_print():
    assert (number(0.1236), number(-0.5, 1), number(0.5, 2, sign=True)) == ("0.124", "−0.5", "+0.50")
    assert (number(None), number(np.nan)) == (BLANK, BLANK)
    assert interval({"difference": 0.01, "low": -0.02, "high": 0.04}) == "+0.010 (−0.020 to +0.040)"
    assert interval({"difference": np.nan, "low": 0, "high": 0}) == BLANK
    assert markdown(["a", "b"], [["1", "2"]]) == "| a | b |\n| --- | --: |\n| 1 | 2 |"
    assert (named("none random"), named("pca kmeans")) == ("`random`", "`kmeans`, pca")


def cells(text):
    """Cells of a Markdown table, row by row."""
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines()]


def test_tables_show_the_numbers(tables):
    numbers = Numbers(tables)
    assert encoders_of(numbers) == ["hog", "pca"]
    data = cells(data_table(numbers))
    assert len(data) == 2 + len((*XRAY, NETWORK, *MRI))
    assert data[2] == ["pool 1, probe on pixels", "20", "3", "24", "12", "0.900"]
    of_random = cells(random_table(numbers))
    assert [row[0] for row in of_random[2:]][-2:] == ["pca, all methods", "hog, all methods"]
    own = tables["differences"].query("study == @MAIN and kind == 'arm'").set_index(["arm", "point"])
    assert of_random[2][1:4] == [number(own.loc[("none random", point), "value"]) for point in (10, 20, AREA)]
    arms = cells(arms_table(numbers))
    assert [row[1] for row in arms[2:]] == ["`kmeans`, pca", "`typiclust`, pca", "`typiclust`, hog", "`kmeans`, hog"]
    assert arms[2][2] == interval(own.loc[("pca kmeans", AREA)])
    assert arms[2][-1].startswith("−0.0")
    carried = cells(carried_table(numbers))
    assert ["pool 1, probe on pixels", "pool 2, probe on pixels", "−1.00"] in carried
    assert len(carried) == 2 + 3 + 3


def test_arms_are_counted(tables):
    lines = summary_of_arms(Numbers(tables)).splitlines()
    assert len(lines) == len(XRAY) + len(MRI)
    assert lines[0].startswith(
        "- pool 1, probe on pixels: 2 of 4 arms lie above random; after Holm 2 are better and 2 worse"
    )


def test_tables_of_encoders_and_of_queries(tables):
    numbers = Numbers(tables)
    found = cells(encoder_table(numbers))
    assert found[2][:6] == [
        "`pca`",
        "16",
        "0.800 (0.700 to 0.900)",
        "0.070 (0.000 to 0.100)",
        "10.0 ± 1.0",
        "10.000 ± 1.000",
    ]
    assert found[-1][:3] == ["chance", "", "0.500"]
    (pair,) = cells(encoder_pairs_table(numbers))[2:]
    assert pair[0] == "hog – pca"
    assert pair[1].startswith("−0.0")
    queries = cells(query_table(numbers))
    assert queries[0] == ["start, query", "40 labels", "60 labels", "all rounds", "p, Holm"]
    assert [row[0] for row in queries[2:]] == ["`random`: `random`", "`random`: `entropy`"]
    assert queries[3][1].startswith("+0.")
