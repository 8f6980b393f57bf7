"""Embedding: the published loop over image files, one by one, and ours over the decoded array, side by side.

The published loop (Yuan & Hong 2024, and their code) decodes each file, resizes
and normalises it, and gives it to the network alone. The chain decodes every
file once, to an array, and embeds that in batches: what it takes is told with
and without the decoding, which all encoders of a size share. ``--decoding``
measures the decoding alone, by 1, 2, 4, ... processes. Run in a fresh process,
it also tells the memory that the part took at most.
"""

import os
import tempfile
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import torch
import torchvision
from side_by_side import arguments, comparison, conclude, machine, peak_memory, ratios, take_turns

from coldstart.cohort.files import DECODERS, in_order, read_pixels
from coldstart.cohort.images import read_images, write_images
from coldstart.embedding import ENCODERS
from coldstart.embedding.base import EncoderInputs
from coldstart.embedding.features import MEAN, STD
from coldstart.embedding.store import write_embedding

LOOP = "published loop"
WHOLE, ARRAY = "ours, decoding included", "ours, from the array"
CORES = len(os.sched_getaffinity(0))


def image_files(folder, count, side, suffix):
    """Write grey files: coarse structure, as of anatomy, and fine noise."""
    rng, paths = np.random.default_rng(0), [folder / f"{number}{suffix}" for number in range(count)]
    for path in paths:
        coarse = cv2.resize(rng.normal(size=(16, 16)), (side, side), interpolation=cv2.INTER_CUBIC)
        image = 120 + 40 * coarse + 4 * rng.normal(size=(side, side))
        cv2.imwrite(str(path), np.clip(image, 0, 255).astype(np.uint8))
    return paths


def cohort_of(paths, side):
    """The columns of a cohort that decoding needs."""
    names = [f"s{row}" for row in range(len(paths))]
    return pd.DataFrame({"sample_id": names, "image": list(map(str, paths)), "height": side, "width": side, "bits": 8})


def read(rows):
    """What the data set kinds of image files do."""
    return in_order(lambda path: read_pixels(Path(path)), rows["image"], DECODERS)


def densenet(weights):
    """The network as the published code builds it, without its last layer."""
    network = torchvision.models.densenet121()
    network.load_state_dict(torch.load(weights, weights_only=True))
    network.classifier = torch.nn.Identity()
    return network.eval()


@torch.no_grad()
def published_loop(paths, size, weights=None):
    """The published way: read, resize, normalise and embed image after image; without weights the pixels themselves."""
    network = densenet(weights) if weights else None
    mean, std = (torch.tensor(values)[:, None, None] for values in (MEAN, STD))
    vectors = []
    for path in paths:
        image = cv2.resize(cv2.imread(str(path), cv2.IMREAD_GRAYSCALE), (size, size))
        pixels = torch.from_numpy(image).float() / 255
        batch = (pixels.expand(3, size, size) - mean) / std if network else pixels
        vectors.append((network(batch[None])[0] if network else batch.flatten()).numpy())
    return np.stack(vectors)


def decode(cohort, size, path, workers):
    """The rule `images`, in the interpolation of the published loop."""
    write_images(path, read, cohort, size, interpolation="bilinear", workers=workers)


def embed(cohort, path, encoder, **parameters):
    """The rule `embed`, without its file."""
    inputs = EncoderInputs(read_images(path), cohort.sample_id, cohort.image, name=encoder.partition(":")[2])
    return ENCODERS.load(encoder)(inputs, **parameters)


