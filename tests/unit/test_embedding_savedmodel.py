"""TensorFlow SavedModels: those tests that need TensorFlow run where it has an environment."""

import io
import sys

import cv2
import numpy as np
import pytest
import torch
from foreign_networks import tensorflow_or_skip, write_saved_model

from coldstart.embedding import savedmodel_worker, tensorflow_process
from coldstart.embedding.base import EncoderInputs
from coldstart.embedding.pooling import pooled
from coldstart.embedding.savedmodel import encode
from coldstart.embedding.tensorflow_process import tensorflow_python
from coldstart.errors import InputError


def inputs(shape=(32, 32), n=7, dtype=np.uint8):
    images = np.random.default_rng(0).integers(0, np.iinfo(dtype).max, (n, *shape), dtype=dtype)
    names = [str(i) for i in range(n)]
    return EncoderInputs(images, names, names)


@pytest.fixture
def model(tmp_path):
    """A folder that passes for a SavedModel until TensorFlow opens it."""
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "saved_model.pb").write_bytes(b"no model")
    return str(tmp_path / "model")


def python(tmp_path, script):
    """A program in the place of TensorFlow's Python."""
    path = tmp_path / "python"
    path.write_text(f"#!{sys.executable}\n{script}")
    path.chmod(0o755)
    return str(path)


def test_no_model(tmp_path):
    for path in (tmp_path, tmp_path / "none"):
        with pytest.raises(InputError, match=r"no saved_model\.pb.*PhysioNet.*Hugging Face.*encoder `file`"):
            encode(inputs(), path=str(path))


def test_where_tensorflow_is_looked_for(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(tensorflow_process.VARIABLE, raising=False)
    monkeypatch.setattr(tensorflow_process, "SOURCE_ROOT", tmp_path / "project" / "src")
    monkeypatch.setattr(tensorflow_process.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"make setup-tensorflow.*`python` \(or COLDSTART_TF_PYTHON\)"):
        tensorflow_python()
    monkeypatch.setattr(tensorflow_process.importlib.util, "find_spec", lambda name: name == "tensorflow")
    assert tensorflow_python() == sys.executable
    for folder in (tmp_path / "project", tmp_path):
        (folder / ".venv-tensorflow" / "bin").mkdir(parents=True)
        (folder / ".venv-tensorflow" / "bin" / "python").touch()
        assert tensorflow_python() == str(folder / ".venv-tensorflow" / "bin" / "python")
    (tmp_path / "mine").touch()
    monkeypatch.setenv(tensorflow_process.VARIABLE, "mine")
    assert tensorflow_python() == str(tmp_path / "mine")
    assert tensorflow_python(sys.executable) == sys.executable
    with pytest.raises(InputError, match="there is no Python none, which `python` names"):
        tensorflow_python("none")


def test_python_without_tensorflow(model, tmp_path):
    blocked = python(tmp_path, "import json\nprint(json.dumps({'failed': 'ModuleNotFoundError: tensorflow'}))")
    with pytest.raises(InputError, match=r"cannot run SavedModel .*ModuleNotFoundError.* install it for .*python"):
        encode(inputs(), path=model, python=blocked)


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("import sys\nsys.exit('no memory\\n\\n')", r"ended with code 1 on SavedModel .*\(no memory\)"),
        ("import os\nos.kill(os.getpid(), 9)", r"ended with code -9 .*\(it said nothing\)"),
        (
            'print(\'{"batch": null, "channels": 3, "version": "0", "signature": "s"}\', flush=True)',
            r"ended with code 0",
        ),
    ],
)
def test_process_that_ends(model, tmp_path, script, message):
    with pytest.raises(InputError, match=message):
        encode(inputs(), path=model, python=python(tmp_path, script))


def test_python_that_cannot_be_started(model, tmp_path):
    (tmp_path / "text").write_text("nothing")
    with pytest.raises(InputError, match="cannot be started"):
        encode(inputs(), path=model, python=str(tmp_path / "text"))


def test_messages():
    # Not contiguous, as a slice of a store may be.
    array = np.arange(6, dtype=np.uint16).reshape(1, 2, 3)[:, ::-1]
    stream = io.BytesIO()
    savedmodel_worker.send(stream, array, output="maps")
    savedmodel_worker.send(stream, refused="no")
    stream.seek(0)
    header, found = savedmodel_worker.receive(stream)
    assert header["output"] == "maps"
    assert found.dtype == array.dtype
    assert np.array_equal(found, array)
    assert savedmodel_worker.receive(stream) == ({"refused": "no"}, None)
    assert savedmodel_worker.receive(stream) == (None, None)


