"""The loop of a user's own pool: a list, the annotators' answers, the next list, three times over."""

import json
from hashlib import sha256

import mlflow
import pandas as pd
import pytest
from PIL import Image
from standins.pool import annotate, answer, write_pool

from coldstart.labelling.hand_out import stems
from coldstart.labelling.worklist import read_worklist

pytestmark = pytest.mark.workflow

HANDED_OUT = {
    "worklist.csv",
    "label_studio.json",
    "label_studio.xml",
    "datalist.json",
    "coco.json",
    "contact.html",
    "contact.png",
    "map.png",
    "images",
    "advice.md",
    "advice.json",
    "curve.png",
    "groups.csv",
}


CLASSES = ["absent", "present"]
# One that reads the predictions, and one that asks the network itself and looks at the images.
QUERIES = {
    "classification": {"unsure": {"strategy": "entropy"}},
    "segmentation": {"mixed": {"strategy": "hybrid", "source": "views"}},
}


def configuration(task):
    return {
        "dataset": {"name": "mine", "kind": "pool", "root": "own images", "size": 32},
        "tasks": [task],
        "models": {"pixels": {"encoder": "pixels", "size": 16}},
        "learning": {
            "classification": {"network": "small_cnn", "optimiser": "adam", "learning_rate": 0.001, "epochs": 2},
            "segmentation": {"network": "small_unet", "optimiser": "adam", "learning_rate": 0.005, "epochs": 2},
        },
        "query": {"strategies": QUERIES[task]},
        "worklist": {"budget": 10, "batch": 6, "classes": CLASSES},
    }


class Loop:
    """A pool with its annotator, who works in Label Studio where there is one, and else writes what it exports."""

    def __init__(self, place, task, server):
        self.place, self.task, self.server = place, task, server
        self.config = configuration(task)
        self.labels = place.folder / "labels"
        self.labels.mkdir(parents=True)
        self.truth = write_pool(place.folder / "own images", 60, per_patient=1)

    def folder(self, number):
        return self.place.folder / f"results/mine/worklist/{self.task}/list{number}"

    def next(self, number):
        """Run the one command, and read the list that it is expected to write."""
        result = self.place.run("worklist", config=self.config)
        assert result.code == 0, result.text
        assert {path.name for path in self.folder(number).iterdir()} >= HANDED_OUT, result.text
        self.said = result.text
        return read_worklist(self.folder(number) / "worklist.csv")

    def answer(self, number, name, skip=()):
        """Answer a list in Label Studio."""
        tasks, draw, classes = self.folder(number) / "label_studio.json", self.task == "segmentation", CLASSES
        if self.server is None:
            (self.labels / name).write_text(annotate(tasks, self.truth, classes, draw=draw, skip=skip))
            return
        interface = (self.folder(number) / "label_studio.xml").read_text()
        project = self.server.new_project(f"{self.task} {number}", interface)
        for task in self.server.upload(project, tasks):
            image = task["data"]["sample_id"]
            results = [] if image in skip else [answer(self.truth[image], classes, draw)]
            self.server.annotate(task, *results, skipped=image in skip)
        self.server.export(project, "JSON", self.labels / name)

    def digests(self, number):
        """What a list is, byte for byte."""
        files = [path for path in sorted(self.folder(number).rglob("*")) if path.is_file()]
        return {path.name: sha256(path.read_bytes()).hexdigest() for path in files}


