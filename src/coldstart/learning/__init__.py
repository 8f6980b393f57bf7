"""Networks, how they are trained, and what they predict.

``channels`` of an image and the ``seed`` of the initial weights come from the
chain. Facts: the `task` a network is for, and the `multiple` of pixels that the
side of its images must be.
"""

from coldstart.registry import Entry, Registry

NETWORKS = Registry(
    "network",
    "build",
    {
        "vgg11": Entry("coldstart.learning.vgg11", {"task": "classification", "multiple": 1}),
        "small_cnn": Entry("coldstart.learning.small_cnn", {"task": "classification", "multiple": 1}),
        "unet_vgg11": Entry("coldstart.learning.unet_vgg11", {"task": "segmentation", "multiple": 32}),
        "small_unet": Entry("coldstart.learning.small_unet", {"task": "segmentation", "multiple": 8}),
    },
    supplied=("channels", "seed", "weights"),
)
