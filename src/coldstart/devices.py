"""Which graphics device a job runs on.

Snakemake counts devices but does not say which one a job gets, so jobs that
start together all take the first. Here a job takes a device by a kernel file
lock, which the kernel gives back when the job ends, however it ends. Where a
scheduler has assigned devices, its word holds.

Nothing here imports torch: devices have to be chosen before it looks at them.
"""

import fcntl
import logging
import os
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from coldstart.errors import InputError, shown

LOGGER = logging.getLogger("coldstart")
SCHEDULERS = ("SLURM_JOB_ID", "PBS_JOBID", "LSB_JOBID", "SGE_TASK_ID", "KUBERNETES_SERVICE_HOST")
SECONDS_BETWEEN_LINES = 60
SECONDS_BETWEEN_TRIES = 0.5


@dataclass(frozen=True)
class Device:
    """What a job runs on.

    Attributes
    ----------
    name : str
        ``cpu`` or ``cuda``, as torch spells it.
    slot : str or None
        The devices behind it as ``CUDA_VISIBLE_DEVICES`` names them, joined by
        commas; None on the CPU and where a scheduler shows no names.
    assigned_by : str
        ``none`` (the CPU), ``scheduler`` (whoever set the environment) or
        ``lock``.
    """

    name: str
    slot: str | None
    assigned_by: str


CPU = Device("cpu", None, "none")


@contextmanager
def lease(gpu, folder, *, jobs_per_device=1, environment=os.environ):
    """Hold devices for as long as the block runs.

    Enter it before torch initialises CUDA. On the CPU nothing is hidden from
    torch: the caller asks for ``device.name``.

    Parameters
    ----------
    gpu : int
        How many devices the job needs; 0 means the CPU.
    folder : str or pathlib.Path
        Where the lock files are, one folder for all jobs that share a machine.
        It is made where it is missing.
    jobs_per_device : int, default=1
        How many jobs may share one device. All jobs must say the same.
    environment : mutable mapping, default=os.environ
        Where ``CUDA_VISIBLE_DEVICES`` and the marks of schedulers are read, and
        where ``CUDA_VISIBLE_DEVICES`` (and the order it counts in) is set while
        the block runs.

    Yields
    ------
    Device
        The CPU if no device is asked for or none is found. What is assigned
        already, if ``CUDA_VISIBLE_DEVICES`` names just as many devices as
        needed, or a scheduler has assigned no more than that or named none.
        Otherwise devices that no other job holds, all of them or none, so that
        jobs that need several cannot block each other.

    Raises
    ------
    InputError
        If more devices are needed than there are, if ``CUDA_VISIBLE_DEVICES``
        names one twice, or if `folder` cannot hold locks.
    ValueError
        If `gpu` is negative or `jobs_per_device` is not positive.
    RuntimeError
        If CUDA is initialised already.
    """
    if gpu < 0 or jobs_per_device < 1:
        raise ValueError(f"gpu={gpu}, jobs_per_device={jobs_per_device}")
    devices = visible_devices(environment) if gpu else []
    scheduled = any(name in environment for name in SCHEDULERS)
    named = "CUDA_VISIBLE_DEVICES" in environment
    if not devices:
        if gpu:
            LOGGER.info("no CUDA device found: running on the CPU")
        yield CPU
    elif named and (len(devices) == gpu or (scheduled and len(devices) < gpu)):
        yield Device("cuda", ",".join(devices), "scheduler")
    elif scheduled and not named:
        yield Device("cuda", None, "scheduler")
    elif len(devices) < gpu:
        raise InputError(
            f"a job needs {gpu} devices (resource gpu) but there are {len(devices)} ({shown(devices)}): "
            f"ask for {len(devices)} at most."
        )
    else:
        torch = sys.modules.get("torch")
        if torch is not None and torch.cuda.is_initialized():
            raise RuntimeError("devices must be chosen before torch initialises CUDA")
        with locked(gpu, devices, Path(folder), jobs_per_device) as slots, visible(slots, environment):
            LOGGER.info("running on CUDA device %s", ", ".join(slots))
            yield Device("cuda", ",".join(slots), "lock")


def slots_folder():
    """Folder of the locks: one per user and machine, so that workflows in different folders share devices fairly."""
    return Path(tempfile.gettempdir()) / f"coldstart-gpu-{os.getuid()}"


