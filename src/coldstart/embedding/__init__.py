"""Encoders: images to vectors, for the selection strategies that look at the pool."""

from coldstart.registry import Entry, Registry

ENCODERS = Registry(
    "encoder",
    "encode",
    {
        "pixels": Entry("coldstart.embedding.pixels"),
        "pca": Entry("coldstart.embedding.pca", {"trains_on_pool": True}),
        "hog": Entry("coldstart.embedding.hog"),
        "torchvision": Entry("coldstart.embedding.torchvision", {"takes_name": True, "gpu": True, "threads": 4}),
        "txrv": Entry("coldstart.embedding.torchxrayvision", {"takes_name": True, "gpu": True, "threads": 4}),
        "radimagenet": Entry(
            "coldstart.embedding.radimagenet",
            {
                "gpu": True,
                "threads": 4,
                "weights_from": "ResNet50.pt of https://huggingface.co/Lab-Rasool/RadImageNet, the PyTorch file of "
                "https://github.com/BMEII-AI/RadImageNet, or a state dict of torchvision's resnet50",
            },
        ),
        "timm": Entry("coldstart.embedding.timm", {"takes_name": True, "gpu": True, "threads": 4}),
        "onnx": Entry("coldstart.embedding.onnx", {"gpu": True, "threads": 4}),
        "savedmodel": Entry("coldstart.embedding.savedmodel", {"threads": 4}),
        "simclr": Entry("coldstart.embedding.simclr", {"trains_on_pool": True, "gpu": True}),
        "simclr_dynamics": Entry(
            "coldstart.embedding.simclr_dynamics",
            {"trains_on_pool": True, "gpu": True, "measures": ("confidence", "variability")},
        ),
        "file": Entry("coldstart.embedding.file", {"needs_images": False}),
    },
    supplied=("seed", "device"),
)
