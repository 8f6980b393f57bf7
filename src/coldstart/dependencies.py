"""What the default environment is made of: packages and licences as a table, or as a bill of materials (SBOM)."""

import argparse
import importlib.metadata
import json
import re
import uuid
from dataclasses import dataclass
from pathlib import Path

from coldstart.registry import SOURCE_ROOT

LOCK = SOURCE_ROOT.parent / "requirements.lock"
PINNED = re.compile(r"^([A-Za-z0-9._-]+)==(\S+)(?: ; (.*?))?(?: \\)?$", re.MULTILINE)
# Names of trove classifiers and of free texts that stand for one licence of the SPDX list.
SPDX = {
    "MIT License": "MIT",
    "Apache Software License": "Apache-2.0",
    "BSD License": "BSD",
    "3-Clause BSD License": "BSD-3-Clause",
    "Python Software Foundation License": "PSF-2.0",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
}
# The first line of a licence's own text.
LONGEST = 60
UNKNOWN = "not told by its metadata"
ELSEWHERE = "not installed on this platform"
HEAD = """# Dependencies

Written by `python -m coldstart.dependencies > docs/dependencies.md`: every package that `requirements.lock` pins, with
what its own metadata says of its licence where it is installed (here: Linux on x86-64, Python 3.11). Packages pinned
twice differ by Python version. `make sbom` writes the same as a bill of materials in CycloneDX.

| package | version | licence |
|---|---|---|
"""


@dataclass(frozen=True)
class Package:
    """A pinned package.

    Attributes
    ----------
    name, version : str
    marker : str
        Where it is wanted, as PEP 508 says it; empty: everywhere.
    licence : str
        An SPDX expression where its metadata give one.
    """

    name: str
    version: str
    marker: str
    licence: str


def packages(lock=LOCK):
    """List what a file of pins asks for.

    Parameters
    ----------
    lock : str or pathlib.Path, default=LOCK
        As ``uv export`` writes it.

    Returns
    -------
    list of Package
        In the order of the file.
    """
    found = PINNED.findall(Path(lock).read_text(encoding="utf-8"))
    return [Package(name, version, marker, licence(name)) for name, version, marker in found]


def licence(name):
    """What an installed package says of its licence: its expression, its classifiers, its text, in this order."""
    try:
        installed = importlib.metadata.distribution(name)
    except importlib.metadata.PackageNotFoundError:
        return ELSEWHERE
    if expression := installed.metadata.get("License-Expression"):
        return expression
    classifiers = installed.metadata.get_all("Classifier") or []
    named = [one.rpartition(" :: ")[2] for one in classifiers if one.startswith("License :: OSI Approved ::")]
    if named:
        return " OR ".join(SPDX.get(one, one) for one in named)
    texts = [installed.metadata.get("License") or "", *licence_texts(installed)]
    first = next((line.strip() for text in texts for line in text.splitlines() if line.strip()), "")
    return SPDX.get(first, first) if 0 < len(first) <= LONGEST else UNKNOWN


def licence_texts(installed):
    """Yield the licence files that a distribution brings."""
    for file in installed.files or []:
        if re.fullmatch(r"(licen[cs]e|copying)(\.\w+)?", file.name, re.IGNORECASE):
            yield file.locate().read_text(encoding="utf-8", errors="replace")


def table(found):
    """Packages as a page in Markdown."""
    return HEAD + "".join(f"| {one.name} | {one.version} | {one.licence} |\n" for one in found)


def bill_of_materials(found):
    """Packages as CycloneDX 1.5 (https://cyclonedx.org/docs/1.5/json/), a dict to be written as JSON.

    The serial number follows from the content: the same pins give the same bytes.
    """
    components = [
        {
            "type": "library",
            "bom-ref": f"pkg:pypi/{one.name}@{one.version}",
            "name": one.name,
            "version": one.version,
            "purl": f"pkg:pypi/{one.name}@{one.version}",
            "licenses": [] if one.licence in (UNKNOWN, ELSEWHERE) else [{"license": {"name": one.licence}}],
            "properties": [{"name": "marker", "value": one.marker}] if one.marker else [],
        }
        for one in found
    ]
    serial = uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(components, sort_keys=True))
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "serialNumber": f"urn:uuid:{serial}",
        "version": 1,
        "metadata": {"component": {"type": "application", "name": "coldstart"}},
        "components": components,
    }


def main():
    """Print the table or the bill of materials."""
    parser = argparse.ArgumentParser(prog="coldstart.dependencies", description=__doc__)
    parser.add_argument("--sbom", action="store_true", help="CycloneDX in place of the table")
    wanted = parser.parse_args()
    found = packages()
    print(json.dumps(bill_of_materials(found), indent=2) if wanted.sbom else table(found), end="")


if __name__ == "__main__":
    main()
