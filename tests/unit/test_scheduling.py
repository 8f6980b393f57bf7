"""What Snakemake does over and over again is done once; see workflow/rules/scheduling.smk."""

import asyncio
import hashlib
import os
from pathlib import Path
from types import SimpleNamespace

import pytest
from snakemake.io import _IOFile
from snakemake.scheduling.job_scheduler import JobRateLimiter, JobScheduler
from snakemake.settings.types import MaxJobsPerTimespan

SOURCE = Path(__file__).resolve().parents[2] / "workflow/rules/scheduling.smk"
RULE = SimpleNamespace(workflow=SimpleNamespace(iocache=SimpleNamespace(active=False)))
LIMIT = 10**6


@pytest.fixture
def scheduling(monkeypatch):
    """What the file defines; Snakemake is as it was afterwards."""
    monkeypatch.setattr(_IOFile, "checksum", _IOFile.checksum)
    names = {}
    exec(compile(SOURCE.read_text(encoding="utf-8"), str(SOURCE), "exec"), names)
    return SimpleNamespace(**names)


@pytest.fixture
def read(monkeypatch):
    """Names of the files that are read to be digested."""
    names, digest = [], hashlib.file_digest
    monkeypatch.setattr(hashlib, "file_digest", lambda stream, how: names.append(stream.name) or digest(stream, how))
    return names


def checksum(path, limit=LIMIT):
    file = _IOFile(str(path), None)
    file.rule = RULE
    return asyncio.run(file.checksum(limit))


def test_a_file_is_digested_once_and_its_digest_is_snakemakes_own(scheduling, read, tmp_path):
    path = tmp_path / "images.npy"
    path.write_bytes(b"pixels")
    assert [checksum(path) for _ in range(3)] == ["sha256:" + hashlib.sha256(b"pixels").hexdigest()] * 3
    assert read == [str(path)]


def test_a_file_that_has_changed_is_digested_anew(scheduling, tmp_path):
    path = tmp_path / "images.npy"
    path.write_bytes(b"before")
    found = [checksum(path)]
    # The same size and even the same time, but another file in its place.
    other = tmp_path / "other"
    other.write_bytes(b"after!")
    times = path.stat().st_atime_ns, path.stat().st_mtime_ns
    os.utime(other, ns=times)
    os.replace(other, path)
    found.append(checksum(path))
    path.write_bytes(b"later!")
    os.utime(path, ns=(times[0], times[1] + 1))
    found.append(checksum(path))
    assert found == ["sha256:" + hashlib.sha256(text).hexdigest() for text in (b"before", b"after!", b"later!")]


def test_what_is_missing_or_too_large_still_has_no_checksum(scheduling, tmp_path):
    path = tmp_path / "images.npy"
    assert checksum(path) is None
    path.write_bytes(b"pixels")
    assert checksum(path) is not None
    assert checksum(path, limit=5) is None
    path.unlink()
    assert checksum(path) is None


def test_loaded_twice_as_by_a_module_it_remembers_once(scheduling):
    first = _IOFile.checksum
    exec(compile(SOURCE.read_text(encoding="utf-8"), str(SOURCE), "exec"), {})
    assert _IOFile.checksum is first


@pytest.mark.parametrize(("given", "kept"), [("100/1s", False), ("100/1m", True), ("1/1s", True)])
def test_only_the_limit_that_nobody_chose_is_lifted(scheduling, given, kept):
    scheduler = JobScheduler.__new__(JobScheduler)
    scheduler.job_rate_limiter = JobRateLimiter(MaxJobsPerTimespan.parse_choice(given))
    scheduling.lift_default_limit(scheduler)
    assert (scheduler.job_rate_limiter is not None) == kept
