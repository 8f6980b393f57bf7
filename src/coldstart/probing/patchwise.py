"""The patch-wise probe: logistic regression on frozen features of small patches, for segmentation."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import cv2
import numpy as np
from scipy.special import expit

from coldstart.evaluation.evaluate import evaluate_segmentation
from coldstart.evaluation.segmentation import mean_dice
from coldstart.probing.logistic import SHARED_FITS, STRENGTHS, Recipe, choose_strength, fit_logistic

# Cuts that the validation split chooses from, in logits, the middle one first: of equal ones the nearest to it wins.
CUTS = tuple(sorted(np.linspace(-5, 5, 21).tolist(), key=lambda cut: (abs(cut), cut)))
ROWS_AT_ONCE = 256


@dataclass(frozen=True, eq=False)
class Fit:
    """A fitted probe.

    Attributes
    ----------
    coefficients : numpy.ndarray of float64, shape (d,)
    intercept : float
        Moved so that the mask is where the probability is at least 0.5.
    levels : numpy.ndarray of float64, shape (n,), or None
        One logit for all of each image where nothing could be fitted.
    C : float
        The inverse regularisation kept; nan where nothing was fitted.
    best_value : float
        Mean Dice on the validation split.
    one_class : bool
        Whether the labelled images held foreground or background alone, or
        there were none.
    threshold : float
        0.5.
    """

    coefficients: np.ndarray
    intercept: float
    levels: np.ndarray | None
    C: float
    best_value: float
    one_class: bool
    threshold: float = 0.5


def probe(
    *,
    patch: int = 4,
    C: list[float] | None = None,
    solver: Literal["lbfgs", "sgd"] = "lbfgs",
    class_weight: Literal["balanced", "none"] = "balanced",
    epochs: int = 20,
    rate: float = 1.0,
    most_patches: int = 50_000,
):
    """Logistic regression on features of small patches that nobody learned: intensity, edges, texture, place.

    Parameters
    ----------
    patch : int, default=4
        Pixels per side of a patch; `dataset.size` must be a multiple of it.
    C : list of float, optional
        Inverse regularisations, of which the mean Dice on the validation split
        chooses one (of equal ones the smallest); null: 0.0001, 0.001, 0.01, 0.1 and 1.
    solver : {"lbfgs", "sgd"}, default="lbfgs"
        `lbfgs` goes to the one optimum, so that repeats differ in nothing unless
        patches are drawn; `sgd` makes passes over the patches in an order of the
        training's seed, and has the noise of a training.
    class_weight : {"balanced", "none"}, default="balanced"
        Whether foreground and background count alike.
    epochs : int, default=20
        Passes of `sgd`.
    rate : float, default=1.0
        Step of `sgd`, over the mean squared length of the patches' features.
    most_patches : int, default=50000
        Of more patches so many are drawn by the training's seed.

    Returns
    -------
    PatchwiseProbe
    """
    recipe = Recipe(tuple(sorted(C or STRENGTHS)), solver, class_weight, epochs, rate)
    return PatchwiseProbe(recipe, patch, most_patches)


class PatchwiseProbe:
    """A patch-wise probe and what it is fitted to.

    Parameters
    ----------
    recipe : coldstart.probing.logistic.Recipe
    patch, most_patches : int
        As for `probe`.
    """

    def __init__(self, recipe, patch, most_patches):
        self.recipe, self.patch, self.most_patches = recipe, patch, most_patches

    def prepare(self, data):
        """Take in the data of the task, a `coldstart.probing.data.Data`; gives itself."""
        self.data, self.features = data, data.features
        self.mean, self.spread = moments(self.features, data.pool.rows)
        self.val_masks = data.targets[data.val]
        # Runs that share a labelled set share its one optimum, unless their patches are drawn.
        self.optimum = lru_cache(SHARED_FITS)(lambda rows: self.fit_anew(np.frombuffer(rows, np.int64), 0))
        return self

    def fit(self, rows, seed):
        """Fit to some labelled samples.

        A patch is a foreground sample of the weight of its foreground, and a
        background sample of the rest: the log loss of its share. The cut is moved
        to where the mean Dice on the validation split is largest, as a
        classifier's threshold is chosen there; masks are then cut at 0.5.

        Parameters
        ----------
        rows : numpy.ndarray of int, shape (m,)
            The labelled set, as rows of the cohort.
        seed : int
            Of the training.

        Returns
        -------
        Fit
            Where all labelled patches are foreground, or all background, or there
            are none, there is nothing to fit: images are then all background (or
            all foreground), and ranked at random in an order drawn from the
            labelled set.
        """
        rows = np.asarray(rows, dtype=np.int64)
        drawn = len(rows) * self.features.shape[1] > self.most_patches
        if self.recipe.solver == "lbfgs" and not drawn:
            return self.optimum(rows.tobytes())
        return self.fit_anew(rows, seed)

    def fit_anew(self, rows, seed):
        """Fit without looking whether that has been done; as `fit`."""
        share = self.foreground(rows)
        if not (share > 0).any() or not (share < 1).any():
            return self.unfitted(rows, positive=bool(len(share)) and bool((share > 0).any()))
        places = np.arange(len(share))
        if len(places) > self.most_patches:
            places = np.sort(np.random.default_rng(seed).choice(places, self.most_patches, replace=False))
        X, share = self.patches(rows, places), share[places]
        inside, outside = np.flatnonzero(share > 0), np.flatnonzero(share < 1)
        X = np.concatenate([X[inside], X[outside]])
        y = np.repeat([1, 0], [len(inside), len(outside)])
        weights = np.concatenate([share[inside], 1 - share[outside]])

        def fitted(strength):
            coefficients, intercept = fit_logistic(X, y, strength, self.recipe, seed, weights)
            return coefficients, *self.moved(coefficients, intercept)

        C, (coefficients, intercept, value), _ = choose_strength(self.recipe.C, fitted, lambda found: found[2])
        return Fit(coefficients, intercept, None, C, value, False)

    def moved(self, coefficients, intercept):
        """Intercept for which a cut at 0.5 has the largest mean Dice on the validation split, and that Dice."""
        logits = self.logits(self.data.val, coefficients, intercept)
        values = [mean_dice(self.val_masks, logits, cut) for cut in CUTS]
        best = int(np.argmax(values))
        return intercept - CUTS[best], values[best]

    def unfitted(self, rows, positive):
        """What is predicted where nothing can be fitted; see `fit`."""
        n = len(self.features)
        order = np.random.default_rng(np.sort(rows)).permutation(n)
        levels = (1 if positive else -1) * (5 + order / n)
        value = mean_dice(self.val_masks, np.broadcast_to(levels[self.data.val, None, None], self.val_masks.shape), 0)
        return Fit(np.zeros(self.features.shape[2]), 0.0, levels, float("nan"), value, True)

    def foreground(self, rows):
        """Share of foreground in every patch of some samples, (m * patches,)."""
        masks, patch = self.data.targets[rows], self.patch
        side = masks.shape[-1] // patch
        return masks.reshape(len(rows), side, patch, side, patch).mean(axis=(2, 4)).ravel()

    def patches(self, rows, places):
        """Standardised features of some patches of some samples, out of all of theirs in order."""
        per = self.features.shape[1]
        found = self.features[rows[places // per], places % per]
        return (found - self.mean) / self.spread

    def logits(self, rows, coefficients, intercept):
        """Logits of some samples at the size of the masks, bilinear between the middles of the patches."""
        size, side = self.val_masks.shape[-1], self.val_masks.shape[-1] // self.patch
        scaled = coefficients / self.spread
        constant = intercept - self.mean @ scaled
        found = np.empty((len(rows), size, size), np.float32)
        for start in range(0, len(rows), ROWS_AT_ONCE):
            part = self.features[rows[start : start + ROWS_AT_ONCE]] @ scaled.astype(np.float32) + np.float32(constant)
            for place, image in enumerate(part.reshape(-1, side, side), start):
                found[place] = cv2.resize(image, (size, size), interpolation=cv2.INTER_LINEAR)
        return found

    def maps(self, fit, rows):
        """Foreground probabilities of some samples, float16 of shape (m, size, size), as networks give them."""
        if fit.levels is None:
            return expit(self.logits(rows, fit.coefficients, fit.intercept)).astype(np.float16)
        shape = (len(rows), *self.val_masks.shape[1:])
        return np.broadcast_to(expit(fit.levels[rows])[:, None, None], shape).astype(np.float16)

    def measure(self, fit):
        """Metrics of a fit on the test split; see `coldstart.evaluation.evaluate.evaluate_segmentation`."""
        data, keys = self.data, self.data.evaluation
        metrics, _ = evaluate_segmentation(
            data.truth,
            self.maps(fit, data.test),
            spacing=data.spacing,
            groups=data.groups,
            stacks=data.stacks,
            **{key: keys[key] for key in ("bootstrap", "standard_error", "decimals", "empty")},
            **keys["volumes"],
        )
        return metrics

    def told(self, fit, rows):
        """What a query is told of some samples, as fields of `coldstart.query.base.QueryInputs`."""
        return {"maps": Maps(self, fit, rows)}


class Maps:
    """Maps of many samples, computed as they are asked for.

    Parameters
    ----------
    probe : PatchwiseProbe
    fit : Fit
    rows : numpy.ndarray of int

    Attributes
    ----------
    shape : tuple of int
        As if they were an array.
    dtype : numpy.dtype
    """

    def __init__(self, probe, fit, rows):
        self.probe, self.fit, self.rows = probe, fit, rows
        self.shape, self.dtype = (len(rows), *probe.val_masks.shape[1:]), np.dtype(np.float16)

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, index):
        return self.probe.maps(self.fit, self.rows[index])


def moments(features, rows):
    """Mean and standard deviation of every feature over the patches of some samples, read some at a time."""
    count, total, squares = 0, 0.0, 0.0
    for start in range(0, len(rows), ROWS_AT_ONCE):
        part = np.asarray(features[rows[start : start + ROWS_AT_ONCE]], np.float64).reshape(-1, features.shape[2])
        count, total = count + len(part), total + part.sum(axis=0)
        squares = squares + (part**2).sum(axis=0)
    mean = total / count
    spread = np.sqrt(np.maximum(squares / count - mean**2, 0))
    return mean, np.where(spread > 0, spread, 1)
