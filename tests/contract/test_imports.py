"""Each job imports what it needs: a grid has thousands of them, and torch alone takes seconds."""

import ast
import json
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from coldstart.registry import SOURCE_ROOT

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = {path.stem: path for path in (ROOT / "workflow/scripts").glob("*.py") if path.name != "scripting.py"}
# What reading and writing a table takes, and a line of progress.
EVERYWHERE = {"numpy", "pandas", "pyarrow", "tqdm"}
FIGURE = {"matplotlib"}
IMAGES = {"cv2"}
TRAINING = {"torch", "safetensors", "cv2", "PIL"}
# What each script may import besides, before it loads anything by name; those that are missing here, nothing.
MAY_IMPORT = {
    "advise": FIGURE | {"scipy"},
    "annotation": FIGURE,
    "answers": IMAGES | {"nibabel", "PIL"},
    "ask": IMAGES,
    "compare_encoders": FIGURE | IMAGES | {"scipy", "sklearn", "threadpoolctl"},
    "contact": FIGURE | IMAGES,
    "curves": FIGURE,
    "efficiency": {"scipy"},
    "embed": IMAGES,
    "evaluate": IMAGES,
    "hand_out": FIGURE | IMAGES | {"PIL"},
    "images": IMAGES,
    "learn": TRAINING,
    "lesion_size_map": FIGURE | IMAGES | {"sklearn", "threadpoolctl"},
    "map": FIGURE,
    "masks": IMAGES,
    "paired": FIGURE | {"scipy"},
    "patch_features": IMAGES,
    "patterns": FIGURE,
    "picks": FIGURE,
    "probe": IMAGES,
    "project": {"sklearn", "threadpoolctl"},
    "published": {"scipy"},
    "query": IMAGES,
    "report": FIGURE | IMAGES | {"PIL", "jinja2", "markupsafe", "scipy", "yaml"},
    "scan": IMAGES | {"joblib", "nibabel", "PIL", "pydicom", "imagecodecs"},
    "track": {"alembic", "filelock", "mlflow", "sqlalchemy"},
    "train": TRAINING,
    "uncertainty": {"torch", "cv2", "PIL"},
}
# Of the scripts with the most jobs, and what they load by name: everything large that the process holds then.
LARGE = {"torch", "torchvision", "sklearn", "scipy", "matplotlib", "mlflow", "cv2", "nibabel", "skimage", "jsonschema"}
HOT = {
    ("select", "coldstart.selection.random"): set(),
    ("query", "coldstart.query.uncertainty"): IMAGES | {"scipy"},
    ("evaluate",): IMAGES,
    ("contact",): FIGURE | IMAGES,
    ("summary",): set(),
    ("tables",): set(),
    ("train", "coldstart.learning.small_unet"): {"torch", "cv2"},
}


@cache
def imported(path):
    """Dotted names that importing a file imports: imports inside functions wait until they are needed."""
    waiting, names = list(ast.parse(path.read_text(encoding="utf-8")).body), set()
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif not isinstance(node, ast.FunctionDef):
            waiting += ast.iter_child_nodes(node)
    return frozenset(names)


def libraries(path):
    """Third-party packages that a script and all that it imports from this package import."""
    waiting, seen, found = [path], set(), set()
    while waiting:
        path = waiting.pop()
        seen.add(path)
        for name in imported(path):
            if name.partition(".")[0] == "coldstart":
                module = SOURCE_ROOT.joinpath(*name.split("."))
                files = module.with_suffix(".py"), module / "__init__.py"
                waiting += [file for file in files if file.is_file() and file not in seen]
            else:
                found.add(name.partition(".")[0])
    return found - set(sys.stdlib_module_names) - {"scripting"}


@pytest.mark.parametrize("script", sorted(SCRIPTS))
def test_a_script_imports_no_more_than_it_may(script):
    assert libraries(SCRIPTS[script]) - EVERYWHERE <= MAY_IMPORT.get(script, set())


def test_the_table_names_scripts_alone_and_nothing_that_none_of_them_imports():
    assert set(MAY_IMPORT) <= set(SCRIPTS)
    assert [(script, may - libraries(SCRIPTS[script])) for script, may in MAY_IMPORT.items()] == [
        (script, set()) for script in MAY_IMPORT
    ]


# Each job in a fork of its own, of a process that knows what all of them import.
STARTER = """
import importlib, json, os, sys
import pandas, pyarrow.parquet
large = json.loads(sys.argv[1])
for modules in json.loads(sys.argv[2]):
    sys.stdout.flush()
    if (child := os.fork()) == 0:
        for module in modules:
            importlib.import_module(module)
        print(json.dumps([name for name in large if name in sys.modules]), flush=True)
        os._exit(0)
    os.waitpid(child, 0)
"""


def test_the_jobs_of_a_grid_hold_no_large_library_that_they_do_not_need():
    jobs = [
        [name for name in sorted(imported(SCRIPTS[script])) if name.startswith("coldstart.") and is_module(name)]
        + list(loaded)
        for script, *loaded in HOT
    ]
    command = [sys.executable, "-c", STARTER, json.dumps(sorted(LARGE)), json.dumps(jobs)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env={"PYTHONPATH": str(SOURCE_ROOT)})
    found = [set(json.loads(line)) for line in done.stdout.splitlines()]
    assert dict(zip(HOT, found, strict=True)) == HOT


def is_module(name):
    """Tell a module of this package from a name that a module defines."""
    return SOURCE_ROOT.joinpath(*name.split(".")).with_suffix(".py").is_file()
