"""Logistic regression on frozen features, of which the validation split chooses the penalty."""

import logging
import warnings
from dataclasses import dataclass

import numpy as np
from scipy.special import expit
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression, SGDClassifier

LOGGER = logging.getLogger("coldstart")
# Inverse regularisations that are tried where the configuration names none.
STRENGTHS = (0.0001, 0.001, 0.01, 0.1, 1.0)
# Fits that a job remembers: the rounds of a chain, or a few selections; more are seldom shared.
SHARED_FITS = 64
# Tight enough that another start would give the same predictions to five digits or so.
TOLERANCE, MOST_STEPS = 1e-6, 2000


@dataclass(frozen=True)
class Recipe:
    """How a logistic regression is fitted.

    Attributes
    ----------
    C : tuple of float
        Inverse regularisations to choose from, ascending.
    solver : {"lbfgs", "sgd"}
        To the optimum, or some passes of stochastic gradient descent.
    class_weight : {"balanced", "none"}
        Whether both classes count alike.
    epochs : int
        Passes of ``sgd``.
    rate : float
        Its step over the mean squared length of the rows.
    """

    C: tuple
    solver: str
    class_weight: str
    epochs: int
    rate: float


def fit_logistic(X, y, C, recipe, seed, weights=None):
    """Fit one logistic regression: the log loss of all rows times C, and half the squared length of the coefficients.

    Parameters
    ----------
    X : numpy.ndarray of float64, shape (n, d)
        Features.
    y : numpy.ndarray of int, shape (n,)
        Labels, both 0 and 1 among them.
    C : float
        Inverse regularisation, as scikit-learn has it. ``sgd`` minimises the
        same sum divided by n C.
    recipe : Recipe
    seed : int
        Of the order of the rows, for ``sgd``; ``lbfgs`` has one optimum, and
        uses none.
    weights : numpy.ndarray of shape (n,), optional
        What each row counts.

    Returns
    -------
    coefficients : numpy.ndarray of float64, shape (d,)
    intercept : float
    """
    balance = None if recipe.class_weight == "none" else recipe.class_weight
    if recipe.solver == "lbfgs":
        model = LogisticRegression(C=C, class_weight=balance, tol=TOLERANCE, max_iter=MOST_STEPS)
    else:
        length = max(float(np.einsum("ij,ij->", X, X)) / len(X), 1.0)
        model = SGDClassifier(
            loss="log_loss",
            alpha=1 / (C * len(X)),
            class_weight=balance,
            max_iter=recipe.epochs,
            tol=None,
            random_state=seed,
            learning_rate="constant",
            eta0=recipe.rate / length,
        )
    with warnings.catch_warnings():
        warnings.simplefilter("error", ConvergenceWarning)
        try:
            model.fit(X, y, sample_weight=weights)
        except ConvergenceWarning:
            LOGGER.warning("logistic regression with C = %g has not converged in %d steps", C, MOST_STEPS)
            warnings.simplefilter("ignore", ConvergenceWarning)
            model.fit(X, y, sample_weight=weights)
    return model.coef_[0], float(model.intercept_[0])


def choose_strength(strengths, fit, value):
    """Try every inverse regularisation and keep the best on the validation split.

    Parameters
    ----------
    strengths : sequence of float
        Ascending: of equal values the smallest wins.
    fit : callable
        From one of them to a model.
    value : callable
        From a model to its value on the validation split, higher for better;
        nan is never better.

    Returns
    -------
    strength : float
    model : object
    value : float
    """
    best = None
    for strength in strengths:
        model = fit(strength)
        found = value(model)
        if best is None or found > best[2] or (np.isnan(best[2]) and not np.isnan(found)):
            best = strength, model, found
    return best


def probability(X, coefficients, intercept):
    """Probability of the positive class, (n,), from features (n, d)."""
    return expit(X @ coefficients + intercept)
