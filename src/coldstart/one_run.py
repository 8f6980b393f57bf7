"""One run of the workflow at a time on the results of a data set, and an end to what a killed run has left at work.

Snakemake notes in files which results it works on. A run that is killed leaves
those behind, and the next one is refused until somebody removes them by hand.
Here a run also holds a kernel file lock, which ends with its process, however
that ends: who gets the lock knows that the notes of a run before are void.

The jobs of a killed run may still be at work. Each holds a lock of its own, by
which the next run finds them; it ends those of its machine, lest they write
between its own jobs, and waits for those of others.
"""

import fcntl
import logging
import os
import signal
import socket
import time
from contextlib import contextmanager, suppress
from pathlib import Path

from coldstart.errors import InputError, shown

LOGGER = logging.getLogger("coldstart")
FOLDER = Path(".snakemake/coldstart")
SECONDS_TO_END = 10
SECONDS_BETWEEN_LINES = 60
SECONDS_BETWEEN_LOOKS = 0.2


@contextmanager
def only_run(dataset, say=LOGGER.warning):
    """Be the only run on the results of a data set for as long as the block runs.

    Parameters
    ----------
    dataset : str
        Its name.
    say : callable, default=LOGGER.warning
        Told what the user should know of jobs that a killed run has left.

    Yields
    ------
    bool
        False where the file system has no locks: then nobody can tell.

    Raises
    ------
    InputError
        If another run is at work.
    """
    path = FOLDER / f"{dataset}.run"
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = locked(path)
    except OSError as error:
        LOGGER.info("%s cannot be locked (%s)", path, error)
        yield False
        return
    if descriptor is None:
        raise InputError(
            f"another run is at work on results/{dataset} in this folder ({path.read_text() or 'it has just begun'}): "
            "wait until it has ended, or stop it, and run the same command again."
        )
    try:
        note(descriptor, f"process {os.getpid()} on {socket.gethostname()}")
        end_jobs(FOLDER / dataset, say)
        yield True
    finally:
        os.close(descriptor)


def begin_job(dataset):
    """Let this process be found as a job at work on the results of a data set, until it ends.

    Parameters
    ----------
    dataset : str
        Its name.
    """
    path = FOLDER / dataset / f"{socket.gethostname()}.{os.getpid()}"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # The descriptor stays open: the kernel closes it.
        locked(path)
    except OSError as error:
        LOGGER.info("%s cannot be locked (%s)", path, error)


def end_jobs(folder, say):
    """End the jobs that a killed run has left at work, and wait until they have ended.

    Parameters
    ----------
    folder : pathlib.Path
        Where the jobs of a data set have their files.
    say : callable
        Told what is ended, and what is waited for.
    """
    left, started, told = at_work(folder), time.monotonic(), None
    here = {path: int(path.name.rpartition(".")[2]) for path in left if is_here(path)}
    if here:
        say(f"Ending {len(here)} jobs that a killed run has left at work: processes {shown(here.values())}.")
    for number in here.values():
        send(number, signal.SIGTERM)
    while left := at_work(folder):
        waited = time.monotonic() - started
        if waited > SECONDS_TO_END:
            for path in left:
                if is_here(path):
                    send(here.get(path, int(path.name.rpartition(".")[2])), signal.SIGKILL)
            if told is None or waited - told > SECONDS_BETWEEN_LINES:
                names = shown(path.name for path in left)
                say(f"Waiting for {len(left)} jobs that a killed run has left at work (machine and process: {names}).")
                told = waited
        time.sleep(SECONDS_BETWEEN_LOOKS)


def at_work(folder):
    """Files of the jobs that are still at work; those of others are removed."""
    left = []
    for path in sorted(folder.glob("*.*")):
        descriptor = locked(path)
        if descriptor is None:
            left.append(path)
        else:
            path.unlink(missing_ok=True)
            os.close(descriptor)
    return left


def is_here(path):
    """Tell whether the job of a file is a process of this machine."""
    return path.name.rpartition(".")[0] == socket.gethostname()


def send(number, sign):
    """Send a signal to a process that may have ended meanwhile."""
    with suppress(ProcessLookupError):
        os.kill(number, sign)


def locked(path):
    """Lock a file, without waiting.

    Parameters
    ----------
    path : pathlib.Path
        The file; it is made where it is missing.

    Returns
    -------
    int or None
        The descriptor that holds the lock; None where another process has it.

    Raises
    ------
    OSError
        If the file system has no locks.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def note(descriptor, text):
    """Replace the content of an open file."""
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, text.encode(), 0)
