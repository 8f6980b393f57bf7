"""Which code and which files a result stands on."""

import ast
import hashlib
from functools import cache
from importlib.metadata import version
from pathlib import Path

from coldstart.registry import SOURCE_ROOT, module_path


def file_digest(path):
    """SHA-256 of a file, in hexadecimal."""
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def versions(*packages):
    """Installed versions of some packages, as a dict."""
    return {package: version(package) for package in packages}


@cache
def imported_modules(path):
    """Modules of this package that a source file names in an import, anywhere in it.

    Parameters
    ----------
    path : pathlib.Path
        A Python source file.

    Returns
    -------
    frozenset of str
        Dotted names. Package ``__init__`` files are left out: they hold names
        and no behaviour (a test sees to it), and adding a name to a registry
        must not make every result stale.
    """
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module)
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
    return frozenset(name for name in found if name.startswith("coldstart.") and module_path(name).is_file())


def import_closure(*paths):
    """Every module of this package that some source files stand on.

    Parameters
    ----------
    *paths : pathlib.Path
        Python source files.

    Returns
    -------
    list of pathlib.Path
        The files themselves and all that they import, directly or not, sorted.
    """
    waiting, closure = list(paths), set()
    while waiting:
        path = Path(waiting.pop()).resolve()
        if path not in closure:
            closure.add(path)
            waiting.extend(module_path(name) for name in imported_modules(path))
    return sorted(closure)


def code_digest(*paths):
    """Digest of some source files and of all that they import from this package.

    Parameters
    ----------
    *paths : pathlib.Path
        Python source files.

    Returns
    -------
    str
        SHA-256 over names and contents. It does not depend on where the
        checkout lies nor on the times of its files.
    """
    digest = hashlib.sha256()
    for path in import_closure(*paths):
        inside = path.is_relative_to(SOURCE_ROOT)
        name = path.relative_to(SOURCE_ROOT).as_posix() if inside else path.name
        digest.update(name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()
