"""Run the studies of findings.md, measure them, and write their numbers, figures and tables.

``make findings``, or ``.venv/bin/python docs/findings.py --cores 2``. It goes on where it was. ``--measure`` measures
what is there and runs nothing.
"""

import argparse
import re
import subprocess
import sys
from pathlib import Path

import pandas as pd

from coldstart.errors import InputError
from coldstart.findings import seed_tables, tables
from coldstart.findings.figures import plot_cold_starts, plot_seeds
from coldstart.findings.measure import measure
from coldstart.reporting.figures import save_figure
from coldstart.storage import write_text

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs/findings.md"
NUMBERS = ROOT / "docs/figures/findings"
DATA = ("nih_chestxray", "open_ms_longitudinal")
# Name of the results, task, and the configurations, of which later ones change earlier ones.
STUDIES = {
    "findings_xray": ("classification", "xray_probe"),
    "findings_mri_1": ("segmentation", "mri_probe"),
    "findings_mri_2": ("segmentation", "mri_probe", "mri_pool_2"),
    "findings_mri_3": ("segmentation", "mri_probe", "mri_pool_3"),
    "findings_xray_pool_2": ("classification", "xray_probe", "xray_pool_2"),
    "findings_xray_hog": ("classification", "xray_probe", "xray_hog"),
    "findings_xray_network": ("classification", "xray_network"),
}
TABLES = {
    "data": tables.data_table,
    "random": tables.random_table,
    "arms": tables.arms_table,
    "counts": tables.summary_of_arms,
    "carried": tables.carried_table,
    "encoders": tables.encoder_table,
    "encoder pairs": tables.encoder_pairs_table,
    "queries": tables.query_table,
    "spread": seed_tables.spread_table,
    "seeds": seed_tables.seeds_table,
    "turned": seed_tables.turned_table,
    "ranks": seed_tables.rank_sentences,
}
FIGURES = {"findings_cold_starts.svg": plot_cold_starts, "findings_seeds.svg": plot_seeds}
PART = re.compile(r"(<!-- (?P<name>[a-z ]+): written by docs/findings.py -->\n).*?(<!-- end -->)", re.DOTALL)
DECIMALS = 6


def run(cores, resources):
    """Run every study as far as its results are wanted here; one that fails leaves the others running.

    Raises
    ------
    InputError
        If the data are not there, or a study failed.
    """
    missing = [f"data/{name}" for name in DATA if not Path("data", name).is_dir()]
    if missing:
        raise InputError(f"{' and '.join(missing)}: not there; docs/findings.md says where the data come from.")
    failed = []
    for name, (task, *configurations) in STUDIES.items():
        wanted = [f"results/{name}/summary.parquet", f"results/{name}/tables/{task}_encoders.html"]
        files = [str(ROOT / f"config/findings/{one}.yaml") for one in configurations]
        command = [sys.executable, "-m", "snakemake", *wanted, "-s", str(ROOT / "Snakefile"), "--cores", str(cores)]
        done = subprocess.run([*command, "--resources", f"gpu={resources}", "--configfile", *files], check=False)
        failed += [name] if done.returncode else []
    if failed:
        raise InputError(f"Snakemake failed at {', '.join(failed)}; mend what it says, and run the same command again.")


def write_numbers(found):
    """Keep the numbers as CSV, rounded, so that the page can be held to them."""
    NUMBERS.mkdir(parents=True, exist_ok=True)
    for name, frame in found.items():
        write_text(NUMBERS / f"{name}.csv", frame.to_csv(index=False, float_format=f"%.{DECIMALS}g"))


def read_numbers():
    """The numbers that `write_numbers` kept.

    Returns
    -------
    coldstart.findings.tables.Numbers
    """
    files = sorted(NUMBERS.glob("*.csv"))
    return tables.Numbers({path.stem: pd.read_csv(path) for path in files})


def written(page, numbers):
    """The page with its tables written anew.

    Parameters
    ----------
    page : str
    numbers : coldstart.findings.tables.Numbers

    Returns
    -------
    str
    """
    return PART.sub(lambda part: f"{part[1]}\n{TABLES[part['name']](numbers)}\n\n{part[3]}", page)


def main(arguments=None):
    """Run, measure, draw and write."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--cores", default="all", help="of each Snakemake run")
    parser.add_argument("--gpus", default="0", help="of each Snakemake run")
    parser.add_argument("--measure", action="store_true", help="run nothing, and measure what is there")
    given = parser.parse_args(arguments)
    try:
        if not given.measure:
            run(given.cores, given.gpus)
        write_numbers(measure("results"))
    except InputError as error:
        sys.exit(f"findings: {error}")
    numbers = read_numbers()
    for name, plot in FIGURES.items():
        save_figure(plot(numbers), svg=ROOT / "docs/figures" / name)
    write_text(PAGE, written(PAGE.read_text(encoding="utf-8"), numbers))
    print(f"The findings: {PAGE}; their numbers: {NUMBERS}")


if __name__ == "__main__":
    main()
