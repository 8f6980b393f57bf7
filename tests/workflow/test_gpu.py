"""`--resources gpu=...` with two fake devices: none, one each, and one for two jobs where that is said."""

import itertools
import re
import time
from datetime import datetime

import pytest
from conftest import TINY, changed, kill_group

from coldstart.devices import SHARING, lease, slots_folder
from coldstart.storage import read_json

pytestmark = pytest.mark.workflow

TIMED = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} ")
HELD = "running on CUDA device"
RUN = "results/tiny/runs/classification/none/random/none/b4/s{}/t0/round0/fit.json"
CONFIG = changed(
    TINY,
    tasks=["classification"],
    budgets=[4],
    seeds=[1, 2, 3],
    query__rounds=0,
    learning__classification__epochs=100,  # long enough for two jobs to meet
    query__models=None,
    models={},
    methods={"random": {"strategy": "random", "seeds": [1, 2, 3]}},
)


@pytest.fixture
def fake_devices(tmp_path, monkeypatch):
    """A `nvidia-smi` that lists two devices."""
    folder = tmp_path / "bin"
    folder.mkdir()
    tool = folder / "nvidia-smi"
    tool.write_text("#!/bin/sh\nprintf '0\\n1\\n'\n")
    tool.chmod(0o755)
    # the locks lie in the temporary folder: one of its own keeps tests apart
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return {"PATH": f"{folder}:/usr/local/bin:/usr/bin:/bin", "TMPDIR": str(tmp_path)}


def logs(place):
    """Text of the log of each training so far."""
    return [path.read_text(encoding="utf-8") for path in (place.folder / "results/tiny/logs/train").rglob("*.log")]


def leases(place):
    """Device of each training that had one, and when it held it, from the logs."""
    found = []
    for text in logs(place):
        lines = [line for line in text.splitlines() if TIMED.match(line)]
        times = [datetime.fromisoformat(line[:23].replace(",", ".")) for line in lines]
        found += [
            (re.search(f"{HELD} (.*?),", line).group(1), when, times[-1])
            for when, line in zip(times, lines, strict=True)
            if HELD in line
        ]
    return found


def overlapping(spans):
    """Whether any two (start, end) spans overlap."""
    spans = sorted(spans)
    return any(first[1] > second[0] for first, second in itertools.pairwise(spans))


def test_no_device_then_two_jobs_at_once_then_a_wrong_wish(place, fake_devices):
    # None asked for: the CPU, although there are two.
    result = place.run(RUN.format(1), "--resources", "gpu=0", config=CONFIG, environment=fake_devices)
    assert result.code == 0, result.text
    fit = read_json(place.folder / RUN.format(1))
    assert (fit["device"], fit["slot"], leases(place)) == ("cpu", None, [])

    # Two at once while somebody holds device 0: the second job waits although Snakemake has started it.
    wanted = [RUN.format(seed) for seed in (2, 3)]
    with lease(1, slots_folder(), environment=dict(fake_devices)) as held:
        assert held.slot == "0"
        running = place.start(*wanted, "--resources", "gpu=2", config=CONFIG, cores=4, environment=fake_devices)
        try:
            until = time.monotonic() + 300
            while not any("waiting for 1 of 2 CUDA devices" in text for text in logs(place)):
                assert running.poll() is None
                assert time.monotonic() < until
                time.sleep(0.05)
        except BaseException:
            kill_group(running)
            raise
    assert running.wait(timeout=300) == 0
    found = leases(place)
    assert {slot for slot, *_ in found} == {"0", "1"}
    assert {read_json(place.folder / path)["slot"] for path in wanted} == {"0", "1"}

    # A wish that cannot be granted is refused before any job starts.
    result = place.run("--resources", "gpu=2", config=CONFIG, environment={**fake_devices, SHARING: "many"})
    assert result.code != 0
    assert "COLDSTART_JOBS_PER_GPU is 'many': set it to how many jobs may share one GPU" in result.text
    assert "Traceback" not in result.text


@pytest.mark.long
def test_jobs_share_a_device_where_that_is_said(place, fake_devices):
    environment = {**fake_devices, "CUDA_VISIBLE_DEVICES": "1", SHARING: "2"}
    wanted = [RUN.format(seed) for seed in CONFIG["seeds"]]
    result = place.run(*wanted, "--resources", "gpu=3", config=CONFIG, cores=4, environment=environment)
    assert result.code == 0, result.text
    assert "gpu=3 lets more jobs start than CUDA device 1 has room for (2)" in result.text
    found = leases(place)
    assert [slot for slot, *_ in found] == ["1"] * 3
    assert overlapping([span for _, *span in found])
    moments = sorted([(start, 1) for _, start, _ in found] + [(end, -1) for *_, end in found])
    assert max(itertools.accumulate(change for _, change in moments)) == 2
