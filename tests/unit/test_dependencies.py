"""The list of dependencies names what is pinned, and the pins have hashes."""

import re
from pathlib import Path

import pytest

from coldstart.dependencies import ELSEWHERE, LOCK, bill_of_materials, packages, table

ROOT = Path(__file__).resolve().parents[2]


def pinned(path):
    """Name and version of every pin, read line by line."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return [tuple(line.split(" ")[0].split("==")) for line in lines if "==" in line.split(";")[0] and line[0].isalnum()]


def test_every_pin_of_the_lock_is_listed_with_its_version():
    assert len(pinned(LOCK)) > 100
    assert [(one.name, one.version) for one in packages()] == pinned(LOCK)
    page = (ROOT / "docs/dependencies.md").read_text(encoding="utf-8")
    rows = [tuple(cell.strip() for cell in line.split("|")[1:3]) for line in page.splitlines() if line.startswith("| ")]
    assert rows[1:] == pinned(LOCK), "run: python -m coldstart.dependencies > docs/dependencies.md"


@pytest.mark.parametrize("path", sorted(ROOT.glob("requirements*")), ids=lambda path: path.name)
def test_every_pin_has_hashes(path):
    text = path.read_text(encoding="utf-8")
    blocks = re.split(r"\n(?=[A-Za-z0-9])", text)
    blocks = [block for block in blocks if re.match(r"[A-Za-z0-9._-]+==", block)]
    assert len(blocks) == len(pinned(path))
    assert all(re.search(r"--hash=sha256:[0-9a-f]{64}", block) for block in blocks)
    assert "://" not in re.sub(r"#.*", "", text), "a lock names no address"


def test_licences_are_told_for_what_is_installed():
    told = {one.name: one.licence for one in packages()}
    assert told["numpy"].startswith("BSD-3-Clause")
    assert told["safetensors"] == "Apache-2.0"
    assert told["mlflow"] == "Apache-2.0"
    assert told["sqlalchemy"] == "MIT"
    assert {one.name for one in packages() if one.licence == ELSEWHERE and not one.marker} == set()


def test_a_bill_of_materials_names_each_package_once_and_follows_from_the_pins(tmp_path):
    bill = bill_of_materials(packages())
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.5")
    references = [one["bom-ref"] for one in bill["components"]]
    assert len(set(references)) == len(references) == len(pinned(LOCK))
    assert "pkg:pypi/torch@" + dict(pinned(LOCK))["torch"] in references
    assert bill == bill_of_materials(packages())
    (tmp_path / "lock").write_text(
        "numpy==1.0 ; sys_platform == 'x' \\\n    --hash=sha256:0\n    # via b\n", encoding="utf-8"
    )
    (one,) = packages(tmp_path / "lock")
    assert (one.name, one.version, one.marker) == ("numpy", "1.0", "sys_platform == 'x'")
    assert "| numpy | 1.0 |" in table([one])
    assert bill_of_materials([one])["serialNumber"] != bill["serialNumber"]
