"""Run a small grid through a real SLURM of one node, with a training cancelled half-way, and beside it without SLURM.

As root on Debian 12; installs SLURM's packages where they are missing (`slurm_node.sh`). It shows that the grid ends,
that the cancelled training is asked for again with more memory and goes on from its checkpoint, that two trainings at
once hold two devices, and that every result is what the same grid gives without SLURM, to the byte.
"""

import argparse
import hashlib
import json
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import datetime
from importlib.util import find_spec
from itertools import combinations
from pathlib import Path

import yaml
from side_by_side import machine

ROOT = Path(__file__).resolve().parents[1]
NODE = ROOT / "benchmarks/slurm_node.sh"
PROFILE = ROOT / "workflow/profiles/slurm"
# What a single node without a queue allows: looks at once. All else is the profile's own.
SOONER = ["--slurm-init-seconds-before-status-checks", "2", "--latency-wait", "10"]
# The first task trains long enough to be cancelled half-way.
GRID = yaml.safe_load("""
dataset:
  {name: small, kind: phantom, n: 60, resolution: 32, prevalence: 0.4, size: 32, segmentation_samples: positive,
   split: {train: 0.6, val: 0.2, test: 0.2, stratify: true}}
tasks: [classification, segmentation]
models: {pixels: {encoder: pixels, size: 16}}
methods: {random: {strategy: random, seeds: [1]}, clustering: {strategy: kmeans_sweep, n_init: 2}}
budgets: [4]
seeds: [1]
query: {strategies: {uncertainty: {strategy: uncertainty}}, from_budget: 4, batch: 2, rounds: 1, models: [pixels]}
learning:
  classification: {network: small_cnn, optimiser: adam, epochs: 600, patience: 600}
  segmentation: {network: small_unet, optimiser: adam, epochs: 2}
evaluation: {bootstrap: 10}
""")
CELL = re.compile(r"runs/(\w+)/(\w+)/(\w+)/(\w+)/b(\d+)/s(\d+)/t(\d+)/round(\d+)")


def plugin(folder):
    """Environment in which Snakemake has its plugin for SLURM; where it is not installed, a folder is given it."""
    kept = {key: value for key, value in os.environ.items() if key != "CUDA_VISIBLE_DEVICES"}
    environment = {**kept, "OMP_NUM_THREADS": "1"}
    if not find_spec("snakemake_executor_plugin_slurm"):
        install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", folder]
        subprocess.run([*install, "--require-hashes", "-r", ROOT / "requirements-slurm.txt"], check=True)
        environment["PYTHONPATH"] = str(folder)
    return environment


def snakemake(environment, folder, *arguments):
    """Start the grid in a folder; its output goes to `output.txt` there."""
    folder.mkdir()
    (folder / "grid.yaml").write_text(yaml.safe_dump(GRID, sort_keys=False))
    command = [sys.executable, "-m", "snakemake", "-s", ROOT / "Snakefile", "--directory", folder, *arguments]
    with open(folder / "output.txt", "w") as output:
        return subprocess.Popen(
            [*command, "--configfile", folder / "grid.yaml"], stdout=output, stderr=subprocess.STDOUT, env=environment
        )


def jobs(folder):
    """What SLURM knows of every job of a run, by its number: the fields that ``scontrol show jobs`` prints."""
    told = subprocess.run(["scontrol", "-o", "show", "jobs"], capture_output=True, text=True, check=True).stdout
    found = [dict(field.split("=", 1) for field in line.split() if "=" in field) for line in told.splitlines()]
    return {int(job["JobId"]): job for job in found if job.get("WorkDir") == str(folder.resolve())}


def comment(cell):
    """How the plugin calls the submission of a training, from the folder of its run."""
    parts = CELL.search(str(cell)).groups()
    rule = "train" if parts[0] == "classification" else "train_segmentation"
    return f"rule_{rule}_wildcards_{'_'.join(parts)}"


