"""Training: the published loop as it stands, and ours in float32 and bfloat16, side by side.

The published loop (Yuan & Hong 2024, and their code) reads and resizes the
source file at every access, and predicts its validation images one by one
after every epoch. ``coldstart.learning.training.fit`` is given the array that
the chain decodes once. Both train the same network, from the same weights, with
the same settings. ``--curve`` compares what they learn instead of their speed.
"""

import copy
import tempfile
import time
import timeit
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import torch
from side_by_side import arguments, comparison, conclude, machine, ratios
from torch import nn
from torch.utils.data import DataLoader, Dataset, Subset

from coldstart.cohort.images import resize
from coldstart.evaluation.classification import auprc_trapezoid
from coldstart.learning.losses import class_weights
from coldstart.learning.prediction import predict
from coldstart.learning.settings import Settings
from coldstart.learning.training import fit

PUBLISHED_EPOCHS = 100
PRECISIONS = ("float32", "bfloat16")
LOOP = "published loop"


def source_files(folder, count, side, seed):
    """Write grey PNG files of so many pixels a side; every second image shows a disc, its label 1."""
    rng, labels = np.random.default_rng(seed), np.arange(count) % 2
    y, x = np.mgrid[:side, :side] / side
    paths = [folder / f"{seed}_{number}.png" for number in range(count)]
    for path, label in zip(paths, labels, strict=True):
        tilt, centre = rng.normal(size=2), rng.uniform(0.25, 0.75, 2)
        disc = (y - centre[0]) ** 2 + (x - centre[1]) ** 2 < 0.12**2
        coarse = cv2.resize(rng.normal(size=(16, 16)), (side, side), interpolation=cv2.INTER_CUBIC)
        image = 110 + 25 * (tilt[0] * y + tilt[1] * x) + 18 * coarse + 6 * rng.normal(size=(side, side))
        cv2.imwrite(str(path), np.clip(image + 45 * label * disc, 0, 255).astype(np.uint8))
    return paths, labels


class SourceFiles(Dataset):
    """The published data set: every access reads a file, resizes it and repeats it to three channels in [0, 1]."""

    def __init__(self, paths, labels, size):
        self.paths, self.labels, self.size = paths, labels, size

    def __len__(self):
        return len(self.paths)

    def __getitem__(self, index):
        grey = cv2.resize(cv2.imread(str(self.paths[index]), cv2.IMREAD_GRAYSCALE), (self.size, self.size))
        return torch.from_numpy(np.stack([grey / 255] * 3)), torch.tensor(self.labels[index])


def decoded_once(paths, size):
    """What the chain does before any training: every image to one array, its pixels those of `SourceFiles`."""
    return np.stack([resize(cv2.imread(str(path), cv2.IMREAD_GRAYSCALE), size, "bilinear") for path in paths])


def published_scores(network, loader):
    """Predict images one by one."""
    network.eval()
    with torch.no_grad():
        return np.array([network(images.float()).sigmoid()[0, 1].item() for images, _ in loader])


def published_loop(network, data, train_rows, val_rows, settings, seed):
    """The published training, written out: SGD, weighted cross entropy, the epoch of the best validation AUPRC.

    Returns
    -------
    list of float
        Seconds of every epoch.
    """
    torch.manual_seed(seed)
    train_loader = DataLoader(Subset(data, train_rows), batch_size=settings.batch_size, shuffle=True)
    val_loader = DataLoader(Subset(data, val_rows), batch_size=1)
    criterion = nn.CrossEntropyLoss(torch.tensor(class_weights(data.labels[train_rows]), dtype=torch.float32))
    optimiser = torch.optim.SGD(network.parameters(), lr=settings.learning_rate, momentum=settings.momentum)
    best, best_weights, stale, seconds = 0.0, network.state_dict(), 0, []
    for _ in range(settings.epochs):
        began = time.perf_counter()
        network.train()
        for images, targets in train_loader:
            loss = criterion(network(images.float()), targets)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
        value = auprc_trapezoid(data.labels[val_rows], published_scores(network, val_loader))
        stale += 1
        if value > best:
            # Published: into a file. This is quicker.
            best, best_weights, stale = value, copy.deepcopy(network.state_dict()), 0
        if stale == settings.patience:
            optimiser.param_groups[0]["lr"] *= settings.factor
            stale = 0
        seconds.append(time.perf_counter() - began)
    network.load_state_dict(best_weights)
    return seconds


