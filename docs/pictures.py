"""Draw the pictures of label_my_pool.md: four lists of a pool of synthetic phantoms, answered by who drew them.

From the project's root, after ``make setup``: ``.venv/bin/python docs/pictures.py``. Some minutes on two cores.
"""

import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd
import yaml
from PIL import Image

from coldstart.cohort import phantom

ROOT = Path(__file__).resolve().parents[1]
FIGURES = ROOT / "docs/figures"
POOL = {"n": 150, "seed": 7, "resolution": 224, "prevalence": 0.4}
LISTS = 4
# Few greys keep a sheet of photographs small.
WIDTH, COLOURS = 800, 24


def draw_pool(folder):
    """Write the phantoms as PNG files; their labels by sample id."""
    cohort = phantom.build(**POOL)
    folder.mkdir(parents=True)
    for name, image in zip(cohort.sample_id, phantom.images(cohort, **POOL), strict=True):
        Image.fromarray(image).save(folder / f"{name}.png")
    return dict(zip(cohort.sample_id, cohort.label, strict=True))


def ask_and_answer(work, truth):
    """Run `snakemake worklist` until the last list is written, and answer those before it; the folder of the lists."""
    config = yaml.safe_load((ROOT / "config/my_pool.yaml").read_text(encoding="utf-8"))
    config["dataset"] |= {"root": "pool", "size": 96}
    # A forecast needs three networks, and a hold-out of more than a few.
    config["worklist"] |= {"budget": 24, "batch": 16, "holdout": 0.5}
    (work / "my_pool.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    (work / "labels").mkdir()
    lists = work / "results/my_pool/worklist/classification"
    command = [sys.executable, "-m", "snakemake", "worklist", "-s", str(ROOT / "Snakefile"), "--directory", str(work)]
    for number in range(LISTS):
        subprocess.run([*command, "--resources", "gpu=0", "--configfile", str(work / "my_pool.yaml")], check=True)
        asked = pd.read_csv(lists / f"list{number}/worklist.csv", dtype={"sample_id": str})
        answers = asked.assign(label=asked.sample_id.map(truth))[["sample_id", "label"]]
        if number + 1 < LISTS:
            answers.to_csv(work / f"labels/list{number}.csv", index=False)
    return lists


def keep(source, name):
    """Put a picture among those of the documentation, small enough for a page."""
    with Image.open(source) as image:
        picture = image.convert("RGB")
        picture.thumbnail((WIDTH, WIDTH), Image.Resampling.LANCZOS)
        picture.quantize(COLOURS).save(FIGURES / name, optimize=True)


def main():
    """Draw all of them."""
    with TemporaryDirectory() as folder:
        lists = ask_and_answer(Path(folder), draw_pool(Path(folder) / "pool"))
        keep(lists / "list0/contact.png", "label_my_pool_contact.png")
        keep(lists / "list1/map.png", "label_my_pool_map.png")
        keep(lists / f"list{LISTS - 1}/curve.png", "label_my_pool_curve.png")


if __name__ == "__main__":
    main()
