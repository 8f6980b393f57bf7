"""Tables of what the embeddings see: one row per model, and one per pair of models."""

import numpy as np

from coldstart.reporting import captions
from coldstart.reporting.encoders import (
    DICE,
    INERTIA,
    ITERATIONS,
    LABEL,
    MEASURES,
    NEIGHBOURS,
    SILHOUETTE,
    SIZE,
    STARTS,
    WORK,
)
from coldstart.reporting.plain_tables import PlainTable

# Neighbours by which models are compared by pairs in print; the CSV holds all.
PAIRED_AT = 10
WORDS = {
    LABEL: "Same label: share of the k nearest neighbours that have the sample's label",
    DICE: "Dice of masks: of a sample and its k nearest neighbours, mean (1 where both are empty)",
    SIZE: "Size difference: of the foreground of a sample and of its k nearest neighbours, mean",
}


def title_of(measure, k=0):
    """Heading of a column, with an arrow to the better values."""
    name, higher = MEASURES[measure]
    at = {ITERATIONS: f", {k} clusters", INERTIA: f", {k} clusters", WORK: f", {k} clusters", SILHOUETTE: ""}
    return f"{name}{at.get(measure, f', k = {k}')} {'↑' if higher else '↓'}"


def heading_of(dataset, task):
    """Title of the tables and of the figure."""
    return f"{dataset}: {task}, what the embeddings see"


def who(found):
    """Samples and patients behind the numbers."""
    of = "" if found.samples == found.pool else f", drawn from {found.pool}"
    return f"{found.samples} samples of the pool ({captions.counted([found.patients], 'patient')}{of})"


def columns_of(found, neighbours):
    """Measures and k that are printed: of neighbours these k (of sizes one), silhouette, k-means at its largest k."""
    columns = [
        (measure, k) for measure in found.neighbour_measures for k in neighbours if measure != SIZE or k == PAIRED_AT
    ]
    columns += [(SILHOUETTE, 0)]
    last = found.clusters[-1:]
    return columns + [(measure, k) for measure in (ITERATIONS, INERTIA, WORK) for k in last]


def encoder_table(found, *, dataset, task, note=""):
    """One row per model, and one for chance.

    Parameters
    ----------
    found : coldstart.reporting.encoders.EncoderStudy
    dataset, task : str
    note : str, default=""
        What must be said of the data.

    Returns
    -------
    coldstart.reporting.plain_tables.PlainTable
        The CSV holds every number of neighbours and of clusters.
    """
    heading, columns = heading_of(dataset, task), columns_of(found, NEIGHBOURS)
    cells = found.values.set_index(["model", "measure", "k"])
    rows = [
        [model, str(dimension), *(cell(cells.loc[(model, *column)], column[0]) for column in columns)]
        for model, dimension in found.dimensions.items()
    ]
    chance = [cells.loc[(next(iter(found.dimensions)), *column), "chance"] for column in columns]
    rows.append(["chance", "", *(number(value, measure) for value, (measure, _) in zip(chance, columns, strict=True))])
    caption = [
        f"{heading}, of {who(found)}. {'; '.join(WORDS[measure] for measure in found.neighbour_measures)}. Neighbours "
        "are of other patients, by Euclidean distance; chance: any sample of another patient.",
        "Silhouette: of the classes, likewise."
        if task == "classification"
        else "Silhouette: of samples with and without foreground, likewise; a dash where the pool holds one kind.",
        "In brackets 95 % intervals by the bootstrap.",
        f"k-means: of standardised features from random samples, mean ± standard deviation over {STARTS} starts; "
        "inertia: share of the squared distances to the common mean; products: iterations · samples · clusters · "
        "dimension."
        if found.clusters
        else "",
        "Arrows point to the better values.",
    ]
    return PlainTable(
        titles=["Model", "Dimension", *(title_of(*column) for column in columns)],
        rows=rows,
        frame=found.values,
        heading=heading,
        caption=" ".join(part for part in caption if part),
        note=captions.sentence(note),
    )


def pair_table(found, *, dataset, task, note=""):
    """One row per pair of models and measure; parameters and answer as for `encoder_table`."""
    heading, columns = f"{heading_of(dataset, task)}, by pairs", columns_of(found, (PAIRED_AT,))
    cells = found.pairs.set_index(["first", "second", "measure", "k"])
    pairs = found.pairs[["first", "second"]].drop_duplicates().itertuples(index=False, name=None)
    rows = []
    for first, second in pairs:
        for measure, k in columns:
            gap = cells.loc[(first, second, measure, k)]
            ends = [number(gap[end], measure, sign=True) for end in ("low", "high")]
            interval = " to ".join(ends) if all(ends) else ""
            name, difference = f"{first} – {second}", number(gap["difference"], measure, sign=True)
            rows.append([name, title_of(measure, k), difference, interval])
    caption = (
        f"{heading}: difference of the first model less the second, of {who(found)}. 95 % intervals, each by itself: "
        "of neighbours and silhouettes by the bootstrap, both models on the same draws; of k-means by Student's "
        f"distribution over the {STARTS} starts, which both models begin with the same samples, for this very pool. "
        "Arrows point to the better values."
    )
    if not rows:
        caption = f"{heading}: there is one model alone."
    return PlainTable(
        titles=["Pair", "Measure", "Difference", "95 % interval"],
        rows=rows,
        frame=found.pairs,
        heading=heading,
        caption=caption,
        note=captions.sentence(note),
    )


def cell(row, measure):
    """One value as it is printed, with its interval or its deviation."""
    shown = number(row["value"], measure)
    if not shown:
        return ""
    if not np.isnan(row["sd"]):
        return f"{shown} ± {number(row['sd'], measure)}"
    ends = [number(row[end], measure) for end in ("low", "high")]
    return f"{shown} [{', '.join(ends)}]" if all(ends) else shown


def number(value, measure, sign=False):
    """A number as it is printed; empty where there is none."""
    if np.isnan(value):
        return ""
    decimals = {ITERATIONS: 1, SIZE: 2}.get(measure, 3)
    return f"{value:{'+' if sign else ''}.{decimals}f}".replace("-", "−")
