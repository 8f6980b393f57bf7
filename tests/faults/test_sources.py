"""What lies outside the results fails for a while: source images, weights, a tracking server. Then it is put right."""

import time
from collections import Counter

import pytest
import torch
import torchvision
from injection import RESULTS, SMALL, TARGETS, differing, left_over
from mlflow import MlflowClient
from mlflow_server import Server
from table_data import table_config, write_table_data
from workplace import ROOT, Workplace, changed

pytestmark = pytest.mark.workflow

SHORT = {
    "dataset__name": "tiny",
    "tasks": ["classification"],
    "models": {},
    "methods": {"random": {"strategy": "random", "seeds": [1]}},
    "budgets": [4],
    "query__rounds": 0,
    "query__models": None,
}


def cut(content):
    return content[: len(content) // 2]


def flipped(content):
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 64]) + content[middle + 1 :]


def made_right(tmp_path, config, file, damage, rule):
    """Run with a damaged file, put it right, run again; then hold the end against a run that never saw the damage."""
    whole = file.read_bytes()
    file.write_bytes(damage(whole))
    place = Workplace(ROOT, tmp_path / "disturbed/work")
    failed = place.run(*TARGETS, config=config)
    assert failed.code != 0, failed.text
    (line,) = {line for line in failed.text.splitlines() if line.startswith(f"Error in {rule} (")}
    assert file.name in line
    assert "Traceback" not in failed.text
    file.write_bytes(whole)
    again = place.run(*TARGETS, config=config)
    assert again.code == 0, again.text
    undisturbed = Workplace(ROOT, tmp_path / "undisturbed/work")
    assert undisturbed.run(*TARGETS, config=config).code == 0
    assert not differing(place.folder, undisturbed.folder)
    assert not left_over(place.folder)


@pytest.mark.parametrize("damage", [cut, pytest.param(flipped, marks=pytest.mark.faults)])
def test_a_damaged_source_image_that_is_put_right(tmp_path, damage):
    root = tmp_path / "data"
    write_table_data(root)
    made_right(tmp_path, table_config(root, **SHORT), root / "images/i04.png", damage, "images")


@pytest.mark.faults
@pytest.mark.parametrize("damage", [cut, flipped])
def test_damaged_weights_of_an_encoder_that_are_put_right(tmp_path, damage):
    root, weights = tmp_path / "data", tmp_path / "weights/squeezenet.pth"
    write_table_data(root)
    weights.parent.mkdir()
    torch.manual_seed(1)
    torch.save(torchvision.models.squeezenet1_1(weights=None).state_dict(), weights)
    model = {"encoder": "torchvision:squeezenet1_1", "weights": str(weights), "size": 32}
    methods = {"coreset": {"strategy": "kcenter_greedy"}}
    config = table_config(root, **{**SHORT, "models": {"imagenet": model}, "methods": methods})
    made_right(tmp_path, config, weights, damage, "embed")


def times_tracked(uri):
    """How often each run stands in a tracking server, by its name in the results; all must have ended well."""
    client = MlflowClient(uri)
    places = [experiment.experiment_id for experiment in client.search_experiments()]
    runs = client.search_runs(places, max_results=1000)
    assert {run.info.status for run in runs} <= {"FINISHED"}
    return Counter(run.data.tags["coldstart.run"] for run in runs)


def test_a_tracking_server_that_dies_and_comes_back(undisturbed, tmp_path):
    """It is killed while trainings run, is away at the end, and is delivered what waited."""
    place, server = Workplace(ROOT, tmp_path / "work"), Server(tmp_path)
    config = changed(SMALL, tracking__uri=server.uri)
    with server:
        # So that it holds some runs when it dies, and knows nothing of the others.
        one = changed(config, tasks=["classification"])
        assert place.run(*TARGETS, config=one).code == 0
        before = times_tracked(server.uri)
        run = place.start(*TARGETS, config=config, output=(tmp_path / "said.txt").open("w"))
        runs = place.folder / RESULTS / "runs/segmentation"
        while run.poll() is None and not list(runs.rglob("metrics.parquet")):
            time.sleep(0.05)
        server.kill()
        assert run.poll() is None, "the run ended before the server died"
        assert run.wait() == 0
    said = (tmp_path / "said.txt").read_text()
    assert f"MLflow: {server.uri} did not answer" in said
    assert "Traceback" not in said
    assert not differing(place.folder, undisturbed.folder)
    # Away from the beginning to the end: nothing is trained again, and the runs go on waiting.
    away = place.run(*TARGETS, config=config)
    assert away.code == 0
    assert set(away.jobs()) == {"track"}
    with server:
        delivered = place.run(*TARGETS, config=config)
        assert delivered.code == 0
        assert set(delivered.jobs()) == {"track"}
        after = times_tracked(server.uri)
        assert place.run(*TARGETS, config=config).idle
    assert set(before) < set(after)
    assert set(after.values()) == {1}
    assert len(after) == len(list((place.folder / RESULTS).glob("runs/**/metrics.parquet")))
    assert not left_over(place.folder)