def cancel_a_training(folder, run):
    """Cancel the first training that has written a checkpoint, a second after it was seen.

    Returns
    -------
    cell : pathlib.Path
        Folder of its run.
    number : int
        The job of SLURM that was cancelled.
    """
    while run.poll() is None:
        for checkpoint in folder.glob("results/*/runs/**/checkpoint.pt"):
            for number, job in jobs(folder).items():
                if job["JobState"] == "RUNNING" and job.get("Comment") == comment(checkpoint):
                    time.sleep(1)
                    subprocess.run(["scancel", str(number)], check=True)
                    return checkpoint.parent, number
        time.sleep(0.1)
    raise SystemExit(f"The grid ended before a training could be cancelled: see {folder}/output.txt")


def results(folder):
    """Digest of every result that does not tell the time or the machine."""
    kept = {".parquet", ".csv", ".npy", ".md", ".html", ".tex"}
    files = [path for path in sorted(folder.glob("results/small/**/*")) if path.suffix in kept]
    # The report tells what every job took.
    timed = {"history.csv", "tracking.parquet", "report.html"}
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
        if path.name not in timed
    }


def seconds(job):
    """Start and end of a job, as seconds."""
    return tuple(datetime.fromisoformat(job[key]).timestamp() for key in ("StartTime", "EndTime"))


def beside(folder, kind, cell):
    """File of a training in `logs` or `benchmarks`, without its ending."""
    task, model, method, query, budget, seed, repeat, number = CELL.search(str(cell)).groups()
    run = f"{task}/{model}/{method}/{query}/b{budget}_s{seed}_t{repeat}_round{number}"
    return folder / "results/small" / kind / "train" / run


def trainings(folder):
    """Device and script's seconds of every training of a grid, by the name that the plugin gives its submission."""
    found = {}
    for path in sorted(folder.glob("results/small/runs/**/fit.json")):
        spent = beside(folder, "benchmarks", path).with_suffix(".tsv").read_text().splitlines()[1].split()[0]
        found[comment(path)] = {"slot": json.loads(path.read_text())["slot"], "script": float(spent)}
    return found


def judge(local, cluster, found, cell, number):
    """Hold what happened against what should have.

    Parameters
    ----------
    local, cluster : pathlib.Path
        Folders of the two runs.
    found : dict
        From `jobs`, when all is done.
    cell : pathlib.Path
        Run of the training that was cancelled.
    number : int
        Its job.

    Returns
    -------
    dict of str to bool
        What should hold, and whether it does.
    """
    cancelled, trained = found[number], trainings(cluster)
    again = [job for other, job in found.items() if other > number and job.get("Comment") == comment(cell)]
    held = {name: next(job for job in found.values() if ended(job, name)) for name in trained}
    pairs = [pair for pair in combinations(held, 2) if overlap(*(seconds(held[name]) for name in pair))]
    shared = [pair for pair in pairs if len({trained[name]["slot"] for name in pair}) == 1]
    slots = sorted({str(training["slot"]) for training in trained.values()})
    others = [job for job in found.values() if job.get("Comment") not in trained]
    ours, theirs = results(cluster), results(local)
    different = sorted(path for path in ours.keys() | theirs.keys() if ours.get(path) != theirs.get(path))
    went_on = re.search(r"goes on after epoch \d+", beside(cluster, "logs", cell).with_suffix(".log").read_text())
    memory = [int(re.search(r"mem=(\d+)M", job["TRES"]).group(1)) for job in (cancelled, *again)]
    exceptions = f", except {', '.join(different)}" if different else ""
    again_well = cancelled["JobState"] == "CANCELLED" and [job["JobState"] for job in again] == ["COMPLETED"]
    one_each = all(gpus(job) == 1 for job in held.values()) and slots == ["0", "1"]
    apart, same = bool(pairs) and not shared, len(ours) > 50 and not different
    epochs = GRID["learning"]["classification"]["epochs"]
    return {
        f"{cell.relative_to(cluster)} was cancelled as job {number}, submitted again, and ended well.": again_well,
        f"Its memory: {' MB, then '.join(map(str, memory))} MB.": len(memory) == 2 and memory[1] == 2 * memory[0],
        f"It lost nothing: its log says '{went_on and went_on.group()}', of {epochs}.": bool(went_on),
        f"Each of {len(held)} trainings asked for one GPU and recorded the one it got: {', '.join(slots)}.": one_each,
        f"{len(pairs)} pairs of trainings ran at the same time, {len(shared)} of them on one device.": apart,
        f"None of the {len(others)} other submissions asked for a GPU.": not any(gpus(job) for job in others),
        f"{len(ours)} files of results are those of the run without SLURM, to the byte{exceptions}.": same,
    }


