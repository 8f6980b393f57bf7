"""From the files of one round to what a query strategy is given: every row under its own sample, and no label."""

import numpy as np
import pandas as pd
import pytest

from coldstart.embedding.base import Embedding
from coldstart.embedding.store import write_embedding
from coldstart.errors import InputError
from coldstart.learning.prediction import predict
from coldstart.learning.settings import Settings
from coldstart.learning.weights_file import save_weights
from coldstart.probability_maps import write_maps
from coldstart.query.base import QueryInputs
from coldstart.query.reading import Rows, read_inputs
from coldstart.storage import write_json, write_table

IDS = [f"s{i}" for i in range(12)]
# Samples 0 to 2 are of the validation and test splits: rows of the pool are not those of the cohort.
POOL, LABELLED = IDS[3:], [IDS[7], IDS[4]]
WAITING = [name for name in POOL if name not in LABELLED]
NETWORKS = {
    "classification": {"network": "small_cnn", "weights": "imagenet", "network_parameters": {"width": 8}},
    "segmentation": {"network": "small_unet"},
}


@pytest.fixture
def files(tmp_path):
    """Files of a finished round; predictions come in an order of their own, and images are numbered by their row."""
    rng = np.random.default_rng(0)
    paths = {name: tmp_path / f"{name}.parquet" for name in ("pool", "labelled", "predictions", "samples", "previous")}
    write_table(paths["pool"], pd.DataFrame({"sample_id": POOL, "patient_id": [f"p{name}" for name in POOL]}))
    write_table(paths["labelled"], pd.DataFrame({"sample_id": LABELLED, "round": 0}))
    write_table(paths["samples"], pd.DataFrame({"sample_id": IDS}))
    write_table(paths["previous"], pd.DataFrame({"sample_id": LABELLED}), {"state": {"clusters": [1, 2]}, "round": 1})
    shown = [*IDS[:3], *rng.permutation(WAITING)]
    numbers = np.array([int(name[1:]) for name in shown])
    predictions = pd.DataFrame({"sample_id": shown, "split": "train", "probability": numbers / 100})
    write_table(paths["predictions"], predictions)
    paths["maps"] = tmp_path / "maps.npz"
    write_maps(paths["maps"], np.broadcast_to(numbers[:, None, None] / 128, (len(shown), 32, 32)).astype(np.float16))
    paths["vectors"] = tmp_path / "embedding.parquet"
    order = rng.permutation(IDS)
    vectors = np.array([[int(name[1:]), 1] for name in order], dtype=np.float32)
    write_embedding(paths["vectors"], order, Embedding(vectors, {}))
    paths["images"] = tmp_path / "32.npy"
    images = rng.integers(0, 256, (12, 32, 32), dtype=np.uint8)
    images[:, 0, 0] = np.arange(12)
    np.save(paths["images"], images)
    return paths


def read(files, task="classification", **given):
    settings = NETWORKS[task]
    files["fit"] = files["pool"].with_name("fit.json")
    write_json(files["fit"], {"threshold": 0.3, "settings": settings})
    wanted = {"pool", "labelled", "fit", "predictions", *(["maps"] if task == "segmentation" else []), *given}
    chosen = {name: str(given.get(name) or path) for name, path in files.items() if name in wanted}
    return read_inputs(chosen, task=task, round_=2, space="embedding")


def numbers(names):
    return [int(name[1:]) for name in names]


def test_predictions_and_identifiers_stand_in_the_order_of_the_pool(files):
    inputs, waiting = read(files)
    assert waiting.sample_id.tolist() == inputs.sample_ids.tolist() == WAITING
    assert inputs.labelled_ids.tolist() == LABELLED
    np.testing.assert_allclose(inputs.probabilities[:, 1], np.array(numbers(WAITING)) / 100)
    np.testing.assert_allclose(inputs.probabilities.sum(axis=1), 1)
    assert inputs.groups.tolist() == [f"p{name}" for name in WAITING]
    assert (inputs.task, inputs.threshold, inputs.round, inputs.state) == ("classification", 0.3, 2, None)
    given = (inputs.maps, inputs.patches, inputs.embedding, inputs.images, inputs.labelled_images, inputs.network)
    assert given == (None,) * 6


