"""What needs a network is done beforehand, by targets of its own."""

import pytest
import torch
import torchvision
from conftest import TINY, changed
from test_bad_input import the_sentence

pytestmark = pytest.mark.workflow


def test_nothing_is_fetched_for_images_of_ones_own(place):
    line = the_sentence(place.run("fetch_data", config=TINY), "fetch_data")
    assert "there is nothing to fetch" in line


def test_missing_annotations_name_the_target_that_brings_them(place):
    dataset = {"name": "ptx", "kind": "chestx_det", "root": "nowhere"}
    result = place.plan(config=changed(TINY, dataset=dataset))
    assert result.code != 0
    assert "snakemake fetch_data" in result.text
    assert "ChestX_Det_train.json" in result.text
    assert "Traceback" not in result.text


def test_weights_in_the_cache_are_named(place, tmp_path):
    cache = tmp_path / "torch/hub/checkpoints"
    cache.mkdir(parents=True)
    file = cache / "resnet18-f37072fd.pth"
    torch.save(torchvision.models.resnet18(weights=None).state_dict(), file)
    models = {**TINY["models"], "imagenet": {"encoder": "torchvision:resnet18"}}
    config = changed(TINY, models=models)
    result = place.run("fetch_weights", config=config, environment={"TORCH_HOME": str(tmp_path / "torch")})
    assert result.code == 0, result.text
    assert f"torchvision:resnet18: {file}" in result.text
    assert "pixels: nothing to fetch" in result.text


def test_weights_that_cannot_be_had_are_one_sentence(place, tmp_path):
    models = {**TINY["models"], "imagenet": {"encoder": "torchvision:resnet18"}}
    offline = {
        "TORCH_HOME": str(tmp_path / "torch"),
        "https_proxy": "http://127.0.0.1:9",
        "http_proxy": "http://127.0.0.1:9",
    }
    result = place.run("fetch_weights", config=changed(TINY, models=models), environment=offline)
    line = the_sentence(result, "fetch_weights")
    assert "resnet18" in line
    assert "weights" in line
