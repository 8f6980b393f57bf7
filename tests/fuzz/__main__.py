"""Give every reader many changed files, and print what became of them.

PYTHONPATH=tests python -m fuzz --inputs 10000
"""

import argparse
import json
import sys

from fuzz.readers import READERS
from fuzz.sandbox import ESCAPED, READ, REFUSED, run


def main():
    """Print a table, reader by reader; the exit status tells whether anything has escaped."""
    parser = argparse.ArgumentParser(prog="fuzz", description=__doc__)
    parser.add_argument("--inputs", type=int, default=10_000, help="changed files in all")
    parser.add_argument("--first", type=int, default=0, help="number of the first file of each reader")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--readers", nargs="*", help="parts of the names of readers; all of them by default")
    parser.add_argument("--json", help="file that the figures are written to as well")
    given = parser.parse_args()
    chosen = [one for one in READERS if not given.readers or any(part in one.name for part in given.readers)]
    each, total, report = -(-given.inputs // len(chosen)), [0, 0, 0, 0], {}
    heads = ("inputs", READ, REFUSED, ESCAPED, "s")
    print(f"{'reader':26}" + "".join(f"{head:>9}" for head in heads), flush=True)
    for reader in chosen:
        found = run(reader, range(given.first, given.first + each), given.seed)
        figures = [each, *(found.counts[name] for name in (READ, REFUSED, ESCAPED))]
        total = [one + more for one, more in zip(total, figures, strict=True)]
        report[reader.name] = {"figures": figures, "escapes": found.escapes}
        print(f"{reader.name:26}" + "".join(f"{one:9d}" for one in figures) + f"{found.seconds:9.1f}", flush=True)
        for number, what in found.escapes[:5]:
            print(f"    {number}: {what}", flush=True)
    print(f"{'all':26}" + "".join(f"{one:9d}" for one in total))
    if given.json:
        with open(given.json, "w", encoding="utf-8") as stream:
            json.dump(report, stream, indent=1)
    sys.exit(bool(total[-1]))


if __name__ == "__main__":
    main()