def ended(job, name):
    """Tell whether a job is the submission of this name that ended well."""
    return job.get("Comment") == name and job["JobState"] == "COMPLETED"


def gpus(job):
    """GPUs that a job asked for."""
    found = re.fullmatch(r"gres[:/]gpu:(\d+)", job.get("TresPerJob", ""))
    return int(found.group(1)) if found else 0


def overlap(one, other):
    """Tell whether two spans of time have a second in common."""
    return min(one[1], other[1]) - max(one[0], other[0]) >= 1


def run(environment, base):
    """Run the grid both ways, and say what came of it."""
    began = time.monotonic()
    plain = snakemake(environment, base / "local", "--cores", str(os.cpu_count()), "--resources", "gpu=2")
    if plain.wait():
        raise SystemExit(f"The grid failed without SLURM: see {base}/local/output.txt")
    local = time.monotonic() - began
    began = time.monotonic()
    grid = snakemake(environment, base / "cluster", "--workflow-profile", PROFILE, *SOONER)
    try:
        cell, number = cancel_a_training(base / "cluster", grid)
        if grid.wait():
            raise SystemExit(f"The grid failed on SLURM: see {base}/cluster/output.txt")
    finally:
        if grid.poll() is None:
            grid.send_signal(signal.SIGINT)  # cancels what it has submitted
            grid.wait()
    cluster = time.monotonic() - began
    found = jobs(base / "cluster")
    claims = judge(base / "local", base / "cluster", found, cell, number)
    trained = trainings(base / "cluster")
    beyond = [
        end - start - trained[job["Comment"]]["script"]
        for job in found.values()
        if job.get("Comment") in trained and job["JobState"] == "COMPLETED"
        for start, end in [seconds(job)]
        if job["Comment"] != comment(cell)
    ]
    steps = int(re.findall(r"of (\d+) steps \(100%\) done", (base / "local/output.txt").read_text())[-1])
    return claims, {
        "jobs": steps,
        "submissions": len(found),
        "seconds_local": round(local, 1),
        "seconds_slurm": round(cluster, 1),
        "seconds_beyond_script": round(statistics.median(beyond), 1),
    }


def report(version, claims, figures):
    """Lines of the report, in Markdown."""
    rows = [f"{version}, one node of its own with two GPUs in name.", "", "| shown | what |", "|---|---|"]
    rows += [f"| {'yes' if holds else '**no**'} | {what} |" for what, holds in claims.items()]
    rows += [
        "",
        f"{figures['jobs']} jobs. Without SLURM: {figures['seconds_local']} s. With it: {figures['submissions']} "
        f"submissions, {figures['seconds_slurm']} s. The submission of a training lasts "
        f"{figures['seconds_beyond_script']} s longer than its script (median): Snakemake starts twice for each.",
    ]
    return rows


def main(arguments=None):
    """Set up, run, tear down."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path, help="write what was found to this file too")
    parser.add_argument("--keep", action="store_true", help="keep the folder of the runs, also where all went well")
    options = parser.parse_args(arguments)
    base = Path(tempfile.mkdtemp(prefix="coldstart-grid-"))
    print(f"Runs in {base}", file=sys.stderr)
    try:
        if subprocess.run([NODE, "up"], check=False).returncode:
            raise SystemExit(1)
        version = subprocess.run(["sinfo", "--version"], capture_output=True, text=True, check=True).stdout.strip()
        claims, figures = run(plugin(base / "plugin"), base)
    finally:
        subprocess.run([NODE, "down"], check=False)
    print("## A grid through SLURM", "", machine("snakemake"), "", *report(version, claims, figures), sep="\n")
    if options.json:
        found = {"machine": machine("snakemake"), "slurm": version, **figures, "shown": claims}
        options.json.write_text(json.dumps(found, indent=1) + "\n")
    if not all(claims.values()):
        raise SystemExit(f"Not all of it held: see {base}")
    if not options.keep:
        shutil.rmtree(base)


if __name__ == "__main__":
    main()
