"""Devices of jobs: real processes, real locks, a pretended nvidia-smi."""

import fcntl
import json
import logging
import os
import subprocess
import sys
import time
import types

import pytest
import torch

from coldstart import device_locks, devices
from coldstart.devices import CPU, SHARING, Device, crowded, lease, visible_devices
from coldstart.errors import InputError

# Takes devices as a job does, and says what it got and when.
JOB = """
import json, os, sys, time
from coldstart.devices import lease
gpu, folder, seconds = int(sys.argv[1]), sys.argv[2], float(sys.argv[3])
with lease(gpu, folder) as device:
    start = time.monotonic()
    print(json.dumps({"slot": device.slot, "visible": os.environ["CUDA_VISIBLE_DEVICES"]}), flush=True)
    time.sleep(seconds)
    print(json.dumps({"start": start, "end": time.monotonic()}), flush=True)
"""


@pytest.fixture
def machine(tmp_path):
    """Environment of a machine with two devices and no scheduler."""
    program = tmp_path / "bin" / "nvidia-smi"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\nprintf '0\\n1\\n'\n")
    program.chmod(0o755)
    hidden = {"CUDA_VISIBLE_DEVICES", "CUDA_DEVICE_ORDER", SHARING, *devices.SCHEDULERS}
    environment = {name: value for name, value in os.environ.items() if name not in hidden}
    return {**environment, "PATH": f"{program.parent}{os.pathsep}{environment['PATH']}"}


@pytest.fixture
def locks(tmp_path):
    return tmp_path / "locks"


@pytest.fixture
def start(machine, locks):
    """Start a job on that machine; none outlives the test."""
    jobs = []

    def start(*, gpu=1, shared=None, seconds=0.2):
        command = [sys.executable, "-c", JOB, str(gpu), str(locks), str(seconds)]
        environment = machine if shared is None else {**machine, SHARING: str(shared)}
        pipe = subprocess.PIPE
        jobs.append(subprocess.Popen(command, env=environment, stdout=pipe, stderr=pipe, text=True))
        return jobs[-1]

    yield start
    for job in jobs:
        job.kill()
        job.communicate()


def slot_of(job):
    """Wait until a job has its device and say which."""
    return json.loads(job.stdout.readline())["slot"]


def finish(job):
    output, errors = job.communicate(timeout=60)
    assert job.returncode == 0, errors
    first, second = output.splitlines()
    return {**json.loads(first), **json.loads(second)}


def most_at_once(jobs):
    """Largest number of intervals that share a moment."""
    moments = sorted([(job["start"], 1) for job in jobs] + [(job["end"], -1) for job in jobs])
    now = most = 0
    for _, change in moments:
        now += change
        most = max(most, now)
    return most


def test_jobs_at_the_same_time_get_all_devices_and_the_next_waits(start):
    assert {slot_of(job) for job in [start(seconds=600) for _ in range(2)]} == {"0", "1"}
    third = start()
    time.sleep(1)
    assert third.poll() is None


def test_jobs_never_share_a_device(start):
    jobs = [finish(job) for job in [start() for _ in range(6)]]
    assert all(job["visible"] == job["slot"] for job in jobs)
    for slot in ("0", "1"):
        assert most_at_once([job for job in jobs if job["slot"] == slot]) <= 1


def test_two_jobs_may_share_a_device_where_that_is_said(start):
    jobs = [start(shared=2, seconds=600) for _ in range(4)]
    assert sorted(slot_of(job) for job in jobs) == ["0", "0", "1", "1"]
    fifth = start(shared=2)
    time.sleep(1)
    assert fifth.poll() is None


def test_a_new_job_goes_where_fewest_are(start):
    jobs = [start(shared=3, seconds=600) for _ in range(6)]
    slots = [slot_of(job) for job in jobs]
    assert sorted(slots) == ["0", "0", "0", "1", "1", "1"]
    # Two leave one device, one the other; whose lock is free first in the folder must not matter.
    leaving = [*[number for number, slot in enumerate(slots) if slot == "1"][:2], slots.index("0")]
    for number in leaving:
        jobs[number].kill()
        jobs[number].wait()
    assert slot_of(start(shared=3, seconds=600)) == "1"
    assert sorted(slot_of(start(shared=3, seconds=600)) for _ in range(2)) == ["0", "1"]


@pytest.mark.parametrize(("first", "second"), [(None, 2), (2, None)])
def test_who_was_not_told_to_share_does_not(start, first, second):
    """Two workflows of one user, one of which shares: the other's jobs are left alone, and leave others alone."""
    assert {slot_of(start(shared=first, seconds=600)) for _ in range(2)} == {"0", "1"}
    other = start(shared=second)
    time.sleep(1)
    assert other.poll() is None


