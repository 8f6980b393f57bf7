"""When the rounds of an arm end: its validation metric has reached a plateau."""

from coldstart.evaluation.label_efficiency import plateau


def validation(fit):
    """Validation value by which the epoch of a run was kept, higher for better.

    Parameters
    ----------
    fit : dict
        Content of a ``fit.json``.

    Returns
    -------
    float
        A validation loss is negated; nan where there is no value, as without
        any training.
    """
    value = fit.get("best_value")
    if value is None:
        return float("nan")
    return -value if fit.get("settings", {}).get("monitor") == "loss" else value


def has_stopped(fits, stop):
    """Tell whether the rounds of a run have ended.

    Parameters
    ----------
    fits : list of dict
        Content of ``fit.json`` of its rounds 0, 1, ... so far. Rounds after the
        end repeat the last value, which changes nothing.
    stop : dict or None
        ``patience`` and ``min_gain`` of `coldstart.evaluation.label_efficiency.plateau`;
        None: they never end.

    Returns
    -------
    bool
        True from the round at which the plateau is told.
    """
    return stop is not None and plateau([validation(fit) for fit in fits], **stop) is not None
