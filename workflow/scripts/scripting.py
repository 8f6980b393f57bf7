"""What every script does first: its log, and one sentence for the user when it fails.

``from scripting import snakemake`` as the first import sends log lines,
warnings and tracebacks to the rule's log; the terminal gets progress bars and,
on a failure, the one sentence that helps.
"""

import logging
import os
import sys
import traceback
from pathlib import Path

import __main__

# The package of this checkout, installed or not, from whichever folder the job runs.
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "src"))

from coldstart.errors import InputError

snakemake = __main__.snakemake
LOG = str(snakemake.log[0])


def explain(kind, error, trace):
    """Write the traceback to the log and one sentence to the terminal."""
    logging.getLogger("coldstart").error("".join(traceback.format_exception(kind, error, trace)))
    given = ", ".join(f"{name}={value}" for name, value in snakemake.wildcards.items())
    place = f"{snakemake.rule} ({given})" if given else snakemake.rule
    said = str(error) if issubclass(kind, InputError) else f"{kind.__name__}: {error}"
    print(f"\nError in {place}: {said}\nMore in {LOG}\n", file=sys.stderr, flush=True)


os.makedirs(os.path.dirname(LOG), exist_ok=True)
logging.basicConfig(
    filename=LOG, filemode="w", level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s", force=True
)
logging.captureWarnings(True)
sys.excepthook = explain
