"""A child process that reads one changed file after the other: bounded in memory and time, and watched."""

import json
import os
import random
import resource
import signal
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from coldstart.errors import InputError
from fuzz.mutations import mutated

# What one file may cost: seconds of computing, and bytes beyond what the process had before.
SECONDS, BYTES = 20, 1536 << 20
# Seconds in which the child must say something, whatever else the machine does.
SILENCE = 300
LONGEST_SENTENCE = 2000
READ, REFUSED, ESCAPED = "read", "refused", "escaped"
PROCESSES = ("os.system", "os.exec", "os.posix_spawn", "os.fork", "subprocess.Popen", "socket.connect", "os.kill")
CHANGES = ("os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.symlink", "os.link", "os.chmod", "os.truncate")


@dataclass(frozen=True)
class Reader:
    """What is fuzzed.

    Attributes
    ----------
    name : str
    make : callable
        ``make(folder)`` writes valid files and answers with those that are to be changed.
    read : callable
        ``read(folder, path)`` reads everything after `path` has been changed; it raises what the reader raises, and
        `AssertionError` where the reading is wrong.
    head : int
        Bytes at the start of the files that half of the blind changes fall into.
    names : tuple of str
        What a refusal may name in place of the file.
    writes : tuple of str
        What reading may write, below the folder.
    """

    name: str
    make: Callable
    read: Callable
    head: int = 0
    names: tuple = ()
    writes: tuple = ()


@dataclass
class Outcomes:
    """What became of the changed files of one reader.

    Attributes
    ----------
    counts : collections.Counter
        How many were ``read``, ``refused`` and ``escaped``.
    escapes : list of tuple of (int, str)
        Number of each file that escaped, and what happened.
    seconds : float
    """

    counts: Counter = field(default_factory=Counter)
    escapes: list = field(default_factory=list)
    seconds: float = 0.0


def run(reader, numbers, seed):
    """Give a reader changed files, in child processes.

    Parameters
    ----------
    reader : Reader
    numbers : sequence of int
        Which files: number and seed say what is changed.
    seed : int

    Returns
    -------
    Outcomes
    """
    found, waiting, began = Outcomes(), list(numbers), time.monotonic()
    while waiting:
        done, end = one_child(reader, waiting, seed)
        for number, outcome, detail in done:
            found.counts[outcome] += 1
            if outcome == ESCAPED:
                found.escapes.append((number, detail))
        waiting = waiting[len(done) :]
        if end and waiting:
            found.counts[ESCAPED] += 1
            found.escapes.append((waiting.pop(0), end))
        elif end:
            found.counts[ESCAPED] += 1
            found.escapes.append((-1, end))
    found.seconds = time.monotonic() - began
    return found


def one_child(reader, numbers, seed):
    """Read files until all are done or the child dies; outcomes so far, and how it died."""
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        output, pipe = os.pipe()
        sys.stdout.flush()
        child = os.fork()
        if not child:
            os.close(output)
            code = 1
            try:
                serve(reader, numbers, seed, Path(folder), pipe)
                code = 0
            except BaseException as error:
                os.write(2, f"{reader.name}: {error!r}\n".encode())
            finally:
                os._exit(code)
        os.close(pipe)
        signal.signal(signal.SIGALRM, lambda *_: os.kill(child, signal.SIGKILL))
        done = []
        with open(output, encoding="utf-8") as lines:
            signal.alarm(SILENCE)
            for line in lines:
                signal.alarm(SILENCE)
                done.append(json.loads(line))
        signal.alarm(0)
        _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    names = {-signal.SIGPROF: f"more than {SECONDS} s of computing", -signal.SIGKILL: f"silent for {SILENCE} s"}
    return done, None if code == 0 else names.get(code, f"the process ended with code {code}")


def serve(reader, numbers, seed, folder, pipe):
    """Read changed files, one line of JSON for each; in the child."""
    for name in ("data", "temporary"):
        (folder / name).mkdir()
    tempfile.tempdir = os.environ["TMPDIR"] = str(folder / "temporary")
    data = (folder / "data").resolve()
    os.chdir(data)
    victims = reader.make(data)
    contents = {path: path.read_bytes() for path in victims}
    for path in victims:
        reader.read(data, path)
    warnings.simplefilter("ignore")
    # What libraries print in C would drown the table.
    for stream in (1, 2):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream)
    held = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (held + BYTES, held + BYTES))
    allowed = [str((data / name).resolve()) for name in reader.writes] + [str((folder / "temporary").resolve())]
    faults = []
    sys.addaudithook(lambda event, arguments: watch(event, arguments, allowed, faults))
    for number in numbers:
        rng = random.Random(f"{seed} {reader.name} {number}")
        victim = rng.choice(victims)
        victim.write_bytes(mutated(contents[victim], rng, reader.head))
        faults.clear()
        faults.append(None)
        signal.setitimer(signal.ITIMER_PROF, SECONDS)
        outcome, detail = attempt(reader, data, victim)
        signal.setitimer(signal.ITIMER_PROF, 0)
        caught = faults[1:]
        faults.clear()
        if caught:
            outcome, detail = ESCAPED, f"it did {caught[0]}"
        victim.write_bytes(contents[victim])
        os.write(pipe, json.dumps([number, outcome, detail]).encode() + b"\n")


def watch(event, arguments, allowed, faults):
    """Note whatever writes outside of some folders, starts a process or calls another machine."""
    if not faults:
        return
    if event in PROCESSES:
        faults.append(f"{event} {arguments!r:.200}")
    for path in written(event, arguments):
        full = os.path.realpath(os.fsdecode(path)) if isinstance(path, str | bytes) else os.devnull
        harmless = full == os.devnull or (event == "os.mkdir" and os.path.isdir(full))
        if not harmless and not full.startswith(tuple(allowed)):
            faults.append(f"{event} {full}")


def written(event, arguments):
    """Paths that an event of the interpreter makes, changes or takes away."""
    if event == "open":
        return [arguments[0]] if arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT) else []
    if event not in CHANGES:
        return []
    # The last argument may be a folder, as a descriptor, that the path is relative to.
    if event in ("os.remove", "os.rmdir", "os.mkdir") and arguments[-1] >= 0:
        return [os.path.join(os.readlink(f"/proc/self/fd/{arguments[-1]}"), os.fsdecode(arguments[0]))]
    return arguments[: 2 if event in ("os.rename", "os.link") else 1]


def attempt(reader, data, victim):
    """Outcome of reading one file, and what is wrong with it."""
    try:
        reader.read(data, victim)
    except InputError as error:
        fault = fault_of(str(error), victim, reader.names)
        return (ESCAPED, f"{fault}: {error}"[:600]) if fault else (REFUSED, "")
    except BaseException as error:
        return ESCAPED, f"{type(error).__name__}: {error}"[:600]
    return READ, ""


def fault_of(message, victim, names):
    """What is wrong with the sentence of a refusal, or None.

    Parameters
    ----------
    message : str
        What the user would read.
    victim : pathlib.Path
        The file that was changed.
    names : tuple of str
        What else may tell where the fault is.
    """
    if not message.isprintable():
        return "not one printable line"
    if not message.endswith("."):
        return "no sentence"
    if len(message) > LONGEST_SENTENCE:
        return f"{len(message)} characters"
    if not any(name in message for name in (victim.name, victim.stem, *names)):
        return "it names no place"
    return None
