"""What the workflow costs besides its work: starting jobs, scheduling them, planning them.

The first part starts a process for each script that imports what the script
imports. The second runs the published grid with scripts that only write files
of the usual sizes, so that what is left is Snakemake's own; the third plans it.
Both go side by side with the same checkout without the two remedies:
`workflow/rules/scheduling.smk`, and digests of code that are taken once.
"""

import ast
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import yaml
from side_by_side import arguments, conclude, machine, ratios

ROOT = Path(__file__).resolve().parents[1]
CHECKOUT = ["Snakefile", "profiles", "workflow", "config", "envs", "resources", "src"]
# Bytes of the 800 images, and of their masks, of the published data at 224 pixels.
STORE = 800 * 224**2
ALONE = "Snakemake alone"
REAL = ("--cores", "2", "--resources", "gpu=2", "--quiet", "rules")
DRY = ("--dry-run", "--cores", "2", "--quiet", "rules")
# Writes every output of a job at once, the stores at their size.
STUB = """
import os
from __main__ import snakemake

sizes = {{"images": {images}, "masks": {images}, "embed": 3_000_000}}
for path in snakemake.output:
    os.makedirs(os.path.dirname(path), exist_ok=True)
    size = 2_000_000 if path.endswith("maps.npz") else sizes.get(snakemake.rule, 20_000)
    with open(path, "wb") as stream:
        stream.write(path.encode())
        stream.truncate(size)
"""
# Runs Snakemake, and tells what its own process and its jobs took of the processor.
TELLING = """
import atexit, json, os, resource, sys
from snakemake.cli import main

path, own = sys.argv.pop(1), os.getpid()

def tell():
    if os.getpid() == own:
        used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
        json.dump([each.ru_utime + each.ru_stime for each in used], open(path, "w"))

atexit.register(tell)
main()
"""


def checkout(folder, remedies=True, stubs=None):
    """Copy what a clone holds.

    Parameters
    ----------
    folder : pathlib.Path
    remedies : bool, default=True
        Whether with what keeps Snakemake from doing things over and over again.
    stubs : int, optional
        Bytes of a store of images: scripts only write files then.

    Returns
    -------
    pathlib.Path
        The copy.
    """
    for name in CHECKOUT:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
        else:
            folder.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, folder / name)
    if not remedies:
        (folder / "workflow/rules/scheduling.smk").write_text("def lift_default_limit(scheduler):\n    pass\n")
        common = folder / "workflow/rules/common.smk"
        common.write_text(common.read_text().replace("@cache\ndef code(", "def code("))
    for script in (folder / "workflow/scripts").glob("*.py") if stubs else ():
        if script.name != "scripting.py":
            script.write_text(STUB.format(images=stubs))
    return folder


def published(seeds):
    """The published grid with this many seeds of every method, without the mirror in MLflow."""
    config = yaml.safe_load((ROOT / "config/yuan_hong.yaml").read_text(encoding="utf-8"))
    config["seeds"] = config["methods"]["random"]["seeds"] = list(range(seeds))
    return {**config, "tracking": {"enabled": False}}


def write_stand_ins(folder):
    """Write files of the names that the published configuration reads; nothing looks into them."""
    for name in ("chestx_det/ChestX_Det_train.json", "chestx_det/ChestX_Det_test.json", "weights/cxr_foundation.npz"):
        (folder / "data" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "data" / name).write_text("[]")
    (folder / "data/weights/cxr-50x1-remedis-m").mkdir()


