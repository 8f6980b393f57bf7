"""The advice as files: plain values, a page of text, and the table behind the figure of the curve."""

import math

import pandas as pd


def record(advice):
    """The advice as plain values, for a JSON file; null where a number is unknown."""
    point, ahead = advice.point, advice.forecast
    return {
        "verdict": advice.verdict,
        "sentences": advice.sentences,
        "groups": advice.groups,
        "caveats": advice.caveats,
        "metric": advice.metric,
        "list": advice.number,
        "next": advice.next_n,
        "pool_left": advice.pool_left,
        "worthwhile": advice.worthwhile,
        "n_holdout": advice.n_holdout,
        "n_labelled": point.n_labelled if point else None,
        **{name: known(getattr(point, name, math.nan)) for name in ("value", "low", "high")},
        "forecast": ahead.kind,
        **{
            f"gain{end}": known(getattr(ahead, name))
            for end, name in (("", "gain"), ("_low", "low"), ("_high", "high"))
        },
    }


def known(value):
    """A number, or None where it is not known."""
    return float(value) if math.isfinite(value) else None


def as_markdown(advice, *, title, chosen=()):
    """Write the advice as a page of text.

    Parameters
    ----------
    advice : Advice
    title : str
        Its heading.
    chosen : sequence of str, optional
        How the images of the list were chosen, and why so.

    Returns
    -------
    str
    """
    first, *rest = advice.sentences
    parts = [f"# {title}", f"**{first}**"]
    if rest:
        parts.append(bullets(rest))
    for heading, sentences in (
        ("Whom do the lists miss?", advice.groups),
        ("How the images were chosen", chosen),
        ("How to read this", advice.caveats),
    ):
        if sentences:
            parts += [f"## {heading}", bullets(sentences)]
    return "\n\n".join(parts) + "\n"


def bullets(sentences):
    """A Markdown list."""
    return "\n".join(f"- {sentence}" for sentence in sentences)


def curve_table(points, ahead):
    """What the figure of the curve shows, as a table.

    Parameters
    ----------
    points : list of Point
    ahead : Forecast

    Returns
    -------
    pandas.DataFrame
        `kind` (``"measured"``, with a 95 % interval, or ``"fitted"``, with one of
        90 %), `list` (of what was measured), `n_labelled`, `value`, `low`, `high`.
    """
    measured = pd.DataFrame(
        [("measured", point.number, point.n_labelled, point.value, point.low, point.high) for point in points],
        columns=["kind", "list", "n_labelled", "value", "low", "high"],
    )
    fitted = ahead.curve.assign(kind="fitted", list=None)[list(measured.columns)]
    frames = [frame for frame in (measured, fitted) if len(frame)] or [measured]
    return pd.concat(frames, ignore_index=True).astype({"list": "Int64", "n_labelled": "float64"})
