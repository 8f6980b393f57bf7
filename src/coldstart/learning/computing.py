"""How torch computes: repeatably, in the precision asked for."""

import ctypes
import logging
import os
import sys
import time
from contextlib import contextmanager

import torch

LOGGER = logging.getLogger("coldstart")
# Side of the square matrices whose product says how fast a processor is.
SIDE = 512
# Parameters of glibc's mallopt, from malloc.h, and what they are otherwise: the default, and the highest that glibc
# sets by itself.
M_TRIM_THRESHOLD, M_MMAP_MAX = -1, -4
TRIM_THRESHOLD, MMAP_MAX = 2**26, 65536


@contextmanager
def repeatable(seed, device):
    """Seed torch's own generators and ask for deterministic algorithms; restore both at the end.

    Dropout draws from torch's global generators, hence the seed. By default
    torch then also fills fresh memory before it is written: that takes time, and
    helps only where memory is read that nothing was written to.

    Parameters
    ----------
    seed : int
    device : torch.device

    Yields
    ------
    None
    """
    # Read by cuBLAS when it starts; without it matrix products on a GPU may differ from run to run.
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    devices = list(range(torch.cuda.device_count())) if device.type == "cuda" else []
    cudnn, filling = torch.backends.cudnn, torch.utils.deterministic
    algorithms = torch.are_deterministic_algorithms_enabled(), torch.is_deterministic_algorithms_warn_only_enabled()
    before = cudnn.deterministic, cudnn.benchmark, filling.fill_uninitialized_memory
    with torch.random.fork_rng(devices=devices):
        torch.manual_seed(seed)
        torch.use_deterministic_algorithms(True, warn_only=True)
        cudnn.deterministic, cudnn.benchmark, filling.fill_uninitialized_memory = True, False, False
        try:
            yield
        finally:
            cudnn.deterministic, cudnn.benchmark, filling.fill_uninitialized_memory = before
            torch.use_deterministic_algorithms(algorithms[0], warn_only=algorithms[1])


@contextmanager
def freed_memory_kept():
    """Let this process keep the memory that it frees, for what it asks for next; give it back at the end.

    Every step of a training frees and asks for the same memory again, for VGG-11
    more than a gigabyte. By default large parts of it go back to the system, and
    come anew as pages that it has to map and to fill with zeros. Only glibc can
    be told; elsewhere nothing happens.

    Yields
    ------
    None
    """
    library = ctypes.CDLL(None) if sys.platform == "linux" else None
    if not hasattr(library, "mallopt"):
        yield
        return
    library.mallopt(M_MMAP_MAX, 0)
    library.mallopt(M_TRIM_THRESHOLD, -1)
    try:
        yield
    finally:
        library.mallopt(M_MMAP_MAX, MMAP_MAX)
        library.mallopt(M_TRIM_THRESHOLD, TRIM_THRESHOLD)
        library.malloc_trim(0)


def placed(network, settings, device):
    """Bring a network to a device, its weights in the order in which convolutions compute fastest there.

    Channels last on a CPU, and on a GPU in bfloat16, where tensor cores want
    it. The numbers are those of the other order up to rounding.

    Parameters
    ----------
    network : torch.nn.Module
        Changed in place.
    settings : Settings
        `precision` is used.
    device : torch.device

    Returns
    -------
    torch.nn.Module
        The same network.
    """
    last = device.type == "cpu" or settings.precision == "bfloat16"
    return network.to(device, memory_format=torch.channels_last if last else torch.contiguous_format)


def arithmetic(settings, device):
    """The autocast context of the precision that the settings ask for."""
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=settings.precision == "bfloat16")


def warn_of_bfloat16(settings, device):
    """Say so where `precision` is bfloat16 and the machine is no faster for it, which changes no result.

    Processors without matrix units for it, and GPUs older than NVIDIA's Ampere,
    compute it by way of float32 or more slowly.

    Parameters
    ----------
    settings : Settings
    device : torch.device
    """
    if settings.precision != "bfloat16":
        return
    if device.type == "cuda":
        faster = torch.cuda.is_bf16_supported(including_emulation=False)
    else:
        faster = seconds_of_a_product(torch.bfloat16) < seconds_of_a_product(torch.float32)
    if not faster:
        LOGGER.warning(
            "This machine computes bfloat16 no faster than float32: set learning.%s.precision to float32, or train "
            "where there is a GPU or a processor with AMX.",
            settings.task,
        )


def seconds_of_a_product(dtype):
    """Seconds that the CPU takes for the product of two matrices, the least of so many that other work spares one."""
    matrix, least = torch.ones(SIDE, SIDE, dtype=dtype), float("inf")
    for _ in range(20):
        began = time.perf_counter()
        matrix @ matrix
        least = min(least, time.perf_counter() - began)
    return least


def generator_states(device):
    """States of torch's global generators that dropout on a device draws from."""
    states = {"cpu": torch.get_rng_state()}
    if device.type == "cuda":
        states["cuda"] = torch.cuda.get_rng_state(device)
    return states


def set_generator_states(states, device):
    """Bring torch's global generators back to earlier states."""
    torch.set_rng_state(states["cpu"])
    if "cuda" in states:
        torch.cuda.set_rng_state(states["cuda"], device)
