"""How torch computes: repeatably, in the precision asked for."""

import os
from contextlib import contextmanager

import torch


@contextmanager
def repeatable(seed, device):
    """Seed torch's own generators and ask for deterministic algorithms; restore both at the end.

    Dropout draws from torch's global generators, hence the seed.

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
    cudnn, algorithms = torch.backends.cudnn, torch.are_deterministic_algorithms_enabled()
    before = cudnn.deterministic, cudnn.benchmark, torch.is_deterministic_algorithms_warn_only_enabled()
    with torch.random.fork_rng(devices=devices):
        torch.manual_seed(seed)
        torch.use_deterministic_algorithms(True, warn_only=True)
        cudnn.deterministic, cudnn.benchmark = True, False
        try:
            yield
        finally:
            cudnn.deterministic, cudnn.benchmark = before[:2]
            torch.use_deterministic_algorithms(algorithms, warn_only=before[2])


def arithmetic(settings, device):
    """The autocast context of the precision that the settings ask for."""
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=settings.precision == "bfloat16")


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
