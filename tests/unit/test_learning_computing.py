"""Where a network's weights lie, and what bfloat16 is said to save."""

import logging
import platform
import subprocess
import sys

import numpy as np
import pytest
import torch

from coldstart.learning import NETWORKS, computing
from coldstart.learning.computing import placed, repeatable, warn_of_bfloat16
from coldstart.learning.settings import Settings
from coldstart.learning.training import fit

CPU = torch.device("cpu")


def how_repeatable():
    backend, filling = torch.backends.cudnn, torch.utils.deterministic.fill_uninitialized_memory
    return torch.are_deterministic_algorithms_enabled(), backend.deterministic, backend.benchmark, filling


def test_repeatable_draws_the_same_fills_no_memory_and_leaves_no_trace():
    before, numbers = how_repeatable(), []
    for _ in range(2):
        with repeatable(3, CPU):
            assert how_repeatable() == (True, True, False, False)
            numbers.append(torch.rand(4))
        assert how_repeatable() == before
    assert torch.equal(*numbers)


def is_last(network):
    convolution = next(m for m in network.modules() if isinstance(m, torch.nn.Conv2d) and m.in_channels > 1)
    return convolution.weight.is_contiguous(memory_format=torch.channels_last)


@pytest.mark.parametrize("name", list(NETWORKS))
def test_channels_last_gives_the_same_numbers_and_gradients_up_to_rounding(name):
    settings = Settings(network=name)
    images = torch.rand(3, 1, 64, 64, generator=torch.Generator().manual_seed(0))
    found = []
    for place in (lambda network: network, lambda network: placed(network, settings, CPU)):
        network = place(settings.build(channels=1, seed=0)).eval()
        logits = network(images)
        logits.square().sum().backward()
        found.append((is_last(network), logits, [weight.grad for weight in network.parameters()]))
    assert [one[0] for one in found] == [False, True]
    for one, other in [found[1][1:2] + found[0][1:2], *zip(found[1][2], found[0][2], strict=True)]:
        # Of a whole tensor: single values near zero may be nothing but rounding.
        assert (one - other).norm() <= 1e-2 * other.norm() + 1e-6


@pytest.mark.parametrize(("precision", "last"), [("float32", False), ("bfloat16", True)])
def test_on_another_device_channels_are_last_in_bfloat16_alone(precision, last):
    """The device without memory stands for a GPU."""
    settings = Settings(network="small_unet", precision=precision)
    assert is_last(placed(settings.build(channels=1, seed=0), settings, torch.device("meta"))) == last


def test_a_trained_network_keeps_the_order_it_was_trained_in():
    settings = Settings(network="small_cnn", epochs=1)
    images, labels = np.random.default_rng(0).integers(0, 256, (6, 32, 32), dtype=np.uint8), np.arange(6) % 2
    network = settings.build(channels=1, seed=0)
    done = fit(network, images, labels, range(4), [4, 5], settings, validate=lambda t, p: 0.5, seed=0, device="cpu")
    assert is_last(done.network)


@pytest.mark.parametrize(
    ("precision", "seconds", "told"), [("bfloat16", 2.0, True), ("bfloat16", 0.5, False), ("float32", 2.0, False)]
)
def test_the_log_says_where_bfloat16_saves_nothing(precision, seconds, told, monkeypatch, caplog):
    monkeypatch.setattr(computing, "seconds_of_a_product", lambda dtype: seconds if dtype == torch.bfloat16 else 1.0)
    with caplog.at_level(logging.WARNING):
        warn_of_bfloat16(Settings(network="small_unet", precision=precision), CPU)
    assert ("no faster than float32: set learning.segmentation.precision to float32" in caplog.text) == told


# In a process of its own: what others have left of the heap decides where memory comes from.
FREED = """
import resource
from pathlib import Path
import torch
from coldstart.learning.computing import freed_memory_kept

def filled(mebibytes):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    torch.empty(mebibytes * 2**20, dtype=torch.uint8).fill_(1)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

def resident_mebibytes():
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 2**20

with freed_memory_kept():
    # After some rounds: the heap grows until the block fits whatever its alignment.
    first, again, inside = filled(64), [filled(64) for _ in range(20)][-1], resident_mebibytes()
print(first, again, inside - resident_mebibytes())
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="says how glibc's malloc behaves")
def test_freed_memory_is_used_again_without_a_page_fault_and_given_back_at_the_end():
    done = subprocess.run([sys.executable, "-c", FREED], capture_output=True, text=True, check=True)
    first, again, given_back = map(float, done.stdout.split())
    # 64 MiB are 16,384 pages.
    assert first > 10000
    assert again < 1000
    assert given_back > 50


def test_a_product_takes_time():
    assert 0 < computing.seconds_of_a_product(torch.float32) < float("inf")
