"""What the embeddings of one task see: neighbours, classes and k-means of every model, and models by pairs."""

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd
from scipy.stats import t

from coldstart.errors import InputError
from coldstart.evaluation.bootstrap import group_codes, resample_counts, resampled_means
from coldstart.evaluation.class_silhouette import class_silhouettes
from coldstart.evaluation.intervals import expanded_tail
from coldstart.evaluation.kmeans_convergence import kmeans_convergence
from coldstart.evaluation.neighbourhood import compare_neighbours, dice, other_patients, same_label, size_difference

# Of a larger pool so many samples are drawn: all pairs of them are compared, by every model.
MOST_SAMPLES = 2000
NEIGHBOURS = (1, 5, 10, 20)
# Random starts of k-means for each number of clusters.
STARTS = 20
LEVEL = 0.95
# What is measured, and whether more of it is better. Of the first three, one value per sample and k.
LABEL, DICE, SIZE = "same_label", "mask_dice", "size_difference"
SILHOUETTE, ITERATIONS, INERTIA, WORK = "silhouette", "iterations", "inertia", "work"
MEASURES = {
    LABEL: ("Same label", True),
    DICE: ("Dice of masks", True),
    SIZE: ("Size difference (% of image)", False),
    SILHOUETTE: ("Silhouette", True),
    ITERATIONS: ("Iterations", False),
    INERTIA: ("Inertia", False),
    WORK: ("10⁹ products", False),
}


@dataclass(frozen=True, eq=False)
class EncoderStudy:
    """The models of one task, measured.

    Attributes
    ----------
    values : pandas.DataFrame
        One row per model, measure and k: ``model``, ``dimension``, ``measure``
        (a key of `MEASURES`), ``k`` (neighbours or clusters; 0 for the
        silhouette), ``value`` (mean over samples, or over starts), ``low`` and
        ``high`` (its interval by the bootstrap over patients; none for k-means),
        ``sd`` (over starts; none for the others) and ``chance`` (that of samples
        of other patients at random; none for silhouette and k-means).
    pairs : pandas.DataFrame
        One row per pair of models, measure and k: ``first``, ``second``,
        ``measure``, ``k``, and the ``difference`` first less second with its
        interval ``low``, ``high``.
    samples, pool, patients : int
        Samples compared, all of the pool, and patients of those compared.
    """

    values: pd.DataFrame
    pairs: pd.DataFrame
    samples: int
    pool: int
    patients: int

    @property
    def dimensions(self):
        """Dimension of every model, in their order."""
        return dict(self.values[["model", "dimension"]].drop_duplicates().itertuples(index=False, name=None))

    @property
    def clusters(self):
        """Numbers of clusters, ascending."""
        return sorted(self.values.loc[self.values["measure"] == ITERATIONS, "k"].unique().tolist())

    @property
    def neighbour_measures(self):
        """What was compared between neighbours."""
        return [name for name in (LABEL, DICE, SIZE) if name in set(self.values["measure"])]


def draw_samples(pool):
    """Samples of the pool that are compared.

    Parameters
    ----------
    pool : pandas.DataFrame
        The pool of a task.

    Returns
    -------
    pandas.DataFrame
        All rows, or `MOST_SAMPLES` of them drawn uniformly by a fixed seed, in
        their order.
    """
    if len(pool) <= MOST_SAMPLES:
        return pool
    rows = np.random.default_rng(0).choice(len(pool), MOST_SAMPLES, replace=False)
    return pool.iloc[np.sort(rows)]


def targets(task, labels=None, masks=None):
    """What neighbours should share, and the classes.

    Parameters
    ----------
    task : {"classification", "segmentation"}
    labels : pandas.Series, optional
        Of the samples, for classification.
    masks : numpy.ndarray of uint8, shape (n, s, s), optional
        Of the samples, for segmentation.

    Returns
    -------
    similarities : dict of str to callable
        For `coldstart.evaluation.neighbourhood.compare_neighbours`, by measure.
    classes : numpy.ndarray of int, shape (n,)
        Numbered from 0: the labels, or whether there is any foreground.

    Raises
    ------
    InputError
        If a sample has no label: nothing is labelled in this data set.
    """
    if task == "segmentation":
        classes = np.unique(masks.any(axis=(1, 2)), return_inverse=True)[1]
        return {DICE: dice(masks), SIZE: size_difference(masks)}, classes
    if labels.isna().any():
        raise InputError(
            f"{int(labels.isna().sum())} of {len(labels)} samples of the pool have no label, by which the encoders "
            "of `models` are compared: give the data set labels, or ask for other targets."
        )
    classes = np.unique(labels.to_numpy(), return_inverse=True)[1]
    return {LABEL: same_label(classes)}, classes


