"""Time several ways of doing the same thing in turn, in one process, and report their ratios.

Machines are noisy: the ways take turns (A B A B ...), so that a slow minute
hits all of them, and what is told is the ratio of each turn and its median,
never a time alone.
"""

import argparse
import json
import os
import platform
import resource
import statistics
import subprocess
import time
from importlib.metadata import version
from pathlib import Path


def arguments(description):
    """Parser of what every benchmark takes: ``--quick``, ``--repeats`` and ``--json``.

    Parameters
    ----------
    description : str
        First line of the benchmark's own docstring.

    Returns
    -------
    argparse.ArgumentParser
        To which a benchmark adds its own.
    """
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--quick", action="store_true", help="tiny sizes: shows that it runs, and measures nothing")
    parser.add_argument("--repeats", type=int, help="turns of each way (default: the benchmark's own)")
    parser.add_argument("--json", type=Path, help="write what was measured to this file too")
    return parser


def machine(*packages):
    """Say what is measured on.

    Parameters
    ----------
    *packages : str
        Installed distributions whose versions matter.

    Returns
    -------
    str
        One line: processor, cores that this process may use, memory, GPUs, Python and the packages.
    """
    names = [line.split(":")[1].strip() for line in lines("/proc/cpuinfo") if line.startswith("model name")]
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    parts = [names[0] if names else platform.processor(), f"{len(os.sched_getaffinity(0))} cores", f"{memory:.0f} GiB"]
    try:
        command = ["nvidia-smi", "--query-gpu=name", "--format=csv,noheader"]
        parts += subprocess.run(command, capture_output=True, text=True, check=True).stdout.split("\n")
    except (OSError, subprocess.CalledProcessError):
        parts.append("no GPU")
    parts.append(f"Python {platform.python_version()}")
    return ", ".join([part for part in parts if part] + [f"{name} {version(name)}" for name in packages])


def lines(path):
    """Lines of a text file; none where it is missing."""
    return Path(path).read_text().splitlines() if Path(path).is_file() else []


def take_turns(ways, repeats, warm=True):
    """Time some functions in turn.

    Parameters
    ----------
    ways : dict of str to callable
        What each is called, and a function without arguments; what it returns is kept of its last turn.
    repeats : int
        Turns of each.
    warm : bool, default=True
        Whether each is called once before, without being timed.

    Returns
    -------
    seconds : dict of str to list of float
        Wall seconds of every turn.
    found : dict of str to object
        What each returned last.
    """
    seconds, found = {name: [] for name in ways}, {}
    for turn in range(-warm, repeats):
        for name, way in ways.items():
            began = time.perf_counter()
            found[name] = way()
            if turn >= 0:
                seconds[name].append(time.perf_counter() - began)
    return seconds, found


def ratios(seconds, baseline, name):
    """How many times faster than the baseline: median, least and most over the turns."""
    found = [slow / fast for slow, fast in zip(seconds[baseline], seconds[name], strict=True)]
    return statistics.median(found), min(found), max(found)


def comparison(seconds, baseline):
    """Lines of a Markdown table: seconds of each way, and how many times faster than the baseline it is."""
    rows = ["| way | seconds (median) | times faster (median, least to most) |", "|---|---|---|"]
    for name, values in seconds.items():
        median, least, most = ratios(seconds, baseline, name)
        told = "1" if name == baseline else f"{median:.2f} ({least:.2f} to {most:.2f})"
        rows.append(f"| {name} | {statistics.median(values):.3g} | {told} |")
    return rows


def peak_memory():
    """Largest resident memory of this process so far, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def conclude(options, title, measured_on, rows, measured):
    """Print what was measured, and write it where ``--json`` asks for it.

    Parameters
    ----------
    options : argparse.Namespace
        From `arguments`.
    title : str
    measured_on : str
        From `machine`.
    rows : list of str
        Lines to print.
    measured : dict
        Plain values of the same, for the file.
    """
    print(f"## {title}", "", measured_on + (" (quick: says nothing)" if options.quick else ""), "", *rows, sep="\n")
    if options.json:
        options.json.write_text(json.dumps({"title": title, "machine": measured_on, **measured}, indent=1) + "\n")
