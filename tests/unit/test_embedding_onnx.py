"""ONNX files."""

import numpy as np
import pytest
import torch
from foreign_networks import write_onnx

from coldstart.embedding.base import EncoderInputs
from coldstart.embedding.features import MEAN, STD
from coldstart.embedding.onnx import encode
from coldstart.errors import InputError

COLOUR = np.random.default_rng(1).normal(size=(5, 3, 3, 3)).astype(np.float32)
GREY = COLOUR[:, :1]


def inputs(shape=(40, 40), n=7):
    images = np.random.default_rng(0).integers(0, 256, (n, *shape), dtype=np.uint8)
    names = [str(i) for i in range(n)]
    return EncoderInputs(images, names, names)


def network(tmp_path, kernel=COLOUR, **how):
    write_onnx(tmp_path / "n.onnx", kernel, **how)
    return str(tmp_path / "n.onnx")


def maps(batch, kernel):
    """The same network in PyTorch."""
    return torch.relu(torch.nn.functional.conv2d(batch, torch.from_numpy(kernel), stride=2))


@pytest.mark.parametrize("layout", ["nchw", "nhwc"])
@pytest.mark.parametrize("scale", ["unit", "xrv", "imagenet"])
@pytest.mark.parametrize("kernel", [COLOUR, GREY], ids=["colour", "grey"])
def test_against_pytorch(tmp_path, kernel, scale, layout):
    given, channels = inputs(), kernel.shape[1]
    batch = torch.from_numpy(given.images / 255).float()[:, None].expand(-1, channels, -1, -1)
    if scale == "xrv":
        batch = (2 * batch - 1) * 1024
    elif scale == "imagenet":
        statistics = (MEAN, STD) if channels == 3 else ([np.mean(MEAN)], [np.mean(STD)])
        mean, std = (torch.tensor(values, dtype=torch.float32).view(-1, 1, 1) for values in statistics)
        batch = (batch - mean) / std
    path = network(tmp_path, kernel, layout=layout)
    embedding = encode(given, path=path, output="pooled", size=40, channels=channels, scale=scale, layout=layout)
    assert np.allclose(embedding.vectors, maps(batch, kernel).mean((2, 3)), rtol=1e-4, atol=1e-5)


def test_outputs_and_pooling(tmp_path):
    path, given = network(tmp_path), inputs()
    flat = encode(given, path=path, output="maps", size=40).vectors
    assert flat.shape == (7, 5 * 19 * 19)
    pooled = encode(given, path=path, output="pooled", size=40).vectors
    assert np.allclose(encode(given, path=path, output="maps", size=40, pooling="mean").vectors, pooled, atol=1e-6)
    assert np.array_equal(encode(given, path=path, output="pooled", size=40, pooling="mean").vectors, pooled)
    with pytest.raises(InputError, match=r"several outputs \(maps, pooled\): let `output` name one"):
        encode(given, path=path, size=40)
    with pytest.raises(InputError, match="no output 'pool': did you mean 'pooled'"):
        encode(given, path=path, output="pool", size=40)


def test_batches_and_fixed_batches(tmp_path):
    given = inputs()
    how = {"output": "pooled", "size": 32}
    usual = encode(given, path=network(tmp_path), **how).vectors
    assert np.allclose(usual, encode(given, path=network(tmp_path), batch_size=2, **how).vectors, atol=1e-6)
    assert np.allclose(usual, encode(given, path=network(tmp_path, batch=4), **how).vectors, atol=1e-6)


def test_colour_images_in_a_grey_network(tmp_path):
    colour = inputs((40, 40, 3))
    luma = (colour.images @ [0.299, 0.587, 0.114]).round().astype(np.uint8)
    grey = EncoderInputs(luma, colour.sample_ids, colour.image_names)
    how = {"path": network(tmp_path, GREY), "output": "pooled", "size": None, "channels": 1}
    assert np.allclose(encode(colour, **how).vectors, encode(grey, **how).vectors, atol=0.02)


@pytest.mark.parametrize(
    ("file", "settings", "message"),
    [
        ({"size": 64}, {"size": 32}, r"takes images of shape \(3, 64, 64\) and is given \(3, 32, 32\): correct `size`"),
        ({}, {"channels": 1}, "correct `size`, `channels` or `layout`"),
        ({}, {"layout": "nhwc"}, r"is given \(224, 224, 3\)"),
        ({}, {"size": 2}, "does not run on images of shape"),
        ({"kind": 11}, {}, r"takes images \(tensor\(double\)\)|cannot be read as an ONNX network"),
        ({"kind": 2}, {}, "cannot be read as an ONNX network|floating-point images is needed"),
    ],
)
def test_what_the_network_does_not_take(tmp_path, file, settings, message):
    with pytest.raises(InputError, match=message):
        encode(inputs(), path=network(tmp_path, **file), output="pooled", **settings)


@pytest.mark.parametrize("content", [b"", b"no network", b"\x08\x08"])
def test_damaged_files(tmp_path, content):
    (tmp_path / "n.onnx").write_bytes(content)
    with pytest.raises(InputError, match="cannot be read as an ONNX network"):
        encode(inputs(), path=str(tmp_path / "n.onnx"))
    with pytest.raises(InputError, match="there is no ONNX file"):
        encode(inputs(), path=str(tmp_path / "none.onnx"))


def test_digest_covers_weights_beside_the_file(tmp_path):
    path, how = network(tmp_path), {"output": "pooled", "size": 32}
    before = encode(inputs(), path=path, **how).provenance["weights"]
    (tmp_path / "n.onnx.data").write_bytes(b"1")
    assert encode(inputs(), path=path, **how).provenance["weights"] != before