def embedding(options, folder):
    """Compare the two ways for one encoder after the other; rows to print, and what was measured."""
    count, side, size = (options.images, 1024, 224) if not options.quick else (4, 96, 32)
    paths = image_files(folder, count, side, ".png")
    cohort, store = cohort_of(paths, side), folder / "images.npy"
    weights = folder / "densenet121.pth"
    torch.manual_seed(0)
    torch.save(torchvision.models.densenet121().state_dict(), weights)
    rows, measured = [], {"images": count, "side": side, "size": size}
    for encoder, parameters in {
        "pixels": {"size": size},
        "torchvision:densenet121": {"weights": str(weights), "size": size},
    }.items():

        def whole(encoder=encoder, parameters=parameters):
            decode(cohort, size, store, CORES)
            return embed(cohort, store, encoder, **parameters)

        ways = {
            LOOP: partial(published_loop, paths, size, parameters.get("weights")),
            WHOLE: whole,
            ARRAY: partial(embed, cohort, store, encoder, **parameters),
        }
        seconds, found = take_turns(ways, options.repeats or (1 if options.quick else 3))
        difference = np.abs(found[LOOP] - found[ARRAY].vectors).max() / np.abs(found[LOOP]).max()
        write_embedding(folder / "embedding.parquet", cohort.sample_id, found[ARRAY])
        sizes = {"array": store.stat().st_size, "embedding": (folder / "embedding.parquet").stat().st_size}
        rows += [
            f"### {encoder}, {size} x {size}, {count} files of {side} x {side}",
            "",
            *comparison(seconds, LOOP),
            "",
        ]
        rows += [f"- {name}: {count / np.median(values):.1f} images per second" for name, values in seconds.items()]
        rows += [f"- bytes per image: {', '.join(f'{what} {total / count:.0f}' for what, total in sizes.items())}"]
        rows += [f"- largest difference between the vectors, of the largest value: {difference:.1e}", ""]
        measured[encoder] = {
            "seconds": seconds,
            "times_faster": {name: ratios(seconds, LOOP, name) for name in (WHOLE, ARRAY)},
            "difference": float(difference),
            "bytes": sizes,
        }
    return rows, measured


def decoding(options, folder):
    """Decode the same files by more and more processes; rows to print, and what was measured."""
    count, side, size = (512, 1024, 224) if not options.quick else (300, 16, 8)
    some = [2**power for power in range(CORES.bit_length()) if 2**power <= CORES]
    rows, measured = [], {"images": count, "side": side, "size": size}
    for suffix in (".png", ".jpg"):
        paths = image_files(folder, 32, side, suffix)
        # Each file many times: what the disk adds is no matter here.
        cohort = cohort_of([paths[row % len(paths)] for row in range(count)], side)
        ways = {f"{n} processes": partial(decode, cohort, size, folder / f"{n}.npy", n) for n in some}
        seconds, _ = take_turns(ways, options.repeats or (1 if options.quick else 3))
        kilobytes = np.mean([path.stat().st_size for path in paths]) / 1024
        rows += [f"### {count} files {suffix} of {side} x {side}, {kilobytes:.0f} KiB each, to {size} x {size}", ""]
        rows += [*comparison(seconds, next(iter(ways))), ""]
        rows += [f"- {name}: {count / np.median(values):.1f} images per second" for name, values in seconds.items()]
        rows += [""]
        measured[suffix] = {"seconds": seconds}
    return rows, measured


def main(given=None):
    """Measure one of the two parts."""
    parser = arguments(__doc__.partition("\n")[0])
    parser.add_argument("--decoding", action="store_true", help="measure the decoding alone")
    parser.add_argument("--images", type=int, default=64, help="files that are embedded (default: 64)")
    options = parser.parse_args(given)
    with tempfile.TemporaryDirectory() as folder:
        rows, measured = (decoding if options.decoding else embedding)(options, Path(folder))
    rows += [f"Threads of torch: {torch.get_num_threads()}. Peak memory of the process: {peak_memory():.0f} MiB."]
    title = "Decoding" if options.decoding else "Embedding"
    on = machine("torch", "torchvision", "opencv-python-headless", "pillow", "joblib")
    conclude(options, title, on, rows, measured)


if __name__ == "__main__":
    main()
