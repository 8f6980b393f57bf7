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
        "everything": Entry(
            "coldstart.selection.everything",
            {"uses_embedding": False, "nested": True, "uses_labels": False, "whole_pool": True},
        ),
        "kmeans_sweep": Entry(
            "coldstart.selection.kmeans_sweep",
            {"uses_embedding": True, "nested": True, "uses_labels": False},
        ),
        "silhouette_farthest_point": Entry(
            "coldstart.selection.silhouette_farthest_point",
            {"uses_embedding": True, "nested": False, "uses_labels": False, "space": "map"},
        ),
    },
    supplied=("rng", "groups", "seed"),
)
