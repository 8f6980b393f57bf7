"""Vectors, weights and networks from elsewhere."""

import numpy as np
import pandas as pd
import safetensors.torch
import torch
from foreign_networks import write_onnx
from torch import nn

from coldstart.embedding import file, torchxrayvision
from coldstart.embedding import onnx as onnx_encoder
from coldstart.embedding.base import EncoderInputs
from coldstart.embedding.weights import load_weights, read_state_dict

NAMES = ["a", "b", "ö 3"]


def inputs(images=None):
    """Three samples."""
    return EncoderInputs(images, NAMES, [f"{name}.png" for name in NAMES])


def embeddings(folder):
    """Vectors of every form."""
    vectors = np.random.default_rng(0).normal(size=(3, 4)).astype(np.float32)
    frame = pd.DataFrame(vectors, columns=list("wxyz"))
    frame.insert(0, "sample_id", NAMES)
    frame.to_csv(folder / "columns.csv", index=False)
    frame.to_parquet(folder / "columns.parquet", compression=None)
    lists = pd.DataFrame({"file_name": [f"{name}.png" for name in NAMES], "embedding": list(vectors)})
    lists.to_parquet(folder / "lists.parquet", compression=None)
    np.savez(folder / "arrays.npz", **dict(zip(NAMES, vectors, strict=True)))
    return sorted(folder.iterdir())


def read_embedding(folder, path):
    """Read the vectors."""
    found = file.encode(inputs(), path=str(path))
    assert found.vectors.shape[0] == 3
    assert np.isfinite(found.vectors).all()


def network():
    """A small network."""
    return nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Linear(2, 2))


def safetensors_file(folder):
    """Weights as safetensors."""
    safetensors.torch.save_file(network().state_dict(), folder / "weights.safetensors")
    return [folder / "weights.safetensors"]


def pickles(folder):
    """Weights as PyTorch writes them, now and before 1.6."""
    torch.save(network().state_dict(), folder / "weights.pt")
    torch.save({"state_dict": network().state_dict()}, folder / "old.pt", _use_new_zipfile_serialization=False)
    return sorted(folder.iterdir())


def read_weights(folder, path):
    """Read the weights and put them into the network."""
    made = network()
    load_weights(made, read_state_dict(path), path)
    assert all(part.dtype in (torch.float32, torch.int64) for part in made.state_dict().values())


def whole_networks(folder):
    """A pickled network with the source text of its classes, as TorchXRayVision publishes them."""
    made = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.ReLU())
    torch.save(made, folder / "network.pt", _use_new_zipfile_serialization=False)
    return [folder / "network.pt"]


def read_whole_network(folder, path):
    """Read its tensors under the list of classes that are allowed."""
    assert all(isinstance(part, torch.Tensor) for part in read_state_dict(path, torchxrayvision.CLASSES).values())


def onnx(folder):
    """A network of one convolution."""
    write_onnx(folder / "network.onnx", np.random.default_rng(0).normal(size=(2, 3, 3, 3)).astype(np.float32))
    return [folder / "network.onnx"]


def read_onnx(folder, path):
    """Run the network on images."""
    images = np.zeros((3, 16, 16), np.uint8)
    found = onnx_encoder.encode(inputs(images), path=str(path), size=16, output="pooled")
    assert found.vectors.shape[0] == 3
