"""Networks, how they are trained, and what they predict.

``channels`` of an image and the ``seed`` of the initial weights come from the
chain. Facts of a network: the `task` it is for, the `multiple` of pixels that
the side of its images must be, and the module whose output are its `features`
(its last output, where it has several); `dropout: False` is said of those that
have none and no parameter for it. Facts of a learning strategy: where a
round begins, `start` (``scratch``, or ``previous``: from the network of the
round before), and whether it `replays` what that network gets wrong.
"""

from coldstart.registry import Entry, Registry

NETWORKS = Registry(
    "network",
    "build",
    {
        "vgg11": Entry("coldstart.learning.vgg11", {"task": "classification", "multiple": 1, "features": "features"}),
        "small_cnn": Entry(
            "coldstart.learning.small_cnn", {"task": "classification", "multiple": 1, "features": "body"}
        ),
        "unet_vgg11": Entry(
            "coldstart.learning.unet_vgg11",
            {"task": "segmentation", "multiple": 32, "features": "encoder", "dropout": False},
        ),
        "small_unet": Entry(
            "coldstart.learning.small_unet",
            {"task": "segmentation", "multiple": 8, "features": "down.3", "dropout": False},
        ),
        "unet": Entry("coldstart.learning.unet", {"task": "segmentation", "multiple": 16, "features": "down.4"}),
    },
    supplied=("channels", "seed", "weights"),
)
STRATEGIES = Registry(
    "learning strategy",
    "training_set",
    {
        "scratch": Entry("coldstart.learning.scratch", {"start": "scratch", "replays": False}),
        "continual": Entry("coldstart.learning.continual", {"start": "previous", "replays": False}),
        "acft_q": Entry("coldstart.learning.acft_q", {"start": "previous", "replays": False}),
        "acft_lq": Entry("coldstart.learning.acft_lq", {"start": "previous", "replays": False}),
        "acft_hq": Entry("coldstart.learning.acft_hq", {"start": "previous", "replays": True}),
    },
)
PATCHES = Registry(
    "patch recipe",
    "cut",
    {
        "polyp": Entry("coldstart.learning.patches_polyp"),
        "general": Entry("coldstart.learning.patches_general"),
    },
)