def ours(network, images, labels, train_rows, val_rows, settings, seed):
    """The same training by the package; answers with the seconds of every epoch."""
    return fit(
        network,
        images,
        labels,
        train_rows,
        val_rows,
        settings,
        validate=auprc_trapezoid,
        seed=seed,
        device="cpu",
    ).history.seconds.tolist()


def least(work, *given):
    """Seconds of some work, the least of three times."""
    return min(timeit.repeat(partial(work, *given), number=1, repeat=3))


def there_and_back(layer, pixels, gradient):
    """A layer's forward and backward pass."""
    layer(pixels).backward(gradient)


def bare_convolutions(network, size, images, trained):
    """Seconds that the convolutions of an epoch take by themselves in float32, which no way of training can save.

    Each layer is given random numbers in the shape that it meets, channels last,
    in the batches that it is fastest with.

    Parameters
    ----------
    network : torch.nn.Module
    size : int
        Pixels a side.
    images, trained : int
        Images that go through the network in an epoch, and how many of them are trained on.
    """
    shapes, total = [], 0.0
    layers = [layer for layer in network.modules() if isinstance(layer, nn.Conv2d)]
    hooks = [layer.register_forward_pre_hook(lambda _, given: shapes.append(given[0].shape[1:])) for layer in layers]
    network.eval()(torch.zeros(1, 1, size, size))
    for hook in hooks:
        hook.remove()
    for number, (layer, shape) in enumerate(zip(layers, shapes, strict=True)):
        layer.to(memory_format=torch.channels_last)
        forward, both = [], []
        for batch in (1, 4, trained):
            pixels = torch.randn(batch, *shape).to(memory_format=torch.channels_last).requires_grad_(number > 0)
            gradient = torch.ones_like(layer(pixels))
            with torch.inference_mode():
                forward.append(least(layer, pixels) / batch)
            both.append(least(there_and_back, layer, pixels, gradient) / batch)
        total += (images - trained) * min(forward) + trained * min(both)
    return total


def speed(options, folder):
    """Seconds per epoch, and how many times faster than the published loop."""
    name, side, size, labelled, validated, epochs = (
        ("small_cnn", 64, 32, 4, 4, 2) if options.quick else ("vgg11", 1024, 224, 20, 80, 3)
    )
    common = {"network": name, "score": "sigmoid", "epochs": epochs}
    settings = {precision: Settings(**common, precision=precision) for precision in PRECISIONS}
    data = SourceFiles(*source_files(folder, labelled + validated, side, seed=0), size)
    began = time.perf_counter()
    np.save(folder / "images.npy", decoded_once(data.paths, size))
    decoding = time.perf_counter() - began
    images = np.load(folder / "images.npy", mmap_mode="r")
    train_rows, val_rows = np.split(np.arange(len(data)), [labelled])

    seconds = {way: [] for way in (LOOP, *PRECISIONS)}
    for _ in range(options.repeats or (1 if options.quick else 2)):
        for way, found in seconds.items():
            network = settings["float32"].build(channels=3 if way == LOOP else 1, seed=0)
            if way == LOOP:
                epochs = published_loop(network, data, train_rows, val_rows, settings["float32"], seed=0)
            else:
                epochs = ours(network, images, data.labels, train_rows, val_rows, settings[way], seed=0)
            # The first epoch fetches memory and keeps the first weights; decoding once is shared by all epochs.
            found += [one + (decoding / PUBLISHED_EPOCHS if way != LOOP else 0.0) for one in epochs[1:]]
    bare = bare_convolutions(settings["float32"].build(channels=1, seed=0), size, len(data), labelled)
    told = [
        f"{name}, {labelled} labelled and {validated} validation images of {side} x {side} on disk, trained at "
        f"{size} x {size}, {torch.get_num_threads()} threads. Seconds of an epoch; decoding once took "
        f"{decoding:.2f} s, of which each of {PUBLISHED_EPOCHS} epochs bears its share.",
        "",
        *comparison(seconds, LOOP),
        "",
        f"The convolutions alone take {bare:.2f} s of an epoch in float32, with nothing between them: at most "
        f"{np.median(seconds[LOOP]) / bare:.2f} times as fast as the {LOOP} is what PyTorch's convolutions allow here.",
    ]
    found = {precision: ratios(seconds, LOOP, precision) for precision in PRECISIONS}
    measured = {"seconds": seconds, "ratios": found, "decoding": decoding, "convolutions": bare}
    return "Training: one epoch", told, measured


