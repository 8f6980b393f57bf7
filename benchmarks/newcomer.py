"""The way of a newcomer, step by step: clone, environment, demo, thirty images of one's own, and the list to annotate.

Every step is the command of README.md or docs/label_my_pool.md, given in a clone of this checkout's last commit that
lies in a scratch folder. The images are drawn by the phantom; its own labels are not written. Beside the minutes that
pass stand those of the processor, which a busy machine does not change.
"""

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from PIL import Image
from side_by_side import arguments, conclude, machine

from coldstart.cohort import phantom
from workflow import checkout

ROOT = Path(__file__).resolve().parents[1]
POOL = {"n": 30, "seed": 7, "resolution": 512, "prevalence": 0.4}
# A list of fifty, as the configuration asks for, is longer than the pool.
FEWER = ("budget: 50, batch: 25", "budget: 10, batch: 5")


def run(command, folder):
    """Give a command in a folder; its output ends in the error where it fails."""
    done = subprocess.run(command, cwd=folder, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode:
        raise RuntimeError(f"{' '.join(map(str, command))}: {done.stdout[-3000:]}")


def processor():
    """Seconds of the processor that this process and those that it has waited for have taken."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def own_images(place):
    """Put thirty PNG files into `data/my_pool`, and ask for a list that is shorter."""
    folder = place / "data/my_pool"
    folder.mkdir(parents=True)
    cohort = phantom.build(**POOL)
    for name, image in zip(cohort.sample_id, phantom.images(cohort, **POOL), strict=True):
        Image.fromarray(image).save(folder / f"{name}.png")
    config = place / "config/my_pool.yaml"
    text = config.read_text(encoding="utf-8")
    if FEWER[0] not in text:
        raise RuntimeError(f"{config} does not say '{FEWER[0]}' any longer")
    config.write_text(text.replace(*FEWER), encoding="utf-8")


def steps(place, quick):
    """What a newcomer does, in order.

    Parameters
    ----------
    place : pathlib.Path
        Where the clone will lie.
    quick : bool
        Whether this checkout is copied, its environment taken, and everything else only planned.

    Returns
    -------
    dict of str to callable
    """
    programs = [sys.executable, "-m", "snakemake", "--dry-run"] if quick else [place / ".venv/bin/snakemake"]
    worklist = [*programs, "worklist", "--configfile", "config/my_pool.yaml"]
    if quick:
        return {
            "copy": lambda: checkout(place),
            "snakemake": lambda: run(programs, place),
            "30 images": lambda: own_images(place),
            "snakemake worklist": lambda: run(worklist, place),
        }
    return {
        "git clone": lambda: run(["git", "clone", "--quiet", ROOT, place], ROOT),
        "make setup": lambda: run(["make", "setup"], place),
        "make demo": lambda: run(["make", "demo"], place),
        "30 images in data/my_pool, a budget of 10": lambda: own_images(place),
        "snakemake worklist --configfile config/my_pool.yaml": lambda: run(worklist, place),
    }


def main(arguments_=None):
    """Go the way once, and print a Markdown table."""
    options = arguments(__doc__.splitlines()[0]).parse_args(arguments_)
    seconds = {}
    with tempfile.TemporaryDirectory(prefix="coldstart-newcomer-") as scratch:
        place = Path(scratch) / "coldstart"
        for name, step in steps(place, options.quick).items():
            began, used = time.perf_counter(), processor()
            step()
            seconds[name] = time.perf_counter() - began, processor() - used
        wanted = place / "results/my_pool/worklist/classification/list0"
        if not options.quick and not all((wanted / name).is_file() for name in ("worklist.csv", "contact.html")):
            raise RuntimeError(f"no list in {wanted}")
    told = {**seconds, "all": map(sum, zip(*seconds.values(), strict=True))}
    rows = ["| step | minutes | of the processor |", "|---|---|---|"]
    rows += ["| {} | {:.1f} | {:.1f} |".format(name, *(took / 60 for took in both)) for name, both in told.items()]
    conclude(options, "From a clone to a list of one's own", machine(), rows, {"seconds": seconds})


if __name__ == "__main__":
    main()
