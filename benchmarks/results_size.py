"""How much disk the whole published grid fills.

One arm of each task is trained for real on as many images as Yuan & Hong have,
at their size, by small networks: a network only decides how well its maps can
be packed, and one that has hardly learnt is the worst case. What each kind of
file takes is then counted as often as the published grid has it: two tasks, six
methods, five budgets and five rounds, one seed.
"""

import tempfile
from pathlib import Path

from side_by_side import arguments, conclude, machine

from workflow import checkout, snakemake

MIB = 2**20
# Yuan & Hong: 560 images to choose from, 80 for validation, 160 for the test; 189 of the 800 show a pneumothorax.
IMAGES, POSITIVE, SIDE = 800, 189, 224
QUICK = 60, 32, "results/sizes/pools/segmentation.parquet"


def small_grid(n, side):
    """Both tasks, a random and a clustering arm, one budget and one round, on phantoms of the published numbers."""
    return {
        "dataset": {
            "name": "sizes",
            "kind": "phantom",
            "n": n,
            "resolution": side,
            "size": side,
            "prevalence": POSITIVE / IMAGES,
            "segmentation_samples": "positive",
            "split": {"train": 0.7, "val": 0.1, "test": 0.2, "stratify": True},
        },
        "tasks": ["classification", "segmentation"],
        "models": {"naive": {"encoder": "pixels", "size": side}},
        "methods": {
            "random": {"strategy": "random", "seeds": [0]},
            "clustering": {"strategy": "kmeans_sweep", "n_init": 1},
        },
        "budgets": [20],
        "seeds": [0],
        "query": {
            "strategies": {"uncertainty": {"strategy": "uncertainty"}},
            "methods": ["clustering"],
            "batch": 20,
            "rounds": 1,
        },
        "learning": {
            "classification": {"network": "small_cnn", "optimiser": "adam", "epochs": 1},
            "segmentation": {"network": "small_unet", "optimiser": "adam", "epochs": 10},
        },
        "evaluation": {"bootstrap": 100},
        "tracking": {"enabled": False},
    }


def on_disk(paths):
    """Bytes that files take, in whole blocks of the file system."""
    return sum(path.stat().st_blocks * 512 for path in paths if path.is_file())


def measured_sizes(folder, n, side, *targets):
    """Run one small grid for real, and tell what each kind of its files takes.

    Parameters
    ----------
    folder : pathlib.Path
        Scratch.
    n, side : int
        Images, and pixels of each side.
    *targets : str
        Some files alone.

    Returns
    -------
    dict of str to float
        Bytes.
    """
    options = [*targets, "--cores", "2", "--quiet", "rules"]
    done = snakemake(checkout(folder / "checkout"), folder / "work", small_grid(n, side), *options)
    results, jobs = folder / "work/results/sizes", done["jobs"]

    def each(pattern, part="**/*"):
        found = list(results.glob(pattern))
        return on_disk(path for place in found for path in place.glob(part)) / max(len(found), 1)

    run = "*/*/*/b*/s*/t*/round*"
    drawn = [path for name in ("figures", "tables", "maps", "pools") for path in results.glob(f"{name}/**/*")]
    kept = [path for name in ("logs", "benchmarks") for path in results.glob(f"{name}/**/*")]
    return {
        "run of classification": each(f"runs/classification/{run}"),
        "run of segmentation": each(f"runs/segmentation/{run}"),
        "of it, maps": each(f"runs/segmentation/{run}", "maps.npz"),
        "selection": each("selections/*/*/*/b*", "*.parquet"),
        "queried images": each(f"runs/*/{run[:-1]}[1-9]", "queried.parquet"),
        "log and benchmark of a job": on_disk(kept) / jobs,
        "Snakemake's record of a job": on_disk((folder / "work/.snakemake/metadata").glob("*")) / jobs,
        "tables, figures, summary": on_disk([*drawn, *results.glob("*.parquet")]),
        "embedding by pixels": on_disk(results.glob("embeddings/*")),
        "images": on_disk(results.glob("images/*")),
        "masks": on_disk(results.glob("masks/*")),
    }


def projected(sizes):
    """Bytes of ``results/`` of the published grid, one seed: kind to (how many, of each).

    Yuan & Hong's grid: two tasks, six methods, five budgets, and five rounds
    from the smallest. Besides our naive embedding there are one of 2048
    (REMEDIS), 1408 (CXR Foundation) and twice 1024 numbers for each image, and
    the images that REMEDIS sees, of 448 pixels.
    """
    runs, rounds, arms = 6 * (5 + 5), 2 * 6 * 5, 6
    jobs = 2 * (2 * runs) + rounds + 2 * arms * 5 + 60
    return {
        "run of classification": (runs, sizes["run of classification"]),
        "run of segmentation": (runs, sizes["run of segmentation"]),
        "selection": (2 * arms * 5, sizes["selection"]),
        "queried images": (rounds, sizes["queried images"]),
        "log and benchmark of a job": (jobs, sizes["log and benchmark of a job"]),
        "Snakemake's record of a job": (jobs, sizes["Snakemake's record of a job"]),
        "tables, figures, summary of an arm": (arms, sizes["tables, figures, summary"]),
        "embedding by pixels": (1, sizes["embedding by pixels"]),
        "other embeddings": (1, 4.0 * IMAGES * (2048 + 1408 + 2 * 1024)),
        "images of 224 pixels": (1, sizes["images"]),
        "images of 448 pixels": (1, 4 * sizes["images"]),
        "masks": (1, sizes["masks"]),
    }


def main(arguments_=None):
    """Train, add up, and print a Markdown table."""
    options = arguments(__doc__.splitlines()[0]).parse_args(arguments_)
    with tempfile.TemporaryDirectory(prefix="coldstart-size-") as scratch:
        sizes = measured_sizes(Path(scratch), *(QUICK if options.quick else (IMAGES, SIDE)))
    parts = projected(sizes)
    total = sum(count * each for count, each in parts.values())
    rows = ["| what | how many | MiB |", "|---|---|---|"]
    rows += [f"| {name} | {count} | {count * each / MIB:.1f} |" for name, (count, each) in parts.items()]
    rows += [f"| all | | {total / MIB:.0f} |", "", f"Maps of one run: {sizes['of it, maps'] / MIB:.2f} MiB."]
    measured = {"measured": sizes, "projected": total}
    conclude(options, "Disk of the published grid, one seed", machine("snakemake"), rows, measured)


if __name__ == "__main__":
    main()
