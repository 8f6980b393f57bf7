"""Cold-start selection: which samples to label first, before any label exists."""

from coldstart.registry import Entry, Registry

STRATEGIES = Registry(
    "selection strategy",
    "select",
    {
        "random": Entry(
            "coldstart.selection.random",
            {"uses_embedding": False, "nested": True, "uses_labels": False},
        ),
        "kmeans_sweep": Entry(
            "coldstart.selection.kmeans_sweep",
            {"uses_embedding": True, "nested": True, "uses_labels": False},
        ),
    },
    supplied=("rng", "groups", "seed"),
)
