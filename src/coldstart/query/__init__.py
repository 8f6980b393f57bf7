"""Query strategies: which unlabelled samples to label next, given a trained network."""

from coldstart.registry import Entry, Registry

STRATEGIES = Registry(
    "query strategy",
    "query",
    {
        "random": Entry(
            "coldstart.query.random",
            {"tasks": ("classification", "segmentation"), "uses_model": False, "uses_labels": False},
        ),
        "distance_to_threshold": Entry(
            "coldstart.query.distance_to_threshold",
            {"tasks": ("classification",), "uses_model": True, "uses_labels": False},
        ),
        "pixel_entropy": Entry(
            "coldstart.query.pixel_entropy",
            {"tasks": ("segmentation",), "uses_model": True, "uses_labels": False},
        ),
        "uncertainty": Entry(
            "coldstart.query.uncertainty",
            {"tasks": ("classification", "segmentation"), "uses_model": True, "uses_labels": False},
        ),
    },
    supplied=("rng",),
)
