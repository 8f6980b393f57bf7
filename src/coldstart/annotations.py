"""Types of configuration values, read from the annotations of registered functions.

The vocabulary is small on purpose: ``int``, ``float``, ``bool``, ``str``,
``None``, ``X | Y``, ``list[X]``, ``dict[str, X]`` and ``Literal[...]``.
"""

import ast

PLAIN = {"int": int, "float": (int, float), "bool": bool, "str": str}
READABLE = {"int": "a whole number", "float": "a number", "bool": "true or false", "str": "text"}


def fits(value, annotation):
    """Tell whether a plain value is of the type that an annotation names.

    Parameters
    ----------
    value : object
        A value as read from YAML.
    annotation : str
        For example ``"int | None"`` or ``"Literal['a', 'b']"``.

    Returns
    -------
    bool
        A whole number passes for a float; a truth value is no number.
    """
    return _fits(value, ast.parse(annotation, mode="eval").body)


def _fits(value, node):
    match node:
        case ast.BinOp(left=left, right=right):
            return _fits(value, left) or _fits(value, right)
        case ast.Constant(value=None):
            return value is None
        case ast.Name(id=name):
            return isinstance(value, PLAIN[name]) and (name == "bool" or not isinstance(value, bool))
        case ast.Subscript(value=ast.Name(id="list"), slice=inner):
            return isinstance(value, list) and all(_fits(item, inner) for item in value)
        case ast.Subscript(value=ast.Name(id="dict"), slice=ast.Tuple(elts=[key, inner])):
            return isinstance(value, dict) and all(_fits(k, key) and _fits(v, inner) for k, v in value.items())
        case ast.Subscript(value=ast.Name(id="Literal"), slice=inner):
            return value in _literals(inner)
    raise TypeError(f"annotation {ast.unparse(node)!r} is not one that a configuration can be checked against")


def readable(annotation):
    """Put an annotation into words.

    Parameters
    ----------
    annotation : str
        As in `fits`.

    Returns
    -------
    str
        For example ``"a whole number or null"``.
    """
    return _readable(ast.parse(annotation, mode="eval").body)


def _readable(node):
    match node:
        case ast.BinOp(left=left, right=right):
            return f"{_readable(left)} or {_readable(right)}"
        case ast.Constant(value=None):
            return "null"
        case ast.Name(id=name):
            return READABLE[name]
        case ast.Subscript(value=ast.Name(id="list"), slice=inner):
            return f"a list, each item {_readable(inner)}"
        case ast.Subscript(value=ast.Name(id="dict"), slice=ast.Tuple(elts=[key, inner])):
            return f"a map from {_readable(key)} to {_readable(inner)}"
        case ast.Subscript(value=ast.Name(id="Literal"), slice=inner):
            return "one of " + ", ".join(str(value) for value in _literals(inner))
    raise TypeError(f"annotation {ast.unparse(node)!r} has no words")


def _literals(node):
    values = ast.literal_eval(node)
    return values if isinstance(values, tuple) else (values,)
