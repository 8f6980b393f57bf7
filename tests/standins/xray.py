"""Phantom chest X-rays with the outlines of their organs."""

from coldstart.cohort import phantom
from coldstart.cohort.phantom_anatomy import geometry
from coldstart.cohort.phantom_render import soft_tissue


def xrays(n, size, seed, prevalence):
    """Draw phantoms and say where their lungs and hearts are.

    Parameters
    ----------
    n, size, seed, prevalence
        As for `coldstart.cohort.phantom.build`, `size` being its resolution.

    Yields
    ------
    tuple
        Row of the cohort, image (size, size) uint8, and a dict of masks (size,
        size) bool: ``Left Lung``, ``Right Lung`` (the patient's, so that the left
        one lies on the right) and ``Heart``, which takes from the lungs.
    """
    chosen = {"n": n, "seed": seed, "resolution": size, "prevalence": prevalence}
    cohort = phantom.build(**chosen)
    drawn = zip(
        cohort.itertuples(), phantom.images(cohort, **chosen), phantom.cases(cohort, seed, prevalence), strict=True
    )
    for row, image, case in drawn:
        fields = geometry(case, size)
        heart = soft_tissue(case, fields)[1] > 0.5
        lungs = (fields.lung > 0) & ~heart
        yield (
            row,
            image,
            {"Left Lung": lungs & (fields.side > 0), "Right Lung": lungs & (fields.side < 0), "Heart": heart},
        )
