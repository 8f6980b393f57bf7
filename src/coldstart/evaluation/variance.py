"""How much of the spread of an arm's runs is due to its selection, and how much to the training alone."""

from dataclasses import dataclass

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class Components:
    """Variance components of the runs of one arm at one point.

    Attributes
    ----------
    selection : float
        Variance between seeds beyond that of training; nan where it cannot be told.
    training : float
        Variance between the repeats of a seed; nan where no seed has two.
    total : float
        Variance of one run of a new seed: the sum of both or, with one repeat
        of each seed, the variance between the runs; nan where there is one seed.
    n_seeds, n_runs : int
    note : str
        What cannot be told, and why; empty where everything can.
    """

    selection: float
    training: float
    total: float
    n_seeds: int
    n_runs: int
    note: str


def components(values, seeds, *, one_optimum=False):
    """Tell selection and training apart by the one-way random-effects analysis of variance.

    Method of moments for balanced and unbalanced data: with SSA and SSE the sums
    of squares between and within a seeds of n_i repeats, N in all,
    training = SSE / (N - a), and selection = (SSA / (a - 1) - training) / n_0 with
    n_0 = (N - sum n_i² / N) / (a - 1); Searle, Casella and McCulloch, Variance
    components, Wiley 1992, section 3.6. A negative estimate counts as 0.

    Parameters
    ----------
    values : array_like of float, shape (n,)
        A metric of every run; those that are no number are left out.
    seeds : array_like of int, shape (n,)
        Its seed. Runs of one seed share their selection.
    one_optimum : bool, default=False
        Whether the training is known to have no noise, so that one repeat tells
        everything.

    Returns
    -------
    Components
    """
    runs = pd.DataFrame({"value": np.asarray(values, dtype=np.float64), "seed": np.asarray(seeds)}).dropna()
    groups = runs.groupby("seed")["value"]
    sizes, means = groups.size().to_numpy(), groups.mean().to_numpy()
    n, a = len(runs), len(sizes)
    within = float(((runs["value"] - groups.transform("mean")) ** 2).sum())
    training = within / (n - a) if n > a else 0.0 if one_optimum and n else float("nan")
    if a < 2:
        note = "one seed: how much the selection matters cannot be told" if a else "no value"
        return Components(float("nan"), training, float("nan"), a, n, note)
    between = float(sizes @ (means - runs["value"].mean()) ** 2) / (a - 1)
    if np.isnan(training):
        note = "one repeat: selection and training cannot be told apart"
        return Components(float("nan"), training, between, a, n, note)
    selection = (between - training) / ((n - sizes @ sizes / n) / (a - 1))
    note = "one optimum: training has no noise" if one_optimum else ""
    if selection < 0:
        note = "no more spread between seeds than training explains"
    selection = max(selection, 0.0)
    return Components(selection, training, selection + training, a, n, note)
