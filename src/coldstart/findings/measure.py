"""The numbers of `docs/findings.md`, as tables of plain numbers, out of the results of its studies."""

from itertools import combinations, pairwise
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import spearmanr

from coldstart.errors import InputError
from coldstart.evaluation.paired import compare
from coldstart.findings.differences import AREA, RANDOM, against_random, initial_runs, pooled, query_runs
from coldstart.findings.reliability import (
    false_alarms,
    paired_gaps,
    rank_stability,
    seeds_needed,
    smallest_found,
    spread,
    turned_over,
)
from coldstart.reporting.encoders import INERTIA, ITERATIONS, LABEL, SILHOUETTE
from coldstart.reporting.paired import count_units
from coldstart.reporting.summary import read_summary, reference_rows
from coldstart.storage import read_table

# Studies by their results, and what they are called in the tables.
XRAY = {
    "findings_xray": "pool 1, probe on pixels",
    "findings_xray_hog": "pool 1, probe on hog",
    "findings_xray_pool_2": "pool 2, probe on pixels",
}
NETWORK = "findings_xray_network"
MRI = {f"findings_mri_{k}": f"patient {k}" for k in (1, 2, 3)}
MAIN = "findings_xray"
METRICS = {"classification": "auroc", "segmentation": "dice_volume"}
# Differences by their size, for how often a single seed turns them over.
SIZES = (0.0, 0.01, 0.02, 0.04, 1.0)


def measure(results):
    """Measure every study.

    Parameters
    ----------
    results : str or pathlib.Path
        The folder that holds the results of each.

    Returns
    -------
    dict of str to pandas.DataFrame
        ``differences``, ``encoders``, ``spreads``, ``lists``, ``turned`` and
        ``facts``; see the functions that make them.

    Raises
    ------
    InputError
        If a study is missing.
    """
    studies = {name: Study(Path(results) / name, name) for name in (*XRAY, NETWORK, *MRI)}
    main = studies[MAIN]
    tables = {
        "differences": pd.concat([study.differences() for study in studies.values()], ignore_index=True),
        "encoders": encoders(main),
        "spreads": pd.concat([study.spreads() for study in studies.values()], ignore_index=True),
        "lists": pd.concat([study.lists() for study in studies.values()], ignore_index=True),
        "turned": turned(main),
    }
    return {**tables, "facts": facts(studies, tables["differences"])}


class Study:
    """The results of one configuration.

    Parameters
    ----------
    folder : pathlib.Path
    name : str
    """

    def __init__(self, folder, name):
        self.folder, self.name = folder, name
        if not (folder / "summary.parquet").exists():
            raise InputError(f"the study '{name}' has no results below {folder}: `make findings` runs it first.")
        self.summary = read_summary(folder / "summary.parquet")[0]
        self.task = self.summary["task"].iloc[0]
        self.metric = METRICS[self.task]
        self.cohort = read_table(folder / "cohort.parquet")
        self.units = count_units(self.cohort, self.task, self.metric, "patient")
        self.initial = initial_runs(self.summary, self.task, self.metric)

    def queries(self):
        """Runs of the queries; none without."""
        return query_runs(self.summary, self.task, self.metric) if (self.summary["round"] > 0).any() else {}

    def full(self):
        """Full supervision."""
        rows = reference_rows(self.summary, self.task)
        return rows.loc[rows["metric"] == self.metric, "value"].mean()

    def differences(self):
        """Every arm against random, singly, by encoder, by method and by query; see `against_random`.

        Returns
        -------
        pandas.DataFrame
            With the columns ``study`` and ``kind`` (``arm``, ``encoder``, ``method``, ``query``).
        """
        kinds = {"arm": against_random(self.initial, self.units)}
        if self.name != NETWORK:
            for place, kind in enumerate(("encoder", "method")):
                kinds[kind] = against_random(pooled(self.initial, place), self.units)
        if queries := self.queries():
            kinds["query"] = against_random(queries, self.units, rival=lambda arm: (arm[0], arm[1], RANDOM))
        frames = [frame.assign(study=self.name, kind=kind) for kind, frame in kinds.items()]
        return pd.concat(frames, ignore_index=True)

    def spreads(self):
        """Standard deviations of every arm at every budget; see `coldstart.findings.reliability.spread`."""
        rows = [
            {"study": self.name, "arm": " ".join(arm), "point": point, **spread(own)}
            for arm, points in self.initial.items()
            for point, own in points.items()
        ]
        return pd.DataFrame(rows)

    def lists(self):
        """What single random lists are worth: ``point``, ``seed`` and ``value``, repeats averaged."""
        frames = [
            pd.DataFrame({"study": self.name, "point": point, "seed": own.seeds, "value": own.values})
            for point, own in self.initial["none", RANDOM].items()
        ]
        return pd.concat(frames).groupby(["study", "point", "seed"], as_index=False)["value"].mean()


