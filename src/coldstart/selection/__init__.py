"""Cold-start selection: which samples to label first, before any label exists.

Facts: whether a strategy `uses_embedding` and `uses_labels`, which none does;
whether it is `nested`: a larger budget begins with the smaller one, so that
labels bought for one budget count towards the next; `deterministic`: no seed
moves it; the `measures` of every image that it is told beside the vectors.
"""

from coldstart.registry import Entry, Registry

STRATEGIES = Registry(
    "selection strategy",
    "select",
    {
        "random": Entry(
            "coldstart.selection.random",
            {"uses_embedding": False, "nested": True, "uses_labels": False, "least_seeds": 15},
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
        "typiclust": Entry(
            "coldstart.selection.typiclust",
            {"uses_embedding": True, "nested": False, "uses_labels": False},
        ),
        "kmeans": Entry(
            "coldstart.selection.kmeans",
            {"uses_embedding": True, "nested": False, "uses_labels": False},
        ),
        "kmeans_plus_plus": Entry(
            "coldstart.selection.kmeans_plus_plus",
            {"uses_embedding": True, "nested": True, "uses_labels": False},
        ),
        "kmedoids": Entry(
            "coldstart.selection.kmedoids",
            {"uses_embedding": True, "nested": False, "uses_labels": False},
        ),
        "kcenter_greedy": Entry(
            "coldstart.selection.kcenter_greedy",
            {"uses_embedding": True, "nested": True, "uses_labels": False},
        ),
        "farthest_point": Entry(
            "coldstart.selection.farthest_point",
            {"uses_embedding": True, "nested": True, "uses_labels": False, "deterministic": True},
        ),
        "facility_location": Entry(
            "coldstart.selection.facility_location",
            {"uses_embedding": True, "nested": True, "uses_labels": False, "deterministic": True},
        ),
        "max_herding": Entry(
            "coldstart.selection.max_herding",
            {"uses_embedding": True, "nested": True, "uses_labels": False, "deterministic": True},
        ),
        "prob_cover": Entry(
            "coldstart.selection.prob_cover",
            {"uses_embedding": True, "nested": True, "uses_labels": False, "deterministic": True},
        ),
        "usl": Entry(
            "coldstart.selection.usl",
            {"uses_embedding": True, "nested": False, "uses_labels": False},
        ),
        "active_ft": Entry(
            "coldstart.selection.active_ft",
            {"uses_embedding": True, "nested": False, "uses_labels": False},
        ),
        "agglomerative": Entry(
            "coldstart.selection.agglomerative",
            {"uses_embedding": True, "nested": False, "uses_labels": False},
        ),
        "birch_density": Entry(
            "coldstart.selection.birch_density",
            {"uses_embedding": True, "nested": False, "uses_labels": False, "deterministic": True},
        ),
        "csval": Entry(
            "coldstart.selection.csval",
            {
                "uses_embedding": True,
                "nested": True,
                "uses_labels": False,
                "measures": ("confidence", "variability"),
            },
        ),
        "embedding_uncertainty": Entry(
            "coldstart.selection.embedding_uncertainty",
            {
                "uses_embedding": True,
                "nested": True,
                "uses_labels": False,
                "deterministic": True,
                "measures": ("uncertainty",),
            },
        ),
        "kmeans_uncertainty": Entry(
            "coldstart.selection.kmeans_uncertainty",
            {"uses_embedding": True, "nested": False, "uses_labels": False, "measures": ("uncertainty",)},
        ),
    },
    supplied=("rng", "groups", "seed", "measures"),
)
