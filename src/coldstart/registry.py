"""Names that can be chosen in a configuration, and what stands behind each.

A registry maps a name to a module and reads the function's parameters from its
source text, so that a configuration can be checked, and the work planned,
without importing torch or scikit-learn.
"""

import ast
import difflib
import importlib
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from coldstart.errors import InputError

SOURCE_ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Parameter:
    """One keyword-only parameter of a registered function.

    Attributes
    ----------
    annotation : str
        The type as written in the source, for example ``int | None``.
    default : object
        Its default; meaningless where `required`.
    required : bool
        True where the source gives no default.
    """

    annotation: str
    default: Any = None
    required: bool = False


@dataclass(frozen=True)
class Entry:
    """One registered name.

    Attributes
    ----------
    module : str
        The module that holds the function.
    facts : dict
        What the planner must know without importing the module, for example
        ``{"uses_embedding": False}``.
    """

    module: str
    facts: dict = field(default_factory=dict)


class Registry:
    """The names of one room.

    Parameters
    ----------
    kind : str
        What the names stand for, as messages put it (``"selection strategy"``).
    function : str
        Name of the function that each module defines.
    entries : dict of str to Entry
        The names.
    supplied : tuple of str, default=()
        Keyword-only parameters that the chain itself hands over; they are not
        part of a configuration.
    """

    def __init__(self, kind, function, entries, supplied=()):
        self.kind = kind
        self.function = function
        self.entries = dict(entries)
        self.supplied = frozenset(supplied)

    def __iter__(self):
        return iter(self.entries)

    def __contains__(self, name):
        return name.partition(":")[0] in self.entries

    def entry(self, name):
        """Look a name up.

        Parameters
        ----------
        name : str
            The registered name; what follows a colon (``torchvision:resnet50``)
            belongs to the entry itself.

        Returns
        -------
        Entry
            What stands behind the name.

        Raises
        ------
        InputError
            If no entry has that name; the message gives the nearest one.
        """
        head = name.partition(":")[0]
        if head not in self.entries:
            raise InputError(f"unknown {self.kind} '{name}': {choices(head, self.entries)}.")
        return self.entries[head]

    def load(self, name):
        """Import the function behind a name."""
        return getattr(importlib.import_module(self.entry(name).module), self.function)

    def module(self, name):
        """Import the module behind a name."""
        return importlib.import_module(self.entry(name).module)

    def parameters(self, name):
        """Parameters that a configuration may give for a name.

        Returns
        -------
        dict of str to Parameter
            The keyword-only parameters of the function, less those that the
            chain supplies.
        """
        found = keyword_parameters(self.entry(name).module, self.function)
        return {key: value for key, value in found.items() if key not in self.supplied}


def choices(wrong, names):
    """Say which names are allowed and which of them is nearest.

    Parameters
    ----------
    wrong : str
        What was given.
    names : iterable of str
        What is allowed.

    Returns
    -------
    str
        ``"did you mean 'b'? Allowed: a, b"`` or ``"allowed: a, b"``.
    """
    names = sorted(str(name) for name in names)
    near = difflib.get_close_matches(str(wrong), names, n=1, cutoff=0.5)
    allowed = ", ".join(names) if names else "nothing"
    return f"did you mean '{near[0]}'? Allowed: {allowed}" if near else f"allowed: {allowed}"


def module_path(module):
    """Path of a module of this package, without importing it."""
    return SOURCE_ROOT.joinpath(*module.split(".")).with_suffix(".py")


@cache
def keyword_parameters(module, function):
    """Read the keyword-only parameters of a function from its source.

    Parameters
    ----------
    module : str
        Dotted name of a module of this package.
    function : str
        A function at its top level.

    Returns
    -------
    dict of str to Parameter
        In the order of the source.

    Raises
    ------
    LookupError
        If the module defines no such function.
    """
    tree = ast.parse(module_path(module).read_text(encoding="utf-8"))
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name == function:
            return {
                argument.arg: Parameter(
                    annotation=ast.unparse(argument.annotation) if argument.annotation else "object",
                    default=ast.literal_eval(default) if default is not None else None,
                    required=default is None,
                )
                for argument, default in zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True)
            }
    raise LookupError(f"{module} defines no function {function}")
