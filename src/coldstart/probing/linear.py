"""The linear probe: logistic regression on one frozen vector per image."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np

from coldstart.evaluation.classification import auprc_trapezoid, youden_threshold
from coldstart.evaluation.evaluate import classification_frame, sample_counts
from coldstart.probing.features import standardised
from coldstart.probing.logistic import SHARED_FITS, STRENGTHS, Recipe, choose_strength, fit_logistic, probability


@dataclass(frozen=True, eq=False)
class Fit:
    """A fitted probe.

    Attributes
    ----------
    predicted : numpy.ndarray of float64, shape (n,)
        Probability of the positive class of every sample of the cohort.
    C : float
        The inverse regularisation kept; nan where nothing was fitted.
    best_value : float
        Its AUPRC on the validation split.
    threshold : float
        Of the largest Youden index there.
    one_class : bool
        Whether the labelled set held one class only, or nothing.
    """

    predicted: np.ndarray
    C: float
    best_value: float
    threshold: float
    one_class: bool


def probe(
    *,
    embedding: str,
    C: list[float] | None = None,
    solver: Literal["lbfgs", "sgd"] = "lbfgs",
    class_weight: Literal["balanced", "none"] = "balanced",
    epochs: int = 20,
    rate: float = 1.0,
):
    """Logistic regression on a frozen embedding, whose features are brought to mean 0 and deviation 1 in the pool.

    Parameters
    ----------
    embedding : str
        The model of `models` whose embedding the probe reads for every arm, so
        that arms differ by what they select alone; `own`: each arm's own model.
    C : list of float, optional
        Inverse regularisations, of which the validation AUPRC chooses one (of
        equal ones the smallest); null: 0.0001, 0.001, 0.01, 0.1 and 1.
    solver : {"lbfgs", "sgd"}, default="lbfgs"
        `lbfgs` goes to the one optimum, so that repeats differ in nothing; `sgd`
        makes passes over the labelled set in an order of the training's seed,
        and has the noise of a training.
    class_weight : {"balanced", "none"}, default="balanced"
        Whether both classes count alike, as for the published networks.
    epochs : int, default=20
        Passes of `sgd`.
    rate : float, default=1.0
        Step of `sgd`, over the mean squared length of the labelled vectors.

    Returns
    -------
    LinearProbe
    """
    return LinearProbe(Recipe(tuple(sorted(C or STRENGTHS)), solver, class_weight, epochs, rate))


class LinearProbe:
    """A linear probe and what it is fitted to.

    Parameters
    ----------
    recipe : coldstart.probing.logistic.Recipe
    """

    def __init__(self, recipe):
        self.recipe = recipe

    def prepare(self, data):
        """Take in the data of the task, a `coldstart.probing.data.Data`; gives itself."""
        self.data, keys = data, data.evaluation
        self.features = standardised(data.features, data.pool.rows)
        self.val_labels = data.targets[data.val]
        self.counts = sample_counts(len(data.truth), keys["bootstrap"], data.groups)
        # Runs that share a labelled set share its one optimum.
        self.optimum = lru_cache(SHARED_FITS)(lambda rows: self.fit_anew(np.frombuffer(rows, np.int64), 0))
        return self

    def fit(self, rows, seed):
        """Fit to some labelled samples.

        Parameters
        ----------
        rows : numpy.ndarray of int, shape (m,)
            The labelled set, as rows of the cohort.
        seed : int
            Of the training.

        Returns
        -------
        Fit
            A labelled set of one class has nothing to separate, and every strength
            would give a constant, which the trapezoidal AUPRC flatters: it gives
            (1 + prevalence) / 2 to ties. Images are then ranked at random, in an
            order drawn from the labelled set, around Laplace's rule of succession,
            (positives + 1) / (labels + 2).
        """
        rows = np.asarray(rows, dtype=np.int64)
        return self.optimum(rows.tobytes()) if self.recipe.solver == "lbfgs" else self.fit_anew(rows, seed)

    def fit_anew(self, rows, seed):
        """Fit without looking whether that has been done; as `fit`."""
        y, val = self.data.targets[rows], self.data.val
        one_class = len(y) == 0 or y.min() == y.max()
        if one_class:
            predicted, strength = ranked_at_random(len(self.features), rows, int(y.sum())), float("nan")
            value = auprc_trapezoid(self.val_labels, predicted[val])
        else:
            X = self.features[rows]

            def fitted(strength):
                return probability(self.features, *fit_logistic(X, y, strength, self.recipe, seed))

            strength, predicted, value = choose_strength(
                self.recipe.C, fitted, lambda found: auprc_trapezoid(self.val_labels, found[val])
            )
        # Infinite where nothing beats chance, as for networks a number above every probability.
        decimals = self.data.evaluation["threshold_decimals"]
        threshold = min(youden_threshold(self.val_labels, predicted[val], decimals=decimals), 2.0)
        return Fit(predicted, strength, value, threshold, one_class)

    def measure(self, fit):
        """Metrics of a fit on the test split; see `coldstart.evaluation.evaluate.evaluate_classification`."""
        predicted, how = fit.predicted[self.data.test], self.data.evaluation["standard_error"]
        return classification_frame(self.data.truth, predicted, fit.threshold, self.counts, how)

    def told(self, fit, rows):
        """What a query is told of some samples, as fields of `coldstart.query.base.QueryInputs`."""
        positive = fit.predicted[rows]
        return {"probabilities": np.column_stack([1 - positive, positive])}


def ranked_at_random(n, rows, positive):
    """Probabilities of n samples where all that is labelled has one class; see `LinearProbe.fit`."""
    order = np.random.default_rng(np.sort(rows)).permutation(n)
    return (positive + 1) / (len(rows) + 2) + 1e-6 * (order - (n - 1) / 2) / n
