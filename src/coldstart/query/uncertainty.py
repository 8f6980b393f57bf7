"""The uncertainty of Yuan & Hong for either task."""

from typing import Literal

from coldstart.query import distance_to_threshold, pixel_entropy


def query(inputs, n, *, rng, measure: Literal["entropy", "absolute"] = "entropy"):
    """Pick the most uncertain samples.

    Yuan & Hong (2024), subsequent learning: closeness to the threshold for
    classification, mean pixel uncertainty for segmentation.

    Parameters
    ----------
    inputs : QueryInputs
        The unlabelled pool with `probabilities` and `threshold`, or with `maps`.
    n : int
        How many to pick.
    rng : numpy.random.Generator
        Not used: of equal scores the lowest index comes first.
    measure : {"entropy", "absolute"}, default="entropy"
        Pixel uncertainty, see `coldstart.query.pixel_entropy`; segmentation only.

    Returns
    -------
    Picks
        Ranked by uncertainty.

    Raises
    ------
    InputError
        If the pool holds fewer than `n` samples or lacks the predictions.
    """
    if inputs.task == "classification":
        return distance_to_threshold.query(inputs, n, rng=rng)
    return pixel_entropy.query(inputs, n, rng=rng, measure=measure)
