"""A place to run the real workflow in, on a tiny pool, from a folder that is not the checkout."""

import os
import re
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[1]
CHECKOUT = ["Snakefile", "profiles", "workflow", "config", "envs", "src"]

TINY = {
    "dataset": {
        "name": "tiny",
        "kind": "phantom",
        "n": 60,
        "resolution": 32,
        "prevalence": 0.4,
        "size": 32,
        "segmentation_samples": "positive",
        "split": {"train": 0.6, "val": 0.2, "test": 0.2, "stratify": True},
    },
    "tasks": ["classification", "segmentation"],
    "models": {"pixels": {"encoder": "pixels", "size": 16}},
    "methods": {
        "random": {"strategy": "random", "seeds": [1]},
        "clustering": {"strategy": "kmeans_sweep", "n_init": 2},
    },
    "budgets": [4, 6],
    "seeds": [1],
    "query": {
        "strategies": {"uncertainty": {"strategy": "uncertainty"}},
        "from_budget": 4,
        "batch": 2,
        "rounds": 1,
        "models": ["pixels"],
    },
    "learning": {
        "classification": {"network": "small_cnn", "optimiser": "adam", "epochs": 2},
        "segmentation": {"network": "small_unet", "optimiser": "adam", "epochs": 2},
    },
    "evaluation": {"bootstrap": 10},
}


def changed(config, **changes):
    """Copy a configuration with some keys replaced; ``a__b`` stands for ``a.b``."""
    config = yaml.safe_load(yaml.safe_dump(config))
    for path, value in changes.items():
        *parents, last = path.split("__")
        section = config
        for parent in parents:
            section = section.setdefault(parent, {})
        section[last] = value
    return config


def copy_checkout(target, origin=ROOT):
    """Copy what a clone holds, with new file times."""
    target.mkdir(parents=True)
    for name in CHECKOUT:
        source = origin / name
        if source.is_dir():
            # copyfile, not copy2: a clone has the times of its making
            ignored = shutil.ignore_patterns("__pycache__", "*.egg-info")
            shutil.copytree(source, target / name, ignore=ignored, copy_function=shutil.copyfile)
        else:
            shutil.copyfile(source, target / name)
    return target


@dataclass
class Result:
    """Outcome of one Snakemake call."""

    code: int
    text: str

    def jobs(self):
        """Jobs per rule that a dry run or run announced, without `all` and the total."""
        table = re.search(r"Job stats:\njob +count\n[- ]+\n(.*?)\n\n", self.text + "\n\n", re.DOTALL)
        rows = dict(line.rsplit(maxsplit=1) for line in table.group(1).splitlines()) if table else {}
        return {rule.strip(): int(count) for rule, count in rows.items() if rule.strip() not in ("all", "total")}

    @property
    def idle(self):
        """True where Snakemake found nothing to do."""
        return self.code == 0 and "Nothing to be done" in self.text


@dataclass
class Workplace:
    """A checkout and a working directory that is not the checkout."""

    checkout: Path
    folder: Path

    def command(self, *arguments, config=None, cores=2):
        """Spell a Snakemake call."""
        self.folder.mkdir(parents=True, exist_ok=True)
        given = []
        if config is not None:
            path = self.folder / "given.yaml"
            path.write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")
            given = ["--configfile", str(path)]
        program = [sys.executable, "-m", "snakemake", "-s", str(self.checkout / "Snakefile")]
        return [*program, "--directory", str(self.folder), "--cores", str(cores), *arguments, *given]

    def environment(self, **more):
        """Environment of a call: one that knows nothing of the test's own package path."""
        kept = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "CUDA_VISIBLE_DEVICES")}
        return {**kept, "OMP_NUM_THREADS": "1", **more}

    def run(self, *arguments, config=None, cores=2, environment=None, timeout=600):
        """Run Snakemake from a third folder and wait."""
        done = subprocess.run(
            self.command(*arguments, config=config, cores=cores),
            cwd=self.folder.parent,
            env=self.environment(**(environment or {})),
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=timeout,
            check=False,
        )
        return Result(done.returncode, done.stdout)

    def start(self, *arguments, config=None, cores=2, environment=None, output=subprocess.DEVNULL):
        """Start Snakemake in a process group of its own; what it says goes to `output`."""
        return subprocess.Popen(
            self.command(*arguments, config=config, cores=cores),
            cwd=self.folder.parent,
            env=self.environment(**(environment or {})),
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def plan(self, *arguments, config=None):
        """Dry-run and return the result."""
        return self.run("--dry-run", *arguments, config=config)


def kill_group(process):
    """Kill a process and all it started, at once."""
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
