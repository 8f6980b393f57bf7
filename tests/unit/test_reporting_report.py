"""The report of a data set as text: what it says, that it needs no other file, and that no name can break it."""

import base64
import hashlib
import json
import re
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
from made_up_study import study_summary

from coldstart.reporting import captions
from coldstart.reporting.figures import save_figure
from coldstart.reporting.paired import study
from coldstart.reporting.paired_tables import paired_table
from coldstart.reporting.plain_tables import PlainTable, to_html, write_plain_table
from coldstart.reporting.rank_figure import plot_ranks
from coldstart.reporting.report import report_of_summary
from coldstart.reporting.report_choices import SIDE, Chosen, maps, picks_of, sheets
from coldstart.reporting.report_cost import by_arm, by_rule, job_seconds
from coldstart.reporting.report_design import as_yaml, commands
from coldstart.reporting.report_page import figure, fragment, render, seconds
from coldstart.reporting.report_pairs import matrices, read_pairs
from coldstart.reporting.report_results import headline
from coldstart.reporting.tables import comparison_table

HOSTILE = "a\"><script>document.title='taken'</script>&amp;</script>ü"
VOID = {"meta", "input", "img", "br", "wbr", "col"}
SUMMARY = study_summary(("classification",), seeds=3)


class Read(HTMLParser):
    """Tags with their attributes, text per enclosing tag; checks that tags match."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.texts, self.open = [], {}, []
        self.feed(text)
        assert not self.open

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.setdefault(self.open[-1] if self.open else "", []).append(data)

    def all(self, tag):
        return [attributes for name, attributes in self.tags if name == tag]

    @property
    def data(self):
        """What the page's script is given."""
        return json.loads(next(text for text in self.texts["script"] if text.startswith('{"curves"')))


@pytest.fixture(scope="module")
def page():
    return render(report_of_summary(SUMMARY, note="Synthetic"))


@pytest.fixture(scope="module")
def found(page):
    return Read(page)


def test_the_page_is_whole_and_says_what_the_data_are(page, found):
    assert page.startswith('<!doctype html>\n<html lang="en">')
    assert "Synthetic." in found.texts["p"]
    identifiers = [attributes["id"] for _, attributes in found.tags if "id" in attributes]
    assert len(identifiers) == len(set(identifiers))
    assert {link["href"][1:] for link in found.all("a") if link["href"].startswith("#")} <= set(identifiers)
    assert len(found.all("h1")) == 1
    assert all(picture["alt"] for picture in found.all("img"))
    assert "3 seeds" in page


def test_nothing_is_loaded_and_only_the_pages_own_script_may_run(page, found):
    assert not re.findall(r"https?://(?!www\.w3\.org/2000/svg)|@import|url\(", page)
    assert [tag for tag, _ in found.tags if tag in ("link", "iframe", "object", "base")] == []
    assert all("src" not in attributes for attributes in found.all("script"))
    assert not any("style" in attributes for _, attributes in found.tags)
    (policy,) = [tag["content"] for tag in found.all("meta") if tag.get("http-equiv") == "Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; img-src data:;")
    for tag, own in (("style", found.texts["style"][0]), ("script", found.texts["script"][-1])):
        assert f"{tag}-src 'sha256-{base64.b64encode(hashlib.sha256(own.encode()).digest()).decode()}'" in policy


def test_the_same_results_give_the_same_bytes(page):
    assert render(report_of_summary(SUMMARY, note="Synthetic")) == page


def test_curves_are_the_means_of_the_summary(found):
    curve = found.data["curves"]["classification"]["subsequent"]
    arm = next(i for i, arm in enumerate(curve["arms"]) if arm["label"] == "imagenet / kmeans / margin")
    rows = SUMMARY[(SUMMARY["method"] == "kmeans") & (SUMMARY["model"] == "imagenet") & (SUMMARY["metric"] == "f1")]
    shown = curve["metrics"]["f1"]
    for point, value, runs in zip(curve["points"], shown["value"][arm], shown["n"][arm], strict=True):
        wanted = rows[(rows["query"] == ("none" if point == 20 else "margin")) & (rows["n_labelled"] == point)]["value"]
        assert (value, runs) == (pytest.approx(wanted.mean(), rel=1e-5), len(wanted))
    full = SUMMARY[SUMMARY["reference"] & (SUMMARY["metric"] == "f1")]["value"].item()
    assert curve["metrics"]["f1"]["full"] == [["full supervision (full)", pytest.approx(full, rel=1e-5)]]


