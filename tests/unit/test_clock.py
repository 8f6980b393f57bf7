"""Times of files after the clock has jumped."""

import os
import time

from coldstart.clock import catch_up, tame

HOUR = 3600


def made(path, seconds):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("x")
    moment = time.time() + seconds
    os.utime(path, (moment, moment))
    return path


def test_files_from_the_future_are_dated_now_and_others_stay(tmp_path):
    ahead, behind = made(tmp_path / "a/ahead.txt", HOUR), made(tmp_path / "a/b/behind.txt", -HOUR)
    before = behind.stat().st_mtime_ns
    tame(tmp_path)
    assert abs(ahead.stat().st_mtime - time.time()) < 60
    assert behind.stat().st_mtime_ns == before


def test_all_files_from_the_future_get_one_time_so_that_none_is_younger_than_another(tmp_path):
    files = [made(tmp_path / f"{number}.txt", number * HOUR) for number in (1, 2, 3)]
    tame(tmp_path)
    assert len({path.stat().st_mtime_ns for path in files}) == 1


def test_a_folder_that_is_not_there_is_no_fault(tmp_path):
    tame(tmp_path / "results")


def test_outputs_are_no_older_than_inputs(tmp_path):
    source, older, younger = (made(tmp_path / name, at) for name, at in (("in", 0), ("old", -HOUR), ("new", HOUR)))
    kept = younger.stat().st_mtime_ns
    catch_up([str(older), str(younger), str(tmp_path / "missing")], [str(source), str(tmp_path / "none")])
    assert older.stat().st_mtime_ns == source.stat().st_mtime_ns
    assert younger.stat().st_mtime_ns == kept


def test_without_inputs_outputs_stay_as_they_are(tmp_path):
    output = made(tmp_path / "out", -HOUR)
    before = output.stat().st_mtime_ns
    catch_up([str(output)], [])
    assert output.stat().st_mtime_ns == before
