"""Vectors of a network are the same to the bit, however many threads compute them and however many images at a time."""

import numpy as np
import pytest
import torch
import torchvision

from coldstart.embedding.base import EncoderInputs
from coldstart.embedding.features import CPU_BATCH
from coldstart.embedding.torchvision import encode

N = CPU_BATCH + 3


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    path = tmp_path_factory.mktemp("weights") / "resnet18.pth"
    with torch.random.fork_rng():
        torch.manual_seed(0)
        torch.save(torchvision.models.resnet18().state_dict(), path)
    return str(path)


@pytest.fixture
def threads():
    """Set the number of torch's threads, for one test."""
    before = torch.get_num_threads()
    yield torch.set_num_threads
    torch.set_num_threads(before)


def vectors(weights, rows, **how):
    images = np.random.default_rng(1).integers(0, 256, (N, 64, 64), dtype=np.uint8)[rows]
    names = [str(row) for row in rows]
    return encode(EncoderInputs(images, names, names, name="resnet18"), weights=weights, size=64, **how).vectors


def test_neither_threads_nor_batches_nor_neighbours_change_a_bit(weights, threads):
    threads(1)
    alone = vectors(weights, np.arange(N))
    for count, batch in ((1, 1), (1, 5), (2, 64), (3, 2)):
        threads(count)
        assert vectors(weights, np.arange(N), batch_size=batch).tobytes() == alone.tobytes()
        assert torch.get_num_threads() == count
    order = np.random.default_rng(2).permutation(N)[:5]
    assert vectors(weights, order).tobytes() == alone[order].tobytes()