def test_tables_have_the_values_of_the_comparison_tables_and_every_run_is_listed(page, found):
    table = comparison_table(SUMMARY, "classification", "initialisation", ["auprc", "f1"])
    for text in table.text[table.text != ""].ravel():
        assert text.partition(" ")[0] in page
    listed = [link["href"] for link in found.all("a") if link["href"].startswith("runs/")]
    assert sorted(listed) == sorted(run.partition("/")[2] + "/" for run in SUMMARY["run"].unique())


def effects(levels, seeds=12):
    """Summary of arms without embedding that differ by these levels, at two budgets."""
    rows = SUMMARY[(SUMMARY["method"] == "random") & (SUMMARY["metric"] == "auprc") & (SUMMARY["round"] == 0)]
    rows = rows[(rows["seed"] == 0) & (rows["budget"] < 80) & ~rows["reference"]]
    made = []
    for method, level in levels.items():
        for seed in range(seeds):
            noise = np.random.default_rng([seed, *method.encode()]).normal(0, 0.01, len(rows))
            one = rows.assign(method=method, seed=seed, value=level + noise, query="none")
            one["bootstrap"] = [(value + np.linspace(-0.01, 0.01, 30)).tolist() for value in one["value"]]
            made.append(one.assign(run=[f"study/{method}/{seed}/{budget}" for budget in one["budget"]]))
    return pd.concat(made, ignore_index=True)


def paired_csv(summary, path, metric="auprc"):
    task = "segmentation" if metric == "hd_px" else "classification"
    write_plain_table(paired_table([study(summary, task, "initialisation", metric)]), csv=path)
    return read_pairs(path)


def test_marks_are_those_of_the_paired_tests(tmp_path):
    summary = effects({"random": 0.5, "null": 0.7, "twin": 0.7, "poor": 0.3})
    pairs = paired_csv(summary, tmp_path / "p.csv")
    marked = headline(summary, "classification", "initialisation", ["auprc"], pairs)
    signs = dict(zip(marked.table.arms["label"], marked.signs[:, 0, 0], strict=True))
    assert signs == {"random": "*", "poor": "*▼", "null": "▲", "twin": "▲"}
    assert "after Holm" in marked.explained[0]
    none = headline(summary, "classification", "initialisation", ["auprc"])
    assert not none.signs.any()
    assert "several runs" in none.explained[0]


@pytest.mark.parametrize(("metric", "sign"), [("auprc", "+"), ("hd_px", "−")])
def test_rows_of_the_matrix_beat_columns(metric, sign, tmp_path):
    summary = effects({"high": 0.7, "low": 0.3})
    if metric == "hd_px":
        summary = summary.assign(metric=metric, task="segmentation")
    (matrix,) = matrices(paired_csv(summary, tmp_path / "p.csv", metric))
    labels = [arm["label"] for arm in matrix["arms"]]
    high, low = labels.index("high"), labels.index("low")
    cell, other = matrix["cells"][high][low], matrix["cells"][low][high]
    assert (cell["sign"], other["sign"]) == (sign, {"+": "−", "−": "+"}[sign])
    assert cell["text"].startswith("high – low: +0.4")
    assert other["text"].startswith("low – high: −0.4")
    assert ("better" if sign == "+" else "worse") in cell["text"]
    assert matrix["cells"][high][high] is None


def test_hostile_names_and_texts_stay_text():
    summary = SUMMARY.replace({"method": {"kmeans": HOSTILE}}).assign(dataset=HOSTILE)
    found = Read(render(report_of_summary(summary, note=HOSTILE)))
    assert len(found.all("script")) == 2
    assert HOSTILE in {box["value"] for box in found.all("input")}
    assert any(arm["method"] == HOSTILE for arm in found.data["curves"]["classification"]["initialisation"]["arms"])


