"""Any network in an ONNX file, run by ONNX Runtime."""

import hashlib
import os
from pathlib import Path
from typing import Literal

import numpy as np

from coldstart.embedding.base import Embedding, provenance
from coldstart.embedding.extras import extra
from coldstart.embedding.features import MEAN, STD, batches, scaled, shrunk
from coldstart.embedding.pooling import pooled
from coldstart.embedding.weights import first_line
from coldstart.errors import InputError, shown
from coldstart.registry import choices

onnxruntime = extra("onnxruntime")

# Mean and standard deviation of the three channels, in units of [0, 1]; one channel gets their averages.
SCALES = {"unit": (None, None), "xrv": ((0.5,) * 3, (1 / 2048,) * 3), "imagenet": (MEAN, STD)}
FLOATS = {"tensor(float)": np.float32, "tensor(float16)": np.float16, "tensor(double)": np.float64}


def encode(
    inputs,
    *,
    seed=0,
    device="cpu",
    path: str,
    size: int | None = 224,
    channels: Literal[1, 3] = 3,
    scale: Literal["unit", "xrv", "imagenet"] = "unit",
    layout: Literal["nchw", "nhwc"] = "nchw",
    output: str | None = None,
    pooling: Literal["none", "mean"] = "none",
    batch_size: int = 32,
):
    """Features of a network in an ONNX file.

    Parameters
    ----------
    inputs : EncoderInputs
        The images.
    seed : int, default=0
        Not used.
    device : str, default="cpu"
        A GPU is used where the installed ONNX Runtime can.
    path : str
        The ``.onnx`` file: one input of images, floating point.
    size : int or None, default=224
        Edge length to which the stored images are resized (bilinear), in
        pixels; None leaves the stored one.
    channels : {1, 3}, default=3
        Grey images are repeated; colour images become their luma where one is wanted.
    scale : {"unit", "xrv", "imagenet"}, default="unit"
        ``"unit"``: [0, 1]. ``"xrv"``: [-1024, 1024], as TorchXRayVision.
        ``"imagenet"``: [0, 1], less ImageNet's mean, by its standard deviation.
    layout : {"nchw", "nhwc"}, default="nchw"
        Where the channels are: before or after rows and columns.
    output : str, optional
        Name of the network's output; needed where it has several.
    pooling : {"none", "mean"}, default="none"
        ``"none"``: the output, flattened. ``"mean"``: its mean over positions
        (rows and columns of a map, or tokens).
    batch_size : int, default=32
        Images at a time; a file made for a fixed number gets that one.

    Returns
    -------
    Embedding

    Raises
    ------
    InputError
        If the file is missing, damaged, or does not take such images.
    """
    source = Path(path)
    session = opened(source, device)
    given = single_input(session, source, channels, layout, size or inputs.images.shape[1])
    output = chosen_output(session, source, output)
    fixed = given.shape[0] if isinstance(given.shape[0], int) else None
    mean, std = SCALES[scale]
    if mean is not None and channels == 1:
        mean, std = [np.mean(mean)], [np.mean(std)]

    def prepare(stored):
        batch = scaled(shrunk(stored, size, channels), channels=channels, mean=mean, std=std).numpy()
        batch = batch if layout == "nchw" else np.moveaxis(batch, 1, -1)
        return np.ascontiguousarray(batch, FLOATS[given.type])

    def compute(prepared):
        batch = prepared
        if fixed:
            batch = np.concatenate([batch, np.zeros((fixed - len(batch), *batch.shape[1:]), batch.dtype)])
        try:
            values = session.run([output], {given.name: batch})[0]
        # ONNX Runtime's errors have no common ancestor below Exception.
        except Exception as error:
            raise InputError(
                f"the network in {path} does not run on images of shape {batch.shape[1:]} ({first_line(error)}): "
                "correct `size`, `channels` or `layout`."
            ) from error
        if np.ndim(values) < 2 or len(values) != len(batch):
            raise InputError(
                f"output {output} of {path} has the shape {np.shape(values)} for {len(batch)} images: "
                "let `output` name one with a row per image."
            )
        return pooled(np.asarray(values, np.float32), pooling, layout)[: len(prepared)]

    vectors = batches(inputs.images, fixed or batch_size, prepare, compute, source.name)
    facts = provenance(
        "onnx",
        {"size": size, "channels": channels, "scale": scale, "layout": layout, "output": output, "pooling": pooling},
        {"file": source.name, "sha256": digest(source)},
        {"size": size, "interpolation": "bilinear", "scale": scale, "channels": channels},
        ("numpy", "opencv-python-headless"),
    )
    # Its distribution has several names (onnxruntime, onnxruntime-gpu).
    facts["versions"]["onnxruntime"] = onnxruntime.__version__
    return Embedding(vectors, facts)


def opened(path, device):
    """Open an ONNX file.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    device : str
        Device of the network.

    Returns
    -------
    onnxruntime.InferenceSession

    Raises
    ------
    InputError
        If the file is missing or damaged.
    """
    if not path.is_file():
        raise InputError(f"there is no ONNX file {path}: correct `path`.")
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.use_deterministic_compute = True
    # Zero is ONNX Runtime's word for all cores.
    options.intra_op_num_threads = int(os.environ.get("OMP_NUM_THREADS") or 0)
    providers = ["CPUExecutionProvider"]
    if device != "cpu" and "CUDAExecutionProvider" in onnxruntime.get_available_providers():
        providers.insert(0, "CUDAExecutionProvider")
    try:
        session = onnxruntime.InferenceSession(str(path), options, providers=providers)
        # Names are decoded when they are looked at.
        for one in (*session.get_inputs(), *session.get_outputs()):
            str(one)
        return session
    # Here too: no common ancestor.
    except Exception as error:
        raise InputError(
            f"{path} cannot be read as an ONNX network ({first_line(error)}): export or fetch it again."
        ) from error


def single_input(session, path, channels, layout, size):
    """The network's one input, checked against the images that it will be given.

    Raises
    ------
    InputError
        If there are several, or it takes no floating-point images of that shape.
    """
    found = session.get_inputs()
    if len(found) != 1 or found[0].type not in FLOATS:
        kinds = ", ".join(f"{one.name} ({one.type})" for one in found)
        raise InputError(
            f"the network in {path} takes {kinds} where one input of floating-point images is needed: export it so."
        )
    shape = (channels, size, size) if layout == "nchw" else (size, size, channels)
    wanted = found[0].shape[1:]
    if len(wanted) != 3 or any(isinstance(a, int) and a != b for a, b in zip(wanted, shape, strict=True)):
        raise InputError(
            f"the network in {path} takes images of shape {tuple(wanted)} and is given {shape}: "
            "correct `size`, `channels` or `layout`."
        )
    return found[0]


def chosen_output(session, path, output):
    """Name of the output to use.

    Raises
    ------
    InputError
        If there is none of that name, or there are several and none is named.
    """
    names = [one.name for one in session.get_outputs()]
    if output is None and len(names) > 1:
        raise InputError(f"the network in {path} has several outputs ({shown(names)}): let `output` name one.")
    if output is not None and output not in names:
        raise InputError(f"the network in {path} has no output '{output}': {choices(output, names)}.")
    return output or names[0]


def digest(path):
    """SHA-256 of an ONNX file and of the weights that it keeps in files beside it (``x.onnx.data``)."""
    total = hashlib.sha256()
    for part in sorted(path.parent.glob("*")):
        if part.is_file() and part.name.startswith(path.name):
            with open(part, "rb") as stream:
                total.update(hashlib.file_digest(stream, "sha256").digest())
    return total.hexdigest()
