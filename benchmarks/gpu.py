"""Training on a GPU: our training against a bare loop on resident tensors, and several jobs on one device.

The bare loop is the fastest that plain PyTorch does: images in memory of the
device as the network takes them, batches in a fixed order, nothing computed but
forward pass, loss, backward pass and step, the weights laid out as ours are. It
stands here twice: with PyTorch as it comes, and repeatable, as we train. What
`fit` adds is a fresh order every epoch, stored pixels to network input, and the
record of every epoch; validation is measured apart, since a bare step has none.
Where there is no GPU all of it runs on the CPU, with fewer images, and says so.
"""

import json
import subprocess
import sys
import time
from contextlib import nullcontext

import numpy as np
import torch
from side_by_side import arguments, conclude, machine, ratios, take_turns
from torch.nn import functional

from coldstart.evaluation.classification import auprc_trapezoid
from coldstart.evaluation.segmentation import mean_dice
from coldstart.learning.computing import placed, repeatable
from coldstart.learning.settings import Settings
from coldstart.learning.training import fit

BARE, REPEATABLE, OURS, VALIDATED = "bare loop", "bare loop, repeatable", "fit", "fit, with validation"
# Tells the others when it is ready, waits for the word to start, trains, and says when.
JOB = """
import json, sys, time
sys.path[:0] = json.loads(sys.argv[1])
import gpu
training = gpu.Training(*json.loads(sys.argv[2]))
training.ours()
print("ready", flush=True)
sys.stdin.readline()
began = time.time()
training.ours()
print(json.dumps([began, time.time()]), flush=True)
"""


class Training:
    """One training to be timed, in several ways.

    Parameters
    ----------
    network : str
        A name of `coldstart.learning.NETWORKS`; all else is published.
    precision : {"float32", "bfloat16"}
    size : int
        Side of the images in pixels.
    labelled, validation : int
        Images to train on and to validate with.
    epochs : int
    device : str
    """

    def __init__(self, network, precision, size, labelled, validation, epochs, device):
        rng = np.random.default_rng(2024)
        self.device, self.epochs = torch.device(device), epochs
        self.settings = Settings.read({"network": network, "precision": precision, "epochs": epochs})
        self.segmenting = self.settings.task == "segmentation"
        self.images = rng.integers(0, 256, (labelled + validation, size, size), dtype=np.uint8)
        shape = self.images.shape if self.segmenting else len(self.images)
        self.targets = rng.integers(0, 2, shape, dtype=np.uint8).astype(np.uint8 if self.segmenting else np.int64)
        self.targets[:2] = [[[0]], [[1]]] if self.segmenting else [0, 1]
        self.rows = np.split(np.arange(len(self.images)), [labelled])
        self.network, self.plain = (
            placed(self.settings.build(channels=1, seed=0), self.settings, self.device) for _ in range(2)
        )
        pixels, wanted = self.images[:labelled] / np.float32(255), self.targets[:labelled]
        self.pixels = torch.from_numpy(pixels)[:, None].to(self.device)
        self.wanted = torch.from_numpy(wanted[:, None] if self.segmenting else wanted).to(self.device)

    def synchronise(self):
        """Wait until the device has done all that it was told."""
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)

    def bare(self):
        """Train by the plain loop."""
        network, step = self.plain.train(), self.settings.batch_size
        low = torch.autocast(self.device.type, torch.bfloat16)
        optimiser = torch.optim.SGD(network.parameters(), self.settings.learning_rate, self.settings.momentum)
        for _ in range(self.epochs):
            for start in range(0, len(self.pixels), step):
                with low if self.settings.precision == "bfloat16" else nullcontext():
                    logits = network(self.pixels[start : start + step])
                loss = self.loss(logits.float(), self.wanted[start : start + step])
                optimiser.zero_grad()
                loss.backward()
                optimiser.step()
        self.synchronise()

    def loss(self, logits, wanted):
        """Cross entropy, or soft Dice, written out."""
        if not self.segmenting:
            return functional.cross_entropy(logits, wanted)
        p, t = logits.sigmoid().flatten(1), wanted.flatten(1)
        return (1 - 2 * ((p * t).sum(1) + 1e-5) / (p.sum(1) + t.sum(1) + 1e-5)).mean()

    def repeatable(self):
        """Train by the plain loop with the deterministic algorithms that we train with."""
        with repeatable(0, self.device):
            self.bare()

    def ours(self, validate=False):
        """Train by `fit`; return what it says of its epochs."""
        labelled, validation = self.rows
        done = fit(
            self.network,
            self.images,
            self.targets,
            labelled,
            validation if validate else labelled[:0],
            self.settings,
            validate=mean_dice if self.segmenting else auprc_trapezoid,
            seed=0,
            device=self.device,
        )
        self.synchronise()
        return done.history

    def validated(self):
        """Train by `fit` with a validation after every epoch."""
        return self.ours(validate=True)


