"""Every encoder keeps the same contract."""

import inspect
import json
from collections import Counter

import numpy as np
import pytest
import timm
import torch
import torchvision
import torchxrayvision
from foreign_networks import tensorflow_or_skip, write_onnx, write_saved_model

from coldstart.configuration import in_shards
from coldstart.embedding import ENCODERS
from coldstart.embedding.base import EncoderInputs
from coldstart.embedding.shards import shard_rows

N = 12
# TensorFlow starts anew in every call, and is not everywhere.
NAMES = [pytest.param(name, marks=pytest.mark.slow if name == "savedmodel" else ()) for name in ENCODERS]


@pytest.fixture(scope="module")
def call(tmp_path_factory):
    """Keyword arguments and the name after the colon with which each encoder runs in a moment."""
    folder = tmp_path_factory.mktemp("encoders")
    with torch.random.fork_rng():
        torch.manual_seed(0)
        torch.save(torchvision.models.squeezenet1_1().state_dict(), folder / "w.pth")
        torch.save(torchxrayvision.models.DenseNet(), folder / "txrv.pt")
        torch.save(timm.create_model("test_resnet").state_dict(), folder / "timm.pth")
        torch.save(torchvision.models.resnet50().state_dict(), folder / "resnet50.pt")
    write_onnx(folder / "n.onnx", np.random.default_rng(0).normal(size=(5, 3, 3, 3)))
    np.savez(folder / "e.npz", **{f"a/{i}.png": np.full(3, i, np.float32) for i in range(N)})

    def saved_model():
        if not (folder / "saved").exists():
            write_saved_model(folder / "saved", "one")
        return {"path": str(folder / "saved"), "size": 32, "python": tensorflow_or_skip()}, None

    return {
        "pixels": ({}, None),
        "pca": ({"size": 16, "components": 4}, None),
        "hog": ({"size": 32}, None),
        "torchvision": ({"weights": str(folder / "w.pth"), "size": 64}, "squeezenet1_1"),
        "txrv": ({"weights": str(folder / "txrv.pt"), "size": 32}, "densenet121-res224-all"),
        "timm": ({"weights": str(folder / "timm.pth"), "size": 32}, "test_resnet"),
        "radimagenet": ({"path": str(folder / "resnet50.pt"), "size": 64}, None),
        "onnx": ({"path": str(folder / "n.onnx"), "size": 32, "output": "pooled"}, None),
        # Made when first asked for: it takes TensorFlow.
        "savedmodel": saved_model,
        "simclr": ({"size": 16, "dimension": 8, "epochs": 2, "batch_size": 4}, None),
        "simclr_dynamics": ({"size": 16, "dimension": 8, "epochs": 2, "batch_size": 4}, None),
        "file": ({"path": str(folder / "e.npz")}, None),
    }


def pool(shape=(40, 40), dtype=np.uint8, name=None, seed=2):
    rng = np.random.default_rng(seed)
    images = rng.integers(0, np.iinfo(dtype).max, (N, *shape), dtype=dtype)
    ids, names = [f"s{i}" for i in range(N)], [f"a/{i}.png" for i in range(N)]
    return EncoderInputs(images, ids, names, np.arange(N) < 8, name)


def settled(call, name):
    return call[name]() if callable(call[name]) else call[name]


def run(call, name, seed=0, **how):
    settings, after_colon = settled(call, name)
    inputs = pool(name=after_colon, **how)
    return ENCODERS.load(name)(inputs, seed=seed, device="cpu", **settings)


def test_every_encoder_is_covered(call):
    assert set(call) == set(ENCODERS)


@pytest.mark.parametrize("name", list(ENCODERS))
def test_signature(name):
    parameters = inspect.signature(ENCODERS.load(name)).parameters
    assert next(iter(parameters)) == "inputs"
    assert {"seed", "device"} <= set(parameters)
    assert not any("label" in key for key in parameters)


@pytest.mark.parametrize("how", [{}, {"dtype": np.uint16}, {"shape": (40, 40, 3)}], ids=["grey", "16 bits", "colour"])
@pytest.mark.parametrize("name", NAMES)
def test_vectors_and_provenance(call, name, how):
    embedding = run(call, name, **how)
    assert embedding.vectors.dtype == np.float32
    assert embedding.vectors.ndim == 2
    assert len(embedding.vectors) == N
    assert len(np.unique(embedding.vectors, axis=0)) == N
    assert set(embedding.provenance) == {"encoder", "parameters", "weights", "preprocessing", "versions"}
    assert embedding.provenance["encoder"].partition(":")[0] == name
    assert json.loads(json.dumps(embedding.provenance)) == embedding.provenance
    assert set(embedding.measures) == set(ENCODERS.entry(name).facts.get("measures", ()))
    for values in embedding.measures.values():
        assert values.dtype == np.float32
        assert np.isfinite(values[:8]).all()
        assert np.isnan(values[8:]).all()


