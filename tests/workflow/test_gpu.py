"""`--resources gpu=...` with two fake devices: none, one at a time, one each."""

import itertools
import re
from datetime import datetime

import pytest
from conftest import TINY, changed

pytestmark = pytest.mark.workflow

TIMED = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} ")
HELD = "running on CUDA device"
CONFIG = changed(
    TINY,
    tasks=["classification"],
    budgets=[4],
    seeds=[1, 2, 3],
    query__rounds=0,
    learning__classification__epochs=150,  # long enough for two jobs to meet
    query__models=None,
    models={},
    methods={"random": {"strategy": "random"}},
)


@pytest.fixture
def fake_devices(tmp_path):
    """A `nvidia-smi` that lists two devices."""
    folder = tmp_path / "bin"
    folder.mkdir()
    tool = folder / "nvidia-smi"
    tool.write_text("#!/bin/sh\nprintf '0\\n1\\n'\n")
    tool.chmod(0o755)
    # the locks lie in the temporary folder: one of its own keeps tests apart
    return {"PATH": f"{folder}:/usr/local/bin:/usr/bin:/bin", "TMPDIR": str(tmp_path)}


def leases(place):
    """Device of each training, and when it held it, from the logs."""
    found = []
    for path in (place.folder / "results/tiny/logs/train").rglob("*.log"):
        lines = path.read_text(encoding="utf-8").splitlines()
        times = [datetime.fromisoformat(line[:23].replace(",", ".")) for line in lines if TIMED.match(line)]
        held = [(time, line) for time, line in zip(times, filter(TIMED.match, lines), strict=True) if HELD in line]
        found.append((held[0][1].rpartition(" ")[2], held[0][0], times[-1]) if held else (None, times[0], times[-1]))
    return found


def overlapping(spans):
    """Whether any two (start, end) spans overlap."""
    spans = sorted(spans)
    return any(first[1] > second[0] for first, second in itertools.pairwise(spans))


@pytest.mark.parametrize(
    ("limit", "slots"), [(0, {None}), pytest.param(1, {"0", "1"}, marks=pytest.mark.long), (2, {"0", "1"})]
)
def test_devices_are_never_shared(place, fake_devices, limit, slots):
    run = "results/tiny/runs/classification/none/random/none/b4/s{}/t0/round0/fit.json"
    wanted = [run.format(seed) for seed in CONFIG["seeds"]]
    result = place.run(*wanted, "--resources", f"gpu={limit}", config=CONFIG, cores=4, environment=fake_devices)
    assert result.code == 0, result.text
    found = leases(place)
    assert len(found) == 3
    assert {slot for slot, *_ in found} <= slots
    if limit == 0:
        return
    for slot in slots:
        assert not overlapping([span for other, *span in found if other == slot])
    everything = [span for _, *span in found]
    if limit == 1:
        assert not overlapping(everything)
    else:
        assert overlapping(everything)
        assert {slot for slot, *_ in found} == {"0", "1"}
