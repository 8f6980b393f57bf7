"""What the labels have brought so far, what the next ones may bring, and whether to go on: in plain sentences."""

import math
from dataclasses import dataclass

import numpy as np

from coldstart.evaluation.forecast import Forecast, forecast
from coldstart.evaluation.learning_points import Point, class_patients
from coldstart.reporting.captions import counted

# Patients, and of a classification patients of either class, below which a hold-out shows no gain.
FEWEST = 5
# Patients below which a reader is told that they are few.
FEW = 50
TITLES = {"auroc": "AUROC", "dice": "mean Dice"}
MEANINGS = {
    "auroc": "AUROC is the chance that the network gives a positive image a higher score than a negative one: "
    "0.5 is guessing, 1 is perfect.",
    "dice": "Dice says how well the network's outline and the annotator's agree: 0 is not at all, 1 is exactly.",
}
AGAIN = "Label this list and run the same command again."


@dataclass(frozen=True, eq=False)
class Advice:
    """What is recommended.

    Attributes
    ----------
    verdict : {"go on", "stop", "too early to say", "pool exhausted"}
    sentences : list of str
        The recommendation, the value of the present network, and what the next
        labels are expected to add.
    groups : list of str
        Whom the lists miss.
    caveats : list of str
        What must be known to read the numbers.
    metric : {"auroc", "dice"}
    number, next_n, pool_left, n_holdout : int
        The list, its images, the images without an answer (those of the list
        too), and the hold-out's images.
    worthwhile : float
        The smallest gain that is worth a list.
    point : Point or None
        The present network on the hold-out.
    forecast : Forecast
        What the next labels add.
    """

    verdict: str
    sentences: list
    groups: list
    caveats: list
    metric: str
    number: int
    next_n: int
    pool_left: int
    n_holdout: int
    worthwhile: float
    point: Point | None
    forecast: Forecast


def recommend(
    points, shared, *, metric, number, next_n, worthwhile, pool_left, classes=("0", "1"), groups=(), newest=None, seed=0
):
    """Say whether the next list is worth labelling.

    Stop is said only where the upper end of the 90 % interval of the gain is
    below `worthwhile` at two lists in a row.

    Parameters
    ----------
    points : list of Point
        The networks so far, from `coldstart.evaluation.learning_points.measure_lists`.
    shared : pandas.DataFrame
        The hold-out that they were measured on, from there too.
    metric : {"auroc", "dice"}
    number : int
        This list, from 0.
    next_n : int
        Images on it: the next labels.
    worthwhile : float
        The smallest gain of the metric that is worth a list.
    pool_left : int
        Images of the pool without an answer, those of the list included.
    classes : sequence of str, default=("0", "1")
        Names of label 0 and label 1.
    groups : sequence of str
        From `coldstart.labelling.groups.group_sentences`.
    newest : int, optional
        Images of the newest hold-out, where not all of them are shared.
    seed : int, default=0
        Of the forecast.

    Returns
    -------
    Advice
    """
    point = points[-1] if points else None
    ahead, before = (forecast(known, next_n, seed=seed) for known in (points, points[:-1]))
    reason = untold(points, shared, ahead, metric, number, classes)
    below = [found.kind == "curve" and found.high < worthwhile for found in (ahead, before)]
    if not pool_left:
        verdict, said = "pool exhausted", "Nothing is left to ask for: every image of the pool has been answered."
    elif reason:
        verdict, said = "too early to say", f"Too early to say: {reason} {AGAIN}"
    elif all(below):
        verdict = "stop"
        said = (
            f"Stop: at two lists in a row even the favourable end of the forecast (now {gain(ahead.high)}, before "
            f"{gain(before.high)}) is below {worthwhile:g}, the smallest gain that you call worthwhile."
        )
    else:
        verdict = "go on"
        said = go_on(ahead, below[0], worthwhile)
    sentences = [said]
    if point and math.isfinite(point.value):
        sentences.append(measured(point, len(shared), metric))
    if pool_left:
        sentences += expected(ahead, next_n)
        sentences.append(f"{pool_left:,} images of the pool are without an answer, the {next_n} of this list included.")
    return Advice(
        verdict,
        sentences,
        list(groups),
        caveats(point, shared, ahead, metric, newest),
        metric,
        number,
        next_n,
        pool_left,
        len(shared),
        worthwhile,
        point,
        ahead,
    )