@pytest.mark.parametrize("name", NAMES)
def test_same_seed_same_bytes_and_nothing_else_moved(call, name):
    first = run(call, name, seed=4)
    torch.manual_seed(1)
    np.random.seed(1)  # noqa: NPY002
    before = torch.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
    second = run(call, name, seed=4)
    assert torch.equal(before[0], torch.get_rng_state())
    assert np.array_equal(before[1], np.random.get_state()[1])  # noqa: NPY002
    assert first.vectors.tobytes() == second.vectors.tobytes()
    assert first.provenance == second.provenance
    assert not torch.are_deterministic_algorithms_enabled()


@pytest.mark.parametrize("name", NAMES)
def test_order_and_batches(call, name):
    """A vector belongs to its image, wherever and beside whichever others it lies."""
    if ENCODERS.entry(name).facts.get("trains_on_pool"):
        pytest.skip("the order of the pool is the order of training")
    settings, after_colon = settled(call, name)
    whole = pool(name=after_colon)
    order = np.random.default_rng(3).permutation(N)
    ids, names = ([listed[row] for row in order] for listed in (whole.sample_ids, whole.image_names))
    turned = EncoderInputs(whole.images[order], ids, names, whole.pool[order], after_colon)
    few = {"batch_size": 5} if "batch_size" in ENCODERS.parameters(name) else {}
    vectors = ENCODERS.load(name)(whole, **settings).vectors
    assert np.allclose(ENCODERS.load(name)(turned, **settings, **few).vectors, vectors[order], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", [name for name in NAMES if in_shards(name.values[0])])
def test_shards_are_the_whole_to_the_bit(call, name):
    settings, after_colon = settled(call, name)
    inputs = pool(name=after_colon)
    few = {"batch_size": 4} if "batch_size" in ENCODERS.parameters(name) else {}
    whole = ENCODERS.load(name)(inputs, **settings, **few)
    start = 0
    for shard in ("1-of-2", "2-of-2"):
        rows = shard_rows(shard, N, 4)
        parts = (inputs.images, inputs.sample_ids, inputs.image_names, inputs.pool)
        found = ENCODERS.load(name)(EncoderInputs(*(part[rows] for part in parts), after_colon), **settings, **few)
        assert found.vectors.tobytes() == whole.vectors[rows].tobytes()
        assert found.provenance == whole.provenance
        start += len(found.vectors)
    assert start == N


@pytest.mark.parametrize("name", NAMES)
def test_inputs_untouched(call, name):
    settings, after_colon = settled(call, name)
    inputs = pool(name=after_colon)
    before = inputs.images.copy()
    inputs.images.flags.writeable = False
    ENCODERS.load(name)(inputs, **settings)
    assert np.array_equal(inputs.images, before)


@pytest.mark.parametrize(
    "name", [name for name in NAMES if ENCODERS.entry(name.values[0]).facts.get("needs_images", True)]
)
def test_images_outside_the_pool_teach_nothing(call, name):
    settings, after_colon = settled(call, name)
    inputs = pool(name=after_colon)
    whole = ENCODERS.load(name)(inputs, **settings).vectors
    images = inputs.images.copy()
    # Others, not inverted ones: a gradient has the same direction there.
    images[~inputs.pool] = pool(seed=7).images[~inputs.pool]
    changed = ENCODERS.load(name)(
        EncoderInputs(images, inputs.sample_ids, inputs.image_names, inputs.pool, after_colon), **settings
    ).vectors
    assert np.array_equal(whole[inputs.pool], changed[inputs.pool])
    assert not np.allclose(whole[~inputs.pool], changed[~inputs.pool])


@pytest.mark.parametrize("name", NAMES)
def test_without_images_only_where_the_facts_say_so(call, name):
    settings, after_colon = settled(call, name)
    full = pool(name=after_colon)
    inputs = EncoderInputs(None, full.sample_ids, full.image_names, full.pool, after_colon)
    if ENCODERS.entry(name).facts.get("needs_images", True):
        with pytest.raises((AttributeError, TypeError)):
            ENCODERS.load(name)(inputs, **settings)
    else:
        assert len(ENCODERS.load(name)(inputs, **settings).vectors) == N


def test_known_facts():
    facts = Counter(fact for name in ENCODERS for fact in ENCODERS.entry(name).facts)
    assert facts == {
        **{"takes_name": 3, "gpu": 7, "threads": 6, "trains_on_pool": 3, "needs_images": 1, "weights_from": 1},
        "measures": 1,
    }


def test_parts_of_unequal_length():
    with pytest.raises(ValueError, match="differ in length"):
        EncoderInputs(np.zeros((2, 8, 8), np.uint8), ["a"], ["a.png"])