def test_jobs_on_the_one_device_that_is_named_do_not_share_it(machine, start):
    machine["CUDA_VISIBLE_DEVICES"] = "1"
    jobs = [finish(job) for job in [start() for _ in range(3)]]
    assert {job["slot"] for job in jobs} == {"1"}
    assert most_at_once(jobs) == 1


def test_jobs_that_need_both_devices_take_turns(start):
    jobs = [start(gpu=2) for _ in range(3)] + [start() for _ in range(2)]
    jobs = [finish(job) for job in jobs]
    assert {job["visible"] for job in jobs[:3]} == {"0,1"}
    for pair in jobs[:3]:
        others = [job for job in jobs if job is not pair]
        assert all(job["end"] <= pair["start"] or job["start"] >= pair["end"] for job in others)


def test_a_killed_holder_gives_its_devices_back(start):
    holder = start(gpu=2, seconds=600)
    assert slot_of(holder) == "0,1"
    waiting = start(gpu=2, seconds=0)
    time.sleep(1)
    assert waiting.poll() is None
    killed = time.monotonic()
    holder.kill()
    assert finish(waiting)["start"] - killed < 5


def test_the_environment_is_put_back(machine, locks):
    before = dict(machine)
    with lease(1, locks, environment=machine) as device:
        assert device == Device("cuda", "0", "lock")
        assert machine["CUDA_VISIBLE_DEVICES"] == "0"
        assert machine["CUDA_DEVICE_ORDER"] == "PCI_BUS_ID"
    assert machine == before
    with pytest.raises(KeyError), lease(1, locks, environment=machine):
        raise KeyError
    assert machine == before
    with lease(2, locks, environment=machine) as device:
        assert device.slot == "0,1"


def test_named_devices_are_shared_out_under_their_own_names(machine, locks):
    machine["CUDA_VISIBLE_DEVICES"] = "GPU-1f,MIG-GPU-2e/1/0,5"
    before = dict(machine)
    with lease(2, locks, environment=machine) as device:
        assert device.slot == "GPU-1f,MIG-GPU-2e/1/0"
        assert "CUDA_DEVICE_ORDER" not in machine
        other = dict(before)
        with lease(1, locks, environment=other) as second:
            assert second.slot == "5"
    assert machine == before


@pytest.mark.parametrize("mark", devices.SCHEDULERS)
def test_a_scheduler_has_the_last_word(machine, locks, mark):
    machine[mark] = "17"
    with lease(1, locks, environment=machine) as device:
        assert device == Device("cuda", None, "scheduler")
    machine["CUDA_VISIBLE_DEVICES"] = "1"
    before = dict(machine)
    for needed in (1, 2):
        with lease(needed, locks, environment=machine) as device:
            assert device == Device("cuda", "1", "scheduler")
            assert machine == before
    assert not locks.exists()


def test_jobs_inside_one_allocation_share_out_its_devices(machine, start):
    machine.update({"SLURM_JOB_ID": "17", "CUDA_VISIBLE_DEVICES": "2,3"})
    assert {slot_of(job) for job in [start(seconds=600) for _ in range(2)]} == {"2", "3"}


def test_what_a_scheduler_assigned_in_the_right_number_is_used(machine, locks):
    machine.update({"PBS_JOBID": "5", "CUDA_VISIBLE_DEVICES": "3,1"})
    with lease(2, locks, environment=machine) as device:
        assert device == Device("cuda", "3,1", "scheduler")
    assert not locks.exists()


def test_no_device_asked_for_is_the_cpu(machine, locks):
    machine["PATH"] = ""
    with lease(0, locks, environment={**machine, "CUDA_VISIBLE_DEVICES": "1,1"}) as device:
        assert device == CPU
    assert not locks.exists()


@pytest.mark.parametrize("value", ["", "-1", " ", "-1,0"])
def test_hidden_devices_are_none(machine, locks, value):
    machine["CUDA_VISIBLE_DEVICES"] = value
    with lease(1, locks, environment=machine) as device:
        assert device == CPU


@pytest.mark.parametrize("script", ["exit 9", "echo 'No devices were found'", None])
def test_without_an_answer_from_nvidia_smi_there_are_none(machine, tmp_path, locks, script):
    program = tmp_path / "bin" / "nvidia-smi"
    if script is None:
        program.unlink()
        machine["PATH"] = str(tmp_path / "bin")
    else:
        program.write_text(f"#!/bin/sh\n{script}\n")
    with lease(1, locks, environment=machine) as device:
        assert device == CPU


