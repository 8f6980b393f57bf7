"""One round: train on what is labelled, then predict every part that is asked for."""

from dataclasses import dataclass

import numpy as np

from coldstart.learning.pixels import channels_of
from coldstart.learning.prediction import predict, predict_patches
from coldstart.learning.rounds import Plan, plan_round
from coldstart.learning.training import Fit, fit, untrained
from coldstart.learning.weights_file import load_weights


@dataclass(frozen=True, eq=False)
class Round:
    """A finished round.

    Attributes
    ----------
    fit : Fit
        The training; after epoch 0 where there was nothing to train on.
    plan : Plan
        What it trained on.
    predicted : dict of str to numpy.ndarray
        Of each part, as `coldstart.learning.prediction.predict` gives them; of
        candidates that are seen as patches, their mean.
    patches : dict of str to numpy.ndarray, or None
        Of each part, the probability of every patch; None without patches.
    """

    fit: Fit
    plan: Plan
    predicted: dict
    patches: dict | None


def run_round(
    images,
    targets,
    labelled,
    added,
    number,
    parts,
    settings,
    *,
    weights,
    validate,
    val_rows,
    seed,
    device,
    checkpoint,
    fingerprint,
):
    """Train one network and predict with it.

    Parameters
    ----------
    images : numpy.ndarray of shape (n, size, size) or (n, size, size, C)
        Stored pixels.
    targets : VisibleTargets or numpy.ndarray
        As `coldstart.learning.training.fit` takes them.
    labelled : numpy.ndarray of int, shape (m,)
        The labelled set, as rows of `images`.
    added : numpy.ndarray of int, shape (m,)
        Round in which each of them was added.
    number : int
        This round.
    parts : dict of str to numpy.ndarray of int
        Rows to predict.
    settings : Settings
    weights : path or None
        Network of the round before, where this round begins with it.
    validate, val_rows, seed, device, checkpoint, fingerprint
        As `coldstart.learning.training.fit` takes them.

    Returns
    -------
    Round

    Raises
    ------
    InputError
        As `coldstart.learning.training.fit` and
        `coldstart.learning.prediction.predict`.
    """
    network = settings.build(channels=channels_of(images), seed=seed)
    if weights:
        load_weights(weights, network)
    plan = plan_round(network, images, targets, labelled, added, number, settings=settings, device=device)
    if len(plan.rows):
        fitted = fit(
            network,
            images,
            targets,
            labelled[plan.rows],
            val_rows,
            settings,
            validate=validate,
            seed=seed,
            device=device,
            rate_factor=plan.rate_factor,
            checkpoint=checkpoint,
            fingerprint=fingerprint,
        )
    else:
        fitted = untrained(network, settings, device)
    ask = predict_patches if settings.patches else predict
    found = {part: ask(fitted.network, images, rows, settings, device) for part, rows in parts.items()}
    if not settings.patches:
        return Round(fitted, plan, found, None)
    return Round(fitted, plan, {part: values.mean(axis=1) for part, values in found.items()}, found)


def fit_report(run, settings):
    """What a run says of its training, as plain values: the trained samples' number, the epoch kept and its value."""
    best = run.fit.best_value
    return {
        "n_trained": len(run.plan.rows),
        "strategy": settings.strategy,
        "best_epoch": run.fit.best_epoch,
        "best_value": None if np.isnan(best) else best,
    }