def curve(options, folder):
    """AUPRC on a test set after each budget, for several seeds: published loop, float32, bfloat16."""
    side, size, epochs, budgets = (64, 32, 1, [4, 8]) if options.quick else (128, 64, 25, [20, 40, 60])
    validated, tested = (8, 8) if options.quick else (40, 200)
    common = {"network": "small_cnn", "score": "sigmoid", "epochs": epochs, "learning_rate": 0.02}
    settings = {precision: Settings(**common, precision=precision) for precision in PRECISIONS}
    found = {name: [] for name in (LOOP, *PRECISIONS)}
    for seed in range(2 if options.quick else options.seeds):
        data = SourceFiles(*source_files(folder, budgets[-1] + validated + tested, side, seed), size)
        colour = np.repeat(decoded_once(data.paths, size)[..., None], 3, axis=3)
        pool, val_rows, test_rows = np.split(np.arange(len(data)), [budgets[-1], budgets[-1] + validated])
        curves = {name: [] for name in found}
        for budget in budgets:
            for name in found:
                # Three equal channels, as published, for all: the same initial weights.
                network = settings["float32"].build(channels=3, seed=seed)
                if name == LOOP:
                    published_loop(network, data, pool[:budget], val_rows, settings["float32"], seed)
                    scores = published_scores(network, DataLoader(Subset(data, test_rows)))
                else:
                    ours(network, colour, data.labels, pool[:budget], val_rows, settings[name], seed)
                    scores = predict(network, colour, test_rows, settings[name], "cpu")
                curves[name].append(auprc_trapezoid(data.labels[test_rows], scores))
        for name, values in curves.items():
            found[name].append(values)
    told = [
        f"small_cnn, {size} x {size}, {epochs} epochs; mean AUPRC of {tested} test images over the budgets "
        f"{', '.join(map(str, budgets))}.",
        "",
        f"| seed | {' | '.join(found)} |",
        "|---|" + "---|" * len(found),
    ]
    means = {name: np.mean(values, axis=1) for name, values in found.items()}
    told += [
        f"| {seed} | {' | '.join(f'{values[seed]:.4f}' for values in means.values())} |"
        for seed in range(len(means[LOOP]))
    ]
    told += ["", *difference_rows(found, budgets)]
    return "Training: the learning curve", told, {"auprc": found, "budgets": budgets}


def difference_rows(found, budgets):
    """Mean difference to the published loop over the seeds, with its standard error, at each budget and over all."""
    rows = ["| budget | " + " | ".join(f"{name} less {LOOP}" for name in PRECISIONS) + " |", "|---|---|---|"]
    values = {name: np.column_stack([found[name], np.mean(found[name], axis=1)]) for name in found}
    for column, budget in enumerate([*budgets, "all"]):
        cells = []
        for name in PRECISIONS:
            differences = values[name][:, column] - values[LOOP][:, column]
            error = differences.std(ddof=1) / np.sqrt(len(differences))
            cells.append(f"{differences.mean():+.4f} (SE {error:.4f})")
        rows.append(f"| {budget} | {' | '.join(cells)} |")
    return rows


def main(arguments_=None):
    """Measure, and print what was found."""
    parser = arguments(__doc__.splitlines()[0])
    parser.add_argument("--curve", action="store_true", help="compare what is learned, not how fast")
    parser.add_argument("--seeds", type=int, default=8, help="seeds of --curve")
    parser.add_argument("--threads", type=int, default=2, help="threads of torch")
    options = parser.parse_args(arguments_)
    torch.set_num_threads(options.threads)
    measured_on = machine("torch", "torchvision")
    with tempfile.TemporaryDirectory() as folder:
        title, told, measured = (curve if options.curve else speed)(options, Path(folder))
    conclude(options, title, measured_on, told, measured)


if __name__ == "__main__":
    main()
