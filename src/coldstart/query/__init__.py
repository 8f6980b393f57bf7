"""Query strategies: which unlabelled samples to label next, given a trained network.

Facts: the `tasks` that a strategy serves; whether it `uses_model`, the network's
predictions, and `uses_labels`, which none does; what it `needs` beside
predictions and vectors, out of ``network`` and ``images``, for all tasks or by
task. Most rank the pool by independent scores; the others say that they are
`greedy` (they pick one sample after the other, by those before, so that scores
need not descend), or that they draw among the best (`draws`). Those that choose
by vectors say that they `uses_embedding`, and in which `space`; those whose
parameters `variant: fixed` and `source: dropout` ask for passes with dropout
say `dropout`.
"""

from coldstart.registry import Entry, Registry

STRATEGIES = Registry(
    "query strategy",
    "query",
    {
        "random": Entry(
            "coldstart.query.random",
            {"tasks": ("classification", "segmentation"), "uses_model": False, "uses_labels": False},
        ),
        "acft": Entry(
            "coldstart.query.acft",
            {
                "tasks": ("classification", "segmentation"),
                "uses_model": True,
                "uses_labels": False,
                "needs": {"segmentation": ("network",)},
                "draws": True,
            },
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
        "entropy_diversity": Entry(
            "coldstart.query.entropy_diversity",
            {
                "tasks": ("classification", "segmentation"),
                "uses_model": True,
                "uses_labels": False,
                "uses_embedding": True,
                "space": "map",
                "greedy": True,
            },
        ),
        "entropy": Entry(
            "coldstart.query.entropy",
            {"tasks": ("classification", "segmentation"), "uses_model": True, "uses_labels": False},
        ),
        "difference_weighted_entropy": Entry(
            "coldstart.query.difference_weighted_entropy",
            {
                "tasks": ("classification", "segmentation"),
                "uses_model": True,
                "uses_labels": False,
                "needs": ("images",),
            },
        ),
        "least_confidence": Entry(
            "coldstart.query.least_confidence",
            {"tasks": ("classification", "segmentation"), "uses_model": True, "uses_labels": False},
        ),
        "margin": Entry(
            "coldstart.query.margin",
            {"tasks": ("classification", "segmentation"), "uses_model": True, "uses_labels": False},
        ),
        "entropy_dropout": Entry(
            "coldstart.query.entropy_dropout",
            {
                "tasks": ("classification", "segmentation"),
                "uses_model": True,
                "uses_labels": False,
                "dropout": True,
                "needs": ("network",),
            },
        ),
        "bald": Entry(
            "coldstart.query.bald",
            {
                "tasks": ("classification", "segmentation"),
                "uses_model": True,
                "uses_labels": False,
                "dropout": True,
                "needs": ("network",),
            },
        ),
        "power_bald": Entry(
            "coldstart.query.power_bald",
            {
                "tasks": ("classification", "segmentation"),
                "uses_model": True,
                "uses_labels": False,
                "dropout": True,
                "draws": True,
                "needs": ("network",),
            },
        ),
        "stochastic_batches": Entry(
            "coldstart.query.stochastic_batches",
            {"tasks": ("classification", "segmentation"), "uses_model": True, "uses_labels": False, "draws": True},
        ),
        "clue": Entry(
            "coldstart.query.clue",
            {
                "tasks": ("classification", "segmentation"),
                "uses_model": True,
                "uses_labels": False,
                "needs": ("network",),
                "greedy": True,
            },
        ),
        "kcenter_greedy": Entry(
            "coldstart.query.kcenter_greedy",
            {
                "tasks": ("classification", "segmentation"),
                "uses_model": True,
                "uses_labels": False,
                "needs": ("network",),
                "greedy": True,
            },
        ),
        "cluster_margin": Entry(
            "coldstart.query.cluster_margin",
            {
                "tasks": ("classification", "segmentation"),
                "uses_model": True,
                "uses_labels": False,
                "needs": ("network",),
                "greedy": True,
            },
        ),
        "badge": Entry(
            "coldstart.query.badge",
            {
                "tasks": ("classification",),
                "uses_model": True,
                "uses_labels": False,
                "needs": ("network",),
                "greedy": True,
                "draws": True,
            },
        ),
        "badge_embedding": Entry(
            "coldstart.query.badge_embedding",
            {
                "tasks": ("classification",),
                "uses_model": True,
                "uses_labels": False,
                "uses_embedding": True,
                "greedy": True,
                "draws": True,
            },
        ),
        "hybrid": Entry(
            "coldstart.query.hybrid",
            {
                "tasks": ("classification", "segmentation"),
                "uses_model": True,
                "uses_labels": False,
                "dropout": True,
                "needs": ("network", "images"),
            },
        ),
        "perturbation_consistency": Entry(
            "coldstart.query.perturbation_consistency",
            {
                "tasks": ("classification", "segmentation"),
                "uses_model": True,
                "uses_labels": False,
                "needs": ("network",),
            },
        ),
    },
    supplied=("rng",),
)