def untold(points, shared, ahead, metric, number, classes):
    """Why nothing can be said of the next labels yet; empty where something can."""
    if not number:
        return "no network has been trained yet, there are no labels."
    if not points:
        return "there is no hold-out yet; it is taken from the first labels as soon as they allow it."
    if metric == "auroc" and shared["truth"].nunique() < 2:
        only = classes[int(shared["truth"].iloc[0])]
        return f"all {counted([len(shared)], 'held-out image')} are {only}, and AUROC needs both classes."
    patients = class_patients(shared) if metric == "auroc" else (points[-1].n_patients,)
    if min(patients) < FEWEST:
        if metric == "dice":
            return f"the hold-out has {counted(patients, 'patient')}, and below {FEWEST} it cannot show a gain."
        numbers = " and ".join(map(str, patients))
        return (
            f"the hold-out has {numbers} patients ({classes[1]} and {classes[0]}), and below {FEWEST} of either class "
            "it cannot show a gain."
        )
    if np.ptp(points[-1].resampled[np.isfinite(points[-1].resampled)]) == 0:
        how = "rightly" if points[-1].value == 1 else "alike"
        return f"all held-out images are judged {how}, so that this hold-out cannot show a further gain."
    if ahead.kind != "curve":
        return "a learning curve needs three lists with different numbers of labels."
    return ""


def go_on(ahead, below, worthwhile):
    """Recommend to go on, or to go on for one more list."""
    if below:
        return (
            f"Go on for now: even the favourable end of the forecast ({gain(ahead.high)}) is below {worthwhile:g}, the "
            "smallest gain that you call worthwhile, but at this list for the first time; stop if the next list says "
            "so again."
        )
    doubt = "" if ahead.gain >= worthwhile else ", although less is expected"
    return f"Go on: the next labels may add {worthwhile:g} or more, which you call worthwhile{doubt}."


def measured(point, n_holdout, metric):
    """What the present network is worth."""
    return (
        f"List {point.number}: {TITLES[metric]} {point.value:.2f} (95 % {point.low:.2f} to {point.high:.2f}) on "
        f"{counted([n_holdout], 'held-out image')} after training on {counted([point.n_labelled], 'label')}."
    )


def expected(ahead, next_n):
    """What the next labels add: nothing, one sentence, or a range."""
    if ahead.kind == "curve":
        verb = "is" if next_n == 1 else "are"
        return [
            f"The next {counted([next_n], 'label')} {verb} expected to add {gain(ahead.gain)} "
            f"(90 %: {gain(ahead.low)} to {gain(ahead.high)})."
        ]
    if ahead.kind == "range":
        return [
            f"The next {counted([next_n], 'label')} should add between 0 and {gain(ahead.high)}, if learning does not "
            "speed up; two lists allow no better forecast."
        ]
    return []


def gain(value):
    """A gain as it is printed."""
    return f"{round(value, 3) + 0.0:.3f}"


def caveats(point, shared, ahead, metric, newest):
    """What must be known to read the numbers."""
    if point is None or not math.isfinite(point.value):
        return []
    found = [
        MEANINGS[metric],
        "The hold-out comes from the first labels, which were selected and not drawn at random: its value is not that "
        "of the whole pool, nor of another hospital.",
        "The hold-out also chose the best moment of each training, so its value is a little too high.",
    ]
    if point.n_patients < FEW:
        found.append(
            f"{counted([len(shared)], 'image')} of {counted([point.n_patients], 'patient')} are few: look at the "
            "ranges rather than at the values."
        )
    if newest is not None and newest > len(shared):
        found.append(
            f"The lists are compared on the {counted([len(shared)], 'image')} that all of their hold-outs have; "
            f"the newest has {newest}."
        )
    if ahead.kind == "curve":
        found.append(
            "The forecast is for the average training: it takes the curve to flatten as such curves mostly do "
            "(inverse power law), and the images to be chosen as before. One training may turn out better or worse."
        )
    return found
