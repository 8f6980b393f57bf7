"""TensorFlow SavedModels, for example REMEDIS and CXR Foundation, run in TensorFlow's own environment."""

import hashlib
from functools import partial
from pathlib import Path
from typing import Literal

import numpy as np

from coldstart.embedding.base import Embedding, provenance
from coldstart.embedding.features import batches, shrunk
from coldstart.embedding.pooling import pooled
from coldstart.embedding.tensorflow_process import TensorFlowProcess, tensorflow_python
from coldstart.errors import InputError


def encode(
    inputs,
    *,
    seed=0,
    device="cpu",
    path: str,
    size: int | None = 448,
    input: Literal["images", "tf_example"] = "images",
    signature: str | None = None,
    output: str | None = None,
    pooling: Literal["none", "mean"] = "mean",
    batch_size: int = 16,
    python: str | None = None,
):
    """Features of a TensorFlow SavedModel.

    The defaults are those of REMEDIS (Azizi et al., arXiv 2205.09723) in the
    released code of Yuan & Hong (arXiv 2402.02561): ``cxr-50x1-remedis-m``,
    448 pixels, three equal channels in [0, 1], and the mean over the 14 x 14
    positions of the last map (their ``AveragePooling2D(14, 14)``), 2,048 values.

    Parameters
    ----------
    inputs : EncoderInputs
        The images.
    seed : int, default=0
        Not used.
    device : str, default="cpu"
        Not used: TensorFlow computes on the CPU here.
    path : str
        The unpacked folder, which holds ``saved_model.pb``.
    size : int or None, default=448
        Edge length to which the stored images are resized (bilinear), in
        pixels; None leaves the stored one.
    input : {"images", "tf_example"}, default="images"
        ``"images"``: floating point in [0, 1], channels last. ``"tf_example"``:
        serialised ``tf.train.Example`` with a grey PNG, as CXR Foundation's
        ELIXR-C takes them.
    signature : str, optional
        Which signature to call; by default ``serving_default``, ``default`` or
        the only one, and where there is none the model itself (``__call__``).
    output : str, optional
        Name of its output; needed where it has several.
    pooling : {"none", "mean"}, default="mean"
        ``"none"``: the output, flattened. ``"mean"``: its mean over positions.
    batch_size : int, default=16
        Images at a time; a model made for a fixed number gets that one.
    python : str, optional
        Python of an environment with TensorFlow; by default see `tensorflow_python`.

    Returns
    -------
    Embedding

    Raises
    ------
    InputError
        If the model or TensorFlow is missing, or the model is damaged or does
        not take such images.
    """
    source = Path(path)
    if not (source / "saved_model.pb").is_file():
        raise InputError(
            f"there is no SavedModel in {path} (no saved_model.pb): let `path` name the unpacked folder of REMEDIS "
            "(PhysioNet, credentialed access) or CXR Foundation (Hugging Face, terms to accept); vectors that the "
            "CXR Foundation service has returned go to encoder `file` as an .npz."
        )
    settings = {
        "path": str(source.resolve()),
        "size": size or inputs.images.shape[1],
        "input": input,
        "signature": signature,
        "output": output,
    }
    with TensorFlowProcess(tensorflow_python(python), settings) as process:
        fixed = process.ready["batch"]

        channels = 1 if input == "tf_example" else process.ready["channels"]

        def compute(prepared):
            batch = prepared
            if fixed:
                batch = np.concatenate([batch, np.zeros((fixed - len(batch), *batch.shape[1:]), batch.dtype)])
            return pooled(process.run(batch), pooling, "nhwc")[: len(prepared)]

        prepare = partial(shrunk, size=size, channels=channels)
        vectors = batches(inputs.images, fixed or batch_size, prepare, compute, source.name)
    facts = provenance(
        "savedmodel",
        {
            "size": size,
            "input": input,
            "signature": process.ready["signature"],
            "output": process.output,
            "pooling": pooling,
        },
        {"file": source.name, "sha256": folder_digest(source)},
        {
            "size": size,
            "interpolation": "bilinear",
            "scale": "[0, 1]" if input == "images" else "PNG",
            "channels": process.ready["channels"],
        },
        ("numpy", "opencv-python-headless"),
    )
    facts["versions"]["tensorflow"] = process.ready["version"]
    return Embedding(vectors, facts)


def folder_digest(folder):
    """SHA-256 over the names and contents of all files below a folder, in hexadecimal."""
    total = hashlib.sha256()
    for path in sorted(part for part in folder.rglob("*") if part.is_file()):
        with open(path, "rb") as stream:
            content = hashlib.file_digest(stream, "sha256").digest()
        total.update(path.relative_to(folder).as_posix().encode() + b"\0" + content)
    return total.hexdigest()
