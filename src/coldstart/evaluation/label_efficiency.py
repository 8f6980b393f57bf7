"""What labels buy: area under a learning curve, labels to a target, annotation saved, and the plateau.

The measures of ACFT (Zhou et al., Medical Image Analysis 71, 2021, 101997), of
LMI-AL (Ma et al., IJCNN 2025) and of the active learning challenge (Guyon et
al., JMLR W&CP 16, 2011). All take one curve, that of one run.
"""

import numpy as np

MODES = ("linear", "log2", "guyon")


def learning_curve(labels, values):
    """Points of a learning curve, by number of labels.

    Parameters
    ----------
    labels : array_like of int, shape (m,)
        Labelled samples at each point, in any order.
    values : array_like of float, shape (m,)
        The metric there; points where it is nan are left out.

    Returns
    -------
    tuple of numpy.ndarray of float64
        Labels, ascending, and values. Points of equal labels keep their order.

    Raises
    ------
    ValueError
        If the two differ in length.
    """
    x, y = np.asarray(labels, dtype=np.float64), np.asarray(values, dtype=np.float64)
    if x.ndim != 1 or x.shape != y.shape:
        raise ValueError(f"a learning curve needs one value per point, not {y.shape} values for {x.shape} points")
    order = np.argsort(x, kind="stable")
    order = order[~np.isnan(y[order])]
    return x[order], y[order]


def area_under_learning_curve(labels, values, mode="linear", *, pool=None, chance=0.5):
    """ALC: the area under a metric over the number of labels, as a height.

    Points are joined by straight lines on the axis of the mode.

    Parameters
    ----------
    labels, values : array_like, shape (m,)
        The curve, see `learning_curve`.
    mode : {"linear", "log2", "guyon"}, default="linear"
        ``"linear"``: mean height over n, area / (n_max - n_min), which is how
        ACFT's printed ALCs must be read: they exceed what Guyon's score can be
        at its AUCs. ``"log2"``: the same over log2(n). ``"guyon"``: over
        log2(n), with the last value extended horizontally to the size of the
        pool, (ALC - A_rand) / (A_max - A_rand), where A_rand is the area of a
        curve at chance and A_max that of a curve at 1 (Guyon et al. 2011).
    pool : int, optional
        Samples that can be labelled; `guyon` needs it.
    chance : float, default=0.5
        What guessing gives in the metric, for `guyon`.

    Returns
    -------
    float
        nan where the curve has no width: fewer than two different numbers of
        labels (for `guyon` fewer than the pool's). On a log2 axis a point
        without any label has no place and is left out.

    Raises
    ------
    ValueError
        If the mode is unknown, or `guyon` has no pool that holds the curve.
    """
    if mode not in MODES:
        raise ValueError(f"unknown mode {mode!r}, it is one of {MODES}")
    x, y = learning_curve(labels, values)
    if mode != "linear":
        x, y = np.log2(x[x > 0]), y[x > 0]
    if mode == "guyon":
        if pool is None or (x.size and np.exp2(x[-1]) > pool * (1 + 1e-9)):
            raise ValueError(f"a pool of {pool} does not hold the curve")
        if x.size:
            x, y = np.append(x, max(x[-1], np.log2(pool))), np.append(y, y[-1])
    if x.size < 2 or x[-1] == x[0]:
        return float("nan")
    height = float(np.trapezoid(y, x) / (x[-1] - x[0]))
    return (height - chance) / (1 - chance) if mode == "guyon" else height


def height_weights(labels, low, high):
    """Weights of the points of a curve in its mean height between two numbers of labels.

    The area under the budget curve, normalised: as `area_under_learning_curve`
    on a linear axis, but on one range of labels for all curves, as realistic-al
    (Lueth et al., "Navigating the pitfalls of active learning evaluation",
    NeurIPS 2023) compares them. Where a curve has no point at an end of the
    range, the line between its neighbours is cut there.

    Parameters
    ----------
    labels : array_like of float, shape (m,)
        Numbers of labels, ascending, which hold the range.
    low, high : float
        The range, ``low < high``.

    Returns
    -------
    numpy.ndarray of float64, shape (m,)
        They sum to 1; their product with the values is the mean height, for
        the resamples of a curve too.

    Raises
    ------
    ValueError
        If the range is empty or reaches beyond the curve.
    """
    x = np.asarray(labels, dtype=np.float64)
    if not (low < high and x.size and x[0] <= low and high <= x[-1]):
        raise ValueError(f"a curve over {x.tolist()} has no mean height from {low} to {high}")
    knots = np.concatenate([[low], x[(x > low) & (x < high)], [high]])
    heights = np.stack([np.interp(knots, x, point) for point in np.eye(len(x))], axis=1)
    return np.trapezoid(heights, knots, axis=0) / (high - low)


def labels_to_target(labels, values, target, *, higher_is_better=True, interpolate=True):
    """Fewest labels with which a curve is at least as good as a target.

    Parameters
    ----------
    labels, values : array_like, shape (m,)
        The curve, see `learning_curve`.
    target : float
        The value to reach.
    higher_is_better : bool, default=True
        Direction of the metric.
    interpolate : bool, default=True
        Where the straight line between two points crosses the target. False:
        the first measured point that has reached it.

    Returns
    -------
    float
        nan if no point reaches the target, or the target is nan. The curve's
        first number of labels if that has reached it, so that the true number
        may be lower. Later points below the target do not take it back.
    """
    x, y = learning_curve(labels, values)
    y, target = (y, target) if higher_is_better else (-y, -target)
    reached = np.flatnonzero(y >= target)
    if not reached.size:
        return float("nan")
    i = reached[0]
    if i == 0 or not interpolate:
        return float(x[i])
    return float(x[i - 1] + (x[i] - x[i - 1]) * (target - y[i - 1]) / (y[i] - y[i - 1]))


def annotation_saved(labels, reference):
    """Annotation saved against a reference, in percent: 100 (1 - labels / reference).

    As ACFT has it: 48 labels where random selection needs 260 save 81.5 %.

    Parameters
    ----------
    labels, reference : float
        Labels that reach the same target; nan where it is not reached.

    Returns
    -------
    float
        Negative where more labels are needed; nan if one is nan or the
        reference needs none.
    """
    return float(100 * (1 - labels / reference)) if reference else float("nan")


def plateau(values, *, patience=3, min_gain=0.0):
    """Round after which a validation curve no longer improves.

    ACFT stops when "validation performance plateaus", without saying how that
    is told; here it is early stopping over rounds.

    Parameters
    ----------
    values : array_like of float, shape (rounds,)
        Validation metric of rounds 0, 1, ..., higher for better; nan is no gain.
    patience : int, default=3
        Rounds in a row without a gain after which the rule stops.
    min_gain : float, default=0
        A round gains if it exceeds the last gain's value by more than this.

    Returns
    -------
    int or None
        The round at which the rule stops, so that none is queried after it;
        None if it does not stop.
    """
    best, waited = -np.inf, 0
    for round_, value in enumerate(np.asarray(values, dtype=np.float64)):
        gained = value > best + min_gain
        best, waited = (value, 0) if gained else (best, waited + (round_ > 0))
        if waited >= patience:
            return round_
    return None