def test_maps_of_a_segmenter(files):
    inputs, _ = read(files, "segmentation")
    assert inputs.maps.dtype == np.float16
    np.testing.assert_array_equal(inputs.maps[:, 5, 5] * 128, numbers(WAITING))
    assert inputs.probabilities is None


def test_predictions_of_patches(files):
    table = pd.read_parquet(files["predictions"])
    table["patches"] = [[p, p + 0.5] for p in table.probability]
    write_table(files["predictions"], table)
    inputs, _ = read(files)
    p = np.array(numbers(WAITING)) / 100
    np.testing.assert_allclose(inputs.patches, np.stack([p, p + 0.5], axis=1))


def test_vectors_and_the_state_of_the_round_before(files):
    inputs, _ = read(files, vectors=None, previous=None)
    assert inputs.embedding[:, 0].tolist() == numbers(WAITING)
    assert inputs.labelled_embedding[:, 0].tolist() == numbers(LABELLED)
    assert inputs.state == {"clusters": [1, 2]}
    write_table(files["previous"], pd.DataFrame({"sample_id": LABELLED}), {"round": 1})
    assert read(files, previous=None)[0].state is None


def test_images_stay_in_their_file_until_they_are_asked_for(files):
    inputs, _ = read(files, images=None, samples=None)
    assert inputs.images.shape == (len(WAITING), 32, 32)
    assert inputs.images.dtype == np.uint8
    assert isinstance(inputs.images.array, np.memmap)
    assert np.asarray(inputs.images[:])[:, 0, 0].tolist() == numbers(WAITING)
    assert inputs.labelled_images[[1, 0]][:, 0, 0].tolist() == numbers(LABELLED)[::-1]
    assert inputs.network is None


@pytest.mark.parametrize("task", ["classification", "segmentation"])
def test_the_network_is_that_of_the_round_before_and_sees_the_pool(files, task):
    """Its settings say ``imagenet``; only the weights of the round are read."""
    settings = Settings.read({**NETWORKS[task], "weights": None})
    network = settings.build(channels=1, seed=77)
    files["weights"] = files["pool"].with_name("weights.safetensors")
    save_weights(files["weights"], network)
    inputs, _ = read(files, task, images=None, samples=None, weights=None)
    found = np.concatenate([p for _, p in inputs.network.views(["identity"])], axis=1)[0]
    expected = predict(network, np.load(files["images"]), numbers(WAITING), settings, "cpu")
    np.testing.assert_allclose(found, expected, atol=1e-3)
    assert inputs.network.rows["labelled"].tolist() == numbers(LABELLED)


def test_a_start_without_labels(files):
    write_table(
        files["labelled"], pd.DataFrame({"sample_id": pd.Series([], dtype=str), "round": pd.Series([], dtype=int)})
    )
    table = pd.DataFrame({"sample_id": IDS, "split": "train", "probability": 0.5})
    write_table(files["predictions"], table)
    inputs, waiting = read(files, images=None, samples=None, vectors=None)
    assert waiting.sample_id.tolist() == POOL
    assert inputs.labelled_images.shape == (0, 32, 32)
    assert inputs.labelled_embedding.shape == (0, 2)


def test_rows_that_do_not_agree_are_refused():
    images = Rows(np.zeros((9, 4, 4), np.uint8), np.arange(3))
    assert QueryInputs("classification", images=images).size == 3
    with pytest.raises(InputError, match="probabilities 5, images 3"):
        QueryInputs("classification", np.zeros(5), images=images)
    with pytest.raises(InputError, match="probabilities 5, patches 2, sample_ids 3"):
        QueryInputs("classification", np.zeros(5), patches=np.zeros((2, 4)), sample_ids=np.array(list("abc")))
    with pytest.raises(InputError, match=r"labelled set has no single size .labelled_embedding 2, labelled_images 3"):
        QueryInputs("classification", np.zeros(5), labelled_embedding=np.zeros((2, 4)), labelled_images=images)
