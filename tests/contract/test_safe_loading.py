"""Nothing that comes from outside is executed: no call in the package or its scripts could run what a file holds."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted([*(ROOT / "src").rglob("*.py"), *(ROOT / "workflow/scripts").glob("*.py")])
# Read a pickle, or run text or a program that a file may hold.
FORBIDDEN = {
    *("pickle.load", "pickle.loads", "joblib.load", "dill.load", "cloudpickle.load", "pd.read_pickle", "shelve.open"),
    *("yaml.load", "yaml.unsafe_load", "yaml.full_load", "eval", "exec", "os.system", "os.popen", "torch.hub.load"),
    *("marshal.loads", "runpy.run_path", "torch.jit.load", "torch.package.PackageImporter"),
}
# Unpack wherever the archive says.
METHODS = {"extractall", "unpack_archive"}
# The one place that reads whole networks, under a list of classes: tests/unit/test_embedding_txrv.py attacks it.
RESTRICTED = "pickled.py"


def calls():
    """Every call: file, dotted name, keywords."""
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                yield path, ast.unparse(node.func), {one.arg: one.value for one in node.keywords}


def told(path, name):
    return f"{path.relative_to(ROOT)}: {name}"


def test_no_call_can_run_what_a_file_holds():
    found = [told(path, name) for path, name, _ in calls() if name in FORBIDDEN or name.rpartition(".")[2] in METHODS]
    assert found == []


def test_unpicklers_are_restricted_and_in_one_place():
    found = {
        path.name for path in SOURCES if "Unpickler" in path.read_text(encoding="utf-8").replace("UnpicklingError", "")
    }
    assert found == {RESTRICTED}


@pytest.mark.parametrize(("function", "keyword", "value"), [("torch.load", "weights_only", True)])
def test_weights_are_tensors_only(function, keyword, value):
    found = [(path, given.get(keyword)) for path, name, given in calls() if name == function]
    assert len(found) >= 3
    loose = [path.name for path, given in found if not (isinstance(given, ast.Constant) and given.value is value)]
    assert loose == [RESTRICTED]


def test_arrays_are_read_without_pickles_and_programs_started_without_a_shell():
    for path, name, given in calls():
        pickles, shell = given.get("allow_pickle"), given.get("shell")
        assert pickles is None or pickles.value is False, told(path, name)
        assert shell is None or shell.value is False, told(path, name)
        assert "trust_remote_code" not in given, told(path, name)
