"""Kernel file locks that share out devices among the jobs of one user on one machine."""

import fcntl
import logging
import os
import random
import socket
import time
from contextlib import contextmanager

from coldstart.errors import InputError

LOGGER = logging.getLogger("coldstart")
SECONDS_BETWEEN_LINES = 60
SECONDS_BETWEEN_TRIES = 0.5


@contextmanager
def locked(count, devices, folder, jobs_per_device):
    """Hold a place on each of some devices; wait until enough have room.

    Parameters
    ----------
    count : int
        How many devices.
    devices : list of str
        Which ones there are.
    folder : pathlib.Path
        Where the lock files are. It is made where it is missing.
    jobs_per_device : int
        How many jobs may share a device. One that says 1 shares with none, also
        not with those that say more.

    Yields
    ------
    list of str
        The devices held.

    Raises
    ------
    InputError
        If `folder` cannot hold locks.
    """
    folder.mkdir(parents=True, exist_ok=True)
    started, told = time.monotonic(), None
    while not (held := take(count, devices, folder, jobs_per_device)):
        now = time.monotonic()
        if told is None:
            LOGGER.info(
                "waiting for %d of %d CUDA devices (%s): other jobs hold them, %d at most on each",
                count,
                len(devices),
                ", ".join(devices),
                jobs_per_device,
            )
            told = now
        elif now - told > SECONDS_BETWEEN_LINES:
            LOGGER.info("waiting for %d of %d CUDA devices, %d s so far", count, len(devices), now - started)
            told = now
        # Drawn from the system's own source: waiting must not move anybody's seeded generator.
        time.sleep(random.SystemRandom().uniform(0.5, 1.5) * SECONDS_BETWEEN_TRIES)
    try:
        yield list(held)
    finally:
        for descriptors in held.values():
            release(descriptors)


def take(count, devices, folder, jobs_per_device):
    """Lock devices that have room, without waiting for any: all that are needed or none.

    Parameters
    ----------
    count, devices, folder, jobs_per_device
        As for `locked`.

    Returns
    -------
    dict of str to list of int
        Of each device, the descriptors that hold its locks. Those with the most
        room are chosen, of these the first in `devices`. Empty where fewer than
        `count` have room.
    """
    # The machine is part of the name: on a cluster, one folder serves several that all count from 0.
    machine = folder / socket.gethostname()
    # Trying a lock holds it for a moment: one job tries at a time, or another would find it taken.
    guard = lock(f"{machine}.lock", fcntl.LOCK_EX)
    try:
        room = {device: free_places(f"{machine}.{device.replace('/', '_')}", jobs_per_device) for device in devices}
        chosen = sorted((device for device in devices if room[device]), key=lambda device: -len(room[device]))[:count]
        enough = len(chosen) == count
        held = {device: room[device][:2] for device in chosen} if enough else {}
        for device, descriptors in room.items():
            release(descriptors[2:] if device in held else descriptors)
    finally:
        release([guard])
    return held


def free_places(path, jobs_per_device):
    """Lock all that is free of one device.

    A job that shares with none locks the device for itself; those that share
    lock it together, and each a place of its own.

    Parameters
    ----------
    path : str
        Beginning of the device's lock files.
    jobs_per_device : int

    Returns
    -------
    list of int
        Descriptors: of the device, then of every place that is free; the first
        two are what a job holds. Empty where there is no room.
    """
    device = lock(f"{path}.lock", (fcntl.LOCK_EX if jobs_per_device == 1 else fcntl.LOCK_SH) | fcntl.LOCK_NB)
    if device is None or jobs_per_device == 1:
        return [] if device is None else [device]
    numbers = range(jobs_per_device)
    places = [lock(f"{path}.{number}.lock", fcntl.LOCK_EX | fcntl.LOCK_NB) for number in numbers]
    found = [device, *(place for place in places if place is not None)]
    if len(found) == 1:
        release(found)
        return []
    return found


def lock(path, how):
    """Lock a file.

    Parameters
    ----------
    path : str
        The file; it is made where it is missing.
    how : int
        As `fcntl.flock` takes it.

    Returns
    -------
    int or None
        The descriptor that holds the lock; None where another job holds it and
        `how` does not wait.

    Raises
    ------
    InputError
        If the file system has no locks.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        fcntl.flock(descriptor, how)
    except BlockingIOError:
        os.close(descriptor)
        return None
    except OSError as error:
        os.close(descriptor)
        raise InputError(
            f"{path} cannot be locked ({error.strerror}): let the environment variable TMPDIR name a folder on a "
            "file system of this machine."
        ) from error
    return descriptor


def release(descriptors):
    """Give locks back, also where a child process has inherited them."""
    for descriptor in descriptors:
        fcntl.flock(descriptor, fcntl.LOCK_UN)
        os.close(descriptor)
