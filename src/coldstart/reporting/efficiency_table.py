"""The table of label efficiency."""

import numpy as np

from coldstart.reporting import captions
from coldstart.reporting.arms import ARM
from coldstart.reporting.plain_tables import PlainTable
from coldstart.reporting.summary import INITIALISATION, SUBSEQUENT

ALC_TEXT = {
    "linear": "mean height of the curve over the number of labels",
    "log2": "mean height of the curve over log2 of the number of labels",
    "guyon": "area over log2 of the number of labels, the last value extended to the pool's size, "
    "from 0 (chance) to 1 (perfect; Guyon et al. 2011)",
}
OVER = {
    INITIALISATION: "over the budgets of the initial set",
    SUBSEQUENT: "over the query rounds from the initial set on",
}
REACHED_TEXT = {
    "interpolated": "where the line between two points crosses it",
    "measured": "the first measured point that has reached it",
}


def efficiency_table(found, dataset, *, note=""):
    """Lay the label efficiency of one task out.

    Parameters
    ----------
    found : coldstart.reporting.efficiency.Efficiency
        From `coldstart.reporting.efficiency.efficiency`.
    dataset : str
        Name of the data set.
    note : str, default=""
        What must be said of the data.

    Returns
    -------
    PlainTable
        One row per arm. Write it with `coldstart.reporting.plain_tables.write_plain_table`.
    """
    arms, metric = found.arms, found.metric
    title = captions.metric_title(metric)
    compared = arms["against"].astype(bool).any()
    titles = ["Arm", f"ALC of {title}", f"{title} at the end", f"Labels to {captions.number(found.goal.value, metric)}"]
    rounds = found.stage == SUBSEQUENT
    titles += ["Share of the pool", *(["Saved"] if compared else []), *(["Plateau at round"] if rounds else [])]
    rows = []
    for arm in arms.to_dict("records"):
        cells = [arm["label"], *(mean_sd(arm, name, captions.decimals(metric)) for name in ("alc", "end"))]
        cells += [labels_text(arm), percent(arm["share"])]
        cells += [saved_text(arm)] if compared else []
        rows.append([*cells, *([mean_sd(arm, "plateau", int(arm["n_runs"] > 1))] if rounds else [])])
    heading = f"{dataset}: {found.task}, label efficiency{'' if rounds else ' of the initial set'}"
    stop = found.stop
    caption = [
        f"{heading}. One learning curve per run, {OVER[found.stage]}; mean ± standard "
        f"deviation over runs ({captions.runs_text(arms)}); in parentheses how many runs have a value, if not all do.",
        f"ALC: {ALC_TEXT[found.alc]}.",
        f"Target: {found.goal.text}; labels are counted {REACHED_TEXT[found.reached]}.",
        f"Share: of the pool of {found.pool}.",
    ]
    if compared:
        names = sorted({name for name in arms["against"] if name})
        caption.append(
            f"Saved: labels less than those of {', '.join(names)}, which differs by query or method alone; in brackets "
            "the 95 % interval over seeds and test patients, open (...) where too many resamples miss the target."
        )
    if rounds:
        caption.append(
            f"Plateau: the round at which the validation metric has not gained more than {stop['min_gain']:g} for "
            f"{captions.counted([stop['patience']], 'round')}."
        )
    caption.append("Arrows point to the better values; a dash: not reached.")
    return PlainTable(
        titles=titles,
        rows=rows,
        frame=arms.drop(columns="label").assign(metric=metric, alc_mode=found.alc, target=found.goal.value)[
            [*ARM, "metric", "alc_mode", "target", *arms.columns.drop([*ARM, "label"])]
        ],
        heading=heading,
        caption=" ".join(caption),
        note=captions.sentence(note),
    )


def mean_sd(arm, name, digits):
    """Mean ± standard deviation of one measure, and of how many runs where not of all."""
    if np.isnan(arm[name]):
        return ""
    spread = arm[f"{name}_sd"]
    text = f"{arm[name]:.{digits}f}" + ("" if np.isnan(spread) else f" ± {spread:.{digits}f}")
    partial = arm[f"{name}_runs"] < arm["n_runs"]
    return f"{text} ({arm[f'{name}_runs']} of {arm['n_runs']})" if partial else text


def labels_text(arm):
    """Labels to the goal; ``> n`` where no run has reached it, ``≤ n`` where an initial set has."""
    if np.isnan(arm["labels"]):
        return f"> {arm['most']}"
    text = mean_sd(arm, "labels", 1)
    return f"≤ {text}" if arm["at_start"] else text


def saved_text(arm):
    """Annotation saved, and its interval in brackets; ``...`` for an end that is open."""
    low, high = arm["saved_low"], arm["saved_high"]
    if np.isnan(low) or (np.isinf(low) and np.isinf(high)):
        return percent(arm["saved"])
    ends = [f"{end:.1f}" if np.isfinite(end) else "..." for end in (low, high)]
    return f"{percent(arm['saved'])} [{' to '.join(ends)}]".replace("-", "−").strip()


def percent(value):
    """A percentage as it is printed; empty where there is none."""
    return "" if np.isnan(value) else f"{value:.1f} %".replace("-", "−")
