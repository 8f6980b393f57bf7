"""How long the whole published grid takes on this device, and where the time goes.

Which trainings there are is read from the configuration, as the workflow reads
it. One training is measured at a few sizes of the labelled set, some epochs
long, and scaled to the epochs of the configuration; sizes between are
interpolated linearly. What a job needs besides is measured once: the start of
its processes, a network of its own, predictions for validation, test and pool,
their files, the evaluation.

The images are noise of the published number and size; they are as dear to
compute as X-rays.
"""

import ast
import subprocess
import sys
import tempfile
import time
from collections import Counter
from itertools import product
from pathlib import Path

import numpy as np
import torch
import yaml
from gpu import device_here
from side_by_side import arguments, conclude, machine
from snakemake.utils import validate

from coldstart import grid, worklists
from coldstart.evaluation.classification import auprc_trapezoid
from coldstart.evaluation.evaluate import evaluate_classification, evaluate_segmentation
from coldstart.evaluation.segmentation import mean_dice
from coldstart.learning import NETWORKS
from coldstart.learning.prediction import predict
from coldstart.learning.settings import Settings
from coldstart.learning.training import fit
from coldstart.protocols import apply_protocol
from coldstart.query import STRATEGIES as QUERIES
from coldstart.trainings import fill_learning, learning_of

ROOT = Path(__file__).resolve().parents[1]
# Yuan & Hong: 611 healthy and 189 with pneumothorax; the latter alone are segmented.
SAMPLES = {"classification": 800, "segmentation": 189}
SMALL = {"classification": "small_cnn", "segmentation": "small_unet"}
# What makes an epoch dearer or cheaper; other settings change the result alone.
DEAR = ("network", "batch_size", "optimiser", "precision", "augment", "normalise", "epochs")
STARTS = ("start of training jobs", "start of query jobs", "start of evaluation jobs")


def read_config(path):
    """Complete a configuration as the workflow does."""
    config = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    worklists.fill_worklist(config)
    apply_protocol(config)
    fill_learning(config)
    validate(config, str(ROOT / "workflow/schemas/config.schema.yaml"))
    return config


def start_budget(config):
    """Initial budget from which the rounds start."""
    given = config["query"]["from_budget"]
    return min(config["budgets"]) if given is None else given


def trainings(config, task, all_seeds):
    """Count the trainings of a task, of all seeds and repeats or of one seed of each method.

    Returns
    -------
    collections.Counter
        Trainings of each (settings that matter here, labelled images, round).
    """
    query, start, found = config["query"], start_budget(config), Counter()
    for model, method, name in grid.trainings(config, task):
        learning = learning_of(config, task, model, method, name)
        seeds = config["methods"][method]["seeds"] or config["seeds"]
        if name == "none":
            sizes = [(size, 0) for size in config["budgets"]]
        else:
            sizes = [(start + number * query["batch"], number) for number in range(1, query["rounds"] + 1)]
        for size, number in sizes:
            settings = tuple(learning[key] for key in DEAR)
            found[settings, size, number] += len(seeds) * config["repeats"] if all_seeds else 1
    return found


def timed(function, *given, **named):
    """Seconds that a call takes until the device is done, and what it returns."""
    began = time.perf_counter()
    found = function(*given, **named)
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return time.perf_counter() - began, found


def start_of_script(name, device, *modules):
    """Seconds from nothing until a script has imported what it and its modules need, and the device answers."""
    tree = ast.parse((ROOT / f"workflow/scripts/{name}.py").read_text(encoding="utf-8"))
    wanted = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    lines = [ast.unparse(node) for node in wanted if getattr(node, "module", "") != "scripting"]
    lines = [f"import sys; sys.path.insert(0, {str(ROOT / 'src')!r})", *lines, *(f"import {one}" for one in modules)]
    if device == "cuda":
        lines.append("import torch; torch.zeros(1, device='cuda').item()")
    return timed(subprocess.run, [sys.executable, "-c", "\n".join(lines)], check=True)[0]


