"""What every room stands on: registry, annotations, provenance, storage, progress."""

import logging
import os

import numpy as np
import pandas as pd
import pytest

from coldstart import progress, storage
from coldstart.annotations import fits, readable
from coldstart.errors import DamagedFile, InputError, shown
from coldstart.provenance import code_digest, import_closure, imported_modules
from coldstart.registry import Entry, Registry, choices, keyword_parameters, module_path
from coldstart.selection import STRATEGIES


@pytest.mark.parametrize(
    ("annotation", "good", "bad"),
    [
        ("int", [0, -3], [1.5, "1", True, None]),
        ("float", [0, 1.5], ["1", False, None]),
        ("bool", [True, False], [0, 1, "yes"]),
        ("str", ["", "a"], [1, None, ["a"]]),
        ("int | None", [3, None], ["x", 2.5]),
        ("list[int]", [[], [1, 2]], [(1,), [1, "a"], 1, [True]]),
        ("list[str] | None", [None, ["a"]], [[1], "a"]),
        ("dict[str, str]", [{}, {"a": "b"}], [{"a": 1}, {1: "a"}, []]),
        ("Literal['a', 'b']", ["a"], ["c", None]),
        ("Literal[1, 3]", [1, 3], [2, "1"]),
    ],
)
def test_values_are_held_against_annotations(annotation, good, bad):
    assert all(fits(value, annotation) for value in good)
    assert not any(fits(value, annotation) for value in bad)
    assert readable(annotation)


def test_an_annotation_outside_the_vocabulary_is_a_defect():
    with pytest.raises(TypeError, match="numpy"):
        fits(1, "numpy.ndarray")


def test_choices_name_the_nearest_match():
    assert choices("budget", ["budgets", "seeds"]) == "did you mean 'budgets'? Allowed: budgets, seeds"
    assert choices("zzz", ["budgets"]) == "allowed: budgets"
    assert shown("abcdefg", limit=2) == "a, b and 5 more"


def test_an_unknown_name_is_refused_with_the_nearest_one():
    with pytest.raises(InputError, match=r"unknown selection strategy 'randm': did you mean 'random'\?"):
        STRATEGIES.load("randm")


def test_parameters_are_read_without_importing():
    found = keyword_parameters("coldstart.selection.kmeans_sweep", "select")
    assert found["n_init"].default == 10
    assert found["n_init"].annotation == "int"
    assert "X" not in found
    with pytest.raises(LookupError):
        keyword_parameters("coldstart.selection.kmeans_sweep", "nothing")


def test_supplied_parameters_are_no_configuration_keys():
    assert not {"rng", "groups"} & set(STRATEGIES.parameters("kmeans_sweep"))
    assert "a:b" not in Registry("thing", "f", {"x": Entry("m")})


def test_the_closure_follows_imports_and_leaves_package_files_out():
    closure = import_closure(module_path("coldstart.query.uncertainty"))
    names = {path.name for path in closure}
    assert {"uncertainty.py", "distance_to_threshold.py", "pixel_entropy.py", "base.py", "errors.py"} <= names
    assert "__init__.py" not in names


def test_the_digest_goes_by_content_alone(tmp_path):
    path = tmp_path / "a.py"
    path.write_text("x = 1\n")
    first = code_digest(path)
    os.utime(path, (1, 1))
    assert code_digest(path) == first
    elsewhere = tmp_path / "b" / "a.py"
    elsewhere.parent.mkdir()
    elsewhere.write_text("x = 1\n")
    assert code_digest(elsewhere) == first
    elsewhere.write_text("x = 2\n")
    imported_modules.cache_clear()
    assert code_digest(elsewhere) != first


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "table.parquet"
    storage.write_table(path, pd.DataFrame({"a": [1]}), {"note": "first"})
    with pytest.raises(ZeroDivisionError), storage.replacing(path) as temporary:
        temporary.write_bytes(b"half" * (1 // 0 if temporary.write_bytes(b"ha") else 1))
    assert storage.read_table(path).a.tolist() == [1]
    assert storage.read_metadata(path) == {"note": "first"}
    assert os.listdir(tmp_path) == ["table.parquet"]


def test_what_a_killed_job_left_of_a_file_goes_when_it_is_written_again(tmp_path):
    path = tmp_path / "fit.json"
    kept = [".fit.12.txt", ".other.12.json", ".fit.old.json", "fit.12.json", ".fit.12.json.bak"]
    for name in [".fit.12.json", ".fit.777.json", *kept]:
        (tmp_path / name).write_text("half")
    storage.write_json(path, {})
    assert sorted(os.listdir(tmp_path)) == sorted([*kept, "fit.json"])


def test_a_file_is_on_the_disk_before_it_has_its_name(tmp_path, monkeypatch):
    calls = []
    for name in ("fsync", "replace"):
        real = getattr(os, name)
        monkeypatch.setattr(os, name, lambda *args, real=real, name=name: calls.append(name) or real(*args))
    storage.write_text(tmp_path / "a.txt", "a")
    assert calls == ["fsync", "replace"]


@pytest.mark.parametrize("name", ["a.parquet", "a.json"])
def test_a_missing_file_is_not_called_damaged(tmp_path, name):
    read = storage.read_table if name.endswith("parquet") else storage.read_json
    with pytest.raises(InputError, match="mend this") as caught:
        read(tmp_path / name)
    assert not isinstance(caught.value, DamagedFile)


@pytest.mark.parametrize("content", [b"", b'{"a": ', b"\xff\xfe"])
def test_damaged_json_is_one_sentence(tmp_path, content):
    path = tmp_path / "fit.json"
    path.write_bytes(content)
    with pytest.raises(DamagedFile, match=r"fit\.json cannot be read .*delete it and run") as caught:
        storage.read_json(path)
    assert caught.value.path == path


def test_values_that_are_damaged_inside_a_table_are_found(tmp_path):
    path = tmp_path / "table.parquet"
    storage.write_table(path, pd.DataFrame({"a": np.arange(10_000) % 7}))
    content = bytearray(path.read_bytes())
    content[60:400] = bytes(340)
    path.write_bytes(content)
    with pytest.raises(DamagedFile):
        storage.read_table(path)


@pytest.mark.parametrize("content", [b"", b"PAR1 cut short"])
def test_a_damaged_table_is_one_sentence(tmp_path, content):
    path = tmp_path / "table.parquet"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"table.parquet cannot be read .*delete it and run the same command again"):
        storage.read_table(path)


def test_npz_keeps_its_suffix_for_the_writer(tmp_path):
    with storage.replacing(tmp_path / "maps.npz") as temporary:
        np.savez_compressed(temporary, maps=np.zeros(3))
    assert os.listdir(tmp_path) == ["maps.npz"]


def test_progress_is_plain_lines_in_a_log(monkeypatch, caplog):
    ticks = iter(range(0, 1000, 7))
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(ticks))
    with caplog.at_level(logging.INFO, logger="coldstart"):
        assert list(progress.track(range(5), "counting")) == [0, 1, 2, 3, 4]
    assert "counting: 2 of 5" in caplog.text
    assert caplog.messages[-1] == "counting: 5 done"