def encoders(study):
    """What the encoders see, beside what the cold starts on each of them gain.

    Parameters
    ----------
    study : Study
        With ``tables/classification_encoders.csv``.

    Returns
    -------
    pandas.DataFrame
        ``model``, ``measure``, ``k``, ``value``, ``low``, ``high``, ``sd`` and ``chance``.
    """
    path = study.folder / "tables" / f"{study.task}_encoders.csv"
    if not path.exists():
        raise InputError(f"the study '{study.name}' has no {path.name} in {path.parent}: `make findings` makes it.")
    found = pd.read_csv(path)
    wanted = (found["measure"] == LABEL) & (found["k"] == 10)
    wanted |= found["measure"].isin([SILHOUETTE, ITERATIONS, INERTIA])
    return found.loc[wanted, ["model", "dimension", "measure", "k", "value", "low", "high", "sd", "chance"]]


def turned(study):
    """How often a single seed turns the order of two arms over, by the size of their difference over all seeds.

    Two arms of which neither changes with the seed have one order by all of them, and
    are left out.

    Returns
    -------
    pandas.DataFrame
        One row per point and size: ``point``, ``least`` and ``most`` (of the
        absolute difference), ``pairs`` and the mean ``share``.
    """
    rows = []
    for point in study.initial["none", RANDOM]:
        arms = [points[point] for points in study.initial.values()]
        pairs = [(pair, paired_gaps(*pair)) for pair in combinations(arms, 2)]
        pairs = [(pair, gaps) for pair, gaps in pairs if gaps is not None and np.ptp(gaps) > 0]
        sizes = np.array([abs(gaps.mean()) for _, gaps in pairs])
        shares = np.array([turned_over(*pair) for pair, _ in pairs])
        for least, most in pairwise(SIZES):
            own = shares[(sizes >= least) & (sizes < most) & ~np.isnan(shares)]
            share = own.mean() if len(own) else np.nan
            rows.append({"point": point, "least": least, "most": most, "pairs": len(own), "share": share})
    return pd.DataFrame(rows)


def facts(studies, differences):
    """Single numbers, by study.

    Returns
    -------
    pandas.DataFrame
        ``study``, ``fact``, ``value``.
    """
    rows = []
    for name, study in studies.items():
        taking = study.cohort[study.cohort[study.task]]
        counts = taking["split"].value_counts()
        found = {f"images {split}": counts.get(split, 0) for split in ("train", "val", "test")}
        found |= {"patients": taking["patient_id"].nunique(), "test patients": study.units, "full": study.full()}
        rival = study.initial["none", RANDOM]
        for point, own in rival.items():
            gaps = [paired_gaps(points[point], own) for arm, points in study.initial.items() if arm != ("none", RANDOM)]
            sd = float(np.median([gap.std(ddof=1) for gap in gaps if gap is not None]))
            found |= {f"sd of differences {point}": sd, f"seeds needed {point}": seeds_needed(sd)}
            se = differences.query("study == @name and kind == 'arm' and point == @point")["se_patients"].median()
            found |= {f"se of patients {point}": se, f"smallest found {point}": smallest_found(se)}
            # Resamples of one patient are all the same, or not there.
            if study.units > 1:
                found[f"false alarms {point}"] = false_alarms(own)
        if AREA in rival:
            stable = rank_stability([points[AREA] for points in study.initial.values()])
            found |= {f"ranks {key}": value for key, value in stable.items()}
        rows += [{"study": name, "fact": fact, "value": float(value)} for fact, value in found.items()]
    return pd.DataFrame([*rows, *carried_over(differences), *encoder_pairs(studies[MAIN])])


def carried_over(differences):
    """Rank correlation between studies of the arms' differences from random, by the area."""
    rows = differences.query("kind == 'arm' and point == @AREA").dropna(subset="difference")
    for group in (list(XRAY), list(MRI)):
        wide = rows[rows["study"].isin(group)].pivot(index="arm", columns="study", values="difference").dropna()
        for first, second in combinations([name for name in group if name in wide], 2):
            value = float(spearmanr(wide[first], wide[second]).statistic)
            yield {"study": first, "fact": f"carried over to {second}", "value": value}


def encoder_pairs(study):
    """Differences of the mean arms of encoders, by the area, with their interval and p-value."""
    means = {names[1]: points[AREA] for names, points in pooled(study.initial, 0).items() if names[1] != RANDOM}
    for first, second in combinations(means, 2):
        found = compare(means[first], means[second], study.units)
        for key in ("difference", "low", "high", "p"):
            yield {"study": study.name, "fact": f"{first} - {second}: {key}", "value": float(getattr(found, key))}
