"""The configuration reference, written from the schema and the registered functions.

``python -m coldstart.reference`` prints it; ``config/README.md`` is its output,
and a test holds the two together.
"""

import ast
import re
from pathlib import Path

from coldstart.annotations import readable
from coldstart.cohort import KINDS
from coldstart.configuration import JSON_TYPES, read_schema
from coldstart.embedding import ENCODERS
from coldstart.learning import NETWORKS, PATCHES
from coldstart.learning import STRATEGIES as LEARNING
from coldstart.probing import PROBES
from coldstart.protocols import BY_WEIGHTS, DIFFERENCES, KEEP
from coldstart.query import STRATEGIES as QUERIES
from coldstart.registry import module_path
from coldstart.selection import STRATEGIES as METHODS
from coldstart.trainings import DEFAULT_LEARNING

SCHEMA = Path(__file__).resolve().parents[2] / "workflow/schemas/config.schema.yaml"
HEAD = """\
# Configuration

One YAML file: `config/config.yaml` is the embedded default; give your own with `--configfile my.yaml`, which then
stands alone. Paths are relative to the working directory, those of a data set to its `root`. A wrong key, type or
name is refused before anything runs, in one sentence. Devices, cores and memory are not configured here: they belong
to the command line or a profile (`--cores 8 --resources gpu=2`).

This page is written by `python -m coldstart.reference > config/README.md`.
"""
PROTOCOLS = """\
## Protocols

`protocol` fills in the keys below where the configuration leaves them out; a key that is given wins, under any
protocol. `clean` is sound practice. `paper_code` is what the published code of Yuan & Hong (arXiv 2402.02561) does,
`paper_text` what its text says. The numbers are those of the places where the two differ. Square brackets name the
encoder or strategy whose models or methods are meant; "–" leaves the key out. Keys under `learning` of a model or
method are keys of their own, and win over `learning.<task>`; so are those of a query, for its rounds.
"""
# Of a selection or a query strategy, for a reader who buys labels little by little, or fears that some have leaked.
PROMISES = {"nested": "Nested budgets", "uses_labels": "Uses labels"}
NAMES = ("paper_code", "paper_text", "clean")
ROOMS = [
    ("Data set kinds", "`dataset.kind`, with further keys of `dataset`", KINDS),
    ("Encoders", "`models.<name>.encoder`, with further keys of `models.<name>`", ENCODERS),
    ("Selection strategies", "`methods.<name>.strategy`, with further keys of `methods.<name>`", METHODS),
    ("Query strategies", "`query.strategies.<name>.strategy`, with further keys of the same map", QUERIES),
    ("Networks", "`learning.<task>.network`, with `learning.<task>.network_parameters`", NETWORKS),
    ("Probes", "`learning.<task>.network: probe`, of either task, with `learning.<task>.network_parameters`", PROBES),
    ("Learning strategies", "`learning.<task>.strategy`, with `learning.<task>.strategy_parameters`", LEARNING),
    ("Patch recipes", "`learning.classification.patches.recipe`, with further keys of the same map", PATCHES),
]


def reference():
    """Write the configuration reference.

    Returns
    -------
    str
        Markdown.
    """
    schema = read_schema(SCHEMA)
    parts = [HEAD, "## Keys", "", *key_table(schema, schema), ""]
    for title, where, registry in ROOMS:
        parts += [f"## {title}", "", f"{where}.", ""]
        for name in registry:
            parts += [*entry_section(registry, name), ""]
    parts += [PROTOCOLS, *protocol_table(), ""]
    return "\n".join(parts).rstrip() + "\n"


def key_table(schema, root):
    """Table of every key that the schema knows."""
    rows = [f"| `{key}` | {kind} | {default} | {text} |" for key, kind, default, text in keys(schema, root)]
    return ["| key | value | default | meaning |", "|---|---|---|---|", *rows]