def device_here():
    """The first GPU where there is one, else the CPU."""
    return "cuda" if torch.cuda.is_available() else "cpu"


def together(jobs, given):
    """Train in several processes at once on one device.

    Parameters
    ----------
    jobs : int
    given : list
        Arguments of `Training`.

    Returns
    -------
    float
        Images per second of all of them together, from the first start to the last end.
    """
    command = [sys.executable, "-c", JOB, json.dumps([sys.path[0]]), json.dumps(given)]
    pipe = subprocess.PIPE
    running = [subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) for _ in range(jobs)]
    try:
        for job in running:
            if job.stdout.readline() != "ready\n":
                raise SystemExit(f"one of {jobs} jobs on one device failed, perhaps for want of memory: see above")
        for job in running:
            job.stdin.write("go\n")
            job.stdin.flush()
        spans = [json.loads(job.communicate()[0]) for job in running]
    finally:
        for job in running:
            job.kill()
    _, _, _, labelled, _, epochs, _ = given
    return jobs * labelled * epochs / (max(end for _, end in spans) - min(began for began, _ in spans))


def main(given=None):
    """Measure and print."""
    parser = arguments(__doc__.splitlines()[0])
    parser.add_argument(
        "--jobs", type=int, nargs="*", help="jobs at once on one device (default: 1 2 3 on a GPU, else 1 2)"
    )
    parser.add_argument("--networks", nargs="*", default=["vgg11", "unet_vgg11"])
    options = parser.parse_args(given)
    device = device_here()
    on_gpu = device == "cuda"
    size, labelled, validation, epochs = (224, 100, 80, 20) if on_gpu else (224, 20, 20, 1)
    precisions = ["float32", "bfloat16"] if on_gpu else ["float32"]
    networks, jobs = options.networks, options.jobs or ([1, 2, 3] if on_gpu else [1, 2])
    if options.quick:
        networks, size, labelled, validation, epochs, jobs = ["small_cnn", "small_unet"], 32, 10, 4, 1, [1]
    repeats = options.repeats or (1 if options.quick else 5 if on_gpu else 2)

    rows = [] if on_gpu else ["**Measured on the CPU: no GPU was found.** These ratios say nothing about a GPU.", ""]
    rows += [
        f"{size}² pixels, {labelled} labelled and {validation} validation images, batches of 10, {epochs} epochs, "
        f"{repeats} turns. Throughput in per cent of the bare loop: median, least to most.",
        "",
        "| network | precision | way | images/s | % of the bare loop | % of the bare loop, repeatable |",
        "|---|---|---|---|---|---|",
    ]
    measured = {"device": device, "ways": []}
    for network in networks:
        for precision in precisions:
            training = Training(network, precision, size, labelled, validation, epochs, device)
            ways = {BARE: training.bare, REPEATABLE: training.repeatable, OURS: training.ours}
            seconds, _ = take_turns({**ways, VALIDATED: training.validated}, repeats)
            for way, values in seconds.items():
                rate = labelled * epochs / np.median(values)
                shares = [[100 * share for share in ratios(seconds, base, way)] for base in (BARE, REPEATABLE)]
                told = " | ".join(f"{median:.0f} ({least:.0f} to {most:.0f})" for median, least, most in shares)
                rows.append(f"| {network} | {precision} | {way} | {rate:.3g} | {told} |")
                measured["ways"].append(
                    {
                        "network": network,
                        "precision": precision,
                        "way": way,
                        "seconds": values,
                        "percent_of_bare": shares[0][0],
                        "percent_of_repeatable": shares[1][0],
                    }
                )
            del training
            if on_gpu:
                torch.cuda.empty_cache()
    rows += [
        "",
        "Several jobs at once on one device (COLDSTART_JOBS_PER_GPU), `fit` in a process each:",
        "",
        "| network | jobs | images/s of all | times one job |",
        "|---|---|---|---|",
    ]
    measured["together"] = []
    for network in networks:
        rates = [together(number, [network, "float32", size, labelled, 0, epochs, device]) for number in jobs]
        for number, rate in zip(jobs, rates, strict=True):
            rows.append(f"| {network} | {number} | {rate:.3g} | {rate / rates[0]:.2f} |")
            measured["together"].append({"network": network, "jobs": number, "images_per_second": rate})
    conclude(options, "Training on a GPU" if on_gpu else "Training, on the CPU", machine("torch"), rows, measured)


if __name__ == "__main__":
    began = time.monotonic()
    main()
    print(f"\n{time.monotonic() - began:.0f} s in all")
