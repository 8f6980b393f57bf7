"""Whom the selection misses: the share of every group of patients in the pool, and among what was asked for."""

import numpy as np
import pandas as pd
from pandas.api import types
from scipy.stats import binomtest, hypergeom

from coldstart.cohort.assemble import COLUMNS
from coldstart.evaluation.multiplicity import holm
from coldstart.labelling.asking import turns

# Always compared where the pool has them, in this order.
NAMED = ("sex", "age", "view", "site", "scanner")
# Metadata that says where an image lies, not whose it is.
PLACES = ("file", "volume", "axes", "box")
AGES = {"0-17": 0, "18-39": 18, "40-64": 40, "65-79": 65, "80+": 80}
OLDEST = 130
UNKNOWN, OTHER = "unknown", "other"
MOST_VALUES = 12
# A column whose values have fewer patients each might name them.
PATIENTS_PER_VALUE = 5
LEVEL = 0.05
# Share of the share expected below which a group counts as under-selected in practice: the four-fifths rule of the
# Uniform Guidelines on Employee Selection Procedures, 29 CFR 1607.4 D (1978).
FOUR_FIFTHS = 0.8
TABLE = {
    "column": "str",
    "value": "str",
    "unit": "str",
    "pool": "int64",
    "pool_total": "int64",
    "pool_share": "float64",
    "selected": "int64",
    "selected_total": "int64",
    "selected_share": "float64",
    "low": "float64",
    "high": "float64",
    "p": "float64",
    "p_holm": "float64",
    "under": "bool",
}


def representation(pool, asked):
    """Compare the share of each group in the pool with that among what was asked for.

    Groups are the values of sex, age (in steps), view, site and scanner, and
    of any other text column with few values; a missing value is the group
    ``unknown``. Where a patient has one value only, patients are counted, each
    once, else images.

    Parameters
    ----------
    pool : pandas.DataFrame
        One row per image of the pool: `patient_id` (null: a patient of its own)
        and metadata.
    asked : array_like of int, at least one
        Rows of all images asked for so far; one that is named twice counts once.

    Returns
    -------
    pandas.DataFrame
        One row per group: `column`, `value`, `unit` (``"patients"`` or
        ``"images"``), how many of them the `pool` has of `pool_total`
        (`pool_share`) and how many were `selected` of `selected_total`
        (`selected_share`, with its 95 % interval from `low` to `high`, Wilson
        1927); `p`, the probability that a uniform draw from the pool holds as few
        (hypergeometric, exact), `p_holm`, the same for all groups together (Holm
        1979); `under`: `p_holm` is below 0.05 and the share is below four fifths
        of the pool's. No rows where the pool has nothing to compare.
    """
    asked = np.asarray(asked, dtype=np.int64)
    patients = turns(pool["patient_id"])
    named = pool["patient_id"].notna().any()
    rows = []
    for column in compared_columns(pool, patients):
        values, unit_of, unit = units(grouped(pool[column], column), patients, named)
        chosen = values[np.unique(unit_of[asked])]
        for value in ordered(values, column):
            in_pool, selected = (int((of == value).sum()) for of in (values, chosen))
            low, high = binomtest(selected, len(chosen)).proportion_ci(0.95, method="wilson")
            rows.append(
                {
                    "column": column,
                    "value": value,
                    "unit": unit,
                    "pool": in_pool,
                    "pool_total": len(values),
                    "pool_share": in_pool / len(values),
                    "selected": selected,
                    "selected_total": len(chosen),
                    "selected_share": selected / len(chosen),
                    "low": low,
                    "high": high,
                    "p": hypergeom.cdf(selected, len(values), in_pool, len(chosen)),
                }
            )
    table = pd.DataFrame(rows, columns=list(TABLE))
    table["p_holm"] = holm(table["p"])
    table["under"] = (table["p_holm"] < LEVEL) & (table["selected_share"] < FOUR_FIFTHS * table["pool_share"])
    return table.astype(TABLE)