def keys(schema, root, prefix=""):
    """Yield every key below a schema, depth first, with type, default and meaning."""
    required = schema.get("required", [])
    for name, node in schema.get("properties", {}).items():
        node = {**resolved(node, root), **node}
        key = f"{prefix}{name}"
        default = "required" if name in required else shown_value(node["default"]) if "default" in node else "–"
        task = DEFAULT_LEARNING.get(prefix.removeprefix("learning.").rstrip("."), {})
        default = shown_value(task[name]) if name in task else default
        yield key, kind_of(node, root), default, node.get("description", "")
        yield from keys(node, root, f"{key}.")
        if isinstance(inner := node.get("additionalProperties"), dict):
            yield from keys(resolved(inner, root), root, f"{key}.<name>.")


def resolved(node, root):
    """Follow a reference within the schema."""
    reference_ = node.get("$ref")
    return root["$defs"][reference_.rpartition("/")[2]] if reference_ else node


def kind_of(node, root):
    """Put the type of a schema node into words."""
    node = {**resolved(node, root), **node}
    if "enum" in node:
        return ", ".join(shown_value(value) for value in node["enum"])
    if "anyOf" in node:
        return " or ".join(kind_of(choice, root) for choice in node["anyOf"])
    types = node.get("type", [])
    words = " or ".join(JSON_TYPES[name] for name in ([types] if isinstance(types, str) else types))
    return f"{words} of {kind_of(node['items'], root)}" if "items" in node else words


def shown_value(value):
    """Write a value as YAML would."""
    plain = {None: "null", True: "true", False: "false"}
    return f"`{plain[value] if value is None or isinstance(value, bool) else value}`"


def entry_section(registry, name):
    """Section of one registered name: its first sentence and its parameters."""
    module, function = registry.entry(name).module, registry.function
    summary, texts = docstring(module, function)
    head = f"{name}:<name>" if registry.entry(name).facts.get("takes_name") else name
    lines = [f"### `{head}`", "", summary, *facts_line(registry.entry(name).facts)]
    rows = [
        f"| `{key}` | {readable(spec.annotation)} | {'required' if spec.required else shown_value(spec.default)} "
        f"| {texts.get(key, '')} |"
        for key, spec in registry.parameters(name).items()
    ]
    return lines + (["", "| key | value | default | meaning |", "|---|---|---|---|", *rows] if rows else [])


def facts_line(facts):
    """What a strategy promises: whether budgets are prefixes of each other, and whether labels are used."""
    said = [f"{text}: {'yes' if facts[fact] else 'no'}." for fact, text in PROMISES.items() if fact in facts]
    return ["", f"*{' '.join(said)}*"] if said else []


def docstring(module, function):
    """First sentence and parameter texts of a function's numpydoc docstring, read without importing it."""
    tree = ast.parse(module_path(module).read_text(encoding="utf-8"))
    node = next(node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == function)
    text = ast.get_docstring(node)
    section = re.search(r"Parameters\n-+\n(.*?)(\n\n\w+\n-+\n|\Z)", text, re.DOTALL)
    texts = {}
    for names, body in re.findall(r"^(\w[\w, *]*?) :[^\n]*\n((?:[ ]+[^\n]*\n?|\n)*)", section.group(1) + "\n", re.M):
        for name in names.split(","):
            texts[name.strip(" *")] = " ".join(body.split()).replace("|", "\\|")
    return text.split("\n\n")[0].replace("\n", " "), texts


def protocol_table():
    """Table of the numbered differences, and of what each protocol does about them."""
    head = ["#", "published code against text", "key", *(f"`{name}`" for name in NAMES)]
    rows = [head, ["---"] * len(head)]
    for item in DIFFERENCES:
        start = [str(item.number), item.what]
        if item.instead:
            rows.append([*start, f"no switch: {item.instead}", *[""] * len(NAMES)])
        for switch in item.switches:
            values = [protocol_value(getattr(switch, name)) for name in NAMES]
            rows.append([*start, f"`{switch.section}.{switch.key}`", *values])
            start = ["", ""]
    return [f"| {' | '.join(row)} |" for row in rows]


def protocol_value(value):
    """Write what a protocol sets."""
    special = {KEEP: "–", BY_WEIGHTS: "`imagenet` where `weights` is `imagenet`, else `none`"}
    return special[value] if value in (KEEP, BY_WEIGHTS) else shown_value(value)


if __name__ == "__main__":
    print(reference(), end="")