def test_devices_are_read_as_cuda_reads_them(machine):
    assert visible_devices(machine) == ["0", "1"]
    assert visible_devices({"CUDA_VISIBLE_DEVICES": "2, GPU-1f,-1,3"}) == ["2", "GPU-1f"]


def test_a_device_named_twice_is_refused(machine, locks):
    machine["CUDA_VISIBLE_DEVICES"] = "0,1,0"
    with (
        pytest.raises(InputError, match="CUDA_VISIBLE_DEVICES=0,1,0 names a device twice"),
        lease(1, locks, environment=machine),
    ):
        pass


def test_more_devices_than_there_are_is_refused(machine, locks):
    with (
        pytest.raises(InputError, match=r"needs 3 devices .* there are 2 \(0, 1\): ask for 2 at most"),
        lease(3, locks, environment=machine),
    ):
        pass


def test_waiting_is_said(machine, locks, start, monkeypatch, caplog):
    monkeypatch.setattr(device_locks, "SECONDS_BETWEEN_LINES", 0.3)
    slot_of(start(gpu=2, seconds=2))
    with caplog.at_level(logging.INFO, "coldstart"), lease(1, locks, environment=machine):
        pass
    assert caplog.messages[0].startswith("waiting for 1 of 2 CUDA devices (0, 1): other jobs hold them, 1 at most")
    assert "s so far" in caplog.messages[1]
    assert caplog.messages[-1].startswith("running on CUDA device")


def test_a_file_system_without_locks_is_said(machine, locks, monkeypatch):
    def refuse(*_):
        raise OSError(37, "No locks available")

    monkeypatch.setattr(fcntl, "flock", refuse)
    with (
        pytest.raises(InputError, match=r"cannot be locked \(No locks available\): .* TMPDIR"),
        lease(1, locks, environment=machine),
    ):
        pass


def test_choosing_too_late_is_a_defect(machine, locks, monkeypatch):
    late = types.SimpleNamespace(cuda=types.SimpleNamespace(is_initialized=lambda: True))
    monkeypatch.setitem(sys.modules, "torch", late)
    with pytest.raises(RuntimeError, match="before torch"), lease(1, locks, environment=machine):
        pass


def test_a_wrong_number_is_a_defect(machine, locks):
    with pytest.raises(ValueError, match="gpu="), lease(-1, locks, environment=machine):
        pass


@pytest.mark.parametrize("value", ["0", "-1", "two", "1.5", ""])
def test_a_wrong_number_of_jobs_per_device_is_said(machine, locks, value):
    machine[SHARING] = value
    with (
        pytest.raises(InputError, match=rf"^the environment variable COLDSTART_JOBS_PER_GPU is '{value}': set it to"),
        lease(1, locks, environment=machine),
    ):
        pass


def test_more_jobs_than_there_is_room_for_are_said(machine):
    assert crowded(1, machine) is crowded(2, machine) is None
    assert "gpu=3 lets more jobs start than CUDA device 0, 1 has room for (2)" in crowded(3, machine)
    machine[SHARING] = "2"
    assert crowded(4, machine) is None
    assert "give gpu=4" in crowded(5, machine)
    assert crowded(5, {**machine, "SLURM_JOB_ID": "1"}) is None
    assert crowded(5, {**machine, "CUDA_VISIBLE_DEVICES": ""}) is None


@pytest.mark.parametrize(
    ("shared", "less"), [("3", "set COLDSTART_JOBS_PER_GPU below 3"), ("1", "see that no other program computes there")]
)
@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has 1.00 GiB free."),
        RuntimeError("CUDA error: out of memory"),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
    ],
)
def test_a_device_without_memory_left_is_said(machine, locks, error, shared, less):
    machine[SHARING] = shared
    with pytest.raises(InputError) as caught, lease(1, locks, environment=machine):
        raise error
    assert str(caught.value).startswith(f"the memory of CUDA device 0 is exhausted: {less}, or lower the batch_size")
    assert caught.value.__cause__ is error
    # The device is free again.
    with lease(2, locks, environment=machine) as device:
        assert device.slot == "0,1"


def test_other_errors_and_those_of_the_cpu_are_left_alone(machine, locks):
    with pytest.raises(RuntimeError, match=r"^shapes differ$"), lease(1, locks, environment=machine):
        raise RuntimeError("shapes differ")
    with pytest.raises(RuntimeError, match=r"^out of memory$"), lease(0, locks, environment=machine):
        raise RuntimeError("out of memory")


def test_torch_is_not_imported():
    done = subprocess.run([sys.executable, "-c", "import sys, coldstart.devices; sys.exit('torch' in sys.modules)"])
    assert done.returncode == 0