def test_three_lists_of_a_classification(place, annotator_server):
    loop = Loop(place, "classification", annotator_server)
    first = loop.next(0)
    assert len(first) == 10
    assert set(first.sample_id) <= set(loop.truth)
    for stem in stems(first):
        assert Image.open(loop.folder(0) / f"images/{stem}.png").size == (48, 48)
    (loop.labels / "strange.csv").write_text("sample_id,label\nnobody,1\n")
    again = place.run("worklist", config=loop.config)
    assert again.idle
    assert "classification: list 0 is there and waits for answers" in again.text
    assert "1 answers belong to no image of the pool and are not used: nobody in labels/strange.csv" in again.text
    lists = {0: loop.digests(0)}

    skipped = first.sample_id[3]
    loop.answer(0, "first.json", skip={skipped})
    second = loop.next(1)
    assert len(second) == 7, "a batch, and one for the image that was skipped"
    assert not set(second.sample_id) & set(first.sample_id)
    assert (second.asked == 1).all()
    assert second.uncertainty.between(0, 1).all()
    answers = pd.read_parquet(loop.folder(1) / "answers.parquet").set_index("sample_id")
    assert set(answers.index) == set(first.sample_id)
    assert answers.part[skipped] == "skipped"
    labelled = answers[answers.part.isin(["train", "holdout"])]
    assert labelled.label.to_dict() == {name: loop.truth[name][0] for name in labelled.index}
    assert 2 <= (labelled.part == "holdout").sum() <= 3
    assert labelled.label[labelled.part == "holdout"].nunique() == 2
    guessed = json.loads((loop.folder(1) / "label_studio.json").read_text())
    assert all(len(task["predictions"]) == 1 for task in guessed)
    assert place.run("worklist", config=loop.config).idle
    lists[1] = loop.digests(1)

    # Some of the list by CSV, an image that nobody asked for, and one more opinion about an image of the first list.
    other = sorted(set(loop.truth) - set(first.sample_id) - set(second.sample_id))[0]
    disputed = first.sample_id[0]
    rows = [(name, loop.truth[name][0]) for name in [*second.sample_id[:3], other]]
    rows.append((disputed, 1 - loop.truth[disputed][0]))
    pd.DataFrame(rows, columns=["sample_id", "label"]).to_csv(loop.labels / "second.csv", index=False)
    third = loop.next(2)
    assert third.sample_id[:4].tolist() == second.sample_id[3:].tolist(), "what is open stays, in its order"
    assert third.asked.tolist() == [1] * 4 + [2] * 3
    answers = pd.read_parquet(loop.folder(2) / "answers.parquet").set_index("sample_id")
    assert answers.label[other] == loop.truth[other][0]
    assert answers.part[disputed] == "contradicting"
    assert disputed in (loop.folder(2) / "contradictions.csv").read_text()
    held = [pd.read_parquet(loop.folder(n) / "holdout.parquet").sample_id for n in (1, 2)]
    assert set(held[1]) <= set(held[0])
    asked = {*first.sample_id, *second.sample_id, other}
    assert not set(third.sample_id[4:]) & asked
    assert place.run("worklist", config=loop.config).idle
    assert {number: loop.digests(number) for number in (0, 1)} == lists, "a list that is written stays as it is"

    client = mlflow.MlflowClient(f"sqlite:///{place.folder / 'results/mlflow.db'}")
    experiment = client.get_experiment_by_name("mine/classification")
    runs = client.search_runs([experiment.experiment_id])
    assert sorted(run.info.run_name for run in runs) == ["list1", "list2"]


def test_three_lists_of_a_segmentation(place, annotator_server):
    loop = Loop(place, "segmentation", annotator_server)
    first = loop.next(0)
    loop.answer(0, "first.json")
    second = loop.next(1)
    assert len(second) == 6
    answers = pd.read_parquet(loop.folder(1) / "answers.parquet")
    assert set(answers.sample_id) == set(first.sample_id)
    (guess,) = json.loads((loop.folder(1) / "label_studio.json").read_text())[0]["predictions"]
    assert guess["model_version"]
    # The second time as a folder of masks.
    for name in second.sample_id:
        path = loop.labels / "masks" / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(loop.truth[name][1] * 255).save(path)
    third = loop.next(2)
    answers = pd.read_parquet(loop.folder(2) / "answers.parquet")
    assert set(answers.sample_id) == {*first.sample_id, *second.sample_id}
    assert not set(third.sample_id) & set(answers.sample_id)
    curve = pd.read_csv(loop.folder(2) / "curve.csv")
    assert len(curve) >= 2
    assert place.run("worklist", config=loop.config).idle


def test_without_its_section_the_target_says_what_is_missing(place):
    from conftest import TINY

    result = place.run("worklist", "--dry-run", config=TINY)
    assert result.code != 0
    assert "has no section `worklist`: snakemake worklist --configfile config/my_pool.yaml" in result.text
