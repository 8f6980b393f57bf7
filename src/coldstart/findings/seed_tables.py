"""The tables of `docs/findings.md` that tell what a seed is worth."""

import numpy as np

from coldstart.findings.differences import AREA, RANDOM
from coldstart.findings.measure import MRI, NETWORK, XRAY
from coldstart.findings.tables import BLANK, markdown, named, number

WHOLE = {**XRAY, NETWORK: "pool 1, small network", **MRI}


def spread_table(numbers):
    """Standard deviations of the runs of random lists, and of every arm of the study with repeats."""
    spreads, rows = numbers.tables["spreads"], []
    for study, what in WHOLE.items():
        own = spreads[(spreads["study"] == study) & (spreads["point"] != AREA)]
        if study != NETWORK:
            own = own[own["arm"] == f"none {RANDOM}"]
        for row in own.sort_values(["arm", "point"]).to_dict("records"):
            values = [number(row[key]) for key in ("seeds", "selection", "repeats", "patients")]
            rows.append([what, named(row["arm"]), str(row["point"]), *values])
    titles = ["study", "arm", "labels", "between seeds", "of it selection", "training", "test patients"]
    return markdown(titles, rows)


def seeds_table(numbers):
    """How many seeds a comparison takes, and how a comparison of one seed goes wrong."""
    rows = []
    for study, what in WHOLE.items():
        for point in numbers.budgets("arm", study):
            cells = [number(numbers.fact(f"{name} {point}", study)) for name in ("sd of differences", "smallest found")]
            seeds, alarms = (numbers.fact(f"{name} {point}", study) for name in ("seeds needed", "false alarms"))
            share = BLANK if np.isnan(alarms) else f"{100 * alarms:.0f} %"
            rows.append([what, str(point), cells[0], f"{seeds:.0f}", cells[1], share])
    titles = ["study", "labels", "sd of a difference", "seeds for 0.02", "smallest found by any", "false alarms"]
    return markdown(titles, rows)


def turned_table(numbers):
    """How often one seed says the opposite of all, by the size of the difference."""
    frame = numbers.tables["turned"]
    points = [*sorted(set(frame["point"]) - {AREA}), AREA]
    rows = []
    for least, most in frame[["least", "most"]].drop_duplicates().itertuples(index=False):
        own = frame[(frame["least"] == least) & (frame["most"] == most)].set_index("point")
        cells = [turned_cell(own.loc[point]) for point in points]
        rows.append([f"{least:g} to {most:g}" if most < 1 else f"above {least:g}", *cells])
    titles = ["difference over all seeds", *(f"{point} labels" for point in points[:-1]), "all budgets"]
    return markdown(titles, rows)


def turned_cell(row):
    """Share of turned orders, and of how many pairs; a dash where there are none."""
    return BLANK if not row["pairs"] else f"{100 * row['share']:.0f} % ({row['pairs']:.0f})"


def rank_sentences(numbers):
    """How stable the order of all arms is, study by study."""
    lines = []
    for study, what in WHOLE.items():
        if np.isnan(numbers.fact("ranks by_one", study)):
            continue
        alone, least, best = (numbers.fact(f"ranks {name}", study) for name in ("by_one", "without_one", "best_by_one"))
        lines.append(
            f"- {what}: the order of one seed has Kendall's tau {number(alone, 2)} with that of all on average; the "
            f"best arm of all is the best of {100 * best:.0f} % of single seeds; whichever seed is left out, the order "
            f"of the others has at least tau {number(least, 2)} with that of all."
        )
    return "\n".join(lines)
