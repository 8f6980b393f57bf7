"""The layout keeps its promises: rooms, names without behaviour, declared code = imported code."""

import ast
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from coldstart import reference
from coldstart.annotations import fits, readable
from coldstart.provenance import import_closure
from coldstart.registry import SOURCE_ROOT, module_path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = SOURCE_ROOT / "coldstart"
ROOMS = [
    "cohort",
    "embedding",
    "selection",
    "learning",
    "query",
    "evaluation",
    "probing",
    "reporting",
    "findings",
    "labelling",
    "tracking",
]
SCRIPTS = sorted(path for path in (ROOT / "workflow/scripts").glob("*.py") if path.name != "scripting.py")
REGISTRIES = [registry for _, _, registry in reference.ROOMS]
ENTRIES = [(registry, name) for registry in REGISTRIES for name in registry]


def imports(path):
    """Dotted names of this package that a file imports."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}: relative import"
            names.add(node.module)
    return {name for name in names if name.split(".")[0] == "coldstart"}


@pytest.mark.parametrize("room", ROOMS)
def test_no_room_imports_from_a_later_one(room):
    later = ROOMS[ROOMS.index(room) + 1 :]
    for path in (PACKAGE / room).glob("*.py"):
        for name in imports(path):
            parts = name.split(".")
            assert len(parts) < 2 or parts[1] not in later, f"{path.name} imports {name}"


def test_the_package_knows_no_snakemake_and_the_science_no_mlflow():
    for path in PACKAGE.rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        found = {
            alias.name.split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names
        }
        found |= {node.module.split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        assert "snakemake" not in found, path
        assert "mlflow" not in found or path.parent.name == "tracking", path


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("__init__.py")), ids=lambda path: path.parent.name)
def test_package_files_hold_names_and_no_behaviour(path):
    """They are left out of the code digests, so nothing in them may change a result."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        registry = isinstance(node, ast.Assign) and ast.unparse(node.value).startswith("Registry(")
        version = (
            path.parent == PACKAGE and isinstance(node, ast.Assign) and ast.unparse(node).startswith("__version__")
        )
        assert registry or version or isinstance(node, ast.Expr | ast.ImportFrom), ast.unparse(node)
        if isinstance(node, ast.ImportFrom):
            assert node.module == "coldstart.registry"


@pytest.mark.parametrize(("registry", "name"), ENTRIES, ids=[f"{r.kind}: {n}" for r, n in ENTRIES])
def test_every_entry_loads_and_its_parameters_can_be_checked(registry, name):
    function = registry.load(name)
    assert function.__doc__
    for key, spec in registry.parameters(name).items():
        assert readable(spec.annotation)
        assert spec.required or fits(spec.default, spec.annotation), f"{name}.{key}"
        _, texts = reference.docstring(registry.entry(name).module, registry.function)
        assert texts.get(key), f"{name}: parameter {key} is not documented"


# Imports every module in a fork of its own, of a process that knows the large libraries but nothing of coldstart.
IMPORTER = """
import importlib, json, os, sys
for library in ("torchvision", "torchxrayvision", "timm", "segmentation_models_pytorch", "sklearn.manifold", "pandas"):
    importlib.import_module(library)
for module in sys.argv[1:]:
    reader, writer = os.pipe()
    if os.fork() == 0:
        importlib.import_module(module)
        found = [m.__file__ for n, m in sys.modules.items() if n.startswith("coldstart")]
        os.write(writer, json.dumps(found).encode())
        os._exit(0)
    os.close(writer)
    with open(reader) as stream:
        print(stream.read())
"""


@pytest.fixture(scope="module")
def imported():
    """The files of coldstart that the import of each entry's module really loads."""
    modules = sorted({registry.entry(name).module for registry, name in ENTRIES})
    done = subprocess.run(
        [sys.executable, "-c", IMPORTER, *modules],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": str(SOURCE_ROOT)},
    )
    return dict(zip(modules, map(json.loads, done.stdout.splitlines()), strict=True))


@pytest.mark.parametrize(("registry", "name"), ENTRIES, ids=[f"{r.kind}: {n}" for r, n in ENTRIES])
def test_declared_code_is_the_imported_code(registry, name, imported):
    module = registry.entry(name).module
    loaded = {Path(path) for path in imported[module] if not path.endswith("__init__.py")}
    declared = set(import_closure(module_path(module)))
    # Registries themselves import coldstart.registry, which holds no science.
    assert loaded - declared <= {module_path("coldstart.registry"), module_path("coldstart.errors")}
    assert loaded <= declared | {module_path("coldstart.registry"), module_path("coldstart.errors")}


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_scripts_declare_the_registries_they_load_from(script):
    """A script that loads a registered function gets its code from a rule that names the registry."""
    text = script.read_text(encoding="utf-8")
    rules = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "workflow/rules").glob("*.smk"))
    # By name, or by a function that does.
    indirect = "run_round|select_first|assemble|embedding_uncertainty"
    loads = re.search(rf"\b(KINDS|ENCODERS|STRATEGIES|PROBES)\.(load|module)\(|\b({indirect})\(", text)
    declared = re.search(rf'code\("{script.stem}", (KINDS|ENCODERS|METHODS|QUERIES|NETWORKS|PROBES)\.entry', rules)
    assert bool(loads) == bool(declared)
    assert f'code("{script.stem}"' in rules


def test_rule_script_log_and_benchmark_carry_one_name():
    for path in (ROOT / "workflow/rules").glob("*.smk"):
        for block in re.split(r"\n\n\n", path.read_text(encoding="utf-8")):
            head = re.match(r"rule (\w+):", block)
            if head and "script:" in block:
                name = head.group(1)
                assert f'"../scripts/{name}.py"' in block
                assert f'"<logs>/{name}' in block
                assert f'"<benchmarks>/{name}' in block


def test_the_configuration_reference_is_up_to_date():
    assert (ROOT / "config/README.md").read_text(encoding="utf-8") == reference.reference()


def test_modules_stay_small():
    for path in [*PACKAGE.rglob("*.py"), *(ROOT / "workflow").rglob("*.py"), *(ROOT / "workflow").rglob("*.smk")]:
        assert len(path.read_text(encoding="utf-8").splitlines()) <= 300, path