def snakemake(place, folder, config, *options):
    """Run Snakemake to its end.

    Parameters
    ----------
    place : pathlib.Path
        A checkout.
    folder : pathlib.Path
        Where its results go.
    config : dict
    *options : str

    Returns
    -------
    dict
        ``jobs``; ``wall`` in seconds; ``own`` and ``children``, seconds of the
        processor that the process which schedules took, and its jobs.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "given.yaml").write_text(yaml.safe_dump(config, sort_keys=False))
    told = folder / "told.json"
    command = [sys.executable, "-c", TELLING, told, "-s", place / "Snakefile", "--directory", folder]
    command += [*options, "--configfile", folder / "given.yaml"]
    began = time.perf_counter()
    done = subprocess.run(
        list(map(str, command)),
        cwd=folder,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    wall = time.perf_counter() - began
    if done.returncode:
        raise RuntimeError(done.stdout[-3000:])
    own, children = json.loads(told.read_text())
    total = re.search(r"^total +(\d+)$", done.stdout, re.MULTILINE)
    return {"jobs": int(total.group(1)) if total else 0, "wall": wall, "own": own, "children": children}


def starts(scripts, repeats):
    """Seconds of the processor until each script has imported what it imports, and its memory in MiB.

    Returns
    -------
    dict of str to tuple
        Median seconds over some processes, and the largest memory.
    """
    found = {}
    for path in scripts:
        body = ast.parse(path.read_text(encoding="utf-8")).body
        kept = [node for node in body if isinstance(node, ast.Import | ast.ImportFrom)]
        text = "\n".join(ast.unparse(node) for node in kept if getattr(node, "module", "") != "scripting")
        tell = "import resource as r; u = r.getrusage(r.RUSAGE_SELF); print(u.ru_utime + u.ru_stime, u.ru_maxrss)"
        command = [sys.executable, "-c", f"{text}\n{tell}"]
        environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
        told = [
            subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout.split()
            for _ in range(repeats)
        ]
        found[path.stem] = (
            statistics.median(float(seconds) for seconds, _ in told),
            max(int(kilobytes) for _, kilobytes in told) / 1024,
        )
    return found


def in_turn(folder, repeats, config, *options, stubs=None):
    """Run or plan a grid in turn with and without the remedies.

    Parameters
    ----------
    folder : pathlib.Path
        Scratch.
    repeats : int
    config : dict
    *options : str
        Of Snakemake.
    stubs : int, optional
        As for `checkout`.

    Returns
    -------
    dict of str to list of dict
        What `snakemake` returns, turn by turn.
    """
    ways = {ALONE: False, "with the remedies": True}
    places = {name: checkout(folder / name, remedies, stubs) for name, remedies in ways.items()}
    found = {name: [] for name in ways}
    for turn in range(repeats):
        for name, place in places.items():
            work = folder / f"{name} {turn}"
            write_stand_ins(work)
            found[name].append(snakemake(place, work, config, *options))
            shutil.rmtree(work)
    return found


def comparison(found, key):
    """Lines of a Markdown table: jobs, and of each way the seconds it took, in all and for each job."""
    taken = {name: [run[key] for run in runs] for name, runs in found.items()}
    rows = ["| way | jobs | seconds | for each job, ms | times less (least to most) |", "|---|---|---|---|---|"]
    for name, values in taken.items():
        jobs, (median, least, most) = found[name][0]["jobs"], ratios(taken, ALONE, name)
        each = 1000 * statistics.median(values) / jobs
        rows.append(
            f"| {name} | {jobs} | {statistics.median(values):.1f} | {each:.0f} | "
            f"{median:.2f} ({least:.2f} to {most:.2f}) |"
        )
    return rows


def main(arguments_=None):
    """Measure, and print Markdown tables."""
    parser = arguments(__doc__.splitlines()[0])
    parser.add_argument("--plan", action="store_true", help="plan only: leave the other two parts out")
    options = parser.parse_args(arguments_)
    quick, scripts = options.quick, sorted((ROOT / "workflow/scripts").glob("*.py"))
    wanted = {"select", "evaluate"} if quick else {path.stem for path in scripts} - {"scripting"}
    rows, measured = [], {}
    if not options.plan:
        found = starts([path for path in scripts if path.stem in wanted], 1 if quick else options.repeats or 3)
        rows += ["Imports of each script:", "", "| script | seconds of the processor | memory, MiB |", "|---|---|---|"]
        rows += [f"| {name} | {took:.2f} | {memory:.0f} |" for name, (took, memory) in found.items()]
        measured["starts"] = found
    with tempfile.TemporaryDirectory(prefix="coldstart-workflow-") as scratch:
        if not quick and not options.plan:
            ran = in_turn(Path(scratch, "jobs"), options.repeats or 1, published(1), *REAL, stubs=STORE)
            rows += ["", "The published grid, one seed, jobs that only write: the process that schedules", ""]
            rows += [*comparison(ran, "own"), "", "and the whole, two jobs at a time", "", *comparison(ran, "wall")]
            measured["jobs"] = ran
        seeds = 1 if quick else 20
        planned = in_turn(Path(scratch, "plan"), 1 if quick else options.repeats or 2, published(seeds), *DRY)
        rows += ["", f"Dry run of the published grid, {seeds} seeds: of the processor", "", *comparison(planned, "own")]
        rows += ["", "and by the clock", "", *comparison(planned, "wall")]
        measured["plan"] = planned
    conclude(options, "What the workflow costs besides its work", machine("snakemake"), rows, measured)


if __name__ == "__main__":
    main()