def visible_devices(environment):
    """Devices that this process may use.

    Parameters
    ----------
    environment : mapping
        The environment.

    Returns
    -------
    list of str
        The entries of ``CUDA_VISIBLE_DEVICES`` (indices, UUIDs or MIG names)
        up to the first invalid one, as CUDA itself reads it; where it is unset,
        the indices that ``nvidia-smi`` lists, and none where there is no
        ``nvidia-smi`` or it fails.

    Raises
    ------
    InputError
        If an entry stands there twice.
    """
    if "CUDA_VISIBLE_DEVICES" not in environment:
        return listed_devices(environment)
    devices = []
    for entry in environment["CUDA_VISIBLE_DEVICES"].split(","):
        entry = entry.strip()
        if not entry or entry.startswith("-"):
            break
        devices.append(entry)
    if len(set(devices)) < len(devices):
        raise InputError(
            f"CUDA_VISIBLE_DEVICES={environment['CUDA_VISIBLE_DEVICES']} names a device twice: name each once."
        )
    return devices


def listed_devices(environment):
    """Indices of the devices that ``nvidia-smi`` lists, as a list of str."""
    program = shutil.which("nvidia-smi", path=environment.get("PATH"))
    if program is None:
        return []
    command = [program, "--query-gpu=index", "--format=csv,noheader"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True, env=dict(environment))
    except (OSError, subprocess.SubprocessError) as error:
        LOGGER.warning("nvidia-smi failed (%s): no CUDA device is used", error)
        return []
    return [line.strip() for line in answer.stdout.splitlines() if line.strip().isdigit()]


@contextmanager
def locked(count, devices, folder, jobs_per_device):
    """Hold the locks of some devices; wait until enough are free.

    Parameters
    ----------
    count : int
        How many devices.
    devices : list of str
        Which ones there are.
    folder : pathlib.Path
        Where the lock files are.
    jobs_per_device : int
        How many locks each device has.

    Yields
    ------
    list of str
        The devices held.
    """
    folder.mkdir(parents=True, exist_ok=True)
    started = told = time.monotonic()
    while len(held := take(count, devices, folder, jobs_per_device)) < count:
        release(held)
        if time.monotonic() - told > SECONDS_BETWEEN_LINES:
            told = time.monotonic()
            LOGGER.info("waiting for %d of %d CUDA devices, %d s so far", count, len(devices), told - started)
        # Drawn from the system's own source: waiting must not move anybody's seeded generator.
        time.sleep(random.SystemRandom().uniform(0.5, 1.5) * SECONDS_BETWEEN_TRIES)
    try:
        yield list(held)
    finally:
        release(held)


def take(count, devices, folder, jobs_per_device):
    """Lock free devices without waiting, the least shared first.

    Returns
    -------
    dict of str to int
        File descriptor that holds each device's lock; at most `count`.

    Raises
    ------
    InputError
        If the file system has no locks.
    """
    held = {}
    # The machine is part of the name: on a cluster, one folder serves several that all count from 0.
    for number in range(jobs_per_device):
        for device in devices:
            if device in held or len(held) == count:
                continue
            path = folder / f"{socket.gethostname()}.{device.replace('/', '_')}.{number}.lock"
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(descriptor)
            except OSError as error:
                os.close(descriptor)
                release(held)
                raise InputError(
                    f"{folder} cannot hold file locks ({error.strerror}): run with a working directory on another "
                    "file system, or name the devices of each job in CUDA_VISIBLE_DEVICES."
                ) from error
            else:
                held[device] = descriptor
    return held


def release(held):
    """Give locks back, also where a child process has inherited them."""
    for descriptor in held.values():
        fcntl.flock(descriptor, fcntl.LOCK_UN)
        os.close(descriptor)


@contextmanager
def visible(slots, environment):
    """Show CUDA only some devices while the block runs."""
    changes = {"CUDA_VISIBLE_DEVICES": ",".join(slots)}
    if "CUDA_VISIBLE_DEVICES" not in environment:
        # The names are from nvidia-smi, which counts by bus; CUDA counts by speed unless told otherwise.
        changes["CUDA_DEVICE_ORDER"] = "PCI_BUS_ID"
    before = {name: environment.get(name) for name in changes}
    environment.update(changes)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                environment.pop(name, None)
            else:
                environment[name] = value


def torch_device(device):
    """Name the device for PyTorch.

    Parameters
    ----------
    device : Device
        What `lease` gave.

    Returns
    -------
    str
        ``cuda``, or ``cpu`` where there is no device or PyTorch cannot use it.
    """
    if device.name != "cuda":
        return device.name
    import torch  # takes seconds, and the lease must come first

    if not torch.cuda.is_available():
        LOGGER.warning("PyTorch cannot use CUDA device %s: running on the CPU", device.slot)
        return "cpu"
    return device.name
