"""Run the real workflow on a tiny pool, from a copy of the checkout and a folder elsewhere."""

import pytest
from label_studio_server import ENVIRONMENT, label_studio
from workplace import CHECKOUT, ROOT, TINY, Result, Workplace, changed, copy_checkout, kill_group

__all__ = ["CHECKOUT", "ROOT", "TINY", "Result", "Workplace", "changed", "copy_checkout", "kill_group"]

# Python imports this by itself when it starts: a job tells at its end which libraries it has loaded.
LISTENER = """
import atexit, json, os, sys

def tell():
    job = getattr(sys.modules["__main__"], "snakemake", None)
    if hasattr(job, "rule"):
        with open(f"{os.environ['HEARD']}/{job.rule}.{os.getpid()}", "w") as stream:
            json.dump(sorted({name.partition(".")[0] for name in sys.modules}), stream)

atexit.register(tell)
"""


@pytest.fixture(scope="session")
def finished(tmp_path_factory):
    """Workplace in which the tiny configuration has run to its end; `heard` holds what each job has imported."""
    base = tmp_path_factory.mktemp("finished")
    place = Workplace(copy_checkout(base / "checkout"), base / "work")
    place.heard = base / "heard"
    place.heard.mkdir()
    (base / "listener").mkdir()
    (base / "listener/sitecustomize.py").write_text(LISTENER, encoding="utf-8")
    result = place.run(config=TINY, environment={"PYTHONPATH": str(base / "listener"), "HEARD": str(place.heard)})
    assert result.code == 0, result.text
    place.output = result.text
    return place


@pytest.fixture
def place(tmp_path):
    """Workplace of one's own, on the real checkout."""
    return Workplace(ROOT, tmp_path / "work")


@pytest.fixture(scope="session")
def annotator_server(tmp_path_factory):
    """A real Label Studio, where its environment is there; else None."""
    if not (ENVIRONMENT / "label-studio").is_file():
        yield None
        return
    with label_studio(tmp_path_factory.mktemp("label_studio")) as server:
        yield server
