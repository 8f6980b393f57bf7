"""What the profile for SLURM asks a cluster for; and, where one answers, a training on it."""

import os
import re
import shutil
import subprocess
from importlib.util import find_spec

import pytest
from conftest import ROOT, TINY, Workplace, changed
from test_worklist import Loop

PLUGIN = find_spec("snakemake_executor_plugin_slurm")
PROFILE = ROOT / "workflow/profiles/slurm"
RUN = "results/tiny/runs/classification/none/random/none/b4/s1/t0/round0"
SOONER = ("--slurm-init-seconds-before-status-checks", "1", "--latency-wait", "10")
# A SLURM in name: it notes what it is asked for, and says that every job has failed.
COMMANDS = {
    "sbatch": 'echo "$*" >> "$ASKED"; echo $$ | tee -a "$ASKED.numbers"',
    "squeue": 'sed "s/$/|FAILED/" "$ASKED.numbers"',
    "scontrol": 'echo "MinJobAge = 600 sec"',
    "sinfo": 'echo "all*"',
    "sacct": "true",
}

pytestmark = [
    pytest.mark.workflow,
    pytest.mark.skipif(not PLUGIN, reason="needs requirements-slurm.txt"),
]


def answers():
    """Tell whether a SLURM answers here."""
    return bool(shutil.which("sinfo")) and not subprocess.run(["sinfo"], capture_output=True).returncode


@pytest.fixture
def asked(place, tmp_path):
    """Lines that a SLURM in name was asked with, for a training and an embedding whose inputs are there."""
    commands = tmp_path / "bin"
    commands.mkdir()
    for name, script in COMMANDS.items():
        (commands / name).write_text(f"#!/bin/sh\n{script}\n")
        (commands / name).chmod(0o755)
    inputs = ["cohort", "samples", "images/32", "images/16", "pools/classification"]
    for age, name in enumerate([*inputs, "selections/classification/none/random/b4/s1"]):
        path = place.folder / "results/tiny" / f"{name}{'.npy' if 'images' in name else '.parquet'}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        os.utime(path, (1_000_000 + age, 1_000_000 + age))
    log = tmp_path / "asked.txt"
    log.touch()
    environment = {"PATH": f"{commands}:{os.environ['PATH']}", "ASKED": str(log)}
    targets = [f"{RUN}/fit.json", "results/tiny/embeddings/pixels.parquet"]
    profile = ("--workflow-profile", str(PROFILE), "--retries", "1")
    result = place.run(*targets, *profile, *SOONER, config=TINY, environment=environment)
    assert result.code == 1, result.text
    lines = log.read_text().splitlines()
    assert lines, result.text
    return {rule: [line for line in lines if f"--comment rule_{rule}_" in line] for rule in ("train", "embed")}


def test_a_failed_job_is_asked_for_again_with_more_memory_and_time_and_a_gpu_only_where_the_rule_has_one(asked):
    for lines in asked.values():
        assert [re.search(r" --mem (\d+)", line).group(1) for line in lines] == ["8000", "16000"]
        assert [re.search(r" -t (\d+)", line).group(1) for line in lines] == ["240", "480"]
    assert all("--gpus=1" in line for line in asked["train"])
    assert not any("gpu" in line.split("--wrap")[0] for line in asked["embed"])


class OnSlurm(Workplace):
    """A workplace whose jobs go to the cluster."""

    def command(self, *arguments, **given):
        """Spell a Snakemake call with the profile."""
        return super().command(*arguments, "--workflow-profile", str(PROFILE), *SOONER, **given)


@pytest.fixture
def cluster(tmp_path):
    """Workplace on a SLURM that answers."""
    if not answers():
        pytest.skip("no SLURM answers: benchmarks/slurm_node.sh up starts one, on Debian as root")
    return OnSlurm(ROOT, tmp_path / "cluster")


@pytest.mark.slurm
@pytest.mark.slow
def test_a_training_on_slurm_gives_the_bytes_that_it_gives_here(place, cluster):
    config = changed(TINY, tasks=["classification"], methods={"random": {"strategy": "random", "seeds": [1]}})
    found = []
    for workplace in (place, cluster):
        result = workplace.run(f"{RUN}/metrics.parquet", config=config)
        assert result.code == 0, result.text
        names = ("predictions.parquet", "metrics.parquet")
        found.append([(workplace.folder / RUN / name).read_bytes() for name in names])
    assert "has been submitted with SLURM jobid" in result.text
    assert found[0] == found[1]


@pytest.mark.slurm
@pytest.mark.slow
def test_lists_of_a_pool_follow_each_other_on_slurm(cluster):
    loop = Loop(cluster, "classification", None)
    first = loop.next(0)
    assert "has been submitted with SLURM jobid" in loop.said
    loop.answer(0, "first.json")
    second = loop.next(1)
    assert not set(second.sample_id) & set(first.sample_id)
