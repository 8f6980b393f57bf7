"""One run at a time, and what a killed one has left; with real processes and real kills."""

import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from coldstart import one_run
from coldstart.errors import InputError
from coldstart.one_run import begin_job, only_run

SOURCE = Path(__file__).resolve().parents[2] / "src"
START = f"import sys, time; sys.path.insert(0, {str(SOURCE)!r}); from coldstart.one_run import begin_job, only_run"
RUN = f"{START}\nwith only_run('tiny'):\n    print('ready', flush=True)\n    time.sleep(60)"
JOB = f"{START}\nbegin_job('tiny')\nprint('ready', flush=True)\ntime.sleep(60)"
DEAF = JOB.replace("time.sleep", "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\ntime.sleep")


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def process():
    """Start a process that says when it is ready; it is dead at the end."""
    started = []

    def start(code):
        started.append(subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True))
        assert started[-1].stdout.readline() == "ready\n"
        return started[-1]

    yield start
    for one in started:
        one.kill()
        one.communicate()


def test_a_second_run_is_refused_and_the_first_is_named(process):
    first = process(RUN)
    with (
        pytest.raises(InputError, match=rf"results/tiny .*process {first.pid} on .*run the same command again"),
        only_run("tiny"),
    ):
        pass


def test_another_data_set_is_free(process):
    process(RUN)
    with only_run("other") as certain:
        assert certain


def test_after_a_kill_the_next_run_begins(process):
    first = process(RUN)
    first.send_signal(signal.SIGKILL)
    first.wait()
    with only_run("tiny") as certain:
        assert certain
    with only_run("tiny"):
        pass


@pytest.mark.parametrize(("code", "sign"), [(JOB, signal.SIGTERM), (DEAF, signal.SIGKILL)])
def test_jobs_that_a_killed_run_has_left_are_ended_before_the_next_begins(process, monkeypatch, code, sign):
    monkeypatch.setattr(one_run, "SECONDS_TO_END", 1)
    job, said = process(code), []
    if code is DEAF:
        time.sleep(0.5)
    with only_run("tiny", said.append):
        assert job.wait(timeout=10) == -sign
    assert f"processes {job.pid}" in said[0]


def test_jobs_of_another_data_set_go_on(process):
    job = process(JOB)
    with only_run("other"):
        assert job.poll() is None


def test_jobs_of_another_machine_are_waited_for_and_not_touched(process, monkeypatch):
    job, said = process(JOB), []
    here = Path(".snakemake/coldstart/tiny") / f"{socket.gethostname()}.{job.pid}"
    here.rename(here.with_name(f"node7.{job.pid}"))
    monkeypatch.setattr(one_run, "SECONDS_TO_END", 0)
    monkeypatch.setattr(one_run.time, "sleep", lambda seconds: job.kill() if said else None)
    with only_run("tiny", said.append):
        assert job.wait(timeout=10) == -signal.SIGKILL
    assert said == [f"Waiting for 1 jobs that a killed run has left at work (machine and process: node7.{job.pid})."]


def test_files_of_jobs_that_have_ended_are_cleared_away(process):
    job = process(JOB)
    job.kill()
    job.wait()
    with only_run("tiny"):
        assert list(Path(".snakemake/coldstart/tiny").iterdir()) == []


def test_without_locks_nothing_is_refused_and_nothing_is_certain(monkeypatch):
    def flock(descriptor, how):
        raise OSError(37, "No locks available")

    monkeypatch.setattr(one_run.fcntl, "flock", flock)
    begin_job("tiny")
    with only_run("tiny") as certain, only_run("tiny"):
        assert not certain