def compared_columns(pool, patients):
    """Columns whose values are groups: the named ones first, then other text columns of few values."""
    others = [name for name in pool.columns if name not in (*COLUMNS, *NAMED, *PLACES) and is_text(pool[name])]
    found = []
    for name in (*(name for name in NAMED if name in pool.columns), *others):
        values = grouped(pool[name], name)
        known = set(values) - {UNKNOWN}
        most = min(MOST_VALUES, (patients.max(initial=-1) + 1) // PATIENTS_PER_VALUE) if name in others else len(values)
        if known and len(set(values)) > 1 and len(known) <= most:
            found.append(name)
    return found


def is_text(values):
    """Whether a column holds words or yes and no, not numbers or dates."""
    kind = values.dtype
    words = types.is_string_dtype(kind) or types.is_object_dtype(kind) or isinstance(kind, pd.CategoricalDtype)
    return words or types.is_bool_dtype(kind)


def grouped(values, column):
    """Group of every image.

    Parameters
    ----------
    values : pandas.Series, length n
    column : str
        Its name: ages are binned.

    Returns
    -------
    numpy.ndarray of str (object), shape (n,)
        At most `MOST_VALUES` values of a named column: the rarer are ``other``.
    """
    if column == "age":
        ages = pd.to_numeric(values, errors="coerce").astype("float64")
        found = pd.cut(ages, [*AGES.values(), OLDEST], right=False, labels=list(AGES)).astype("object")
    elif types.is_numeric_dtype(values.dtype) and not types.is_bool_dtype(values.dtype):
        found = values.astype("object").map("{:g}".format, na_action="ignore")
    else:
        found = values.astype("object").map(lambda value: str(value).strip() or None, na_action="ignore")
    found = found.where(found.notna(), UNKNOWN)
    if column in NAMED and found.nunique() > MOST_VALUES:
        kept = ordered(found.to_numpy(), column)[: MOST_VALUES - 1]
        found = found.where(found.isin([*kept, UNKNOWN]), OTHER)
    return found.to_numpy(dtype=object)


def ordered(values, column):
    """Different values: ages from young to old, others from frequent to rare; ``other`` and ``unknown`` last."""
    counts = pd.Series(values, dtype="object").value_counts()
    places = list(AGES) if column == "age" else []

    def place(value):
        last = (value == OTHER) + 2 * (value == UNKNOWN)
        return last, places.index(value) if value in places else -counts[value], value

    return sorted(counts.index, key=place)


def units(values, patients, named):
    """What is counted: patients, where each has one value, else images.

    Parameters
    ----------
    values : numpy.ndarray of str, shape (n,)
        Group of every image.
    patients : numpy.ndarray of int, shape (n,)
        Patient of every image, numbered from 0 without gaps.
    named : bool
        Whether patients are known at all.

    Returns
    -------
    values : numpy.ndarray of str, shape (m,)
        Group of every unit; of a patient what is known of any image.
    unit_of : numpy.ndarray of int, shape (n,)
        Unit of every image.
    unit : {"patients", "images"}
    """
    known = pd.Series(values, dtype="object").where(values != UNKNOWN).groupby(patients)
    if not named or known.nunique().max() > 1:
        return values, np.arange(len(values)), "images"
    first = known.first()
    return first.where(first.notna(), UNKNOWN).to_numpy(dtype=object), patients, "patients"


def group_sentences(table):
    """Say which groups the lists so far miss.

    Parameters
    ----------
    table : pandas.DataFrame
        From `representation`.

    Returns
    -------
    list of str
        One sentence per group that is clearly under-selected and what to do, or
        one that there is none.
    """
    if table.empty:
        return [
            "Whom the lists miss cannot be told: of sex, age, view, site and scanner the pool knows none or one value."
        ]
    under = table[table["under"]]
    columns = ", ".join(dict.fromkeys(table["column"]))
    if under.empty:
        return [
            f"None of the {len(table)} groups compared ({columns}) is clearly under-selected so far; "
            "while few images are asked for, only large gaps can be told from chance."
        ]
    warnings = [
        f"Warning: {row.column} {row.value} is under-selected, {row.selected} of {row.selected_total:,} {row.unit} "
        f"asked for ({100 * row.selected_share:.0f} %, 95 % {100 * row.low:.0f} to {100 * row.high:.0f} %), but "
        f"{100 * row.pool_share:.0f} % of the pool ({probability(row.p_holm)}, {len(table)} groups compared)."
        for row in under.itertuples()
    ]
    return [
        *warnings,
        "Labels of images that were not asked for are used too: annotate some of the groups named here, or make sure "
        "that the network is checked on them before it is used.",
    ]


def probability(p):
    """A p-value as it is printed."""
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}"
