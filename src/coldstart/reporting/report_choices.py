"""What every arm labelled, as the report shows it: places on the maps, and thumbnails. No name of a sample is in it."""

import base64
import io
from dataclasses import dataclass

import cv2
import numpy as np
import pandas as pd
from PIL import Image

from coldstart.reporting import captions
from coldstart.reporting.contact_sheet import shown_bytes

# The pool of a map has at most so many points beside the picks; places are told in so many steps.
MOST_POINTS, STEPS = 3000, 1000
# Thumbnails: pixels of a side, quality of the JPEG, of one arm at most, and of all arms together.
SIDE, QUALITY = 96, 80
MOST_PER_ARM, MOST_IMAGES = 24, 1500


@dataclass(frozen=True)
class Chosen:
    """What one arm labelled.

    Attributes
    ----------
    model, method, query : str
        The arm.
    drawn_on : str
        Model on whose map it is shown first; may be empty.
    picks : pandas.DataFrame
        From `picks_of`.
    """

    model: str
    method: str
    query: str
    drawn_on: str
    picks: pd.DataFrame

    @property
    def label(self):
        """Name of the arm."""
        return captions.arm_label(self.model, self.method, self.query)


def picks_of(labelled, selection):
    """The picks of an arm in the order in which they were labelled.

    Parameters
    ----------
    labelled : pandas.DataFrame
        The labelled set after the last round: `sample_id`, `round`, `rank`.
    selection : pandas.DataFrame
        The initial selection: `sample_id`, `reason`, `cluster`.

    Returns
    -------
    pandas.DataFrame
        `sample_id`, `round`, `rank`, `reason` and `cluster` (-1: none), both of
        which only initial picks have.
    """
    found = labelled.sort_values(["round", "rank"], kind="stable")[["sample_id", "round", "rank"]]
    found = found.merge(selection[["sample_id", "reason", "cluster"]], "left", "sample_id")
    initial = found["round"] == 0
    return found.assign(
        reason=found["reason"].where(initial).fillna(""), cluster=found["cluster"].where(initial).fillna(-1).astype(int)
    )


def maps(pool, planes, chosen):
    """Places of the pool and of every pick, as plain values.

    Parameters
    ----------
    pool : sequence of str, length n
        Identifiers of the pool of one task.
    planes : dict of str to numpy.ndarray of shape (n, 2)
        The map of every embedding, in the order of the pool.
    chosen : list of Chosen
        Arms of the task.

    Returns
    -------
    dict
        ``pool`` (its size), ``shown`` (points that are drawn), ``planes`` (by
        model x, y, x, y ... in thousandths of a square), ``arms``: label,
        ``model`` of its map, and ``picks``: [point, round, text] in their order.
    """
    row_of = pd.Series(np.arange(len(pool)), index=pool)
    rows = [row_of.loc[arm.picks["sample_id"]].to_numpy() for arm in chosen]
    drawn = np.unique(np.linspace(0, len(pool) - 1, min(MOST_POINTS, len(pool))).round().astype(int))
    drawn = np.unique(np.concatenate([drawn, *rows]))
    places = {model: in_steps(np.asarray(xy, dtype=float))[drawn] for model, xy in planes.items()}
    return {
        "pool": len(pool),
        "shown": len(drawn),
        "planes": {model: xy.ravel().tolist() for model, xy in places.items()},
        "arms": [
            {
                "label": arm.label,
                "model": arm.drawn_on,
                "picks": [
                    [int(point), int(number), text]
                    for point, number, text in zip(
                        np.searchsorted(drawn, own), arm.picks["round"], texts(arm.picks), strict=True
                    )
                ],
            }
            for arm, own in zip(chosen, rows, strict=True)
        ],
    }


def in_steps(xy):
    """Places in a square, in steps from 0 to `STEPS`; one step of x is as long as one of y."""
    middle, reach = (xy.max(0) + xy.min(0)) / 2, max(np.ptp(xy, axis=0).max(), 1e-9)
    return ((xy - middle) / reach * STEPS + STEPS / 2).round().astype(int)


def texts(picks):
    """What is said of every pick: its place in the order, and why or when it was picked."""
    said = []
    for place, pick in enumerate(picks.to_dict("records"), start=1):
        why = pick["reason"] if pick["round"] == 0 else f"queried in round {pick['round']}"
        cluster = f"cluster {pick['cluster']}" if pick["cluster"] >= 0 and "cluster" not in why else ""
        said.append(", ".join([f"pick {place}", *filter(None, (why, cluster))]))
    return said


def sheets(chosen, images, rows, channel=None):
    """Thumbnails of the first picks of every arm.

    Parameters
    ----------
    chosen : list of Chosen
        Arms, of all tasks.
    images : numpy.ndarray
        Stored images (n, s, s) or (n, s, s, c).
    rows : pandas.Series of int
        Row of every sample, by its identifier.
    channel : int, optional
        The channel that is shown, where channels are no colours.

    Returns
    -------
    list of list of dict
        Per arm ``address`` (a JPEG of at most 96 pixels), ``text`` (as of
        `texts`) and ``place``, counted from 1.
    """
    most = min(MOST_PER_ARM, max(MOST_IMAGES // max(len(chosen), 1), 1))
    known = {}
    found = []
    for arm in chosen:
        cards = []
        for place, (sample, text) in enumerate(zip(arm.picks["sample_id"][:most], texts(arm.picks), strict=False), 1):
            row = int(rows.loc[sample])
            if row not in known:
                known[row] = thumbnail(np.asarray(images[row]), channel)
            cards.append({"address": known[row], "text": text, "place": place})
        found.append(cards)
    return found


def thumbnail(image, channel=None):
    """Address of a JPEG of an image, which names nobody."""
    image = shown_bytes(image if channel is None else image[..., channel])
    if max(image.shape[:2]) > SIDE:
        image = cv2.resize(image, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    stream = io.BytesIO()
    Image.fromarray(image).save(stream, format="JPEG", quality=QUALITY)
    return f"data:image/jpeg;base64,{base64.b64encode(stream.getvalue()).decode()}"