def test_levels_of_cxr_foundation():
    """Their helper shifts the darkest pixel to 0 and stretches what is not 8 bits."""
    assert savedmodel_worker.levels(np.array([[5, 205]], np.uint8)).ravel().tolist() == [0, 200]
    stretched = savedmodel_worker.levels(np.array([[100, 300, 500]], np.uint16))
    assert stretched.dtype == np.uint16
    assert np.allclose(stretched.ravel(), [0, 32767, 65535], atol=1)
    assert not savedmodel_worker.levels(np.full((2, 2), 9, np.uint16)).any()


def test_pooling():
    """The published pooling, 14 x 14 over a map of 14 x 14, is the mean over positions."""
    maps = np.random.default_rng(0).normal(size=(2, 14, 14, 6)).astype(np.float32)
    published = torch.nn.AvgPool2d(14)(torch.from_numpy(maps).permute(0, 3, 1, 2)).flatten(1).numpy()
    assert np.allclose(pooled(maps, "mean", "nhwc"), published, atol=1e-6)
    assert np.allclose(pooled(maps.transpose(0, 3, 1, 2), "mean", "nchw"), published, atol=1e-6)
    assert np.allclose(pooled(maps.reshape(2, 196, 6), "mean", "nchw"), published, atol=1e-6)
    assert np.array_equal(pooled(maps, "none", "nhwc"), maps.reshape(2, -1))


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    folder = tmp_path_factory.mktemp("saved")

    def made(kind):
        if not (folder / kind).exists():
            write_saved_model(folder / kind, kind)
        return {"path": str(folder / kind), "python": tensorflow_or_skip(), "size": 32}

    return made


@pytest.mark.slow
@pytest.mark.parametrize("shape", [(40, 40), (40, 40, 3)], ids=["grey", "colour"])
def test_images_in_unit_range_and_mean_over_maps(models, shape):
    given = inputs(shape)
    embedding = encode(given, **models("two"), output="maps")
    # The other output of the same network is TensorFlow's own mean.
    assert np.allclose(embedding.vectors, encode(given, **models("two"), output="pooled").vectors, atol=1e-5)
    flat = encode(given, **models("two"), output="maps", pooling="none").vectors
    assert flat.shape == (7, 16 * 16 * 5)
    # A convolution is linear below its ReLU: twice the light, twice the features.
    half = EncoderInputs(given.images // 2, given.sample_ids, given.image_names)
    assert np.allclose(2 * encode(half, **models("two"), output="maps").vectors, embedding.vectors, atol=0.1)
    assert embedding.provenance["versions"]["tensorflow"].startswith("2.")


@pytest.mark.slow
def test_batches_and_ways_to_call(models):
    given = inputs()
    usual = encode(given, **models("one"))
    assert usual.provenance["parameters"]["output"] == "maps"
    assert np.allclose(usual.vectors, encode(given, **models("one"), batch_size=2).vectors, atol=1e-5)
    assert np.allclose(usual.vectors, encode(given, **models("fixed")).vectors, atol=1e-5)
    called = encode(given, **models("callable"), signature="__call__")
    assert called.provenance["parameters"]["signature"] == "__call__"
    assert np.allclose(usual.vectors, called.vectors, atol=1e-5)


@pytest.mark.slow
def test_examples_hold_the_pixels(models):
    given = inputs(dtype=np.uint16)
    found = encode(given, **models("tf_example"), input="tf_example", pooling="none").vectors
    expected = np.stack([savedmodel_worker.levels(image).ravel() for image in given.images])
    assert np.array_equal(found, expected)
    colour = inputs((32, 32, 3), n=2)
    luma = np.stack([savedmodel_worker.levels(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)) for image in colour.images])
    # The model reads every PNG as 16 bits: 255 becomes 65535.
    found = encode(colour, **models("tf_example"), input="tf_example", pooling="none").vectors
    assert np.array_equal(found, luma.reshape(2, -1) * np.float32(257))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "settings", "message"),
    [
        ("two", {}, "has several outputs: let `output` name one of maps, pooled"),
        ("two", {"output": "mean"}, "has no output 'mean'"),
        ("one", {"signature": "predict"}, "has no signature 'predict': let `signature` name one of serving_default"),
        ("one", {"size": 48}, "takes images of 32 x 32 pixels: set `size: 32`"),
        ("one", {"input": "tf_example"}, "takes float32: set `input: images`"),
        ("tf_example", {}, "takes string: set `input: tf_example`"),
    ],
)
def test_what_a_model_does_not_take(models, kind, settings, message):
    with pytest.raises(InputError, match=message):
        encode(inputs(), **{**models(kind), **settings})


@pytest.mark.slow
def test_damaged_model(model):
    with pytest.raises(InputError, match=r"TensorFlow cannot run SavedModel .*: unpack it again"):
        encode(inputs(), path=model, python=tensorflow_or_skip())