def study(vectors, similarities, classes, patients, clusters, *, pool, resamples=100, unit="patient"):
    """Compare models by what neighbours share, how far classes lie apart, and how k-means converges.

    Parameters
    ----------
    vectors : dict of str to numpy.ndarray of shape (n, d)
        The embedding of the same samples by every model.
    similarities, classes
        From `targets`.
    patients : sequence of str, length n
        A sample without a patient is its own.
    clusters : sequence of int
        For k-means; those below 2 are left out.
    pool : int
        Samples of the whole pool.
    resamples : int, default=100
        Of the bootstrap.
    unit : {"patient", "sample"}, default="patient"
        What the bootstrap draws. Neighbours are of other patients with either.

    Returns
    -------
    EncoderStudy
        The bootstrap draws whose neighbourhoods are averaged; the pool in which
        neighbours are looked for stays as it is. All models share its draws, so
        that differences between them are of the same patients.
    """
    patients = group_codes(patients)
    counts = resample_counts(len(patients), resamples, patients if unit == "patient" else None)
    units = int(patients.max()) + 1 if unit == "patient" else len(patients)
    tail = expanded_tail(units, LEVEL)
    neighbours = [other_patients(of_model, max(NEIGHBOURS), patients) for of_model in vectors.values()]
    rows, pairs = [], []

    def add(measure, k, columns, chance=np.nan):
        """Take the values per sample of all models in, and of each pair their differences."""
        for name, column in zip(vectors, columns, strict=True):
            rows.append({"model": name, "measure": measure, "k": k, **interval(column, counts, tail), "chance": chance})
        for (first, one), (second, other) in combinations(zip(vectors, columns, strict=True), 2):
            found = interval(one - other, counts, tail)
            pairs.append({"first": first, "second": second, "measure": measure, "k": k, **found})

    for measure, similarity in similarities.items():
        near, chance = compare_neighbours(similarity, neighbours, patients)
        for k in NEIGHBOURS:
            add(measure, k, [values[:, k - 1] for values in near], mean(chance))
    add(SILHOUETTE, 0, [class_silhouettes(of_model, classes, patients) for of_model in vectors.values()])
    for k in sorted({int(k) for k in clusters if k > 1}):
        found = {name: kmeans_convergence(of_model, k, STARTS) for name, of_model in vectors.items()}
        for measure in (ITERATIONS, INERTIA, WORK):
            runs = {name: getattr(of_model, measure) for name, of_model in found.items()}
            for name, values in runs.items():
                rows.append(
                    {"model": name, "measure": measure, "k": k, "value": values.mean(), "sd": values.std(ddof=1)}
                )
            for first, second in combinations(vectors, 2):
                gaps = over_starts(runs[first] - runs[second])
                pairs.append({"first": first, "second": second, "measure": measure, "k": k, **gaps})
    columns = ["model", "dimension", "measure", "k", "value", "low", "high", "sd", "chance"]
    dimensions = {name: of_model.shape[1] for name, of_model in vectors.items()}
    values = pd.DataFrame(rows).assign(dimension=lambda frame: frame["model"].map(dimensions))
    values = values.reindex(columns=columns)
    order = values["model"].map(list(vectors).index)
    pairs = pd.DataFrame(pairs, columns=["first", "second", "measure", "k", "value", "low", "high"])
    return EncoderStudy(
        values.iloc[np.argsort(order, kind="stable")].reset_index(drop=True),
        pairs.rename(columns={"value": "difference"}),
        len(patients),
        pool,
        int(patients.max()) + 1,
    )


def mean(values):
    """Mean of the values that are defined; nan where none is."""
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else np.nan


def interval(values, counts, tail):
    """Mean of one value per sample, and its interval by the bootstrap.

    Parameters
    ----------
    values : numpy.ndarray of float64, shape (n,)
        nan is left out.
    counts : numpy.ndarray, shape (m, n)
        From `coldstart.evaluation.bootstrap.resample_counts`.
    tail : float
        Share of the resamples beyond either end; see
        `coldstart.evaluation.intervals.expanded_tail`.

    Returns
    -------
    dict of str to float
        ``value``, ``low``, ``high``.
    """
    resampled = resampled_means(values, counts)
    resampled = resampled[~np.isnan(resampled)]
    low, high = np.quantile(resampled, (tail, 1 - tail)) if len(resampled) and tail > 0 else (np.nan, np.nan)
    return {"value": mean(values), "low": float(low), "high": float(high)}


def over_starts(gaps):
    """Mean difference of two models over the starts that they share, with Student's interval.

    Parameters
    ----------
    gaps : numpy.ndarray of float64, shape (starts,)

    Returns
    -------
    dict of str to float
        ``value``, ``low``, ``high``: of the starts alone, for this very pool.
    """
    reach = t.ppf((1 + LEVEL) / 2, len(gaps) - 1) * gaps.std(ddof=1) / np.sqrt(len(gaps))
    return {"value": gaps.mean(), "low": gaps.mean() - reach, "high": gaps.mean() + reach}
