"""Which graphics device a job runs on.

Snakemake counts devices but does not say which one a job gets, so jobs that
start together all take the first. Here a job takes a device by a kernel file
lock, which the kernel gives back when the job ends, however it ends. Where a
scheduler has assigned devices, its word holds.

How many jobs may share a device is a matter of the machine, not of the
configuration: the environment variable ``COLDSTART_JOBS_PER_GPU`` says it.

Nothing here imports torch: devices have to be chosen before it looks at them.
"""

import logging
import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from coldstart.device_locks import locked
from coldstart.errors import InputError, shown

LOGGER = logging.getLogger("coldstart")
SHARING = "COLDSTART_JOBS_PER_GPU"
SCHEDULERS = ("SLURM_JOB_ID", "PBS_JOBID", "LSB_JOBID", "SGE_TASK_ID", "KUBERNETES_SERVICE_HOST")
# What CUDA and PyTorch, cuBLAS and ONNX Runtime say where a device has no memory left.
MEMORY = ("out of memory", "CUBLAS_STATUS_ALLOC_FAILED", "Failed to allocate memory")


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
        ``none`` (the CPU), ``scheduler`` or ``lock``.
    """

    name: str
    slot: str | None
    assigned_by: str


CPU = Device("cpu", None, "none")


@contextmanager
def lease(gpu, folder, *, environment=os.environ):
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
    environment : mutable mapping, default=os.environ
        Where ``CUDA_VISIBLE_DEVICES``, ``COLDSTART_JOBS_PER_GPU`` and the marks
        of schedulers are read, and where ``CUDA_VISIBLE_DEVICES`` (and the order
        it counts in) is set while the block runs.

    Yields
    ------
    Device
        The CPU if no device is asked for or none is found. What is assigned
        already, if a scheduler has assigned no more devices than needed or named
        none. Otherwise devices with room for one more job, the least shared
        first, all that are needed or none, so that jobs that need several cannot
        block each other.

    Raises
    ------
    InputError
        If more devices are needed than there are, if ``CUDA_VISIBLE_DEVICES``
        names one twice, if ``COLDSTART_JOBS_PER_GPU`` is no number of jobs, if
        `folder` cannot hold locks, or if the memory of the device does not last
        for what the block does.
    ValueError
        If `gpu` is negative.
    RuntimeError
        If CUDA is initialised already.
    """
    if gpu < 0:
        raise ValueError(f"gpu={gpu}")
    with assigned(gpu, Path(folder), environment) as device:
        try:
            yield device
        except Exception as error:
            if device.name == "cuda" and any(sign in str(error) for sign in MEMORY):
                raise InputError(exhausted(device, jobs_per_device(environment))) from error
            raise


@contextmanager
def assigned(gpu, folder, environment):
    """Decide who assigns the devices, and hold them; parameters and what it yields as `lease`."""
    devices = visible_devices(environment) if gpu else []
    scheduled = any(name in environment for name in SCHEDULERS)
    named = "CUDA_VISIBLE_DEVICES" in environment
    if not devices:
        if gpu:
            LOGGER.info("no CUDA device found: running on the CPU")
        yield CPU
    elif scheduled and not named:
        yield Device("cuda", None, "scheduler")
    elif scheduled and len(devices) <= gpu:
        yield Device("cuda", ",".join(devices), "scheduler")
    elif len(devices) < gpu:
        raise InputError(
            f"a job needs {gpu} devices (resource gpu) but there are {len(devices)} ({shown(devices)}): "
            f"ask for {len(devices)} at most."
        )
    else:
        torch = sys.modules.get("torch")
        if torch is not None and torch.cuda.is_initialized():
            raise RuntimeError("devices must be chosen before torch initialises CUDA")
        sharing = jobs_per_device(environment)
        with locked(gpu, devices, folder, sharing) as slots, visible(slots, environment):
            LOGGER.info("running on CUDA device %s, %d jobs per device at most", ", ".join(slots), sharing)
            yield Device("cuda", ",".join(slots), "lock")


def jobs_per_device(environment):
    """How many jobs may share one device.

    Parameters
    ----------
    environment : mapping
        Where ``COLDSTART_JOBS_PER_GPU`` is read; 1 where it is not set.

    Returns
    -------
    int

    Raises
    ------
    InputError
        If it is no whole number from 1 on.
    """
    given = environment.get(SHARING, "1")
    if not given.isdecimal() or int(given) < 1:
        raise InputError(
            f"the environment variable {SHARING} is '{given}': set it to how many jobs may share one GPU, a whole "
            "number from 1 on, or unset it."
        )
    return int(given)


def crowded(limit, environment=os.environ):
    """Tell the user when more jobs may start at once than the devices have room for.

    Parameters
    ----------
    limit : int
        What ``--resources gpu=`` allows at once.
    environment : mapping, default=os.environ
        As for `lease`.

    Returns
    -------
    str or None
        One sentence; None where all find room, and where there is no device or a
        scheduler assigns them.
    """
    sharing = jobs_per_device(environment)
    if limit <= sharing or any(name in environment for name in SCHEDULERS):
        return None
    devices = visible_devices(environment)
    room = sharing * len(devices)
    if not devices or limit <= room:
        return None
    return (
        f"--resources gpu={limit} lets more jobs start than CUDA device {shown(devices)} has room for ({room}): the "
        f"others hold a core while they wait; give gpu={room}, or let more jobs share a device, {SHARING} (it is "
        f"{sharing})."
    )


def exhausted(device, sharing):
    """The sentence for a device without memory left."""
    less = f"set {SHARING} below {sharing}" if sharing > 1 else "see that no other program computes there"
    return (
        f"the memory of CUDA device {device.slot or '0'} is exhausted: {less}, or lower the batch_size "
        "(of learning.<task> for a training, of the model for an embedding)."
    )


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
