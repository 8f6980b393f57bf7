"""The tables of `docs/findings.md`: Markdown out of the numbers beside it."""

import numpy as np

from coldstart.evaluation.wins import ALPHA
from coldstart.findings.differences import AREA, RANDOM
from coldstart.findings.measure import MAIN, MRI, NETWORK, XRAY
from coldstart.reporting.encoders import INERTIA, ITERATIONS, LABEL, SILHOUETTE
from coldstart.reporting.paired_tables import p_text

BLANK = "–"
# Arms of the long table: the best and the worst.
SHOWN = 5


def number(value, decimals=3, sign=False):
    """A number as it is printed; a dash where there is none."""
    if value is None or np.isnan(value):
        return BLANK
    return f"{value:{'+' if sign else ''}.{decimals}f}".replace("-", "−")


def interval(row, decimals=3):
    """A difference with its 95 % interval."""
    if np.isnan(row["difference"]):
        return BLANK
    ends = [number(row[end], decimals, sign=True) for end in ("low", "high")]
    return f"{number(row['difference'], decimals, sign=True)} ({ends[0]} to {ends[1]})"


def markdown(titles, rows):
    """Lines of a table, the first column to the left."""
    lines = [titles, ["---", *["--:"] * (len(titles) - 1)], *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def named(arm):
    """``method, model`` of an arm."""
    model, _, rest = arm.partition(" ")
    return f"`{rest}`" if model == "none" else f"`{rest}`, {model}"


class Numbers:
    """The numbers, and how the tables ask for them.

    Parameters
    ----------
    tables : dict of str to pandas.DataFrame
        From `coldstart.findings.measure.measure`, or as read again.
    """

    def __init__(self, tables):
        self.tables = tables
        self.facts = tables["facts"].set_index(["study", "fact"])["value"].to_dict()

    def fact(self, fact, study=MAIN):
        """A single number; nan where there is none."""
        return self.facts.get((study, fact), np.nan)

    def differences(self, kind, study=MAIN, point=None):
        """Rows of one kind of arm, at a point or at all, without random itself."""
        rows = self.tables["differences"]
        rows = rows[(rows["kind"] == kind) & (rows["study"] == study) & rows["difference"].notna()]
        return rows if point is None else rows[rows["point"] == point]

    def budgets(self, kind="arm", study=MAIN):
        """Points of a kind of arm, without the area."""
        rows = self.differences(kind, study)
        return sorted(point for point in rows["point"].unique() if point != AREA)

    def rival(self, kind, point, study=MAIN):
        """The value of random."""
        rows = self.differences(kind, study, point)
        return rows["rival"].iloc[0] if len(rows) else np.nan


def data_table(numbers):
    """The studies: what each is made of."""
    rows = [
        [
            {**XRAY, NETWORK: "pool 1, small network", **MRI}[study],
            *(f"{numbers.fact(f'images {split}', study):.0f}" for split in ("train", "val", "test")),
            f"{numbers.fact('test patients', study):.0f}",
            number(numbers.fact("full", study)),
        ]
        for study in (*XRAY, NETWORK, *MRI)
    ]
    return markdown(["study", "pool", "validation", "test", "test patients", "all labelled"], rows)


def random_table(numbers):
    """Every cold start in the mean over encoders against random, at every budget; then the encoders."""
    budgets = numbers.budgets()
    titles = ["mean of", *(f"{budget} labels" for budget in budgets), "all budgets", "p, Holm"]
    rows = [["`random`", *(number(numbers.rival("arm", budget)) for budget in (*budgets, AREA)), BLANK]]
    for kind in ("method", "encoder"):
        own = numbers.differences(kind)
        areas = own[own["point"] == AREA].sort_values("difference", ascending=False, kind="stable")
        for arm, p in zip(areas["arm"], areas["p_holm"], strict=True):
            points = own[own["arm"] == arm].set_index("point")
            name = arm.partition("mean of ")[2]
            name = f"`{name}`, {len(encoders_of(numbers))} encoders" if kind == "method" else f"{name}, all methods"
            cells = [number(points.loc[budget, "difference"], sign=True) for budget in budgets]
            rows.append([name, *cells, interval(points.loc[AREA]), p_text(p)])
    return markdown(titles, rows)


def encoders_of(numbers):
    """Names of the encoders."""
    return sorted(arm.partition("mean of ")[2] for arm in numbers.differences("encoder")["arm"].unique())


def arms_table(numbers):
    """The best and the worst cold starts of pool 1 by the area, and the same arms in the other studies."""
    own = numbers.differences("arm", point=AREA).sort_values("difference", ascending=False, kind="stable")
    others = [name for name in XRAY if name != MAIN]
    wide = {name: numbers.differences("arm", name, AREA).set_index("arm")["difference"] for name in others}
    rows = []
    for place, row in enumerate(own.to_dict("records")):
        if SHOWN <= place < len(own) - SHOWN:
            continue
        elsewhere = [number(wide[name].get(row["arm"], np.nan), sign=True) for name in others]
        rows.append([str(place + 1), named(row["arm"]), interval(row), p_text(row["p_holm"]), *elsewhere])
    return markdown(["", "arm", "pool 1: difference", "p, Holm", *(XRAY[name] for name in others)], rows)


def summary_of_arms(numbers):
    """Sentences that count the arms."""
    lines = []
    for study, what in (*XRAY.items(), *MRI.items()):
        own = numbers.differences("arm", study, AREA)
        significant = own[own["p_holm"] < ALPHA]
        better, worse = (significant["difference"] > 0).sum(), (significant["difference"] < 0).sum()
        above = (own["difference"] > 0).sum()
        lines.append(
            f"- {what}: {above} of {len(own)} arms lie above random; after Holm {better} are better and {worse} worse "
            f"(median difference {number(own['difference'].median(), sign=True)}, "
            f"{number(own['difference'].min(), sign=True)} to {number(own['difference'].max(), sign=True)})."
        )
    return "\n".join(lines)


def carried_table(numbers):
    """Rank correlations of the differences between studies."""
    rows = []
    for group in (XRAY, MRI):
        names = list(group)
        for i, first in enumerate(names):
            for second in names[i + 1 :]:
                value = numbers.fact(f"carried over to {second}", first)
                rows.append([group[first], group[second], number(value, 2, sign=True)])
    return markdown(["gains of the arms in", "and in", "Spearman's correlation"], rows)


def encoder_table(numbers):
    """What the encoders see beside what they gain."""
    frame = numbers.tables["encoders"]
    gains = numbers.differences("encoder", point=AREA).set_index("arm")
    most = int(frame.loc[frame["measure"] == ITERATIONS, "k"].max())
    rows = []
    for model in frame["model"].unique():
        own = frame[frame["model"] == model].set_index(["measure", "k"])
        cells = [str(int(own["dimension"].iloc[0]))]
        for measure in (LABEL, SILHOUETTE):
            row = own.loc[measure].iloc[0]
            cells.append(f"{number(row['value'])} ({number(row['low'])} to {number(row['high'])})")
        for measure, decimals in ((ITERATIONS, 1), (INERTIA, 3)):
            row = own.loc[(measure, most)]
            cells.append(f"{number(row['value'], decimals)} ± {number(row['sd'], decimals)}")
        rows.append([f"`{model}`", *cells, interval(gains.loc[f"mean of {model}"])])
    chance = frame.loc[frame["measure"] == LABEL, "chance"].iloc[0]
    rows.append(["chance", "", number(chance), "", "", "", ""])
    titles = ["encoder", "dimension", "same label, 10 neighbours", "silhouette of the classes"]
    titles += [f"k-means, {most} clusters: iterations", "inertia left", "gain of the cold starts over random"]
    return markdown(titles, rows)


def encoder_pairs_table(numbers):
    """The mean arms of encoders by pairs."""
    pairs = sorted({fact.rpartition(": ")[0] for study, fact in numbers.facts if fact.endswith(": difference")})
    rows = []
    for pair in pairs:
        row = {key: numbers.fact(f"{pair}: {key}") for key in ("difference", "low", "high")}
        rows.append([pair.replace(" - ", " – "), interval(row), p_text(numbers.fact(f"{pair}: p"))])
    return markdown(["encoders", "difference of the mean cold start", "p, not corrected"], rows)


def query_table(numbers):
    """Every query against the random one, after every start."""
    rows_of = numbers.differences("query")
    points = numbers.budgets("query")[1:]
    titles = ["start, query", *(f"{point} labels" for point in points), "all rounds", "p, Holm"]
    rows = []
    for start, own in rows_of.groupby(rows_of["arm"].str.rpartition(" ")[0], sort=False):
        first = own[own["arm"] == own["arm"].iloc[0]].set_index("point")
        rows.append([f"{named(start)}: `{RANDOM}`", *(number(first.loc[p, "rival"]) for p in (*points, AREA)), BLANK])
        areas = own[own["point"] == AREA].sort_values("difference", ascending=False, kind="stable")
        for arm in areas["arm"]:
            at = own[own["arm"] == arm].set_index("point")
            cells = [number(at.loc[p, "difference"], sign=True) for p in points]
            name = f"{named(start)}: `{arm.rpartition(' ')[2]}`"
            rows.append([name, *cells, interval(at.loc[AREA]), p_text(at.loc[AREA, "p_holm"])])
    return markdown(titles, rows)
