"""What every script does first: its log, its mark as a job at work, and one sentence for the user when it fails.

``from scripting import snakemake`` as the first import sends log lines,
warnings and tracebacks to the rule's log; the terminal gets progress bars and,
on a failure, the one sentence that helps.
"""

import logging
import os
import sys
import traceback
from contextlib import suppress
from pathlib import Path

import __main__

# The package of this checkout, installed or not, from whichever folder the job runs.
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "src"))

from coldstart.errors import DamagedFile, InputError
from coldstart.one_run import begin_job

snakemake = __main__.snakemake
LOG = str(snakemake.log[0])


def explain(kind, error, trace):
    """Write one sentence to the terminal and, above the traceback, to the log."""
    given = ", ".join(f"{name}={value}" for name, value in snakemake.wildcards.items())
    place = f"{snakemake.rule} ({given})" if given else snakemake.rule
    said = str(error) if issubclass(kind, InputError) else f"{kind.__name__}: {error}"
    if isinstance(error, DamagedFile) and can_be_made_again(error.path):
        aside = error.path.with_name(f"{error.path.name}.damaged")
        # Another job that read the same file may have been first.
        with suppress(FileNotFoundError):
            os.replace(error.path, aside)
        said = f"{error.path} was damaged ({error.reason}) and lies now in {aside.name}: run the same command again."
    said = f"Error in {place}: {said}"
    trail = "".join(traceback.format_exception(kind, error, trace))
    logging.getLogger("coldstart").error("%s\n%s", said, trail)
    print(f"\n{said}\nMore in {LOG}\n", file=sys.stderr, flush=True)


def can_be_made_again(path):
    """Tell whether a file is an input that a rule makes; lists of live labelling are made once."""
    inputs = {Path(name).resolve() for name in snakemake.input}
    below = path.resolve().is_relative_to(Path("results", snakemake.config["dataset"]["name"]).resolve())
    return below and path.resolve() in inputs and "worklist" not in path.parts


begin_job(snakemake.config["dataset"]["name"])
os.makedirs(os.path.dirname(LOG), exist_ok=True)
logging.basicConfig(
    filename=LOG, filemode="w", level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s", force=True
)
logging.captureWarnings(True)
sys.excepthook = explain