def test_picks_are_told_by_place_and_reason_and_never_by_name(tmp_path):
    labelled = pd.DataFrame({"sample_id": ["c", "a", "b"], "round": [1, 0, 0], "rank": [1, 2, 1]})
    selection = pd.DataFrame({"sample_id": ["b", "a"], "reason": ["seed of cluster 4", "fill"], "cluster": [4, 4]})
    arm = Chosen("pixels", "kmeans", "margin", "pixels", picks_of(labelled, selection))
    pool = np.array(["a", "b", "c", "d"])
    found = maps(pool, {"pixels": [[0, 0], [4, 0], [0, 2], [4, 2]]}, [arm])
    assert found["planes"]["pixels"] == [0, 250, 1000, 250, 0, 750, 1000, 750]
    assert found["arms"][0]["picks"] == [
        [1, 0, "pick 1, seed of cluster 4"],
        [0, 0, "pick 2, fill, cluster 4"],
        [2, 1, "pick 3, queried in round 1"],
    ]
    images = np.zeros((4, 200, 200), np.uint8)
    ((first, *_),) = sheets([arm], images, pd.Series(range(4), index=pool))
    assert first["text"] == "pick 1, seed of cluster 4"
    assert first["address"].startswith("data:image/jpeg;base64,")
    assert len(first["address"]) < 4 * SIDE**2


def test_a_large_pool_is_thinned_and_every_pick_stays():
    n = 20_000
    labelled = pd.DataFrame({"sample_id": ["s7", "s19998"], "round": 0, "rank": [1, 2]})
    arm = Chosen("m", "k", "none", "m", picks_of(labelled, labelled.assign(reason="", cluster=-1)))
    plane = np.random.default_rng(0).normal(size=(n, 2))
    found = maps(np.array([f"s{i}" for i in range(n)]), {"m": plane}, [arm])
    assert found["pool"] == n
    assert len(found["planes"]["m"]) == 2 * found["shown"] < 6100
    assert [pick[2] for pick in found["arms"][0]["picks"]] == ["pick 1", "pick 2"]


def test_costs_are_those_of_the_jobs(tmp_path):
    times = {"select/classification/none/random/b20_s0": 3, "select/classification/none/random/b20_s1": 5, "map/x": 1}
    for name, time in times.items():
        path = tmp_path / f"{name}.tsv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"s\th:m:s\n{time}.00\t0:00:0{time}\n")
    jobs = job_seconds(tmp_path)
    assert [(row["rule"], row["jobs"], row["seconds"]) for row in by_rule(jobs)] == [("select", 2, 8), ("map", 1, 1)]
    runs = SUMMARY[SUMMARY["method"] == "random"]["run"].unique()
    found = by_arm(SUMMARY, "classification", dict.fromkeys(runs, 7.0), jobs)
    arm = next(arm for arm in found if arm["label"] == "random")
    assert {name: arm[name] for name in ("label", "least", "most", "training", "choosing")} == {
        "label": "random",
        "least": 20,
        "most": 80,
        "training": 7.0,
        "choosing": 4.0,
    }
    assert [seconds(one) for one in (None, 5, 90, 7200)] == ["–", "5.0 s", "1.5 min", "2.0 h"]


def test_any_table_of_ours_can_be_taken_in_and_figures_bring_their_captions(tmp_path):
    table = PlainTable(["Arm", "N"], [["<b>", "1"]] * 40, pd.DataFrame(), "d: a & b", "Caption.")
    found = fragment(to_html(table), "tables/x.html")
    assert (found["heading"], found["rows"], found["open"], found["path"]) == ("d: a &amp; b", 40, False, "tables/x")
    assert found["html"].startswith("<table>")
    assert "&lt;b&gt;" in found["html"]
    drawn = plot_ranks([study(SUMMARY, "classification", "initialisation", "auprc")])
    save_figure(drawn, png=tmp_path / "f.png")
    picture = figure(tmp_path / "f.png", "figures/f.png")
    assert picture["heading"] == drawn.get_label()
    assert picture["path"] == "figures/f"


def test_a_server_of_mlflow_is_a_link_and_a_store_a_command():
    store = ("See every run in MLflow", "mlflow ui --backend-store-uri sqlite:///results/mlflow.db")
    assert commands("d", "sqlite:///results/mlflow.db")[-1] == store
    assert commands("d", "https://me:secret@host/runs")[-1][1] == "https://***@host/runs"
    report = report_of_summary(SUMMARY)
    report.commands = commands("d", "https://host/runs")
    page = render(report)
    assert '<a href="https://host/runs">' in page
    assert "mlflow ui" not in page


def test_passwords_are_not_told():
    uri = "postgresql://me:secret@host/db"
    assert "secret" not in as_yaml({"tracking": {"uri": uri}}) + str(commands("d", uri))
    assert "host/db" in as_yaml({"tracking": {"uri": uri}})
    assert captions.sentence("Synthetic") == "Synthetic."