def start_of_snakemake(config):
    """Seconds that Snakemake takes to read the workflow, as it does anew for each job."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "snakemake", "-s", ROOT / "Snakefile", "--configfile", config.resolve()]
        command += ["--directory", folder, "--list-rules"]
        return timed(subprocess.run, command, check=True, capture_output=True, cwd=folder)[0]


def one_size(settings, images, targets, rows, size, device):
    """Train a few epochs on some images, as a job does; return seconds of its parts, and the network.

    The parts: ``build`` (a network of its own), ``epoch`` (the median of all but
    the first) and ``once`` (what the training takes beyond that: its first epoch,
    a checkpoint).
    """
    build, network = timed(lambda: settings.build(channels=1, seed=0).to(device))
    measure = mean_dice if settings.task == "segmentation" else auprc_trapezoid
    with tempfile.TemporaryDirectory() as folder:
        given = {"validate": measure, "seed": 0, "device": device, "checkpoint": Path(folder) / "checkpoint.pt"}
        labelled = rows["train"][:size]
        took, done = timed(fit, network, images, targets, labelled, rows["val"], settings, **given)
    epochs = done.history.seconds.to_numpy()
    epoch = float(np.median(epochs[1:] if len(epochs) > 1 else epochs))
    return {"build": build, "epoch": epoch, "once": max(0.0, took - epoch * len(epochs))}, network


def afterwards(config, network, settings, images, truth, device):
    """Seconds per image to predict and to write the foreground map, and seconds to evaluate the test images."""
    predicted, found = timed(predict, network, images, np.arange(len(images)), settings, device)
    options = {"bootstrap": config["evaluation"]["bootstrap"]}
    if settings.task == "classification":
        return predicted / len(images), 0.0, timed(evaluate_classification, truth, found, 0.5, **options)[0]
    with tempfile.TemporaryDirectory() as folder:
        written, _ = timed(np.savez_compressed, Path(folder) / "maps.npz", maps=found)
    return predicted / len(images), written / len(images), timed(evaluate_segmentation, truth, found, **options)[0]


def task_times(config, task, counted, sizes, options, device):
    """Measure one task.

    Returns
    -------
    Seconds of every part of a training job, summed over the jobs that `trainings` counted; seconds per epoch that were
    measured; seconds of the longest chain of rounds, without its query jobs.
    """
    side = 32 if options.quick else config["dataset"]["size"]
    shares, number = config["dataset"]["split"], 40 if options.quick else SAMPLES[task]
    cuts = np.round(number * np.cumsum([shares["train"], shares["val"]])).astype(int)
    rows = dict(zip(("train", "val", "test"), np.split(np.arange(number), cuts), strict=True))
    images = np.random.default_rng(2024).integers(0, 256, (number, side, side), dtype=np.uint8)
    targets = np.arange(number) % 2
    if task == "segmentation":
        targets = np.zeros_like(images)
        targets[:, side // 4 : side // 2, side // 4 : side // 2] = 1
    parts, measured, chain = Counter(), {}, Counter()
    for settings in dict.fromkeys(key[0] for key in counted):
        given = dict(zip(DEAR, settings, strict=True))
        epochs = given.pop("epochs")
        if options.quick:
            given["network"] = SMALL[task]
        plan = Settings.read({**given, "epochs": options.epochs or (6 if device == "cuda" else 1)})
        NETWORKS.load(plan.network)
        start = start_of_script("train", device, NETWORKS.entry(plan.network).module)
        known = []
        for size in sizes:
            seconds, network = one_size(plan, images, targets, rows, size, device)
            known.append(seconds)
            measured[f"{task}: {plan.network}, batches of {plan.batch_size}, {size} labelled"] = seconds["epoch"]
        test = rows["test"]
        predicted, written, evaluated = afterwards(config, network, plan, images[test], targets[test], device)
        for key, count in counted.items():
            if key[0] != settings:
                continue
            here = {part: float(np.interp(key[1], sizes, [seconds[part] for seconds in known])) for part in known[0]}
            job = {
                "epochs": epochs * here["epoch"],
                "predictions": predicted * (number - key[1]),
                "first epoch, checkpoint": here["once"],
                "initial network": here["build"],
                "files of maps": written * (number - key[1]),
                STARTS[0]: start,
            }
            parts += Counter({part: count * seconds for part, seconds in [*job.items(), ("evaluation", evaluated)]})
            if key[2] or key[1] == start_budget(config):
                chain[settings] += sum(job.values())
    return parts, measured, max(chain.values())


def least(parts, chain, gpus, jobs, cores):
    """Bounds from below on the time of all jobs.

    Returns
    -------
    dict of str to float
        Seconds that the devices compute, that jobs hold their places on them,
        that all jobs hold a core, and that rounds which follow each other last.
    """
    everything = sum(parts.values())
    apart = sum(parts[name] for name in ("evaluation", *STARTS[1:]))
    return {
        "computing": (parts["epochs"] + parts["predictions"]) / gpus,
        "places": (everything - apart) / (gpus * jobs),
        "cores": everything / cores,
        "chain of rounds": chain,
    }


def main(given=None):
    """Measure and print."""
    parser = arguments(__doc__.splitlines()[0])
    parser.add_argument("--config", type=Path, default=ROOT / "config/yuan_hong.yaml")
    parser.add_argument("--all-seeds", action="store_true", help="all seeds of each method, not one")
    parser.add_argument("--epochs", type=int, help="epochs that are measured (default: 6 on a GPU, 1 on the CPU)")
    parser.add_argument("--sizes", type=int, nargs="*", help="labelled-set sizes that are measured, ascending")
    parser.add_argument("--gpus", type=int, nargs="*", default=[1, 2], help="numbers of GPUs that are told of")
    parser.add_argument("--jobs-per-gpu", type=int, nargs="*", default=[1, 3])
    parser.add_argument("--cores", type=int, default=8, help="processor cores that are reckoned with")
    options = parser.parse_args(given)
    device, config = device_here(), read_config(options.config)
    counted = {task: trainings(config, task, options.all_seeds) for task in config["tasks"]}
    asked = sorted({size for counts in counted.values() for _, size, _ in counts})
    middle = [asked[len(asked) // 2]] if device == "cuda" else []
    sizes = [4, 20] if options.quick else options.sizes or [asked[0], *middle, asked[-1]]
    parts, measured, chains = Counter(), {}, []
    for task, counts in counted.items():
        found, epochs, chain = task_times(config, task, counts, sizes, options, device)
        parts, measured = parts + found, measured | epochs
        chains.append(chain)

    count = {task: sum(counts.values()) for task, counts in counted.items()}
    number, rounds = sum(count.values()), config["query"]["rounds"]
    queries = sum(many for counts in counted.values() for (_, _, round_), many in counts.items() if round_)
    asking = [QUERIES.entry(section["strategy"]).module for section in config["query"]["strategies"].values()]
    query, evaluate = start_of_script("query", "cpu", *asking), start_of_script("evaluate", "cpu")
    parts += Counter(dict(zip(STARTS[1:], (queries * query, number * evaluate), strict=True)))
    snakemake = 0.0 if options.quick else start_of_snakemake(options.config)
    parts += Counter(dict(zip(STARTS, (number * snakemake, queries * snakemake, number * snakemake), strict=True)))
    chain = max(chains) + rounds * query + (2 * rounds + 1) * snakemake

    unit, divisor = ("minutes", 60) if device == "cuda" else ("hours", 3600)
    everything = sum(parts.values())
    rows = [] if device == "cuda" else ["**Measured on the CPU: no GPU was found.**", ""]
    rows += [
        f"{options.config.name}, {'all seeds' if options.all_seeds else 'one seed'}: {number} trainings "
        f"({', '.join(f'{many} {task}' for task, many in count.items())}) and {queries} queries. Measured with "
        f"{', '.join(map(str, sizes))} labelled images, between them interpolated linearly. Embeddings, selections, "
        "tables and figures are left out.",
        "",
        "| measured | seconds per epoch, validation included |",
        "|---|---|",
        *(f"| {what} | {seconds:.3g} |" for what, seconds in measured.items()),
        "",
        f"| part, of all jobs | {unit} | share |",
        "|---|---|---|",
        *(
            f"| {what} | {seconds / divisor:.3g} | {100 * seconds / everything:.0f} % |"
            for what, seconds in parts.most_common()
        ),
        "",
        f"Start of a job: Snakemake {snakemake:.1f} s, then imports (query {query:.1f} s, evaluate {evaluate:.1f} s).",
        "",
    ]
    table = []
    if device != "cuda":
        rows.append(f"In all, one job after another: {everything / 3600:.3g} hours.")
    else:
        rows += [
            f"The least that the grid can take, with {options.cores} cores, is the largest of four bounds: jobs on one "
            "device wait for each other's computing alone, jobs hold their places on the devices, every job holds a "
            "core, and rounds follow each other. In minutes:",
            "",
            "| GPUs | jobs per GPU | at least | computing | places | cores | chain of rounds |",
            "|---|---|---|---|---|---|---|",
        ]
        for gpus, jobs in product(options.gpus, options.jobs_per_gpu):
            bounds = least(parts, chain, gpus, jobs, options.cores)
            minutes = [seconds / 60 for seconds in (max(bounds.values()), *bounds.values())]
            rows.append(f"| {gpus} | {jobs} | " + " | ".join(f"{value:.1f}" for value in minutes) + " |")
            table.append({"gpus": gpus, "jobs_per_gpu": jobs, "seconds": bounds})
    seconds = {"epochs": measured, "parts": dict(parts), "snakemake": snakemake, "chain": chain}
    plain = {"device": device, "trainings": number, "queries": queries, "seconds": seconds, "grid": table}
    conclude(options, "Time of the published grid", machine("torch", "snakemake"), rows, plain)


if __name__ == "__main__":
    main()
