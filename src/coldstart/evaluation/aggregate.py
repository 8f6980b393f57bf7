"""Mean and standard error over the runs of one arm of a comparison."""

import numpy as np
import pandas as pd

from coldstart.evaluation.bootstrap import pooled_se

ARM = ["dataset", "task", "model", "method", "query", "budget", "round", "metric"]


def aggregate(summary, decimals=None, pooling="pooled", standard_error="percentile"):
    """Combine seeds and repeats.

    Parameters
    ----------
    summary : pandas.DataFrame
        The tidy summary: one row per run (``seed``, ``repeat``) and metric, with
        ``n_labelled``, ``value``, ``se`` and ``bootstrap``.
    decimals : int, optional
        Round the value of a run before averaging; Yuan & Hong average values
        already rounded to 3.
    pooling : {"pooled", "mean"}, default="pooled"
        Standard error of several runs: that of their pooled bootstrap values, or
        the mean of the runs' own standard errors.
    standard_error : {"percentile", "deviation"}, default="percentile"
        How it follows from pooled values, see `coldstart.evaluation.bootstrap`;
        that of a run is already in the summary.

    Returns
    -------
    pandas.DataFrame
        One row per arm (the columns of `ARM`), in order of appearance:

        ``n_labelled`` : mean over runs, rounded.
        ``n_runs``, ``n_seeds`` : runs in which the metric is defined, and their seeds.
        ``value`` : mean over those runs.
        ``se`` : standard error. Over pooled bootstrap values, as Yuan & Hong
        have it for random sampling, it holds the variance between runs as well
        as that of the test set; as a mean it holds the latter alone.
        ``sd`` : standard deviation between runs (n - 1), nan for one run.
        ``sd_seeds`` : standard deviation of the means of the seeds: how much
        the selection matters (a part of `sd_repeats` remains in it).
        ``sd_repeats`` : pooled standard deviation of the repeats within a seed:
        how much the training alone matters; nan without repeats.
    """
    rows = []
    for arm, runs in summary.groupby(ARM, sort=False, dropna=False):
        n_labelled = round(runs["n_labelled"].mean())
        runs = runs[runs["value"].notna()]
        values = runs["value"] if decimals is None else runs["value"].map(lambda value: round(value, decimals))
        by_seed = values.groupby(runs["seed"])
        repeated = by_seed.transform("size") > 1
        freedom = repeated.sum() - runs.loc[repeated, "seed"].nunique()
        within = ((values - by_seed.transform("mean")) ** 2)[repeated].sum()
        rows.append(
            {
                **dict(zip(ARM, arm, strict=True)),
                "n_labelled": n_labelled,
                "n_runs": len(values),
                "n_seeds": by_seed.ngroups,
                "value": values.mean(),
                "se": runs["se"].mean() if pooling == "mean" else pooled_se(runs["bootstrap"], standard_error),
                "sd": values.std(),
                "sd_seeds": by_seed.mean().std(),
                "sd_repeats": np.sqrt(within / freedom) if freedom else np.nan,
            }
        )
    columns = [*ARM, "n_labelled", "n_runs", "n_seeds", "value", "se", "sd", "sd_seeds", "sd_repeats"]
    return pd.DataFrame(rows, columns=columns)
