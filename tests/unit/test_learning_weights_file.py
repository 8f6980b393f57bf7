"""Weights between two rounds: what comes back is what was written, or nothing does."""

import pytest
import torch
from safetensors.torch import load_file, save_file

from coldstart.errors import DamagedFile, InputError
from coldstart.learning.weights_file import load_weights, save_weights


def network(seed):
    torch.manual_seed(seed)
    return torch.nn.Sequential(torch.nn.Conv2d(1, 3, 3), torch.nn.BatchNorm2d(3))


@pytest.fixture
def path(tmp_path):
    save_weights(tmp_path / "weights.safetensors", network(1))
    return tmp_path / "weights.safetensors"


def test_weights_come_back(path):
    other = network(2)
    load_weights(path, other)
    for mine, others in zip(network(1).state_dict().values(), other.state_dict().values(), strict=True):
        torch.testing.assert_close(mine, others, rtol=0, atol=0)


@pytest.mark.parametrize("share", [0, 0.2, 0.9])
def test_a_file_cut_short_is_damaged(path, share):
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    with pytest.raises(DamagedFile, match=r"weights\.safetensors cannot be read .*delete it and run"):
        load_weights(path, network(2))


@pytest.mark.parametrize("place", [-1, -40, -100])
def test_a_flipped_bit_is_damage(path, place):
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)
    with pytest.raises(DamagedFile, match="not those that were written"):
        load_weights(path, network(2))


def test_weights_without_a_digest_are_read(path):
    save_file(load_file(path), path)
    load_weights(path, network(2))


def test_a_missing_file_is_not_called_damaged(tmp_path):
    with pytest.raises(InputError, match="there is no weights file") as caught:
        load_weights(tmp_path / "none.safetensors", network(2))
    assert not isinstance(caught.value, DamagedFile)
