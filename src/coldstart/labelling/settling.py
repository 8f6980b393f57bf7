"""One label or mask for every image, whatever several annotators have said of it."""

from collections import Counter
from itertools import combinations

import numpy as np
import pandas as pd

from coldstart.errors import InputError
from coldstart.evaluation.segmentation import dice
from coldstart.progress import track

# Masks of one image whose Dice is lower are reported (Zijdenbos et al. 1994: above 0.7 the overlap is good).
AGREEMENT = 0.7
LABELLED, SKIPPED, CONTRADICTING = "labelled", "skipped", "contradicting"
TYPES = {"sample_id": "str", "label": "Int64", "part": "str", "annotators": "int64", "source": "str"}
REPORT = ("sample_id", "problem", "answers", "decision")


def settle(answers, samples, task):
    """Settle what was said of every image.

    Labels: what more than half of the answers say; an image of which no class
    has that many is left out. Masks: foreground is what at least half of them
    call so. An image that one annotator skipped and another labelled is
    labelled. The same answer that one annotator gave twice, as an export that
    repeats an older one has it, counts once. In a classification a mask stands
    for the label: whether it has any foreground.

    Parameters
    ----------
    answers : list of Answer
        From `coldstart.labelling.answers.read_answers`.
    samples : pandas.DataFrame
        The pool: `sample_id`, `height` and `width`.
    task : {"classification", "segmentation"}

    Returns
    -------
    table : pandas.DataFrame
        One row per answered image, in the order of the pool: `sample_id`,
        `label` (missing where there is none; in a segmentation, whether the mask
        has foreground), `part` (``labelled``, ``skipped`` or ``contradicting``),
        `annotators` (how many labelled it) and `source` (their files).
    contradictions : pandas.DataFrame
        What was not said with one voice: `sample_id`, `problem`, `answers` and
        `decision`.
    masks : callable
        ``masks(row)``: mask of a row of the table at the size of the source,
        (H, W) uint8, 0 or 1; all zeros where there is none.

    Raises
    ------
    InputError
        If a mask cannot be decoded, or is not of the size of its image.
    """
    places = {sample_id: place for place, sample_id in enumerate(samples["sample_id"])}
    sizes = samples[["height", "width"]].to_numpy()
    said = {}
    for answer in answers:
        said.setdefault(answer.sample_id, []).append(answer)
    order = sorted(said, key=places.__getitem__)
    size = {sample_id: tuple(map(int, sizes[places[sample_id]])) for sample_id in order}
    rows, report = [], []
    settle_one = settle_labels if task == "classification" else settle_masks
    for sample_id in track(order, "answers"):
        given = [answer for answer in said[sample_id] if answer.kind != "skip"]
        if not given:
            rows.append((sample_id, pd.NA, SKIPPED, 0, files_of(said[sample_id])))
            continue
        label, part, problems = settle_one(given, size[sample_id])
        if len(given) < len(said[sample_id]):
            skips = files_of(answer for answer in said[sample_id] if answer.kind == "skip")
            problems.append(("skipped and labelled", f"skipped in {skips}", "the label counts"))
        rows.append((sample_id, label, part, len({who(answer) for answer in given}), files_of(given)))
        report.extend((sample_id, *problem) for problem in problems)

    def masks(row):
        sample_id = order[row]
        given = [answer for answer in said[sample_id] if answer.kind == "mask"]
        if not given:
            return np.zeros(size[sample_id], np.uint8)
        return majority([mask for _, mask in opinions(given, size[sample_id])])

    table = pd.DataFrame(rows, columns=list(TYPES)).astype(TYPES)
    return table, pd.DataFrame(report, columns=list(REPORT), dtype="str"), masks


def settle_labels(given, size):
    """Label and part of an image, and what there is to report as a list of (problem, answers, decision)."""
    votes = {}
    for answer in given:
        label = int(answer.label if answer.kind == "label" else decoded(answer, size).any())
        votes.setdefault((who(answer), label), answer)
    counts = Counter(label for _, label in votes)
    label, most = counts.most_common(1)[0]
    if len(counts) == 1:
        return label, LABELLED, []
    told = "; ".join(
        f"{value}: {files_of(answer for (_, one), answer in votes.items() if one == value)}" for value in sorted(counts)
    )
    if 2 * most > len(votes):
        decision = f"{label}, by {most} of {len(votes)} answers"
        return label, LABELLED, [("different labels", told, decision)]
    return pd.NA, CONTRADICTING, [("different labels", told, "left out")]


def settle_masks(given, size):
    """Whether the mask of an image has foreground, its part, and what there is to report; see `settle_labels`."""
    found = opinions(given, size)
    problems = []
    pairs = [(dice(a, b), one, other) for (one, a), (other, b) in combinations(found, 2)]
    if pairs and (worst := min(pairs, key=lambda pair: pair[0]))[0] < AGREEMENT:
        told = f"Dice {worst[0]:.2f}: {worst[1].source} and {worst[2].source}"
        problems.append(("different masks", told, f"what at least half of {len(found)} masks call foreground"))
    return int(majority([mask for _, mask in found]).any()), LABELLED, problems


def opinions(given, size):
    """Different masks of an image as a list of (answer, mask); what an annotator gave twice counts once."""
    found = {}
    for answer in given:
        mask = decoded(answer, size)
        found.setdefault((who(answer), mask.tobytes()), (answer, mask))
    return list(found.values())


def decoded(answer, size):
    """Mask of an answer, refused where it is not of the size of its image."""
    mask = answer.mask()
    if mask.shape != size:
        raise InputError(
            f"{answer.source} has a mask of {mask.shape[0]} x {mask.shape[1]} pixels for '{answer.sample_id}', which is"
            f" {size[0]} x {size[1]}: annotate the image at its own size."
        )
    return mask


def majority(masks):
    """Pixels that at least half of some masks call foreground, (H, W) uint8, 0 or 1."""
    return (2 * np.sum(masks, axis=0, dtype=np.int64) >= len(masks)).astype(np.uint8)


def who(answer):
    """Who gave an answer: the annotator, or the file where it does not tell."""
    return (answer.source, None) if answer.annotator is None else (None, answer.annotator)


def files_of(answers):
    """Files of some answers, each once, as text."""
    return ", ".join(dict.fromkeys(answer.source for answer in answers))
